/// Where a finding lies in the delivery or in a published file.
///
/// No values: numbers and names only.
package struct Location: Hashable, Sendable {
  /// Data row, from 1, header rows not counted.
  package var row: Int?
  /// Physical line of the file, from 1, where the row begins.
  package var line: Int?
  /// Byte of the file, from 0.
  package var byte: Int?
  /// Record of the file, from 1, header and comments counted; nil where it is the row and the rows of the header.
  package var record: Int?

  package init(row: Int? = nil, line: Int? = nil, byte: Int? = nil, record: Int? = nil) {
    self.row = row
    self.line = line
    self.byte = byte
    self.record = record
  }
}

package enum Severity: String, Sendable, Comparable {
  case warning, error
  package static func < (a: Self, b: Self) -> Bool { a == .warning && b == .error }
}

/// One kind of trouble, everywhere it occurs: a finding is per (code, field, rule), however many rows it is in.
package struct Finding: Sendable {
  package let code: FindingCode
  /// Field name, or the header text as delivered where no field answers to it.
  package let field: String?
  /// The constraint, type or recogniser that was broken.
  package let rule: String?
  /// The limit of the rule, as the schema writes it.
  package private(set) var limit: String?
  /// What was seen, when it is no cell value: a count, bytes in hexadecimal, an encoding's name.
  package let detail: String?
  package var count: Int
  package var first: Location
  package var last: Location
  /// The first few places.
  package var examples: [Location]
  /// For a key that occurs twice, where each of `examples` has it first; else empty.
  package var others: [Location] = []
  /// What can be said of the cells at `examples`, in their order; empty where the trouble is with no cell.
  package var remarks: [CellRemark] = []

  /// What would make values right, each once, the first first.
  package var hints: [FixHint] {
    var hints: [FixHint] = []
    for remark in remarks { if let hint = remark.hint, !hints.contains(hint) { hints.append(hint) } }
    return hints
  }

  /// Values that may be shown, each once; empty ones say nothing.
  package var values: [String] {
    var values: [String] = []
    for remark in remarks {
      if let value = remark.value, !value.isEmpty, !values.contains(value) { values.append(value) }
    }
    return values
  }

  package static let exampleLimit = 5

  package init(
    _ code: FindingCode, field: String? = nil, rule: String? = nil, limit: String? = nil, detail: String? = nil,
    at location: Location = Location(), count: Int = 1
  ) {
    self.code = code
    self.field = field
    self.rule = rule
    self.limit = limit
    self.detail = detail
    self.count = count
    first = location
    last = location
    examples = [location]
  }

  package var severity: Severity { code.severity }

  /// Takes up the places of another finding of the same kind, which come after its own.
  package mutating func append(_ other: Finding) {
    let room = Self.exampleLimit - examples.count
    if room > 0 {
      examples.append(contentsOf: other.examples.prefix(room))
      remarks.append(contentsOf: other.remarks.prefix(room))
      others.append(contentsOf: other.others.prefix(room))
    }
    count += other.count
    last = other.last
  }

  /// The same in a part of a table that has so many rows before it.
  package func shifted(byRows rows: Int, lines: Int = 0) -> Finding {
    moved {
      Location(row: $0.row.map { $0 + rows }, line: $0.line.map { $0 + lines }, byte: $0.byte, record: $0.record)
    }
  }

  fileprivate func moved(_ place: (Location) -> Location) -> Finding {
    var finding = self
    finding.first = place(first)
    finding.last = place(last)
    finding.examples = examples.map(place)
    finding.others = others.map(place)
    return finding
  }

  package var withoutLimit: Finding {
    var finding = self
    finding.limit = nil
    return finding
  }
}

/// Findings as they come up: one group per (code, field, rule), exact counts, few examples.
///
/// Memory does not grow with rows.
package struct FindingCollector: Sendable {
  private struct Key: Hashable {
    let code: FindingCode
    let field: String?
    let rule: String?
  }

  private var positions: [Key: Int] = [:]
  package private(set) var findings: [Finding] = []

  package init() {}

  package mutating func add(_ finding: Finding) {
    let key = Key(code: finding.code, field: finding.field, rule: finding.rule)
    guard let position = positions[key] else {
      positions[key] = findings.count
      findings.append(finding)
      return
    }
    findings[position].append(finding)
  }

  /// Adds what was found in a part that has so many rows and lines before it.
  package mutating func add(_ finding: Finding, shiftedBy rows: Int, lines: Int) {
    add(finding.shifted(byRows: rows, lines: lines))
  }

  /// Says of every place where it is.
  package mutating func move(_ place: (Location) -> Location) { findings = findings.map { $0.moved(place) } }

  package var hasErrors: Bool { findings.contains { $0.severity == .error } }
}

/// What a stage found in one delivery or candidate.
package struct Report: Sendable {
  package let stage: StageName
  package let findings: [Finding]
  package let rowCount: Int
  /// What was found out about the file: encoding, delimiter, evidence.
  ///
  /// Stable keys, no values.
  package let facts: [(key: String, value: String)]

  package init(stage: StageName, findings: [Finding], rowCount: Int, facts: [(key: String, value: String)] = []) {
    self.stage = stage
    self.findings = findings.sorted { ($1.severity, $0.first.row ?? 0) < ($0.severity, $1.first.row ?? 0) }
    self.rowCount = rowCount
    self.facts = facts
  }

  package var errors: [Finding] { findings.filter { $0.severity == .error } }
}

/// A stage said no: the delivery or the candidate is not fit to be published.
///
/// Nothing public was touched.
package struct Refusal: Error, Sendable, CustomStringConvertible {
  package let report: Report

  package init(_ report: Report) { self.report = report }

  package var description: String {
    "refused by \(report.stage.rawValue): " + report.errors.map(\.code.rawValue).joined(separator: ", ")
  }
}
