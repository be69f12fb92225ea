internal import Tabular

/// The value as bytes: equal values have equal bytes, whatever the order of members and the form of numbers.
func equalityKey(of json: JSON) -> [UInt8] {
  switch json {
  case .null: return Array("n".utf8)
  case .bool(let value): return Array((value ? "t" : "f").utf8)
  case .number(let text): return marked("#", ExactDecimal(canonical: Array(text.utf8)[...]).key)
  case .string(let text): return marked("s", Array(text.utf8))
  case .array(let elements): return marked("[", elements.flatMap(equalityKey))
  case .object(let members):
    let sorted = members.map { (Array($0.name.utf8), $0.value) }.sorted { $0.0.lexicographicallyPrecedes($1.0) }
    return marked("{", sorted.flatMap { marked("m", $0.0) + equalityKey(of: $0.1) })
  }
}

/// Length first, so that no two values run into each other.
private func marked(_ kind: Character, _ bytes: [UInt8]) -> [UInt8] {
  Array("\(kind)\(bytes.count):".utf8) + bytes
}
