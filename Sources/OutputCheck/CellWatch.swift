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
  /// Rows are counted from the beginning of the chunk.
  private(set) var findings = FindingCollector()

  init(_ schema: Schema, _ rawValues: RawValues) {
    names = schema.fields.map(\.name)
    isNumber = schema.fields.map { $0.type.jsonKind == .number }
    isText = schema.fields.map { $0.type.jsonKind == .text }
    self.rawValues = rawValues
    clean = CleanCells(columnCount: names.count)
  }

  mutating func begin() { findings = FindingCollector() }

  /// Looks at the cells of one record.
  mutating func look(_ batch: borrowing RecordBatch, _ text: Span<UInt8>, _ record: Int, row: Int) throws {
    let first = batch.firstField(record)
    for column in names.indices {
      let field = batch.fields[first + column]
      // The shortest thing that is looked for, an e-mail address, has five letters.
      if field.count >= 5 { try look(text.extracting(field.range), column, row) }
    }
  }

  private mutating func look(_ cell: Span<UInt8>, _ column: Int, _ row: Int) throws {
    guard let place = clean.place(of: cell, column: column) else { return _ = try lookInFull(cell, column, row) }
    if clean.contains(cell, at: place, column: column) { return }
    if try lookInFull(cell, column, row) { clean.insert(cell, at: place) }
  }

  /// Whether there is nothing in the cell.
  private mutating func lookInFull(_ cell: Span<UInt8>, _ column: Int, _ row: Int) throws -> Bool {
    let shape = CellShape(of: cell)
    var hasNumber = false
    if shape.mayFold || shape.longestDigits >= 11 || shape.hasExponent { hasNumber = findNumbers(cell, column, row) }
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
    return !isRemoved && !hasNumber
  }

  private mutating func findNumbers(_ cell: Span<UInt8>, _ column: Int, _ row: Int) -> Bool {
    var isFound = false
    findSensitiveNumbers(in: [UInt8](copying: cell)[...], isNumber: isNumber[column]) { kind in
      isFound = true
      findings.add(Finding(.sensitiveValue, field: names[column], rule: kind.rawValue, at: Location(row: row)))
    }
    return isFound
  }
}
