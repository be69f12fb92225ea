internal import Glibc

/// Sorts any number of byte strings by their bytes in bounded memory: runs that do not fit are spilled, all to one file that no name leads
/// to, and merged, few enough at a time that their buffers fit.
///
/// What comes in order already is not sorted again.
package struct ExternalSorter: ~Copyable {
  private let folder: String
  private let memoryBudget: Int
  private var arena: [UInt8] = []
  private var entries: [Entry] = []
  private var isOrdered = true
  private var scratch: ScratchFile?
  private var runs: [SpilledRun] = []
  package private(set) var recordCount = 0
  /// Runs that are merged at a time.
  private static let mergeWidth = 128

  struct Entry {
    /// The first eight bytes, big-endian, so that most comparisons touch no other memory.
    let prefix: UInt64
    let offset: Int
    let count: Int
  }

  /// - Parameter memoryBudget: bytes held before a run is spilled.
  package init(folder: String, memoryBudget: Int) {
    self.folder = folder
    self.memoryBudget = max(memoryBudget, 1 << 12)
  }

  package mutating func add(_ record: ArraySlice<UInt8>) throws(FileError) {
    if arena.count + record.count + entries.count * MemoryLayout<Entry>.stride > memoryBudget && !entries.isEmpty {
      try spill()
    }
    let entry = Entry(prefix: prefix(record), offset: arena.count, count: record.count)
    arena.append(contentsOf: record)
    if isOrdered, let last = entries.last, precedes(entry, last, arena) { isOrdered = false }
    entries.append(entry)
    recordCount += 1
  }

  /// Hands out all records in order; the sorter is empty afterwards.
  package consuming func sorted() throws(FileError) -> SortedRecords {
    if runs.isEmpty {
      let order = sortedEntries()
      return SortedRecords(arena: arena, entries: order)
    }
    try spill()
    while runs.count > Self.mergeWidth { try mergeFirst() }
    return try SortedRecords(runs: runs)
  }

  /// Makes one run of the first ones.
  private mutating func mergeFirst() throws(FileError) {
    var merged = try SortedRecords(runs: Array(runs.prefix(Self.mergeWidth)))
    var output = RunWriter(try scratchFile())
    var record: [UInt8] = []
    while try merged.read(&record) { try output.write(record[...]) }
    runs.removeFirst(Self.mergeWidth)
    runs.append(try output.finish())
  }

  private mutating func scratchFile() throws(FileError) -> ScratchFile {
    if let scratch { return scratch }
    let file = try ScratchFile(folder: folder)
    scratch = file
    return file
  }

  private func sortedEntries() -> [Entry] {
    guard !isOrdered else { return entries }
    var order = entries
    arena.withUnsafeBufferPointer { arena in
      order.sort { a, b in
        if a.prefix != b.prefix { return a.prefix < b.prefix }
        let common = min(a.count, b.count)
        guard common > 8, let base = arena.baseAddress else { return a.count < b.count }
        let result = memcmp(base + a.offset, base + b.offset, common)
        return result != 0 ? result < 0 : a.count < b.count
      }
    }
    return order
  }

  private mutating func spill() throws(FileError) {
    guard !entries.isEmpty else { return }
    var output = RunWriter(try scratchFile())
    for entry in sortedEntries() { try output.write(arena[entry.offset..<entry.offset + entry.count]) }
    runs.append(try output.finish())
    arena.removeAll(keepingCapacity: true)
    entries.removeAll(keepingCapacity: true)
    isOrdered = true
  }
}

private func prefix(_ record: ArraySlice<UInt8>) -> UInt64 {
  var value: UInt64 = 0
  var index = record.startIndex
  for _ in 0..<8 {
    value <<= 8
    if index < record.endIndex {
      value |= UInt64(record[index])
      index += 1
    }
  }
  return value
}

private func precedes(_ a: ExternalSorter.Entry, _ b: ExternalSorter.Entry, _ arena: [UInt8]) -> Bool {
  if a.prefix != b.prefix { return a.prefix < b.prefix }
  return compareBytes(arena[a.offset..<a.offset + a.count], arena[b.offset..<b.offset + b.count]) < 0
}

