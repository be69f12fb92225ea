package import Publication

/// Where a field lies in the batch's bytes.
package struct Field: Sendable {
  @usableFromInline var start: UInt32
  /// The length, and in the top bit whether the field was quoted.
  @usableFromInline var lengthAndQuoted: UInt32

  @inlinable init(start: Int, end: Int, isQuoted: Bool) {
    self.start = UInt32(truncatingIfNeeded: start)
    lengthAndQuoted = UInt32(truncatingIfNeeded: end &- start) | (isQuoted ? 1 << 31 : 0)
  }

  @inlinable package var isQuoted: Bool { lengthAndQuoted >> 31 == 1 }
  @inlinable package var count: Int { Int(lengthAndQuoted & 0x7fff_ffff) }
  @inlinable package var range: Range<Int> { Int(start)..<(Int(start) &+ count) }
}

/// Text of a table, split into records a few hundred at a time, so that bytes and offsets stay in the processor's cache.
///
/// - Shape: `bytes` holds `limit` bytes of text, then slack, then a side area for fields whose quotes had to be undone;
///   a record is never copied to be read. Fields of record r are `fields[fieldIndex[r] ..< fieldIndex[r + 1]]`.
/// - Source: RFC 4180 §2, Table Dialect v2. Deviations: any of LF, CR LF and CR ends a record; a quote inside an unquoted
///   field is text, text after a closing quote belongs to the field, and both are counted as stray quotes.
package struct RecordBatch: ~Copyable {
  package static let recordLimit = 512

  package private(set) var bytes: [UInt8] = []
  private var limit = 0
  private var position = 0
  private let splitter: RecordSplitter

  package private(set) var recordCount = 0
  private var fields: [Field]
  private var fieldIndex: [UInt32]
  /// Offset of each record's first byte, and the end of the last one.
  private var recordStart: [UInt32]
  private var strayQuotes: [Bool]

  package init(layout: Source.Layout) {
    splitter = RecordSplitter(layout)
    fields = [Field](repeating: Field(start: 0, end: 0, isQuoted: false), count: 4_096)
    fieldIndex = [UInt32](repeating: 0, count: Self.recordLimit + 1)
    recordStart = [UInt32](repeating: 0, count: Self.recordLimit + 1)
    strayQuotes = [Bool](repeating: false, count: Self.recordLimit)
  }

  /// Bytes that were not split yet.
  package var remainder: Int { limit - position }

  @inlinable package var rows: Range<Int> { 0..<recordCount }
  @inlinable package func fieldCount(_ record: Int) -> Int { fieldRange(record).count }
  @inlinable package func field(_ record: Int, _ column: Int) -> Field {
    fieldAt(fieldRange(record).lowerBound + column)
  }

  @usableFromInline func fieldRange(_ record: Int) -> Range<Int> {
    Int(fieldIndex[record])..<Int(fieldIndex[record + 1])
  }
  @usableFromInline func fieldAt(_ index: Int) -> Field { fields[index] }

  package func hasStrayQuote(_ record: Int) -> Bool { strayQuotes[record] }

  /// A line with nothing on it: one empty field without quotes.
  package func isBlank(_ record: Int) -> Bool {
    guard fieldCount(record) == 1 else { return false }
    let only = field(record, 0)
    return only.count == 0 && !only.isQuoted
  }

  package func text(_ field: Field) -> ArraySlice<UInt8> { bytes[field.range] }

  /// The bytes of a record as they stand in the text, without the line end.
  package func recordBytes(_ record: Int) -> ArraySlice<UInt8> {
    var end = Int(recordStart[record + 1])
    let start = Int(recordStart[record])
    if end > start, bytes[end - 1] == UInt8(ascii: "\n") { end -= 1 }
    if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    return bytes[start..<end]
  }

  /// The first record of more bytes than `limit`; nil where there is none.
  func firstRecord(over limit: Int) -> Int? {
    (0..<recordCount).first { Int(recordStart[$0 + 1] - recordStart[$0]) > limit }
  }

  /// Line ends from the first byte of this batch to the beginning of `record`.
  package func lineCount(before record: Int) -> Int {
    countLines(bytes, Int(recordStart[0])..<Int(recordStart[record]))
  }

  /// Line ends in all records of this batch.
  package var lineCount: Int { lineCount(before: recordCount) }

  /// Drops what was split, keeps the partial record, and takes about `count` more bytes; false at the end of the source.
  package mutating func refill(_ count: Int, from source: any ByteSource) throws -> Bool {
    if position > 0 || bytes.count > limit {
      bytes.removeSubrange(limit...)
      bytes.removeSubrange(..<position)
    }
    position = 0
    let more = try source.read(count, appendingTo: &bytes)
    limit = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: RecordSplitter.slack))
    recordCount = 0
    return more
  }

  /// Splits up to `recordLimit` more records; false when no whole record is left.
  ///
  /// - Parameter isLast: no bytes follow, so that the last record needs no line end.
  /// - Throws: `FormatError.unclosedQuote` at the end of the input only.
  package mutating func next(isLast: Bool) throws(FormatError) -> Bool {
    recordCount = 0
    while true {
      var state = RecordSplitter.State(position: position, limit: limit, isLast: isLast)
      splitter.split(&bytes, &state, &fields, &fieldIndex, &recordStart, &strayQuotes)
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

/// LF, CR LF and CR each end a line.
func countLines(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
  var count = 0
  var previous: UInt8 = 0
  for index in range {
    let byte = bytes[index]
    if byte == UInt8(ascii: "\n") {
      if previous != UInt8(ascii: "\r") { count += 1 }
    } else if byte == UInt8(ascii: "\r") {
      count += 1
    }
    previous = byte
  }
  return count
}
