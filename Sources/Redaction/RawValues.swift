internal import Publication
package import Tabular

/// The values that a run took out, to be looked for in every byte of the candidate: direct identifiers, and the texts of other
/// columns that are not public.
///
/// Strong values (at least 8 letters and digits, 5 of them digits, or an e-mail address) are found anywhere, also inside longer
/// texts. Names and other short values of direct identifiers are found where a whole cell says nothing else. Memory is bounded: a Bloom filter says
/// "certainly not" and sorted files on disk say the rest.
package struct RawValues: Sendable {
  private let strong: [ValueSet]
  /// Of the values in each set.
  private let lengths: [Int]
  private let names: ValueSet?
  /// By byte: whether a removed name has that length.
  private let nameLengths: [Bool]
  /// Over all sets: says "certainly not" of almost every text, so that sets are seldom asked.
  private let filter: BlockedFilter

  init(strong: [ValueSet], names: ValueSet?, nameLengths: [Bool], filter: BlockedFilter) {
    self.strong = strong
    lengths = strong.map(\.length)
    self.names = names
    self.nameLengths = nameLengths
    self.filter = filter
  }

  /// Whether a cell can hold one of these values at all, from a quick look at it.
  package func mayContain(_ shape: CellShape) -> Bool {
    !strong.isEmpty && (shape.mayFold || shape.longestWord >= lengths[0])
  }

  /// Whether a cell of so many bytes can be a removed name at all.
  package func mayBeName(_ shape: CellShape, byteCount: Int) -> Bool {
    guard names != nil, byteCount >= 5, byteCount <= 192 else { return false }
    return shape.mayFold || shape.hasWhiteSpace || nameLengths[byteCount]
  }

  /// How many removed values stand somewhere in a text that `foldedText` would leave as it is.
  ///
  /// - Parameters:
  ///   - run: room that is used again: letters and digits that stand together.
  ///   - edges: the same: where something was passed over, for short values must begin and end there.
  package func countStrong(inPlain text: Span<UInt8>, run: inout [UInt8], edges: inout [Int]) throws -> Int {
    guard !strong.isEmpty else { return 0 }
    var count = 0
    run.removeAll(keepingCapacity: true)
    edges.removeAll(keepingCapacity: true)
    edges.append(0)
    for index in 0...text.count {
      let byte = index < text.count ? text[index] : 0
      if let matched = matchedByte(byte) {
        run.append(matched)
      } else if isPassedOver(byte) && !run.isEmpty {
        edges.append(run.count)
      } else if !run.isEmpty {
        edges.append(run.count)
        count += try countStrong(inRun: run, edges: edges)
        run.removeAll(keepingCapacity: true)
        edges.removeAll(keepingCapacity: true)
        edges.append(0)
      }
    }
    return count
  }

  /// How many removed values stand somewhere in the text.
  ///
  /// - Precondition: whole cells or whole files: a value that is cut in two is not seen.
  package func countStrong(in text: ArraySlice<UInt8>) throws -> Int { try countStrong(inFolded: foldedText(text)) }

  /// The same for text that went through `foldedText` already.
  package func countStrong(inFolded folded: [UInt8]) throws -> Int {
    var (run, edges): ([UInt8], [Int]) = ([], [])
    return try countStrong(inPlain: folded.span, run: &run, edges: &edges)
  }

  private func countStrong(inRun run: [UInt8], edges: [Int]) throws -> Int {
    var count = 0
    let text = run.span
    var isEdge: [Bool] = []
    for place in lengths.indices where run.count >= lengths[place] {
      let length = lengths[place]
      let isShort = length < Self.longEnoughInside
      if isShort && isEdge.isEmpty {
        isEdge = [Bool](repeating: false, count: run.count + 1)
        for edge in edges { isEdge[edge] = true }
      }
      for start in 0...(run.count - length) {
        // Short values count where they begin and end with what they stand in.
        if isShort && !(isEdge[start] && isEdge[start + length]) { continue }
        let value = text.extracting(start..<start + length)
        if filter.mayContain(mixedHash(value)), try strong[place].contains(value) { count += 1 }
      }
    }
    return count
  }

  /// Whether there is anything to look for.
  package var isEmpty: Bool { strong.isEmpty && names == nil }

  /// Calls for each removed value that is looked for everywhere: letters in upper case, what stands between groups left out.
  package func forEachStrong(_ body: ([UInt8]) -> Void) throws { for set in strong { try set.forEach(body) } }

  /// Whether the cell is a removed name, or another short removed value, and nothing else.
  package func isRemovedName(_ cell: ArraySlice<UInt8>) throws -> Bool {
    guard cell.count >= 5, cell.count <= longestName else { return false }
    return try isRemovedName(folded: foldedText(cell).span)
  }

  /// The same for a cell that `foldedText` would leave as it is, or did.
  package func isRemovedName(folded: Span<UInt8>) throws -> Bool {
    guard let key = wholeCellKey(folded: folded), filter.mayContain(mixedHash(key)), let names else { return false }
    let bytes = bytes(of: key)
    return try names.contains(bytes.span)
  }
}

