internal import Tabular

/// Texts of one length: a Bloom filter in memory, and all of them, sorted, in a file of the private root.
struct ValueSet: Sendable {
  let length: Int
  private let path: String
  private let count: Int
  private let filter: [UInt64]
  private let mask: UInt64

  /// At most 16 MiB of filter; beyond 13 million values it only lets more through to the file.
  private static let largestFilterBitCount: UInt64 = 1 << 27

  /// Writes the sorter's records, without repetitions.
  ///
  /// - Precondition: every record has `length` bytes.
  init(length: Int, sorter: consuming ExternalSorter, path: String) throws {
    var bitCount: UInt64 = 1 << 10
    while bitCount < UInt64(sorter.recordCount) * 10 && bitCount < Self.largestFilterBitCount { bitCount <<= 1 }
    var filter = [UInt64](repeating: 0, count: Int(bitCount / 64))
    let mask = bitCount - 1
    var output = try OutputFile(path: path)
    var sorted = try sorter.sorted()
    var record: [UInt8] = []
    var previous: [UInt8] = []
    var count = 0
    while try sorted.read(&record) {
      guard record != previous else { continue }
      precondition(record.count == length)
      try output.write(record)
      let bits = filterBits(record[...], mask: mask)
      for bit in [bits.0, bits.1, bits.2] { filter[Int(bit >> 6)] |= 1 << (bit & 63) }
      count += 1
      swap(&record, &previous)
    }
    _ = try output.finish()
    self.length = length
    self.path = path
    self.count = count
    self.filter = filter
    self.mask = mask
  }

  /// Whether a text of `length` bytes is in the set.
  ///
  /// Exact.
  func contains(_ text: ArraySlice<UInt8>) throws -> Bool {
    let bits = filterBits(text, mask: mask)
    func isSet(_ bit: UInt64) -> Bool { filter[Int(bit >> 6)] & (1 << (bit & 63)) != 0 }
    guard isSet(bits.0), isSet(bits.1), isSet(bits.2) else { return false }
    let file = try InputFile(path: path)
    var low = 0
    var high = count
    var record: [UInt8] = []
    while low < high {
      let middle = (low + high) / 2
      record.removeAll(keepingCapacity: true)
      _ = try file.read(length, at: middle * length, appendingTo: &record)
      let order = compareBytes(record[...], text)
      if order == 0 { return true }
      if order < 0 { low = middle + 1 } else { high = middle }
    }
    return false
  }
}

/// Three bits of the filter, from two halves of an FNV-1a hash.
private func filterBits(_ text: ArraySlice<UInt8>, mask: UInt64) -> (UInt64, UInt64, UInt64) {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
  let second = (hash >> 32) | 1
  return (hash & mask, (hash &+ second &* 0x9e37_79b9) & mask, (hash &+ second &* 0x1234_5678_9abd) & mask)
}
