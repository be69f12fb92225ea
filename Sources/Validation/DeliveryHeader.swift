internal import Publication
internal import TableSchema
internal import Tabular

/// The header rows of a delivery, and where each field of the schema stands.
struct DeliveryHeader: Sendable {
  /// As they are delivered, those of several rows joined.
  let labels: [String]
  /// Columns of the delivery.
  let columnCount: Int
  /// For each field of the schema, its column; -1 where there is none.
  let columns: [Int]
  /// Line ends in the header.
  let lineCount: Int

  /// Takes the header off the text; nil, with findings, where it is not what is declared.
  init?(
    of text: inout DeliveryText, _ delivery: Delivery, schema: Schema, findings: inout FindingCollector
  ) throws {
    let form = delivery.form
    let rowCount = form.dialect.headerRowCount
    var batch = RecordBatch(layout: delivery.layout)
    var rows: [[String]] = []
    let header = rowCount > 0 ? try text.take(records: rowCount) : []
    batch.fill { $0 = header }
    var lineCount = 0
    while try batch.next() {
      for record in batch.rows {
        rows.append(
          (0..<batch.fieldCount(record)).map {
            String(decoding: batch.text(batch.field(record, $0)), as: UTF8.self)
          })
      }
      lineCount += batch.lineCount
    }
    guard rows.count == rowCount else {
      findings.add(Finding(rows.isEmpty ? .sourceMissing : .missingHeader))
      return nil
    }
    // Without a header the columns are the fields.
    let labels = rowCount == 0 ? schema.fields.map(\.name) : joinedLabels(rows, by: form.dialect.headerJoin)
    switch form.header {
    case .declared(let declared):
      guard let columns = match(labels, declared, schema, &findings) else { return nil }
      self.columns = columns
    case .fieldNames: columns = match(labels, schema, &findings)
    }
    self.labels = labels
    columnCount = labels.count
    self.lineCount = lineCount
  }

  private init(_ header: DeliveryHeader, columns: [Int]) {
    (labels, columnCount, lineCount) = (header.labels, header.columnCount, header.lineCount)
    self.columns = columns
  }

  /// The same for some fields only; nil where one of them is not in the table.
  func narrowed(to names: [String], of schema: Schema) -> (header: DeliveryHeader, fields: [SchemaField])? {
    let indices = names.compactMap { schema.index(of: $0) }
    guard indices.count == names.count, indices.allSatisfy({ columns[$0] >= 0 }) else { return nil }
    return (DeliveryHeader(self, columns: indices.map { columns[$0] }), indices.map { schema.fields[$0] })
  }
}

/// Parts of several header rows, one under the other, joined; a part that repeats the one above, or is empty, is left out.
///
/// The last part of a shorter row stands over all columns to its right, as in a heading that spans them.
func joinedLabels(_ rows: [[String]], by separator: String) -> [String] {
  guard rows.count > 1 else { return rows.first ?? [] }
  return (0..<(rows.map(\.count).max() ?? 0)).map { column in
    var parts: [String] = []
    for row in rows {
      let part = column < row.count ? row[column] : row.last ?? ""
      if !part.isEmpty && part != parts.last { parts.append(part) }
    }
    return parts.joined(separator: separator)
  }
}

/// The column of each field; nil, with findings, where the header is not what is declared.
///
/// - Parameter declared: the label of each field.
private func match(
  _ labels: [String], _ declared: [String: String], _ schema: Schema, _ findings: inout FindingCollector
) -> [Int]? {
  let known = Set(declared.values.map { Array($0.utf8) })
  var header = HeaderFindings()
  let positions = header.positions(of: labels)
  for (label, index) in positions where !known.contains(label) { header.add(.extraLabel, index) }
  var columns: [Int] = []
  for field in schema.fields {
    guard let label = declared[field.name] else { preconditionFailure("checked when read") }
    if let column = positions[Array(label.utf8)] {
      columns.append(column)
    } else {
      header.missing.append(label)
    }
  }
  header.move(to: &findings)
  return findings.hasErrors ? nil : columns
}

/// The column of each field, -1 where there is none, with findings where labels and names do not match as the schema says.
private func match(_ labels: [String], _ schema: Schema, _ findings: inout FindingCollector) -> [Int] {
  var header = HeaderFindings()
  let names = schema.fields.map { Array($0.name.utf8) }
  let texts = labels.map { Array($0.utf8) }
  if schema.fieldsMatch == .exact && texts == names { return Array(names.indices) }
  let positions = header.positions(of: labels)
  var columns = names.map { positions[$0] ?? -1 }
  let known = Set(names)
  switch schema.fieldsMatch {
  case .exact:
    // By order, as the standard says. Where a column is missing or too many, those that are known by name are checked where they
    // stand instead: one mistake in the header is not one in every row.
    for (index, name) in names.enumerated() where index < texts.count {
      if texts[index] == name || texts.count == names.count { columns[index] = index }
    }
    for index in texts.indices where !texts[index].isEmpty {
      if index >= names.count {
        header.add(.extraLabel, index)
      } else if texts[index] != names[index] {
        header.add(.incorrectLabel, index)
      }
    }
    header.missing = schema.fields.dropFirst(texts.count).map(\.name)
  case .equal, .subset, .superset:
    if !schema.fieldsMatch.allowsAbsentFields {
      header.missing = zip(schema.fields, columns).filter { $1 < 0 }.map(\.0.name)
    }
    if !schema.fieldsMatch.allowsOtherColumns {
      for (label, index) in positions where !known.contains(label) { header.add(.extraLabel, index) }
    }
  case .partial:
    if columns.allSatisfy({ $0 < 0 }) { header.add(.unmatchedHeader, nil) }
  }
  header.move(to: &findings)
  return columns
}

/// What is wrong with a header, put in the order of its columns.
///
/// Labels that are not declared are never shown: in a file without a header they are somebody's data.
private struct HeaderFindings {
  private var columns: [(code: FindingCode, column: Int?)] = []
  /// Labels that should be there.
  var missing: [String] = []

  mutating func add(_ code: FindingCode, _ column: Int?) { columns.append((code, column)) }

  /// Where each label stands first; blank and repeated ones are noted.
  mutating func positions(of labels: [String]) -> [[UInt8]: Int] {
    var positions: [[UInt8]: Int] = [:]
    for (index, label) in labels.enumerated() {
      let bytes = Array(label.utf8)
      if bytes.isEmpty {
        add(.blankLabel, index)
      } else if positions[bytes] != nil {
        add(.duplicateLabel, index)
      } else {
        positions[bytes] = index
      }
    }
    return positions
  }

  /// Twenty columns of a kind are named, the others only counted.
  consuming func move(to findings: inout FindingCollector) {
    var named: [FindingCode: Int] = [:]
    for (code, column) in columns.sorted(by: { ($0.column ?? 0) < ($1.column ?? 0) }) {
      named[code, default: 0] += 1
      let field = column.map { named[code, default: 0] <= 20 ? columnName($0) : "…" }
      findings.add(Finding(code, field: field, at: Location(line: 1)))
    }
    for label in missing { findings.add(Finding(.missingLabel, field: label, at: Location(line: 1))) }
  }
}
