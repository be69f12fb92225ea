internal import Hashing
internal import Publication
internal import Redaction
internal import TableSchema
package import Tabular
internal import Versioning

/// The rows of a release, written in each packed format.
///
/// A block is the most whole rows of at most a MiB of CSV: it is one segment of `data.csv.gz`, and the same rows are one or more
/// segments of `data.json.gz`. So every flush point stands between two rows.
struct RowFiles {
  private(set) var files: [ReleaseFile] = []
  private(set) var blocks: [RowBlock] = []

  /// Reads the rows once: a worker takes a block, renders, packs, and the blocks are written in order.
  ///
  /// - Parameter readMe: goes into the zip file.
  init(of table: VersionedTable, readMe: [UInt8], in folder: String, _ run: Run) async throws {
    let fields = table.schema.schema.fields
    let renderer = JSONRowRenderer(columns: fields.map { ($0.name, $0.type.jsonKind) })
    let formats = table.formats
    let (hasCSV, hasJSON) = (formats.contains(.csv), formats.contains(.json))
    let csvPath = "\(folder)/\(RowFormat.csv.fileName)"
    let jsonPath = "\(folder)/\(RowFormat.json.fileName)"
    var csv = try hasCSV ? GzipWriter(path: csvPath) : nil
    var json = try hasJSON ? GzipWriter(path: jsonPath) : nil
    var deflater = SegmentDeflater()
    var sheet = try formats.contains(.zip) ? ZipMember("\(table.dataset.id.name).csv", folder: folder) : nil
    try sheet?.append(SpreadsheetText.mark, with: &deflater)
    var hash = SHA256()
    var jsonByteCount = 0
    var doneByteCount = 0
    var blocks: [RowBlock] = []
    let chunks = RecordChunks(
      try FileByteSource(path: table.rows.path), layout: CanonicalRows.layout, chunkByteCount: GzipWriter.blockByteCount
    )
    try await ordered(
      run.parallelism, make: { BlockWork(renderer, SpreadsheetText(table.schema.schema)) },
      work: { try $0.take(from: chunks, formats) },
      collect: { block in
        if let segment = block.csv { try csv?.append(segment) }
        for segment in block.json { try json?.append(segment) }
        if hasJSON {
          block.text.withBytes { hash.update($0.bytes) }
          jsonByteCount += block.text.count
        }
        if let segment = block.sheet { try sheet?.append(segment) }
        blocks.append(
          RowBlock(
            rowCount: block.rowCount, jsonSegmentCount: block.json.count,
            sheet: block.sheet.map {
              GzipSegment(packedByteCount: $0.packed.count, byteCount: $0.byteCount)
            }))
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
    if let sheet {
      var text = try ZipMember("README.txt", folder: folder)
      try text.append(readMe, with: &deflater)
      var zip = try ZipWriter(path: "\(folder)/\(RowFormat.zip.fileName)")
      try zip.add(sheet)
      try zip.add(text)
      files.append(
        ReleaseFile(
          name: RowFormat.zip.fileName, role: .data, mediaType: "application/zip", file: try zip.finish(), raw: nil))
    }
  }
}

/// Rows that stand in one segment of the CSV file, in so many of the JSON file, and in one of the zip file.
package struct RowBlock: Sendable {
  /// The header not counted.
  package let rowCount: Int
  package let jsonSegmentCount: Int
  /// Nil where there is no zip file.
  package let sheet: GzipSegment?
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
  private(set) var sheet: PackedSegment?
  private var sheetText: SpreadsheetText
  private(set) var rowCount = 0
  private(set) var byteCount = 0

  init(_ renderer: JSONRowRenderer, _ sheetText: consuming SpreadsheetText) {
    self.renderer = renderer
    self.sheetText = sheetText
  }

  mutating func take(from chunks: RecordChunks, _ formats: [RowFormat]) throws -> Int? {
    guard let chunk = try batch.fill(from: chunks) else { return nil }
    byteCount = batch.limit
    let hasSheet = formats.contains(.zip)
    let plain =
      hasSheet || formats.contains(.csv) ? PackedSegment(batch.bytes, 0..<byteCount, with: &deflater) : nil
    csv = formats.contains(.csv) ? plain : nil
    sheetText.removeAll()
    try render(isFirst: chunk.number == 0, isLast: chunk.isLast, packs: formats.contains(.json), hasSheet: hasSheet)
    sheet = hasSheet ? plain : nil
    if sheetText.isChanged {
      sheet = PackedSegment(sheetText.bytes, 0..<sheetText.bytes.count, with: &deflater)
    }
    return chunk.number
  }

  /// Renders the rows as the lines of a JSON array, so that tools that read line by line need only cut the commas.
  private mutating func render(isFirst: Bool, isLast: Bool, packs: Bool, hasSheet: Bool) throws {
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
        if hasSheet { sheetText.add(batch, record, isHeader: isHeader) }
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
