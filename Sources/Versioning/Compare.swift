internal import Hashing
package import Publication
package import Redaction
package import TableSchema
package import Tabular

/// Orders the rows, compares them with the last release, says what changed and gives the version.
package struct Compare: Stage {
  package static let name = StageName.versioning
  private let previous: PreviousRelease?
  private let lastID: ReleaseID?

  /// - Parameters:
  ///   - previous: the release in force; nil for the first.
  ///   - lastID: the newest release id that was ever used, where nothing is in force any more.
  package init(previous: PreviousRelease?, lastID: ReleaseID? = nil) {
    self.previous = previous
    self.lastID = lastID
  }

  package func run(_ table: PublicTable, in run: Run) async throws -> Comparison {
    let folder = run.folder(of: Self.name)
    let schema = table.schema.schema
    let dataset = table.dataset
    let keyNames = dataset.orderingKey
    let key = RowKey(keyNames, schema: schema)
    let common = previous.map { CommonColumns(previous: $0.schema, current: schema) }
    let isComparable =
      previous.map { RowKey(keyNames, schema: $0.schema).isSame(as: key) && $0.keyNames == keyNames } ?? false

    let currentColumns = common?.isWhole == true || !isComparable ? nil : common?.currentColumns
    let source = try FileByteSource(path: table.rows.path)
    var rows = try OrderedRows(
      RecordReader(canonical: source), skipsHeader: false, key: key, projection: currentColumns,
      columnCount: schema.fields.count, folder: folder, memoryBudget: run.memoryBudget)

    // Where the columns differ, only whole-table facts are compared unless a key says which row is which.
    var counts: RowChanges?
    var output = try OutputFile(path: "\(folder)/data.csv")
    try output.write(CanonicalRows.header(schema.fields.map(\.name)))
    if let previous, isComparable, key.isEmpty ? common?.isWhole == true : true {
      let before = try InflatingByteSource(FileByteSource(path: previous.rowsPath))
      let beforeColumns = common?.isWhole == true ? nil : common?.previousColumns
      var previousRows = try OrderedRows(
        RecordReader(canonical: before), skipsHeader: true,
        key: RowKey(keyNames, schema: previous.schema),
        projection: beforeColumns, columnCount: previous.schema.fields.count, folder: folder,
        memoryBudget: run.memoryBudget)
      counts = try compare(&previousRows, &rows, key: key, writing: &output)
    } else {
      try write(&rows, key: key, to: &output)
    }
    let file = try output.finish()
    let content = contentDigest(of: file, schema: schema, dataset: dataset)
    run.progress(.advanced(Self.name, dataset.id, byteCount: file.byteCount, total: file.byteCount))

    guard let previous else {
      let change = Change(level: .first, reasons: [.first], rowsBefore: nil, rowsAfter: table.rowCount, rows: nil)
      return .changed(
        VersionedTable(
          dataset: dataset, schema: table.schema, rows: file, rowCount: table.rowCount,
          release: lastID?.next(on: run.clock.today) ?? ReleaseID(date: run.clock.today, number: 1),
          version: Version(1, 0, 0), change: change,
          content: content,
          previous: nil, issued: run.clock.now))
    }
    if previous.content == content { return .unchanged }
    try checkRowCount(table, previous: previous)
    let change = Change(previous: previous, current: table, keyNames: keyNames, rows: counts)
    return .changed(
      VersionedTable(
        dataset: dataset, schema: table.schema, rows: file, rowCount: table.rowCount,
        release: previous.release.next(on: run.clock.today), version: change.level.next(after: previous.version),
        change: change,
        content: content, previous: previous.release, issued: previous.issued))
  }

  private func checkRowCount(_ table: PublicTable, previous: PreviousRelease) throws {
    guard let percent = table.dataset.assertions.rowCountChangePercent, previous.rowCount > 0 else { return }
    let difference = abs(table.rowCount - previous.rowCount)
    guard difference * 100 > percent * previous.rowCount else { return }
    throw Refusal(
      Report(
        stage: .versioning,
        findings: [
          Finding(
            .rowCountChange, rule: "change", limit: "\(percent)%", detail: "\(previous.rowCount) → \(table.rowCount)")
        ],
        rowCount: table.rowCount))
  }

  /// The digest of what makes a release: rows, schema, descriptive metadata, formats.
  ///
  /// When it is the same there is nothing to release.
  private func contentDigest(of rows: WorkFile, schema: Schema, dataset: Dataset) -> Digest {
    let content = JSON.members([
      ("rows", .string(rows.digest.hex)), ("schema", schema.json), ("metadata", descriptiveMetadata(of: dataset)),
      ("formats", .array(dataset.formats(rowByteCount: rows.byteCount).map { .string($0.rawValue) })),
      ("key", .array(dataset.orderingKey.map { .string($0) })),
    ])
    return SHA256.hash(content.compactBytes)
  }
}

extension VersionedTable {
  /// The formats that its rows are written in.
  package var formats: [RowFormat] { dataset.formats(rowByteCount: rows.byteCount) }
}

/// Whether there is something new to release.
package enum Comparison: Sendable {
  case unchanged
  case changed(VersionedTable)
}

/// The release in force, as far as a comparison needs it.
package struct PreviousRelease: Sendable {
  package let release: ReleaseID
  package let version: Version
  package let content: Digest
  package let schema: Schema
  package let keyNames: [String]
  package let formats: [RowFormat]
  package let rowCount: Int
  /// When the dataset was first released.
  package let issued: Instant
  /// Its `data.csv.gz`.
  package let rowsPath: String
  /// What people read about it, as `descriptiveMetadata` gives it.
  package let metadata: JSON

  package init(
    release: ReleaseID, version: Version, content: Digest, schema: Schema, keyNames: [String], formats: [RowFormat],
    rowCount: Int,
    issued: Instant, rowsPath: String, metadata: JSON
  ) {
    self.release = release
    self.version = version
    self.content = content
    self.schema = schema
    self.keyNames = keyNames
    self.formats = formats
    self.rowCount = rowCount
    self.issued = issued
    self.rowsPath = rowsPath
    self.metadata = metadata
  }
}

/// A public table in order, with its version and what changed.
///
/// Only versioning can make one.
package struct VersionedTable: Sendable {
  package let dataset: Dataset
  package let schema: PublicSchema
  /// `data.csv` as it is published, header included.
  package let rows: WorkFile
  package let rowCount: Int
  package let release: ReleaseID
  package let version: Version
  package let change: Change
  package let content: Digest
  package let previous: ReleaseID?
  package let issued: Instant

  init(
    dataset: Dataset, schema: PublicSchema, rows: WorkFile, rowCount: Int, release: ReleaseID, version: Version,
    change: Change,
    content: Digest, previous: ReleaseID?, issued: Instant
  ) {
    self.dataset = dataset
    self.schema = schema
    self.rows = rows
    self.rowCount = rowCount
    self.release = release
    self.version = version
    self.change = change
    self.content = content
    self.previous = previous
    self.issued = issued
  }
}
