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
  private let releasesByDataset: [DatasetID: [ReleaseID]]

  init(store: PublicStore) throws {
    self.store = store
    repository = try RepositoryState { try store.contents($0) }
    var releases: [DatasetID: [ReleaseID]] = [:]
    for path in repository?.targetPaths ?? [] {
      let parts = path.split(separator: "/").map(String.init)
      guard parts.count == 4, parts[3] == "release.json", let department = try? DepartmentID(parts[0]),
        let dataset = try? DatasetID(department: department, name: parts[1]), let release = ReleaseID(parts[2])
      else { continue }
      releases[dataset, default: []].append(release)
    }
    releasesByDataset = releases.mapValues { $0.sorted(by: >) }
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

  /// The paths that the signed tree names now.
  func treePaths() throws -> [String] {
    try siteTarget("tree.json")?["files"]?.elements?.compactMap { $0["path"]?.text } ?? []
  }

  /// The datasets that are listed now, without data.
  func listedRecords() throws -> [ListedRecord] {
    try siteTarget("listed.json")?["datasets"]?.elements?.compactMap(ListedRecord.init) ?? []
  }

  /// Every dataset that was ever taken back.
  func withdrawals() throws -> [Withdrawal] {
    try siteTarget("withdrawals.json")?["withdrawals"]?.elements?.compactMap(Withdrawal.init) ?? []
  }

  private func siteTarget(_ name: String) throws -> JSON? {
    guard let digest = repository?.targets["site"]?.signed["targets"]?["site/\(name)"]?["hashes"]?["sha256"]?.text,
      let bytes = try store.contents("targets/site/\(digest).\(name)")
    else { return nil }
    return try JSONParser.parse(bytes)
  }
}
