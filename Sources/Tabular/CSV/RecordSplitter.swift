internal import CVectors
internal import Publication

// ADVICE FOR HACKERS: this is the one place where every byte of a table passes through Swift code. It looks at 64 bytes at
// a time and writes through pointers; measured 4 times as fast as the same loop over `[UInt8]`. The slow, obvious reader in
// Tests/TabularTests/OracleReader.swift says the same thing in a third of the lines: read that first, and keep them equal.

/// Splits whole records into fields.
struct RecordSplitter: Sendable {
  /// Readable bytes that must follow the text, because bytes are loaded eight at a time.
  static let slack = 64

  struct State {
    var position: Int
    let limit: Int
    let isLast: Bool
    var records = 0
    var needsMoreFields = false
    var isUnclosed = false
  }

  private let delimiter: UInt8
  private let quote: UInt8
  private let escape: UInt8
  private let hasQuote: Bool
  private let hasEscape: Bool

  init(_ layout: Source.Layout) {
    delimiter = layout.delimiter
    // A byte that never occurs in valid UTF-8 stands for "none".
    quote = layout.quote ?? 0xff
    escape = layout.escape ?? 0xff
    hasQuote = layout.quote != nil
    hasEscape = layout.escape != nil
  }

  func split(
    _ bytes: inout [UInt8], _ state: inout State, _ fields: inout [Field], _ fieldIndex: inout [UInt32],
    _ recordStart: inout [UInt32], _ marks: inout [RecordMarks]
  ) {
    let capacity = fields.count
    let recordLimit = marks.count
    /// Fields of which quotes or escapes must be undone, after the loop: the side area grows, and so the bytes may move.
    var escaped: [Int] = []
    bytes.withUnsafeBufferPointer { text in
      fields.withUnsafeMutableBufferPointer { fields in
        fieldIndex.withUnsafeMutableBufferPointer { fieldIndex in
          recordStart.withUnsafeMutableBufferPointer { recordStart in
            marks.withUnsafeMutableBufferPointer { marks in
              guard let p = text.baseAddress else { return }
              scan(p, &state, fields, capacity, fieldIndex, recordStart, marks, recordLimit, &escaped)
            }
          }
        }
      }
    }
    for index in escaped { unescape(&bytes, &fields[index]) }
  }

  private func scan(
    _ p: UnsafePointer<UInt8>, _ state: inout State, _ fields: UnsafeMutableBufferPointer<Field>, _ capacity: Int,
    _ fieldIndex: UnsafeMutableBufferPointer<UInt32>, _ recordStart: UnsafeMutableBufferPointer<UInt32>,
    _ marks: UnsafeMutableBufferPointer<RecordMarks>, _ recordLimit: Int, _ escaped: inout [Int]
  ) {
    let n = state.limit
    let isLast = state.isLast
    let delimiter = delimiter, quote = quote, escape = escape
    let raw = UnsafeRawPointer(p)
    let quotes = repeated(quote), escapes = repeated(escape)
    var block = MarkBlock(vectors_marks(delimiter: delimiter, quote: quote, escape: escape))
    var i = state.position
    var record = 0
    var field = 0
    fieldIndex[0] = 0
    recordStart[0] = UInt32(truncatingIfNeeded: i)

    records: while i < n && record < recordLimit {
      var stray = false
      var hasQuotes = false
      let escapedBefore = escaped.count
      let firstField = field
      fields: while true {
        if field == capacity {
          // The record does not fit: leave it for the next call, or ask for room when it is the first.
          escaped.removeSubrange(escapedBefore...)
          state.needsMoreFields = record == 0
          break records
        }
        var start = i
        var end: Int
        var isQuoted = false
        var needsUnescape = false
        if hasQuote && i < n && p[i] == quote {
          // A quoted field: look for the closing quote.
          isQuoted = true
          hasQuotes = true
          i &+= 1
          start = i
          while true {
            if i >= n {
              escaped.removeSubrange(escapedBefore...)
              state.isUnclosed = isLast
              break records
            }
            let word = raw.loadUnaligned(fromByteOffset: i, as: UInt64.self)
            let hits = zeroBytes(word ^ quotes) | (hasEscape ? zeroBytes(word ^ escapes) : 0)
            if hits == 0 {
              i &+= 8
              continue
            }
            i &+= hits.trailingZeroBitCount &>> 3
            if i >= n { continue }
            if hasEscape && p[i] == escape && escape != quote {
              needsUnescape = true
              i &+= 2
              continue
            }
            if i &+ 1 < n && p[i &+ 1] == quote {
              needsUnescape = true
              i &+= 2
              continue
            }
            if i &+ 1 == n && !isLast {
              // The quote may be the first of two.
              escaped.removeSubrange(escapedBefore...)
              break records
            }
            break
          }
          end = i
          i &+= 1
          if i < n && p[i] != delimiter && p[i] != 0x0a && p[i] != 0x0d {
            // Text after the closing quote belongs to the field: undone with the rest below.
            stray = true
            needsUnescape = true
            i = endOfUnquoted(p, i, n, &block, &stray, &needsUnescape)
            end = i
          }
        } else {
          i = endOfUnquoted(p, i, n, &block, &stray, &needsUnescape)
          end = i
        }
        if i >= n && !isLast {
          escaped.removeSubrange(escapedBefore...)
          break records
        }
        fields[field] = Field(start: start, end: min(end, n), isQuoted: isQuoted)
        if needsUnescape { escaped.append(field) }
        field &+= 1
        if i < n && p[i] == delimiter {
          i &+= 1
          continue fields
        }
        break
      }
      // The end of a record: LF, CR LF, CR or the end of the input.
      if i < n {
        if p[i] == 0x0d {
          if i &+ 1 == n && !isLast {
            escaped.removeSubrange(escapedBefore...)
            field = firstField
            break records
          }
          i &+= i &+ 1 < n && p[i &+ 1] == 0x0a ? 2 : 1
        } else {
          i &+= 1
        }
      }
      marks[record] = RecordMarks(
        rawValue: (hasQuotes ? 1 : 0) | (escaped.count > escapedBefore ? 2 : 0) | (stray ? 4 : 0))
      record &+= 1
      fieldIndex[record] = UInt32(truncatingIfNeeded: field)
      recordStart[record] = UInt32(truncatingIfNeeded: min(i, n))
      state.position = min(i, n)
    }
    state.records = record
    if state.isUnclosed && record > 0 { state.isUnclosed = false }
  }

