/// What one quick look at a cell says of what it can hold: bounds that are never too low.
package struct CellShape: Sendable {
  /// The most digits with nothing between them but what people put between the groups of a number.
  package private(set) var longestDigits = 0
  /// The most letters and digits with nothing between them but what people put between the parts of a number or an address.
  package private(set) var longestWord = 0
  /// An exponent right after a digit, as spreadsheets write long numbers.
  package private(set) var hasExponent = false
  package private(set) var hasWhiteSpace = false
  /// `foldedText` may give another text.
  package private(set) var mayFold = false
  /// Characters of three bytes and more: Chinese.
  package private(set) var wideCount = 0
  package private(set) var hasAt = false

  package init(of text: Span<UInt8>) {
    var digits = 0
    var word = 0
    var spelledDigits = 0
    var index = 0
    let count = text.count
    let shapes = shapes
    while index < count {
      let byte = text[index]
      switch shapes[Int(byte)] {
      case .digit:
        digits &+= 1
        word &+= 1
        if digits > longestDigits { longestDigits = digits }
      case .letter:
        if byte | 0x20 == UInt8(ascii: "e"), digits > 0, index + 1 < count {
          let next = text[index + 1]
          if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") || (next >= 0x30 && next <= 0x39) {
            hasExponent = true
          }
        }
        digits = 0
        word &+= 1
      case .space: hasWhiteSpace = true
      case .digitSpace:
        hasWhiteSpace = true
        word = keepWord(word)
      case .separator: break
      case .wordSeparator:
        digits = 0
        if byte == UInt8(ascii: "@") { hasAt = true }
      case .digitSeparator: word = keepWord(word)
      case .ampersand:
        mayFold = true
        digits = 0
        word = keepWord(word)
      case .other:
        digits = 0
        word = keepWord(word)
      case .wide:
        digits = 0
        word = keepWord(word)
        let length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
        if length > 2 { wideCount &+= 1 }
        if length == 3 && byte >= 0xe4 && byte <= 0xe9 {
          if index + 2 < count && isSpelledDigit(byte, text[index + 1], text[index + 2]) { spelledDigits &+= 1 }
        } else if !mayFold {
          mayFold = index + length > count || canFold(text, index, length)
          if length == 3 && !mayFold && byte == 0xe3 && text[index + 1] == 0x80 && text[index + 2] == 0x87 {
            spelledDigits &+= 1
          }
        }
        index &+= length &- 1
      }
      index &+= 1
    }
    if word > longestWord { longestWord = word }
    // One spelled-out digit is a word.
    if spelledDigits >= 2 { mayFold = true }
  }

  @inline(__always) private mutating func keepWord(_ word: Int) -> Int {
    if word > longestWord { longestWord = word }
    return 0
  }
}

private enum ByteShape: UInt8 {
  case digit, letter, space, digitSpace, separator, wordSeparator, digitSeparator, ampersand, other, wide
}

/// The signs that `SensitiveNumber` and `RawValues` look past.
private let shapes: [ByteShape] = (0..<256).map { value in
  let byte = UInt8(value)
  switch byte {
  case 0x30...0x39: return .digit
  case 0x41...0x5a, 0x61...0x7a: return .letter
  case 0x20: return .space
  // Line ends and tabs part words, and are looked past between digits.
  case 0x09, 0x0a, 0x0d: return .digitSpace
  case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: "("), UInt8(ascii: ")"):
    return .separator
  case UInt8(ascii: "~"): return .digitSeparator
  case UInt8(ascii: "@"), UInt8(ascii: "+"), UInt8(ascii: "*"): return .wordSeparator
  case UInt8(ascii: "&"): return .ampersand
  case 0x80...: return .wide
  default: return .other
  }
}

private func isSpelledDigit(_ a: UInt8, _ b: UInt8, _ c: UInt8) -> Bool {
  chineseDigit(UInt32(a & 0x0f) << 12 | UInt32(b & 0x3f) << 6 | UInt32(c & 0x3f)) != nil
}

private func canFold(_ text: Span<UInt8>, _ index: Int, _ length: Int) -> Bool {
  var bytes: [UInt8] = []
  for place in index..<index + length { bytes.append(text[place]) }
  if case .kept = folding(of: decodedScalar(bytes[...])) { return false }
  return true
}
