/// How a column's values stand in JSON.
package enum JSONColumnKind: Sendable {
  case text, number, boolean
}

/// Renders rows as JSON objects, one a line, straight from bytes: prefixes are made once, numbers are copied.
package struct JSONRowRenderer: Sendable {
  /// What stands before each value, one after the other, and where each ends.
  private let prefixes: [UInt8]
  private let ends: [Int]
  private let kinds: [JSONColumnKind]

  package init(columns: [(name: String, kind: JSONColumnKind)]) {
    var prefixes: [UInt8] = []
    ends = columns.enumerated().map { index, column in
      prefixes.append(index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
      appendJSONString(Array(column.name.utf8)[...], to: &prefixes)
      prefixes.append(UInt8(ascii: ":"))
      return prefixes.count
    }
    self.prefixes = prefixes
    kinds = columns.map(\.kind)
  }

  /// Appends one row of a batch of canonical rows, without a line end.
  package func append(_ batch: borrowing RecordBatch, _ record: Int, to text: inout TextBuffer) {
    let first = batch.firstField(record)
    let columnCount = kinds.count
    batch.fields.withUnsafeBufferPointer { fields in
      batch.bytes.withUnsafeBufferPointer { bytes in
        prefixes.withUnsafeBufferPointer { prefixes in
          var start = 0
          for column in 0..<columnCount {
            text.append(UnsafeBufferPointer(rebasing: prefixes[start..<ends[column]]))
            start = ends[column]
            let field = fields[first &+ column]
            if CanonicalRows.isNull(field, columnCount: columnCount) {
              text.append(nullBytes)
              continue
            }
            let value = UnsafeBufferPointer(rebasing: bytes[field.range])
            switch kinds[column] {
            case .boolean: text.append(value)
            // NaN and the infinities are no JSON numbers: they stand as text.
            case .number where value.last.map { $0 >= 0x30 && $0 <= 0x39 } ?? false: text.append(value)
            case .number, .text: appendJSONString(value, to: &text)
            }
          }
        }
      }
    }
    text.append(UInt8(ascii: "}"))
  }
}

private let nullBytes = Array("null".utf8)

/// Appends UTF-8 text as a JSON string (RFC 8259 §7); most texts need no escape, and are copied in one go.
private func appendJSONString(_ value: UnsafeBufferPointer<UInt8>, to text: inout TextBuffer) {
  guard !needsEscape(value) else {
    var escaped: [UInt8] = []
    appendJSONString(Array(value)[...], to: &escaped)
    return text.append(escaped)
  }
  text.append(UInt8(ascii: "\""))
  text.append(value)
  text.append(UInt8(ascii: "\""))
}

/// Whether a quote, a backslash or a control character is in the text; eight bytes at a time.
private func needsEscape(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
  var index = 0
  if value.count >= 8, let base = value.baseAddress {
    let raw = UnsafeRawPointer(base)
    while index &+ 8 <= value.count {
      let word = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      // The top bit of each byte below 0x20, exact where no byte is over 0x7f.
      let controls = (word &- repeated(0x20)) & ~word & repeated(0x80)
      if zeroBytes(word ^ repeated(0x22)) | zeroBytes(word ^ repeated(0x5c)) | controls != 0 { break }
      index &+= 8
    }
  }
  while index < value.count {
    let byte = value[index]
    if byte < 0x20 || byte == 0x22 || byte == 0x5c { return true }
    index &+= 1
  }
  return false
}
