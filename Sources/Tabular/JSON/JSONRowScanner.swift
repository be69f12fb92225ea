internal import Publication

/// Reads one flat JSON object a line, as `data.json.gz` holds them, without making a tree.
///
/// Written apart from the renderer, so that the output check is a second opinion.
package struct JSONRowScanner: Sendable {
  package enum Kind: Sendable { case null, text, number, boolean }

  /// Member names and values of the last line, unescaped.
  package private(set) var names: [[UInt8]] = []
  package private(set) var values: [(kind: Kind, bytes: [UInt8])] = []
  private var line: ArraySlice<UInt8> = []
  private var position = 0

  package init() {}

  /// Reads `{"name":value,…}`; false where the line is anything else, or a value is an object or an array.
  package mutating func scan(_ line: ArraySlice<UInt8>) -> Bool {
    self.line = line
    position = line.startIndex
    names.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    guard take(UInt8(ascii: "{")) else { return false }
    while true {
      guard let name = string(), take(UInt8(ascii: ":")), let value = value() else { return false }
      names.append(name)
      values.append(value)
      if take(UInt8(ascii: ",")) { continue }
      return take(UInt8(ascii: "}")) && position == line.endIndex
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < line.endIndex, line[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func value() -> (Kind, [UInt8])? {
    guard position < line.endIndex else { return nil }
    if line[position] == UInt8(ascii: "\"") { return string().map { (.text, $0) } }
    let token = line[position...].prefix { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "}") }
    position = token.endIndex
    // The strict parser decides what is a literal or a number.
    switch try? JSONParser.parse(Array(token)) {
    case .null: return (.null, [])
    case .bool: return (.boolean, Array(token))
    case .number(let text): return text.utf8.elementsEqual(token) ? (.number, Array(token)) : nil
    default: return nil
    }
  }

  private mutating func string() -> [UInt8]? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    let start = position
    var hasEscape = false
    while position < line.endIndex {
      switch line[position] {
      case UInt8(ascii: "\""):
        let text = line[start..<position]
        position += 1
        guard hasEscape else { return Array(text) }
        guard case .string(let unescaped) = try? JSONParser.parse([0x22] + text + [0x22]) else { return nil }
        return Array(unescaped.utf8)
      case UInt8(ascii: "\\"):
        hasEscape = true
        position += 2
      case ..<0x20: return nil
      default: position += 1
      }
    }
    return nil
  }
}
