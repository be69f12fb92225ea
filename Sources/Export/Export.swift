package import Hashing
package import Publication
internal import TableSchema
package import Tabular
package import Redaction
package import Versioning

/// Writes every file of a release, `release.json` last.
///
/// The same table, clock and keys give the same bytes.
package struct Export: Stage {
  package static let name = StageName.export
  private let site: Site
  private let key: SymmetricKey
  private let publishedAt: Instant
  private let isBackfill: Bool

  /// - Parameters:
  ///   - key: the workspace key; the release's salt is derived from it.
  ///   - publishedAt: when the release goes out, whatever day its data are of.
  ///   - isBackfill: the data are a delivery of the past.
  package init(site: Site, key: SymmetricKey, publishedAt: Instant, isBackfill: Bool = false) {
    self.site = site
    self.key = key
    self.publishedAt = publishedAt
    self.isBackfill = isBackfill
  }

  package func run(_ table: VersionedTable, in run: Run) async throws -> ReleaseCandidate {
    let folder = run.folder(of: Self.name)
    let rows = try await RowFiles(of: table, readMe: readMe(of: table, site: site), in: folder, run)
    var files = rows.files
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
      table: table, files: files, site: site, now: run.clock.now, publishedAt: publishedAt, isBackfill: isBackfill,
      salt: key.derived(for: [
        "daylight salt v1", table.dataset.id.description, table.release.description, table.content.hex,
      ]).bytes)
    let saved = try save(record.json, "release.json", in: folder)
    files.append(ReleaseFile(name: "release.json", role: .record, mediaType: "application/json", file: saved, raw: nil))
    return ReleaseCandidate(
      dataset: table.dataset, schema: table.schema, record: record, files: files, rowCount: table.rowCount,
      blocks: rows.blocks, summary: table.summary)
  }

  private func save(_ json: JSON, _ name: String, in folder: String) throws -> WorkFile {
    var output = try OutputFile(path: "\(folder)/\(name)")
    try output.write(json.prettyBytes)
    return try output.finish()
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
  /// What lies between the flush points of a gzip file.
  package let segments: [GzipSegment]

  init(
    name: String, role: Role, mediaType: String, file: WorkFile, raw: (byteCount: Int, digest: Digest)?,
    segments: [GzipSegment] = []
  ) {
    self.name = name
    self.role = role
    self.mediaType = mediaType
    self.file = file
    self.raw = raw
    self.segments = segments
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
  /// Which segments of the packed rows hold the same rows.
  package let blocks: [RowBlock]
  package let summary: PrivacySummary

  init(
    dataset: Dataset, schema: PublicSchema, record: ReleaseRecord, files: [ReleaseFile], rowCount: Int,
    blocks: [RowBlock], summary: PrivacySummary
  ) {
    self.summary = summary
    self.dataset = dataset
    self.schema = schema
    self.record = record
    self.files = files
    self.rowCount = rowCount
    self.blocks = blocks
  }
}
