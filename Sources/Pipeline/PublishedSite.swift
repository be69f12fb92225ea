internal import Approval
internal import Catalog
internal import Export
internal import Manifest
internal import Publication
internal import PublicStore
internal import Tabular
internal import Versioning

/// What the public root holds, as its signed metadata say: files of a promotion that was cut off are not there yet.
struct PublishedSite {
  let store: PublicStore
  let repository: RepositoryState?
  /// Every dataset that was ever taken back.
  let withdrawals: [Withdrawal]
  /// The files that span datasets, as the signed tree names them, by path.
  let tree: [String: CatalogFile]
  private let releasesByDataset: [DatasetID: [ReleaseID]]
  private let newestByDataset: [DatasetID: Newest]

  /// The release in force, as the signed metadata name it.
  struct Newest: Sendable {
    let release: ReleaseID
    let version: Version
    /// Of its `release.json`.
    let record: Digest
  }

  init(store: PublicStore) throws {
    self.store = store
    repository = try RepositoryState { try store.contents($0) }
    var releases: [DatasetID: [ReleaseID]] = [:]
    var newest: [DatasetID: Newest] = [:]
    for target in repository?.departmentTargets ?? [] where target.name.hasSuffix("/release.json") {
      let parts = target.name.split(separator: "/")
      guard parts.count == 4, let dataset = DatasetID("\(parts[0])/\(parts[1])"),
        let release = ReleaseID(String(parts[2]))
      else { continue }
      releases[dataset, default: []].append(release)
      // Only what is in force has its version in the metadata.
      if let version = target.value["custom"]?["version"]?.text.flatMap(Version.init),
        let record = target.value["hashes"]?["sha256"]?.text.flatMap(Digest.init(hex:))
      {
        newest[dataset] = Newest(release: release, version: version, record: record)
      }
    }
    releasesByDataset = releases.mapValues { $0.sorted(by: >) }
    newestByDataset = newest
    var tree: [String: CatalogFile] = [:]
    for file in try Self.siteTarget("tree.json", repository, store)?["files"]?.elements ?? [] {
      guard let path = file["path"]?.text, let byteCount = file["length"]?.integer,
        let digest = file["sha256"]?.text.flatMap(Digest.init(hex:))
      else { continue }
      tree[path] = CatalogFile(standing: path, byteCount: byteCount, digest: digest)
    }
    self.tree = tree
    withdrawals =
      try Self.siteTarget("withdrawals.json", repository, store)?["withdrawals"]?.elements?.compactMap(Withdrawal.init)
      ?? []
  }

  /// Datasets that have a release, in order.
  var datasets: [DatasetID] { releasesByDataset.keys.sorted() }

  /// The releases of a dataset, newest first.
  func releases(of dataset: DatasetID) -> [ReleaseID] { releasesByDataset[dataset] ?? [] }

  /// Their records, newest first.
  func records(of dataset: DatasetID) throws -> [ReleaseRecord] {
    try releases(of: dataset).map { try record(of: dataset, $0) }
  }

  private func record(of dataset: DatasetID, _ release: ReleaseID) throws -> ReleaseRecord {
    let path = "data/\(dataset)/\(release)/release.json"
    guard let bytes = try store.contents(path), let record = ReleaseRecord(json: try JSONParser.parse(bytes)) else {
      throw PublicStoreError("\(path) is missing or damaged: restore the public folder from a mirror or a backup")
    }
    return record
  }

  /// Nil where there is none, or some of its files are missing.
  func newest(of dataset: DatasetID) -> Newest? {
    guard let newest = newestByDataset[dataset], releases(of: dataset).first == newest.release,
      ["release.json", "data.csv.gz"].allSatisfy({
        fileKind(store.path("data/\(dataset)/\(newest.release)/\($0)")) == .file
      })
    else { return nil }
    return newest
  }

  /// The release in force, as the next comparison needs it.
  func previous(of dataset: DatasetID) throws -> PreviousRelease? {
    guard let newest = releases(of: dataset).first else { return nil }
    let record = try record(of: dataset, newest)
    return record.asPrevious(rowsPath: store.path("data/\(record.folder)/data.csv.gz"))
  }

  /// Just after half of each signature's life: when it is to be renewed.
  func renewals(_ expiries: Site.Expiries) -> [Instant] {
    (repository?.roles ?? []).map { role in
      let half = RepositoryState.days(of: role.name, expiries) * 43_200
      return Instant(secondsSince1970: role.expires.secondsSince1970 - half + 1)
    }
  }

  /// The datasets that are listed now, without data.
  func listedRecords() throws -> [ListedRecord] {
    try siteTarget("listed.json")?["datasets"]?.elements?.compactMap(ListedRecord.init) ?? []
  }

  /// The last release of a dataset that was taken back.
  func lastID(of dataset: DatasetID) -> ReleaseID? { withdrawals.first { $0.dataset == dataset }?.lastRelease }

  /// Whether every file that spans datasets is there.
  var hasWholeTree: Bool { tree.keys.allSatisfy { fileKind(store.path($0)) == .file } }

  /// What spans datasets, as it is; `listed` is what it lists.
  func catalogTree(listed: [ListedRecord]) -> CatalogTree {
    CatalogTree(files: Array(tree.values), listed: listed, withdrawals: withdrawals)
  }

  /// The keys were made on first run, not in a key ceremony.
  var isTrial: Bool { repository?.isTrial ?? true }

  /// Of `site/listed.json`.
  var listedDigest: Digest? { Self.digest(ofSiteTarget: "listed.json", repository) }

  /// Of `site/tree.json`.
  var treeDigest: Digest? { Self.digest(ofSiteTarget: "tree.json", repository) }

  private static func digest(ofSiteTarget name: String, _ repository: RepositoryState?) -> Digest? {
    repository?.targets["site"]?.signed["targets"]?["site/\(name)"]?["hashes"]?["sha256"]?.text.flatMap(
      Digest.init(hex:))
  }

  private func siteTarget(_ name: String) throws -> JSON? { try Self.siteTarget(name, repository, store) }

  private static func siteTarget(_ name: String, _ repository: RepositoryState?, _ store: PublicStore) throws -> JSON? {
    guard let digest = digest(ofSiteTarget: name, repository),
      let bytes = try store.contents("targets/site/\(digest).\(name)")
    else { return nil }
    return try JSONParser.parse(bytes)
  }
}

extension PublishedSite.Newest {
  /// A release that will be in force.
  init?(_ release: Release) {
    guard let record = release.files.first(where: { $0.name == "release.json" })?.file.digest else { return nil }
    self.init(release: release.record.release, version: release.record.version, record: record)
  }
}
