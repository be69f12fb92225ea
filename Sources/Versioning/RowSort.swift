internal import Publication
internal import Synchronization
internal import Tabular

/// Puts the rows of a table in the order of their keys, then of their bytes, in bounded memory and on all cores.
///
/// First each chunk is sorted on its own and put into a scratch file, with every few keys remembered. These say where to cut the
/// keys into ranges of about a chunk each; then a worker takes one range from all sorted chunks, and ranges are written in order.
struct RowSort {
  private let key: RowKey
  private let parallelism: Parallelism
  private let scratch: ScratchFile
  private var runs: [SortedRun] = []

  /// Rows between two keys that are remembered.
  static let sampleStride = 64

  init(_ table: String, key: RowKey, folder: String, _ parallelism: Parallelism) async throws {
    let file = try FileByteSource(path: table)
    // Each range is put together from pieces of all chunks, so fewer are better; three of them are in memory at a time.
    let chunkByteCount = parallelism.chunkByteCount * 2
    self.key = key
    self.parallelism = Parallelism(workers: parallelism.workers, chunkByteCount: chunkByteCount)
    let scratch = try ScratchFile(folder: folder)
    let chunks = RecordChunks(file, layout: CanonicalRows.layout, chunkByteCount: chunkByteCount)
    var runs: [SortedRun] = []
    try await ordered(
      self.parallelism, make: { ChunkSort(key, byteCount: chunkByteCount) }, work: { try $0.take(from: chunks) },
      collect: { work in
        runs.append(SortedRun(offset: scratch.byteCount, byteCount: work.sorted.count, work.samples.compact))
        try scratch.append(work.sorted)
      })
    self.runs = runs
    self.scratch = scratch
  }

  /// Writes a header and all rows in order, and gives the finished file.
  func write(after header: [UInt8], to path: String) async throws -> WorkFile {
    let ranges = KeyRanges(runs, count: max(1, scratch.byteCount / parallelism.chunkByteCount))
    let (runs, scratch) = (runs, scratch)
    var output = try OutputFile(path: path)
    try output.write(header)
    try await ordered(
      parallelism, make: { RangeMerge(byteCount: parallelism.chunkByteCount) },
      work: { try $0.take(from: ranges, of: runs, in: scratch) },
      collect: { work in for _ in 0..<work.repetitions { try output.write(work.rows) } })
    return try output.finish()
  }
}

/// A sorted chunk in the scratch file: for each row the lengths of key and row in four bytes each, key, row with its line end.
struct SortedRun: Sendable {
  let offset: Int
  let byteCount: Int
  /// Every few keys, and where their entries begin in the run.
  let samples: KeySamples

  init(offset: Int, byteCount: Int, _ samples: KeySamples) {
    self.offset = offset
    self.byteCount = byteCount
    self.samples = samples
  }
}

/// Keys in order, kept close together.
struct KeySamples: Sendable {
  private var bytes: [UInt8] = []
  /// Of a chunk's keys and of a chunk: four bytes hold either.
  private var ends: [UInt32] = []
  private var offsets: [UInt32] = []

  var count: Int { ends.count }

  mutating func append(_ key: Span<UInt8>, at offset: Int) {
    bytes.append(contentsOf: [UInt8](copying: key))
    ends.append(UInt32(bytes.count))
    offsets.append(UInt32(offset))
  }

