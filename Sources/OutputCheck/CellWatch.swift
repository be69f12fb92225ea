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
  private var clean: CleanCells
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
    clean = CleanCells(columnCount: names.count)
    recognised = RecognisedCells(columnCount: names.count)
  }

  mutating func begin() {
    findings = FindingCollector()
    recognised.removeAll()
  }

  /// Looks at the cells of one record.
  mutating func look(_ batch: borrowing RecordBatch, _ text: Span<UInt8>, _ record: Int, row: Int) throws {
    let first = batch.firstField(record)
    for column in names.indices {
      let field = batch.fields[first + column]
      // The shortest things that are looked for are an e-mail address of five letters and a name of two characters.
      if field.count >= 5 { try look(text.extracting(field.range), column, row) }
    }
    recognised.addRow(batch, text, record)
    if !rawValues.isEmpty { try lookAcross(batch, text, record, row) }
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

  private mutating func look(_ cell: Span<UInt8>, _ column: Int, _ row: Int) throws {
    guard let place = clean.place(of: cell, column: column) else { return _ = try lookInFull(cell, column, row) }
    if clean.contains(cell, at: place, column: column) { return recognised.addRepetition(column: column) }
    if try lookInFull(cell, column, row) { clean.insert(cell, at: place) }
  }

  /// Whether there is nothing in the cell.
  private mutating func lookInFull(_ cell: Span<UInt8>, _ column: Int, _ row: Int) throws -> Bool {
    let shape = CellShape(of: cell)
    var isRecognised = false
    if shape.mayHoldIdentifier {
      found.removeAll(keepingCapacity: true)
      scanner.scan(cell, isNumber: isNumber[column]) { found.append($0) }
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
}
