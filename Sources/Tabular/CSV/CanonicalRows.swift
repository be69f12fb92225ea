package import Publication

/// The form that Daylight publishes and keeps between stages: UTF-8 without BOM, LF, minimal quoting; null is the
/// empty field and the empty string is `""`.
///
/// Where a table has one column only, an empty line would be skipped by readers, so there null is `""` too.
package enum CanonicalRows {
  package static let layout = Source.Layout()

  /// Appends one field, quoted only where it must be.
  package static func append(_ text: ArraySlice<UInt8>, to line: inout [UInt8]) {
    var buffer = TextBuffer(capacity: text.count + 2)
    text.withUnsafeBufferPointer { append($0, to: &buffer) }
    buffer.withUnsafeBytes { line.append(contentsOf: $0) }
  }

  /// The same for a text that lies in memory.
  package static func append(_ text: Span<UInt8>, to line: inout TextBuffer) {
    text.withUnsafeBufferPointer { append($0, to: &line) }
  }

  static func append(_ text: UnsafeBufferPointer<UInt8>, to line: inout TextBuffer) {
    guard text.isEmpty || hasSpecialByte(text) else { return line.append(text) }
    line.append(0x22)
    for byte in text {
      if byte == 0x22 { line.append(0x22) }
      line.append(byte)
    }
    line.append(0x22)
  }

  /// Whether a comma, a quote, LF or CR is in the text; eight bytes at a time.
  private static func hasSpecialByte(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    var index = 0
    if text.count >= 8, let base = text.baseAddress {
      let raw = UnsafeRawPointer(base)
      while index &+ 8 <= text.count {
        let word = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        if zeroBytes(word ^ repeated(0x2c)) | zeroBytes(word ^ repeated(0x22)) | zeroBytes(word ^ repeated(0x0a))
          | zeroBytes(word ^ repeated(0x0d)) != 0
        {
          return true
        }
        index &+= 8
      }
    }
    while index < text.count {
      let byte = text[index]
      if byte == 0x2c || byte == 0x22 || byte == 0x0a || byte == 0x0d { return true }
      index &+= 1
    }
    return false
  }

  /// The header row, line end included.
  package static func header(_ names: [String]) -> [UInt8] {
    var line: [UInt8] = []
    for (index, name) in names.enumerated() {
      if index > 0 { line.append(0x2c) }
      append(Array(name.utf8)[...], to: &line)
    }
    line.append(0x0a)
    return line
  }

  /// Whether a field of a canonical row is null.
  package static func isNull(_ field: Field, columnCount: Int) -> Bool {
    field.count == 0 && (!field.isQuoted || columnCount == 1)
  }
}

/// Puts canonical rows together, field by field.
package struct CanonicalRowBuilder: ~Copyable, Sendable {
  package private(set) var text = TextBuffer(capacity: 1 << 16)
  private let columnCount: Int
  private var column = 0

  package init(columnCount: Int) { self.columnCount = columnCount }

  package mutating func append(_ field: Span<UInt8>) {
    if column > 0 { text.append(0x2c) }
    CanonicalRows.append(field, to: &text)
    column += 1
  }

  package mutating func append(_ field: borrowing TextBuffer) {
    if column > 0 { text.append(0x2c) }
    field.withUnsafeBytes { CanonicalRows.append($0, to: &text) }
    column += 1
  }

  package mutating func appendNull() {
    if column > 0 { text.append(0x2c) }
    if columnCount == 1 { text.append([0x22, 0x22]) }
    column += 1
  }

  /// Appends several fields as they stand in a canonical row, the commas between them included.
  package mutating func append(fields count: Int, asWritten fields: Span<UInt8>) {
    if column > 0 { text.append(0x2c) }
    text.append(fields)
    column += count
  }

  /// Ends the row.
  ///
  /// - Precondition: as many fields as there are columns.
  package mutating func endRow() {
    precondition(column == columnCount)
    text.append(0x0a)
    column = 0
  }

  package mutating func removeAll() {
    text.removeAll()
    column = 0
  }
}
