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
    let all = JSON.members([("rejections", .array(try notes(folder).suffix(99) + [note]))])
    try writeDurably(all.prettyBytes, to: path(folder), mode: 0o600)
    try HeldCandidate.discard(folder)
  }

  /// The word on a candidate; nil where this one was not sent back.
  static func of(_ record: ReleaseRecord, in folder: String, previous: Digest?, _ policy: ConfigurationDigest) throws
    -> Rejection?
  {
    for note in try notes(folder).reversed() {
      guard let content = note["content_sha256"]?.text,
        let signed = note["policy_sha256"]?.text.flatMap(Digest.init(hex:)),
        let at = note["at"]?.text.flatMap(Instant.init), let zh = note["reason"]?["zh"]?.text
      else { throw ApprovalError("\(path(folder)) cannot be read") }
      if content == record.content.hex, note["previous_sha256"]?.text == previous?.hex, policy.isMeant(by: signed) {
        return Rejection(reason: LocalizedText(zh: zh, en: note["reason"]?["en"]?.text), at: at)
      }
    }
    return nil
  }

  /// Every word on a candidate of this dataset, oldest first: one that was sent back does not come again because another was after it.
  private static func notes(_ folder: String) throws -> [JSON] {
    guard fileKind(path(folder)) == .file else { return [] }
    let json = try JSONParser.parse(try InputFile.contents(of: path(folder)))
    return json["rejections"]?.elements ?? [json]
  }

  /// Takes every word back.
  ///
  /// - Returns: false where there was none.
  package static func undo(in folder: String) throws -> Bool {
    guard fileKind(path(folder)) != nil else { return false }
    try removeTree(path(folder))
    return true
  }

  private static func path(_ folder: String) -> String { "\(folder)/rejected.json" }
}
