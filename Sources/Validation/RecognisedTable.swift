package import Publication
package import Recognition
internal import TableSchema
internal import Tabular

/// What the columns of a table tell about persons: every cell is looked at, twice: the first time each column is judged as a whole, the
/// second time each cell by what its column is.
package struct RecognisedTable: Sendable {
  package struct Column: Sendable {
    /// The header's text.
    package let label: String
    package let cellCount: Int
    /// In how many cells something was found, by what it is.
    package fileprivate(set) var counts: [Identifier: Int] = [:]
    /// By row from 0: whether anything was found there.
    package fileprivate(set) var isFound: [Bool] = []
    /// The column as a whole.
    package let verdict: ColumnVerdict
  }

  package private(set) var columns: [Column]
  package private(set) var rowCount = 0

  /// - Throws: `Refusal` where the file cannot be read, or has no header.
  package init(of path: String, form: DeliveryForm, parallelism: Parallelism = Parallelism()) async throws {
    let delivery = try await Delivery(path: path, form: form, parallelism)
    var text = try delivery.text()
    var findings = FindingCollector()
    let header = try DeliveryHeader(
      of: &text, delivery, schema: Schema(fields: [], fieldsMatch: .subset), findings: &findings)
    guard let header, !findings.hasErrors else {
      throw Refusal(Report(stage: .validation, findings: findings.findings, rowCount: 0))
    }
    var evidence = header.labels.map { _ in ColumnEvidence() }
    var joins = JoinedCells(columnCount: header.labels.count)
    try delivery.forEachCell(header) { _, column, cell, found in
      evidence[column].add(cell, found)
    } row: { batch, record in
      joins.add(batch, batch.bytes.span, records: [record])
    }
    let joined = joins.columns
    var verdicts = zip(header.labels, evidence).map { $1.verdict(HeaderHints([$0])) }
    for (column, identifier) in joined { verdicts[column].add(joined: identifier) }
    var columns = zip(header.labels, zip(evidence, verdicts)).map { label, found in
      Column(label: label, cellCount: found.0.cellCount, verdict: found.1)
    }
    var rowCount = 0
    try delivery.forEachCell(header) { row, column, cell, found in
      var kinds = Set(found.filter { verdicts[column].confirms($0, in: cell) }.map(\.identifier))
      if let kind = verdicts[column].holds(cell) { kinds.insert(kind) }
      for kind in kinds where !kind.isOfOrganisations { columns[column].counts[kind, default: 0] += 1 }
      columns[column].isFound[row] = kinds.contains { !$0.isOfOrganisations }
    } row: { _, _ in
      rowCount += 1
    } before: {
      for column in columns.indices { columns[column].isFound.append(false) }
    }
    self.columns = columns
    self.rowCount = rowCount
  }
}

extension Delivery {
  /// Calls for every cell that is not empty, with what was found in it by itself, and for every row.
  fileprivate func forEachCell(
    _ header: DeliveryHeader, _ body: (_ row: Int, _ column: Int, _ cell: Span<UInt8>, _ found: [Recognition]) -> Void,
    row endRow: (borrowing RecordBatch, Int) -> Void, before: () -> Void = {}
  ) throws {
    var scanner = IdentifierScanner()
    var reader = try reopen()
    var row = 0
    do {
      while try reader.next() {
        for record in reader.batch.rows
        where reader.recordsBefore + record >= form.dialect.headerRowCount && !reader.batch.isBlank(record) {
          before()
          let cells = (0..<reader.batch.fieldCount(record)).map { reader.batch.text(reader.batch.field(record, $0)) }
          for (column, cell) in cells.enumerated() where column < header.labels.count && !cell.isEmpty {
            let bytes = Array(cell)
            var found: [Recognition] = []
            scanner.scan(bytes.span) { found.append($0) }
            body(row, column, bytes.span, found)
          }
          endRow(reader.batch, record)
          row += 1
        }
      }
    } catch let error as FormatError {
      throw Refusal(Report(stage: .validation, findings: [finding(for: error)], rowCount: row))
    }
  }
}
