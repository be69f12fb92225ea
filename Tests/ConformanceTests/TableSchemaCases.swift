import Foundation
import Publication
import TableSchema
import Tabular
import TestSupport
import Testing
import Validation

/// Tests/Cases/table-schema.json: 2,553 tables, what the text of Table Schema v2 says of each, and beside it what frictionless found.
///
/// The expectations were written from the specification, before either program was run.
@Suite struct TableSchemaCases {
  /// Where we read the specification otherwise than the case does, each with its reason.
  private static let otherReadings: [String: String] = [
    "object#10": "a JSON object with a name twice says two things, and is refused",
    "pattern#183": "\\i as the fifth edition of XML 1.0 has it", "pattern#185": "the same",
    "pattern#322": "PCRE2 counts to 65535: said when the schema is read",
    "bad.pattern#29": "\\/ can mean nothing else", "bad.pattern#30": "\\_ can mean nothing else",
    "bad.pattern#31": "\\& can mean nothing else",
    "date.isoweek#1": "%G, %V, %u are not supported: said when the schema is read", "date.isoweek#2": "the same",
    "date.isoweek#3": "the same", "date.isoweek#4": "the same", "date.week#1": "%W, %w are not supported",
    "date.week#2": "the same", "date.week#3": "the same", "date.ym#1": "a date has a day", "date.ym#2": "the same",
    "date.ym#3": "the same", "datetime.f#2": "%f takes as many digits as a datetime does",
    "unique.dur#5": "months and days are told apart",
  ]

  @Test func casesBesideTheReferenceImplementation() async throws {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(projectRoot)/Tests/Cases/table-schema.json"))
    let cases = try #require(try JSONParser.parse(Array(bytes))["cases"]?.elements)
    #expect(cases.count == 2_553)
    let folder = TemporaryFolder()
    var differing: Set<String> = []
    for item in cases {
      let id = item["id"]?.text ?? "?"
      guard let difference = try await difference(in: item, folder) else { continue }
      differing.insert(id)
      if Self.otherReadings[id] == nil { Issue.record("\(id): \(difference), but \(item["note"]?.text ?? "")") }
    }
    #expect(Set(Self.otherReadings.keys).subtracting(differing) == [], "these agree by now")
  }

  /// What differs; nil where nothing does.
  private func difference(in item: JSON, _ folder: TemporaryFolder) async throws -> String? {
    let isMistake = item["expect"]?.text == "schema-error"
    let descriptor = item["schema"] ?? .null
    let mistakes = Schema.mistakes(in: descriptor)
    guard mistakes.isEmpty, let schema = try? Schema(json: descriptor) else {
      return isMistake ? nil : "the schema was refused: \(mistakes)"
    }
    if isMistake { return "the schema was accepted" }
    let path = "\(folder.path)/t.csv"
    var text: [UInt8] = []
    for row in item["data"]?.elements ?? [] {
      for (index, cell) in (row.elements ?? []).enumerated() {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        CanonicalRows.append(Array((cell.text ?? "").utf8)[...], to: &text)
      }
      text.append(0x0a)
    }
    try Data(text).write(to: URL(fileURLWithPath: path))
    let report = try await validate(
      path, form: DeliveryForm(), against: schema, folder: folder.path, parallelism: Parallelism(workers: 1))
    var found = report.errors.flatMap { finding in
      (finding.examples.isEmpty ? [finding.first] : finding.examples).map { place in
        Place(
          type: finding.code.rawValue, row: place.record ?? place.row.map { $0 + 1 }, field: finding.field,
          rule: finding.rule)
      }
    }
    guard found.isEmpty == (item["expect_valid"]?.boolean == true) else { return "\(found)" }
    for wanted in item["expect_errors"]?.elements ?? [] {
      guard found.contains(where: { $0.isSame(as: wanted) }) else { return "no \(wanted) in \(found)" }
    }
    let all = item["expect_errors"]?.elements ?? []
    found.removeAll { place in all.contains { place.isSame(as: $0) } }
    return found.isEmpty ? nil : "nobody asked for \(found)"
  }

  private struct Place {
    let type: String
    let row: Int?
    let field: String?
    let rule: String?

    func isSame(as wanted: JSON) -> Bool {
      let types = (wanted["type"]?.text ?? "").split(separator: "|").map(String.init)
      guard types.contains(type) || (types == ["header"] && type.hasSuffix("-label")) else { return false }
      return (wanted["row"] == nil || wanted["row"]?.integer == row)
        && (wanted["field"] == nil || wanted["field"]?.text == field)
        && (wanted["constraint"] == nil || wanted["constraint"]?.text == rule)
    }
  }
}
