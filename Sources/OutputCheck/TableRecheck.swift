internal import Export
internal import Hashing
internal import Publication
internal import Recognition
internal import Redaction
internal import TableSchema
internal import Tabular

/// Reads the packed rows of a candidate side by side in all formats: they parse, they are what the public schema says, they
/// are the same rows, and no cell holds what must not get out.
struct TableRecheck {
  private let candidate: ReleaseCandidate
  private let rawValues: RawValues
  private let run: Run

  init(_ candidate: ReleaseCandidate, rawValues: RawValues, run: Run) throws {
    self.candidate = candidate
    self.rawValues = rawValues
    self.run = run
  }

  /// Gives each data file with the digest of the bytes that were read.
  func run(addingTo findings: inout FindingCollector) throws -> [String: WorkFile] {
    var checked: [String: WorkFile] = [:]
    guard let csv = candidate.files.first(where: { $0.role == .data && $0.mediaType == "text/csv" }) else {
      findings.add(Finding(.outputMismatch, field: "data.csv.gz", rule: "missing"))
      return checked
    }
    let packedCSV = try HashingByteSource(FileByteSource(path: csv.file.path))
    let rawCSV = try HashingByteSource(InflatingByteSource(packedCSV))
    let json = candidate.files.first { $0.role == .data && $0.mediaType == "application/json" }
    let packedJSON = try json.map { try HashingByteSource(FileByteSource(path: $0.file.path)) }
    let rawJSON = try packedJSON.map { try HashingByteSource(InflatingByteSource($0)) }
    var lines = rawJSON.map { JSONLines($0) }
    let zip = candidate.files.first { $0.role == .data && $0.mediaType == "application/zip" }
    let zipRecheck = zip.map { _ in ZipRecheck(candidate.schema.schema) }

    do {
      try compareRows(rawCSV, &lines, zipRecheck, &findings)
    } catch is FormatError {
      findings.add(Finding(.outputMismatch, field: csv.name, rule: "readable"))
    }
    try rawCSV.drain()
    try rawJSON?.drain()
    for (file, packed, raw) in [(csv, packedCSV, rawCSV)]
      + (json.flatMap { file in packedJSON.flatMap { packed in rawJSON.map { (file, packed, $0) } } }.map { [$0] } ?? [])
    {
      if raw.digest != file.raw?.digest || raw.byteCount != file.raw?.byteCount {
        findings.add(Finding(.outputMismatch, field: file.name, rule: "digest"))
      }
      checked[file.name] = WorkFile(path: file.file.path, byteCount: packed.byteCount, digest: packed.digest)
    }
    if let zip, let zipRecheck { checked[zip.name] = try check(zip, zipRecheck, &findings) }
    return checked
  }

  private func check(_ file: ReleaseFile, _ recheck: ZipRecheck, _ findings: inout FindingCollector) throws -> WorkFile
  {
    do {
      if let (isSame, readMe) = try recheck.finish(path: file.file.path, csvName: "\(candidate.dataset.id.name).csv") {
        if !isSame { findings.add(Finding(.outputMismatch, field: file.name, rule: "row")) }
        try CheckOutput.checkPlainText(
          readMe, name: "\(file.name)/README.txt", rawValues: rawValues, addingTo: &findings)
      } else {
        findings.add(Finding(.outputMismatch, field: file.name, rule: "members"))
      }
    } catch is FormatError {
      findings.add(Finding(.outputMismatch, field: file.name, rule: "readable"))
    }
    let packed = try InputFile(path: file.file.path)
    return WorkFile(path: file.file.path, byteCount: packed.byteCount, digest: try packed.digest())
  }

  private func compareRows(
    _ csv: HashingByteSource, _ lines: inout JSONLines?, _ zip: ZipRecheck?, _ findings: inout FindingCollector
  ) throws {
    let schema = candidate.schema.schema
    let names = schema.fields.map { Array($0.name.utf8) }
    var check = try TableCheck(
      schema, columns: Array(names.indices), folder: run.folder(of: .outputCheck), memoryBudget: run.memoryBudget)
    var reader = RecordReader(canonical: try DecodingByteSource(csv, encoding: .utf8, markByteCount: 0))
    var rowCount = 0
    var isHeader = true
    if lines != nil, try lines?.begin() == false {
      findings.add(Finding(.outputMismatch, field: "data.json.gz", rule: "array"))
    }
    while try reader.next() {
      var records: [Int] = []
      var rows: [Int] = []
      for record in reader.batch.rows {
        let isComplete = reader.batch.fieldCount(record) == names.count
        zip?.take(reader.batch, record, isHeader: isHeader)
        if isHeader {
          isHeader = false
          let labels = (0..<reader.batch.fieldCount(record)).map {
            Array(reader.batch.text(reader.batch.field(record, $0)))
          }
          if labels != names { findings.add(Finding(.outputMismatch, field: "data.csv.gz", rule: "header")) }
          continue
        }
        rowCount += 1
        guard isComplete, !reader.batch.hasStrayQuote(record) else {
          findings.add(Finding(.outputMismatch, field: "data.csv.gz", rule: "row", at: Location(row: rowCount)))
          continue
        }
        records.append(record)
        rows.append(rowCount)
        try checkCells(reader.batch, record, row: rowCount, &findings)
        if lines != nil, try lines?.next(matches: reader.batch, record, names: names, schema: schema) == false {
          findings.add(Finding(.outputMismatch, field: "data.json.gz", rule: "row", at: Location(row: rowCount)))
        }
      }
      let linesBefore = reader.linesBefore
      try check.check(
        reader.batch, records: records, rows: rows,
        lines: { batch, record in linesBefore + batch.lineCount(before: record) + 1 })
      run.progress(
        .advanced(
          .outputCheck, candidate.dataset.id, byteCount: csv.byteCount, total: candidate.files.first?.raw?.byteCount))
    }
    if lines != nil, try lines?.end() == false {
      findings.add(Finding(.outputMismatch, field: "data.json.gz", rule: "row-count"))
    }
    if rowCount != candidate.rowCount {
      findings.add(Finding(.outputMismatch, field: "data.csv.gz", rule: "row-count"))
    }
    for finding in try check.finish().findings {
      findings.add(
        Finding(
          .outputMismatch, field: finding.field, rule: "\(finding.code.rawValue) \(finding.rule ?? "")",
          limit: finding.limit, at: finding.first,
          count: finding.count))
    }
  }

