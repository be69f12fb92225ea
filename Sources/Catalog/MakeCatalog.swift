package import Approval
package import Export
internal import Hashing
package import Publication
package import TableSchema
internal import Tabular

/// Writes what spans datasets: DCAT catalogues, the index and one page a dataset, in Chinese and English.
///
/// Nothing here says when it was made: the same releases give the same bytes.
package struct MakeCatalog: Sendable {
  private let site: Site
  private let isTrial: Bool

  /// - Parameter isTrial: the keys were made on first run, not in a key ceremony; every page says so.
  package init(site: Site, isTrial: Bool) {
    self.site = site
    self.isTrial = isTrial
  }

  /// - Parameters:
  ///   - released: datasets with releases.
  ///   - listed: datasets of which only a description is published.
  ///   - withdrawals: datasets that were taken back, those that came again among them.
  ///   - standing: gives the page at a path, of a released dataset, where it would come out as it is published: it is not made again.
  package func callAsFunction(
    _ released: [CatalogEntry], listed: [ListedRecord], withdrawals: [Withdrawal] = [],
    standing: @escaping @Sendable (DatasetID, _ path: String) -> CatalogFile? = { _, _ in nil }
  ) async throws -> CatalogTree {
    let entries = (released + (try listed.map { try CatalogEntry(listed: $0) })).sorted {
      $0.dataset.id < $1.dataset.id
    }
    let pages = try Pages(site: site, isTrial: isTrial)
    async let graph = graphFiles(entries)
    async let indexes = inParallel(Language.allCases) { language in
      CatalogFile(path: "\(prefix(language))index.html", bytes: pages.index(entries, in: language))
    }
    let known = Dictionary(withdrawals.map { ($0.dataset, $0) }, uniquingKeysWith: { $1 })
    let datasetPages = try await inParallel(entries) { entry in
      Language.allCases.map { language in
        let path = "\(prefix(language))datasets/\(entry.dataset.id)/index.html"
        return standing(entry.dataset.id, path)
          ?? CatalogFile(
            path: path, bytes: pages.dataset(entry, withdrawal: known[entry.dataset.id], in: language))
      }
    }
    var files = try await graph + indexes + datasetPages.flatMap { $0 }
    files.append(CatalogFile(path: "style.css", bytes: Array(stylesheet.utf8)))
    for withdrawal in withdrawals where !withdrawal.isUndone {
      for language in Language.allCases {
        let page = pages.withdrawal(withdrawal, in: language)
        files.append(
          CatalogFile(path: "\(prefix(language))datasets/\(withdrawal.dataset)/index.html", bytes: page))
      }
    }
    return CatalogTree(files: files, listed: listed, withdrawals: withdrawals)
  }

  /// The page of one dataset as it would be, with its style in it, so that it can be looked at alone.
  package func page(of entry: CatalogEntry, withdrawal: Withdrawal?, in language: Language) throws -> [UInt8] {
    let page = try Pages(site: site, isTrial: isTrial).dataset(entry, withdrawal: withdrawal, in: language)
    let html = String(decoding: page, as: UTF8.self)
    return Array(html.replacing("</head>", with: "<style>\(stylesheet)</style></head>").utf8)
  }

  /// The DCAT catalogue in its two forms.
  private func graphFiles(_ entries: [CatalogEntry]) async throws -> [CatalogFile] {
    let graph = catalogGraph(entries, site: site)
    return try await inParallel(["catalog.jsonld", "catalog.ttl"]) { path in
      CatalogFile(path: path, bytes: path == "catalog.ttl" ? Array(graph.turtle.utf8) : graph.jsonLD)
    }
  }

  /// Pages in Chinese have the shorter addresses.
  private func prefix(_ language: Language) -> String { language == .zh ? "" : "en/" }
}

/// One dataset in the catalogue.
package struct CatalogEntry: Sendable {
  package let dataset: DatasetDescription
  /// Releases, newest first; none for a dataset of which only the record is published.
  package let releases: [ReleaseRecord]
  /// The columns that are published, or would be under the dataset's conditions; nil for a closed dataset.
  package let schema: Schema?

  /// A dataset with a new release, and its earlier ones, newest first.
  ///
  /// - Throws: `CatalogError` for a record that lacks something.
  package init(_ release: Release, earlier: [ReleaseRecord]) throws {
    try self.init(standing: [release.record] + earlier)
  }

  /// A dataset of which the releases are published already, newest first.
  package init(standing releases: [ReleaseRecord]) throws {
    guard let newest = releases.first, let metadata = newest.json["metadata"],
      let description = DatasetDescription(id: newest.dataset, metadata: metadata)
    else { throw CatalogError(dataset: releases.first?.dataset.description ?? "?") }
    dataset = description
    self.releases = releases
    schema = newest.schema
  }

  /// A dataset of which no data are published: its record, as `site/listed.json` holds it.
  package init(listed record: ListedRecord) throws {
    guard let description = DatasetDescription(id: record.dataset, metadata: record.metadata) else {
      throw CatalogError(dataset: record.dataset.description)
    }
    dataset = description
    releases = []
    schema = record.schema
  }
}

/// A record from which no catalogue entry can be made.
package struct CatalogError: Error, Sendable, CustomStringConvertible {
  package let dataset: String
  package var description: String { "catalog: \(dataset): the release record is damaged or incomplete" }
}

/// A file that spans datasets.
package struct CatalogFile: Sendable {
  /// Relative to the public root.
  package let path: String
  package let byteCount: Int
  package let digest: Digest
  /// Nil for a file that is published already, and stays.
  package let bytes: [UInt8]?

  init(path: String, bytes: [UInt8]) {
    self.path = path
    byteCount = bytes.count
    digest = SHA256.hash(bytes)
    self.bytes = bytes
  }

  package init(standing path: String, byteCount: Int, digest: Digest) {
    self.path = path
    self.byteCount = byteCount
    self.digest = digest
    bytes = nil
  }
}

/// Every file that spans datasets, sorted by path.
package struct CatalogTree: Sendable {
  package let files: [CatalogFile]
  /// Datasets of which only a description is published, sorted.
  package let listed: [ListedRecord]
  /// Datasets that were ever taken back, sorted.
  package let withdrawals: [Withdrawal]

  package init(files: [CatalogFile], listed: [ListedRecord], withdrawals: [Withdrawal]) {
    self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    self.listed = listed.sorted { $0.dataset < $1.dataset }
    self.withdrawals = withdrawals.sorted { $0.dataset < $1.dataset }
  }

  /// `site/listed.json`.
  package var listedBytes: [UInt8] { Self.bytes(listing: listed) }

  /// Of `site/listed.json` where it lists these.
  package static func digest(of listed: [ListedRecord]) -> Digest {
    SHA256.hash(bytes(listing: listed.sorted { $0.dataset < $1.dataset }))
  }

  private static func bytes(listing listed: [ListedRecord]) -> [UInt8] {
    JSON.members([("datasets", .array(listed.map(\.json)))]).prettyBytes
  }
}
