internal import Publication
internal import TableSchema
internal import Tabular

/// A worker's state: one chunk of a delivery, what is wrong with it, and its rows in canonical form.
///
/// Rows and lines are counted from the beginning of the chunk.
struct RowsWork: ~Copyable {
  private let header: DeliveryHeader
  private let repairs: [CellRepair]
  private let isRepaired: [Bool]
  private let maximumRecordByteCount: Int
  private let keepsRows: Bool
  private var batch: RecordBatch
  private(set) var check: ChunkCheck
  private(set) var rows: CanonicalRowBuilder
  private var structure = PlaceTable(kindCount: StructureProblem.allCases.count)
  /// What is wrong with the text of columns: by field, one more for columns without one, and damage.
  private var damage: PlaceTable
  private var damagedBytes: [(damage: TextDamage, index: Int)] = []
  private var formatError: FormatError?
  private var records: [Int] = []

  /// Rows of the table, and records, blank and bad ones included.
  private(set) var rowCount = 0
  private(set) var recordCount = 0
  private(set) var lineCount = 0
  /// Of the chunk as it was delivered.
  private(set) var byteCount = 0
  private(set) var repairCounts: [Int]
  /// The rows are, byte for byte, the chunk.
  private(set) var isAsDelivered = false

  private enum StructureProblem: Int, CaseIterable { case blankRow, strayQuote, extraCell, missingCell }

  init(
    _ check: consuming ChunkCheck, _ header: DeliveryHeader, _ layout: Source.Layout, _ repairs: [CellRepair],
    _ maximumRecordByteCount: Int, keepsRows: Bool
  ) {
    self.check = check
    self.header = header
    self.repairs = repairs
    self.maximumRecordByteCount = maximumRecordByteCount
    self.keepsRows = keepsRows
    isRepaired = repairs.map { !$0.isEmpty }
    damage = PlaceTable(kindCount: (repairs.count + 1) * TextDamage.allCases.count)
    batch = RecordBatch(layout: layout)
    rows = CanonicalRowBuilder(columnCount: repairs.count)
    repairCounts = [Int](repeating: 0, count: repairs.count)
  }

  mutating func take(from chunks: RecordChunks, decode: (inout [UInt8]) throws -> Void) throws -> Int? {
    check.begin()
    structure.removeAll()
    damage.removeAll()
    damagedBytes.removeAll(keepingCapacity: true)
    rows.removeAll()
    formatError = nil
    (rowCount, recordCount, lineCount, byteCount) = (0, 0, 0, 0)
    for index in repairCounts.indices { repairCounts[index] = 0 }
    var byteCount = 0
    let chunk = try batch.fill(from: chunks) { bytes, chunk in
      byteCount = bytes.count
      if chunk.isTooLong { bytes.removeAll() } else { try decode(&bytes) }
    }
    guard let chunk else { return nil }
    self.byteCount = byteCount
    if chunk.isTooLong {
      fail(.recordTooLong(limit: maximumRecordByteCount))
      return chunk.number
    }
    findDamage()
    do {
      while try batch.next() {
        if let long = batch.firstRecord(over: maximumRecordByteCount) {
          fail(.recordTooLong(limit: maximumRecordByteCount), record: long)
          break
        }
        checkBatch()
      }
    } catch {
      // A quote that is not closed within the longest record is one that swallows the rest of the file.
      let isTooLong = batch.remainder > maximumRecordByteCount
      fail(isTooLong ? .recordTooLong(limit: maximumRecordByteCount) : error.code)
    }
    isAsDelivered =
      keepsRows && rows.text.count == batch.limit
      && rows.text.withBytes { areEqual($0, batch.bytes.span.extracting(0..<batch.limit)) }
    return chunk.number
  }

  /// What is wrong with rows as such; an error of format comes last, for nothing is read after it.
  var structureFindings: [Finding] {
    var found = structure.groups.map { group in
      let finding =
        switch StructureProblem(rawValue: group.kind) {
        case .blankRow: Finding(.blankRow)
        case .strayQuote: Finding(.strayQuote)
        case .extraCell: Finding(.extraCell, rule: String(header.columnCount), detail: String(group.detail))
        case .missingCell, nil: Finding(.missingCell, rule: String(header.columnCount), detail: String(group.detail))
        }
      return group.fill(finding)
    }
    for group in damage.groups {
      let kinds = TextDamage.allCases
      let (field, kind) = (group.kind / kinds.count, kinds[group.kind % kinds.count])
      let name = field < repairs.count ? check.fieldName(field) : nil
      found.append(group.fill(Finding(kind.isLoss ? .damagedText : .unusualCharacter, field: name, rule: kind.name)))
    }
    if let formatError { found.append(finding(for: formatError)) }
    return found
  }

  /// A chunk with more damage than this has told enough of it; the count is then of what was looked at.
  private static let damageLimit = 100_000

  private mutating func findDamage() {
    let bytes = batch.bytes
    let text = bytes.span.extracting(0..<batch.limit)
    var found: [(damage: TextDamage, index: Int)] = []
    if let index = firstUTF8ReadAsGB18030(in: text) { found.append((.utf8ReadAsGB18030, index)) }
    Tabular.findDamage(in: text) { damage, index in
      found.append((damage, index))
      return found.count < Self.damageLimit
    }
    // The first is of the whole chunk: put where it stands.
    found.sort { $0.index < $1.index }
    damagedBytes = found.reversed()
  }

