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

/// What a look at every byte of a file says of it as UTF-16, in both orders.
package struct UTF16Scan: Sendable {
  private var littleEndian = UTF16Check(isLittleEndian: true)
  private var bigEndian = UTF16Check(isLittleEndian: false)
  /// NULs, by the parity of their offsets.
  package private(set) var evenNulls = 0
  package private(set) var oddNulls = 0

  package init(of path: String) throws {
    let source = try FileByteSource(path: path)
    var offset = 0
    var chunk: [UInt8] = []
    while try source.read(1 << 20, appendingTo: &chunk) {
      littleEndian.update(chunk[...])
      bigEndian.update(chunk[...])
      for index in chunk.indices where chunk[index] == 0 {
        if (offset + index) % 2 == 0 { evenNulls += 1 } else { oddNulls += 1 }
      }
      offset += chunk.count
      chunk.removeAll(keepingCapacity: true)
    }
    littleEndian.finish()
    bigEndian.finish()
  }

  package func check(_ encoding: TextEncoding) -> UTF16Check {
    encoding == .utf16BigEndian ? bigEndian : littleEndian
  }
}
