package import Export
package import OutputCheck
package import Publication
internal import Tabular

/// Lets a cleared candidate become a release, where its dataset asks for nobody's word.
///
/// A dataset that asks for two officers waits: nothing of it is published until they can sign (`review`, `approve`).
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
    /// Of the configuration; nil where it is not known, and nothing can be approved.
    package let policy: Digest?

    package init(folder: String, previous: Digest?, policy: Digest?) {
      self.folder = folder
      self.previous = previous
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
    guard let policy = circumstances.policy else { throw ApprovalError("the configuration's digest is not known") }
    let held = try HeldCandidate.hold(candidate, in: folder, previous: circumstances.previous, policy: policy)
    let officers = try Self.eligible(officers, folder: folder)
    guard let release = try held.release(candidate.dataset, officers: officers, today: run.clock.today) else {
      return .waiting(have: try held.approvals(by: officers).count)
    }
    return .approved(release)
  }

  /// Whether two officers must sign: the configuration says so, or said so when two last signed, and was changed since without them.
  private func needsTwo(_ dataset: Dataset) throws -> Bool {
    if dataset.approval == .twoPerson { return true }
    guard let approved = try Self.approved(circumstances.folder) else { return false }
    return approved.policy != circumstances.policy
  }

  /// The officers whose signatures count: those of the site who were officers when two last signed.
  ///
  /// Whoever is new to the list counts from the next release on: a change of the list needs those who were on it.
  package static func eligible(_ officers: [Officer], folder: String) throws -> [Officer] {
    guard let approved = try approved(folder) else { return officers }
    return officers.filter { approved.keys.contains($0.publicKey) }
  }

  /// The configuration that two officers signed last, and who were officers then; nil where none ever did.
  private static func approved(_ folder: String) throws -> (policy: Digest, keys: Set<[UInt8]>)? {
    let path = "\(folder)/approved.json"
    guard fileKind(path) == .file else { return nil }
    let json = try JSONParser.parse(try InputFile.contents(of: path))
    guard let policy = json["policy_sha256"]?.text.flatMap(Digest.init(hex:)), let keys = json["officer_keys"]?.elements
    else { throw ApprovalError("\(path) cannot be read") }
    return (policy, Set(keys.compactMap { $0.text.flatMap(decodeHex) }))
  }

  /// Notes what two officers signed, before it goes out: from then on a change of the configuration needs them again.
  package static func noteApproved(_ record: ReleaseRecord, officers: [Officer], folder: String) throws {
    guard let held = try HeldCandidate.waiting(in: folder), held.record.release == record.release else { return }
    let keys = officers.map { JSON.string(encodeHex($0.publicKey)) }
    try writeDurably(
      JSON.members(held.statement.members + [("officer_keys", .array(keys))]).prettyBytes,
      to: "\(folder)/approved.json", mode: 0o600)
  }

  package enum Decision: Sendable {
    case approved(Release)
    /// With so many signatures of the two that are needed.
    case waiting(have: Int)
  }
}

/// A release: checked, approved, ready to be promoted.
///
/// Only approval can make one.
package struct Release: Sendable {
  package let dataset: Dataset
  package let record: ReleaseRecord
  package let files: [(name: String, file: WorkFile)]

  init(dataset: Dataset, record: ReleaseRecord, files: [(name: String, file: WorkFile)]) {
    self.dataset = dataset
    self.record = record
    self.files = files
  }
}
