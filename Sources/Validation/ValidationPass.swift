internal import Ingest
internal import Publication
internal import TableSchema
internal import Tabular

/// One pass over a delivery: header, rows, keys.
///
/// Reading and checking share it.
struct ValidationPass: ~Copyable {
  private let dataset: Dataset
  private let schema: Schema
  private let run: Run
  private let file: WorkFile
  private let evidence: EncodingEvidence
  private let source: FileByteSource
  private var reader: RecordReader
  private var findings = FindingCollector()
  private var check: TableCheck?
  private var columnCount = 0
  private var rowCount = 0
  private var output: OutputFile
  private var builder: CanonicalRowBuilder
  private let repairs: [[Repair]]
  private let hasRepairs: Bool
  private var repairCounts: [Int]
  /// Records of the current batch that the header used up.
  private var consumed = 0

  init(snapshot: Snapshot, schema: Schema, run: Run) throws {
    let dataset = snapshot.dataset
    guard let file = snapshot.parts.first, snapshot.parts.count == 1 else {
      preconditionFailure("a delivery of one part")
    }
    let declared = dataset.source.encoding.flatMap(TextEncoding.init(name:))
    let evidence = try EncodingEvidence(of: file.path, declared: declared)
    let source = try FileByteSource(path: file.path)
    let encoding: TextEncoding
    let markByteCount: Int
    switch evidence.verdict {
    case .encoding(let found, let count): (encoding, markByteCount) = (found, count)
    case .undetermined(let nearest, let firstInvalid):
      throw Self.encodingRefusal(.encodingUndetermined, nearest, firstInvalid, file, dataset, evidence)
    case .mismatch(let stated, let likely):
      let finding = Finding(.encodingMismatch, rule: stated.rawValue, detail: likely)
      throw Refusal(Report(stage: .validation, findings: [finding], rowCount: 0, facts: evidence.facts))
    case .invalid(let stated, let firstInvalid):
      throw Self.encodingRefusal(.encodingError, stated, firstInvalid, file, dataset, evidence)
    }
    let decoded = try DecodingByteSource(source, encoding: encoding, markByteCount: markByteCount)
    let output = try OutputFile(path: "\(run.folder(of: .validation))/rows.csv")
    self.dataset = dataset
    self.schema = schema
    self.run = run
    self.file = file
    self.evidence = evidence
    self.source = source
    reader = RecordReader(
      decoded, layout: dataset.source.layout, maximumRecordByteCount: dataset.source.maximumRecordByteCount)
    self.output = output
    builder = CanonicalRowBuilder(columnCount: schema.fields.count)
    let policies = Dictionary(dataset.columns.map { ($0.field, $0.repairs) }, uniquingKeysWith: { first, _ in first })
    repairs = schema.fields.map { policies[$0.name] ?? [] }
    hasRepairs = repairs.contains { !$0.isEmpty }
    repairCounts = [Int](repeating: 0, count: schema.fields.count)
  }

  /// Reads the header rows and finds each field's column.
  mutating func readHeader() throws {
    let headerRowCount = dataset.source.layout.headerRowCount
    var rows: [[String]] = []
    while rows.count < headerRowCount, try reader.next() {
      for record in reader.batch.rows where rows.count < headerRowCount {
        let batch = reader.batch.bytes
        rows.append(
          (0..<reader.batch.fieldCount(record)).map {
            String(decoding: batch[reader.batch.field(record, $0).range], as: UTF8.self)
          })
        consumed = record + 1
      }
    }
    guard rows.count == headerRowCount else {
      findings.add(Finding(rows.isEmpty ? .sourceMissing : .missingHeader))
      return
    }
    let labels = joinedLabels(rows)
    columnCount = labels.count
    guard let columns = match(labels) else { return }
    check = try TableCheck(
      schema, columns: columns, folder: run.folder(of: .validation), memoryBudget: run.memoryBudget)
  }

