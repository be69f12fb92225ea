internal import Publication
internal import Redaction
internal import TableSchema
internal import Tabular
internal import Versioning

/// `croissant.json`, so that machine-learning tools find files, digests and columns.
///
/// - Source: Croissant 1.0. `contentUrl` is relative to the release's folder, which works wherever that lies.
func croissant(of table: VersionedTable, files: [ReleaseFile], site: Site, now: Instant) -> JSON {
  let dataset = table.dataset
  return .members([
    ("@context", croissantContext),
    ("@type", "sc:Dataset"),
    ("conformsTo", "http://mlcommons.org/croissant/1.0"),
    ("@id", .string("\(site.identifierBase)/dataset/\(dataset.id)")),
    ("name", .string(dataset.id.name)),
    ("alternateName", .string(dataset.title.zh)),
    ("description", .string(dataset.description.zh)),
    ("version", .string(table.version.description)),
    ("datePublished", .string(now.date.description)),
    ("license", .string(dataset.license.path)),
    ("url", .string("\(site.baseURL)/datasets/\(dataset.id)/")),
    ("citeAs", .string("\(site.publisher.zh):\(dataset.title.zh),\(table.release)")),
    ("creator", .members([("@type", "sc:Organization"), ("name", .string(dataset.department.name.zh))])),
    ("publisher", .members([("@type", "sc:Organization"), ("name", .string(site.publisher.zh))])),
    (
      "distribution",
      .array(
        files.filter { $0.role == .data }.map { file in
          .members([
            ("@type", "cr:FileObject"), ("@id", .string(file.name)), ("name", .string(file.name)),
            ("contentUrl", .string(file.name)),
            ("contentSize", .string("\(file.file.byteCount) B")), ("encodingFormat", .string(file.mediaType)),
            ("sha256", .string(file.file.digest.hex)),
          ])
        })
    ),
    (
      "recordSet",
      [
        .members([
          ("@type", "cr:RecordSet"), ("@id", "rows"), ("name", "rows"),
          (
            "key",
            table.schema.schema.primaryKey.isEmpty
              ? nil : .array(table.schema.schema.primaryKey.map { .members([("@id", .string("rows/\($0)"))]) })
          ),
          ("field", .array(table.schema.schema.fields.map(croissantField))),
        ])
      ]
    ),
  ])
}

private func croissantField(_ field: SchemaField) -> JSON {
  let type =
    switch field.type {
    case .integer, .year: "sc:Integer"
    case .number: "sc:Float"
    case .boolean: "sc:Boolean"
    case .date: "sc:Date"
    case .datetime: "sc:DateTime"
    case .time: "sc:Time"
    case .string(.uri): "sc:URL"
    case .string, .object, .array, .list, .yearmonth, .duration, .geopoint, .geojson, .any: "sc:Text"
    }
  return .members([
    ("@type", "cr:Field"), ("@id", .string("rows/\(field.name)")), ("name", .string(field.name)),
    ("description", (field.description ?? field.title).map { .string($0.zh) }), ("dataType", .string(type)),
    (
      "source",
      .members([
        ("fileObject", .members([("@id", "data.csv.gz")])), ("extract", .members([("column", .string(field.name))])),
      ])
    ),
  ])
}

/// The official context of Croissant 1.0, member for member: tools compare it.
private let croissantContext: JSON = {
  let plain = [
    "citeAs", "column", "fileObject", "fileProperty", "fileSet", "extract", "field", "format", "includes",
    "isLiveDataset", "jsonPath", "key",
    "md5", "parentField", "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate",
    "separator", "source", "subField",
    "transform",
  ]
  func typed(_ id: String, _ type: String) -> JSON { .members([("@id", .string(id)), ("@type", .string(type))]) }
  let members: [(String, JSON?)] =
    [
      ("@language", "en"), ("@vocab", "https://schema.org/"), ("conformsTo", "dct:conformsTo"),
      ("cr", "http://mlcommons.org/croissant/"),
      ("rai", "http://mlcommons.org/croissant/RAI/"), ("data", typed("cr:data", "@json")),
      ("dataType", typed("cr:dataType", "@vocab")),
      ("dct", "http://purl.org/dc/terms/"), ("equivalentProperty", "cr:equivalentProperty"),
      ("examples", typed("cr:examples", "@json")),
      ("sc", "https://schema.org/"),
    ] + plain.map { ($0, .string("cr:\($0)")) }
  return .members(members.sorted { $0.0 < $1.0 })
}()
