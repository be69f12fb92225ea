package import Publication
package import Tabular

/// Checks the rows of one chunk against a schema, column by column: a worker's part of `TableCheck`.
///
/// Rows and lines are counted from the beginning of the chunk.
package struct ChunkCheck: ~Copyable {
  private let schema: Schema
  private let checks: [FieldCheck]
  /// For each field, its column in the delivery; -1 for a field that the delivery need not have, and has not.
  private let columns: [Int]
  private let keys: [TableKey]
  /// By field: asked of every row, and a check is costly to hand about.
  private let keyForms: [FieldCheck.KeyForm]
  /// Whether a row that is published as it is written can be copied whole.
  private let canCopyRows: Bool
  private(set) var keyEntries: [KeysBox]

  /// The published form of the batch's values, row-major, one cell a field.
  private var cells: [Cell] = []
  /// Whether each row of the batch is published as it is written.
  private var isAsWritten: [Bool] = []
  private var arena: [UInt8] = []
  private var key = TextBuffer()
  /// What is wrong with the current cell.
  private var broken: [CellProblem] = []
  private(set) var problems: PlaceTable
  /// Fields of which wrong values may be shown.
  private let shownFields: Set<Int>
  /// Whether `recordProblems` is kept.
  private let notesRecords: Bool
  /// What is wrong with records of the batch that was checked last, cell by cell, and the record.
  private var recordProblems: [(record: Int, kind: Int)] = []
  private(set) var exceedsDouble: [Bool]
  /// By field; empty where nobody asks.
  private(set) var profiles: [ColumnProfile] = []
  private let profileHash: KeyedHash

  /// A value of the current batch: in the batch's own bytes, or in the check's where reading it changed it.
  private struct Cell {
    var start: UInt32
    /// The length; in the top bits whether it is null, whether it is in the arena, and whether it is of the wrong type.
    var countAndMarks: UInt32

    static let null = Cell(start: 0, countAndMarks: 1 << 31)
    static let wrong = Cell(start: 0, countAndMarks: 1 << 31 | 1 << 29)
    var isNull: Bool { countAndMarks >> 31 == 1 }
    var isWrong: Bool { countAndMarks >> 29 & 1 == 1 }
    var isInArena: Bool { countAndMarks >> 30 & 1 == 1 }
    var range: Range<Int> { Int(start)..<Int(start) + Int(countAndMarks & 0x1fff_ffff) }

    init(start: UInt32, countAndMarks: UInt32) {
      self.start = start
      self.countAndMarks = countAndMarks
    }

    /// - Precondition: at most `Source.longestRecord` bytes, which no record exceeds.
    init(_ range: Range<Int>, isInArena: Bool) {
      start = UInt32(range.lowerBound)
      countAndMarks = UInt32(range.count) | (isInArena ? 1 << 30 : 0)
    }
  }

  final class KeysBox {
    var keys: ChunkKeys
    init(_ keys: consuming ChunkKeys) { self.keys = keys }
  }

  /// Changes a cell's text before it is read; nil leaves it as it is.
  ///
  /// Called with the field's index.
  package typealias Repair = (_ field: Int, _ text: Span<UInt8>) -> [UInt8]?

  /// - Parameters:
  ///   - columns: for each field of the schema, the column that holds it.
  ///   - layout: of the rows that are checked.
  package init(
    for table: borrowing TableCheck, columns: [Int], layout: Source.Layout = CanonicalRows.layout,
    shownFields: Set<Int> = [], notesRecords: Bool = false, profileHash: KeyedHash? = nil
  ) throws(SchemaError) {
    let schema = table.schema
    precondition(columns.count == schema.fields.count)
    self.schema = schema
    self.columns = columns
    self.notesRecords = notesRecords
    self.shownFields = shownFields
    canCopyRows = columns.indices.allSatisfy { columns[$0] == $0 } && columns.count > 1 && layout.partsFieldsAsCanonical
    var checks: [FieldCheck] = []
    for (index, field) in schema.fields.enumerated() {
      checks.append(try FieldCheck(field, missingValues: schema.missingValues, at: "/fields/\(index)"))
    }
    self.checks = checks
    keyForms = checks.map(\.keyForm)
    exceedsDouble = [Bool](repeating: false, count: schema.fields.count)
    keys = table.keys
    let hash = table.hash
    self.profileHash = profileHash ?? hash
    if profileHash != nil { profiles = schema.fields.map { ColumnProfile($0.type) } }
    keyEntries = keys.map { _ in KeysBox(ChunkKeys(hash)) }
    problems = PlaceTable(kindCount: schema.fields.count * CellProblem.count)
  }

  /// What is wrong with each record of the batch that was checked last, field by field.
  package var findingsByRecord: [Int: [Finding]] {
    var findings: [Int: [Finding]] = [:]
    for problem in recordProblems { findings[problem.record, default: []].append(schema.finding(ofKind: problem.kind)) }
    return findings
  }

  package func fieldName(_ index: Int) -> String { schema.fields[index].name }

  /// Forgets the chunk before.
  package mutating func begin() {
    for box in keyEntries { box.keys.removeAll() }
    problems.removeAll()
    for index in profiles.indices { profiles[index].removeAll() }
  }

  /// Checks the given records of a batch.
  ///
  /// - Parameters:
  ///   - records: whole records; each has at least as many fields as `columns` asks for.
  ///   - rowsBefore: rows of the chunk before this batch; record r is row `rowsBefore + r + 1`.
  ///   - linesBefore: line ends of the chunk before this batch.
  ///   - isRepaired: for each field, whether `repair` is to be asked; empty for none.
  package mutating func check(
    _ batch: borrowing RecordBatch, records: [Int], rowsBefore: Int, linesBefore: Int, isRepaired: [Bool] = [],
    repair: Repair = { _, _ in nil }
  ) {
    recordProblems.removeAll(keepingCapacity: true)
    let width = columns.count
    let cellCount = records.count * width
    if cells.count < cellCount { cells.append(contentsOf: repeatElement(.null, count: cellCount - cells.count)) }
    isAsWritten.removeAll(keepingCapacity: true)
    isAsWritten.append(contentsOf: repeatElement(true, count: records.count))
    arena.removeAll(keepingCapacity: true)
    for field in 0..<width where columns[field] >= 0 {
      if !isRepaired.isEmpty && isRepaired[field] {
        checkColumn(field, batch, records: records, repair: repair)
      } else if checks[field].takesAnyText {
        checkFreeColumn(field, batch, records: records)
      } else {
        checkColumn(field, batch, records: records, repair: { _, _ in nil })
      }
    }
    for index in keys.indices where keys[index].fields.allSatisfy({ columns[$0] >= 0 }) {
      addKeys(index, batch, rowsBefore: rowsBefore, records: records)
    }
    problems.locate(batch, rowsBefore: rowsBefore, linesBefore: linesBefore)
    for field in profiles.indices where columns[field] >= 0 {
      addToProfile(field, batch, records: records, rowsBefore: rowsBefore)
    }
  }

  private mutating func addToProfile(
    _ field: Int, _ batch: borrowing RecordBatch, records: [Int], rowsBefore: Int
  ) {
    let (bytes, arena) = (batch.bytes, arena)
    let (text, arenaText) = (bytes.span, arena.span)
    let hash = profileHash
    // Taken out, so that it changes in place, and put back.
    var profile = ColumnProfile(.any)
    swap(&profile, &profiles[field])
    for row in records.indices {
      let cell = cells[row * columns.count + field]
      if cell.isNull {
        profile.addNull()
      } else if cell.isInArena {
        profile.add(arenaText.extracting(cell.range), row: rowsBefore + records[row] + 1, hash)
      } else {
        profile.add(text.extracting(cell.range), row: rowsBefore + records[row] + 1, hash)
      }
    }
    swap(&profile, &profiles[field])
  }

  /// A column of which only the empty cells can be null, and nothing else be wrong.
  private mutating func checkFreeColumn(_ field: Int, _ batch: borrowing RecordBatch, records: [Int]) {
    let (check, column, width) = (checks[field], columns[field], columns.count)
    for row in records.indices {
      let source = batch.field(records[row], column)
      if source.count > 0 {
        cells[row &* width &+ field] = Cell(source.range, isInArena: false)
      } else {
        let bytes = batch.bytes
        let verdict = read(check, field, bytes.span.extracting(source.range), records[row])
        take(verdict, row, field, source, arena.count, bytes, isNumeric: false)
      }
    }
  }

  /// Inlined, so that without a repair nobody is asked for one.
  @inline(__always) private mutating func checkColumn(
    _ field: Int, _ batch: borrowing RecordBatch, records: [Int], repair: Repair
  ) {
    let check = checks[field]
    let bytes = batch.bytes
    let text = bytes.span
    for row in records.indices {
      let source = batch.field(records[row], columns[field])
      let start = arena.count
      var verdict: FieldCheck.Verdict
      if let repaired = repair(field, text.extracting(source.range)) {
        verdict = read(check, field, repaired.span, records[row])
        if verdict == .asWritten {
          arena.append(contentsOf: repaired)
          verdict = .rewritten
        }
      } else {
        verdict = read(check, field, text.extracting(source.range), records[row])
      }
      take(verdict, row, field, source, start, bytes, isNumeric: check.isNumeric)
      if check.isYear && verdict == .asWritten && check.needsText(text.extracting(source.range)) {
        exceedsDouble[field] = true
      }
    }
  }

  /// Notes the published form of a value: as it stands in the batch, or in the arena from `start` on.
  @inline(__always) private mutating func take(
    _ verdict: FieldCheck.Verdict, _ row: Int, _ field: Int, _ source: Field, _ start: Int, _ bytes: [UInt8],
    isNumeric: Bool
  ) {
    let cell = row &* columns.count &+ field
    switch verdict {
    case .asWritten:
      cells[cell] = Cell(source.range, isInArena: false)
      if isNumeric && source.count > 15 { noteLongNumber(bytes[source.range], field) }
    case .rewritten:
      cells[cell] = Cell(start..<arena.count, isInArena: true)
      isAsWritten[row] = false
      if isNumeric { noteLongNumber(arena[start...], field) }
    case .null, .wrongType:
      cells[cell] = verdict == .null ? .null : .wrong
      // Null is published as the empty field.
      if source.count > 0 || source.isQuoted { isAsWritten[row] = false }
    }
  }

  private mutating func read(_ check: borrowing FieldCheck, _ field: Int, _ text: Span<UInt8>, _ record: Int)
    -> FieldCheck.Verdict
  {
    let verdict = check.read(text, appendingTo: &arena) { rule, isLimitReached in
      broken.append(
        !isLimitReached ? .constraint(rule) : rule == .jsonSchema ? .jsonSchemaLimit : .patternLimit)
    }
    if verdict == .wrongType { broken.append(.wrongType) }
    if !broken.isEmpty { noteBroken(check, field, text, record) }
    return verdict
  }

  private mutating func noteBroken(
    _ check: borrowing FieldCheck, _ field: Int, _ text: Span<UInt8>, _ record: Int
  ) {
    for problem in broken {
      let kind = field * CellProblem.count + problem.index
      // Of the first few only: to find out what would make a value right, it is read again and again.
      let isKept = problems.keepsRemark(kind)
      problems.add(kind, record: record)
      if notesRecords { recordProblems.append((record, kind)) }
      if isKept { problems.remark(kind, check.remark(on: text, showsValue: shownFields.contains(field))) }
    }
    broken.removeAll(keepingCapacity: true)
  }

  private mutating func noteLongNumber(_ canonical: ArraySlice<UInt8>, _ field: Int) {
    guard !exceedsDouble[field], canonical.count > 15 || canonical.contains(UInt8(ascii: "E")) else { return }
    exceedsDouble[field] = !ExactDecimal(canonical: canonical).survivesDouble
  }

  private mutating func addKeys(
    _ index: Int, _ batch: borrowing RecordBatch, rowsBefore: Int, records: [Int]
  ) {
    // One access for all rows: each costs a look whether anybody else has one.
    let box = keyEntries[index]
    addKeys(of: keys[index], to: &box.keys, batch.bytes, rowsBefore: rowsBefore, records: records)
  }

  private mutating func addKeys(
    of tableKey: TableKey, to entries: inout ChunkKeys, _ bytes: [UInt8], rowsBefore: Int, records: [Int]
  ) {
    let fields = tableKey.fields
    let arena = arena
    for row in records.indices {
      guard makeKey(fields, bytes.span, arena.span, row) else {
        // What is wrong with a value of another type was said already.
        if tableKey.mustBeThere && !fields.contains(where: { cells[row * columns.count + $0].isWrong }) {
          problems.add(CellProblem.nullInKey.index, record: records[row])
          if notesRecords { recordProblems.append((records[row], CellProblem.nullInKey.index)) }
        }
        continue
      }
      let number = rowsBefore + records[row] + 1
      key.withBytes { entries.add($0, row: number) }
    }
  }

  /// The key of a row of the batch; false where a part of it is null.
  private mutating func makeKey(_ fields: [Int], _ text: Span<UInt8>, _ arena: Span<UInt8>, _ row: Int) -> Bool {
    key.removeAll()
    for place in fields.indices {
      let cell = cells[row * columns.count + fields[place]]
      guard !cell.isNull else { return false }
      appendKey(
        (cell.isInArena ? arena : text).extracting(cell.range), field: fields[place], isPart: fields.count > 1)
    }
    return true
  }

  /// Appends a value of a key: equal values have equal bytes.
  private mutating func appendKey(_ text: Span<UInt8>, field: Int, isPart: Bool) {
    let isAsWritten =
      switch keyForms[field] {
      case .asWritten: true
      // A whole number without a minus has one text: -0 is 0.
      case .integer: text[0] != UInt8(ascii: "-")
      case .made: false
      }
    if isAsWritten {
      if isPart { appendLength(text.count, to: &key) }
      return key.append(text)
    }
    let value = checks[field].key(of: text)
    if isPart { appendLength(value.count, to: &key) }
    key.append(value)
  }

  /// Appends the rows of the batch that was checked last, in canonical form, fields in the schema's order.
  package borrowing func appendRows(
    of batch: borrowing RecordBatch, records: [Int], to rows: inout CanonicalRowBuilder
  ) {
    let width = columns.count
    let bytes = batch.bytes
    let text = bytes.span
    for row in records.indices {
      let record = records[row]
      // Most rows have nothing to change: copied whole.
      if canCopyRows && isAsWritten[row] && batch.marks(record).isEmpty && batch.fieldCount(record) == width {
        rows.append(fields: width, asWritten: text.extracting(batch.recordRange(record)))
        rows.endRow()
        continue
      }
      for field in 0..<width {
        let cell = cells[row * width + field]
        if cell.isNull {
          rows.appendNull()
        } else if cell.isInArena {
          rows.append(arena.span.extracting(cell.range))
        } else {
          rows.append(text.extracting(cell.range))
        }
      }
      rows.endRow()
    }
  }
}

/// Length first: ("a,b", "c") and ("a", "b,c") are two keys.
private func appendLength(_ count: Int, to key: inout TextBuffer) {
  for shift in stride(from: 24, through: 0, by: -8) { key.append(UInt8(truncatingIfNeeded: count >> shift)) }
}

extension Source.Layout {
  /// Whether fields without quotes stand in canonical rows as they stand here.
  fileprivate var partsFieldsAsCanonical: Bool {
    delimiter == CanonicalRows.layout.delimiter && quote == CanonicalRows.layout.quote
      && (escape == nil || escape == quote)
  }
}
