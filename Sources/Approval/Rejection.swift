package import Export
package import Publication
internal import Tabular

/// A candidate that was sent back: it does not come again before the data, the release in force or the configuration are others.
package struct Rejection: Sendable {
  package let reason: LocalizedText
  package let at: Instant

  /// Keeps the word on the candidate that waits, and drops the candidate.
  package static func reject(_ held: HeldCandidate, reason: LocalizedText, at moment: Instant, in folder: String) throws
  {
    let statement = held.statement
    let note = JSON.members([
      ("content_sha256", .string(held.record.content.hex)),
      ("previous_sha256", statement.previous.map { .string($0.hex) } ?? .null),
      ("policy_sha256", .string(statement.policy.hex)), ("at", .string(moment.description)),
      ("reason", .members([("zh", .string(reason.zh)), ("en", .string(reason[.en]))])),
    ])
    try writeDurably(note.prettyBytes, to: path(folder), mode: 0o600)
    try HeldCandidate.discard(folder)
  }

  /// The word on a candidate; nil where this one was not sent back.
  static func of(_ record: ReleaseRecord, in folder: String, previous: Digest?, _ policy: ConfigurationDigest) throws
    -> Rejection?
  {
    guard fileKind(path(folder)) == .file else { return nil }
    let json = try JSONParser.parse(try InputFile.contents(of: path(folder)))
    guard let content = json["content_sha256"]?.text,
      let signed = json["policy_sha256"]?.text.flatMap(Digest.init(hex:)),
      let at = json["at"]?.text.flatMap(Instant.init), let zh = json["reason"]?["zh"]?.text
    else { throw ApprovalError("\(path(folder)) cannot be read") }
    guard content == record.content.hex, json["previous_sha256"]?.text == previous?.hex, policy.isMeant(by: signed)
    else {
      return nil
    }
    return Rejection(reason: LocalizedText(zh: zh, en: json["reason"]?["en"]?.text), at: at)
  }

  /// Takes the word back.
  ///
  /// - Returns: false where there was none.
  package static func undo(in folder: String) throws -> Bool {
    guard fileKind(path(folder)) != nil else { return false }
    try removeTree(path(folder))
    return true
  }

  private static func path(_ folder: String) -> String { "\(folder)/rejected.json" }
}
