internal import Publication

/// Reads one JSON text, strictly.
///
/// - Source: RFC 8259. Refused besides: duplicate member names, lone surrogates, a byte order mark, nesting over 64.
package struct JSONParser {
  private let bytes: [UInt8]
  private var position = 0
  private static let depthLimit = 64

  package static func parse(_ bytes: [UInt8]) throws(FormatError) -> JSON {
    var check = UTF8Check()
    check.update(bytes[...])
    check.finish()
    var parser = JSONParser(bytes: bytes)
    if let invalid = check.firstInvalid {
      parser.position = invalid
      throw parser.malformed("not UTF-8")
    }
    parser.skipSpace()
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.position == bytes.count else { throw parser.malformed("text after the value") }
    return value
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func malformed(_ what: String) -> FormatError {
    let line = countLines(bytes, 0..<min(position, bytes.count)) + 1
    return FormatError(.malformedJSON(what), at: .init(line: line, byte: position))
  }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d { position += 1 }
  }

  private mutating func value(depth: Int) throws(FormatError) -> JSON {
    guard depth < Self.depthLimit else { throw malformed("nested too deeply") }
    switch current {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return .number(try number())
    default: throw malformed("a value was expected")
    }
  }

  private mutating func literal(_ text: String, _ value: JSON) throws(FormatError) -> JSON {
    guard bytes[position...].starts(with: text.utf8) else { throw malformed("a value was expected") }
    position += text.utf8.count
    return value
  }

  private mutating func object(_ depth: Int) throws(FormatError) -> JSON {
    position += 1
    var members: [JSON.Member] = []
    var names: Set<[UInt8]> = []
    skipSpace()
    if current == UInt8(ascii: "}") {
      position += 1
      return .object([])
    }
    while true {
      skipSpace()
      guard current == UInt8(ascii: "\"") else { throw malformed("a member name was expected") }
      let name = try string()
      guard names.insert(Array(name.utf8)).inserted else { throw malformed("a member name occurs twice") }
      skipSpace()
      guard current == UInt8(ascii: ":") else { throw malformed("a colon was expected") }
      position += 1
      skipSpace()
      members.append(JSON.Member(name, try value(depth: depth + 1)))
      skipSpace()
      switch current {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "}"):
        position += 1
        return .object(members)
      default: throw malformed("a comma or the end of the object was expected")
      }
    }
  }

  private mutating func array(_ depth: Int) throws(FormatError) -> JSON {
    position += 1
    var elements: [JSON] = []
    skipSpace()
    if current == UInt8(ascii: "]") {
      position += 1
      return .array([])
    }
    while true {
      skipSpace()
      elements.append(try value(depth: depth + 1))
      skipSpace()
      switch current {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "]"):
        position += 1
        return .array(elements)
      default: throw malformed("a comma or the end of the array was expected")
      }
    }
  }

  private mutating func number() throws(FormatError) -> String {
    let start = position
    func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 >= 0x30 && $0 <= 0x39 } ?? false }
    if current == UInt8(ascii: "-") { position += 1 }
    if current == UInt8(ascii: "0") {
      position += 1
    } else {
      guard isDigit(current) else { throw malformed("a digit was expected") }
      while isDigit(current) { position += 1 }
    }
    if current == UInt8(ascii: ".") {
      position += 1
      guard isDigit(current) else { throw malformed("a digit was expected") }
      while isDigit(current) { position += 1 }
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      guard isDigit(current) else { throw malformed("a digit was expected") }
      while isDigit(current) { position += 1 }
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func string() throws(FormatError) -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        position += 1
        try escape(into: &text)
      case ..<0x20: throw malformed("a control character must be escaped")
      default:
        text.append(byte)
        position += 1
      }
    }
    throw malformed("the string never ends")
  }

  private mutating func escape(into text: inout [UInt8]) throws(FormatError) {
    guard let byte = current else { throw malformed("the string never ends") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0c)
    case UInt8(ascii: "n"): text.append(0x0a)
    case UInt8(ascii: "r"): text.append(0x0d)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if (0xd800..<0xdc00).contains(code) {
        guard current == UInt8(ascii: "\\"), position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "u") else {
          throw malformed("a lone surrogate")
        }
        position += 2
        let low = try hexadecimal()
        guard (0xdc00..<0xe000).contains(low) else { throw malformed("a lone surrogate") }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw malformed("a lone surrogate") }
      text.append(contentsOf: String(Character(scalar)).utf8)
    default: throw malformed("an unknown escape")
    }
  }

  private mutating func hexadecimal() throws(FormatError) -> UInt32 {
    guard position + 4 <= bytes.count,
      bytes[position..<position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let code = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw malformed("four hexadecimal digits were expected") }
    position += 4
    return code
  }
}
