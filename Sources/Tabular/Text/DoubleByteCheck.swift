/// Strict GB18030 over bytes that come in pieces, and how common its characters are; the same for Big5, to tell the two apart.
///
/// "Decodes as GB18030" proves little: nearly every Big5, EUC and Shift_JIS text does (validation.md §0, 5). What tells is
/// how many characters are everyday ones: GB2312 level 1 and punctuation, against Big5 level 1.
///
/// - Source: GB 18030-2022 §5; WHATWG Encoding, gb18030 and Big5 decoders.
package struct DoubleByteCheck: Sendable {
  package enum Kind: Sendable { case gb18030, big5 }

  private let kind: Kind
  package private(set) var firstInvalid: Int?
  /// Characters beyond ASCII, and how many of them are everyday ones.
  package private(set) var characterCount = 0
  package private(set) var commonCount = 0
  private var offset = 0
  private var sequence: (UInt8, UInt8, UInt8) = (0, 0, 0)
  private var length = 0

  package init(_ kind: Kind) { self.kind = kind }

  package mutating func update(_ bytes: ArraySlice<UInt8>) {
    guard firstInvalid == nil else { return }
    bytes.withUnsafeBytes { buffer in
      for i in 0..<buffer.count {
        let byte = buffer[i]
        if length == 0 && byte < 0x80 { continue }
        if !accept(byte) {
          firstInvalid = offset &+ i &- length
          return
        }
      }
    }
    offset += bytes.count
  }

  /// Goes over bytes that are known to be ASCII.
  package mutating func skip(_ count: Int) { offset += count }

  package mutating func finish() {
    if firstInvalid == nil && length > 0 { firstInvalid = offset - length }
  }

  /// The share of everyday characters, 0…1; 0 where there is none beyond ASCII.
  package var commonShare: Double { characterCount == 0 ? 0 : Double(commonCount) / Double(characterCount) }

  private mutating func accept(_ byte: UInt8) -> Bool {
    switch length {
    case 0:
      guard byte >= 0x81 && byte <= 0xfe else { return false }
      sequence.0 = byte
      length = 1
    case 1:
      if kind == .gb18030 && byte >= 0x30 && byte <= 0x39 {
        sequence.1 = byte
        length = 2
        return true
      }
      guard (byte >= 0x40 && byte <= 0x7e) || (byte >= (kind == .big5 ? 0xa1 : 0x80) && byte <= 0xfe) else {
        return false
      }
      count(sequence.0, byte)
      length = 0
    case 2:
      guard byte >= 0x81 && byte <= 0xfe else { return false }
      sequence.2 = byte
      length = 3
    default:
      guard byte >= 0x30 && byte <= 0x39 else { return false }
      // Up to U+FFFF: 81308130…8431A439; the other planes: 90308130…E3329A35.
      let code =
        (Int(sequence.0) - 0x81) * 12_600 + (Int(sequence.1) - 0x30) * 1_260 + (Int(sequence.2) - 0x81) * 10 + Int(byte)
        - 0x30
      guard code <= 39_419 || (189_000...1_237_575).contains(code) else { return false }
      characterCount &+= 1
      length = 0
    }
    return true
  }

  private mutating func count(_ lead: UInt8, _ trail: UInt8) {
    characterCount &+= 1
    switch kind {
    case .gb18030:
      // Symbols and full-width forms (rows 1 and 3) and level 1 hanzi (rows 16 to 55).
      let isSymbol = lead == 0xa1 || lead == 0xa3
      if trail >= 0xa1 && (isSymbol || (lead >= 0xb0 && lead <= 0xd7)) { commonCount &+= 1 }
    case .big5:
      // Symbols (A1 to A3) and level 1 hanzi (A4 to C6).
      if lead >= 0xa1 && lead <= 0xc6 { commonCount &+= 1 }
    }
  }
}
