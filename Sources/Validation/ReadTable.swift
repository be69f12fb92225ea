package import Publication
package import Tabular

/// The form in which a table's records are written out again.
package enum RecordFormat: String, Sendable, CaseIterable {
  /// Comma, double quotes where needed, LF, UTF-8.
  case csv
  /// One object a line, its names from the header, every value a text.
  case jsonl
}

/// Reads a table and writes its records, header included, in another form; nothing of them is interpreted.
///
/// - Throws: `Refusal` where the file cannot be read; for JSON Lines also where the header cannot name the cells of a record.
package func readTable(
  _ path: String, form: DeliveryForm, as format: RecordFormat, parallelism: Parallelism = Parallelism(),
  write: ([UInt8]) throws -> Void
) async throws {
  let delivery = try await Delivery(path: path, form: form, parallelism)
  func refuse(_ finding: Finding) -> Refusal {
    Refusal(Report(stage: .validation, findings: [finding], rowCount: 0, facts: delivery.facts))
  }
  var headerRows: [[String]] = []
  var labels: [String]?
  if form.dialect.headerRowCount == 0 { labels = [] }
  var reader = try delivery.reopen()
  var output: [UInt8] = []
  do {
    while try reader.next() {
      for record in reader.batch.rows where !reader.batch.isBlank(record) {
        let cells = (0..<reader.batch.fieldCount(record)).map {
          Array(reader.batch.text(reader.batch.field(record, $0)))
        }
        guard let names = labels else {
          headerRows.append(cells.map { String(decoding: $0, as: UTF8.self) })
          guard headerRows.count == form.dialect.headerRowCount else { continue }
          let joined = joinedLabels(headerRows, by: form.dialect.headerJoin)
          labels = joined
          if format == .csv { appendCSV(joined.map { Array($0.utf8) }, to: &output) }
          if format == .jsonl && Set(joined.map { Array($0.utf8) }).count < joined.count {
            throw refuse(Finding(.duplicateLabel, at: Location(line: 1)))
          }
          continue
        }
        switch format {
        case .csv: appendCSV(cells, to: &output)
        case .jsonl:
          if form.dialect.headerRowCount == 0 {
            output += JSON.array(cells.map { .string(String(decoding: $0, as: UTF8.self)) }).compactBytes
          } else {
            guard cells.count == names.count else {
              let row = dataRow(reader.recordsBefore + record + 1, form.dialect)
              let place = Location(row: row, line: reader.line(of: record))
              throw refuse(
                Finding(
                  cells.count > names.count ? .extraCell : .missingCell, rule: String(names.count),
                  detail: String(cells.count), at: place))
            }
            output +=
              JSON.members(zip(names, cells).map { ($0, .string(String(decoding: $1, as: UTF8.self))) }).compactBytes
          }
          output.append(0x0a)
        }
      }
      try write(output)
      output.removeAll(keepingCapacity: true)
    }
  } catch let refusal as Refusal {
    // What stands before the trouble was read.
    try write(output)
    throw refusal
  } catch let error as FormatError {
    try write(output)
    throw refuse(finding(for: error))
  }
  guard labels != nil else { throw refuse(Finding(headerRows.isEmpty ? .sourceMissing : .missingHeader)) }
  try write(output)
}

/// Empty cells stay without quotes, but for a record that would be a blank line.
func appendCSV(_ cells: [[UInt8]], to line: inout [UInt8]) {
  for (index, cell) in cells.enumerated() {
    if index > 0 { line.append(UInt8(ascii: ",")) }
    if !cell.isEmpty || cells.count == 1 { CanonicalRows.append(cell[...], to: &line) }
  }
  line.append(0x0a)
}
