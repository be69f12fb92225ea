internal import Publication
internal import TableSchema

extension Redact {
  /// Texts that call the table anonymous, though what is published of it is not.
  ///
  /// Values that are masked, generalised, hashed or taken out of texts still point to persons for whoever knows more; how many
  /// rows share them is not checked. Rows about persons are anonymous only where that is.
  /// - Source: privacy.md §0 (6, 8); PIPL articles 4 and 73.
  func anonymityFindings(_ schema: PublicSchema) -> [Finding] {
    let remaining = transforms.indices.first { index in
      guard transforms[index].isPublished, let policy = dataset.columns.first(where: { $0.field == fields[index].name })
      else { return false }
      return dataset.subject == .person || (policy.isProtected && !PrivacySummary.isAnonymous(policy.transform))
    }
    guard let remaining else { return [] }
    var texts: [(String, LocalizedText?)] = [("title", dataset.title), ("description", dataset.description)]
    for (_, keywords) in dataset.keywords { texts += keywords.map { ("keywords", LocalizedText(zh: $0)) } }
    for field in schema.schema.fields { texts += [(field.name, field.title), (field.name, field.description)] }
    return texts.compactMap { place, text in
      guard let text, [text.zh, text.en ?? ""].contains(where: claimsAnonymity) else { return nil }
      return Finding(.anonymityClaim, field: place, rule: fields[remaining].name)
    }
  }
}

/// Whether a text says of what it describes that it is anonymous: 已匿名化处理, but not 匿名举报 and not 不是匿名化.
func claimsAnonymity(_ text: String) -> Bool {
  let text = text.lowercased()
  return claims.contains { claim in
    var rest = text[...]
    while let place = rest.firstRange(of: claim) {
      let clause =
        text[..<place.lowerBound].suffix(12).split(omittingEmptySubsequences: false) {
          "。，；：、,.;:".contains($0)
        }.last ?? ""
      let isDenied =
        denials.contains { clause.contains($0) } || clause.suffix(4).contains { chineseDenials.contains($0) }
      if !isDenied { return true }
      rest = rest[place.upperBound...]
    }
    return false
  }
}

private let claims = [
  "匿名化", "匿名数据", "已匿名", "完全匿名", "经匿名", "匿名处理", "无法识别个人", "不能识别个人", "无法识别特定", "anonymised", "anonymized",
  "anonymous data", "anonymous record", "fully anonymous",
]
private let denials = ["not ", "never ", "n't "]
private let chineseDenials = "不未非勿没无"
