package import Tabular

extension JSON {
  /// The OLPC canonical form that TUF hashes and signs: no white space, members sorted by code point, only `"` and `\` escaped.
  ///
  /// - Throws: `ManifestError` for a number that is no integer.
  /// - Source: securesystemslib `encode_canonical`; sync.md §1.3. It is not RFC 8785.
  package func canonicalBytes() throws -> [UInt8] {
    var bytes: [UInt8] = []
    try writeCanonical(to: &bytes)
    return bytes
  }

  private func writeCanonical(to bytes: inout [UInt8]) throws {
    switch self {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
    case .number(let text):
      guard let value = Int(text), String(value) == text else {
        throw ManifestError("a signed number must be an integer")
      }
      bytes.append(contentsOf: text.utf8)
    case .string(let text): appendCanonical(text, to: &bytes)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        try element.writeCanonical(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      // UTF-8 bytes sort as code points do; `String <` does not.
      let sorted = members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
      for (index, member) in sorted.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        appendCanonical(member.name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        try member.value.writeCanonical(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }
}

private func appendCanonical(_ text: String, to bytes: inout [UInt8]) {
  bytes.append(UInt8(ascii: "\""))
  for byte in text.utf8 {
    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
    bytes.append(byte)
  }
  bytes.append(UInt8(ascii: "\""))
}

/// The signed metadata cannot be made, or are not what they should be.
package struct ManifestError: Error, Sendable, CustomStringConvertible {
  package let problem: String
  package let hint: String?

  package init(_ problem: String, hint: String? = nil) {
    self.problem = problem
    self.hint = hint
  }

  package var description: String { "manifest: \(problem)" + (hint.map { "\nhint: \($0)" } ?? "") }
}