  /// Parts of several header rows, one under the other, joined; a part that repeats the one above, or is empty, is left out.
  private func joinedLabels(_ rows: [[String]]) -> [String] {
    guard rows.count > 1 else { return rows[0] }
    return (0..<(rows.map(\.count).max() ?? 0)).map { column in
      var parts: [String] = []
      for row in rows where column < row.count && !row[column].isEmpty && row[column] != parts.last {
        parts.append(row[column])
      }
      return parts.joined(separator: dataset.source.layout.headerJoin)
    }
  }

  /// The column of each field; nil, with findings, where the header is not what is declared.
  ///
  /// Labels of columns that are not declared are never shown: in a file without a header they are somebody's data.
  private mutating func match(_ labels: [String]) -> [Int]? {
    var positions: [[UInt8]: Int] = [:]
    for (index, label) in labels.enumerated() {
      if label.isEmpty {
        addHeaderFinding(.blankLabel, index)
      } else if positions[Array(label.utf8)] != nil {
        addHeaderFinding(.duplicateLabel, index)
      } else {
        positions[Array(label.utf8)] = index
        if !dataset.columns.contains(where: { $0.label.utf8.elementsEqual(label.utf8) }) {
          addHeaderFinding(.extraLabel, index)
        }
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

  /// Twenty columns are named, the others only counted.
  private mutating func addHeaderFinding(_ code: FindingCode, _ column: Int) {
    let named = findings.findings.count { $0.code == code }
    findings.add(Finding(code, field: named < 20 ? columnName(column) : "…", at: Location(line: 1)))
  }

  /// Checks and writes the next batch; false at the end, or at once where the header was wrong.
  mutating func readRows() throws -> Bool {
    guard check != nil else { return false }
    if consumed == reader.batch.recordCount {
      consumed = 0
      guard try reader.next() else { return false }
    }
    let headerRowCount = dataset.source.layout.headerRowCount
    var records: [Int] = []
    var rows: [Int] = []
    for record in consumed..<reader.batch.recordCount {
      let row = reader.recordsBefore + record - headerRowCount + 1
      if columnCount > 1 && reader.batch.isBlank(record) {
        add(.blankRow, row, record)
        continue
      }
      let count = reader.batch.fieldCount(record)
      if reader.batch.hasStrayQuote(record) {
        add(.strayQuote, row, record)
      } else if count > columnCount {
        add(.extraCell, row, record, rule: String(columnCount), detail: String(count))
      } else if count < columnCount {
        add(.missingCell, row, record, rule: String(columnCount), detail: String(count))
      } else {
        records.append(record)
        rows.append(row)
      }
    }
    consumed = reader.batch.recordCount
    rowCount += records.count
    try checkAndWrite(records, rows)
    run.progress(.advanced(.validation, dataset.id, byteCount: source.offset, total: file.byteCount))
    return true
  }

  private mutating func checkAndWrite(_ records: [Int], _ rows: [Int]) throws {
    let linesBefore = reader.linesBefore
    let repairs = repairs
    let hasRepairs = self.hasRepairs
    var counts = repairCounts
    try check?.check(
      reader.batch, records: records, rows: rows,
      lines: { batch, record in linesBefore + batch.lineCount(before: record) + 1 },
      repair: hasRepairs
        ? { field, text in
          guard let repaired = repairedText(text, repairs[field]) else { return nil }
          counts[field] += 1
          return repaired
        } : nil)
    repairCounts = counts
    // Once something is wrong, nothing will be handed on: the rest is only checked.
    guard let cells = check?.cells, check?.findings.hasErrors == false, !findings.hasErrors else { return }
    let width = schema.fields.count
    builder.removeAll()
    for row in records.indices {
      for field in 0..<width {
        let cell = cells[row * width + field]
        if cell.isNull {
          builder.appendNull()
        } else if let text = check?.text(cell, in: reader.batch) {
          builder.append(text)
        }
      }
      builder.endRow()
    }
    try output.write(builder.bytes)
  }

  private mutating func add(_ code: FindingCode, _ row: Int, _ record: Int, rule: String? = nil, detail: String? = nil)
  {
    findings.add(Finding(code, rule: rule, detail: detail, at: Location(row: row, line: reader.line(of: record))))
  }

  mutating func addFinding(for error: FormatError) {
    var location = error.location
    location.row = dataRow(location.row, dataset)
    switch error.code {
    case .unclosedQuote: findings.add(Finding(.unclosedQuote, at: location))
    case .recordTooLong(let limit): findings.add(Finding(.recordTooLong, limit: "\(limit) bytes", at: location))
    case .undecodable(let encoding, let byte):
      findings.add(Finding(.encodingError, rule: encoding, detail: byte, at: location))
    case .damagedGzip, .damagedZip, .tooLarge, .malformedJSON: findings.add(Finding(.sourceMissing, at: location))
    }
  }

  /// Keys, assertions and the verdict.
  consuming func finish() throws -> ValidatedTable {
    var findings = findings
    var exceedsDouble: [Bool] = []
    if let check = check.take() {
      exceedsDouble = check.exceedsDouble
      for finding in try check.finish().findings { findings.add(shown(finding)) }
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
    var facts = evidence.facts
    if case .encoding(let encoding, _) = evidence.verdict { facts.insert(("encoding", encoding.rawValue), at: 0) }
    facts.append(("delimiter", String(Character(Unicode.Scalar(dataset.source.layout.delimiter)))))
    let report = Report(stage: .validation, findings: findings.findings, rowCount: rowCount, facts: facts)
    guard !findings.hasErrors else { throw Refusal(report) }
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

  /// Finds the row and column of the first byte that cannot be read, by reading what comes before it.
  private static func encodingRefusal(
    _ code: FindingCode, _ encoding: TextEncoding, _ firstInvalid: Int?, _ file: WorkFile, _ dataset: Dataset,
    _ evidence: EncodingEvidence
  ) -> Refusal {
    var location = Location(byte: firstInvalid)
    var column: Int?
    var bytes: [UInt8] = []
    if let firstInvalid, let prefix = try? FileByteSource(path: file.path, limit: firstInvalid),
      let decoded = try? DecodingByteSource(prefix, encoding: encoding, markByteCount: 0)
    {
      var reader = RecordReader(
        decoded, layout: dataset.source.layout, maximumRecordByteCount: dataset.source.maximumRecordByteCount)
      var last = 0
      while (try? reader.next()) == true {
        last = reader.batch.recordCount - 1
        location.row = dataRow(reader.recordsBefore + last + 1, dataset)
        location.line = reader.line(of: last)
        column = reader.batch.fieldCount(last)
      }
      if let input = try? InputFile(path: file.path) { _ = try? input.read(1, at: firstInvalid, appendingTo: &bytes) }
    }
    // One byte and no more: it and those beside it may be somebody's name.
    let finding = Finding(
      code, field: column.map { columnName($0 - 1) }, rule: encoding.rawValue,
      detail: bytes.isEmpty ? nil : encodeHex(bytes),
      at: location)
    return Refusal(Report(stage: .validation, findings: [finding], rowCount: 0, facts: evidence.facts))
  }
}

/// The data row of a record, header rows not counted; nil for a record of the header.
private func dataRow(_ record: Int?, _ dataset: Dataset) -> Int? {
  record.flatMap { $0 > dataset.source.layout.headerRowCount ? $0 - dataset.source.layout.headerRowCount : nil }
}

/// `3 (C)`: the number from 1 and the letters that spreadsheets use.
private func columnName(_ index: Int) -> String {
  var letters = ""
  var rest = index + 1
  while rest > 0 {
    letters = String(Character(Unicode.Scalar(UInt8(ascii: "A") + UInt8((rest - 1) % 26)))) + letters
    rest = (rest - 1) / 26
  }
  return "\(index + 1) (\(letters))"
}