/// Negative, zero or positive as `a` comes before, is, or comes after `b`, byte by byte.
package func compareBytes(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Int { compareBytes(a.span, b.span) }

/// A run in a scratch file.
struct SpilledRun: Sendable {
  let file: ScratchFile
  let start: Int
  let byteCount: Int
}

/// Writes length-prefixed records behind what a scratch file holds already.
private struct RunWriter: ~Copyable {
  private let file: ScratchFile
  private let start: Int
  private var buffer: [UInt8] = []

  init(_ file: ScratchFile) {
    self.file = file
    start = file.byteCount
  }

  mutating func write(_ record: ArraySlice<UInt8>) throws(FileError) {
    withUnsafeBytes(of: UInt32(record.count).littleEndian) { buffer.append(contentsOf: $0) }
    buffer.append(contentsOf: record)
    if buffer.count >= 1 << 20 { try flush() }
  }

  mutating func finish() throws(FileError) -> SpilledRun {
    try flush()
    return SpilledRun(file: file, start: start, byteCount: file.byteCount - start)
  }

  private mutating func flush() throws(FileError) {
    try file.append(buffer)
    buffer.removeAll(keepingCapacity: true)
  }
}

/// Records in order, one at a time.
package struct SortedRecords: ~Copyable {
  private let arena: [UInt8]
  private let entries: [ExternalSorter.Entry]
  private var next = 0
  private var readers: [RunReader] = []
  /// Readers as a binary heap, the one with the least record first.
  private var heap: [Int] = []

  init(arena: [UInt8], entries: [ExternalSorter.Entry]) {
    self.arena = arena
    self.entries = entries
  }

  init(runs: [SpilledRun]) throws(FileError) {
    arena = []
    entries = []
    let share = max(64 << 10, (16 << 20) / max(runs.count, 1))
    for run in runs {
      let reader = RunReader(run, bufferByteCount: share)
      if try reader.advance() {
        readers.append(reader)
        heap.append(readers.count - 1)
      }
    }
    for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
  }

  /// Puts the next record in `record`; false at the end.
  package mutating func read(_ record: inout [UInt8]) throws(FileError) -> Bool {
    record.removeAll(keepingCapacity: true)
    if readers.isEmpty {
      guard next < entries.count else { return false }
      let entry = entries[next]
      record.append(contentsOf: arena[entry.offset..<entry.offset + entry.count])
      next += 1
      return true
    }
    guard let least = heap.first else { return false }
    record.append(contentsOf: readers[least].record)
    if try readers[least].advance() {
      siftDown(0)
    } else {
      heap[0] = heap[heap.count - 1]
      heap.removeLast()
      if !heap.isEmpty { siftDown(0) }
    }
    return true
  }

  private mutating func siftDown(_ start: Int) {
    var parent = start
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isLess(heap[child], heap[least]) {
        least = child
      }
      if least == parent { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }

  private func isLess(_ a: Int, _ b: Int) -> Bool { readers[a].precedes(readers[b]) }
}

/// One spilled run, read in order.
private final class RunReader {
  private let run: SpilledRun
  private let bufferByteCount: Int
  private var buffer: [UInt8] = []
  private var position = 0
  private var offset = 0
  private var recordRange = 0..<0

  init(_ run: SpilledRun, bufferByteCount: Int) {
    self.run = run
    self.bufferByteCount = bufferByteCount
  }

  var record: ArraySlice<UInt8> { buffer[recordRange] }

  func precedes(_ other: RunReader) -> Bool {
    let (mine, others) = (buffer, other.buffer)
    return compareBytes(mine.span.extracting(recordRange), others.span.extracting(other.recordRange)) < 0
  }

  func advance() throws(FileError) -> Bool {
    guard try fill(4) else { return false }
    var count = 0
    for index in 0..<4 { count |= Int(buffer[position + index]) << (8 * index) }
    guard try fill(4 + count) else { throw FileError("read", "a spilled run", 0) }
    recordRange = position + 4..<position + 4 + count
    position += 4 + count
    return true
  }

  /// Makes sure that `count` bytes from `position` on are in the buffer; false at the end of the run.
  private func fill(_ count: Int) throws(FileError) -> Bool {
    if buffer.count - position >= count { return true }
    buffer.removeSubrange(..<position)
    position = 0
    while buffer.count < count && offset < run.byteCount {
      let wanted = min(max(bufferByteCount, count - buffer.count), run.byteCount - offset)
      try run.file.read(wanted, at: run.start + offset, appendingTo: &buffer)
      offset += wanted
    }
    return buffer.count >= count
  }
}
