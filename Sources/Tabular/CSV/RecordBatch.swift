internal import Glibc
package import Publication

// Public, not package, is what every loop over cells asks for: Swift 6.3 puts an `@inlinable` function into other targets only where
// it is public (measured: `@inlinable package` stayed a call, 5 % of a validation).

/// Where a field lies in the batch's bytes.
public struct Field: Sendable {
  @usableFromInline var start: UInt32
  /// The length, and in the top bit whether the field was quoted.
  @usableFromInline var lengthAndQuoted: UInt32

  @inlinable init(start: Int, end: Int, isQuoted: Bool) {
    self.start = UInt32(truncatingIfNeeded: start)
    lengthAndQuoted = UInt32(truncatingIfNeeded: end &- start) | (isQuoted ? 1 << 31 : 0)
  }

  /// Whether the field stood in quotes.
  @inlinable public var isQuoted: Bool { lengthAndQuoted >> 31 == 1 }
  /// Bytes of the field.
  @inlinable public var count: Int { Int(lengthAndQuoted & 0x7fff_ffff) }
  /// The first byte.
  @inlinable public var lowerBound: Int { Int(start) }
  /// The byte after the last one.
  @inlinable public var upperBound: Int { Int(start) &+ count }
  /// The bytes of the field.
  @inlinable public var range: Range<Int> { lowerBound..<upperBound }
}

/// Text of a table, split into records a few hundred at a time, so that bytes and offsets stay in the processor's cache.
///
/// - Shape: `bytes` holds `limit` bytes of text, then slack, then a side area for fields whose quotes had to be undone;
///   a record is never copied to be read. Fields of record r are `fields[fieldIndex[r] ..< fieldIndex[r + 1]]`.
/// - Source: RFC 4180 §2, Table Dialect v2. Deviations: any of LF, CR LF and CR ends a record; a quote inside an unquoted
///   field is text, text after a closing quote belongs to the field, and both are counted as stray quotes.
public struct RecordBatch: ~Copyable {
  package static let recordLimit = 512

  @usableFromInline package private(set) var bytes: [UInt8] = []
  /// Bytes of text.
  package private(set) var limit = 0
  private var position = 0
  private let splitter: RecordSplitter

  package private(set) var recordCount = 0
  /// The fields of all records, one record after the other.
  @usableFromInline package private(set) var fields: [Field]
  @usableFromInline var fieldIndex: [UInt32]
  /// Offset of each record's first byte, and the end of the last one.
  private var recordStart: [UInt32]
  private var marks: [RecordMarks]

  package init(layout: Source.Layout) {
    splitter = RecordSplitter(layout)
    fields = [Field](repeating: Field(start: 0, end: 0, isQuoted: false), count: 4_096)
    fieldIndex = [UInt32](repeating: 0, count: Self.recordLimit + 1)
    recordStart = [UInt32](repeating: 0, count: Self.recordLimit + 1)
    marks = [RecordMarks](repeating: [], count: Self.recordLimit)
  }

  /// Bytes that were not split yet.
  package var remainder: Int { limit - position }

  package var rows: Range<Int> { 0..<recordCount }
  /// The same without the table's header, where that is still to come.
  package func rows(after header: inout Bool) -> Range<Int> {
    defer { header = false }
    return (header ? min(1, recordCount) : 0)..<recordCount
  }
  /// How many fields a record has.
  @inlinable public func fieldCount(_ record: Int) -> Int { Int(fieldIndex[record + 1] - fieldIndex[record]) }
  /// Where a record's fields begin in `fields`.
  @inlinable public func firstField(_ record: Int) -> Int { Int(fieldIndex[record]) }
  /// One field of a record.
  @inlinable public func field(_ record: Int, _ column: Int) -> Field { fields[Int(fieldIndex[record]) + column] }

  package func marks(_ record: Int) -> RecordMarks { marks[record] }
  package func hasStrayQuote(_ record: Int) -> Bool { marks[record].contains(.strayQuote) }

  /// A line with nothing on it: one empty field without quotes.
  package func isBlank(_ record: Int) -> Bool {
    guard fieldCount(record) == 1 else { return false }
    let only = field(record, 0)
    return only.count == 0 && !only.isQuoted
  }

  package func text(_ field: Field) -> ArraySlice<UInt8> { bytes[field.range] }

  /// Where a record stands in the text, without the line end.
  package func recordRange(_ record: Int) -> Range<Int> {
    var end = Int(recordStart[record + 1])
    let start = Int(recordStart[record])
    if end > start, bytes[end - 1] == UInt8(ascii: "\n") { end -= 1 }
    if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    return start..<end
  }

  /// The bytes of a record as they stand in the text, without the line end.
  package func recordBytes(_ record: Int) -> ArraySlice<UInt8> { bytes[recordRange(record)] }

