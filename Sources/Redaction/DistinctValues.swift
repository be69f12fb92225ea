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
  private var hasLetters = false

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
    if !hasLetters { hasLetters = text.contains { $0 >= 0x41 } }
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

  /// Ends collecting.
  ///
  /// - Returns: how many texts there are at most.
  func end() throws -> Int {
    try spill()
    (texts, slots) = ([], [])
    return sorter?.recordCount ?? 0
  }

  /// - Precondition: ended.
  func finish(_ filter: inout BlockedFilter) throws -> ValueSet {
    guard let sorter = sorter.take() else { preconditionFailure("finished once") }
    return try ValueSet(length: length, hasLetters: hasLetters, sorter: sorter, folder: folder, filter: &filter)
  }
}

/// Hashes that were seen lately, four to a place: what is not here may have been seen all the same.
struct RecentHashes: ~Copyable {
  /// Halves of hashes, high then low.
  private var words: [UInt64]
  private let mask: Int

  /// - Parameter room: hashes that it is worth to remember; no more than about 260,000 are.
  init(room: Int) {
    var placeCount = 16
    while placeCount < min(room, 1 << 16) { placeCount *= 2 }
    words = [UInt64](repeating: 0, count: placeCount * 8)
    mask = placeCount - 1
  }

  /// Gives the positions of those that are not here.
  mutating func insert(_ hashes: [KeyedHash.Value], unseen: inout [Int]) {
    for index in hashes.indices {
      let (high, low) = (hashes[index].high, hashes[index].low)
      let start = (Int(truncatingIfNeeded: high) & mask) &* 8
      // Without branches on what was read, so that one place need not wait for another's memory.
      var nearest = UInt64.max
      for place in 0..<4 {
        nearest = min(nearest, words[start &+ 2 &* place] ^ high | words[start &+ 2 &* place &+ 1] ^ low)
      }
      guard nearest > 0 else { continue }
      unseen.append(index)
      let place = start &+ 2 &* Int(truncatingIfNeeded: low & 3)
      words[place] = high
      words[place &+ 1] = low
    }
  }
}
