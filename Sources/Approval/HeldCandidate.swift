package import Export
internal import Hashing
package import OutputCheck
package import Publication
internal import Tabular

/// The one candidate of a dataset that waits for its officers: its files in the private root, with the digests that were taken when they
/// were checked.
///
/// Approvals lie beside it, and go with it.
package struct HeldCandidate: Sendable {
  package let statement: ApprovalStatement
  package let record: ReleaseRecord
  private let folder: String
  private let files: [(name: String, digest: Digest, byteCount: Int)]

  /// Keeps a candidate in place of the one before, whose approvals lapse; the same one stays, with its approvals.
  ///
  /// - Parameter folder: in the private root, this dataset's own.
  package static func hold(
    _ candidate: ClearedCandidate, in folder: String, previous: Digest?, policy: Digest
  ) throws -> HeldCandidate {
    if let held = try waiting(in: folder), held.record.content == candidate.record.content,
      held.statement.previous == previous,
      held.statement.policy == policy
    {
      return held
    }
    guard let record = candidate.files.first(where: { $0.name == "release.json" }) else {
      throw ApprovalError("the candidate has no release.json")
    }
    let statement = ApprovalStatement(
      dataset: candidate.dataset.id, release: candidate.record.release, record: record.file.digest, previous: previous,
      policy: policy)
    try discard(folder)
    try makeFolder("\(folder)/files")
    for (name, file) in candidate.files {
      try copyDurably(from: file.path, to: "\(folder)/files/\(name)", mode: 0o600, expected: file.digest)
    }
    let note = JSON.members(
      statement.members + [
        (
          "files",
          .array(
            candidate.files.map { name, file in
              .members([
                ("name", .string(name)), ("sha256", .string(file.digest.hex)), ("length", .int(file.byteCount)),
              ])
            })
        )
      ])
    // Last: without it there is no candidate.
    try writeDurably(note.prettyBytes, to: "\(folder)/candidate.json", mode: 0o600)
    guard let held = try waiting(in: folder) else { throw ApprovalError("the candidate cannot be read back") }
    return held
  }

  /// - Returns: nil where none waits.
  package static func waiting(in folder: String) throws -> HeldCandidate? {
    // A candidate that is on its way out has left this folder, file by file.
    guard fileKind("\(folder)/candidate.json") == .file, fileKind("\(folder)/files/release.json") == .file else {
      return nil
    }
    let note = try JSONParser.parse(try InputFile.contents(of: "\(folder)/candidate.json"))
    let json = try JSONParser.parse(try InputFile.contents(of: "\(folder)/files/release.json"))
    let files = (note["files"]?.elements ?? []).compactMap { file -> (name: String, digest: Digest, byteCount: Int)? in
      guard let name = file["name"]?.text, let digest = file["sha256"]?.text.flatMap(Digest.init(hex:)),
        let count = file["length"]?.integer
      else { return nil }
      return (name, digest, count)
    }
    guard let statement = ApprovalStatement(json: note), let record = ReleaseRecord(json: json), !files.isEmpty else {
      throw ApprovalError("\(folder)/candidate.json cannot be read")
    }
    return HeldCandidate(statement: statement, record: record, folder: folder, files: files)
  }

  package static func discard(_ folder: String) throws {
    try removeTree("\(folder)/files")
    try removeTree("\(folder)/approvals")
    try removeTree("\(folder)/candidate.json")
  }

  /// Takes in an approval.
  ///
  /// - Throws: `ApprovalError` where it is for another candidate, or by nobody who may give it.
  package func add(_ approval: SignedApproval<ApprovalStatement>, officers: [Officer]) throws {
    guard approval.statement == statement else {
      throw ApprovalError(
        approval.statement.dataset == statement.dataset
          ? "it was given for another candidate: the data, the release before or the configuration changed since"
          : "it was given for \(approval.statement.dataset)")
    }
    let officer = try approval.signer(among: officers)
    try makeFolder("\(folder)/approvals")
    try writeDurably(approval.json.prettyBytes, to: "\(folder)/approvals/\(officer.id).json", mode: 0o600)
  }

  /// The approvals that count: for this candidate, each by another officer and another key.
  package func approvals(by officers: [Officer]) throws -> [SignedApproval<ApprovalStatement>] {
    try SignedApproval.all(below: "\(folder)/approvals", officers: officers).filter { $0.statement == statement }
  }

  /// The release, where two officers have signed, it or such releases for a time, and every file is what was checked.
  ///
  /// - Returns: nil where a signature is missing.
  package func release(_ dataset: Dataset, officers: [Officer], today: CivilDate) throws -> Release? {
    guard dataset.id == statement.dataset else { return nil }
    guard
      try approvals(by: officers).count >= Self.neededCount
        || StandingApprovals.allow(record, officers: officers, folder: folder, policy: statement.policy, today: today)
    else { return nil }
    var checked: [(name: String, file: WorkFile)] = []
    for file in files {
      let path = "\(folder)/files/\(file.name)"
      let input = try InputFile(path: path)
      guard try input.digest() == file.digest else { throw ApprovalError("\(path) is not what was checked") }
      checked.append((file.name, WorkFile(path: path, byteCount: file.byteCount, digest: file.digest)))
    }
    guard checked.first(where: { $0.name == "release.json" })?.file.digest == statement.record else {
      throw ApprovalError("the candidate's release.json is not what was signed")
    }
    return Release(dataset: dataset, record: record, files: checked)
  }

  package static let neededCount = 2
}

/// Something about an approval is not as it must be.
package struct ApprovalError: Error, Sendable, CustomStringConvertible {
  package let problem: String
  init(_ problem: String) { self.problem = problem }
  package var description: String { "approval: \(problem)" }
}
