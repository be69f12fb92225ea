internal import Approval
internal import Catalog
internal import Export
internal import Hashing
package import Logging
internal import Manifest
package import PrivateStore
package import Publication
internal import PublicStore
package import TableSchema
internal import Tabular

/// A dataset to work on: as configured, or why it cannot be.
package enum DatasetPlan: Sendable {
  /// `configuration` tells what it is configured with from everything else; nil where results must not be reused.
  case ready(Dataset, Schema, configuration: ConfigurationDigest?)
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
  /// Tells people something about the site as a whole.
  private let announce: @Sendable (LocalizedText) -> Void
  private let acceptsClock: Bool
  private let beginsAnew: Bool
  let turn = Turn()

  /// - Parameters:
  ///   - acceptsClock: go on although the clock stands before the last run.
  ///   - beginsAnew: publish although what was published before is not there any more.
  package init(
    site: Site, privateStore: PrivateStore, publicRoot: String, clock: Clock, acceptsClock: Bool = false,
    beginsAnew: Bool = false,
    logger: Logger, announce: @escaping @Sendable (LocalizedText) -> Void,
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) {
    self.site = site
    self.privateStore = privateStore
    publicStore = PublicStore(root: publicRoot)
    self.clock = clock
    self.acceptsClock = acceptsClock
    self.beginsAnew = beginsAnew
    self.logger = logger
    self.announce = announce
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
    try await exclusively(isCheck: isCheck) {
      try await publishAlone(
        plans, selected: named, isCheck: isCheck, splitsRows: splitsRows, takesFingerprints: takesFingerprints,
        delivered)
    }
  }

  private func publishAlone(
    _ plans: [DatasetPlan], selected named: Set<DatasetID>?, isCheck: Bool, splitsRows: Bool, takesFingerprints: Bool,
    _ delivered: PastDelivery?
  ) async throws -> [DatasetResult] {
    let configured = Set(plans.map(\.id))
    let selected = plans.filter { named?.contains($0.id) ?? true }
    let runID = newRunID()
    var published = try publishedSite(isCheck: isCheck)
    // Made before anything runs side by side.
    let key = try privateStore.workspaceKey(isNew: published.repository == nil)
    let record = try privateStore.publicationRecord()
    let known = Dictionary(
      uniqueKeysWithValues: selected.compactMap { plan in
        newestName(of: plan.id, record).map { (plan.id, $0) }
      })
    let circumstances = Attempt.Circumstances(
      published: published, runID: runID, key: key, masks: try MaskRegistry(path: privateStore.masksPath),
      clock: delivered?.clock ?? clock,
      program: try runningProgramIdentity(), splitsRows: splitsRows, takesFingerprints: takesFingerprints,
      profiles: try privateStore.ledger.profiles(),
      settled: try privateStore.ledger.settledDeliveries(), known: known, isCheck: isCheck,
      isBackfill: delivered != nil, publishedAt: clock.now)
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
            let released = try await release(
              founded.map { $0.unless(unfounded) }, in: published, runID: runID, configured: configured, delivered)
            results.merge(released) { $1 }
            // What was held back is no ground for others any more.
            references.amend(released)
            waiting.removeAll { $0.assumed.isSubset(of: references.done.keys) }
            published = try publishedSite(isCheck: isCheck)
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
    var attempts = attempts
    var masks = try MaskRegistry(path: privateStore.masksPath)
    // What goes out together is held against each other too; a mask that may not holds its own dataset back.
    for index in attempts.indices {
      guard attempts[index].release != nil, let shown = attempts[index].masks else { continue }
      let findings = masks.findings(in: shown)
      if findings.isEmpty {
        masks.add(shown)
      } else {
        attempts[index] = attempts[index].refused(by: findings)
      }
    }
    // A fault of one dataset's files is its own.
    for index in attempts.indices where attempts[index].release != nil {
      do {
        for file in attempts[index].delivery { try privateStore.synchroniseSnapshot(file) }
      } catch {
        attempts[index] = Attempt(result: .failed(attempts[index].result.dataset, error))
      }
    }
    let releases = attempts.compactMap(\.release)
    var results = attempts.map(\.result)
    // What was not looked at, or could not be, stays listed as it was.
    let settled = Set(results.filter { $0.exitCode == 0 }.map(\.dataset))
    let listed =
      attempts.compactMap(\.listed)
      + (try published.listedRecords().filter { configured.contains($0.dataset) && !settled.contains($0.dataset) })
    let released = Set(releases.map(\.record.dataset))
    let ledgerNote = ledgerNote(results.filter { released.contains($0.dataset) }.map { record(of: $0, run: runID) })
    var failure: (any Error)?
    do {
      let approvalFolders = releases.map { privateStore.approvalFolder(of: $0.record.dataset) }
      for (release, folder) in zip(releases, approvalFolders) {
        try Approve.noteApproved(release.record, officers: site.officers, folder: folder)
      }
      try await publishCatalog(releases, in: published, listed: listed, note: ledgerNote, beforeSeal: masks.save)
      for folder in approvalFolders { try HeldCandidate.discard(folder) }
    } catch let refusal as Refusal {
      // What spans datasets was refused, and so nothing went out: the releases that waited for it say so.
      results = results.map { released.contains($0.dataset) ? .heldBack($0.dataset, refusal.report) : $0 }
    } catch {
      // A full disk, say. What was sealed by then goes out with the next run.
      results = results.map { released.contains($0.dataset) ? .failed($0.dataset, error) : $0 }
      failure = error
    }
    let isOut = failure == nil && results.allSatisfy { !released.contains($0.dataset) || $0.exitCode == 0 }
    // What was released is the newest release now.
    try privateStore.ledger.settle(attempts.filter { isOut || $0.release == nil }.compactMap(\.settled))
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
    try purgeSnapshots(of: results.map(\.dataset))
    if let failure { throw failure }
    return Dictionary(uniqueKeysWithValues: results.map { ($0.dataset, $0) })
  }

  /// Runs `work` while no other command writes in either root: of two, one is told to wait.
  ///
  /// What an earlier one left is finished first, and the clock is looked at.
  ///
  /// - Parameter isCheck: nothing public is written, not even what an earlier run left to be finished.
  func exclusively<Result: Sendable>(isCheck: Bool = false, _ work: () async throws -> Result) async throws -> Result {
    try await privateStore.withLock {
      try requireNoLostRoot()
      guard !isCheck else { return try await work() }
      return try await publicStore.withLock {
        try recover()
        try checkClock()
        return try await work()
      }
    }
  }

  /// What the public root holds, every byte of it that is built on verified.
  func publishedSite(isCheck: Bool = false) throws -> PublishedSite {
    let published = try PublishedSite(store: publicStore, own: privateStore)
    // A check completes no publication that was cut off: the timestamp may be still to come.
    if !isCheck { try refuseEarlierTimestamp(in: published) }
    try tellWhatIsMissing(in: published)
    return published
  }

  var publishCatalog: PublishCatalog {
    PublishCatalog(site: site, privateStore: privateStore, publicStore: publicStore, clock: clock, logger: logger)
  }

  /// A public root that is empty where something was published is a disk that is not there, and no beginning: names would be given twice.
  private func requireNoLostRoot() throws {
    guard try publicStore.contents("metadata/timestamp.json") == nil else { return }
    let record = try privateStore.publicationRecord()
    // A workspace of a version that kept no record has keys or a ledger that know.
    let isKnown =
      try record?.isCommitted
      ?? (!Promotion.isSealed(in: privateStore.stagedFolder)
        && (privateStore.signingRoles().contains("timestamp") || privateStore.ledger.hasPublished()))
    guard isKnown else {
      // From here on keys without anything public are those of a first publication that was cut off.
      if record == nil { try privateStore.setPublicationRecord(PublicationRecord()) }
      return
    }
    guard beginsAnew else {
      throw StoreError(
        "nothing is published in \(publicStore.root), but this workspace has published before",
        hint: "mount the disk, or bring the folder back from a mirror (daylight sync); "
          + "to begin anew under names that were never used: --first-run")
    }
    announce(
      LocalizedText(zh: "公开目录将重新建立,所用名称均未使用过", en: "the public folder is begun anew, under names that were never used"))
  }

  /// A public root that was restored from a mirror may be behind: says what it lacks, and that names go on above.
  private func tellWhatIsMissing(in published: PublishedSite) throws {
    guard let record = try privateStore.publicationRecord(), let repository = published.repository,
      repository.timestamp.version < record.versions["timestamp"] ?? 0
    else { return }
    let gone = Set(published.withdrawals.filter { !$0.isUndone }.map(\.dataset))
    let lost = try privateStore.ledger.releases().filter { dataset, release in
      !gone.contains(dataset) && !published.releases(of: dataset).contains(release)
        && published.withdrawals.allSatisfy { $0.dataset != dataset || $0.lastRelease < release }
    }
    let versions = "\(repository.timestamp.version) < \(record.versions["timestamp"] ?? 0)"
    let names = lost.map { "\($0)/\($1)" }.joined(separator: "\n  ")
    announce(
      LocalizedText(
        zh: "公开目录的时间戳版本低于可能已用过的版本(\(versions)):目录是恢复的,或某次发布被中断;新版本号将更高"
          + (lost.isEmpty ? "" : "\n缺少以下发布,数据集下次运行时会重新发布:\n  \(names)"),
        en:
          "the public folder has a lower version than may have been used (timestamp \(versions)): it was restored, or a "
          + "publication was cut off; new versions lie above"
          + (lost.isEmpty ? "" : "\nit lacks these releases; their datasets are released anew:\n  \(names)")))
  }

  /// A folder that was restored lacks what was in force; one that holds it was put back by one file.
  private func refuseEarlierTimestamp(in published: PublishedSite) throws {
    // Of a promotion that was set aside the snapshot may have come out.
    guard let repository = published.repository, let record = try privateStore.publicationRecord(),
      !record.needsRepair, let version = record.versions["snapshot"], version > repository.snapshot.version
    else { return }
    let path = "metadata/\(version).snapshot.json"
    guard let bytes = try publicStore.contents(path), repository.isSigned(bytes, role: "snapshot", version: version)
    else { return }
    throw VerificationError(
      "metadata/timestamp.json",
      "is older than what was in force, and \(path) lies beside it: bring the newest one back from a mirror")
  }

  private func checkClock() throws {
    guard let last = try privateStore.ledger.newestRunTime(), last.secondsSince1970 - clock.now.secondsSince1970 > 3_600
    else { return }
    guard !acceptsClock else { return try privateStore.ledger.acceptClock() }
    throw StoreError(
      "the clock says \(clock.now), but the last run was at \(last)",
      hint: "set the clock right; if it is right now and was wrong then, run once with --accept-clock")
  }

  /// The newest release that was ever named: in force, promised before the machine was lost, or of a promotion that was cut off and
  /// left its folder.
  private func newestName(of dataset: DatasetID, _ record: PublicationRecord?) -> ReleaseID? {
    let folders = ["data", "targets"].flatMap { (try? publicStore.names(in: "\($0)/\(dataset)")) ?? [] }
    // Nobody names a release of a day that is to come, nor the millionth of a day.
    let left = folders.compactMap { ReleaseID($0) }.filter { $0.date <= clock.today && $0.number < 1_000_000 }
    return ([record?.newest(of: dataset)].compactMap(\.self) + left).max()
  }

  /// Two runs may begin in the same second.
  func newRunID() -> String { "\(clock.now)".filter { $0 != "-" && $0 != ":" } + "-" + encodeHex(randomBytes(4)) }

  /// Datasets at a time; all but one of them only wait for other machines.
  private static let width = 32

  /// Takes up a promotion that an earlier process sealed and did not finish: it can only go forward.
  ///
  /// One that cannot be carried out is set aside, and does not stop what follows.
  private func recover() throws {
    do {
      guard let interrupted = try Promotion.interrupted(in: privateStore.stagedFolder) else { return }
      // A restored backup may hold a promotion that was finished long ago: it must not bring an older timestamp back.
      let staged = try interrupted.contents(of: "metadata/timestamp.json").flatMap(timestampVersion)
      let present = try publicStore.contents("metadata/timestamp.json").flatMap(timestampVersion)
      guard staged ?? present ?? 0 >= present ?? 0 else {
        announce(
          LocalizedText(
            zh: "备份里有一次较旧的未完成发布,已丢弃",
            en: "a promotion that was restored from a backup is older than what is published, and is dropped"))
        return try interrupted.drop()
      }
      announce(LocalizedText(zh: "正在补完上次中断的发布", en: "finishing an interrupted promotion"))
      try noteInLedger(publishCatalog.carryOut(interrupted))
      try interrupted.drop()
    } catch  where !Promotion.mayBeTriedAgain(after: error) {
      let place = privateStore.newPlaceAside(at: clock.now)
      var record = try privateStore.publicationRecord() ?? PublicationRecord(publishedSite())
      record.needsRepair = true
      try privateStore.setPublicationRecord(record)
      try Promotion.setAside(privateStore.stagedFolder, to: place)
      announce(
        LocalizedText(
          zh: "上次中断的发布无法补完,已移到 \(place),其内容会重新发布(\(error))",
          en:
            "an interrupted promotion cannot be carried out and was moved to \(place); what it held is published anew (\(error))"
        ))
    }
  }

  private func noteInLedger(_ note: JSON) throws {
    for entry in note.elements ?? [] {
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

  /// Removes deliveries that nobody needs any more; refused ones may be full of persons.
  ///
  /// - Returns: how many were removed.
  @discardableResult func purgeSnapshots(of datasets: [DatasetID]) throws -> Int {
    let settled = try privateStore.ledger.settledDeliveries()
    return try datasets.reduce(0) { count, dataset in
      try count
        + privateStore.purgeSnapshots(
          of: dataset, keeping: site.retention.snapshotCount, accepted: settled[dataset.description]?.delivery)
    }
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
