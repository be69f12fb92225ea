internal import Publication
internal import TableSchema
internal import Tabular

/// The report of `validate` for machines: stable names, no values.
struct ValidationJSON {
  let report: Report
  let schema: Schema
  let headerRowCount: Int
  /// What was checked, and against what.
  var facts: [(key: String, value: String)] = []
  let language: Language

  var value: JSON {
    func count(_ severity: Severity) -> Int {
      report.findings.filter { $0.severity == severity }.reduce(0) { $0 + $1.count }
    }
    func places(_ severity: Severity) -> JSON {
      .array(report.findings.filter { $0.severity == severity }.flatMap(entries))
    }
    return .members([
      ("valid", .bool(report.errors.isEmpty)), ("errors", places(.error)), ("warnings", places(.warning)),
      (
        "counts",
        .members([
          ("rows", .int(report.rowCount)), ("errors", .int(count(.error))), ("warnings", .int(count(.warning))),
          ("groups", .array(report.findings.map(group))),
        ])
      ),
      ("file", .members((report.facts + facts).map { ($0.key, .string($0.value)) })),
    ])
  }

  /// One entry for each place that is known.
  private func entries(_ finding: Finding) -> [JSON] {
    let places = finding.examples.isEmpty ? [finding.first] : finding.examples
    return places.enumerated().map { index, place in
      let text = finding.code.text
      let remark = index < finding.remarks.count ? finding.remarks[index] : nil
      let other = index < finding.others.count ? finding.others[index] : nil
      return .members(
        [
          ("type", .string(finding.code.rawValue)), ("row", record(place)),
          ("line", place.line.map { .int($0) }), ("byte", place.byte.map { .int($0) }),
        ] + subject(of: finding) + [
          ("shape", remark.map { .string($0.shape) }), ("value", remark?.value.map { .string($0) }),
          ("hint", remark?.hint.map { .string($0.rawValue) }),
          ("otherRow", other.flatMap(record)), ("message", .string(text.meaning[language])),
          ("advice", .string((remark?.hint?.text ?? text.advice)[language])),
        ])
    }
  }

  /// The record of the file, the header's rows counted.
  private func record(_ place: Location) -> JSON? {
    (place.record ?? place.row.map { $0 + headerRowCount }).map { .int($0) }
  }

  private func group(_ finding: Finding) -> JSON {
    .members(
      [("type", .string(finding.code.rawValue))] + subject(of: finding) + [
        ("count", .int(finding.count)), ("firstRow", record(finding.first)),
        ("lastRow", record(finding.last)),
      ])
  }

  /// Field, its number from 1, and what was wanted.
  ///
  /// Columns without a field have only a number.
  private func subject(of finding: Finding) -> [(String, JSON?)] {
    let index = finding.field.flatMap { schema.index(of: $0) }
    let column = index.map { $0 + 1 } ?? finding.field.flatMap { Int($0.prefix { $0 != " " }) }
    let isColumn = index == nil && column != nil
    return [
      ("field", isColumn ? nil : finding.field.map { .string($0) }), ("fieldNumber", column.map { .int($0) }),
      (isConstraint(finding.code) ? "constraint" : "expected", finding.rule.map { .string($0) }),
      ("limit", finding.limit.map { .string($0) }),
    ]
  }

  /// Whether the rule is a constraint's name; else it is a type, a number of cells, an encoding.
  private func isConstraint(_ code: FindingCode) -> Bool {
    switch code {
    case .constraintError, .patternLimit, .uniqueError, .primaryKey, .foreignKey: true
    default: false
    }
  }
}