  /// Looks at each cell on its own, so that a finding names its column.
  private func checkCells(_ batch: borrowing RecordBatch, _ record: Int, row: Int, _ findings: inout FindingCollector)
    throws
  {
    // Most rows hold nothing: one look at the whole row says so.
    let whole = foldedText(batch.recordBytes(record))
    var suspected: [SensitiveNumber] = []
    findSensitiveNumbers(inFolded: whole[...]) { suspected.append($0) }
    var attributed = 0
    let removed = try rawValues.countStrong(inFolded: whole)
    for column in 0..<batch.fieldCount(record) {
      let cell = batch.text(batch.field(record, column))
      let field = candidate.schema.schema.fields[column]
      let name = field.name
      let isNumber = field.type.jsonKind == .number
      // Seven digits and an exponent can stand for eleven.
      if !suspected.isEmpty || (isNumber && cell.count >= 8) {
        findSensitiveNumbers(in: cell) { _ in attributed += 1 }
        findSensitiveNumbers(in: cell, isNumber: isNumber) { kind in
          findings.add(Finding(.sensitiveValue, field: name, rule: kind.rawValue, at: Location(row: row)))
        }
      }
      let isRemovedName = try field.type == .string && rawValues.isRemovedName(cell)
      let isRemovedValue = removed > 0 ? try rawValues.countStrong(in: cell) > 0 : false
      if isRemovedName || isRemovedValue {
        if isRemovedValue { attributed += 1 }
        findings.add(Finding(.removedValue, field: name, at: Location(row: row)))
      }
    }
    // Seen in the row and in none of its cells: refused all the same.
    if attributed == 0, let kind = suspected.first?.rawValue ?? (removed > 0 ? "removed value" : nil) {
      findings.add(Finding(.sensitiveValue, rule: kind, at: Location(row: row)))
    }
  }
}

/// The lines of a JSON array that holds one object a line.
private struct JSONLines {
  private let source: any ByteSource
  private var buffer: [UInt8] = []
  private var position = 0
  private var scanner = JSONRowScanner()
  /// Whether the line before ended in a comma, so that another row must follow.
  private var expectsRow: Bool?

  init(_ source: any ByteSource) { self.source = source }

  mutating func begin() throws -> Bool {
    guard let line = try line() else { return false }
    return line.elementsEqual([UInt8(ascii: "[")])
  }

  /// Whether the next row is there and says what the CSV row says.
  mutating func next(matches batch: borrowing RecordBatch, _ record: Int, names: [[UInt8]], schema: Schema) throws
    -> Bool
  {
    guard expectsRow != false, var line = try line() else { return false }
    expectsRow = line.last == UInt8(ascii: ",")
    if expectsRow == true { line = line.dropLast() }
    guard scanner.scan(line), scanner.names == names else { return false }
    for column in names.indices {
      let field = batch.field(record, column)
      let value = scanner.values[column]
      if CanonicalRows.isNull(field, columnCount: names.count) {
        guard value.kind == .null else { return false }
        continue
      }
      let text = batch.text(field)
      let isExpectedKind =
        switch schema.fields[column].type.jsonKind {
        case .text: value.kind == .text
        case .boolean: value.kind == .boolean
        case .number:
          value.kind == .number
            || (value.kind == .text && ["NaN", "INF", "-INF"].contains { $0.utf8.elementsEqual(text) })
        }
      guard isExpectedKind, value.bytes.elementsEqual(text) else { return false }
    }
    return true
  }

  /// The array ends, and the file with it.
  mutating func end() throws -> Bool {
    guard expectsRow != true, let last = try line(), last.elementsEqual([UInt8(ascii: "]")]) else { return false }
    return try line() == nil
  }

  private mutating func line() throws -> ArraySlice<UInt8>? {
    var searched = position
    while true {
      if let end = buffer[searched...].firstIndex(of: 0x0a) {
        defer { position = end + 1 }
        return buffer[position..<end]
      }
      buffer.removeSubrange(..<position)
      position = 0
      searched = buffer.count
      if try !source.read(1 << 20, appendingTo: &buffer) { return buffer.isEmpty ? nil : [] }
    }
  }
}

/// Bytes on their way through, hashed and counted.
final class HashingByteSource: ByteSource {
  private let source: any ByteSource
  private(set) var byteCount = 0
  private var state = SHA256()

  init(_ source: any ByteSource) { self.source = source }

  /// The digest of the bytes so far.
  var digest: Digest { state.digest() }

  func read(_ count: Int, appendingTo bytes: inout [UInt8]) throws -> Bool {
    let start = bytes.count
    let more = try source.read(count, appendingTo: &bytes)
    state.update(Array(bytes[start...]))
    byteCount += bytes.count - start
    return more
  }

  /// Reads what is left, so that digest and length are those of the whole.
  func drain() throws {
    var rest: [UInt8] = []
    while try read(1 << 20, appendingTo: &rest) { rest.removeAll(keepingCapacity: true) }
  }
}
