internal import Catalog
internal import Export
package import PrivateStore
package import Publication
internal import PublicStore
internal import OutputCheck
internal import Tabular

extension Publisher {
  /// Takes every release of a dataset back: its files go, its page says when and why, and it is not published again until that is
  /// undone.
  ///
  /// - Throws: `StoreError` for a dataset without releases; `Refusal` for a reason that would tell something sensitive.
  package func withdraw(_ dataset: DatasetID, reason: LocalizedText) async throws -> DatasetResult {
    try await exclusively {
      let published = try publishedSite()
      guard let last = published.releases(of: dataset).first else {
        throw StoreError(kind: .configuration, "\(dataset) has no release that could be taken back")
      }
      // One of which the files were damaged can be taken back all the same.
      let newest = try? published.newestRecord(of: dataset)
      let title = newest?.json["metadata"]?["title"]
      let withdrawal = Withdrawal(
        dataset: dataset, title: LocalizedText(zh: title?["zh"]?.text ?? dataset.description, en: title?["en"]?.text),
        reason: reason, at: clock.now, lastRelease: last,
        lastVersion: try newest?.version ?? privateStore.ledger.version(of: dataset, last), issued: newest?.issued,
        earlier: published.withdrawals.first { $0.dataset == dataset }?.asPast ?? [])
      let findings = CheckOutput.findings(inRecord: withdrawal.json, name: "site/withdrawals.json")
      guard findings.isEmpty else { throw Refusal(Report(stage: .outputCheck, findings: findings, rowCount: 0)) }
      let others = published.withdrawals.filter { $0.dataset != dataset }
      return try await publish(others + [withdrawal], published, DatasetResult(dataset, .withdrawn, message: reason))
    }
  }

  /// Lets a dataset that was taken back be published again, from a new release on.
  package func reinstate(_ dataset: DatasetID) async throws -> DatasetResult {
    try await exclusively {
      let published = try publishedSite()
      var withdrawals = published.withdrawals
      guard let index = withdrawals.firstIndex(where: { $0.dataset == dataset && !$0.isUndone }) else {
        throw StoreError(kind: .configuration, "\(dataset) was not taken back")
      }
      withdrawals[index].isUndone = true
      let message = LocalizedText(zh: "可以重新发布", en: "may be published again")
      return try await publish(withdrawals, published, DatasetResult(dataset, .unchanged, message: message))
    }
  }

  private func publish(_ withdrawals: [Withdrawal], _ published: PublishedSite, _ result: DatasetResult) async throws
    -> DatasetResult
  {
    let record = record(of: result, run: newRunID())
    try await publishCatalog(
      [], in: published, listed: published.listedRecords(), withdrawals: withdrawals, note: ledgerNote([record]))
    try privateStore.ledger.add(record)
    try privateStore.ledger.closeNotices(of: [result.dataset], [.refused, .failed, .waiting, .late])
    try privateStore.ledger.removeDelivery(of: result.dataset)
    return result
  }
}
