internal import Publication
internal import TableSchema
internal import Tabular

/// A worker's state: the keys of one chunk's rows, and hashes of what of them is compared.
///
/// - Shape: for each row in the order of the file an entry in `entries`: the length of its key in four bytes, little-endian, the key, and
///   16 bytes of hash.
struct KeyedRows: ~Copyable {
  private let key: RowKey
  private let compared: [Int]?
  private let columnCount: Int
  private let hash: KeyedHash
  private let skipsHeader: Bool
  private var batch = RecordBatch(layout: CanonicalRows.layout)
  private var inflater = SegmentInflater()
  private var packed: [UInt8] = []
  private var text = TextBuffer()
  private(set) var entries = TextBuffer(capacity: 1 << 18)
  private(set) var rowCount = 0
  /// Whether the keys rise, or at least do not fall where there is no key.
  private(set) var isOrdered = true
  /// Rows with the key of the row before.
  private(set) var duplicateCount = 0
  private(set) var first = TextBuffer()
  private(set) var last = TextBuffer()
  private(set) var byteCount = 0
  private(set) var checksum: UInt32 = 0

  /// - Parameter compared: the columns that count in a comparison; nil for the whole row.
  init(_ key: RowKey, compared: [Int]?, columnCount: Int, hash: KeyedHash, skipsHeader: Bool) {
    self.key = key
    self.compared = compared
    self.columnCount = columnCount
    self.hash = hash
    self.skipsHeader = skipsHeader
  }

  mutating func take(from chunks: RecordChunks) throws -> Int? {
    guard let chunk = try batch.fill(from: chunks) else { return nil }
    try readRows(number: chunk.number)
    return chunk.number
  }

  mutating func take(from segments: PackedSegments) throws -> Int? {
    guard let number = segments.nextNumber() else { return nil }
    try batch.fill { try segments.read(number, into: &$0, packed: &packed, with: &inflater) }
    checksum = crc32Checksum(batch.bytes, 0..<batch.limit)
    try readRows(number: number)
    return number
  }

  private mutating func readRows(number: Int) throws {
    entries.removeAll()
    first.removeAll()
    last.removeAll()
    (rowCount, duplicateCount, isOrdered, byteCount) = (0, 0, true, batch.limit)
    var isHeader = skipsHeader && number == 0
    var current = TextBuffer()
    while try batch.next() {
      let bytes = batch.bytes
      for record in batch.rows(after: &isHeader) {
        current.removeAll()
        key.append(batch, bytes.span, record, to: &current)
        if rowCount == 0 { first.append(current) } else { compareKey(current) }
        append(current, hashed(bytes.span, record))
        last.removeAll()
        last.append(current)
        rowCount += 1
      }
    }
  }

  private mutating func compareKey(_ current: borrowing TextBuffer) {
    let order = compareBytes(last, current)
    if order == 0 && !key.isEmpty { duplicateCount += 1 }
    if order > 0 { isOrdered = false }
  }

  /// What is compared of a row.
  private mutating func hashed(_ bytes: Span<UInt8>, _ record: Int) -> KeyedHash.Value {
    guard let compared else { return hash(bytes.extracting(batch.recordRange(record))) }
    text.removeAll()
    for column in compared {
      let field = batch.field(record, column)
      if !CanonicalRows.isNull(field, columnCount: columnCount) {
        CanonicalRows.append(bytes.extracting(field.range), to: &text)
      }
      text.append(0x2c)
    }
    return text.withBytes { hash($0) }
  }

  private mutating func append(_ key: borrowing TextBuffer, _ hash: KeyedHash.Value) {
    entries.append(littleEndian: UInt64(key.count), byteCount: 4)
    entries.append(key)
    entries.append(littleEndian: hash.high, byteCount: 8)
    entries.append(littleEndian: hash.low, byteCount: 8)
  }
}

/// Entries of `KeyedRows`, one after the other.
struct KeyedEntries {
  private let file: ScratchFile
  private var buffer: [UInt8] = []
  private var position = 0
  private var offset = 0
  /// Of the entry that `next` went to.
  private(set) var key = 0..<0

  init(_ file: ScratchFile) { self.file = file }

  /// Goes to the next entry; false at the end.
  mutating func next() throws -> Bool {
    guard try fill(4) else { return false }
    let count = (0..<4).reduce(0) { $0 | Int(buffer[position + $1]) << (8 * $1) }
    guard try fill(4 + count + 16) else { throw FileError("read", "the rows of the last release", 0) }
    key = position + 4..<position + 4 + count
    position += 4 + count + 16
    return true
  }

  /// Goes to the next entry and gives its key and hash; nil at the end.
  mutating func nextWhole() throws -> ArraySlice<UInt8>? {
    try next() ? buffer[key.lowerBound..<key.upperBound + 16] : nil
  }

  /// Negative, zero or positive as this entry's key comes before, is, or comes after the other.
  func compareKey(to other: Span<UInt8>) -> Int { compareBytes(buffer.span.extracting(key), other) }

  func hasHash(_ other: Span<UInt8>) -> Bool {
    areEqual(buffer.span.extracting(key.upperBound..<key.upperBound + 16), other)
  }

  /// Makes sure that `count` bytes from `position` on are in the buffer; false at the end.
  private mutating func fill(_ count: Int) throws -> Bool {
    if buffer.count - position >= count { return true }
    buffer.removeSubrange(..<position)
    position = 0
    while buffer.count < count && offset < file.byteCount {
      let wanted = min(max(1 << 20, count - buffer.count), file.byteCount - offset)
      try file.read(wanted, at: offset, appendingTo: &buffer)
      offset += wanted
    }
    return buffer.count >= count
  }
}
