internal import Approval
internal import Catalog
internal import Export
internal import Hashing
internal import Ingest
internal import OutputCheck
internal import PrivateStore
internal import Publication
internal import Redaction
internal import TableSchema
internal import Tabular
internal import Validation
internal import Versioning

extension Publisher {
  /// What one dataset comes to: a result, and what is to be published of it.
  struct Attempt: Sendable {
    /// What all datasets of one run share.
    struct Circumstances: Sendable {
      let published: PublishedSite
      let runID: String
      let key: SymmetricKey
      let masks: MaskRegistry
      let clock: Clock
      /// What tells this program from its next version.
      let program: String
      /// Rows that can be accepted and rows that cannot are written to the private root.
      let splitsRows: Bool
      /// What columns are like is told, to be signed off.
      let takesFingerprints: Bool
      /// What the last accepted deliveries were like, by dataset.
      let profiles: [String: JSON]
      /// By dataset.
      let settled: [String: SettledDelivery]
      /// The newest release of each dataset that was ever named, whatever the public root holds.
      let known: [DatasetID: ReleaseID]
      let isCheck: Bool
      /// The delivery is one of the past: its release is made after its day.
      let isBackfill: Bool
      /// When it is published, whatever day the data are of.
      let publishedAt: Instant

      /// Everything that the result for a delivery follows from, but for the delivery and the newest release.
      func digest(configuration: Digest, references: [Digest]) -> Digest {
        let others = references.map { "\n\($0)" }.joined()
        let message = Array("settled delivery 1\n\(program)\n\(configuration)\(others)".utf8)
        return Digest(key.derived(for: ["settled delivery"]).authenticationCode(for: message))
      }
    }

    var result: DatasetResult
    var release: Release?
    var listed: ListedRecord?
    /// What its masks show.
    var masks: MaskRegistry.Masks?
    /// What the release was made of.
    var delivery: [WorkFile] = []
    /// Datasets of this run against whose new deliveries it was held before they were accepted.
    var assumed: Set<DatasetID> = []
    /// What the delivery is like as a whole.
    var profile: TableProfile?
    /// What need not be worked through again, once the release is out.
    var settled: SettledDelivery?
  }

  func attempt(_ plan: DatasetPlan, _ references: References, _ now: Attempt.Circumstances) async -> Attempt {
    switch plan {
    case .misconfigured(let id, let message): return Attempt(result: .misconfigured(id, message))
    case .ready(let dataset, let schema, let configuration):
      do {
        if let withdrawal = now.published.withdrawals.first(where: { $0.dataset == dataset.id && !$0.isUndone }) {
          return Attempt(result: .stillWithdrawn(dataset.id, since: withdrawal.at))
        }
        guard dataset.access == .unconditional else { return try list(dataset, schema, now) }
        guard dataset.signOff != nil || !site.requiresSignOff || now.takesFingerprints else {
          return Attempt(
            result: .misconfigured(
              dataset.id,
              "the columns are not signed off, and site.yaml asks for it\nhint: daylight sign-off \(dataset.id)"))
        }
        return try await journey(
          of: dataset, schema, configuration: configuration, references.tables(of: plan), now)
      } catch let error as SchemaError {
        return Attempt(result: .misconfigured(dataset.id, "schemas/\(dataset.schemaName).tableschema.json: \(error)"))
      } catch let error as StageError {
        return Attempt(result: DatasetResult(error))
      } catch let error as RedactionError {
        return Attempt(result: .misconfigured(dataset.id, error.description))
      } catch {
        return Attempt(result: .failed(dataset.id, error))
      }
    }
  }

