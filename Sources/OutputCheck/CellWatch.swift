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
  }

  private mutating func look(_ cell: Span<UInt8>, _ column: Int, _ row: Int) throws {
    guard let place = clean.place(of: cell, column: column) else { return _ = try lookInFull(cell, column, row) }
    if clean.contains(cell, at: place, column: column) { return }
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
    if !isRemoved && isText[column] && rawValues.mayBeName(shape, byteCount: cell.count) {
      isRemoved =
        try shape.mayFold ? rawValues.isRemovedName([UInt8](copying: cell)[...]) : rawValues.isRemovedName(folded: cell)
    }
    if isRemoved { findings.add(Finding(.removedValue, field: names[column], at: Location(row: row))) }
    return !isRemoved && !isRecognised
  }
}

extension CellShape {
  /// Whether anything that recognisers know can stand in the cell.
  fileprivate var mayHoldIdentifier: Bool {
    mayFold || wideCount >= 2 || longestDigits >= 11 || longestWord >= 7 || hasExponent || hasAt
  }
}