  /// The next delimiter, CR or LF that is not escaped, or `n`.
  @inline(__always)
  private func endOfUnquoted(
    _ p: UnsafePointer<UInt8>, _ from: Int, _ n: Int, _ block: inout MarkBlock, _ stray: inout Bool,
    _ needsUnescape: inout Bool
  ) -> Int {
    var i = from
    while i < n {
      i = block.next(p, i, n)
      if i >= n { return n }
      let byte = p[i]
      if byte == delimiter || byte == 0x0a || byte == 0x0d { return i }
      if hasEscape && byte == escape {
        needsUnescape = true
        i &+= 2
      } else {
        // A quote; or the byte that stands for a mark that the dialect does not have.
        if hasQuote && byte == quote { stray = true }
        i &+= 1
      }
    }
    return n
  }

  /// Writes a field without its inner quotes and escapes to the side area.
  private func unescape(_ bytes: inout [UInt8], _ field: inout Field) {
    let start = bytes.count
    var isQuoted = field.isQuoted
    var i = field.range.lowerBound
    let end = field.range.upperBound
    while i < end {
      let byte = bytes[i]
      if hasEscape && byte == escape && escape != quote && i + 1 < end {
        bytes.append(bytes[i + 1])
        i += 2
      } else if isQuoted && byte == quote {
        if i + 1 < end && bytes[i + 1] == quote {
          bytes.append(quote)
          i += 2
        } else {
          // The closing quote, with stray text after it.
          isQuoted = false
          i += 1
        }
      } else {
        bytes.append(byte)
        i += 1
      }
    }
    field = Field(start: start, end: bytes.count, isQuoted: field.isQuoted)
  }
}

/// Where the marks are in the 64 bytes that are being read.
private struct MarkBlock {
  private let marks: vectors_marks
  private var start = -64
  private var bits: UInt64 = 0

  init(_ marks: vectors_marks) { self.marks = marks }

  /// The next mark from `index` on; `limit` or more where there is none.
  @inline(__always)
  mutating func next(_ p: UnsafePointer<UInt8>, _ index: Int, _ limit: Int) -> Int {
    var index = index
    while index < limit {
      let offset = index &- start
      if offset < 64 {
        let rest = bits &>> UInt64(truncatingIfNeeded: offset)
        if rest != 0 { return index &+ rest.trailingZeroBitCount }
        index = start &+ 64
        guard index < limit else { return limit }
      }
      start = index
      bits = vectors_find_marks(p + index, marks)
    }
    return limit
  }
}

@inline(__always) func repeated(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

/// The top bit of each byte that is zero; exact for the lowest such byte, which is the one that is used.
@inline(__always) func zeroBytes(_ word: UInt64) -> UInt64 {
  (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
}
