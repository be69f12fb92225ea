internal import Publication
internal import TableSchema
internal import Tabular

/// The header rows of a delivery, and where each field of the schema stands.
struct DeliveryHeader: Sendable {
  /// Columns of the delivery.
  let columnCount: Int
  /// For each field of the schema, its column.
  let columns: [Int]
  /// Line ends in the header.
  let lineCount: Int

  /// Takes the header off the text; nil, with findings, where it is not what is declared.
  init?(of text: inout DeliveryText, dataset: Dataset, schema: Schema, findings: inout FindingCollector) throws {
    let rowCount = dataset.source.layout.headerRowCount
    var batch = RecordBatch(layout: text.layout)
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
    let labels = joinedLabels(rows, by: text.layout.headerJoin)
    guard let columns = match(labels, dataset, schema, &findings) else { return nil }
    columnCount = labels.count
    self.columns = columns
    self.lineCount = lineCount
  }
}

/// Parts of several header rows, one under the other, joined; a part that repeats the one above, or is empty, is left out.
private func joinedLabels(_ rows: [[String]], by separator: String) -> [String] {
  guard rows.count > 1 else { return rows.first ?? [] }
  return (0..<(rows.map(\.count).max() ?? 0)).map { column in
    var parts: [String] = []
    for row in rows where column < row.count && !row[column].isEmpty && row[column] != parts.last {
      parts.append(row[column])
    }
    return parts.joined(separator: separator)
  }
}

/// The column of each field; nil, with findings, where the header is not what is declared.
///
/// Labels of columns that are not declared are never shown: in a file without a header they are somebody's data.
private func match(_ labels: [String], _ dataset: Dataset, _ schema: Schema, _ findings: inout FindingCollector)
  -> [Int]?
{
  /// Twenty columns are named, the others only counted.
  func add(_ code: FindingCode, _ column: Int) {
    let named = findings.findings.count { $0.code == code }
    findings.add(Finding(code, field: named < 20 ? columnName(column) : "…", at: Location(line: 1)))
  }
  let declared = Set(dataset.columns.map { Array($0.label.utf8) })
  var positions: [[UInt8]: Int] = [:]
  for (index, label) in labels.enumerated() {
    let bytes = Array(label.utf8)
    if bytes.isEmpty {
      add(.blankLabel, index)
    } else if positions[bytes] != nil {
      add(.duplicateLabel, index)
    } else {
      positions[bytes] = index
      if !declared.contains(bytes) { add(.extraLabel, index) }
    }
  }
  var columns: [Int] = []
  for field in schema.fields {
    guard let policy = dataset.columns.first(where: { $0.field == field.name }) else {
      preconditionFailure("checked when read")
    }
    if let column = positions[Array(policy.label.utf8)] {
      columns.append(column)
    } else {
      findings.add(Finding(.missingLabel, field: policy.label, at: Location(line: 1)))
    }
  }
  return findings.hasErrors ? nil : columns
}
