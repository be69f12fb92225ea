internal import Publication
internal import Recognition
internal import Redaction
internal import TableSchema
internal import Tabular

/// Looks at each cell of a table for what must not get out, one chunk at a time.
///
/// A quick look at a cell's shape says of most that they cannot hold a number of a person or a value that was removed; the others
/// are looked at in full.
struct CellWatch: ~Copyable {
  private let names: [String]
  private let isNumber: [Bool]
  private let isText: [Bool]
  private let rawValues: RawValues
  /// By column.
  private var clean: [CleanCells]
  /// Hashes of clean cells that the columns may still remember, all together.
  private var roomForClean = 400_000
  private var cells: [Range<Int>] = []
  private var rows: [Int] = []
  private var unknown: [Int] = []
  private var run: [UInt8] = []
  private var edges: [Int] = []
  private var scanner = IdentifierScanner()
  private var found: [Recognition] = []
  private var joined: [UInt8] = []
  /// Rows are counted from the beginning of the chunk.
  private(set) var findings = FindingCollector()
  private(set) var recognised: RecognisedCells

  init(_ schema: Schema, _ rawValues: RawValues) {
    names = schema.fields.map(\.name)
    isNumber = schema.fields.map { $0.type.jsonKind == .number }
    isText = schema.fields.map { $0.type.jsonKind == .text }
    self.rawValues = rawValues
    let hash = KeyedHash.random()
    clean = isNumber.map { CleanCells(hash: hash, isNumber: $0) }
    recognised = RecognisedCells(columnCount: names.count)
  }

  mutating func begin() {
    findings = FindingCollector()
    recognised.removeAll()
  }

  /// Looks at the cells of some records, one column after the other.
  ///
  /// - Parameter rowsBefore: rows of the chunk before the batch's first record.
  mutating func look(_ batch: borrowing RecordBatch, records: [Int], rowsBefore: Int) throws {
    let bytes = batch.bytes
    let text = bytes.span
    for column in names.indices {
      cells.removeAll(keepingCapacity: true)
      rows.removeAll(keepingCapacity: true)
      for record in records {
        let field = batch.fields[batch.firstField(record) + column]
        // The shortest things that are looked for are an e-mail address of five letters and a name of two characters.
        guard field.count >= 5 else { continue }
        cells.append(field.range)
        rows.append(rowsBefore + record + 1)
      }
      try look(text, column)
    }
    recognised.joins.add(batch, text, records: records)
    guard !rawValues.isEmpty else { return }
    for record in records { try lookAcross(batch, text, record, rowsBefore + record + 1) }
  }

  /// Looks at `cells`, which stand in one column.
  private mutating func look(_ text: Span<UInt8>, _ column: Int) throws {
    unknown.removeAll(keepingCapacity: true)
    clean[column].findUnknown(cells, in: text, appendingTo: &unknown, budget: &roomForClean)
    recognised.addRepetitions(cells.count - unknown.count, column: column)
    for index in unknown.indices {
      let cell = unknown[index]
      if try lookInFull(text.extracting(cells[cell]), column, rows[cell]) { clean[column].insert(cell) }
    }
  }

  /// Looks for removed values that lie in two or three columns side by side.
  private mutating func lookAcross(_ batch: borrowing RecordBatch, _ text: Span<UInt8>, _ record: Int, _ row: Int)
    throws
  {
    let first = batch.firstField(record)
    /// Columns before this one that end in a letter or digit and are short.
    var start = 0
    for column in names.indices {
      let field = batch.fields[first + column]
      let isShort =
        field.count > 0 && field.count <= 16 && isNumberOrLetter(text[field.lowerBound])
        && isNumberOrLetter(text[field.upperBound - 1])
      guard isShort else {
        start = column + 1
        continue
      }
      for from in max(start, column - 2)..<max(start, column) {
        joined.removeAll(keepingCapacity: true)
        for part in from...column {
          let field = batch.fields[first + part]
          for index in field.range where isNumberOrLetter(text[index]) {
            joined.append(text[index] >= 0x61 ? text[index] & 0xdf : text[index])
          }
        }
        guard joined.count >= 11, joined.count <= 32 else { continue }
        // Digits of two columns make a removed number by chance where any part of them may.
        if try rawValues.isStrong(joined.span) {
          findings.add(Finding(.removedValue, field: names[column], rule: "joined", at: Location(row: row)))
        }
      }
    }
  }

  /// Whether there is nothing in the cell.
  private mutating func lookInFull(_ cell: Span<UInt8>, _ column: Int, _ row: Int) throws -> Bool {
    let shape = CellShape(of: cell)
    var isRecognised = false
    let mayHoldIdentifier = isNumber[column] ? shape.mayBeLongNumber : shape.mayHoldIdentifier
    found.removeAll(keepingCapacity: true)
    if mayHoldIdentifier {
      scanner.scan(cell, isNumber: isNumber[column]) { found.append($0) }
    }
    if isText[column] { forEachLinkedFile(in: cell) { found.append(Recognition(.linkedFile, $0, .certain)) } }
    if mayHoldIdentifier || !found.isEmpty || shape.longestWord >= 7 {
      recognised.add(found, in: cell, column: column, field: names[column], row: row)
      isRecognised = found.contains { $0.certainty == .certain }
    }
    var isRemoved = false
    if rawValues.mayContain(shape) {
      isRemoved =
        try shape.mayFold
        ? rawValues.countStrong(in: [UInt8](copying: cell)[...]) > 0
        : rawValues.countStrong(inPlain: cell, run: &run, edges: &edges) > 0
    }
    if !isRemoved && isText[column] && shape.longestWord >= 12 && !rawValues.isEmpty {
      var decoded: [[UInt8]] = []
      forEachDecodedToken(cell) { decoded.append($0) }
      for text in decoded where !isRemoved {
        isRemoved = try rawValues.countStrong(in: text[...]) > 0
      }
    }
    if isRemoved { findings.add(Finding(.removedValue, field: names[column], at: Location(row: row))) }
    return !isRemoved && !isRecognised
  }
}

private func isNumberOrLetter(_ byte: UInt8) -> Bool {
  (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a)
}

extension CellShape {
  /// Whether anything that recognisers know can stand in the cell.
  fileprivate var mayHoldIdentifier: Bool {
    mayFold || wideCount >= 2 || longestDigits >= 11 || longestWord >= 7 || hasExponent || hasAt
  }

  /// Whether a number can have as many digits as those of persons.
  fileprivate var mayBeLongNumber: Bool { mayFold || longestDigits >= 11 || hasExponent }
}
