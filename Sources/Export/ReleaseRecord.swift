internal import Hashing
package import Publication
internal import Redaction
package import TableSchema
package import Tabular
package import Versioning

/// `release.json`: the one record of a release that everything else is projected from (`schemas/release.schema.json`).
package struct ReleaseRecord: Sendable {
  package let dataset: DatasetID
  package let release: ReleaseID
  package let version: Version
  package let content: Digest
  package let issued: Instant
  /// The moment that the data are of.
  package let modified: Instant
  /// When it was published; nil in a record of an earlier version of Daylight, which did not tell the two apart.
  package let published: Instant?
  /// Published after its day, from a delivery of the past.
  package let isBackfill: Bool
  package let rowCount: Int
  package let schema: Schema
  package let json: JSON

  init(
    table: VersionedTable, files: [ReleaseFile], site: Site, now: Instant, publishedAt: Instant, isBackfill: Bool,
    salt: [UInt8]
  ) {
    dataset = table.dataset.id
    release = table.release
    version = table.version
    content = table.content
    issued = table.issued
    modified = now
    published = publishedAt
    self.isBackfill = isBackfill
    rowCount = table.rowCount
    schema = table.schema.schema
    let identifier = "\(site.identifierBase)/dataset/\(table.dataset.id)"
    json = .members([
      ("format", 1),
      ("dataset", .string(table.dataset.id.description)),
      ("identifier", .string(identifier)),
      ("release", .string(release.description)),
      ("version", .string(version.description)),
      ("status", "active"),
      ("issued", .string(issued.description)),
      ("modified", .string(modified.description)),
      ("published", .string(publishedAt.description)),
      ("backfill", isBackfill ? true : nil),
      ("previous", table.previous.map { .string($0.description) } ?? .null),
      ("change", table.change.json),
      ("metadata", descriptiveMetadata(of: table.dataset)),
      (
        "publisher", .members([("zh", .string(site.publisher.zh)), ("en", site.publisher.en.map { .string($0) })])
      ),
      ("key", .array(table.dataset.orderingKey.map { .string($0) })),
      ("row_count", .int(rowCount)),
      ("content_sha256", .string(content.hex)),
      ("schema", schema.json),
      ("privacy", privacyCertificate(of: table.summary)),
      ("encoder", .string(GzipWriter.encoder)),
      (
        "files",
        .array(
          files.map { file in
            .members([
              ("path", .string(file.name)), ("role", .string(file.role.rawValue)),
              ("media_type", .string(file.mediaType)),
              ("length", .int(file.file.byteCount)), ("sha256", .string(file.file.digest.hex)),
              ("compression", file.raw == nil ? nil : "gzip"),
              (
                "uncompressed",
                file.raw.map { .members([("length", .int($0.byteCount)), ("sha256", .string($0.digest.hex))]) }
              ),
              (
                "segments",
                file.segments.count < 2
                  ? nil
                  : .members([
                    ("packed", .array(file.segments.map { .int($0.packedByteCount) })),
                    ("unpacked", .array(file.segments.map { .int($0.byteCount) })),
                  ])
              ),
            ])
          })
      ),
      ("salt", .string(encodeHex(salt))),
    ])
  }

  /// Reads a published record; nil for one that is none.
  package init?(json: JSON) {
    func text(_ name: String) -> String? { json[name]?.text }
    guard let dataset = text("dataset").flatMap(DatasetID.init),
      let release = text("release").flatMap(ReleaseID.init),
      let version = text("version").flatMap(Version.init),
      let content = text("content_sha256").flatMap(Digest.init(hex:)),
      let issued = text("issued").flatMap(Instant.init), let modified = text("modified").flatMap(Instant.init),
      let rowCount = json["row_count"]?.integer, let descriptor = json["schema"],
      let schema = try? Schema(json: descriptor)
    else { return nil }
    self.dataset = dataset
    self.release = release
    self.version = version
    self.content = content
    self.issued = issued
    self.modified = modified
    published = text("published").flatMap(Instant.init)
    isBackfill = json["backfill"]?.boolean ?? false
    self.rowCount = rowCount
    self.schema = schema
    self.json = json
  }

  /// The release's folder below `data/` and `targets/`, and the prefix of its TUF target paths.
  package var folder: String { "\(dataset)/\(release)" }

  /// What the next comparison needs of this release.
  ///
  /// - Parameter rowsPath: its `data.csv.gz` in the public root.
  package func asPrevious(rowsPath: String) -> PreviousRelease {
    let files = json["files"]?.elements ?? []
    return PreviousRelease(
      release: release, version: version, content: content, schema: schema,
      keyNames: json["key"]?.elements?.compactMap(\.text) ?? [],
      formats: RowFormat.allCases.filter { format in files.contains { $0["path"]?.text == format.fileName }
      },
      rowCount: rowCount, issued: issued, rowsPath: rowsPath,
      segments: segments(of: files.first { $0["path"]?.text == RowFormat.csv.fileName }),
      metadata: json["metadata"] ?? .null)
  }

  private func segments(of file: JSON?) -> [GzipSegment] {
    let packed = file?["segments"]?["packed"]?.elements?.compactMap(\.integer) ?? []
    let unpacked = file?["segments"]?["unpacked"]?.elements?.compactMap(\.integer) ?? []
    guard packed.count == unpacked.count, (packed + unpacked).allSatisfy({ $0 >= 0 && $0 < 1 << 31 }) else { return [] }
    return zip(packed, unpacked).map { GzipSegment(packedByteCount: $0, byteCount: $1) }
  }
}
