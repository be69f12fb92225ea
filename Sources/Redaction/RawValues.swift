internal import Publication
package import Tabular

/// The values that a run took out, to be looked for in every byte of the candidate: direct identifiers, and the texts of other
/// columns that are not public.
///
/// Strong values (at least 8 letters and digits, 5 of them digits, or an e-mail address) are found anywhere, also inside longer
/// texts; names and short codes are looked for in their own row (`OwnRow`). Memory is bounded: a Bloom filter says "certainly not" and
/// sorted files on disk say the rest.
package struct RawValues: Sendable {
  private let strong: [ValueSet]
  /// Of the values in each set, and whether there are letters in any of them.
  private let lengths: [Int]
  private let haveLetters: [Bool]
  /// Over all sets: says "certainly not" of almost every text, so that sets are seldom asked.
  private let filter: BlockedFilter

  init(strong: [ValueSet], filter: BlockedFilter) {
    self.strong = strong
    lengths = strong.map(\.length)
    haveLetters = strong.map(\.hasLetters)
    self.filter = filter
  }

  /// Whether a cell can hold one of these values at all, from a quick look at it.
  package func mayContain(_ shape: CellShape) -> Bool {
    !strong.isEmpty && (shape.mayFold || shape.longestWord >= lengths[0])
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
      let hasLetters = haveLetters[place]
      /// Digits that end before the next place to look at.
      var digits = 0
      if !hasLetters { for index in 0..<length - 1 { digits = isLetter(text[index]) ? 0 : digits + 1 } }
      let isShort = length < Self.longEnoughInside
      if isShort && isEdge.isEmpty {
        isEdge = [Bool](repeating: false, count: run.count + 1)
        for edge in edges { isEdge[edge] = true }
      }
      for start in 0...(run.count - length) {
        if !hasLetters {
          digits = isLetter(text[start + length - 1]) ? 0 : digits + 1
          if digits < length { continue }
        }
        // Short values count where they begin and end with what they stand in.
        if isShort && !(isEdge[start] && isEdge[start + length]) { continue }
        let value = text.extracting(start..<start + length)
        if filter.mayContain(mixedHash(value)), try strong[place].contains(value) { count += 1 }
      }
    }
    return count
  }

  /// How many forms of values are looked for.
  package var count: Int { strong.reduce(0) { $0 + $1.count } }

  /// Whether there is anything to look for.
  package var isEmpty: Bool { strong.isEmpty }

  /// Whether a text is one of the values, and nothing else.
  ///
  /// - Parameter text: letters in upper case and digits.
  package func isStrong(_ text: Span<UInt8>) throws -> Bool {
    guard let place = lengths.firstIndex(of: text.count), filter.mayContain(mixedHash(text)) else { return false }
    return try strong[place].contains(text)
  }

  /// Calls for each removed value that is looked for everywhere: letters in upper case, what stands between groups left out.
  package func forEachStrong(_ body: ([UInt8]) -> Void) throws { for set in strong { try set.forEach(body) } }
}

/// Collects the values that redaction takes out.
struct RawValuesBuilder: ~Copyable {
  private let folder: String
  private let memoryBudget: Int
  private var values: [Int: DistinctValues] = [:]
  private var reversed: [UInt8] = []

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
      // Written backwards it is the same number to whoever knows.
      if try set.add(value), count >= RawValues.longEnoughInside {
        reversed.removeAll(keepingCapacity: true)
        reversed.append(contentsOf: value.reversed())
        try set.add(reversed[...])
      }
    }
  }

  consuming func finish() throws -> RawValues {
    var count = 0
    for (_, set) in values { count += try set.end() }
    var filter = BlockedFilter(count: count)
    let strong = try values.sorted { $0.key < $1.key }.map { try $1.finish(&filter) }
    return RawValues(strong: strong, filter: filter)
  }
}

/// The values that one worker takes out of a chunk, in the forms that are looked for.
struct RemovedValues: ~Copyable {
  /// Each with its length before it.
  private(set) var strong: [UInt8] = []
  private let hash = KeyedHash.random()
  private var seen: RecentHashes
  private var hashes: [KeyedHash.Value] = []
  private var cells: [Range<Int>] = []
  private var unseen: [Int] = []
  /// Letters and digits that stand together.
  private var run: [UInt8] = []

  /// - Parameter byteCount: of the text of the whole table.
  init(byteCount: Int) { seen = RecentHashes(room: min(byteCount / 64, 1 << 18)) }

  mutating func removeAll() {
    strong.removeAll(keepingCapacity: true)
  }

  /// Adds the values of one column of a batch.
  ///
  /// All are hashed, then all are looked up: the memory that is waited for is waited for at once.
  mutating func add(_ batch: borrowing RecordBatch, column: Int, columnCount: Int) {
    let bytes = batch.bytes
    let text = bytes.span
    hashes.removeAll(keepingCapacity: true)
    cells.removeAll(keepingCapacity: true)
    for record in batch.rows {
      let field = batch.field(record, column)
      let cell = text.extracting(field.range)
      guard !isShortName(cell) && !CanonicalRows.isNull(field, columnCount: columnCount) else { continue }
      hashes.append(hash(cell))
      cells.append(field.range)
    }
    unseen.removeAll(keepingCapacity: true)
    seen.findUnseen(hashes, appendingTo: &unseen)
    for index in unseen.indices {
      seen.insert(hashes[unseen[index]])
      add(text.extracting(cells[unseen[index]]))
    }
  }

  /// Up to three ideographs hold no number: they are looked for in their own row.
  private func isShortName(_ cell: Span<UInt8>) -> Bool {
    guard cell.count <= 9, cell.count % 3 == 0 else { return false }
    for place in stride(from: 0, to: cell.count, by: 3) where cell[place] < 0xe4 || cell[place] > 0xe9 { return false }
    return true
  }

  mutating func add(_ text: Span<UInt8>) {
    if CellShape(of: text).mayFold {
      let folded = foldedText([UInt8](copying: text)[...])
      add(folded: folded.span)
    } else {
      add(folded: text)
    }
  }

  private mutating func add(folded: Span<UInt8>) {
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

private func isLetter(_ byte: UInt8) -> Bool { byte >= 0x41 }

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
