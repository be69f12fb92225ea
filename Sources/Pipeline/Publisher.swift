internal import Approval
internal import Catalog
internal import Export
internal import Hashing
package import Logging
package import PrivateStore
package import Publication
internal import PublicStore
package import TableSchema
internal import Tabular

/// A dataset to work on: as configured, or why it cannot be.
package enum DatasetPlan: Sendable {
  /// `configuration` tells what it is configured with from everything else; nil where results must not be reused.
  case ready(Dataset, Schema, configuration: Digest?)
  case misconfigured(DatasetID, String)

  /// Whether its delivery comes from another machine.
  var isFetched: Bool {
    if case .ready(let dataset, _, _) = self, case .web = dataset.source.place { true } else { false }
  }

  package var id: DatasetID {
    switch self {
    case .ready(let dataset, _, _): dataset.id
    case .misconfigured(let id, _): id
    }
  }
}

/// Publishes datasets, or checks them up to the door.
///
/// One dataset's trouble never holds another one back.
package struct Publisher: Sendable {
  let site: Site
  let privateStore: PrivateStore
  let publicStore: PublicStore
  let clock: Clock
  let logger: Logger
  let progress: @Sendable (Progress) -> Void
  private let acceptsClock: Bool
  let turn = Turn()

  /// - Parameter acceptsClock: go on although the clock stands before the last run.
  package init(
    site: Site, privateStore: PrivateStore, publicRoot: String, clock: Clock, acceptsClock: Bool = false,
    logger: Logger,
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) {
    self.site = site
    self.privateStore = privateStore
    publicStore = PublicStore(root: publicRoot)
    self.clock = clock
    self.acceptsClock = acceptsClock
    self.logger = logger
    self.progress = progress
  }

  /// Runs the selected datasets and publishes what is new.
  ///
  /// - Parameters:
  ///   - plans: every dataset that is configured; those not selected keep their place in the catalogue.
  ///   - named: the datasets to run; nil for all.
  ///   - isCheck: stop at the door: nothing public is written.
  ///   - splitsRows: write the rows that can be accepted and those that cannot to the private root.
  ///   - takesFingerprints: tell what columns are like, to be signed off.
  ///   - delivered: a past delivery: the day that its release is dated, and what tells it from others.
  /// - Throws: what concerns all of them: another publication is running, the stores cannot be written, keys are missing.
  package func publish(
    _ plans: [DatasetPlan], selected named: Set<DatasetID>?, isCheck: Bool, splitsRows: Bool = false,
    takesFingerprints: Bool = false,
    delivered: PastDelivery? = nil
  ) async throws -> [DatasetResult] {
    let configured = Set(plans.map(\.id))
    let selected = plans.filter { named?.contains($0.id) ?? true }
    let locks = try begin(isCheck: isCheck)
    defer { _ = locks }

    let runID = newRunID()
    var published = try PublishedSite(store: publicStore)
    // Made before anything runs side by side.
    let key = try privateStore.workspaceKey(isNew: published.repository == nil)
    let circumstances = Attempt.Circumstances(
      published: published, runID: runID, key: key, masks: try MaskRegistry(path: privateStore.masksPath),
      clock: delivered?.clock ?? clock,
      program: try runningProgramIdentity(), splitsRows: splitsRows, takesFingerprints: takesFingerprints,
      profiles: try privateStore.ledger.profiles(),
      settled: try privateStore.ledger.settledDeliveries())
    var results: [DatasetID: DatasetResult] = [:]
    var waiting: [Attempt] = []
    var references = References(plans, selected: selected)
    let fetched = Set(selected.filter(\.isFetched).map(\.id))
    // One at a time is worked on; the others wait for other machines, and hold nobody back who is ready.
    try await withThrowingTaskGroup(of: Attempt?.self) { group in
      var left = selected[...]
      var running: Set<DatasetID> = []
      func start() {
        // In order, but after those that it refers to; of a circle one must be the first.
        guard let index = left.firstIndex(where: references.isReady) ?? (running.isEmpty ? left.indices.first : nil)
        else { return }
        let plan = left.remove(at: index)
        running.insert(plan.id)
        let references = references
        group.addTask {
          let attempt = await attempt(plan, references, circumstances)
          progress(.ended(plan.id))
          return attempt
        }
      }
      func watch() {
        group.addTask {
          try? await Task.sleep(for: .seconds(Self.patience))
          return nil
        }
      }
      for _ in 0..<Self.width { start() }
      if !isCheck { watch() }
      while !running.isEmpty, let event = try await group.next() {
        guard let attempt = event else {
          // Files are worked on one after the other, and released together: what comes out does not depend on how fast.
          let founded = waiting.filter { $0.assumed.isSubset(of: references.done.keys) }
          if !founded.isEmpty, !running.isDisjoint(with: fetched) {
            let unfounded = references.unfounded(among: founded)
            results.merge(
              try await release(
                founded.map { $0.unless(unfounded) }, in: published, runID: runID, configured: configured, delivered)
            ) { $1 }
            waiting.removeAll { $0.assumed.isSubset(of: references.done.keys) }
            published = try PublishedSite(store: publicStore)
          }
          watch()
          continue
        }
        running.remove(attempt.result.dataset)
        waiting.append(attempt)
        references.note(attempt)
        // One that is done may be what several wait for.
        for _ in running.count..<Self.width { start() }
      }
      group.cancelAll()
    }
    // The last run's folder can be looked at; those before it are done with.
    for plan in selected { try privateStore.removeWork(of: plan.id, except: runID) }
    // In the order of the plans, whatever ended first.
    let order = Dictionary(uniqueKeysWithValues: selected.enumerated().map { ($1.id, $0) })
    let unfounded = references.unfounded(among: waiting)
    waiting = waiting.map { $0.unless(unfounded) }
    waiting.sort { order[$0.result.dataset] ?? 0 < order[$1.result.dataset] ?? 0 }
    guard !isCheck else {
      try privateStore.ledger.settle(waiting.compactMap(\.settled))
      return waiting.map(\.result)
    }

    // Of interest to whoever publishes everything, and not to whoever named a dataset.
    if named == nil {
      for dataset in published.datasets where !configured.contains(dataset) {
        waiting.append(Attempt(result: .folderGone(dataset)))
      }
    }
    results.merge(try await release(waiting, in: published, runID: runID, configured: configured, delivered)) { $1 }
    return results.values.sorted {
      (order[$0.dataset] ?? .max, $0.dataset) < (order[$1.dataset] ?? .max, $1.dataset)
    }
  }

  /// Seconds after which what is ready is released, and does not wait for slower sources any more.
  private static let patience = 20

  /// Brings what several datasets came to to the public root, at once, and notes it.
  private func release(
    _ attempts: [Attempt], in published: PublishedSite, runID: String, configured: Set<DatasetID>,
    _ delivered: PastDelivery?
  ) async throws -> [DatasetID: DatasetResult] {
    let releases = attempts.compactMap(\.release)
    var results = attempts.map(\.result)
    // What was not looked at, or could not be, stays listed as it was.
    let settled = Set(results.filter { $0.exitCode == 0 }.map(\.dataset))
    let listed =
      attempts.compactMap(\.listed)
      + (try published.listedRecords().filter { configured.contains($0.dataset) && !settled.contains($0.dataset) })
    let publishCatalog = PublishCatalog(site: site, privateStore: privateStore, publicStore: publicStore, clock: clock)
    let released = Set(releases.map(\.record.dataset))
    let ledgerNote = ledgerNote(results.filter { released.contains($0.dataset) }.map { record(of: $0, run: runID) })
    var failure: (any Error)?
    do {
      for file in attempts.filter({ $0.release != nil }).flatMap(\.delivery) {
        try privateStore.synchroniseSnapshot(file)
      }
      let approvalFolders = releases.map { privateStore.approvalFolder(of: $0.record.dataset) }
      for (release, folder) in zip(releases, approvalFolders) {
        try Approve.noteApproved(release.record, officers: site.officers, folder: folder)
      }
      var masks = try MaskRegistry(path: privateStore.masksPath)
      // What goes out together is held against each other too.
      for attempt in attempts where attempt.release != nil {
        guard let summary = attempt.result.privacy else { continue }
        let findings = masks.findings(in: summary, of: attempt.result.dataset)
        guard findings.isEmpty else {
          throw Refusal(Report(stage: .outputCheck, findings: findings, rowCount: attempt.result.rowCount ?? 0))
        }
        if masks.add(summary, of: attempt.result.dataset) { try masks.save() }
      }
      try await publishCatalog(releases, in: published, listed: listed, note: ledgerNote)
      for folder in approvalFolders { try HeldCandidate.discard(folder) }
    } catch let refusal as Refusal {
      // What spans datasets was refused, and so nothing went out: the releases that waited for it say so.
      results = results.map { released.contains($0.dataset) ? .heldBack($0.dataset, refusal.report) : $0 }
    } catch {
      // A full disk, say. What was sealed by then goes out with the next run.
      results = results.map { released.contains($0.dataset) ? .failed($0.dataset, error) : $0 }
      failure = error
    }
    // What was released is the newest release now.
    try privateStore.ledger.settle(attempts.filter { failure == nil || $0.release == nil }.compactMap(\.settled))
    let accepted = Set(results.filter { $0.exitCode == 0 }.map(\.dataset))
    try privateStore.ledger.setProfiles(
      attempts.compactMap { attempt in
        guard accepted.contains(attempt.result.dataset), let profile = attempt.profile else { return nil }
        return (attempt.result.dataset, profile.json)
      })
    try privateStore.ledger.add(results.map { record(of: $0, run: runID) })
    let deliveries = results.filter { $0.exitCode == 0 }.compactMap { result in
      result.deliveryStamp.map { (dataset: result.dataset, stamp: delivered?.stamp ?? $0) }
    }
    try privateStore.ledger.addDeliveries(deliveries, at: clock.now)
    try tell(results)
    if let failure { throw failure }
    return Dictionary(uniqueKeysWithValues: results.map { ($0.dataset, $0) })
  }

  /// Locks both roots, so that of two publishers one is told to wait; finishes what an earlier one left; looks at the clock.
  func begin(isCheck: Bool = false) throws -> [FileLock] {
    var locks = [try privateStore.lock()]
    if let lock = try publicStore.lock() { locks.append(lock) }
    // A check writes nothing public, not even what an earlier run left to be finished.
    guard !isCheck else { return locks }
    try recover()
    if let last = try privateStore.ledger.newestRunTime(), last.secondsSince1970 - clock.now.secondsSince1970 > 3_600 {
      guard !acceptsClock else {
        try privateStore.ledger.acceptClock()
        return locks
      }
      throw StoreError(
        "the clock says \(clock.now), but the last run was at \(last)",
        hint: "set the clock right; if it is right now and was wrong then, run once with --accept-clock")
    }
    return locks
  }

  /// Two runs may begin in the same second.
  func newRunID() -> String { "\(clock.now)".filter { $0 != "-" && $0 != ":" } + "-" + encodeHex(randomBytes(4)) }

  /// Datasets at a time; all but one of them only wait for other machines.
  private static let width = 32

  /// Takes up a promotion that an earlier process sealed and did not finish: it can only go forward.
  private func recover() throws {
    guard let interrupted = try Promotion.interrupted(in: privateStore.stagedFolder) else { return }
    // A restored backup may hold a promotion that was finished long ago: it must not bring an older timestamp back.
    let staged = try interrupted.contents(of: "metadata/timestamp.json").flatMap(timestampVersion)
    let present = try publicStore.contents("metadata/timestamp.json").flatMap(timestampVersion)
    guard staged ?? 0 >= present ?? 0 else {
      logger.notice("a promotion that was restored from a backup is older than what is published, and is dropped")
      return try interrupted.drop()
    }
    logger.notice("finishing an interrupted promotion")
    try interrupted.finish(in: publicStore)
    for entry in interrupted.note.elements ?? [] {
      guard let dataset = entry["dataset"]?.text.flatMap(DatasetID.init),
        let run = entry["run"]?.text, let at = entry["at"]?.text.flatMap(Instant.init)
      else { continue }
      try privateStore.ledger.add(
        RunRecord(
          run: run, dataset: dataset, at: at,
          outcome: entry["outcome"]?.text.flatMap(Outcome.init) ?? .released,
          release: entry["release"]?.text.flatMap(ReleaseID.init),
          version: entry["version"]?.text.flatMap(Version.init), rowCount: entry["row_count"]?.integer,
          reason: LocalizedText(zh: "中断后已补完", en: "finished after an interruption")))
    }
  }

  private func timestampVersion(_ bytes: [UInt8]) -> Int? {
    (try? JSONParser.parse(bytes))?["signed"]?["version"]?.integer
  }

  func record(of result: DatasetResult, run: String) -> RunRecord {
    return RunRecord(
      run: run, dataset: result.dataset, at: clock.now, outcome: result.outcome, release: result.release,
      version: result.version,
      rowCount: result.rowCount, reason: result.reason[.en].isEmpty ? nil : result.reason,
      report: result.report)
  }

  func ledgerNote(_ records: [RunRecord]) -> JSON {
    .array(
      records.map { record in
        .members([
          ("run", .string(record.run)), ("dataset", .string(record.dataset.description)),
          ("at", .string(record.at.description)), ("outcome", .string(record.outcome.rawValue)),
          ("release", record.release.map { .string($0.description) }),
          ("version", record.version.map { .string($0.description) }),
          ("row_count", record.rowCount.map { .int($0) }),
        ])
      })
  }
}
