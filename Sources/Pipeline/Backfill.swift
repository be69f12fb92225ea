internal import Catalog
package import Publication
internal import PublicStore
internal import PrivateStore
package import TableSchema
internal import Tabular

/// A delivery of the past, as it lies in a folder with others.
package struct PastDelivery: Sendable {
  package let path: String
  package let date: CivilDate
  /// The day of its release, and noon of it for the times that the release says.
  let clock: Clock

  fileprivate init(path: String, date: CivilDate, zone: CivilZone) {
    self.path = path
    self.date = date
    clock = Clock(now: zone.instant(date, minute: 720), today: date)
  }

  var stamp: String { "\(Self.stampPrefix)\(date) \(path.lastPathPart)" }
  static let stampPrefix = "past delivery "

  /// The deliveries in a folder, oldest first: each file's name holds one date, `2020-03-01` or `20200301`.
  ///
  /// - Throws: `StoreError` (configuration) that names files without a date, and those that share one.
  package static func list(in folder: String, zone: CivilZone) throws -> [PastDelivery] {
    let names = try folderNames(folder).filter { !$0.beginsWith(".") }
    guard !names.isEmpty else { throw StoreError(kind: .configuration, "there are no files in \(folder)") }
    var byDate: [CivilDate: String] = [:]
    for name in names {
      guard fileKind("\(folder)/\(name)") == .file, let date = date(in: name) else {
        throw StoreError(
          kind: .configuration, "\(folder)/\(name) is no file with one date in its name",
          hint: "name each delivery after its day, like cases-2020-03-01.csv")
      }
      if let other = byDate[date] {
        throw StoreError(kind: .configuration, "\(other) and \(name) have the same date", hint: "keep one of them")
      }
      byDate[date] = name
    }
    return byDate.sorted { $0.key < $1.key }.map {
      PastDelivery(path: "\(folder)/\($0.value)", date: $0.key, zone: zone)
    }
  }

  /// Nil where there is none, or more than one.
  private static func date(in name: String) -> CivilDate? {
    // Runs of digits and dashes, so that 20200301 in 120200301 is none.
    let words = name.split { !($0.isASCII && $0.isNumber || $0 == "-") }
    let dates = words.compactMap { word -> CivilDate? in
      let word = word.drop { $0 == "-" }
      let digits =
        word.count == 8 && !word.contains("-")
        ? "\(word.prefix(4))-\(word.dropFirst(4).prefix(2))-\(word.suffix(2))" : String(word)
      return CivilDate(digits)
    }
    return dates.count == 1 ? dates[0] : nil
  }
}

extension Publisher {
  /// Publishes past deliveries of one dataset, oldest first, each as a release of its own day.
  ///
  /// Stops at the first that does not go through; those that an earlier call published are passed over.
  ///
  /// - Parameter plans: every dataset that is configured.
  /// - Returns: a result for each delivery that was looked at.
  package func backfill(_ deliveries: [PastDelivery], of dataset: Dataset, schema: Schema, _ plans: [DatasetPlan])
    async throws -> [(delivery: PastDelivery, result: DatasetResult)]
  {
    guard let last = deliveries.last, last.date <= clock.today else {
      throw StoreError(kind: .configuration, "\(deliveries.last?.path ?? "a delivery") is dated after today")
    }
    let done = try lastBackfilled(of: dataset.id)
    let rest = deliveries.filter { delivery in done.map { delivery.date > $0 } ?? true }
    let published = try PublishedSite(shown: publicStore)
    let newest =
      published.releases(of: dataset.id).first
      ?? published.withdrawals.first { $0.dataset == dataset.id }?.lastRelease
    if let first = rest.first, let newest, first.date < newest.date {
      throw StoreError(
        kind: .configuration, "\(first.path) lies before the newest release that there was, \(newest)",
        hint:
          "releases are only added at the end: publish past deliveries before present ones, or take them out of the folder"
      )
    }
    var results: [(PastDelivery, DatasetResult)] = []
    for delivery in rest {
      let source = dataset.source
      let folder = delivery.path.parentPath ?? ""
      let past = dataset.from(
        Source(
          place: .file(path: delivery.path, root: folder), encoding: source.encoding, dialect: source.dialect,
          maximumRecordByteCount: source.maximumRecordByteCount))
      let changed = plans.map { $0.id == dataset.id ? DatasetPlan.ready(past, schema, configuration: nil) : $0 }
      guard let result = try await publish(changed, selected: [dataset.id], isCheck: false, delivered: delivery).first
      else {
        continue
      }
      results.append((delivery, result))
      guard result.exitCode == 0, result.outcome != .waiting else { break }
    }
    return results
  }

  /// The day up to which past deliveries were published; nil where the newest delivery was none of them.
  private func lastBackfilled(of dataset: DatasetID) throws -> CivilDate? {
    guard let stamp = try privateStore.ledger.deliveryStamp(of: dataset), stamp.hasPrefix(PastDelivery.stampPrefix)
    else {
      return nil
    }
    return CivilDate(String(stamp.dropFirst(PastDelivery.stampPrefix.count).prefix(10)))
  }
}
