internal import Publication
internal import Tabular

/// What was done for privacy, in full, for officers: no values.
func privacyJSON(_ summary: PrivacySummary) -> JSON {
  .members([
    (
      "columns",
      .array(
        summary.columns.map { column in
          let policy = column.policy
          return .members([
            ("field", .string(policy.field)), ("label", .string(policy.label)),
            ("disclosure", .string(policy.disclosure.rawValue)), ("transform", .string(policy.transform.name)),
            ("on_find", .string(policy.onFind.rawValue)), ("identifier", column.identifier.map { .string($0) }),
            ("values", column.valueCount.map { .int($0) }), ("changed", column.changedCount.map { .int($0) }),
            ("anonymous", column.isProtected ? .bool(PrivacySummary.isAnonymous(policy.transform)) : nil),
            ("remains", column.remainder.map { .members([("zh", .string($0.zh)), ("en", .string($0[.en]))]) }),
            (
              "accepted",
              policy.accepted.isEmpty
                ? nil
                : .members(
                  policy.accepted.sorted { $0.key < $1.key }.map { name, reason in
                    (
                      name,
                      .members([("reason", .string(reason)), ("cells", .int(column.acceptedCounts[name] ?? 0))])
                    )
                  })
            ),
            (
              "may_repeat",
              policy.mayRepeat.isEmpty
                ? nil : .members(policy.mayRepeat.sorted { $0.key < $1.key }.map { ($0, .string($1)) })
            ),
          ])
        })
    ),
    (
      "suppressed_records",
      .array(
        summary.suppressedRecords.map { records in
          .members([
            ("reason", .members([("zh", .string(records.reason.zh)), ("en", .string(records.reason[.en]))])),
            ("count", .int(records.count)),
          ])
        })
    ),
    ("checks", .array(PrivacySummary.checks.map { .string($0) })),
    ("searched_values", .int(summary.searchedCount)),
  ])
}

/// The same as rows of a page.
func privacyRows(_ summary: PrivacySummary, _ language: Language) -> [[String: Any]] {
  func word(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }
  let records = summary.suppressedRecords.map { records -> [String: Any] in
    [
      "column": word("整行", "whole rows"), "disclosure": "", "done": word("不公开", "not published"),
      "changed": String(records.count), "remains": [records.reason[language]],
    ]
  }
  return records
    + summary.columns.map { column in
      let policy = column.policy
      let notes =
        policy.accepted.sorted { $0.key < $1.key }.map { name, reason in
          word("允许 ", "accepted: ") + ruleText(name, language)
            + word(",\(column.acceptedCounts[name] ?? 0) 处:", ", \(column.acceptedCounts[name] ?? 0) cells: ") + reason
        }
        + policy.mayRepeat.sorted { $0.key < $1.key }.map { field, reason in
          word("可见于 \(field):", "may stand in \(field): ") + reason
        }
      return [
        "column": policy.label == policy.field ? policy.field : "\(policy.label) (\(policy.field))",
        "disclosure": disclosureText(policy.disclosure, language), "done": transformText(policy, language),
        "changed": column.changedCount.map { changed in "\(changed) / \(column.valueCount ?? changed)" } ?? "",
        "remains": [column.remainder.map { $0[language] } ?? word("无", "nothing")] + notes,
      ]
    }
}

private func disclosureText(_ disclosure: Disclosure, _ language: Language) -> String {
  guard language == .zh else { return disclosure.rawValue }
  return switch disclosure {
  case .open: "公开"
  case .organisation: "组织信息"
  case .directIdentifier: "直接标识个人"
  case .quasiIdentifier: "间接标识个人"
  case .sensitive: "敏感"
  }
}

private func transformText(_ policy: ColumnPolicy, _ language: Language) -> String {
  func word(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }
  return switch policy.transform {
  case .keep where policy.onFind == .redact: word("去除文本中的个人信息", "identifiers taken out of texts")
  case .keep where policy.suppression != nil: word("部分记录不公开", "left out in some rows")
  case .keep: word("照原样公开", "published as it is")
  case .drop: word("不公开", "not published")
  case .mask: word("遮盖", "masked")
  case .replace: word("统一替换", "replaced")
  case .hash: word("替换为代码", "replaced by tokens")
  case .generaliseNumber, .generaliseDate, .generaliseAddress, .generaliseGrid: word("概化", "generalised")
  }
}
