internal import TableSchema
internal import Tabular

/// A worker's state where the rows are read once more, for keys that were let go while they rose and then did not.
struct BlockKeys: ~Copyable {
  private let file: PackedSegments
  private var batch = RecordBatch(layout: CanonicalRows.layout)
  private var inflater = SegmentInflater()
  private var packed: [UInt8] = []
  private var records: [Int] = []
  private(set) var check: ChunkCheck
  private(set) var rowCount = 0

  init(_ file: PackedSegments, _ check: consuming ChunkCheck) {
    self.file = file
    self.check = check
  }

  mutating func take(fieldCount: Int) throws -> Int? {
    guard let number = file.nextNumber() else { return nil }
    check.begin()
    rowCount = 0
    try batch.fill { try file.read(number, into: &$0, packed: &packed, with: &inflater) }
    var isHeader = number == 0
    while try batch.next() {
      let headerCount = isHeader ? 1 : 0
      records.removeAll(keepingCapacity: true)
      for record in batch.rows(after: &isHeader) where batch.fieldCount(record) == fieldCount { records.append(record) }
      check.check(batch, records: records, rowsBefore: rowCount - headerCount, linesBefore: 0)
      rowCount += batch.rows.count - headerCount
    }
    return number
  }
}
