internal import Hashing
package import Publication
package import Redaction
package import TableSchema
package import Tabular

/// Orders the rows, compares them with the last release, says what changed and gives the version.
package struct Compare: Stage {
  package static let name = StageName.versioning
  private let previous: PreviousRelease?
  private let past: PastReleases?

  /// - Parameters:
  ///   - previous: the release in force; nil where there is none.
  ///   - past: what is known of releases that are not there any more.
  package init(previous: PreviousRelease?, past: PastReleases? = nil) {
    self.previous = previous
    self.past = past
  }

  package func run(_ table: PublicTable, in run: Run) async throws -> Comparison {
    let schema = table.schema.schema
    let dataset = table.dataset
    let keyNames = dataset.orderingKey
    // The bytes of the last release are in order, and none of them is new.
    if let previous, previous.content == contentDigest(of: table.rows, schema: schema, dataset: dataset) {
      return .unchanged
    }
    let key = RowKey(keyNames, schema: schema)
    let common = previous.map { CommonColumns(previous: $0.schema, current: schema) }
    let isComparable =
      previous.map { RowKey(keyNames, schema: $0.schema).isSame(as: key) && $0.keyNames == keyNames } ?? false

    // Where the columns differ, only whole-table facts are compared unless a key says which row is which.
    let isCompared = isComparable && (!key.isEmpty || common?.isWhole == true)
    let current = OrderedTable(
      key: key, compared: common?.isWhole == false ? common?.currentColumns : nil, columnCount: schema.fields.count)
    var earlier: PreviousRows?
    if let previous, isCompared {
      earlier = try await PreviousRows(
        previous, key: RowKey(keyNames, schema: previous.schema),
        compared: common?.isWhole == false ? common?.previousColumns : nil, hash: current.hash, run)
    }
    let (file, changes) = try await current.order(table.rows, beside: &earlier, in: run) { byteCount in
      run.progress(.advanced(Self.name, dataset.id, byteCount: byteCount, total: table.rows.byteCount))
    }
    let counts = isCompared ? changes : nil
    let content = contentDigest(of: file, schema: schema, dataset: dataset)

    guard let previous else {
      // What was taken back cannot be compared any more; its versions go on all the same, so that none stands for two tables.
      let isContinued = past.map { $0.isWithdrawn || $0.version != nil } ?? false
      let change = Change(
        level: isContinued ? .major : .first, reasons: [isContinued ? .reinstated : .first], rowsBefore: nil,
        rowsAfter: table.rowCount, rows: nil)
      return .changed(
        VersionedTable(
          dataset: dataset, schema: table.schema, rows: file, rowCount: table.rowCount,
          release: past?.last.next(on: run.clock.today) ?? ReleaseID(date: run.clock.today, number: 1),
          version: isContinued ? change.level.next(after: past?.version ?? Version(1, 0, 0)) : Version(1, 0, 0),
          change: change, content: content,
          previous: nil, issued: past?.issued ?? run.clock.now, summary: table.summary))
    }
    if previous.content == content { return .unchanged }
    try checkRowCount(table, previous: previous)
    let change = Change(previous: previous, current: table, keyNames: keyNames, rows: counts)
    return .changed(
      VersionedTable(
        dataset: dataset, schema: table.schema, rows: file, rowCount: table.rowCount,
        release: max(previous.release, past?.last ?? previous.release).next(on: run.clock.today),
        version: change.level.next(after: previous.version),
        change: change,
        content: content, previous: previous.release, issued: previous.issued, summary: table.summary))
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

/// Releases that are not there any more: taken back, or lost with the public root.
package struct PastReleases: Sendable {
  /// The newest release id that was ever used.
  package let last: ReleaseID
  /// The version of the last one; nil where nobody knows it.
  package let version: Version?
  /// When the dataset was first released.
  package let issued: Instant?
  package let isWithdrawn: Bool

  package init(last: ReleaseID, version: Version?, issued: Instant?, isWithdrawn: Bool) {
    self.last = last
    self.version = version
    self.issued = issued
    self.isWithdrawn = isWithdrawn
  }
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
  /// What lies between the flush points of that file; none where its record does not say.
  package let segments: [GzipSegment]
  /// What people read about it, as `descriptiveMetadata` gives it.
  package let metadata: JSON

  package init(
    release: ReleaseID, version: Version, content: Digest, schema: Schema, keyNames: [String], formats: [RowFormat],
    rowCount: Int,
    issued: Instant, rowsPath: String, segments: [GzipSegment], metadata: JSON
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
    self.segments = segments
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
  package let summary: PrivacySummary

  init(
    dataset: Dataset, schema: PublicSchema, rows: WorkFile, rowCount: Int, release: ReleaseID, version: Version,
    change: Change,
    content: Digest, previous: ReleaseID?, issued: Instant, summary: PrivacySummary
  ) {
    self.summary = summary
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
