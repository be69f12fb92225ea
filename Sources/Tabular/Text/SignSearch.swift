/// Some of the ASCII characters, to be looked for in a text.
package struct ASCIISigns: Sendable {
  private let isWanted: [Bool]

  package init(_ isWanted: (UInt8) -> Bool) { self.isWanted = (0..<256).map { $0 < 0x80 && isWanted(UInt8($0)) } }

  /// Where the first of them stands at `start` or after it; the text's length where none does.
  package func first(in text: Span<UInt8>, from start: Int) -> Int {
    text.withUnsafeBytes { bytes in
      isWanted.withUnsafeBufferPointer { isWanted in
        var index = start
        while index < bytes.count {
          if isWanted[Int(bytes[index])] { return index }
          index &+= 1
          // Chinese text has no ASCII for long.
          while index &+ 8 <= bytes.count,
            bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0x8080_8080_8080_8080
          { index &+= 8 }
        }
        return bytes.count
      }
    }
  }
}

/// Kinds of characters of three bytes in UTF-8, to be looked for in a text: all other characters have kind 0.
package struct CharacterKinds: Sendable {
  /// By character, from U+3000 on.
  private var kinds = [UInt8](repeating: 0, count: 0xa000 - 0x3000)

  package init() {}

  /// - Precondition: U+3000…9FFF.
  package mutating func set(_ kind: UInt8, of character: Unicode.Scalar) {
    kinds[Int(character.value) - 0x3000] = kind
  }

  package func kind(of character: UInt32) -> UInt8 {
    character >= 0x3000 && character < 0xa000 ? kinds[Int(character - 0x3000)] : 0
  }

  /// Where the first character of a kind other than 0 begins at `start` or after it, and its kind; nil where none does.
  ///
  /// - Precondition: a character begins at `start`.
  package func first(in text: Span<UInt8>, from start: Int) -> (place: Int, kind: UInt8)? {
    text.withUnsafeBytes { bytes in
      kinds.withUnsafeBufferPointer { kinds in
        var index = start
        while index &+ 2 < bytes.count {
          let byte = bytes[index]
          if byte < 0x80 {
            index &+= 1
          } else if byte >= 0xe3 && byte <= 0xe9 {
            let character = Int(byte & 0x0f) << 12 | Int(bytes[index &+ 1] & 0x3f) << 6 | Int(bytes[index &+ 2] & 0x3f)
            let kind = kinds[character &- 0x3000]
            if kind != 0 { return (index, kind) }
            index &+= 3
          } else {
            index &+= byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
          }
        }
        return nil
      }
    }
  }
}
