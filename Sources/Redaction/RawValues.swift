internal import Tabular

/// The values that a run took out, to be looked for in every byte of the candidate: direct identifiers, and the texts of other
/// columns that are not public.
///
/// Strong values (at least 8 letters and digits, 5 of them digits, or an e-mail address) are found anywhere, also inside longer
/// texts. Names and other short values of direct identifiers are found where a whole cell says nothing else. Memory is bounded: a Bloom filter says
/// "certainly not" and sorted files on disk say the rest.
package struct RawValues: Sendable {
  private let strong: [ValueSet]
  private let names: ValueSet?

  init(strong: [ValueSet], names: ValueSet?) {
    self.strong = strong
    self.names = names
  }

  /// How many removed values stand somewhere in the text.
  ///
  /// - Precondition: whole cells or whole files: a value that is cut in two is not seen.
  package func countStrong(in text: ArraySlice<UInt8>) throws -> Int { try countStrong(inFolded: foldedText(text)) }

  /// The same for text that went through `foldedText` already.
  package func countStrong(inFolded folded: [UInt8]) throws -> Int {
    guard !strong.isEmpty else { return 0 }
    var count = 0
    var run: [UInt8] = []
    /// Where something was passed over: short values must begin and end there.
    var edges: [Int] = [0]
    for byte in folded + [0] {
      if let matched = matchedByte(byte) {
        run.append(matched)
      } else if isPassedOver(byte) && !run.isEmpty {
        edges.append(run.count)
      } else if !run.isEmpty {
        edges.append(run.count)
        count += try countStrong(inRun: run, edges: edges)
        run.removeAll(keepingCapacity: true)
        edges = [0]
      }
    }
    return count
  }

  private func countStrong(inRun run: [UInt8], edges: [Int]) throws -> Int {
    var count = 0
    var isEdge = [Bool](repeating: false, count: run.count + 1)
    for edge in edges { isEdge[edge] = true }
    for set in strong where run.count >= set.length {
      if set.length >= Self.longEnoughInside {
        for start in 0...(run.count - set.length) where try set.contains(run[start..<start + set.length]) { count += 1 }
      } else {
        for start in 0...(run.count - set.length) where isEdge[start] && isEdge[start + set.length] {
          if try set.contains(run[start..<start + set.length]) { count += 1 }
        }
      }
    }
    return count
  }

  /// Whether the cell is a removed name, or another short removed value, and nothing else.
  package func isRemovedName(_ cell: ArraySlice<UInt8>) throws -> Bool {
    guard let names, cell.count >= 5, cell.count <= 192,
      let key = wholeCellKey(folded: foldedText(cell))
    else { return false }
    return try names.contains(key[...])
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
    let folded = foldedText(text)
    if namesPersons, let key = wholeCellKey(folded: folded), namesSomebody(folded: folded) {
      let box = names ?? SorterBox(ExternalSorter(folder: folder, memoryBudget: memoryBudget))
      names = box
      try box.sorter?.add(key[...])
    }
    // A number may stand among words: each run of letters and digits counts on its own.
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
    guard value.count >= (isAddress ? 5 : RawValues.shortest),
      isAddress || value.count(where: { $0 >= 0x30 && $0 <= 0x39 }) >= 5
    else {
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
      nameSet = try ValueSet(length: wholeCellKeyLength, sorter: sorter, path: "\(folder)/removed-names")
    }
    return RawValues(strong: strong, names: nameSet)
  }
}

extension RawValues {
  static let shortest = 8
  static let longest = 32
  /// Values of so many places are found at any place of a longer number; shorter ones would be found there by chance.
  static let longEnoughInside = 11
}

private let wholeCellKeyLength = 16

/// What a whole cell is compared by: its text as recognisers see it, without spaces, in upper case, hashed to one
/// length (FNV-1a twice: nobody chooses these texts to collide).
///
/// Nil for texts that are too short or too long to be a name.
private func wholeCellKey(folded: [UInt8]) -> [UInt8]? {
  guard folded.count >= 5, folded.count <= 192 else { return nil }
  var low: UInt64 = 0xcbf2_9ce4_8422_2325
  var high: UInt64 = 0x9e37_79b9_7f4a_7c15
  var hanCount = 0
  var letterCount = 0
  var digitCount = 0
  for byte in folded {
    let upper: UInt8
    switch byte {
    case 0x20, 0x09, 0x0a, 0x0d: continue
    case 0x30...0x39:
      digitCount += 1
      upper = byte
    case 0x41...0x5a, 0x61...0x7a:
      letterCount += 1
      upper = byte & 0xdf
    default:
      // The first byte of U+3400…9FFF, and of the planes beyond the first.
      if (byte >= 0xe3 && byte <= 0xe9) || byte >= 0xf0 { hanCount += 1 }
      upper = byte
    }
    low = (low ^ UInt64(upper)) &* 0x100_0000_01b3
    high = (high ^ UInt64(upper)) &* 0x100_0000_01b3
  }
  let isName =
    hanCount >= 2 || (letterCount >= 1 && letterCount + digitCount >= 5) || (hanCount == 1 && digitCount >= 4)
  guard isName else { return nil }
  return (0..<8).map { UInt8(truncatingIfNeeded: low >> (8 * $0)) }
    + (0..<8).map { UInt8(truncatingIfNeeded: high >> (8 * $0)) }
}

/// Whether a removed text says something of a person: not "unknown", and no organisation, which may rightly stand in two columns.
private func namesSomebody(folded: [UInt8]) -> Bool {
  let plain = folded.filter { $0 != 0x20 }
  // 王知行 is a person: an ending of one character counts after four others, 3 bytes each.
  let isOrganisation = organisationEndings.contains { ending in
    plain.count >= (ending.count == 3 ? 15 : ending.count + 3) && plain.suffix(ending.count).elementsEqual(ending)
  }
  return !nobody.contains(plain) && !isOrganisation
}

private let nobody: Set<[UInt8]> = Set(
  ["不详", "未知", "暂无", "其他", "没有", "匿名", "保密", "不适用", "无姓名", "空白", "本人", "同上", "unknown", "UNKNOWN", "Unknown"].map {
    Array($0.utf8)
  })

private let organisationEndings: [[UInt8]] = [
  "公司", "企业", "中心", "事务所", "合作社", "经营部", "服务部", "厂", "店", "行", "院", "校", "会", "局", "委", "办", "处", "馆", "社", "站", "所",
  "街道",
  "镇", "区",
].map { Array($0.utf8) }

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
