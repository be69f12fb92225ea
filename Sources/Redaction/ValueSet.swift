internal import Tabular

/// Texts of one length, sorted, in a file that no name leads to.
final class ValueSet: Sendable {
  let length: Int
  /// Whether any of them is more than digits.
  let hasLetters: Bool
  private let file: ScratchFile
  let count: Int
  /// The first of every few texts, one after the other: where in the file to look.
  private let fences: [UInt8]
  private static let stride = 64

  /// Writes the sorter's records, without repetitions, and puts them into a filter that says of others that they are not here.
  ///
  /// - Precondition: every record has `length` bytes.
  init(
    length: Int, hasLetters: Bool, sorter: consuming ExternalSorter, folder: String, filter: inout BlockedFilter
  ) throws {
    let file = try ScratchFile(folder: folder)
    var fences: [UInt8] = []
    var output: [UInt8] = []
    var sorted = try sorter.sorted()
    var record: [UInt8] = []
    var previous: [UInt8] = []
    var count = 0
    while try sorted.read(&record) {
      guard record != previous else { continue }
      precondition(record.count == length)
      if count % Self.stride == 0 { fences.append(contentsOf: record) }
      output.append(contentsOf: record)
      if output.count >= 1 << 18 {
        try file.append(output)
        output.removeAll(keepingCapacity: true)
      }
      filter.insert(mixedHash(record.span))
      count += 1
      swap(&record, &previous)
    }
    try file.append(output)
    self.length = length
    self.hasLetters = hasLetters
    self.file = file
    self.count = count
    self.fences = fences
  }

  /// Calls for each text, in order.
  func forEach(_ body: ([UInt8]) -> Void) throws {
    var start = 0
    var block: [UInt8] = []
    while start < count {
      let size = min(4_096, count - start)
      block.removeAll(keepingCapacity: true)
      try file.read(size * length, at: start * length, appendingTo: &block)
      for offset in Swift.stride(from: 0, to: block.count, by: length) { body(Array(block[offset..<offset + length])) }
      start += size
    }
  }

  /// Whether a text of `length` bytes is in the set.
  func contains(_ text: Span<UInt8>) throws -> Bool {
    let fences = fences
    // The last fence that is not after the text.
    var (low, high) = (0, fences.count / length)
    while low < high {
      let middle = (low + high) / 2
      let fence = fences.span.extracting(middle * length..<(middle + 1) * length)
      if compareBytes(fence, text) <= 0 { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return false }
    let start = (low - 1) * Self.stride
    var block: [UInt8] = []
    try file.read(min(Self.stride, count - start) * length, at: start * length, appendingTo: &block)
    for offset in Swift.stride(from: 0, to: block.count, by: length)
    where areEqual(block.span.extracting(offset..<offset + length), text) { return true }
    return false
  }
}

/// A Bloom filter of which each text has all its bits in one line of the processor's cache.
///
/// - Source: Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters" (2007): six bits in a block of 512, and 16
///   bits a text, let about one in a thousand through.
struct BlockedFilter: Sendable {
  private var words: [UInt64]
  private let mask: UInt64
  /// Where the first line begins.
  private let first: Int
  /// 16 MiB; beyond 8 million texts it only lets more through.
  private static let largestBlockCount = 1 << 18

  init(count: Int) {
    var blocks = 1
    while blocks * 32 < count && blocks < Self.largestBlockCount { blocks *= 2 }
    words = [UInt64](repeating: 0, count: (blocks + 1) * wordsOfCacheLine)
    first = wordsToCacheLine(words)
    mask = UInt64(blocks - 1)
  }

  mutating func insert(_ hash: UInt64) {
    let block = block(hash)
    var bits = hash
    for _ in 0..<6 {
      words[block + Int(bits & 511) >> 6] |= 1 << (bits & 63)
      bits >>= 9
    }
  }

  func mayContain(_ hash: UInt64) -> Bool {
    let block = block(hash)
    var bits = hash
    for _ in 0..<6 {
      if words[block + Int(bits & 511) >> 6] & (1 << (bits & 63)) == 0 { return false }
      bits >>= 9
    }
    return true
  }

  /// From bits that the places within the block do not use alone.
  private func block(_ hash: UInt64) -> Int { first &+ Int((hash &* 0x9e37_79b9_7f4a_7c15) >> 40 & mask) &* 8 }
}
