internal import Approval
internal import Catalog
internal import Export
internal import PrivateStore
package import Publication
internal import PublicStore
internal import TableSchema
package import Tabular
package import Versioning

/// What would be published, as officers look at it before they sign: nothing in it but what goes out.
package struct CandidatePreview: Sendable {
  package let dataset: DatasetID
  package let title: LocalizedText
  package let release: ReleaseID
  package let version: Version
  /// The release in force.
  package let previous: ReleaseID?
  package let rowCount: Int
  package let rowCountBefore: Int?
  package let columns: [String]
  package let differences: RowDifferences
  /// The dataset's page as it would be, by language.
  package let pages: [(language: Language, html: [UInt8])]
  /// What was done for privacy, as the record says it.
  package let privacy: JSON

  package static let shownRowCount = 20
  package static let shownDifferenceCount = 500
}

extension Publisher {
  /// Shows the candidate that waits, held against the release in force.
  ///
  /// - Throws: `StoreError` where none waits.
  package func preview(of dataset: DatasetID) async throws -> CandidatePreview {
    guard let held = try HeldCandidate.waiting(in: privateStore.approvalFolder(of: dataset)) else {
      throw StoreError(kind: .configuration, "no candidate of \(dataset) waits for approval")
    }
    let published = try PublishedSite(store: publicStore, own: privateStore)
    let record = held.record
    let earlier = try published.records(of: dataset)
    let previous = try published.previous(of: dataset)
    let catalog = MakeCatalog(site: site, isTrial: published.isTrial)
    let title = record.json["metadata"]?["title"]
    let entry = try CatalogEntry(standing: [record] + earlier)
    let pages = try Language.allCases.map { language in
      (
        language,
        try catalog.page(of: entry, withdrawal: published.withdrawals.first { $0.dataset == dataset }, in: language)
      )
    }
    return CandidatePreview(
      dataset: dataset, title: LocalizedText(zh: title?["zh"]?.text ?? dataset.description, en: title?["en"]?.text),
      release: record.release, version: record.version,
      previous: earlier.first?.release, rowCount: record.rowCount, rowCountBefore: earlier.first?.rowCount,
      columns: record.schema.fields.map(\.name),
      differences: try RowDifferences(
        previous: previous.map { RowDifferences.Table(path: $0.rowsPath, schema: $0.schema) },
        current: RowDifferences.Table(path: held.path(of: "data.csv.gz"), schema: record.schema),
        key: record.json["key"]?.elements?.compactMap(\.text) ?? [], limit: CandidatePreview.shownDifferenceCount,
        shown: CandidatePreview.shownRowCount),
      pages: pages, privacy: record.json["privacy"] ?? .null)
  }
}
