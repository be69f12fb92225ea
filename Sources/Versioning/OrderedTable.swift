internal import Publication
internal import TableSchema
internal import Tabular

/// A table on its way into the order of its keys, and into comparison with the release before.
struct OrderedTable {
  private let key: RowKey
  private let compared: [Int]?
  private let columnCount: Int
  let hash = KeyedHash.random()

  init(key: RowKey, compared: [Int]?, columnCount: Int) {
    self.key = key
    self.compared = compared
    self.columnCount = columnCount
  }

  /// The rows in order, in the file that they were in where they had that order already, and what of them is new, gone or changed.
  ///
  /// - Parameters:
  ///   - earlier: the rows of the release before; nil where there is nothing to compare.
  ///   - advanced: told how many bytes were read.
  /// - Throws: `Refusal` for a key that occurs twice: such rows could not be told apart in the next release.
  func order(
    _ rows: WorkFile, beside earlier: inout PreviousRows?, in run: Run, advanced: (Int) -> Void
  ) async throws -> (WorkFile, RowChanges) {
    do {
      return (rows, try await merge(rows, beside: &earlier, in: run, advanced))
    } catch is OutOfOrder {
      let folder = run.folder(of: .versioning)
      let sort = try await RowSort(rows.path, key: key, folder: folder, run.parallelism)
      let header = try firstLine(of: rows.path)
      // All rows are in the sort's scratch file now; what the system kept of the old file in memory serves the new one.
      try removeTree(rows.path)
      let sorted = try await sort.write(after: header, to: "\(folder)/data.csv")
      try earlier?.rewind()
      return (sorted, try await merge(sorted, beside: &earlier, in: run, advanced))
    }
  }

  private func firstLine(of path: String) throws -> [UInt8] {
    var text = RecordReader(canonical: try FileByteSource(path: path))
    guard try text.next() else { return [] }
    return Array(text.batch.recordBytes(0)) + [0x0a]
  }

  /// Reads rows that should be in order, on all cores, and goes along the earlier ones.
  private func merge(
    _ rows: WorkFile, beside earlier: inout PreviousRows?, in run: Run, _ advanced: (Int) -> Void
  ) async throws -> RowChanges {
    let chunks = RecordChunks(
      try FileByteSource(path: rows.path), layout: CanonicalRows.layout, chunkByteCount: run.parallelism.chunkByteCount)
    var merge = Merge(earlier: earlier.take(), isKeyed: !key.isEmpty)
    defer { earlier = merge.earlier }
    var byteCount = 0
    try await ordered(
      run.parallelism,
      make: { KeyedRows(key, compared: compared, columnCount: columnCount, hash: hash, skipsHeader: true) },
      work: { try $0.take(from: chunks) },
      collect: { work in
        try merge.add(work)
        byteCount += work.byteCount
        advanced(byteCount)
      })
    try merge.finish()
    guard merge.duplicateCount == 0 else {
      let finding = Finding(.releaseKey, count: merge.duplicateCount)
      throw Refusal(Report(stage: .versioning, findings: [finding], rowCount: merge.rowCount))
    }
    return merge.changes
  }
}

/// The rows are not in the order of their keys yet.
private struct OutOfOrder: Error {}

/// Two ordered tables side by side: what is new, gone and changed.
private struct Merge {
  var earlier: PreviousRows?
  private let isKeyed: Bool
  private var hasEarlier = false
  private(set) var changes = RowChanges()
  private(set) var duplicateCount = 0
  private(set) var rowCount = 0
  private var lastKey: [UInt8] = []

  init(earlier: PreviousRows?, isKeyed: Bool) {
    self.earlier = earlier
    self.isKeyed = isKeyed
  }

  mutating func add(_ chunk: borrowing KeyedRows) throws {
    guard chunk.rowCount > 0 else { return }
    guard chunk.isOrdered else { throw OutOfOrder() }
    if rowCount == 0 {
      hasEarlier = try earlier?.next() ?? false
    } else {
      let order = chunk.first.withBytes { compareBytes(lastKey.span, $0) }
      guard order <= 0 else { throw OutOfOrder() }
      if order == 0 && isKeyed { duplicateCount += 1 }
    }
    rowCount += chunk.rowCount
    duplicateCount += chunk.duplicateCount
    lastKey = chunk.last.copy()
    if earlier != nil { try chunk.entries.withBytes { try mergeEntries($0) } }
  }

