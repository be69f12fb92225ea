internal import Export
internal import Ingest
internal import OutputCheck
internal import PrivateStore
internal import Publication
internal import Redaction
internal import TableSchema
internal import Validation
internal import Versioning
internal import Logging

/// The journey of one dataset, from the department's bytes to a candidate of which every byte was looked at.
///
/// Read this first.
struct PublishDataset: Sendable {
  let ingest: Ingest
  let validate: Validate
  let redact: Redact
  /// Made when it is needed: it reads the last release's record.
  let compare: @Sendable () throws -> Compare
  let export: Export
  let check: CheckOutput
  let retry: Retry
  let turn: Turn
  let makeWorkFolder: @Sendable () throws -> Void
  let logger: Logger

  /// - Parameter settled: what the newest release was made of, where the same delivery would lead to the same again.
  func callAsFunction(_ dataset: Dataset, settled: SettledDelivery?, in run: Run) async throws -> Journey {
    if let settled, let snapshot = try await turn({ await ingest.held(settled.delivery, of: dataset, in: run) }) {
      return Journey(snapshot, settled.report, .settled)
    }
    let snapshot = try await retry { try await step(ingest, dataset, of: dataset.id, run) }
    if let settled, settled.delivery == snapshot.digest { return Journey(snapshot, settled.report, .settled) }
    return try await turn {
      try makeWorkFolder()
      let validated = try await step(validate, snapshot, of: dataset.id, run)
      let redacted = try await step(redact, validated, of: dataset.id, run)  // ← private | public →
      let comparison = try await step(compare(), redacted.table, of: dataset.id, run)
      guard case .changed(let versioned) = comparison else {
        return Journey(
          snapshot, validated.report, .unchanged, profile: validated.profile, fingerprints: redacted.fingerprints)
      }
      let candidate = try await step(export, versioned, of: dataset.id, run)
      let cleared = try await step(check, CheckOutput.Input(candidate, redacted.rawValues), of: dataset.id, run)
      return Journey(
        snapshot, validated.report, .cleared(cleared), profile: validated.profile, fingerprints: redacted.fingerprints)
    }
  }

  /// Runs one stage, and wraps what goes wrong with the stage's name, here and nowhere else.
  private func step<S: Stage>(_ stage: S, _ input: S.Input, of dataset: DatasetID, _ run: Run) async throws -> S.Output
  {
    run.progress(.started(S.name, dataset))
    let clock = ContinuousClock()
    let start = clock.now
    defer {
      let seconds = (clock.now - start) / .seconds(1)
      run.progress(.finished(S.name, dataset, seconds: seconds))
      logger.info(
        "stage finished",
        metadata: [
          "run.id": "\(run.id)", "dataset.id": "\(dataset)", "stage": "\(S.name.rawValue)", "seconds": "\(seconds)",
        ])
    }
    do {
      return try await stage.run(input, in: run)
    } catch {
      throw StageError(stage: S.name, dataset: dataset, cause: error)
    }
  }
}

/// What a dataset's journey came to.
struct Journey: Sendable {
  enum End: Sendable {
    /// The delivery is the one that the newest release was made of: nothing was worked through.
    case settled
    /// What would be released is what is released.
    case unchanged
    case cleared(ClearedCandidate)
  }

  /// The delivery in the private store.
  let snapshot: Snapshot
  /// What validation found.
  let report: Report
  let end: End
  /// What the delivery is like as a whole; nil where it was not worked through.
  let profile: TableProfile?
  /// What its columns are like; nil where nobody asked.
  let fingerprints: [(field: String, fingerprint: ColumnFingerprint)]?

  init(
    _ snapshot: Snapshot, _ report: Report, _ end: End, profile: TableProfile? = nil,
    fingerprints: [(field: String, fingerprint: ColumnFingerprint)]? = nil
  ) {
    self.fingerprints = fingerprints
    self.profile = profile
    self.snapshot = snapshot
    self.report = report
    self.end = end
  }
}

/// A stage did not go through.
struct StageError: Error, Sendable, CustomStringConvertible {
  let stage: StageName
  let dataset: DatasetID
  let cause: any Error

  var description: String {
    // Stages' own errors name themselves already.
    let text = String(describing: cause)
    return text.hasPrefix(stage.rawValue) ? text : "\(stage.rawValue): \(dataset): \(text)"
  }
}
