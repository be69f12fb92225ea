internal import Glibc

/// Says whether a line of JSON is a given row, by going along both at once.
///
/// Written apart from the renderer, so that the output check is a second opinion: the grammar of RFC 8259 for flat objects, and
/// nothing of how the line was made.
package struct JSONRowMatcher: ~Copyable {
  private let names: [[UInt8]]
  /// Each member's name as a JSON string, with the sign before it and the colon after it, one after the other, and where each ends.
  private let openings: [UInt8]
  private let ends: [Int]
  private let kinds: [JSONColumnKind]
  private var scanner = JSONRowScanner()

  package init(columns: [(name: String, kind: JSONColumnKind)]) {
    names = columns.map { Array($0.name.utf8) }
    kinds = columns.map(\.kind)
    var openings: [UInt8] = []
    ends = columns.enumerated().map { index, column in
      openings.append(contentsOf: (index == 0 ? "{" : ",").utf8 + JSON.string(column.name).compactBytes + ":".utf8)
      return openings.count
    }
    self.openings = openings
  }

  /// Whether `line`, without its line end, says exactly what the record says.
  package mutating func matches(_ batch: borrowing RecordBatch, _ record: Int, line: Span<UInt8>) -> Bool {
    guard batch.fieldCount(record) == names.count else { return false }
    if matchesPlainly(batch, record, line) { return true }
    // Escapes, or no match at all: the line is read without looking at the row.
    return matchesUnescaped(batch, record, line.withUnsafeBufferPointer { Array($0) })
  }

  private func matchesPlainly(_ batch: borrowing RecordBatch, _ record: Int, _ line: Span<UInt8>) -> Bool {
    let first = batch.firstField(record)
    return batch.bytes.withUnsafeBufferPointer { text in
      batch.fields.withUnsafeBufferPointer { fields in
        openings.withUnsafeBufferPointer { openings in
          line.withUnsafeBufferPointer { line in
            guard let openingBytes = openings.baseAddress, let bytes = line.baseAddress, let texts = text.baseAddress
            else { return false }
            var position = 0
            func takes(_ expected: UnsafePointer<UInt8>, _ count: Int) -> Bool {
              guard line.count &- position >= count, memcmp(bytes + position, expected, count) == 0 else {
                return false
              }
              position &+= count
              return true
            }
            func takes(_ byte: UInt8) -> Bool {
              guard position < line.count, bytes[position] == byte else { return false }
              position &+= 1
              return true
            }
            var opening = 0
            for column in ends.indices {
              guard takes(openingBytes + opening, ends[column] &- opening) else { return false }
              opening = ends[column]
              let field = fields[first &+ column]
              if CanonicalRows.isNull(field, columnCount: ends.count) {
                guard takes(0x6e), takes(0x75), takes(0x6c), takes(0x6c) else { return false }
                continue
              }
              let value = texts + field.lowerBound
              switch kinds[column] {
              case .text:
                guard takes(0x22) else { return false }
                let text = UnsafeBufferPointer(start: value, count: field.count)
                if isPlain(text) {
                  guard takes(value, field.count), takes(0x22) else { return false }
                } else {
                  guard let end = endOfString(line, from: position, saying: text) else { return false }
                  position = end
                }
              case .boolean: guard takes(value, field.count) else { return false }
              case .number:
                // Anything but a number in JSON's own form is left to the scanner.
                guard isPlainNumber(UnsafeBufferPointer(start: value, count: field.count)), takes(value, field.count)
                else { return false }
              }
            }
            return takes(0x7d) && position == line.count
          }
        }
      }
    }
  }

  private mutating func matchesUnescaped(_ batch: borrowing RecordBatch, _ record: Int, _ line: [UInt8]) -> Bool {
    guard scanner.scan(line[...]), scanner.names == names else { return false }
    for column in names.indices {
      let field = batch.field(record, column)
      let value = scanner.values[column]
      if CanonicalRows.isNull(field, columnCount: names.count) {
        guard value.kind == .null else { return false }
        continue
      }
      let text = batch.text(field)
      let isExpectedKind =
        switch kinds[column] {
        case .text: value.kind == .text
        case .boolean: value.kind == .boolean
        case .number:
          value.kind == .number
            || (value.kind == .text && ["NaN", "INF", "-INF"].contains { $0.utf8.elementsEqual(text) })
        }
      guard isExpectedKind, value.bytes.elementsEqual(text) else { return false }
    }
    return true
  }
}

/// The index after the closing quote of a string that says a text; nil where it says another, or has `\u` escapes, which are left
/// to the scanner.
///
/// - Parameter start: the index after the opening quote.
private func endOfString(
  _ line: UnsafeBufferPointer<UInt8>, from start: Int, saying text: UnsafeBufferPointer<UInt8>
) -> Int? {
  var position = start
  var said = 0
  while position < line.count {
    var byte = line[position]
    position &+= 1
    if byte == 0x22 { return said == text.count ? position : nil }
    guard byte >= 0x20 else { return nil }
    if byte == 0x5c {
      guard position < line.count else { return nil }
      switch line[position] {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte = line[position]
      case UInt8(ascii: "b"): byte = 0x08
      case UInt8(ascii: "f"): byte = 0x0c
      case UInt8(ascii: "n"): byte = 0x0a
      case UInt8(ascii: "r"): byte = 0x0d
      case UInt8(ascii: "t"): byte = 0x09
      default: return nil
      }
      position &+= 1
    }
    guard said < text.count, text[said] == byte else { return nil }
    said &+= 1
  }
  return nil
}

/// A text that stands between quotes as it is.
private func isPlain(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
  for byte in text where byte < 0x20 || byte == 0x22 || byte == 0x5c { return false }
  return true
}

/// Digits with an optional minus and point, and no superfluous zero.
private func isPlainNumber(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
  var index = 0
  if text.first == 0x2d { index = 1 }
  let start = index
  while index < text.count, text[index] >= 0x30, text[index] <= 0x39 { index &+= 1 }
  guard index > start, index == start + 1 || text[start] != 0x30 else { return false }
  guard index < text.count else { return true }
  guard text[index] == 0x2e, index + 1 < text.count else { return false }
  index &+= 1
  while index < text.count, text[index] >= 0x30, text[index] <= 0x39 { index &+= 1 }
  return index == text.count
}
