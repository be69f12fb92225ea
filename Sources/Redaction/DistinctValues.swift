internal import Tabular

/// Texts of one length without repetitions, as many as fit in memory; the others go through a sorter.
final class DistinctValues {
  private let length: Int
  private let folder: String
  private let memoryBudget: Int
  private var sorter: ExternalSorter?
  /// Texts one after the other.
  private var texts: [UInt8] = []
  /// By hash, open addressing: the number of a text, from 1; 0 for none.
  private var slots: [UInt32]
  private var count = 0

  init(length: Int, folder: String, memoryBudget: Int) {
    self.length = length
    self.folder = folder
    self.memoryBudget = memoryBudget
    slots = [UInt32](repeating: 0, count: 1 << 10)
    sorter = ExternalSorter(folder: folder, memoryBudget: memoryBudget)
  }

  func add(_ text: ArraySlice<UInt8>) throws {
    var slot = place(text.span)
    while slots[slot] > 0 {
      let start = Int(slots[slot] - 1) * length
      if areEqual(texts.span.extracting(start..<start + length), text.span) { return }
      slot = (slot + 1) & (slots.count - 1)
    }
    texts.append(contentsOf: text)
    count += 1
    slots[slot] = UInt32(count)
    if count * 2 > slots.count {
      if texts.count + 8 * slots.count > memoryBudget { try spill() } else { grow() }
    }
  }

  private func place(_ text: Span<UInt8>) -> Int { Int(truncatingIfNeeded: mixedHash(text)) & (slots.count - 1) }

  private func grow() {
    slots = [UInt32](repeating: 0, count: slots.count * 2)
    for number in 0..<count {
      var slot = place(texts.span.extracting(number * length..<(number + 1) * length))
      while slots[slot] > 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = UInt32(number + 1)
    }
  }

  private func spill() throws {
    for number in 0..<count { try sorter?.add(texts[number * length..<(number + 1) * length]) }
    texts.removeAll(keepingCapacity: true)
    for slot in slots.indices { slots[slot] = 0 }
    count = 0
  }

  func finish() throws -> ValueSet {
    try spill()
    (texts, slots) = ([], [])
    guard let sorter = sorter.take() else { preconditionFailure("finished once") }
    return try ValueSet(length: length, sorter: sorter, folder: folder)
  }
}

/// Hashes that were seen lately, four to a place: what is not here may have been seen all the same.
struct RecentHashes: ~Copyable {
  /// Halves of hashes, high then low.
  private var words = [UInt64](repeating: 0, count: Self.placeCount * 8)
  private static let placeCount = 1 << 16

  /// False where the hash is here already.
  mutating func insert(_ hash: KeyedHash.Value) -> Bool {
    let (high, low) = (hash.high, hash.low)
    let start = (Int(truncatingIfNeeded: high) & (Self.placeCount - 1)) &* 8
    for place in 0..<4 where words[start &+ 2 &* place] == high && words[start &+ 2 &* place &+ 1] == low {
      return false
    }
    let place = start &+ 2 &* Int(truncatingIfNeeded: low & 3)
    words[place] = high
    words[place &+ 1] = low
    return true
  }
}
