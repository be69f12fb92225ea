extension StringProtocol {
  /// Whether anything in a text changes what people see of it: control characters but for line ends, and those that turn the direction
  /// of writing round.
  package var hasControlCharacters: Bool { unicodeScalars.contains { $0 != "\n" && $0.isControl } }

  /// The text as a terminal may be given it: control characters written out as JSON writes them, so that JSON stays what it is.
  package var withVisibleControls: String {
    guard unicodeScalars.contains(where: { $0 != "\n" && $0 != "\t" && $0.isControl }) else { return String(self) }
    var text = ""
    for scalar in unicodeScalars {
      if scalar != "\n" && scalar != "\t" && scalar.isControl {
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}

extension Unicode.Scalar {
  /// C0, DEL, C1, line and paragraph separators, and the controls of bidirectional text.
  fileprivate var isControl: Bool {
    switch value {
    case 0..<0x20, 0x7f...0x9f, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: true
    default: false
    }
  }
}
