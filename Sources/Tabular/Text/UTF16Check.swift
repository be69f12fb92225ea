/// Strict UTF-16 over bytes that come in pieces: whole units, surrogates in pairs.
package struct UTF16Check: Sendable {
  package private(set) var firstInvalid: Int?
  /// Line feeds, without which a table of several rows cannot be.
  package private(set) var lineFeedCount = 0
  private let isLittleEndian: Bool
  private var offset = 0
  private var held: UInt8?
  private var highSurrogateOffset: Int?

  package init(isLittleEndian: Bool) { self.isLittleEndian = isLittleEndian }

  package mutating func update(_ bytes: ArraySlice<UInt8>) {
    guard firstInvalid == nil else { return }
    for byte in bytes {
      offset &+= 1
      guard let first = held else {
        held = byte
        continue
      }
      held = nil
      let high = isLittleEndian ? byte : first
      if high == 0 && (isLittleEndian ? first : byte) == 0x0a { lineFeedCount &+= 1 }
      let isHighSurrogate = high & 0xfc == 0xd8
      let isLowSurrogate = high & 0xfc == 0xdc
      if isLowSurrogate != (highSurrogateOffset != nil) {
        firstInvalid = highSurrogateOffset ?? offset &- 2
        return
      }
      highSurrogateOffset = isHighSurrogate ? offset &- 2 : nil
    }
  }

  package mutating func finish() {
    guard firstInvalid == nil else { return }
    if held != nil { firstInvalid = offset - 1 }
    if let start = highSurrogateOffset { firstInvalid = start }
  }
}
