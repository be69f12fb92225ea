internal import Publication
internal import Tabular

/// The keys of one chunk's rows, hashed, with what tells whether they rise.
struct ChunkKeys: ~Copyable {
  struct Entry: Sendable {
    let hash: KeyedHash.Value
    /// In the chunk, and later in the table.
    var row: Int
  }

  private let hash: KeyedHash
  private(set) var entries: [Entry] = []
  private(set) var isRising = true
  private(set) var first: [UInt8] = []
  private(set) var last: [UInt8] = []

  init(_ hash: KeyedHash) { self.hash = hash }

  mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
    isRising = true
    first.removeAll(keepingCapacity: true)
    last.removeAll(keepingCapacity: true)
  }

  mutating func add(_ key: Span<UInt8>, row: Int) {
    if entries.isEmpty {
      replace(&first, by: key)
    } else if isRising {
      isRising = precedes(last.span, key)
    }
    if isRising { replace(&last, by: key) }
    entries.append(Entry(hash: hash(key), row: row))
  }
}

private func replace(_ bytes: inout [UInt8], by key: Span<UInt8>) {
  bytes.removeAll(keepingCapacity: true)
  key.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
}

/// The shorter first, then by their bytes: whole numbers without a sign come in the order of their values.
private func precedes(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
  a.count != b.count ? a.count < b.count : compareBytes(a, b) < 0
}

/// Finds keys that occur twice, or that lack the key that they refer to, in bounded memory.
///
/// Keys that rise from row to row prove themselves that none occurs twice, and are let go when they fill the memory; where the last
/// ones do not rise, they are lost, and the table must be read again for them. Of other keys the hashes are put into files by their
/// first bits, and each file is sorted in memory; a key's hash has 128 bits and a key of this run, and what it finds is confirmed on
/// the values.
struct KeyGroup: ~Copyable {
  private let folder: String
  private let memoryBudget: Int
  /// Whether keys may be let go while they rise.
  private let mayLetGo: Bool
  private var hasLetGo = false
  private var isRising = true
  private var last: [UInt8] = []
  private var hasKeys = false
  private var pending: [ChunkKeys.Entry] = []
  private var partitions: [SpilledEntries] = []
  private static let partitionCount = 64

  init(folder: String, memoryBudget: Int, mayLetGo: Bool = false) {
    self.folder = folder
    self.memoryBudget = memoryBudget
    self.mayLetGo = mayLetGo
  }

  /// Whether keys are lost that must be compared after all.
  var hasLostKeys: Bool { hasLetGo && !isRising }

  /// The same, empty, for reading the table again.
  borrowing func keepingAll() -> KeyGroup { KeyGroup(folder: folder, memoryBudget: memoryBudget) }

  /// Takes over the keys of the next chunk.
  mutating func add(_ keys: borrowing ChunkKeys, rowsBefore: Int) throws {
    guard !keys.entries.isEmpty else { return }
    isRising = isRising && keys.isRising && (!hasKeys || precedes(last.span, keys.first.span))
    last = keys.last
    hasKeys = true
    guard !hasLostKeys else { return }
    for entry in keys.entries { pending.append(ChunkKeys.Entry(hash: entry.hash, row: entry.row + rowsBefore)) }
    try spillIfNeeded()
  }

  /// Takes over keys that others may refer to; they come before all rows.
  mutating func addReferenced(_ keys: borrowing ChunkKeys) throws {
    for entry in keys.entries { pending.append(ChunkKeys.Entry(hash: entry.hash, row: 0)) }
    try spillIfNeeded()
  }

  private mutating func spillIfNeeded() throws {
    if pending.count * MemoryLayout<ChunkKeys.Entry>.stride > min(memoryBudget, 4 << 20) { try spill() }
  }

  private mutating func spill() throws {
    if isRising && mayLetGo {
      hasLetGo = true
    } else {
      if partitions.isEmpty {
        for _ in 0..<Self.partitionCount { partitions.append(try SpilledEntries(folder: folder)) }
      }
      for entry in pending { try partitions[Int(entry.hash.high >> 58)].append(entry) }
    }
    pending.removeAll(keepingCapacity: true)
  }

  /// Rows whose key stands in an earlier row too.
  ///
  /// - Parameter each: called with every one of them.
  consuming func duplicates(_ each: (Int) -> Void = { _ in }) throws -> KeyRows {
    precondition(!hasLostKeys, "the table was not read again")
    var found = KeyRows()
    guard !isRising else { return found }
    var before: ChunkKeys.Entry?
    try forEachEntry { entry in
      if let before, before.hash == entry.hash {
        found.add(row: entry.row, previous: before.row)
        each(entry.row)
      }
      before = entry
    }
    return found
  }

