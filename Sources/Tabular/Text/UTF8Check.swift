/// Strict UTF-8 over bytes that come in pieces: no overlong form, no surrogate, nothing over U+10FFFF.
///
/// - Source: Unicode 15, table 3-7.
package struct UTF8Check: Sendable {
  /// Offset of the first byte of the first bad sequence.
  package private(set) var firstInvalid: Int?
  private var offset = 0
  private var expected = 0
  private var sequenceStart = 0
  private var lower: UInt8 = 0x80
  private var upper: UInt8 = 0xbf

  package init() {}

  package mutating func update(_ bytes: ArraySlice<UInt8>) {
    guard firstInvalid == nil else { return }
    bytes.withUnsafeBytes { buffer in
      var i = 0
      let n = buffer.count
      while i < n {
        if expected == 0 {
          // ASCII, eight bytes at a time.
          while i &+ 8 <= n && buffer.loadUnaligned(fromByteOffset: i, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 {
            i &+= 8
          }
          guard i < n else { break }
          let byte = buffer[i]
          if byte < 0x80 {
            i &+= 1
            continue
          }
          sequenceStart = offset &+ i
          (lower, upper) = (0x80, 0xbf)
          switch byte {
          case 0xc2...0xdf: expected = 1
          case 0xe0: (expected, lower) = (2, 0xa0)
          case 0xe1...0xec, 0xee, 0xef: expected = 2
          case 0xed: (expected, upper) = (2, 0x9f)
          case 0xf0: (expected, lower) = (3, 0x90)
          case 0xf1...0xf3: expected = 3
          case 0xf4: (expected, upper) = (3, 0x8f)
          default:
            firstInvalid = sequenceStart
            return
          }
        } else {
          let byte = buffer[i]
          guard byte >= lower && byte <= upper else {
            firstInvalid = sequenceStart
            return
          }
          (lower, upper) = (0x80, 0xbf)
          expected &-= 1
        }
        i &+= 1
      }
    }
    offset += bytes.count
  }

  /// A sequence that is cut off at the end of the input is invalid.
  package mutating func finish() {
    if firstInvalid == nil && expected > 0 { firstInvalid = sequenceStart }
  }
}
