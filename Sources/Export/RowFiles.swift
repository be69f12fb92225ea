internal import Hashing
internal import Publication
internal import Redaction
internal import TableSchema
internal import Tabular
internal import Versioning

/// The rows of a release, written in each packed format.
///
/// A block is the most whole rows of at most a MiB of CSV: it is one segment of `data.csv.gz`, and the same rows are one or more
/// segments of `data.json.gz`. So every flush point stands between two rows.
struct RowFiles {
  private(set) var files: [ReleaseFile] = []
  private(set) var blocks: [RowBlock] = []

  /// Reads the rows once: a worker takes a block, renders, packs, and the blocks are written in order.
  init(of table: VersionedTable, in folder: String, _ run: Run) async throws {
    let fields = table.schema.schema.fields
    let renderer = JSONRowRenderer(columns: fields.map { ($0.name, $0.type.jsonKind) })
    let (hasCSV, hasJSON) = (table.formats.contains(.csv), table.formats.contains(.json))
    let csvPath = "\(folder)/\(RowFormat.csv.fileName)"
    let jsonPath = "\(folder)/\(RowFormat.json.fileName)"
    var csv = try hasCSV ? GzipWriter(path: csvPath) : nil
    var json = try hasJSON ? GzipWriter(path: jsonPath) : nil
    var hash = SHA256()
    var jsonByteCount = 0
    var doneByteCount = 0
    var blocks: [RowBlock] = []
    let chunks = RecordChunks(
      try FileByteSource(path: table.rows.path), layout: CanonicalRows.layout, chunkByteCount: GzipWriter.blockByteCount
    )
    try await ordered(
      run.parallelism, make: { BlockWork(renderer) },
      work: { try $0.take(from: chunks, hasCSV: hasCSV, hasJSON: hasJSON) },
      collect: { block in
        if let segment = block.csv { try csv?.append(segment) }
        for segment in block.json { try json?.append(segment) }
        if hasJSON {
          block.text.withBytes { hash.update($0.bytes) }
          jsonByteCount += block.text.count
        }
        blocks.append(RowBlock(rowCount: block.rowCount, jsonSegmentCount: block.json.count))
        doneByteCount += block.byteCount
        run.progress(
          .advanced(.export, table.dataset.id, byteCount: doneByteCount, total: table.rows.byteCount))
      })
    self.blocks = blocks
    if let segments = csv?.segments, let file = try csv?.finish() {
      files.append(
        ReleaseFile(
          name: RowFormat.csv.fileName, role: .data, mediaType: "text/csv", file: file,
          raw: (table.rows.byteCount, table.rows.digest), segments: segments))
    }
    if let segments = json?.segments, let file = try json?.finish() {
      files.append(
        ReleaseFile(
          name: RowFormat.json.fileName, role: .data, mediaType: "application/json", file: file,
          raw: (jsonByteCount, hash.digest()), segments: segments))
    }
  }
}

/// Rows that stand in one segment of the CSV file, and in so many of the JSON file.
package struct RowBlock: Sendable {
  /// The header not counted.
  package let rowCount: Int
  package let jsonSegmentCount: Int
}

/// A worker's state: one block, and what becomes of it.
private struct BlockWork: ~Copyable {
  private let renderer: JSONRowRenderer
  private var batch = RecordBatch(layout: CanonicalRows.layout)
  private var deflater = SegmentDeflater()
  /// The block's rows as JSON.
  private(set) var text = TextBuffer(capacity: 3 << 20)
  private(set) var csv: PackedSegment?
  private(set) var json: [PackedSegment] = []
  private(set) var rowCount = 0
  private(set) var byteCount = 0

  init(_ renderer: JSONRowRenderer) { self.renderer = renderer }

  mutating func take(from chunks: RecordChunks, hasCSV: Bool, hasJSON: Bool) throws -> Int? {
    guard let chunk = try batch.fill(from: chunks) else { return nil }
    byteCount = batch.limit
    csv = hasCSV ? PackedSegment(batch.bytes, 0..<byteCount, with: &deflater) : nil
    try render(isFirst: chunk.number == 0, isLast: chunk.isLast, packs: hasJSON)
    return chunk.number
  }

  /// Renders the rows as the lines of a JSON array, so that tools that read line by line need only cut the commas.
  private mutating func render(isFirst: Bool, isLast: Bool, packs: Bool) throws {
    text.removeAll()
    json.removeAll(keepingCapacity: true)
    rowCount = 0
    if isFirst { text.append(arrayStart) }
    var isHeader = isFirst
    var segmentStart = 0
    var lineStart = text.count
    /// A row is held back until it is known whether another one follows.
    while try batch.next() {
      for record in batch.rows {
        if isHeader {
          isHeader = false
          continue
        }
        if rowCount > 0 { text.append(rowEnd) }
        if packs && text.count - segmentStart > GzipWriter.blockByteCount && lineStart > segmentStart {
          json.append(PackedSegment(text, segmentStart..<lineStart, with: &deflater))
          segmentStart = lineStart
        }
        lineStart = text.count
        if packs { renderer.append(batch, record, to: &text) }
        rowCount += 1
      }
    }
    if rowCount > 0 { text.append(isLast ? lastRowEnd : rowEnd) }
    if isLast { text.append(arrayEnd) }
    guard packs else { return }
    if text.count - segmentStart > GzipWriter.blockByteCount && lineStart > segmentStart {
      json.append(PackedSegment(text, segmentStart..<lineStart, with: &deflater))
      segmentStart = lineStart
    }
    json.append(PackedSegment(text, segmentStart..<text.count, with: &deflater))
  }
}

private let arrayStart = Array("[\n".utf8)
private let rowEnd = Array(",\n".utf8)
private let lastRowEnd = Array("\n".utf8)
private let arrayEnd = Array("]\n".utf8)
