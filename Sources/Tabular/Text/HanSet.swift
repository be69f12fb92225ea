/// A set of characters of the basic plane, a bit each.
package struct HanSet: Sendable {
  private var words = [UInt64](repeating: 0, count: 1_024)

  package init(_ characters: String) {
    for scalar in characters.unicodeScalars { words[Int(scalar.value >> 6)] |= 1 << UInt64(scalar.value & 63) }
  }

  package func contains(_ character: UInt32) -> Bool {
    character < 0x10000 && words[Int(character >> 6)] & (1 << UInt64(character & 63)) != 0
  }
}

/// Whether a character is Han: U+3400…9FFF, U+20000…3FFFF.
package func isHan(_ scalar: UInt32) -> Bool {
  (0x3400...0x9fff).contains(scalar) || (0x20000...0x3ffff).contains(scalar)
}
