internal import Publication
internal import Redaction
internal import TableSchema
internal import Tabular
internal import Versioning

/// `datapackage.json`, so that the release's folder is a Data Package that tools open at once.
///
/// `bytes` and `hash` are those of the stored, compressed file, as frictionless reads them.
/// - Source: Data Package v2.0.
func dataPackage(of table: VersionedTable, files: [ReleaseFile], site: Site, now: Instant) -> JSON {
  let dataset = table.dataset
  return .members([
    ("$schema", "https://datapackage.org/profiles/2.0/datapackage.json"),
    ("name", .string(dataset.id.name)),
    ("id", .string("\(site.identifierBase)/dataset/\(dataset.id)")),
    ("title", .string(dataset.title.zh)),
    ("description", .string(dataset.description.zh)),
    ("version", .string(table.version.description)),
    ("created", .string(now.description)),
    ("homepage", .string("\(site.baseURL)/datasets/\(dataset.id)/")),
    ("keywords", .array((dataset.keywords[.zh] ?? []).map { .string($0) })),
    (
      "licenses",
      [
        .members([
          ("name", .string(dataset.license.name)), ("title", .string(dataset.license.title.zh)),
          ("path", .string(dataset.license.path)),
        ])
      ]
    ),
    (
      "contributors",
      [
        .members([("title", .string(site.publisher.zh)), ("roles", ["publisher"])]),
        .members([("title", .string(dataset.department.name.zh)), ("roles", ["creator"])]),
      ]
    ),
    (
      "translations",
      .members([
        (
          "en",
          dataset.title.en == nil
            ? nil
            : .members([("title", .string(dataset.title[.en])), ("description", .string(dataset.description[.en]))])
        )
      ])
    ),
    ("release", .string(table.release.description)),
    ("resources", .array(files.filter { $0.mediaType == "text/csv" }.map { resource($0, table) })),
    // The same rows in other formats. Not resources: a package would then hold its rows twice.
    ("alternates", .array(files.filter { $0.role == .data && $0.mediaType != "text/csv" }.map(storedFile))),
  ])
}

private func resource(_ file: ReleaseFile, _ table: VersionedTable) -> JSON {
  let described: [(String, JSON?)] = [
    ("name", .string(table.dataset.id.name)), ("type", "table"), ("format", "csv"), ("encoding", "utf-8"),
    ("compression", "gz"),
    ("schema", table.schema.schema.json),
  ]
  return .object((storedFile(file).members ?? []) + (JSON.members(described).members ?? []))
}

private func storedFile(_ file: ReleaseFile) -> JSON {
  .members([
    ("path", .string(file.name)), ("mediatype", .string(file.mediaType)), ("bytes", .int(file.file.byteCount)),
    ("hash", .string("sha256:\(file.file.digest.hex)")),
  ])
}
