package import Publication
package import Tabular

/// A dataset that was taken back: `site/withdrawals.json` says so for good, and when it came again.
package struct Withdrawal: Sendable {
  package let dataset: DatasetID
  package let title: LocalizedText
  package let reason: LocalizedText
  package let at: Instant
  /// The newest release that there was: release ids go on from it.
  package let lastRelease: ReleaseID
  /// It may be published again.
  package var isUndone: Bool

  package init(
    dataset: DatasetID, title: LocalizedText, reason: LocalizedText, at: Instant, lastRelease: ReleaseID,
    isUndone: Bool = false
  ) {
    self.dataset = dataset
    self.title = title
    self.reason = reason
    self.at = at
    self.lastRelease = lastRelease
    self.isUndone = isUndone
  }

  /// Reads an entry back; nil for one that is none.
  package init?(json: JSON) {
    func both(_ json: JSON?) -> LocalizedText? {
      json?["zh"]?.text.map { LocalizedText(zh: $0, en: json?["en"]?.text) }
    }
    guard let dataset = json["dataset"]?.text.flatMap(DatasetID.init), let title = both(json["title"]),
      let reason = both(json["reason"]), let at = json["at"]?.text.flatMap(Instant.init),
      let last = json["last_release"]?.text.flatMap(ReleaseID.init), let status = json["status"]?.text
    else { return nil }
    self.init(
      dataset: dataset, title: title, reason: reason, at: at, lastRelease: last, isUndone: status == "reinstated")
  }

  package var json: JSON {
    func both(_ text: LocalizedText) -> JSON {
      .members([("zh", .string(text.zh)), ("en", text.en.map { .string($0) })])
    }
    return .members([
      ("dataset", .string(dataset.description)), ("title", both(title)), ("reason", both(reason)),
      ("at", .string(at.description)), ("last_release", .string(lastRelease.description)),
      ("status", isUndone ? "reinstated" : "withdrawn"),
    ])
  }
}
