internal import Publication
internal import TableSchema
internal import Tabular

extension Delivery {
  /// Writes the rows that can be accepted, and those that cannot with the reasons, to `accepted.csv` and `rejected.csv` of a private
  /// folder: whole, and not before both are.
  ///
  /// Both are UTF-8 with the labels of the delivery; nothing of the rows themselves is changed. Blank lines are in neither.
  ///
  /// - Returns: where they are and how many rows each has, with stable keys.
  func split(_ checked: CheckedRows, _ schema: Schema, into folder: String, _ resources: PassResources) throws
    -> [(key: String, value: String)]
  {
    guard let header = checked.header else { return [] }
    try makeFolder(folder)
    let paths = (accepted: "\(folder)/accepted.csv", rejected: "\(folder)/rejected.csv")
    var accepted = try SplitFile(replacing: paths.accepted)
    var rejected = try SplitFile(replacing: paths.rejected)
    let table = TableCheck(schema, folder: resources.folder, memoryBudget: resources.memoryBudget)
    var check = try ChunkCheck(for: table, columns: header.columns, layout: layout, notesRecords: true)
    let repairs = schema.fields.map { CellRepair(form.repairs[$0.name] ?? []) }
    let headerRowCount = form.dialect.headerRowCount
    if headerRowCount > 0 {
      accepted.file.append(header.labels.map { Array($0.utf8) })
      rejected.file.append((["行", "文件行", "原因"] + header.labels).map { Array($0.utf8) })
    }
    var reader = try reopen()
    // Where reading stops, the report says so: what comes after is in neither file.
    while (try? reader.next()) == true {
      let whole = reader.batch.rows.filter { record in
        reader.recordsBefore + record >= headerRowCount && reader.batch.fieldCount(record) == header.columnCount
          && !reader.batch.hasStrayQuote(record)
          && !(reader.batch.isBlank(record) && header.columnCount > 1)
      }
      check.begin()
      check.check(
        reader.batch, records: whole, rowsBefore: 0, linesBefore: 0, isRepaired: repairs.map { !$0.isEmpty },
        repair: { repairs[$0]($1) })
      let wrong = check.findingsByRecord
      for record in reader.batch.rows where reader.recordsBefore + record >= headerRowCount {
        guard !reader.batch.isBlank(record) || (header.columnCount == 1 && whole.contains(record)) else { continue }
        let cells = (0..<reader.batch.fieldCount(record)).map {
          Array(reader.batch.text(reader.batch.field(record, $0)))
        }
        let row = reader.recordsBefore + record - headerRowCount + 1
        var findings = wrong[record] ?? []
        if reader.batch.hasStrayQuote(record) {
          findings.append(Finding(.strayQuote))
        } else if cells.count != header.columnCount {
          findings.append(Finding(cells.count > header.columnCount ? .extraCell : .missingCell))
        }
        findings += cells.flatMap(lostText)
        findings += checked.keyProblems?.problems(ofRow: row) ?? []
        if findings.isEmpty {
          accepted.add(cells)
        } else {
          let texts = [String(row), String(reader.line(of: record)), findings.map(reason).joined(separator: ";")]
          rejected.add(texts.map { Array($0.utf8) } + cells)
        }
      }
      try accepted.file.flush()
      try rejected.file.flush()
    }
    let counts = (accepted.rowCount, rejected.rowCount)
    try accepted.file.finish()
    try rejected.file.finish()
    return [
      ("accepted-rows", String(counts.0)), ("accepted-file", paths.accepted), ("rejected-rows", String(counts.1)),
      ("rejected-file", paths.rejected),
    ]
  }

  /// What stands where something else was; what is only strange is let in.
  private func lostText(_ cell: [UInt8]) -> [Finding] {
    var isLost = false
    findDamage(in: cell.span) { damage, _ in
      isLost = isLost || damage.isLoss
      return !isLost
    }
    return isLost ? [Finding(.damagedText)] : []
  }

  /// In both languages: the file is for officers, and for whoever they send it to.
  private func reason(_ finding: Finding) -> String {
    let text = finding.code.text.meaning
    let rule = [finding.code.rawValue, finding.rule, finding.limit].compactMap { $0 }.joined(separator: " ")
    return (finding.field.map { "\($0):" } ?? "") + "\(text[.zh]) / \(text[.en]) (\(rule))"
  }
}

/// One of the two files, and how many rows are in it.
private struct SplitFile: ~Copyable {
  var file: TableFile
  private(set) var rowCount = 0

  init(replacing path: String) throws { file = try TableFile(replacing: path) }

  mutating func add(_ cells: [[UInt8]]) {
    file.append(cells)
    rowCount += 1
  }
}

/// Canonical CSV that takes a name when it is whole.
private struct TableFile: ~Copyable {
  private let path: String
  private var output: OutputFile
  private var line: [UInt8] = []

  init(replacing path: String) throws {
    self.path = path
    output = try OutputFile(path: path + ".part", isHashed: false)
  }

  mutating func append(_ cells: [[UInt8]]) { appendCSV(cells, to: &line) }

  mutating func flush() throws {
    try output.write(line)
    line.removeAll(keepingCapacity: true)
  }

  consuming func finish() throws {
    try output.write(line)
    _ = try output.finish()
    try renameInPlace(from: path + ".part", to: path)
  }
}
