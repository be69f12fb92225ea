package import Publication

/// The form that Daylight publishes and keeps between stages: UTF-8 without BOM, LF, minimal quoting; null is the
/// empty field and the empty string is `""`.
///
/// Where a table has one column only, an empty line would be skipped by readers, so there null is `""` too.
package enum CanonicalRows {
  package static let layout = Source.Layout()

  /// Appends one field, quoted only where it must be.
  @inlinable
  package static func append(_ text: ArraySlice<UInt8>, to line: inout [UInt8]) {
    var needsQuotes = text.isEmpty
    for byte in text where byte == 0x2c || byte == 0x22 || byte == 0x0a || byte == 0x0d { needsQuotes = true }
    guard needsQuotes else {
      line.append(contentsOf: text)
      return
    }
    line.append(0x22)
    for byte in text {
      if byte == 0x22 { line.append(0x22) }
      line.append(byte)
    }
    line.append(0x22)
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
  @inlinable
  package static func isNull(_ field: Field, columnCount: Int) -> Bool {
    field.count == 0 && (!field.isQuoted || columnCount == 1)
  }
}

/// Puts canonical rows together, field by field.
package struct CanonicalRowBuilder: Sendable {
  package private(set) var bytes: [UInt8] = []
  private let columnCount: Int
  private var column = 0

  package init(columnCount: Int) { self.columnCount = columnCount }

  package mutating func append(_ text: ArraySlice<UInt8>) {
    if column > 0 { bytes.append(0x2c) }
    CanonicalRows.append(text, to: &bytes)
    column += 1
  }

  package mutating func appendNull() {
    if column > 0 { bytes.append(0x2c) }
    if columnCount == 1 { bytes.append(contentsOf: [0x22, 0x22]) }
    column += 1
  }

  /// Ends the row.
  ///
  /// - Precondition: as many fields as there are columns.
  package mutating func endRow() {
    precondition(column == columnCount)
    bytes.append(0x0a)
    column = 0
  }

  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    column = 0
  }
}
