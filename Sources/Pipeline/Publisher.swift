internal import Approval
internal import Catalog
internal import Export
internal import Hashing
internal import Ingest
package import Logging
internal import OutputCheck
package import PrivateStore
package import Publication
internal import PublicStore
internal import Redaction
package import TableSchema
internal import Tabular
internal import Validation
internal import Versioning

/// A dataset to work on: as configured, or why it cannot be.
package enum DatasetPlan: Sendable {
  case ready(Dataset, Schema)
  case misconfigured(DatasetID, String)

  package var id: DatasetID {
    switch self {
    case .ready(let dataset, _): dataset.id
    case .misconfigured(let id, _): id
    }
  }
}

/// Publishes datasets, or checks them up to the door.
///
/// One dataset's trouble never holds another one back.
package struct Publisher: Sendable {
  private let site: Site
  private let privateStore: PrivateStore
  private let publicStore: PublicStore
  private let clock: Clock
  private let logger: Logger
  private let progress: @Sendable (Progress) -> Void

  package init(
    site: Site, privateStore: PrivateStore, publicRoot: String, clock: Clock, logger: Logger,
    progress: @escaping @Sendable (Progress) -> Void
  ) throws {
    self.site = site
    self.privateStore = privateStore
    publicStore = PublicStore(root: publicRoot)
    self.clock = clock
    self.logger = logger
    self.progress = progress
  }

  /// Runs the selected datasets and publishes what is new.
  ///
  /// - Parameters:
  ///   - plans: every dataset that is configured; those not selected keep their place in the catalogue.
  ///   - isCheck: stop at the door: nothing public is written.
  /// - Throws: what concerns all of them: another publication is running, the stores cannot be written, keys are missing.
  package func publish(_ plans: [DatasetPlan], selected: Set<DatasetID>, isCheck: Bool) async throws -> [DatasetResult]
  {
    let lock = try privateStore.lock()
    defer { _ = lock }
    // A check writes nothing public, not even what an earlier run left to be finished.
    if !isCheck { try recover() }

    // Two runs may begin in the same second.
    let runID = "\(clock.now)".filter { $0 != "-" && $0 != ":" } + "-" + encodeHex(randomBytes(4))
    var results: [DatasetResult] = []
    var releases: [Release] = []
    for plan in plans where selected.contains(plan.id) {
      let (result, release) = await attempt(plan, runID: runID, isCheck: isCheck)
      if let release, !isCheck { releases.append(release) }
      results.append(result)
    }
    guard !isCheck else { return results }

    let configured = Set(plans.map(\.id))
    for dataset in try PublishedSite(store: publicStore).datasets() where !configured.contains(dataset) {
      results.append(.folderGone(dataset))
    }
    let released = Set(releases.map(\.record.dataset))
    let records = results.map { record(of: $0, run: runID) }
    let publishCatalog = PublishCatalog(site: site, privateStore: privateStore, publicStore: publicStore, clock: clock)
    _ = try publishCatalog(
      releases, listed: listedEntries(plans), note: ledgerNote(records.filter { released.contains($0.dataset) }))
    for record in records { try privateStore.ledger.add(record) }
    for plan in plans where selected.contains(plan.id) { try privateStore.removeWork(of: plan.id, except: runID) }
    return results
  }

  /// Takes up a promotion that an earlier process sealed and did not finish: it can only go forward.
  private func recover() throws {
    guard let interrupted = try Promotion.interrupted(in: privateStore.stagedFolder) else { return }
    logger.notice("finishing an interrupted promotion")
    try interrupted.finish(in: publicStore)
    for entry in interrupted.note.elements ?? [] {
      let parts = entry["dataset"]?.text?.split(separator: "/").map(String.init) ?? []
      guard parts.count == 2, let department = try? DepartmentID(parts[0]),
        let dataset = try? DatasetID(department: department, name: parts[1]),
        let run = entry["run"]?.text, let at = entry["at"]?.text.flatMap(Instant.init)
      else { continue }
      try privateStore.ledger.add(
        RunRecord(
          run: run, dataset: dataset, at: at, outcome: .released,
          release: entry["release"]?.text.flatMap(ReleaseID.init),
          version: entry["version"]?.text.flatMap(Version.init), rowCount: entry["row_count"]?.integer,
          reason: "finished after an interruption"))
    }
  }

  private func attempt(_ plan: DatasetPlan, runID: String, isCheck: Bool) async -> (DatasetResult, Release?) {
    guard case .ready(let dataset, let schema) = plan else {
      guard case .misconfigured(let id, let message) = plan else { preconditionFailure() }
      return (.misconfigured(id, message), nil)
    }
    do {
      guard dataset.access == .unconditional else { return (try listed(dataset), nil) }
      let previous = try PublishedSite(store: publicStore).previous(of: dataset.id)
      let run = Run(
        id: runID, clock: clock, workFolder: try privateStore.workFolder(of: dataset.id, run: runID), progress: progress
      )
      let publishDataset = PublishDataset(
        ingest: Ingest(store: privateStore), validate: Validate(schema: schema),
        redact: try Redact(dataset: dataset, schema: schema, key: privateStore.workspaceKey()),
        compare: Compare(previous: previous),
        export: Export(site: site, key: try privateStore.workspaceKey()), check: CheckOutput(), logger: logger)
      let (cleared, rowCount, report) = try await publishDataset(dataset, in: run)
      var result: DatasetResult
      var release: Release?
      if let cleared {
        switch try await Approve().run(cleared, in: run) {
        case .approved(let approved):
          (result, release) = (DatasetResult(dataset.id, .released), approved)
          result.release = approved.record.release
          result.version = approved.record.version
        case .waiting: result = DatasetResult(dataset.id, .waiting)
        }
      } else {
        result = DatasetResult(dataset.id, .unchanged)
        result.release = previous?.release
        result.version = previous?.version
      }
      result.rowCount = rowCount
      result.report = report
      return (result, release)
    } catch let error as StageError {
      return (DatasetResult(error), nil)
    } catch let error as RedactionError {
      return (.misconfigured(dataset.id, error.description), nil)
    } catch {
      return (.failed(dataset.id, error), nil)
    }
  }

  /// A dataset of which no rows are published.
  ///
  /// What was released while it was open is not taken back by closing it.
  private func listed(_ dataset: Dataset) throws -> DatasetResult {
    guard try PublishedSite(store: publicStore).releases(of: dataset.id).isEmpty else {
      return .stillPublished(dataset.id, access: dataset.access)
    }
    return DatasetResult(dataset.id, .listed)
  }

  /// Conditional datasets, and closed ones that are listed: described, with nothing of their data.
  private func listedEntries(_ plans: [DatasetPlan]) throws -> [CatalogEntry] {
    try plans.compactMap { plan in
      guard case .ready(let dataset, let schema) = plan, dataset.access != .unconditional, dataset.isListed else {
        return nil
      }
      let redact = try Redact(dataset: dataset, schema: schema, key: privateStore.workspaceKey())
      return try CatalogEntry(
        listed: dataset.id, metadata: descriptiveMetadata(of: dataset),
        schema: dataset.access == .conditional ? redact.publicSchema(source: schema).schema : nil)
    }
  }

  private func record(of result: DatasetResult, run: String) -> RunRecord {
    let codes = result.report?.errors.map { "\($0.code.rawValue)\($0.field.map { " (\($0))" } ?? "")" } ?? []
    return RunRecord(
      run: run, dataset: result.dataset, at: clock.now, outcome: result.outcome, release: result.release,
      version: result.version,
      rowCount: result.rowCount, reason: result.message?[.en] ?? (codes.isEmpty ? nil : codes.joined(separator: ", ")),
      report: result.report)
  }

  private func ledgerNote(_ records: [RunRecord]) -> JSON {
    .array(
      records.map { record in
        .members([
          ("run", .string(record.run)), ("dataset", .string(record.dataset.description)),
          ("at", .string(record.at.description)),
          ("release", record.release.map { .string($0.description) }),
          ("version", record.version.map { .string($0.description) }),
          ("row_count", record.rowCount.map { .int($0) }),
        ])
      })
  }
}