  /// Finds the cells of this batch that are damaged; each is counted once for each kind.
  private mutating func locateDamage() {
    for record in batch.rows {
      let end = batch.recordRange(record).upperBound
      var counted: Set<Int> = []
      while let next = damagedBytes.last, next.index < end {
        damagedBytes.removeLast()
        let column = column(at: next.index, of: record)
        let field = column.flatMap { header.columns.firstIndex(of: $0) } ?? repairs.count
        let kind = field * TextDamage.allCases.count + next.damage.rawValue
        if counted.insert(kind).inserted { damage.add(kind, record: record) }
      }
    }
    damage.locate(batch, rowsBefore: recordCount, linesBefore: lineCount)
  }

  /// The column that a byte of a record stands in; nil where quotes were undone, and its cells lie elsewhere.
  private func column(at index: Int, of record: Int) -> Int? {
    (0..<batch.fieldCount(record)).first { batch.field(record, $0).range.contains(index) }
  }

  private mutating func fail(_ code: FormatError.Code, record: Int = 0) {
    let line = record > 0 ? batch.lineCount(before: record) : 0
    formatError = FormatError(code, at: Location(row: recordCount + record + 1, line: lineCount + line + 1))
  }

  private mutating func checkBatch() {
    records.removeAll(keepingCapacity: true)
    for record in batch.rows {
      let count = batch.fieldCount(record)
      if count == header.columnCount && !batch.hasStrayQuote(record) && (count > 1 || header.columnCount == 1) {
        records.append(record)
      } else if batch.isBlank(record) {
        structure.add(StructureProblem.blankRow.rawValue, record: record)
      } else {
        let problem: StructureProblem =
          batch.hasStrayQuote(record) ? .strayQuote : count > header.columnCount ? .extraCell : .missingCell
        structure.add(problem.rawValue, record: record, detail: count)
      }
    }
    structure.locate(batch, rowsBefore: recordCount, linesBefore: lineCount)
    if !damagedBytes.isEmpty { locateDamage() }
    checkRecords()
    if keepsRows { check.appendRows(of: batch, records: records, to: &rows) }
    rowCount += records.count
    recordCount += batch.recordCount
    lineCount += batch.lineCount
  }

  private mutating func checkRecords() {
    let repairs = repairs
    var counts = repairCounts
    check.check(
      batch, records: records, rowsBefore: recordCount, linesBefore: lineCount, isRepaired: isRepaired,
      repair: { field, text in
        guard let repaired = repairs[field](text) else { return nil }
        counts[field] += 1
        return repaired
      })
    repairCounts = counts
  }
}

extension TextDamage {
  /// Stable, for reports.
  fileprivate var name: String {
    switch self {
    case .replacementCharacter: "U+FFFD"
    case .replacementCharactersReadAsGB18030: "锟斤拷"
    case .utf8ReadAsGB18030: "utf-8 read as gb18030"
    case .controlCharacter: "U+0080–U+009F"
    case .privateCharacter: "U+E000–U+EFFF"
    }
  }
}

/// What an error of the file's form says of the delivery.
func finding(for error: FormatError) -> Finding {
  switch error.code {
  case .unclosedQuote: Finding(.unclosedQuote, at: error.location)
  case .recordTooLong(let limit): Finding(.recordTooLong, limit: "\(limit) bytes", at: error.location)
  case .undecodable(let encoding, let byte):
    Finding(.encodingError, rule: encoding, detail: byte, at: error.location)
  case .damagedGzip, .damagedZip, .tooLarge, .malformedJSON: Finding(.sourceMissing, at: error.location)
  }
}

/// Whether pairs of rows, by their numbers, have the same key indeed: the delivery is read again up to the last of them.
func isSameKey(
  _ fields: [Int], _ pairs: [(row: Int, previous: Int)], in delivery: Delivery, _ schema: Schema,
  _ header: DeliveryHeader
) throws -> [Bool] {
  let wanted = Set(pairs.flatMap { [$0.row, $0.previous] })
  var keys: [Int: [[UInt8]]] = [:]
  var reader = try delivery.reopen()
  let headerRowCount = delivery.form.dialect.headerRowCount
  let last = wanted.max() ?? 0
  while try reader.recordsBefore - headerRowCount < last && reader.next() {
    for record in reader.batch.rows {
      let row = reader.recordsBefore + record - headerRowCount + 1
      guard wanted.contains(row), reader.batch.fieldCount(record) == header.columnCount else { continue }
      keys[row] = try fields.map { index in
        let field = schema.fields[index]
        let check = try FieldCheck(field, missingValues: schema.missingValues, at: "/fields/\(index)")
        let cell = Array(reader.batch.text(reader.batch.field(record, header.columns[index])))
        let text = CellRepair(delivery.form.repairs[field.name] ?? [])(cell.span) ?? cell
        var canonical: [UInt8] = []
        let verdict = check.read(text.span, appendingTo: &canonical) { _, _ in }
        if verdict != .rewritten { canonical = text }
        return check.key(of: canonical.span)
      }
    }
  }
  return pairs.map { keys[$0.row] == keys[$0.previous] }
}
