package import Publication
package import Tabular

/// What this workspace has published or was about to: names that were ever given, so that none is given twice, whatever became of the
/// public root meanwhile.
///
/// It is durable before the first public byte of a promotion, and a part of the promotion's seal.
package struct PublicationRecord: Sendable, Equatable {
  /// Something was published: a public root without it is one that was lost, and no beginning.
  package var isCommitted: Bool
  /// The highest version of each TUF role.
  package var versions: [String: Int]
  /// The newest release of each dataset.
  package var releases: [DatasetID: ReleaseID]
  /// What was taken back, as `site/withdrawals.json` holds it.
  package var withdrawals: [JSON]
  /// After a machine was restored from a backup: names that may have been given since the backup was made, and nobody knows of.
  package var gap: Gap?
  /// A promotion was set aside after its commit: files of fixed names may be of the state before, and are looked at byte by byte.
  package var needsRepair = false

  package struct Gap: Sendable, Equatable {
    /// No TUF role had a higher version, also none that the backup does not know of.
    package let version: Int
    /// No dataset had a later release.
    package let release: ReleaseID

    package init(version: Int, release: ReleaseID) {
      self.version = version
      self.release = release
    }
  }

  /// The newest release that a dataset may have had.
  package func newest(of dataset: DatasetID) -> ReleaseID? {
    [releases[dataset], gap?.release].compactMap(\.self).max()
  }

  /// Nothing was published yet.
  package init() {
    isCommitted = false
    versions = [:]
    releases = [:]
    withdrawals = []
  }

  package init?(json: JSON) {
    guard json["format"]?.text == Self.format, let isCommitted = json["committed"]?.boolean,
      let versions = json["versions"]?.members, let releases = json["releases"]?.members,
      let withdrawals = json["withdrawals"]?.elements
    else { return nil }
    self.init()
    self.isCommitted = isCommitted
    self.withdrawals = withdrawals
    if let version = json["gap"]?["version"]?.integer, (0..<1 << 53).contains(version),
      let release = json["gap"]?["release"]?.text.flatMap(ReleaseID.init)
    {
      gap = Gap(version: version, release: release)
    }
    needsRepair = json["repair"]?.boolean ?? false
    for member in versions {
      // As in signed metadata.
      guard let version = member.value.integer, (0..<1 << 53).contains(version) else { return nil }
      self.versions[member.name] = version
    }
    for member in releases {
      guard let dataset = DatasetID(member.name), let release = member.value.text.flatMap(ReleaseID.init) else {
        return nil
      }
      self.releases[dataset] = release
    }
  }

  package var json: JSON {
    .members([
      ("format", .string(Self.format)), ("committed", .bool(isCommitted)),
      ("versions", .members(versions.sorted { $0.key < $1.key }.map { ($0.key, .int($0.value)) })),
      (
        "releases",
        .members(releases.sorted { $0.key < $1.key }.map { ($0.key.description, .string($0.value.description)) })
      ), ("withdrawals", .array(withdrawals)),
      ("repair", needsRepair ? true : nil),
      (
        "gap",
        gap.map { .members([("version", .int($0.version)), ("release", .string($0.release.description))]) }
      ),
    ])
  }

  /// Takes in the names of a later publication.
  package mutating func add(_ later: PublicationRecord) {
    versions.merge(later.versions, uniquingKeysWith: max)
    releases.merge(later.releases, uniquingKeysWith: max)
    withdrawals = later.withdrawals
  }

  private static let format = "daylight-published-1"
}

extension PrivateStore {
  /// Nil where there is none: nothing was ever published, or by a version of Daylight that kept none.
  ///
  /// - Throws: `StoreError` for one that cannot be read: nothing is published without it.
  package func publicationRecord() throws -> PublicationRecord? {
    guard fileKind(recordPath) != nil else { return nil }
    guard let json = try? JSONParser.parse(InputFile.contents(of: recordPath)),
      let record = PublicationRecord(json: json)
    else { throw StoreError("\(recordPath) cannot be read", hint: "put it back from a backup") }
    return record
  }

  /// Keeps the record durably.
  package func setPublicationRecord(_ record: PublicationRecord) throws {
    try makeFolder("\(root)/published")
    try writeDurably(record.json.prettyBytes, to: recordPath, mode: 0o600)
  }

  private var recordPath: String { "\(root)/published/published.json" }

  /// Root metadata that were published, by version: whoever lost the public root can prove with them whose site it is.
  package func publishedRoot(version: Int) throws -> [UInt8]? {
    let path = "\(root)/published/\(version).root.json"
    return fileKind(path) == .file ? try InputFile.contents(of: path, limit: 512_000) : nil
  }

  package func keepPublishedRoot(_ bytes: [UInt8], version: Int) throws {
    guard try publishedRoot(version: version) != bytes else { return }
    try makeFolder("\(root)/published")
    try writeDurably(bytes, to: "\(root)/published/\(version).root.json", mode: 0o600)
  }
}
