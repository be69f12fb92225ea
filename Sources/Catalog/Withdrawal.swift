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
  /// Its version, and when the dataset was first released: both go on from there; nil where an earlier version of Daylight did not say.
  package var lastVersion: Version?
  package let issued: Instant?
  /// What had been taken back before, oldest first.
  package let earlier: [Past]
  /// It may be published again.
  package var isUndone: Bool

  /// A withdrawal that was undone, before the one that counts.
  package struct Past: Sendable {
    package let at: Instant
    package let reason: LocalizedText
    package let lastRelease: ReleaseID
    package let lastVersion: Version?
  }

  package init(
    dataset: DatasetID, title: LocalizedText, reason: LocalizedText, at: Instant, lastRelease: ReleaseID,
    lastVersion: Version?, issued: Instant?, earlier: [Past] = [], isUndone: Bool = false
  ) {
    self.dataset = dataset
    self.title = title
    self.reason = reason
    self.at = at
    self.lastRelease = lastRelease
    self.lastVersion = lastVersion
    self.issued = issued
    self.earlier = earlier
    self.isUndone = isUndone
  }

  /// This one and those before it, for the next one.
  package var asPast: [Past] {
    earlier + [Past(at: at, reason: reason, lastRelease: lastRelease, lastVersion: lastVersion)]
  }

  /// Reads an entry back; nil for one that is none.
  package init?(json: JSON) {
    guard let dataset = json["dataset"]?.text.flatMap(DatasetID.init), let title = json["title"].flatMap(both),
      let past = Past(json: json), let status = json["status"]?.text
    else { return nil }
    self.init(
      dataset: dataset, title: title, reason: past.reason, at: past.at, lastRelease: past.lastRelease,
      lastVersion: past.lastVersion, issued: json["issued"]?.text.flatMap(Instant.init),
      earlier: json["earlier"]?.elements?.compactMap(Past.init(json:)) ?? [], isUndone: status == "reinstated")
  }

  package var json: JSON {
    let past = Past(at: at, reason: reason, lastRelease: lastRelease, lastVersion: lastVersion)
    return .members(
      [("dataset", .string(dataset.description)), ("title", bilingual(title))] + past.members + [
        ("issued", issued.map { .string($0.description) }),
        ("earlier", earlier.isEmpty ? nil : .array(earlier.map { .members($0.members) })),
        ("status", isUndone ? "reinstated" : "withdrawn"),
      ])
  }
}

extension Withdrawal.Past {
  fileprivate init?(json: JSON) {
    guard let reason = json["reason"].flatMap(both), let at = json["at"]?.text.flatMap(Instant.init),
      let last = json["last_release"]?.text.flatMap(ReleaseID.init)
    else { return nil }
    self.init(
      at: at, reason: reason, lastRelease: last, lastVersion: json["last_version"]?.text.flatMap(Version.init))
  }

  fileprivate var members: [(String, JSON?)] {
    [
      ("reason", bilingual(reason)), ("at", .string(at.description)),
      ("last_release", .string(lastRelease.description)),
      ("last_version", lastVersion.map { .string($0.description) }),
    ]
  }
}

private func both(_ json: JSON) -> LocalizedText? {
  json["zh"]?.text.map { LocalizedText(zh: $0, en: json["en"]?.text) }
}

private func bilingual(_ text: LocalizedText) -> JSON {
  .members([("zh", .string(text.zh)), ("en", text.en.map { .string($0) })])
}