  /// Rows whose key is none of those that may be referred to.
  consuming func orphans(_ each: (Int) -> Void = { _ in }) throws -> KeyRows {
    var found = KeyRows()
    var before: KeyedHash.Value?
    var isKnown = false
    try forEachEntry { entry in
      // Those that may be referred to have row 0, and so come first.
      if before != entry.hash { isKnown = entry.row == 0 }
      before = entry.hash
      guard !isKnown else { return }
      found.add(row: entry.row, previous: 0)
      each(entry.row)
    }
    return found
  }

  /// Hands out all entries by hash and row, in bounded memory however many have one key.
  private consuming func forEachEntry(_ body: (ChunkKeys.Entry) -> Void) throws {
    guard !partitions.isEmpty else {
      Self.sort(&pending)
      for entry in pending { body(entry) }
      return
    }
    try spill()
    pending = []
    for partition in partitions {
      guard partition.byteCount > memoryBudget else {
        var entries: [ChunkKeys.Entry] = []
        entries.reserveCapacity(partition.byteCount / SpilledEntries.entryByteCount)
        try partition.forEach { entries.append($0) }
        Self.sort(&entries)
        for entry in entries { body(entry) }
        continue
      }
      // One key that very many rows have is in one file, however many there are.
      var sorter = ExternalSorter(folder: folder, memoryBudget: memoryBudget)
      try partition.forEach { try sorter.add(SpilledEntries.sortable($0)[...]) }
      var sorted = try sorter.sorted()
      var record: [UInt8] = []
      while try sorted.read(&record) { body(SpilledEntries.entry(sortable: record)) }
    }
  }

  private static func sort(_ entries: inout [ChunkKeys.Entry]) {
    entries.sort { a, b in
      if a.hash.high != b.hash.high { return a.hash.high < b.hash.high }
      if a.hash.low != b.hash.low { return a.hash.low < b.hash.low }
      return a.row < b.row
    }
  }
}

/// How many rows have a key that should not be there, the first few of them and the last.
struct KeyRows: Sendable {
  private(set) var count = 0
  /// With the earlier row of the same key; 0 where there is none.
  private(set) var first: [(row: Int, previous: Int)] = []
  private(set) var last = 0

  mutating func add(row: Int, previous: Int) {
    count += 1
    last = max(last, row)
    guard first.count < Finding.exampleLimit || row < first[first.count - 1].row else { return }
    if first.count == Finding.exampleLimit { first.removeLast() }
    let place = first.firstIndex { $0.row > row } ?? first.count
    first.insert((row, previous), at: place)
  }
}

/// Hashes and row numbers in a file that no name leads to, as they stand in memory: three words each.
private final class SpilledEntries {
  private let file: ScratchFile
  private var buffer: [UInt8] = []

  init(folder: String) throws { file = try ScratchFile(folder: folder) }

  var byteCount: Int { file.byteCount + buffer.count }

  func append(_ entry: ChunkKeys.Entry) throws {
    withUnsafeBytes(of: entry) { buffer.append(contentsOf: $0) }
    if buffer.count >= 16 << 10 { try flush() }
  }

  private func flush() throws {
    try file.append(buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  static let entryByteCount = 24

  func forEach(_ body: (ChunkKeys.Entry) throws -> Void) throws {
    try flush()
    var offset = 0
    var bytes: [UInt8] = []
    while offset < file.byteCount {
      bytes.removeAll(keepingCapacity: true)
      try file.read(min(Self.entryByteCount << 14, file.byteCount - offset), at: offset, appendingTo: &bytes)
      offset += bytes.count
      try bytes.withUnsafeBytes { bytes in
        for start in stride(from: 0, to: bytes.count, by: Self.entryByteCount) {
          func word(_ place: Int) -> UInt64 { bytes.loadUnaligned(fromByteOffset: start + 8 * place, as: UInt64.self) }
          try body(ChunkKeys.Entry(hash: KeyedHash.Value(high: word(0), low: word(1)), row: Int(word(2))))
        }
      }
    }
  }

  /// Bytes in the order of hash and row.
  static func sortable(_ entry: ChunkKeys.Entry) -> [UInt8] {
    [entry.hash.high, entry.hash.low, UInt64(entry.row)].flatMap { word in
      stride(from: UInt64(56), through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
    }
  }

  static func entry(sortable bytes: [UInt8]) -> ChunkKeys.Entry {
    func word(_ place: Int) -> UInt64 { bytes[8 * place..<8 * place + 8].reduce(0) { $0 << 8 | UInt64($1) } }
    return ChunkKeys.Entry(hash: KeyedHash.Value(high: word(0), low: word(1)), row: Int(word(2)))
  }
}
