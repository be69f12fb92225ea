internal import PrivateStore
internal import Publication
internal import Tabular

/// What masks show of each kind of value, over all datasets and releases: two that show other ends of a number give it away together.
///
/// - Source: complementary disclosure by masks.
struct MaskRegistry: Sendable {
  struct Entry: Sendable, Hashable {
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

  /// What one release shows.
  struct Masks: Sendable {
    fileprivate let entries: [(field: String, entry: Entry)]

    init(of summary: PrivacySummary, _ dataset: DatasetID) {
      entries = summary.columns.compactMap { column in
        guard case .mask(let first, let last) = column.policy.transform else { return nil }
        return (
          column.policy.field,
          Entry(
            identifier: column.identifier ?? column.policy.field, dataset: dataset.description, keepFirst: first,
            keepLast: last)
        )
      }
    }

    /// Reads back what was kept beside a candidate; nil where it cannot be read.
    init?(json: JSON) {
      guard let elements = json["masks"]?.elements else { return nil }
      var entries: [(field: String, entry: Entry)] = []
      for element in elements {
        guard let field = element["field"]?.text, let entry = Entry(json: element) else { return nil }
        entries.append((field, entry))
      }
      self.entries = entries
    }

    var json: JSON {
      .members([
        (
          "masks",
          .array(entries.map { field, entry in .members([("field", .string(field))] + entry.members) })
        )
      ])
    }
  }

  private var entries: [Entry] = []
  private var isChanged = false
  private let path: String

  init(path: String) throws {
    self.path = path
    guard fileKind(path) == .file else { return }
    let json = try JSONParser.parse(try InputFile.contents(of: path))
    guard let elements = json["masks"]?.elements else {
      throw StoreError("\(path) cannot be read", hint: "put it back from a backup")
    }
    entries = try elements.map { element in
      guard let entry = Entry(json: element) else {
        throw StoreError("\(path) cannot be read", hint: "put it back from a backup")
      }
      return entry
    }
  }

  /// Masks that must not be published beside those that are.
  func findings(in masks: Masks) -> [Finding] {
    masks.entries.compactMap { field, entry in
      guard let other = entries.first(where: entry.complements) else { return nil }
      return Finding(
        .complementaryMask, field: field, rule: entry.identifier,
        limit: "\(other.dataset): keep_first \(other.keepFirst), keep_last \(other.keepLast)")
    }
  }

  /// Notes what is about to be published; `save` keeps it.
  mutating func add(_ masks: Masks) {
    for (_, entry) in masks.entries where !entries.contains(entry) {
      entries.append(entry)
      isChanged = true
    }
  }

  func save() throws {
    guard isChanged else { return }
    let sorted = entries.sorted {
      ($0.identifier, $0.dataset, $0.keepFirst, $0.keepLast) < ($1.identifier, $1.dataset, $1.keepFirst, $1.keepLast)
    }
    let json = JSON.members([
      (
        "masks",
        .array(
          sorted.map { .members($0.members) })
      )
    ])
    if let folder = path.parentPath { try makeFolder(folder) }
    try writeDurably(json.prettyBytes, to: path, mode: 0o600)
  }
}

extension MaskRegistry.Entry {
  fileprivate init?(json: JSON) {
    guard let identifier = json["identifier"]?.text, let dataset = json["dataset"]?.text,
      let first = json["keep_first"]?.integer, let last = json["keep_last"]?.integer
    else { return nil }
    self.init(identifier: identifier, dataset: dataset, keepFirst: first, keepLast: last)
  }

  fileprivate var members: [(String, JSON?)] {
    [
      ("identifier", .string(identifier)), ("dataset", .string(dataset)), ("keep_first", .int(keepFirst)),
      ("keep_last", .int(keepLast)),
    ]
  }
}
