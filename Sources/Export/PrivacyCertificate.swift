internal import Publication
internal import Tabular

/// The public word on what was done for privacy, as `release.json` has it: transforms, checks, counts below 20 as "<20".
///
/// Columns that are not published are counted, not named.
func privacyCertificate(of summary: PrivacySummary) -> JSON {
  func count(_ number: Int) -> JSON {
    number > 0 && number < PrivacySummary.smallestToldCount
      ? .string("<\(PrivacySummary.smallestToldCount)") : .int(number)
  }
  let published = summary.columns.filter { $0.policy.transform != .drop && $0.isProtected }
  return .members([
    ("removed_columns", .int(summary.columns.count { $0.policy.transform == .drop })),
    (
      "columns",
      .array(
        published.map { column in
          .members([
            ("name", .string(column.policy.field)), ("transform", .string(name(of: column.policy))),
            ("changed", column.changedCount.map(count)),
            ("anonymous", .bool(PrivacySummary.isAnonymous(column.policy.transform))),
            (
              "remains",
              column.remainder.map { .members([("zh", .string($0.zh)), ("en", .string($0[.en]))]) }
            ),
          ])
        })
    ),
    (
      "suppressed_records",
      summary.suppressedRecords.isEmpty
        ? nil
        : .array(
          summary.suppressedRecords.map { records in
            .members([
              ("reason", .members([("zh", .string(records.reason.zh)), ("en", .string(records.reason[.en]))])),
              ("count", count(records.count)),
            ])
          })
    ),
    ("checks", .array(PrivacySummary.checks.map { .string($0) })),
    ("searched_values", count(summary.searchedCount)),
  ])
}

private func name(of policy: ColumnPolicy) -> String {
  guard policy.transform == .keep else { return policy.transform.name }
  return policy.onFind == .redact ? "redact" : "suppress"
}
