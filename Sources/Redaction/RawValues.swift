internal import Hashing
internal import Tabular

/// The values that a run took out of direct identifiers, to be looked for in every byte of the candidate.
///
/// Strong values (at least 8 letters and digits, 5 of them digits, or an e-mail address) are found anywhere, also inside longer
/// texts. Names (2 to 4 Han characters) are found where a whole cell says nothing else. Memory is bounded: a Bloom filter says
/// "certainly not" and sorted files on disk say the rest, exactly.
package struct RawValues: Sendable {
  private let strong: [ValueSet]
  private let names: ValueSet?

  init(strong: [ValueSet], names: ValueSet?) {
    self.strong = strong
    self.names = names
  }

  package var isEmpty: Bool { strong.isEmpty && names == nil }

  /// How many removed values stand somewhere in the text.
  ///
  /// - Precondition: whole cells or whole files: a value that is cut in two is not seen.
  package func countStrong(in text: ArraySlice<UInt8>) throws -> Int {
    guard !strong.isEmpty else { return 0 }
    var count = 0
    let folded = foldedText(text)
    var run: [UInt8] = []
    var index = 0
    while index < folded.count {
      if let byte = matchedByte(folded[index]) {
        run.append(byte)
      } else if !(isPassedOver(folded[index]) && !run.isEmpty) {
        count += try countStrong(inRun: run)
        run.removeAll(keepingCapacity: true)
      }
      index += 1
    }
    return count + (try countStrong(inRun: run))
  }

  private func countStrong(inRun run: [UInt8]) throws -> Int {
    var count = 0
    for set in strong where run.count >= set.length {
      for start in 0...(run.count - set.length) where try set.contains(run[start..<start + set.length]) { count += 1 }
    }
    return count
  }

  /// Whether the cell is a removed name and nothing else.
  package func isRemovedName(_ cell: ArraySlice<UInt8>) throws -> Bool {
    guard let names, cell.count >= 6, cell.count <= 16 else { return false }
    return try names.contains(nameKey(cell)[...])
  }
}

/// Collects the values that redaction takes out.
struct RawValuesBuilder: ~Copyable {
  private let folder: String
  private let memoryBudget: Int
  private var sorters: [Int: SorterBox] = [:]
  private var names: SorterBox?

  private final class SorterBox {
    var sorter: ExternalSorter?
    init(_ sorter: consuming ExternalSorter) { self.sorter = consume sorter }
  }

  init(folder: String, memoryBudget: Int) {
    self.folder = folder
    self.memoryBudget = memoryBudget / 8
  }

  /// - Parameter namesPersons: a whole cell that is a name counts too.
  mutating func add(_ text: ArraySlice<UInt8>, namesPersons: Bool) throws {
    if namesPersons && isName(text) {
      let box = names ?? SorterBox(ExternalSorter(folder: folder, memoryBudget: memoryBudget))
      names = box
      try box.sorter?.add(nameKey(text)[...])
      return
    }
    // A number may stand among words: each run of letters and digits counts on its own.
    let folded = foldedText(text)
    var run: [UInt8] = []
    var hasAt = false
    for byte in folded + [0] {
      if let matched = matchedByte(byte) {
        run.append(matched)
      } else if isPassedOver(byte) && !run.isEmpty {
        hasAt = hasAt || byte == UInt8(ascii: "@")
      } else {
        try addStrong(run, isAddress: hasAt)
        run.removeAll(keepingCapacity: true)
        hasAt = false
      }
    }
  }

  private mutating func addStrong(_ run: [UInt8], isAddress: Bool) throws {
    let value = run.prefix(RawValues.longest)
    guard value.count >= RawValues.shortest, isAddress || value.count(where: { $0 >= 0x30 && $0 <= 0x39 }) >= 5 else {
      return
    }
    let box = sorters[value.count] ?? SorterBox(ExternalSorter(folder: folder, memoryBudget: memoryBudget))
    sorters[value.count] = box
    try box.sorter?.add(value)
  }

  consuming func finish() throws -> RawValues {
    var strong: [ValueSet] = []
    for (length, box) in sorters.sorted(by: { $0.key < $1.key }) {
      guard let sorter = box.sorter.take() else { continue }
      strong.append(try ValueSet(length: length, sorter: sorter, path: "\(folder)/removed-\(length)"))
    }
    var nameSet: ValueSet?
    if let sorter = names?.sorter.take() {
      nameSet = try ValueSet(length: nameKeyLength, sorter: sorter, path: "\(folder)/removed-names")
    }
    return RawValues(strong: strong, names: nameSet)
  }
}

extension RawValues {
  static let shortest = 8
  static let longest = 32
}

private let nameKeyLength = 16

/// Names of one length for the sorted file: the text and zeros up to 16 bytes.
///
/// Four Han characters are 12 bytes.
private func nameKey(_ text: ArraySlice<UInt8>) -> [UInt8] {
  Array(text) + [UInt8](repeating: 0, count: max(0, nameKeyLength - text.count))
}

/// Two to four Han characters that do not stand for "nobody".
private func isName(_ text: ArraySlice<UInt8>) -> Bool {
  guard text.count >= 6, text.count <= nameKeyLength, let name = String(validating: text, as: UTF8.self) else {
    return false
  }
  let scalars = name.unicodeScalars
  return (2...4).contains(scalars.count) && scalars.allSatisfy { $0.value >= 0x3400 && $0.value <= 0x3ffff }
    && !["不详", "未知", "暂无", "其他", "没有", "匿名", "保密", "不适用", "无姓名"].contains(name)
}

/// Letters and digits are compared, letters in upper case.
private func matchedByte(_ byte: UInt8) -> UInt8? {
  switch byte {
  case 0x30...0x39, 0x41...0x5a: byte
  case 0x61...0x7a: byte - 0x20
  default: nil
  }
}

/// What people write between the parts of a number or an address.
private func isPassedOver(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "/"),
    UInt8(ascii: "+"),
    UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"):
    true
  default: false
  }
}