/// Collects the values that redaction takes out.
struct RawValuesBuilder: ~Copyable {
  private let folder: String
  private let memoryBudget: Int
  private var values: [Int: DistinctValues] = [:]
  private var names: DistinctValues?
  private var nameLengths = [Bool](repeating: false, count: longestName + 1)

  init(folder: String, memoryBudget: Int) {
    self.folder = folder
    self.memoryBudget = memoryBudget / 8
  }

  /// Takes over what a worker found in the next chunk.
  mutating func add(_ found: borrowing RemovedValues) throws {
    var position = 0
    while position < found.strong.count {
      let count = Int(found.strong[position])
      let value = found.strong[position + 1..<position + 1 + count]
      position += 1 + count
      let set = values[count] ?? DistinctValues(length: count, folder: folder, memoryBudget: memoryBudget)
      values[count] = set
      try set.add(value)
    }
    guard !found.names.isEmpty else { return }
    for (length, isThere) in found.nameLengths.enumerated() where isThere { nameLengths[length] = true }
    let set = names ?? DistinctValues(length: wholeCellKeyLength, folder: folder, memoryBudget: memoryBudget)
    names = set
    for start in stride(from: 0, to: found.names.count, by: wholeCellKeyLength) {
      try set.add(found.names[start..<start + wholeCellKeyLength])
    }
  }

  consuming func finish() throws -> RawValues {
    var count = try names?.end() ?? 0
    for (_, set) in values { count += try set.end() }
    var filter = BlockedFilter(count: count)
    let strong = try values.sorted { $0.key < $1.key }.map { try $1.finish(&filter) }
    let nameSet = try names?.finish(&filter)
    return RawValues(strong: strong, names: nameSet, nameLengths: nameLengths, filter: filter)
  }
}

/// The values that one worker takes out of a chunk, in the forms that are looked for.
struct RemovedValues: ~Copyable {
  /// Each with its length before it.
  private(set) var strong: [UInt8] = []
  /// Keys of whole cells.
  private(set) var names: [UInt8] = []
  /// By byte: whether a name of that length was taken out, as recognisers see it and without spaces.
  private(set) var nameLengths = [Bool](repeating: false, count: longestName + 1)
  private let hash = KeyedHash.random()
  private var seen: RecentHashes
  private var hashes: [KeyedHash.Value] = []
  private var unseen: [Int] = []
  /// Letters and digits that stand together.
  private var run: [UInt8] = []

  /// - Parameter byteCount: of the text of the whole table.
  init(byteCount: Int) { seen = RecentHashes(room: byteCount / 64) }

  mutating func removeAll() {
    strong.removeAll(keepingCapacity: true)
    names.removeAll(keepingCapacity: true)
  }

  /// Adds the values of one column of a batch.
  ///
  /// All are hashed, then all are looked up: the memory that is waited for is waited for at once.
  ///
  /// - Parameter namesPersons: a whole cell that is a name counts too.
  mutating func add(_ batch: borrowing RecordBatch, column: Int, columnCount: Int, namesPersons: Bool) {
    let bytes = batch.bytes
    let text = bytes.span
    hashes.removeAll(keepingCapacity: true)
    for record in batch.rows {
      let value = hash(text.extracting(batch.field(record, column).range))
      hashes.append(KeyedHash.Value(high: value.high, low: value.low ^ (namesPersons ? 1 : 0)))
    }
    unseen.removeAll(keepingCapacity: true)
    seen.insert(hashes, unseen: &unseen)
    for index in unseen.indices {
      let field = batch.field(unseen[index], column)
      if !CanonicalRows.isNull(field, columnCount: columnCount) {
        add(text.extracting(field.range), namesPersons: namesPersons)
      }
    }
  }

  mutating func add(_ text: Span<UInt8>, namesPersons: Bool) {
    if CellShape(of: text).mayFold {
      let folded = foldedText([UInt8](copying: text)[...])
      add(folded: folded.span, namesPersons: namesPersons)
    } else {
      add(folded: text, namesPersons: namesPersons)
    }
  }

  private mutating func add(folded: Span<UInt8>, namesPersons: Bool) {
    if namesPersons, let key = wholeCellKey(folded: folded), namesSomebody(folded: folded) {
      let bytes = bytes(of: key)
      for place in bytes.indices { names.append(bytes[place]) }
      var length = 0
      for index in folded.indices where !isWhiteSpace(folded[index]) { length += 1 }
      nameLengths[length] = true
    }
    // A number may stand among words: each run of letters and digits counts on its own.
    run.removeAll(keepingCapacity: true)
    var hasAt = false
    for index in 0...folded.count {
      let byte = index < folded.count ? folded[index] : 0
      if let matched = matchedByte(byte) {
        run.append(matched)
      } else if isPassedOver(byte) && !run.isEmpty {
        hasAt = hasAt || byte == UInt8(ascii: "@")
      } else if !run.isEmpty {
        addStrong(isAddress: hasAt)
        run.removeAll(keepingCapacity: true)
        hasAt = false
      }
    }
  }

