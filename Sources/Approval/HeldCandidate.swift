package import Export
internal import Hashing
package import OutputCheck
package import Publication
internal import Tabular

/// The one candidate of a dataset that waits for its officers: its files in the private root, and the statement that officers sign.
///
/// Approvals lie beside it, and go with it.
package struct HeldCandidate: Sendable {
  package let statement: ApprovalStatement
  package let record: ReleaseRecord
  private let folder: String

  /// Keeps a candidate in place of the one before, whose approvals lapse; the same one stays, with its approvals.
  ///
  /// - Parameter folder: in the private root, this dataset's own.
  package static func hold(
    _ candidate: ClearedCandidate, in folder: String, previous: Digest?, policy: ConfigurationDigest
  ) throws -> HeldCandidate {
    if let held = try waiting(in: folder), held.record.content == candidate.record.content,
      held.isStill(after: previous, under: policy)
    {
      return held
    }
    guard let record = candidate.files.first(where: { $0.name == "release.json" }) else {
      throw ApprovalError("the candidate has no release.json")
    }
    let statement = ApprovalStatement(
      dataset: candidate.dataset.id, release: candidate.record.release, record: record.file.digest, previous: previous,
      policy: policy.meaning)
    try discard(folder)
    try makeFolder("\(folder)/files")
    for (name, file) in candidate.files {
      try copyDurably(from: file.path, to: "\(folder)/files/\(name)", mode: 0o600, expected: file.digest)
    }
    let note = JSON.members(statement.members)
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
    guard let statement = ApprovalStatement(json: note), let record = ReleaseRecord(json: json) else {
      throw ApprovalError("\(folder)/candidate.json cannot be read")
    }
    return HeldCandidate(statement: statement, record: record, folder: folder)
  }

  package static func discard(_ folder: String) throws {
    // First: without it there is no candidate, whatever else is left of one.
    try removeTree("\(folder)/candidate.json")
    try removeTree("\(folder)/files")
    try removeTree("\(folder)/approvals")
    try removeTree("\(folder)/shown")
    try removeTree("\(folder)/masks.json")
  }

  /// Whether it still is what would be released: after the same release, under the same configuration.
  func isStill(after previous: Digest?, under policy: ConfigurationDigest) -> Bool {
    statement.previous == previous && policy.isMeant(by: statement.policy)
  }

  /// Whether officers were given it to look at, or have signed it: from then on it waits for their word.
  var isShown: Bool {
    fileKind("\(folder)/shown") != nil || !((try? folderNames("\(folder)/approvals")) ?? []).isEmpty
  }

  /// Notes that officers are given it to look at.
  package func noteShown() throws { try writeDurably([], to: "\(folder)/shown", mode: 0o600) }

  /// Where its file of this name lies.
  package func path(of name: String) -> String { "\(folder)/files/\(name)" }

  /// A candidate on which no two officers have said yes.
  package struct Waiting: Sendable {
    package let release: ReleaseID
    package let version: Version
    package let rowCount: Int
    /// Officers whose approval counts.
    package let signed: [String]
    /// Officers who signed, but not that it is 不涉密: they must sign again.
    package let unclear: [String]
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
    try signatures(by: officers).filter(\.isNotSecret)
  }

  /// The officers whose signature does not say that nothing in it is secret.
  package func unclearApprovals(by officers: [Officer]) throws -> [String] {
    try signatures(by: officers).filter { !$0.isNotSecret }.map(\.officer)
  }

  private func signatures(by officers: [Officer]) throws -> [SignedApproval<ApprovalStatement>] {
    try SignedApproval.all(below: "\(folder)/approvals", officers: officers).filter { $0.statement == statement }
  }

  /// The release, where two officers have signed, it or such releases for a time, and every file is what the signed record says.
  ///
  /// - Returns: nil where a signature is missing.
  func release(
    _ dataset: Dataset, officers: [Officer], policy: ConfigurationDigest, basis: StandingApprovals.Basis?,
    today: CivilDate
  ) throws -> Release? {
    guard dataset.id == statement.dataset else { return nil }
    guard
      try approvals(by: officers).count >= Self.neededCount
        || StandingApprovals.allow(
          record, officers: officers, folder: folder, policy: policy, basis: basis, today: today)
    else { return nil }
    // What was signed is the record, and the record names every other file: no list that lies beside it counts.
    let recordPath = path(of: "release.json")
    let recordFile = try InputFile(path: recordPath)
    guard try recordFile.digest() == statement.record else {
      throw ApprovalError("the candidate's release.json is not what was signed")
    }
    var checked = try (record.json["files"]?.elements ?? []).map { file -> (name: String, file: WorkFile) in
      guard let name = file["path"]?.text, name.leadsDownward, !name.utf8.contains(UInt8(ascii: "/")),
        let digest = file["sha256"]?.text.flatMap(Digest.init(hex:)), let byteCount = file["length"]?.integer
      else { throw ApprovalError("the candidate's release.json names a file that is none") }
      let input = try InputFile(path: path(of: name))
      guard input.byteCount == byteCount, try input.digest() == digest else {
        throw ApprovalError("\(path(of: name)) is not what was signed")
      }
      return (name, WorkFile(path: input.path, byteCount: byteCount, digest: digest))
    }
    checked.append(
      ("release.json", WorkFile(path: recordPath, byteCount: recordFile.byteCount, digest: statement.record)))
    return Release(dataset: dataset, record: record, files: checked, isHeld: true)
  }

  package static let neededCount = 2
}

/// Something about an approval is not as it must be.
package struct ApprovalError: Error, Sendable, CustomStringConvertible {
  package let problem: String
  init(_ problem: String) { self.problem = problem }
  package var description: String { "approval: \(problem)" }
}