  private func journey(
    of dataset: Dataset, _ schema: Schema, configuration: ConfigurationDigest?,
    _ references: [(name: String, table: ReferencedDelivery)], _ now: Attempt.Circumstances
  ) async throws -> Attempt {
    let run = Run(
      id: now.runID, clock: now.clock, workFolder: privateStore.workPath(of: dataset.id, run: now.runID),
      progress: progress)
    var tables: [String: ReferencedTable] = [:]
    var deliveries: [Digest] = []
    for (name, reference) in references {
      guard let file = try await delivery(reference, now, in: run) else { continue }
      tables[name] = ReferencedTable(path: file.path, of: reference.dataset, schema: reference.schema)
      deliveries.append(file.digest)
    }
    let circumstances = configuration.map { now.digest(configuration: $0.meaning, references: deliveries) }
    let newest = now.published.newest(of: dataset.id)
    let approve = Approve(
      officers: site.officers,
      Approve.Circumstances(
        folder: privateStore.approvalFolder(of: dataset.id), previous: newest?.record, policy: configuration
      ) { try newest == nil ? nil : now.published.newestRecord(of: dataset.id)?.rowCount })
    // A candidate that officers have looked at comes before anything new.
    let masksPath = "\(privateStore.approvalFolder(of: dataset.id))/masks.json"
    if !now.isCheck, let masks = try keptMasks(masksPath), let decision = try approve.waiting(dataset, in: run) {
      var attempt = attempt(decision, dataset)
      attempt.masks = masks
      if case .approved(let release) = decision { attempt.result.rowCount = release.record.rowCount }
      return attempt
    }
    let settled =
      now.splitsRows || now.takesFingerprints
      ? nil
      : now.settled[dataset.id.description].flatMap { settled in
        settled.circumstances == circumstances && settled.record == newest?.record ? settled : nil
      }
    let publishDataset = PublishDataset(
      ingest: Ingest(store: privateStore, site: site),
      validate: Validate(
        schema: schema, splitFolder: now.splitsRows ? try privateStore.splitFolder(of: dataset.id) : nil,
        past: now.profiles[dataset.id.description].flatMap(TableProfile.init(json:)),
        profileHash: now.key.profileHash, references: tables),
      redact: try Redact(
        dataset: dataset, schema: schema, key: now.key, takesFingerprints: now.takesFingerprints),
      compare: {
        try Compare(
          previous: now.published.previous(of: dataset.id),
          past: pastReleases(of: dataset.id, now.published, known: now.known[dataset.id]))
      },
      export: Export(site: site, key: now.key, publishedAt: now.publishedAt, isBackfill: now.isBackfill),
      check: CheckOutput(),
      retry: Retry(attempts: site.transfer.attempts, firstWait: site.transfer.firstWait), turn: turn,
      makeWorkFolder: { try privateStore.makeWorkFolder(of: dataset.id, run: now.runID) }, logger: logger)
    let journey = try await publishDataset(dataset, settled: settled, in: run)
    var attempt: Attempt
    // What the delivery will be settled with; nil where it is already, or nothing came of it yet.
    var standing: PublishedSite.Newest?
    switch journey.end {
    case .settled, .unchanged:
      if case .unchanged = journey.end { standing = newest }
      attempt = Attempt(result: DatasetResult(dataset.id, .unchanged))
      attempt.result.release = newest?.release
      attempt.result.version = newest?.version
    case .cleared(let cleared):
      let masks = MaskRegistry.Masks(of: cleared.summary, dataset.id)
      let complements = now.masks.findings(in: masks)
      guard complements.isEmpty else {
        throw StageError(
          stage: .outputCheck, dataset: dataset.id,
          cause: Refusal(
            Report(stage: .outputCheck, findings: complements, rowCount: journey.report.rowCount)))
      }
      let decision = try await now.isCheck ? approve.foresee(cleared) : approve.run(cleared, in: run)
      attempt = self.attempt(decision, dataset)
      attempt.masks = masks
      switch decision {
      case .approved(let release): standing = PublishedSite.Newest(release)
      // Officers sign later: what its masks show is noted when it goes out.
      case .waiting where !now.isCheck: try writeDurably(masks.json.prettyBytes, to: masksPath, mode: 0o600)
      case .waiting, .rejected: break
      }
      attempt.result.privacy = cleared.summary
    }
    attempt.result.rowCount = journey.report.rowCount
    attempt.result.report = journey.report
    attempt.result.fingerprints = journey.fingerprints
    attempt.result.deliveryStamp = journey.snapshot.stamp
    attempt.delivery = journey.snapshot.parts
    attempt.profile = journey.profile
    attempt.assumed = Set(references.filter(\.table.isToCome).map(\.table.dataset.id))
    if let circumstances, let standing, let delivery = journey.snapshot.digest {
      attempt.settled = SettledDelivery(
        dataset: dataset.id, circumstances: circumstances, record: standing.record, delivery: delivery,
        report: journey.report)
    }
    return attempt
  }

