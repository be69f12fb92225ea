package import Export
package import OutputCheck
package import Publication
internal import Tabular

/// Turns a cleared candidate into a release; where its dataset asks for two officers, the candidate is held until they have signed
/// (`review`, `approve`).
package struct Approve: Stage {
  package static let name = StageName.approval

  private let officers: [Officer]
  private let circumstances: Circumstances

  /// What an approval holds for, besides the candidate.
  package struct Circumstances: Sendable {
    /// The dataset's own folder in the private root, where its candidate waits.
    package let folder: String
    /// Of the `release.json` in force.
    package let previous: Digest?
    /// The rows of the release in force.
    package let previousRowCount: @Sendable () throws -> Int?
    /// Nil where it is not known, and nothing can be approved.
    package let policy: ConfigurationDigest?

    package init(
      folder: String, previous: Digest?, policy: ConfigurationDigest?,
      previousRowCount: @escaping @Sendable () throws -> Int?
    ) {
      self.folder = folder
      self.previous = previous
      self.previousRowCount = previousRowCount
      self.policy = policy
    }
  }

  package init(officers: [Officer], _ circumstances: Circumstances) {
    self.officers = officers
    self.circumstances = circumstances
  }

  package func run(_ candidate: ClearedCandidate, in run: Run) async throws -> Decision {
    let folder = circumstances.folder
    guard try needsTwo(candidate.dataset) else {
      try HeldCandidate.discard(folder)
      return .approved(Release(dataset: candidate.dataset, record: candidate.record, files: candidate.files))
    }
    let policy = try requiredPolicy()
    if let rejection = try Rejection.of(candidate.record, in: folder, previous: circumstances.previous, policy) {
      return .rejected(rejection)
    }
    let held = try HeldCandidate.hold(candidate, in: folder, previous: circumstances.previous, policy: policy)
    return try decision(on: held, candidate.dataset, policy, run)
  }

  /// What would become of a candidate, for who only checks: nothing is kept.
  package func foresee(_ candidate: ClearedCandidate) throws -> Decision {
    guard try needsTwo(candidate.dataset) else {
      return .approved(Release(dataset: candidate.dataset, record: candidate.record, files: candidate.files))
    }
    if let rejection = try Rejection.of(
      candidate.record, in: circumstances.folder, previous: circumstances.previous, requiredPolicy())
    {
      return .rejected(rejection)
    }
    return .waiting(
      HeldCandidate.Waiting(
        release: candidate.record.release, version: candidate.record.version, rowCount: candidate.record.rowCount,
        signed: [], unclear: []))
  }

  /// What becomes of the candidate that waits, before anything new is pulled; nil where none does, or where it is not what would be
  /// released now.
  ///
  /// One that was shown to officers waits for their word, however often the source changes meanwhile: else those who sign slower than a
  /// source changes would never release anything.
  package func waiting(_ dataset: Dataset, in run: Run) throws -> Decision? {
    guard let held = try HeldCandidate.waiting(in: circumstances.folder) else { return nil }
    // It went out, and the run was cut off before it was taken away.
    guard held.statement.record != circumstances.previous else {
      try HeldCandidate.discard(circumstances.folder)
      return nil
    }
    guard try needsTwo(dataset), let policy = circumstances.policy,
      held.isStill(after: circumstances.previous, under: policy)
    else { return nil }
    let decision = try decision(on: held, dataset, policy, run)
    if case .approved = decision { return decision }
    return held.isShown ? decision : nil
  }

  private func requiredPolicy() throws -> ConfigurationDigest {
    guard let policy = circumstances.policy else { throw ApprovalError("the configuration's digest is not known") }
    return policy
  }

  private func decision(on held: HeldCandidate, _ dataset: Dataset, _ policy: ConfigurationDigest, _ run: Run) throws
    -> Decision
  {
    let officers = try Self.eligible(officers, folder: circumstances.folder)
    let basis = try StandingApprovals.basis(in: circumstances.folder, rowCount: circumstances.previousRowCount())
    if let release = try held.release(
      dataset, officers: officers, policy: policy, basis: basis, today: run.clock.today)
    {
      return .approved(release)
    }
    return .waiting(
      HeldCandidate.Waiting(
        release: held.record.release, version: held.record.version, rowCount: held.record.rowCount,
        signed: try held.approvals(by: officers).map(\.officer), unclear: try held.unclearApprovals(by: officers)))
  }

  /// Whether two officers must sign: the configuration says so, or said so when two last signed, and was changed since without them.
  private func needsTwo(_ dataset: Dataset) throws -> Bool {
    if dataset.approval == .twoPerson { return true }
    guard let approved = try Self.approved(circumstances.folder) else { return false }
    return circumstances.policy.map { !$0.isMeant(by: approved.policy) } ?? true
  }

  /// The officers whose signatures count: those of the site who were officers when two last signed.
  ///
  /// Whoever is new to the list counts from the next release on: a change of the list needs those who were on it.
  package static func eligible(_ officers: [Officer], folder: String) throws -> [Officer] {
    guard let approved = try approved(folder) else { return officers }
    return officers.filter { approved.keys.contains($0.publicKey) }
  }

  /// Makes the officers of the site those who count from now on: for when fewer than two are left of those who signed last, and nobody
  /// could ever sign again.
  ///
  /// - Returns: false where none ever signed, so that all of them count already.
  /// - Throws: `ApprovalError` where two are left: they sign, and the new ones count afterwards.
  package static func admit(_ officers: [Officer], folder: String) throws -> Bool {
    guard let approved = try approved(folder) else { return false }
    guard try eligible(officers, folder: folder).count < HeldCandidate.neededCount else {
      throw ApprovalError(
        "two of those who signed last are still officers: once they have signed the next release, the new ones count")
    }
    try note(approved.json, officers, folder)
    return true
  }

  /// The configuration that two officers signed last, and who were officers then; nil where none ever did.
  private static func approved(_ folder: String) throws -> (policy: Digest, keys: Set<[UInt8]>, json: JSON)? {
    let path = "\(folder)/approved.json"
    guard fileKind(path) == .file else { return nil }
    let json = try JSONParser.parse(try InputFile.contents(of: path))
    guard let policy = json["policy_sha256"]?.text.flatMap(Digest.init(hex:)), let keys = json["officer_keys"]?.elements
    else { throw ApprovalError("\(path) cannot be read") }
    return (policy, Set(keys.compactMap { $0.text.flatMap(decodeHex) }), json)
  }

  /// Notes what two officers signed, before it goes out: from then on a change of the configuration needs them again.
  package static func noteApproved(_ record: ReleaseRecord, officers: [Officer], folder: String) throws {
    guard let held = try HeldCandidate.waiting(in: folder), held.record.release == record.release else { return }
    try note(.members(held.statement.members), officers, folder)
  }

  private static func note(_ statement: JSON, _ officers: [Officer], _ folder: String) throws {
    let keys = JSON.members([("officer_keys", .array(officers.map { .string(encodeHex($0.publicKey)) }))])
    let members = (statement.members ?? []).filter { $0.name != "officer_keys" } + (keys.members ?? [])
    try writeDurably(JSON.object(members).prettyBytes, to: "\(folder)/approved.json", mode: 0o600)
  }

  package enum Decision: Sendable {
    case approved(Release)
    case waiting(HeldCandidate.Waiting)
    /// An officer sent the very same candidate back.
    case rejected(Rejection)
  }
}

/// A release: checked, approved, ready to be promoted.
///
/// Only approval can make one.
package struct Release: Sendable {
  package let dataset: Dataset
  package let record: ReleaseRecord
  package let files: [(name: String, file: WorkFile)]
  /// Its files lie with what officers signed, and stay there until it is out.
  package let isHeld: Bool

  init(dataset: Dataset, record: ReleaseRecord, files: [(name: String, file: WorkFile)], isHeld: Bool = false) {
    self.dataset = dataset
    self.record = record
    self.files = files
    self.isHeld = isHeld
  }
}
