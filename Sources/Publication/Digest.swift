/// A SHA-256 digest: 32 bytes.
package struct Digest: Hashable, Sendable, CustomStringConvertible {
  package let bytes: [UInt8]

  /// - Precondition: 32 bytes.
  package init(_ bytes: [UInt8]) {
    precondition(bytes.count == 32)
    self.bytes = bytes
  }

  /// Parses 64 lower-case hexadecimal digits; nil for anything else.
  package init?(hex: String) {
    guard let bytes = decodeHex(hex), bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  package var hex: String { encodeHex(bytes) }
  package var description: String { hex }
}

/// Lower-case hexadecimal.
package func encodeHex(_ bytes: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  for byte in bytes {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}

/// The bytes that lower-case hexadecimal digits stand for; nil for an odd count or any other character.
package func decodeHex(_ text: String) -> [UInt8]? {
  var bytes: [UInt8] = []
  var high: UInt8?
  for character in text.utf8 {
    let value: UInt8
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): value = character - UInt8(ascii: "a") + 10
    default: return nil
    }
    if let first = high {
      bytes.append(first << 4 | value)
      high = nil
    } else {
      high = value
    }
  }
  return high == nil ? bytes : nil
}
