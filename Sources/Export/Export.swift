package import Hashing
package import Publication
internal import TableSchema
internal import Tabular
package import Redaction
package import Versioning

/// Writes every file of a release, `release.json` last.
///
/// The same table, clock and keys give the same bytes.
package struct Export: Stage {
  package static let name = StageName.export
  private let site: Site
  private let key: SymmetricKey

  /// - Parameter key: the workspace key; the release's salt is derived from it.
  package init(site: Site, key: SymmetricKey) {
    self.site = site
    self.key = key
  }

  package func run(_ table: VersionedTable, in run: Run) async throws -> ReleaseCandidate {
    let folder = run.folder(of: Self.name)
    // Compression is most of the work: the formats are written side by side.
    var files = try await withThrowingTaskGroup(of: ReleaseFile.self) { group in
      for format in table.formats { group.addTask { try write(table, as: format, in: run) } }
      return try await group.reduce(into: [ReleaseFile]()) { $0.append($1) }
    }
    files.sort { $0.name < $1.name }
    let descriptors = [
      ("datapackage.json", "application/json", dataPackage(of: table, files: files, site: site, now: run.clock.now)),
      ("croissant.json", "application/ld+json", croissant(of: table, files: files, site: site, now: run.clock.now)),
    ]
    for (name, mediaType, json) in descriptors {
      files.append(
        ReleaseFile(
          name: name, role: .descriptor, mediaType: mediaType, file: try save(json, name, in: folder), raw: nil))
    }
    let record = ReleaseRecord(
      table: table, files: files, site: site, now: run.clock.now,
      salt: key.derived(for: [
        "daylight salt v1", table.dataset.id.description, table.release.description, table.content.hex,
      ]).bytes)
    let saved = try save(record.json, "release.json", in: folder)
    files.append(ReleaseFile(name: "release.json", role: .record, mediaType: "application/json", file: saved, raw: nil))
    return ReleaseCandidate(
      dataset: table.dataset, schema: table.schema, record: record, files: files, rowCount: table.rowCount)
  }

  private func write(_ table: VersionedTable, as format: RowFormat, in run: Run) throws -> ReleaseFile {
    let name = format.fileName
    let path = "\(run.folder(of: Self.name))/\(name)"
    switch format {
    case .csv:
      let packed = try compressRows(of: table, to: path, in: run)
      return ReleaseFile(
        name: name, role: .data, mediaType: "text/csv", file: packed, raw: (table.rows.byteCount, table.rows.digest))
    case .json:
      let (packed, raw) = try renderJSON(table, to: path, in: run)
      return ReleaseFile(
        name: name, role: .data, mediaType: "application/json", file: packed, raw: (raw.byteCount, raw.digest))
    case .zip:
      var zip = try ZipWriter(path: path)
      try zip.add("\(table.dataset.id.name).csv", SpreadsheetRows(of: table))
      try zip.add("README.txt", BytesSource(readMe(of: table, site: site)))
      return ReleaseFile(name: name, role: .data, mediaType: "application/zip", file: try zip.finish(), raw: nil)
    }
  }

  private func save(_ json: JSON, _ name: String, in folder: String) throws -> WorkFile {
    var output = try OutputFile(path: "\(folder)/\(name)")
    try output.write(json.prettyBytes)
    return try output.finish()
  }

  private func compressRows(of table: VersionedTable, to path: String, in run: Run) throws -> WorkFile {
    let source = try FileByteSource(path: table.rows.path)
    var output = try GzipWriter(path: path)
    var chunk: [UInt8] = []
    while try source.read(1 << 20, appendingTo: &chunk) {
      try output.write(chunk)
      chunk.removeAll(keepingCapacity: true)
      run.progress(.advanced(Self.name, table.dataset.id, byteCount: source.offset, total: 2 * table.rows.byteCount))
    }
    return try output.finish()
  }

  /// An array of objects, one a line, so that tools that read line by line need only cut the commas.
  private func renderJSON(_ table: VersionedTable, to path: String, in run: Run) throws -> (WorkFile, WorkFile) {
    let source = try FileByteSource(path: table.rows.path)
    var reader = RecordReader(canonical: source)
    let fields = table.schema.schema.fields
    let renderer = JSONRowRenderer(columns: fields.map { ($0.name, $0.type.jsonKind) })
    var output = try GzipWriter(path: path)
    var hash = SHA256()
    var byteCount = 0
    var bytes: [UInt8] = Array("[".utf8)
    var isHeader = true
    var isFirst = true
    func flush() throws {
      hash.update(bytes)
      byteCount += bytes.count
      try output.write(bytes)
      bytes.removeAll(keepingCapacity: true)
    }
    while try reader.next() {
      for record in reader.batch.rows {
        if isHeader {
          isHeader = false
          continue
        }
        bytes.append(contentsOf: (isFirst ? "\n" : ",\n").utf8)
        isFirst = false
        renderer.append(reader.batch, record, to: &bytes)
      }
      try flush()
      run.progress(
        .advanced(
          Self.name, table.dataset.id, byteCount: table.rows.byteCount + source.offset, total: 2 * table.rows.byteCount)
      )
    }
    bytes.append(contentsOf: "\n]\n".utf8)
    try flush()
    return (try output.finish(), WorkFile(path: "", byteCount: byteCount, digest: hash.digest()))
  }
}

/// One file of a release.
package struct ReleaseFile: Sendable {
  package enum Role: String, Sendable { case data, descriptor, record }

  /// The name in the release's folder.
  package let name: String
  package let role: Role
  /// Of the data before compression.
  package let mediaType: String
  package let file: WorkFile
  /// Length and digest before compression, the same on every machine.
  package let raw: (byteCount: Int, digest: Digest)?

  init(name: String, role: Role, mediaType: String, file: WorkFile, raw: (byteCount: Int, digest: Digest)?) {
    self.name = name
    self.role = role
    self.mediaType = mediaType
    self.file = file
    self.raw = raw
  }
}

/// All files of a release, written but not yet looked at.
///
/// Only export can make one.
package struct ReleaseCandidate: Sendable {
  package let dataset: Dataset
  package let schema: PublicSchema
  package let record: ReleaseRecord
  package let files: [ReleaseFile]
  package let rowCount: Int

  init(dataset: Dataset, schema: PublicSchema, record: ReleaseRecord, files: [ReleaseFile], rowCount: Int) {
    self.dataset = dataset
    self.schema = schema
    self.record = record
    self.files = files
    self.rowCount = rowCount
  }
}
