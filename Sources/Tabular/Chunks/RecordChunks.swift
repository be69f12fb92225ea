internal import Glibc
package import Publication
internal import Synchronization

/// Cuts a text into chunks of whole records, for several workers.
///
/// Where a record ends depends on every quote before it, so cutting is done by one worker at a time; it looks at quotes only, and
/// costs a fraction of what is done with the chunk afterwards.
///
/// - Source: the grammar of `RecordSplitter`: a quote opens a quoted field only at the field's beginning. The oracle in
///   Tests/TabularTests holds the two equal.
package final class RecordChunks: Sendable {
  private struct State {
    var number = 0
    var offset = 0
    var carried: [UInt8] = []
    var isAtEnd = false
  }

  private let source: SourceBox
  private let cutter: RecordCutter
  private let chunkByteCount: Int
  private let maximumRecordByteCount: Int
  private let state: Mutex<State>

  /// Sources are classes that one thread uses at a time: here, whoever holds the lock.
  private final class SourceBox: @unchecked Sendable {
    let source: any ByteSource
    init(_ source: any ByteSource) { self.source = source }
  }

  /// - Parameters:
  ///   - source: text in UTF-8, or in GB18030 where `isGB18030`.
  ///   - start: the first bytes of the text, taken from the source already.
  ///   - chunkByteCount: a chunk is the most whole records of at most so many bytes, or one longer record.
  package init(
    _ source: any ByteSource, after start: [UInt8] = [], layout: Source.Layout, isGB18030: Bool = false,
    chunkByteCount: Int, maximumRecordByteCount: Int = 1 << 31
  ) {
    self.source = SourceBox(source)
    self.chunkByteCount = chunkByteCount
    self.maximumRecordByteCount = maximumRecordByteCount
    cutter = RecordCutter(layout, isGB18030: isGB18030)
    state = Mutex(State(carried: start))
  }

  /// One chunk: its number from 0, its place in the source, and whether it is the last.
  package struct Chunk: Sendable {
    package let number: Int
    package let offset: Int
    package let isLast: Bool
    /// It begins with a record that is longer than records may be, and nothing comes after it.
    package let isTooLong: Bool
  }

  /// Puts the next chunk in `bytes`; nil at the end.
  ///
  /// - Throws: what the source throws.
  package func next(into bytes: inout [UInt8]) throws -> Chunk? {
    try state.withLock { state in
      bytes.removeAll(keepingCapacity: true)
      swap(&bytes, &state.carried)
      var wanted = chunkByteCount
      while true {
        // One byte more than is wanted: whether anything follows must be known for certain.
        while !state.isAtEnd && bytes.count <= wanted {
          if try !source.source.read(wanted + 1 - bytes.count, appendingTo: &bytes) { state.isAtEnd = true }
        }
        guard !bytes.isEmpty else { return nil }
        let isLast = state.isAtEnd && bytes.count <= wanted
        let end = isLast ? bytes.count : cutter.endOfLastRecord(in: bytes, limit: min(wanted, bytes.count))
        if end == 0 || (isLast && bytes.count > maximumRecordByteCount && bytes.count > chunkByteCount) {
          // Doubling keeps the cost of a long record linear.
          if end == 0 && wanted <= maximumRecordByteCount {
            wanted = min(2 * wanted, maximumRecordByteCount + 1)
            continue
          }
          if end == 0 || cutter.endOfLastRecord(in: bytes, limit: bytes.count) == 0 {
            state.isAtEnd = true
            defer { state.number += 1 }
            return Chunk(number: state.number, offset: state.offset, isLast: true, isTooLong: true)
          }
        }
        if end < bytes.count {
          state.carried.append(contentsOf: bytes[end...])
          bytes.removeSubrange(end...)
        }
        defer {
          state.number += 1
          state.offset += end
        }
        return Chunk(number: state.number, offset: state.offset, isLast: isLast, isTooLong: false)
      }
    }
  }
}

