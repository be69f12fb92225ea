internal import CVectors

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
    // Once for a text: a look at a constant of the module costs more than one at a byte.
    let tables = ShapeTables.shared
    self.init(text, tables)
  }

  private init(_ text: Span<UInt8>, _ tables: ShapeTables) {
    var digits = 0
    var word = 0
    var spelledDigits = 0
    var index = 0
    let count = text.count
    text.withUnsafeBufferPointer { text in
      tables.shapes.withUnsafeBufferPointer { shapes in
        while index < count {
          let byte = text[index]
          switch shapes[Int(byte)] {
          case .digit:
            digits &+= 1
            word &+= 1
            longestDigits = max(longestDigits, digits)
          case .letter:
            if byte | 0x20 == UInt8(ascii: "e"), digits > 0, index &+ 1 < count {
              let next = text[index &+ 1]
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
          case .han:
            digits = 0
            word = keepWord(word)
            wideCount &+= 1
            if index &+ 2 < count {
              let character =
                UInt32(byte & 0x0f) << 12 | UInt32(text[index &+ 1] & 0x3f) << 6 | UInt32(text[index &+ 2] & 0x3f)
              if tables.spelledDigits.contains(character) { spelledDigits &+= 1 }
            }
            index &+= 2
          case .wide:
            digits = 0
            word = keepWord(word)
            let length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
            if length > 2 { wideCount &+= 1 }
            if !mayFold {
              mayFold = index &+ length > count || canFold(text[index..<index &+ length])
              if length == 3 && !mayFold && byte == 0xe3 && text[index &+ 1] == 0x80 && text[index &+ 2] == 0x87 {
                spelledDigits &+= 1
              }
            }
            index &+= length &- 1
          }
          index &+= 1
        }
      }
    }
    longestWord = max(longestWord, word)
    // One spelled-out digit is a word.
    if spelledDigits >= 2 { mayFold = true }
  }

  @inline(__always) private mutating func keepWord(_ word: Int) -> Int {
    longestWord = max(longestWord, word)
    return 0
  }
}

private final class ShapeTables: Sendable {
  static let shared = ShapeTables()
  /// The signs that numbers and removed values are looked for behind.
  let shapes: [ByteShape] = (0..<256).map { ByteShape(of: UInt8($0)) }
  let spelledDigits = spelledDigitSet
}

private enum ByteShape: UInt8 {
  case digit, letter, space, digitSpace, separator, wordSeparator, digitSeparator, ampersand, other, han, wide

  init(of byte: UInt8) {
    self =
      switch byte {
      case 0x30...0x39: .digit
      case 0x41...0x5a, 0x61...0x7a: .letter
      case 0x20: .space
      // Line ends and tabs part words, and are looked past between digits.
      case 0x09, 0x0a, 0x0d: .digitSpace
      case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: "("),
        UInt8(ascii: ")"):
        .separator
      case UInt8(ascii: "~"): .digitSeparator
      case UInt8(ascii: "@"), UInt8(ascii: "+"), UInt8(ascii: "*"): .wordSeparator
      case UInt8(ascii: "&"): .ampersand
      case 0xe4...0xe9: .han
      case 0x80...: .wide
      default: .other
      }
  }
}

private func canFold(_ character: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
  var scalar = UInt32(character[character.startIndex]) & (character.count == 2 ? 0x1f : character.count == 3 ? 0x0f : 7)
  for byte in character.dropFirst() { scalar = scalar << 6 | UInt32(byte & 0x3f) }
  if case .kept = folding(of: scalar) { return false }
  return true
}

/// Whether `foldedText` may give another text, spelled-out digits aside: quicker than a whole look at the shape, and as little too low.
package func mayHoldFoldedSigns(_ text: Span<UInt8>) -> Bool {
  text.withUnsafeBufferPointer { text in
    guard let base = text.baseAddress else { return false }
    return vectors_may_fold(base, text.count)
  }
}
