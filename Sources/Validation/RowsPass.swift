internal import Publication
internal import TableSchema
internal import Tabular

/// One pass over the rows of a delivery: workers split, check and rewrite chunks of it; what they found and wrote is put together
/// in order.
struct RowsPass: ~Copyable {
  private let delivery: Delivery
  private let dataset: Dataset
  private let schema: Schema
  private let run: Run
  private var findings: FindingCollector
  private var check: TableCheck?
  private let repairs: [[Repair]]
  private var output: RowsOutput?
  private var rowCount = 0
  /// Rows and lines of the file before the next chunk, the header's lines included.
  private var rowsBefore = 0
  private var linesBefore = 0
  private var repairCounts: [Int]

  init(_ delivery: Delivery, schema: Schema, header: DeliveryHeader?, findings: FindingCollector, _ run: Run) throws {
    self.delivery = delivery
    dataset = delivery.dataset
    self.schema = schema
    self.run = run
    self.findings = findings
    if header != nil {
      check = TableCheck(schema, folder: run.folder(of: .validation), memoryBudget: run.memoryBudget)
    }
    linesBefore = header?.lineCount ?? 0
    let policies = Dictionary(dataset.columns.map { ($0.field, $0.repairs) }, uniquingKeysWith: { first, _ in first })
    repairs = schema.fields.map { policies[$0.name] ?? [] }
    repairCounts = [Int](repeating: 0, count: schema.fields.count)
  }

  mutating func checkRows(of text: DeliveryText, _ header: DeliveryHeader) async throws {
    guard var check = check.take() else { return }
    let chunks = text.chunks(run.parallelism)
    let decode = text.decode
    let repairs = repairs
    let layout = text.layout
    let limit = dataset.source.maximumRecordByteCount
    var doneByteCount = 0
    var output = RowsOutput(path: "\(run.folder(of: .validation))/rows.csv", delivery: delivery.rawRows(of: text))
    var (findings, rowCount, rowsBefore, linesBefore) = (findings, rowCount, rowsBefore, linesBefore)
    var repairCounts = repairCounts
    try await ordered(
      run.parallelism,
      make: {
        RowsWork(try ChunkCheck(for: check, columns: header.columns, layout: layout), header, layout, repairs, limit)
      },
      work: { try $0.take(from: chunks, decode: decode) },
      collect: { work in
        try check.add(work.check, rowsBefore: rowsBefore, linesBefore: linesBefore)
        for finding in work.structureFindings { findings.add(finding, shiftedBy: rowsBefore, lines: linesBefore) }
        for (index, count) in work.repairCounts.enumerated() { repairCounts[index] += count }
        rowCount += work.rowCount
        rowsBefore += work.recordCount
        linesBefore += work.lineCount
        doneByteCount += work.byteCount
        // Once something is wrong, nothing will be handed on: the rest is only checked.
        if !findings.hasErrors && !check.findings.hasErrors {
          try output.write(work.rows.text, isAsDelivered: work.isAsDelivered)
        }
        run.progress(.advanced(.validation, dataset.id, byteCount: doneByteCount, total: delivery.file.byteCount))
      })
    self.output = consume output
    self.check = consume check
    (self.findings, self.rowCount, self.rowsBefore, self.linesBefore) = (findings, rowCount, rowsBefore, linesBefore)
    self.repairCounts = repairCounts
  }

  /// Keys, assertions and the verdict.
  consuming func finish() throws -> ValidatedTable {
    var findings = findings
    var exceedsDouble: [Bool] = []
    if let check = check.take() {
      exceedsDouble = check.exceedsDouble
      let (delivery, schema) = (delivery, schema)
      let found = try check.finish { fields, pairs in
        try isSameKey(fields, pairs, in: delivery, schema)
      }
      for finding in found.findings { findings.add(shown(finding)) }
      let expected = dataset.assertions
      if let least = expected.minimumRowCount, rowCount < least {
        findings.add(Finding(.rowCount, rule: "min", limit: String(least), detail: String(rowCount)))
      }
      if let most = expected.maximumRowCount, rowCount > most {
        findings.add(Finding(.rowCount, rule: "max", limit: String(most), detail: String(rowCount)))
      }
    }
    for (index, count) in repairCounts.enumerated() where count > 0 {
      findings.add(Finding(.repaired, field: schema.fields[index].name, count: count))
    }
    var facts = delivery.facts
    facts.insert(("encoding", delivery.encoding.rawValue), at: 0)
    facts.append(("delimiter", String(Character(Unicode.Scalar(dataset.source.layout.delimiter)))))
    let report = Report(stage: .validation, findings: findings.findings, rowCount: rowCount, facts: facts)
    guard !findings.hasErrors, let output = output.take() else { throw Refusal(report) }
    return ValidatedTable(
      dataset: dataset, schema: schema, rows: try output.finish(), rowCount: rowCount, exceedsDouble: exceedsDouble,
      report: report)
  }

  /// An enumeration lists values: of a column that is not public it is not shown.
  private func shown(_ finding: Finding) -> Finding {
    guard finding.rule == "enum",
      dataset.columns.first(where: { $0.field == finding.field })?.disclosure.isPublic != true
    else {
      return finding
    }
    return finding.withoutLimit
  }
}
