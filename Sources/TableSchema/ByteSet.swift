internal import Tabular

/// A fixed set of byte strings, asked for once a cell.
struct ByteSet: Sendable {
  private let bytes: [UInt8]
  /// By hash, open addressing: start and end in `bytes`; start -1 for none.
  private let slots: [(start: Int32, end: Int32)]
  let count: Int

  init(_ values: Set<ArraySlice<UInt8>>) {
    var bytes: [UInt8] = []
    var size = 8
    while size < values.count * 2 { size *= 2 }
    var slots: [(start: Int32, end: Int32)] = Array(repeating: (-1, -1), count: size)
    for value in values {
      let start = bytes.count
      bytes.append(contentsOf: value)
      var slot = Int(truncatingIfNeeded: mixedHash(bytes.span.extracting(start..<bytes.count))) & (size - 1)
      while slots[slot].start >= 0 { slot = (slot + 1) & (size - 1) }
      slots[slot] = (Int32(start), Int32(bytes.count))
    }
    self.bytes = bytes
    self.slots = slots
    count = values.count
  }

  func contains(_ text: Span<UInt8>) -> Bool {
    guard count > 0 else { return false }
    var slot = Int(truncatingIfNeeded: mixedHash(text)) & (slots.count - 1)
    while slots[slot].start >= 0 {
      let (start, end) = slots[slot]
      if areEqual(text, bytes.span.extracting(Int(start)..<Int(end))) { return true }
      slot = (slot + 1) & (slots.count - 1)
    }
    return false
  }
}