/// Finds where the last whole record of a text ends.
package struct RecordCutter: Sendable {
  private let layout: Source.Layout
  private let isGB18030: Bool

  package init(_ layout: Source.Layout, isGB18030: Bool = false) {
    self.layout = layout
    self.isGB18030 = isGB18030
  }

  /// The index after the last line end that ends a record within the first `limit` bytes; 0 where there is none.
  ///
  /// - Precondition: the text begins with a record.
  func endOfLastRecord(in bytes: [UInt8], limit: Int) -> Int {
    // An escape can stand anywhere: rare, and then every byte is looked at.
    if let escape = layout.escape, escape != layout.quote { return slowEnd(bytes, limit) }
    guard let quote = layout.quote else { return lastLineEnd(bytes, 0..<limit) ?? 0 }
    return bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return 0 }
      var end = 0
      /// The text from here on is not in quotes.
      var plain = 0
      var search = 0
      while let found = memchr(base + search, Int32(quote), limit - search) {
        let open = found - UnsafeMutableRawPointer(mutating: base)
        search = open + 1
        guard isFieldStart(buffer, open) else { continue }
        if let line = lastLineEnd(buffer, plain..<open) { end = line }
        // The closing quote: one that is not followed by another.
        while true {
          guard let closing = memchr(base + search, Int32(quote), limit - search) else { return end }
          search = closing - UnsafeMutableRawPointer(mutating: base) + 1
          guard search < limit else { return end }
          guard buffer[search] == quote else { break }
          search += 1
        }
        plain = search
      }
      return lastLineEnd(buffer, plain..<limit) ?? end
    }
  }

  /// Whether a field begins at an index of text that is not in quotes.
  private func isFieldStart(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Bool {
    guard index > 0 else { return true }
    let before = bytes[index - 1]
    if before == 0x0a || before == 0x0d { return true }
    guard before == layout.delimiter else { return false }
    return !isGB18030 || before < 0x40 || !isTrailingByte(bytes, index - 1)
  }

  /// Whether a byte from 0x40 on is the second half of a GB18030 character: told from the last byte that can only be a whole one.
  private func isTrailingByte(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Bool {
    var start = index
    while start > 0 && bytes[start - 1] >= 0x30 { start -= 1 }
    while start < index {
      guard bytes[start] >= 0x81 else {
        start += 1
        continue
      }
      start += start + 1 < bytes.count && bytes[start + 1] >= 0x30 && bytes[start + 1] <= 0x39 ? 4 : 2
    }
    return start > index
  }

  private func lastLineEnd(_ bytes: [UInt8], _ range: Range<Int>) -> Int? {
    bytes.withUnsafeBytes { lastLineEnd($0, range) }
  }

  /// After the last LF; where there is none, after the last CR that no LF can follow.
  private func lastLineEnd(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
    var carriageReturn: Int?
    var index = range.upperBound
    while index > range.lowerBound {
      index &-= 1
      if bytes[index] == 0x0a { return index + 1 }
      if bytes[index] == 0x0d && carriageReturn == nil && index + 1 < range.upperBound { carriageReturn = index + 1 }
    }
    return carriageReturn
  }

  /// The index after so many records; nil where they do not end within the bytes.
  package func end(ofRecords count: Int, in bytes: [UInt8], isLast: Bool) -> Int? {
    var seen = 0
    var found: Int?
    walk(bytes, bytes.count) { end in
      seen += 1
      if seen == count { found = end }
      return seen < count
    }
    if found == nil && isLast && seen + 1 == count && !bytes.isEmpty { return bytes.count }
    return found
  }

  private func slowEnd(_ bytes: [UInt8], _ limit: Int) -> Int {
    var last = 0
    walk(bytes, limit) { end in
      last = end
      return true
    }
    return last
  }

  /// Looks at every byte, and calls `found` with the index after each record until it gives false.
  private func walk(_ bytes: [UInt8], _ limit: Int, _ found: (Int) -> Bool) {
    let escape = layout.escape == layout.quote ? nil : layout.escape
    var index = 0
    var isQuoted = false
    var isStart = true
    while index < limit {
      let byte = bytes[index]
      // Of a character of several bytes the others may look like a delimiter.
      if isGB18030 && byte >= 0x81 {
        let isLong = index + 1 < limit && bytes[index + 1] >= 0x30 && bytes[index + 1] <= 0x39
        index += isLong ? 4 : 2
        isStart = false
        continue
      }
      if byte == escape {
        index += 2
        isStart = false
        continue
      }
      if isQuoted {
        if byte == layout.quote {
          guard index + 1 < limit else { return }
          if bytes[index + 1] == layout.quote { index += 1 } else { isQuoted = false }
        }
        index += 1
        continue
      }
      if byte == layout.quote && isStart {
        isQuoted = true
      } else if byte == 0x0a || (byte == 0x0d && index + 1 < limit && bytes[index + 1] != 0x0a) {
        guard found(index + 1) else { return }
      }
      isStart = byte == layout.delimiter || byte == 0x0a || byte == 0x0d
      index += 1
    }
  }
}
