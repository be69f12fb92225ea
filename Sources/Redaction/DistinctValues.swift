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

  /// Whether the text is not known to be here already.
  @discardableResult func add(_ text: ArraySlice<UInt8>) throws -> Bool {
    var slot = place(text.span)
    while slots[slot] > 0 {
      let start = Int(slots[slot] - 1) * length
      if areEqual(texts.span.extracting(start..<start + length), text.span) { return false }
      slot = (slot + 1) & (slots.count - 1)
    }
    texts.append(contentsOf: text)
    if !hasLetters { hasLetters = text.contains { $0 >= 0x41 } }
    count += 1
    slots[slot] = UInt32(count)
    if count * 2 > slots.count {
      if texts.count + 8 * slots.count > memoryBudget { try spill() } else { grow() }
    }
    return true
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
