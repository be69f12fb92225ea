extension JSON {
  /// Readable text: two spaces a level, members in their order, a line end at the end.
  package var prettyBytes: [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes, indent: 0)
    bytes.append(0x0a)
    return bytes
  }

  /// One line without white space, members in their order.
  package var compactBytes: [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes, indent: nil)
    return bytes
  }

  /// Appends the same text without a line end, as it stands so many levels deep.
  package func appendPretty(to bytes: inout [UInt8], depth: Int) { write(to: &bytes, indent: depth) }

  private func write(to bytes: inout [UInt8], indent: Int?) {
    func lineBreak(_ depth: Int?) {
      guard let depth else { return }
      bytes.append(0x0a)
      bytes.append(contentsOf: repeatElement(0x20, count: depth * 2))
    }
    switch self {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
    case .number(let text): bytes.append(contentsOf: text.utf8)
    case .string(let text): appendJSONString(text, to: &bytes)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        lineBreak(indent.map { $0 + 1 })
        element.write(to: &bytes, indent: indent.map { $0 + 1 })
      }
      if !elements.isEmpty { lineBreak(indent) }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        lineBreak(indent.map { $0 + 1 })
        appendJSONString(member.name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        if indent != nil { bytes.append(0x20) }
        member.value.write(to: &bytes, indent: indent.map { $0 + 1 })
      }
      if !members.isEmpty { lineBreak(indent) }
      bytes.append(UInt8(ascii: "}"))
    }
  }
}

/// Appends UTF-8 text as a JSON string: `"`, `\` and control characters escaped, all else as it is (RFC 8259 §7).
package func appendJSONString(_ text: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
  text.withUnsafeBufferPointer { appendJSONString($0, to: &bytes) }
}

package func appendJSONString(_ text: String, to bytes: inout [UInt8]) {
  var text = text
  text.withUTF8 { appendJSONString($0, to: &bytes) }
}

private func appendJSONString(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
  bytes.append(UInt8(ascii: "\""))
  // Most texts need no escape: copied in one go.
  if text.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0x0a: bytes.append(contentsOf: "\\n".utf8)
      case 0x0d: bytes.append(contentsOf: "\\r".utf8)
      case 0x09: bytes.append(contentsOf: "\\t".utf8)
      case ..<0x20:
        bytes.append(contentsOf: "\\u00".utf8)
        bytes.append(contentsOf: encodeHexDigits(byte))
      default: bytes.append(byte)
      }
    }
  } else {
    bytes.append(contentsOf: text)
  }
  bytes.append(UInt8(ascii: "\""))
}

private func encodeHexDigits(_ byte: UInt8) -> [UInt8] {
  let digits = Array("0123456789abcdef".utf8)
  return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
}