  /// What the masks of the candidate that waits show; nil where that is not known.
  private func keptMasks(_ path: String) throws -> MaskRegistry.Masks? {
    guard fileKind(path) == .file else { return nil }
    return (try? JSONParser.parse(try InputFile.contents(of: path))).flatMap(MaskRegistry.Masks.init(json:))
  }

  /// What the word of officers makes of a dataset.
  private func attempt(_ decision: Approve.Decision, _ dataset: Dataset) -> Attempt {
    switch decision {
    case .approved(let release):
      var attempt = Attempt(result: DatasetResult(dataset.id, .released), release: release)
      attempt.result.release = release.record.release
      attempt.result.version = release.record.version
      return attempt
    case .waiting(let waiting):
      var attempt = Attempt(result: .waiting(dataset.id, waiting))
      attempt.result.release = waiting.release
      attempt.result.version = waiting.version
      attempt.result.rowCount = waiting.rowCount
      return attempt
    case .rejected(let rejection): return Attempt(result: .rejected(dataset.id, rejection))
    }
  }

  /// What is known of releases that are not there any more: names and versions go on from them.
  private func pastReleases(of dataset: DatasetID, _ published: PublishedSite, known: ReleaseID?) throws
    -> PastReleases?
  {
    let withdrawal = published.withdrawals.first { $0.dataset == dataset }
    guard let last = [withdrawal?.lastRelease, known].compactMap(\.self).max() else { return nil }
    let lastVersion =
      try withdrawal?.lastVersion ?? privateStore.ledger.version(of: dataset, withdrawal?.lastRelease ?? last)
    return PastReleases(
      last: last, version: lastVersion, issued: withdrawal?.issued, isWithdrawn: withdrawal != nil)
  }

  /// A dataset of which no rows are published: described where it may be, with nothing of its data.
  private func list(_ dataset: Dataset, _ schema: Schema, _ now: Attempt.Circumstances) throws -> Attempt {
    // What was released while it was open is not taken back by closing it.
    guard now.published.releases(of: dataset.id).isEmpty else {
      return Attempt(result: .stillPublished(dataset.id, access: dataset.access))
    }
    var attempt = Attempt(result: DatasetResult(dataset.id, .listed))
    guard dataset.isListed else { return attempt }
    let redact = try Redact(dataset: dataset, schema: schema, key: now.key)
    let record = ListedRecord(
      dataset: dataset.id, access: dataset.access, metadata: descriptiveMetadata(of: dataset),
      schema: redact.publicSchema(source: schema).schema)
    let findings = CheckOutput.findings(inRecord: record.json, name: "site/listed.json")
    if findings.isEmpty {
      attempt.listed = record
    } else {
      attempt.result = DatasetResult(dataset.id, .refused)
      attempt.result.report = Report(stage: .outputCheck, findings: findings, rowCount: 0)
    }
    return attempt
  }
}

extension SymmetricKey {
  /// How values are hashed in profiles: the same from run to run, and nobody else's.
  fileprivate var profileHash: KeyedHash {
    let bytes = derived(for: ["column profile"]).authenticationCode(for: [])
    func word(_ start: Int) -> UInt64 { bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
    return KeyedHash(key0: word(0), key1: word(8))
  }
}