  func key(_ index: Int) -> ArraySlice<UInt8> { bytes[(index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])] }

  /// The same without the room that was left for more.
  var compact: KeySamples {
    var samples = self
    samples.bytes = bytes.map { $0 }
    samples.ends = ends.map { $0 }
    samples.offsets = offsets.map { $0 }
    return samples
  }

  /// Where to begin reading for keys from `key` on: at the last sample before it.
  func offset(before key: ArraySlice<UInt8>) -> Int {
    let index = firstIndex { compareBytes($0, key) >= 0 }
    return index == 0 ? 0 : Int(offsets[index - 1])
  }

  /// Where to stop reading for keys before `key`; nil for the end.
  func offset(notBefore key: ArraySlice<UInt8>) -> Int? {
    let index = firstIndex { compareBytes($0, key) >= 0 }
    return index < count ? Int(offsets[index]) : nil
  }

  /// Where to stop reading for keys up to `key`; nil for the end.
  func offset(after key: ArraySlice<UInt8>) -> Int? {
    let index = firstIndex { compareBytes($0, key) > 0 }
    return index < count ? Int(offsets[index]) : nil
  }

  private func firstIndex(_ isThere: (ArraySlice<UInt8>) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isThere(key(middle)) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// Where an entry lies: in order by the first eight bytes of its key, so that most comparisons touch no other memory.
private struct SortEntry {
  let prefix: UInt64
  let key: Range<Int>
  let row: Range<Int>

  init(key: Range<Int>, row: Range<Int>, in bytes: Span<UInt8>) {
    self.key = key
    self.row = row
    var prefix: UInt64 = 0
    for index in key.lowerBound..<key.lowerBound + 8 {
      prefix = prefix << 8 | (index < key.upperBound ? UInt64(bytes[index]) : 0)
    }
    self.prefix = prefix
  }

  func precedes(_ other: SortEntry, _ keys: Span<UInt8>, _ rows: Span<UInt8>) -> Bool {
    if prefix != other.prefix { return prefix < other.prefix }
    let order = compareBytes(keys.extracting(key), keys.extracting(other.key))
    return order != 0 ? order < 0 : compareBytes(rows.extracting(row), rows.extracting(other.row)) < 0
  }
}

/// A worker's state: one chunk, sorted.
private struct ChunkSort: ~Copyable {
  private let key: RowKey
  private var batch = RecordBatch(layout: CanonicalRows.layout)
  private var keys = TextBuffer(capacity: 1 << 18)
  private var entries: [SortEntry] = []
  private(set) var sorted: TextBuffer
  private(set) var samples = KeySamples()

  init(_ key: RowKey, byteCount: Int) {
    self.key = key
    sorted = TextBuffer(capacity: byteCount + byteCount / 2)
  }

  mutating func take(from chunks: RecordChunks) throws -> Int? {
    guard let chunk = try batch.fill(from: chunks) else { return nil }
    keys.removeAll()
    entries.removeAll(keepingCapacity: true)
    sorted.removeAll()
    samples = KeySamples()
    var isHeader = chunk.number == 0
    while try batch.next() {
      let bytes = batch.bytes
      for record in batch.rows(after: &isHeader) {
        let start = keys.count
        key.append(batch, bytes.span, record, to: &keys)
        let (keyRange, row) = (start..<keys.count, batch.recordRange(record))
        entries.append(keys.withBytes { SortEntry(key: keyRange, row: row, in: $0) })
      }
    }
    let bytes = batch.bytes
    // Taken out, so that what it is compared by can be read, and put back with its room.
    var order: [SortEntry] = []
    swap(&order, &entries)
    defer { swap(&order, &entries) }
    keys.withBytes { keys in order.sort { $0.precedes($1, keys, bytes.span) } }
    for (index, entry) in order.enumerated() {
      if index % RowSort.sampleStride == 0 {
        let offset = sorted.count
        keys.withBytes { samples.append($0.extracting(entry.key), at: offset) }
      }
      sorted.append(littleEndian: UInt64(entry.key.count), byteCount: 4)
      sorted.append(littleEndian: UInt64(entry.row.count + 1), byteCount: 4)
      keys.withBytes { sorted.append($0.extracting(entry.key)) }
      sorted.append(bytes.span.extracting(entry.row))
      sorted.append(0x0a)
    }
    return chunk.number
  }
}

/// Ranges of keys, in order: of about as many rows each, or of one key that very many rows have.
private final class KeyRanges: Sendable {
  struct KeyRange: Sendable {
    /// Keys from here on; nil for the first.
    let start: ArraySlice<UInt8>?
    let includesStart: Bool
    /// Keys before this one; nil for the last.
    let end: ArraySlice<UInt8>?
    /// The end's key and no other.
    let isSingle: Bool

    func contains(_ key: ArraySlice<UInt8>) -> Bool {
      if let start {
        let order = compareBytes(key, start)
        if order < 0 || (order == 0 && !includesStart) { return false }
      }
      guard let end else { return true }
      let order = compareBytes(key, end)
      return isSingle ? order == 0 : order < 0
    }
  }

  private let ranges: [KeyRange]
  private let next = Atomic(0)

  init(_ runs: [SortedRun], count: Int) {
    var keys = runs.flatMap { run in (0..<run.samples.count).map { run.samples.key($0) } }
    keys.sort { compareBytes($0, $1) < 0 }
    let step = max(1, keys.count / count)
    let cuts = stride(from: step, to: keys.count, by: step).map { keys[$0] }
    var ranges: [KeyRange] = []
    var start: ArraySlice<UInt8>?
    var includesStart = true
    for (index, cut) in cuts.enumerated() where index == 0 || compareBytes(cuts[index - 1], cut) != 0 {
      ranges.append(KeyRange(start: start, includesStart: includesStart, end: cut, isSingle: false))
      // A key that two cuts fall on has more rows than a range should.
      let isHeavy = index + 1 < cuts.count && compareBytes(cuts[index + 1], cut) == 0
      if isHeavy { ranges.append(KeyRange(start: cut, includesStart: true, end: cut, isSingle: true)) }
      (start, includesStart) = (cut, !isHeavy)
    }
    ranges.append(KeyRange(start: start, includesStart: includesStart, end: nil, isSingle: false))
    self.ranges = ranges
  }

  func take() -> (number: Int, range: KeyRange)? {
    let number = next.add(1, ordering: .relaxed).oldValue
    return number < ranges.count ? (number, ranges[number]) : nil
  }
}

/// A worker's state: the rows of one range of keys.
private struct RangeMerge: ~Copyable {
  /// What is read of one sorted chunk: the range, and up to the next remembered key on both sides.
  private var piece: [UInt8] = []
  /// Keys and rows of the range, one after the other.
  private var bytes: [UInt8] = []
  private var entries: [SortEntry] = []
  private(set) var rows: TextBuffer
  private(set) var repetitions = 1

  /// - Parameter byteCount: of a range, about: room that grows by doubling would be twice as much as is needed.
  init(byteCount: Int) {
    rows = TextBuffer(capacity: byteCount + byteCount / 4)
    bytes.reserveCapacity(byteCount + byteCount / 2)
  }

  mutating func take(from ranges: KeyRanges, of runs: [SortedRun], in scratch: ScratchFile) throws -> Int? {
    guard let (number, range) = ranges.take() else { return nil }
    bytes.removeAll(keepingCapacity: true)
    entries.removeAll(keepingCapacity: true)
    rows.removeAll()
    repetitions = 1
    var singles = 0
    for run in runs {
      let start = range.start.map { run.samples.offset(before: $0) } ?? 0
      let end = range.end.flatMap { range.isSingle ? run.samples.offset(after: $0) : run.samples.offset(notBefore: $0) }
      guard start < end ?? run.byteCount else { continue }
      piece.removeAll(keepingCapacity: true)
      try scratch.read((end ?? run.byteCount) - start, at: run.offset + start, appendingTo: &piece)
      var position = 0
      while position < piece.count {
        let keyStart = position + 8
        let key = keyStart..<keyStart + count(at: position)
        let row = key.upperBound..<key.upperBound + count(at: position + 4)
        position = row.upperBound
        guard range.contains(piece[key]) else { continue }
        if range.isSingle {
          // Rows of one key are counted, not kept: without a key of its own a row is its key, and with one it cannot be published
          // twice.
          if singles == 0 { rows.append(piece[row]) }
          singles += 1
        } else {
          let start = bytes.count
          bytes.append(contentsOf: piece[key.lowerBound..<row.upperBound])
          entries.append(
            SortEntry(key: start..<start + key.count, row: start + key.count..<bytes.count, in: bytes.span))
        }
      }
    }
    if range.isSingle { repetitions = singles }
    let text = bytes
    // Taken out, so that what it is compared by can be read, and put back with its room.
    var order: [SortEntry] = []
    swap(&order, &entries)
    defer { swap(&order, &entries) }
    order.sort { $0.precedes($1, text.span, text.span) }
    for entry in order { rows.append(text.span.extracting(entry.row)) }
    return number
  }

  private func count(at index: Int) -> Int { (0..<4).reduce(0) { $0 | Int(piece[index + $1]) << (8 * $1) } }
}
