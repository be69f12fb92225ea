internal import PrivateStore
internal import Publication
internal import Tabular

/// What masks show of each kind of value, over all datasets and releases: two that show other ends of a number give it away together.
///
/// - Source: privacy.md §4, case 18.
struct MaskRegistry: Sendable {
  private struct Entry: Sendable, Hashable {
    let identifier: String
    let dataset: String
    let keepFirst: Int
    let keepLast: Int

    /// Together they show more than either.
    func complements(_ other: Entry) -> Bool {
      identifier == other.identifier
        && (keepFirst - other.keepFirst).signum() * (keepLast - other.keepLast).signum() < 0
    }
  }

  private var entries: [Entry] = []
  private let path: String

  init(path: String) throws {
    self.path = path
    guard fileKind(path) == .file else { return }
    let json = try JSONParser.parse(try InputFile.contents(of: path))
    guard let elements = json["masks"]?.elements else {
      throw StoreError("\(path) cannot be read", hint: "put it back from a backup")
    }
    entries = try elements.map { element in
      guard let identifier = element["identifier"]?.text, let dataset = element["dataset"]?.text,
        let first = element["keep_first"]?.integer, let last = element["keep_last"]?.integer
      else { throw StoreError("\(path) cannot be read", hint: "put it back from a backup") }
      return Entry(identifier: identifier, dataset: dataset, keepFirst: first, keepLast: last)
    }
  }

  private static func entries(of summary: PrivacySummary, _ dataset: DatasetID) -> [(field: String, entry: Entry)] {
    summary.columns.compactMap { column in
      guard case .mask(let first, let last) = column.policy.transform else { return nil }
      return (
        column.policy.field,
        Entry(
          identifier: column.identifier ?? column.policy.field, dataset: dataset.description, keepFirst: first,
          keepLast: last)
      )
    }
  }

  /// Masks that must not be published beside those that are.
  func findings(in summary: PrivacySummary, of dataset: DatasetID) -> [Finding] {
    Self.entries(of: summary, dataset).compactMap { field, entry in
      guard let other = entries.first(where: entry.complements) else { return nil }
      return Finding(
        .complementaryMask, field: field, rule: entry.identifier,
        limit: "\(other.dataset): keep_first \(other.keepFirst), keep_last \(other.keepLast)")
    }
  }

  /// Notes what is about to be published.
  ///
  /// - Returns: whether there is anything new.
  mutating func add(_ summary: PrivacySummary, of dataset: DatasetID) -> Bool {
    var isNew = false
    for (_, entry) in Self.entries(of: summary, dataset) where !entries.contains(entry) {
      entries.append(entry)
      isNew = true
    }
    return isNew
  }

  func save() throws {
    let sorted = entries.sorted {
      ($0.identifier, $0.dataset, $0.keepFirst, $0.keepLast) < ($1.identifier, $1.dataset, $1.keepFirst, $1.keepLast)
    }
    let json = JSON.members([
      (
        "masks",
        .array(
          sorted.map { entry in
            .members([
              ("identifier", .string(entry.identifier)), ("dataset", .string(entry.dataset)),
              ("keep_first", .int(entry.keepFirst)), ("keep_last", .int(entry.keepLast)),
            ])
          })
      )
    ])
    try makeFolder(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)))
    try writeDurably(json.prettyBytes, to: path, mode: 0o600)
  }
}