  /// Bytes of a record, line end included.
  package func recordByteCount(_ record: Int) -> Int { Int(recordStart[record + 1] - recordStart[record]) }

  /// The first record of more bytes than `limit`; nil where there is none.
  package func firstRecord(over limit: Int) -> Int? {
    // Most batches are not as long as one record may be.
    guard recordCount > 0, Int(recordStart[recordCount] - recordStart[0]) > limit else { return nil }
    return (0..<recordCount).first { recordByteCount($0) > limit }
  }

  /// Line ends from the first byte of this batch to the beginning of `record`.
  package func lineCount(before record: Int) -> Int {
    countLines(bytes, Int(recordStart[0])..<Int(recordStart[record]))
  }

  /// Line ends in all records of this batch.
  package var lineCount: Int {
    guard recordCount > 0 else { return 0 }
    var count = 0
    // Only in quotes, or after an escape, can a record hold more line ends than its own.
    for record in 0..<recordCount {
      count &+= marks[record].isEmpty ? 1 : countLines(bytes, Int(recordStart[record])..<Int(recordStart[record &+ 1]))
    }
    let isLastOpen =
      marks[recordCount - 1].isEmpty && recordRange(recordCount - 1).upperBound == Int(recordStart[recordCount])
    return isLastOpen ? count - 1 : count
  }

  /// Takes the next chunk in place of the one that it holds; nil at the end.
  ///
  /// - Parameter prepare: changes the chunk's bytes before they are split: decodes them, say.
  package mutating func fill(
    from chunks: RecordChunks, prepare: (inout [UInt8], RecordChunks.Chunk) throws -> Void = { _, _ in }
  ) throws -> RecordChunks.Chunk? {
    recordCount = 0
    position = 0
    limit = 0
    guard let chunk = try chunks.next(into: &bytes) else { return nil }
    try prepare(&bytes, chunk)
    load()
    return chunk
  }

  /// Takes a text of whole records, which `put` leaves in the bytes.
  package mutating func fill(with put: (inout [UInt8]) throws -> Void) rethrows {
    recordCount = 0
    position = 0
    limit = 0
    bytes.removeAll(keepingCapacity: true)
    try put(&bytes)
    load()
  }

  private mutating func load() {
    limit = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: RecordSplitter.slack))
  }

  /// Drops what was split, keeps the partial record, and takes about `count` more bytes; false at the end of the source.
  package mutating func refill(_ count: Int, from source: any ByteSource) throws -> Bool {
    if position > 0 || bytes.count > limit {
      bytes.removeSubrange(limit...)
      bytes.removeSubrange(..<position)
    }
    position = 0
    let more = try source.read(count, appendingTo: &bytes)
    recordCount = 0
    load()
    return more
  }

  /// Splits up to `recordLimit` more records; false when no whole record is left.
  ///
  /// - Parameter isLast: no bytes follow, so that the last record needs no line end.
  /// - Throws: `FormatError.unclosedQuote` at the end of the input only.
  package mutating func next(isLast: Bool = true) throws(FormatError) -> Bool {
    recordCount = 0
    // What was undone for the records before is not needed any more.
    if bytes.count > limit + RecordSplitter.slack { bytes.removeSubrange((limit + RecordSplitter.slack)...) }
    while true {
      var state = RecordSplitter.State(position: position, limit: limit, isLast: isLast)
      splitter.split(&bytes, &state, &fields, &fieldIndex, &recordStart, &marks)
      recordCount = state.records
      position = state.position
      if state.records == 0 && state.needsMoreFields {
        fields.append(contentsOf: repeatElement(Field(start: 0, end: 0, isQuoted: false), count: fields.count))
        continue
      }
      if state.records == 0 && state.isUnclosed { throw FormatError(.unclosedQuote) }
      return state.records > 0
    }
  }
}

/// What a record has besides plain fields.
package struct RecordMarks: OptionSet, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let quoted = RecordMarks(rawValue: 1)
  /// Quotes or escapes within a field were undone: it is not where it stands in the text.
  package static let escaped = RecordMarks(rawValue: 2)
  package static let strayQuote = RecordMarks(rawValue: 4)
}

/// LF, CR LF and CR each end a line.
func countLines(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
  var count = 0
  var previous: UInt8 = 0
  bytes.withUnsafeBufferPointer { bytes in
    guard let start = bytes.baseAddress, memchr(start + range.lowerBound, 0x0d, range.count) != nil else {
      // Without CR there is nothing to remember from one byte to the next, and the loop counts many at a time.
      for index in range where bytes[index] == UInt8(ascii: "\n") { count &+= 1 }
      return
    }
    for index in range {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\n") {
        if previous != UInt8(ascii: "\r") { count &+= 1 }
      } else if byte == UInt8(ascii: "\r") {
        count &+= 1
      }
      previous = byte
    }
  }
  return count
}