  private mutating func mergeEntries(_ entries: Span<UInt8>) throws {
    var position = 0
    while position < entries.count {
      var count = 0
      for place in 0..<4 { count |= Int(entries[position + place]) << (8 * place) }
      let key = entries.extracting(position + 4..<position + 4 + count)
      let hash = entries.extracting(position + 4 + count..<position + 20 + count)
      position += 20 + count
      var isKnown = false
      while hasEarlier, let order = earlier?.entries.compareKey(to: key), order <= 0 {
        if order == 0 {
          isKnown = true
          if earlier?.entries.hasHash(hash) == false { changes.changed += 1 }
        } else {
          changes.removed += 1
        }
        hasEarlier = try earlier?.next() ?? false
        if isKnown { break }
      }
      if !isKnown { changes.added += 1 }
    }
  }

  mutating func finish() throws {
    if rowCount == 0 { hasEarlier = try earlier?.next() ?? false }
    while hasEarlier {
      changes.removed += 1
      hasEarlier = try earlier?.next() ?? false
    }
  }
}

/// The rows of the release before, in order: keys, and hashes of what is compared, in a scratch file.
struct PreviousRows {
  private(set) var entries: KeyedEntries
  private let file: ScratchFile

  init(
    _ previous: PreviousRelease, key: RowKey, compared: [Int]?, hash: KeyedHash, _ run: Run
  ) async throws {
    let scratch = try ScratchFile(folder: run.folder(of: .versioning))
    let columnCount = previous.schema.fields.count
    func make() -> KeyedRows {
      KeyedRows(key, compared: compared, columnCount: columnCount, hash: hash, skipsHeader: true)
    }
    var sum = RunningChecksum()
    var isOrdered = true
    var lastKey: [UInt8] = []
    func collect(_ work: borrowing KeyedRows) throws {
      sum.append(work.checksum, byteCount: work.byteCount)
      guard work.rowCount > 0 else { return }
      isOrdered =
        isOrdered && work.isOrdered && (lastKey.isEmpty || work.first.withBytes { compareBytes(lastKey.span, $0) } <= 0)
      lastKey = work.last.copy()
      try scratch.append(work.entries)
    }
    if previous.segments.isEmpty {
      let text = try InflatingByteSource(FileByteSource(path: previous.rowsPath))
      let chunks = RecordChunks(text, layout: CanonicalRows.layout, chunkByteCount: run.parallelism.chunkByteCount)
      try await ordered(
        run.parallelism, make: make, work: { try $0.take(from: chunks) }, collect: { try collect($0) })
    } else {
      let segments = try PackedSegments(path: previous.rowsPath, previous.segments)
      try await ordered(
        run.parallelism, make: make, work: { try $0.take(from: segments) }, collect: { try collect($0) })
      try segments.checkTrailer(sum)
    }
    file = isOrdered ? scratch : try Self.sorted(scratch, run)
    entries = KeyedEntries(file)
  }

  /// A release that was put in another order, by an earlier version say.
  private static func sorted(_ scratch: ScratchFile, _ run: Run) throws -> ScratchFile {
    let folder = run.folder(of: .versioning)
    var sorter = ExternalSorter(folder: folder, memoryBudget: run.memoryBudget)
    var entries = KeyedEntries(scratch)
    while let entry = try entries.nextWhole() { try sorter.add(entry) }
    let result = try ScratchFile(folder: folder)
    var sorted = try sorter.sorted()
    var entry: [UInt8] = []
    var buffer = TextBuffer()
    while try sorted.read(&entry) {
      buffer.append(littleEndian: UInt64(entry.count - 16), byteCount: 4)
      buffer.append(entry)
      if buffer.count >= 1 << 18 {
        try result.append(buffer)
        buffer.removeAll()
      }
    }
    try result.append(buffer)
    return result
  }

  mutating func next() throws -> Bool { try entries.next() }

  /// Goes back to before the first row.
  mutating func rewind() throws { entries = KeyedEntries(file) }
}