  private mutating func addStrong(isAddress: Bool) {
    let value = run.prefix(RawValues.longest)
    guard value.count >= (isAddress ? 5 : RawValues.shortest),
      isAddress || value.count(where: { $0 >= 0x30 && $0 <= 0x39 }) >= 5
    else {
      return
    }
    // A day is not somebody's: other columns rightly hold the same ones.
    if value.count == 8 && isDay(value) { return }
    strong.append(UInt8(value.count))
    strong.append(contentsOf: value)
    // Written backwards it is the same number to whoever knows.
    guard value.count >= RawValues.longEnoughInside, !value.elementsEqual(value.reversed()) else { return }
    strong.append(UInt8(value.count))
    strong.append(contentsOf: value.reversed())
  }
}

/// YYYYMMDD of the last three centuries.
private func isDay(_ value: ArraySlice<UInt8>) -> Bool {
  guard value.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return false }
  let digits = value.map { Int($0) - 0x30 }
  let year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3]
  guard (1850...2150).contains(year) else { return false }
  return CivilDate(year: year, month: digits[4] * 10 + digits[5], day: digits[6] * 10 + digits[7]) != nil
}

extension RawValues {
  static let shortest = 8
  static let longest = 32
  /// Values of so many places are found at any place of a longer number; shorter ones would be found there by chance.
  static let longEnoughInside = 11
}

private let wholeCellKeyLength = 16
private let longestName = 192

/// What a whole cell is compared by: its text as recognisers see it, without spaces, in upper case, hashed to one
/// length (FNV-1a twice: nobody chooses these texts to collide).
///
/// Nil for texts that are too short or too long to be a name.
private func wholeCellKey(folded: Span<UInt8>) -> WholeCellKey? {
  guard folded.count >= 5, folded.count <= longestName else { return nil }
  var low: UInt64 = 0xcbf2_9ce4_8422_2325
  var high: UInt64 = 0x9e37_79b9_7f4a_7c15
  var hanCount = 0
  var letterCount = 0
  var digitCount = 0
  for index in folded.indices {
    let byte = folded[index]
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
  return isName ? (low, high) : nil
}

private typealias WholeCellKey = (low: UInt64, high: UInt64)

/// What `mixedHash` gives for the key's bytes.
private func mixedHash(_ key: WholeCellKey) -> UInt64 {
  let words: InlineArray<2, UInt64> = [key.low.littleEndian, key.high.littleEndian]
  return mixedHash(words.span.bytes)
}

private func bytes(of key: WholeCellKey) -> InlineArray<16, UInt8> {
  InlineArray { place in
    UInt8(truncatingIfNeeded: (place < 8 ? key.low : key.high) >> UInt64(8 * (place & 7)))
  }
}

/// Whether a removed text says something of a person: not "unknown", and no organisation, which may rightly stand in two columns.
private func namesSomebody(folded: Span<UInt8>) -> Bool {
  for index in folded.indices where folded[index] == 0x20 {
    let plain = [UInt8](copying: folded).filter { $0 != 0x20 }
    return namesSomebody(plain: plain.span)
  }
  return namesSomebody(plain: folded)
}

private func namesSomebody(plain: Span<UInt8>) -> Bool {
  // 王知行 is a person: an ending of one character counts after four others, 3 bytes each.
  !nobody.contains { areEqual(plain, $0) }
    && !organisationEndings.contains { ending in
      plain.count >= (ending.count == 3 ? 15 : ending.count + 3)
        && areEqual(plain.extracting(last: ending.count), ending)
    }
}

/// A few short texts, close together: going over them counts no references.
private struct ShortTexts: Sendable {
  private let bytes: [UInt8]
  private let ends: [Int]

  init(_ texts: [String]) {
    var bytes: [UInt8] = []
    ends = texts.map { text in
      bytes += Array(text.utf8)
      return bytes.count
    }
    self.bytes = bytes
  }

  func contains(where isThis: (Span<UInt8>) -> Bool) -> Bool {
    let bytes = bytes
    var start = 0
    for end in ends {
      if isThis(bytes.span.extracting(start..<end)) { return true }
      start = end
    }
    return false
  }
}

private let nobody = ShortTexts([
  "不详", "未知", "暂无", "其他", "没有", "匿名", "保密", "不适用", "无姓名", "空白", "本人", "同上", "unknown", "UNKNOWN", "Unknown",
])

private let organisationEndings = ShortTexts([
  "公司", "企业", "中心", "事务所", "合作社", "经营部", "服务部", "厂", "店", "行", "院", "校", "会", "局", "委", "办", "处", "馆", "社", "站", "所",
  "街道", "镇", "区",
])

private func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d }

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
