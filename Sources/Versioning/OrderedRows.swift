internal import Publication
internal import Tabular

/// The rows of a table in the order of their keys, then of their bytes, in bounded memory.
///
/// A record in the sorter: key, row, the shared columns where they are not the whole row, and the lengths of the first two.
struct OrderedRows: ~Copyable {
  private var records: SortedRecords
  private var record: [UInt8] = []
  private var keyEnd = 0
  private var rowEnd = 0

  init(
    _ reader: consuming RecordReader, skipsHeader: Bool, key: RowKey, projection: [Int]?, columnCount: Int,
    folder: String, memoryBudget: Int
  ) throws {
    var sorter = ExternalSorter(folder: folder, memoryBudget: memoryBudget)
    var reader = reader
    var record: [UInt8] = []
    var builder = CanonicalRowBuilder(columnCount: projection?.count ?? 0)
    var isHeader = skipsHeader
    while try reader.next() {
      for row in reader.batch.rows {
        if isHeader {
          isHeader = false
          continue
        }
        record.removeAll(keepingCapacity: true)
        key.append(reader.batch, row, to: &record)
        let keyCount = record.count
        record.append(contentsOf: reader.batch.recordBytes(row))
        let rowCount = record.count - keyCount
        if let projection {
          builder.removeAll()
          for column in projection {
            let field = reader.batch.field(row, column)
            if CanonicalRows.isNull(field, columnCount: columnCount) {
              builder.appendNull()
            } else {
              builder.append(reader.batch.text(field))
            }
          }
          record.append(contentsOf: builder.bytes)
        }
        for count in [keyCount, rowCount] {
          withUnsafeBytes(of: UInt32(count).littleEndian) { record.append(contentsOf: $0) }
        }
        try sorter.add(record[...])
      }
    }
    records = try sorter.sorted()
  }

  /// Goes to the next row; false at the end.
  mutating func next() throws -> Bool {
    guard try records.read(&record) else { return false }
    func count(_ from: Int) -> Int { (0..<4).reduce(0) { $0 | Int(record[record.count - from + $1]) << (8 * $1) } }
    keyEnd = count(8)
    rowEnd = keyEnd + count(4)
    return true
  }

  var key: ArraySlice<UInt8> { record[..<keyEnd] }
  /// The canonical row, without a line end.
  var row: ArraySlice<UInt8> { record[keyEnd..<rowEnd] }
  /// What is compared with the other release: the shared columns.
  var compared: ArraySlice<UInt8> { rowEnd == record.count - 8 ? row : record[rowEnd..<record.count - 8] }
}

/// Writes the rows.
///
/// A key that occurs twice is refused: such rows could not be told apart in the next release.
func write(_ rows: inout OrderedRows, key: RowKey, to output: inout OutputFile) throws {
  var duplicates = 0
  var count = 0
  var lastKey: [UInt8]?
  while try rows.next() {
    count += 1
    if !key.isEmpty {
      if let lastKey, rows.key.elementsEqual(lastKey) { duplicates += 1 }
      lastKey = Array(rows.key)
    }
    try output.write(Array(rows.row) + [0x0a])
  }
  try refuseDuplicates(duplicates, rowCount: count)
}

/// Merges two ordered tables: counts what is new, gone and changed, and writes the current one.
func compare(_ previous: inout OrderedRows, _ current: inout OrderedRows, key: RowKey, writing output: inout OutputFile)
  throws -> RowChanges
{
  var changes = RowChanges()
  var duplicates = 0
  var count = 0
  var lastKey: [UInt8]?
  var hasPrevious = try previous.next()
  var hasCurrent = try current.next()
  while hasPrevious || hasCurrent {
    let order: Int
    if !hasPrevious {
      order = 1
    } else if !hasCurrent {
      order = -1
    } else {
      // Without a key a row is told by all of its bytes.
      order = key.isEmpty ? compareBytes(previous.row, current.row) : compareBytes(previous.key, current.key)
    }
    if order < 0 {
      changes.removed += 1
    } else if order > 0 {
      changes.added += 1
    } else if !previous.compared.elementsEqual(current.compared) {
      changes.changed += 1
    }
    if order >= 0 {
      count += 1
      if !key.isEmpty {
        if let lastKey, current.key.elementsEqual(lastKey) { duplicates += 1 }
        lastKey = Array(current.key)
      }
      try output.write(Array(current.row) + [0x0a])
      hasCurrent = try current.next()
    }
    if order <= 0 { hasPrevious = try previous.next() }
  }
  try refuseDuplicates(duplicates, rowCount: count)
  return changes
}

private func refuseDuplicates(_ count: Int, rowCount: Int) throws {
  guard count > 0 else { return }
  throw Refusal(Report(stage: .versioning, findings: [Finding(.releaseKey, count: count)], rowCount: rowCount))
}
