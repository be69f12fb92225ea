internal import Approval
internal import Catalog
internal import Export
internal import Hashing
internal import Manifest
internal import PrivateStore
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
  /// Whether these are what the public root says; one that was restored may be from before a withdrawal.
  let hasSignedWithdrawals: Bool
  /// Whether files that span datasets are told by their digests, not by their lengths.
  private let readsPages: Bool
  /// The files that span datasets, as the signed tree names them, by path.
  let tree: [String: CatalogFile]
  private let filesByDataset: [DatasetID: [ReleaseID: [SignedFile]]]
  private let newestByDataset: [DatasetID: Newest]

  /// A file of a release, as a department signed it.
  struct SignedFile: Sendable {
    let name: String
    let byteCount: Int
    let digest: Digest
  }

  /// The release in force, as the signed metadata name it.
  struct Newest: Sendable {
    let release: ReleaseID
    let version: Version
    /// Of its `release.json`.
    let record: Digest
  }

  /// Reads what is there to show it; nothing may be signed that follows from it.
  init(shown store: PublicStore) throws {
    try self.init(store, RepositoryState { try store.contents($0) }, ownWithdrawals: [], isShown: true)
  }

  /// Reads what is there as our own: every byte that is built on was signed by this workspace's keys.
  ///
  /// - Throws: `VerificationError` where somebody else changed it.
  init(store: PublicStore, own privateStore: PrivateStore) throws {
    let own = OwnRepository(
      root: try privateStore.publishedRoot(version: 1), rootKey: try privateStore.publicKey(of: "root"))
    // Nothing could be told from what somebody else put there.
    if own.root == nil && own.rootKey == nil, try store.contents("metadata/timestamp.json") != nil {
      throw StoreError(
        "the key file \(privateStore.root)/keys/root.ed25519 is missing",
        hint: "restore it from a backup; nothing is published without it")
    }
    let repository = try RepositoryState(of: own) { path in
      if let bytes = try store.contents(path) { return bytes }
      // Roots that a restored public folder lacks were kept here.
      guard path.endsWith(".root.json"), let version = Int(path.lastPathPart.prefix { $0 != "." }) else { return nil }
      return try privateStore.publishedRoot(version: version)
    }
    let record = try privateStore.publicationRecord()
    try self.init(
      store, repository, ownWithdrawals: record?.withdrawals.compactMap(Withdrawal.init(json:)) ?? [],
      readsPages: record?.needsRepair ?? false)
  }

  private init(
    _ store: PublicStore, _ repository: RepositoryState?, ownWithdrawals: [Withdrawal], isShown: Bool = false,
    readsPages: Bool = false
  ) throws {
    self.readsPages = readsPages
    func siteTarget(_ name: String) throws -> JSON? {
      do { return try Self.siteTarget(name, repository, store) } catch  where isShown { return nil }
    }
    self.store = store
    self.repository = repository
    var files: [DatasetID: [ReleaseID: [SignedFile]]] = [:]
    var newest: [DatasetID: Newest] = [:]
    for target in repository?.departmentTargets ?? [] {
      let parts = target.name.pathParts
      guard parts.count == 4, let dataset = DatasetID("\(parts[0])/\(parts[1])"), let release = ReleaseID(parts[2]),
        let byteCount = target.value["length"]?.integer,
        let digest = target.value["hashes"]?["sha256"]?.text.flatMap(Digest.init(hex:))
      else { continue }
      files[dataset, default: [:]][release, default: []].append(
        SignedFile(name: parts[3], byteCount: byteCount, digest: digest))
      // Only what is in force has its version in the metadata.
      if parts[3] == "release.json", let version = target.value["custom"]?["version"]?.text.flatMap(Version.init) {
        newest[dataset] = Newest(release: release, version: version, record: digest)
      }
    }
    filesByDataset = files
    newestByDataset = newest
    var tree: [String: CatalogFile] = [:]
    for file in try siteTarget("tree.json")?["files"]?.elements ?? [] {
      guard let path = file["path"]?.text, let byteCount = file["length"]?.integer,
        let digest = file["sha256"]?.text.flatMap(Digest.init(hex:))
      else { continue }
      tree[path] = CatalogFile(standing: path, byteCount: byteCount, digest: digest)
    }
    self.tree = tree
    let signed = try siteTarget("withdrawals.json")?["withdrawals"]?.elements?.compactMap(Withdrawal.init(json:)) ?? []
    withdrawals = signed.merging(ownWithdrawals)
    hasSignedWithdrawals = withdrawals.map(\.json) == signed.sorted { $0.dataset < $1.dataset }.map(\.json)
  }

  /// Datasets that have a release, in order.
  var datasets: [DatasetID] { filesByDataset.keys.sorted() }

  /// The releases of a dataset, newest first.
  func releases(of dataset: DatasetID) -> [ReleaseID] { filesByDataset[dataset]?.keys.sorted(by: >) ?? [] }

  /// The files of a dataset's newest release.
  func newestFiles(of dataset: DatasetID) -> [SignedFile] {
    releases(of: dataset).first.flatMap { filesByDataset[dataset]?[$0] } ?? []
  }

  /// Their records, newest first.
  func records(of dataset: DatasetID) throws -> [ReleaseRecord] {
    try releases(of: dataset).map { try record(of: dataset, $0) }
  }

  func newestRecord(of dataset: DatasetID) throws -> ReleaseRecord? {
    try releases(of: dataset).first.map { try record(of: dataset, $0) }
  }

  private func record(of dataset: DatasetID, _ release: ReleaseID) throws -> ReleaseRecord {
    let path = "data/\(dataset)/\(release)/release.json"
    let signed = filesByDataset[dataset]?[release]?.first { $0.name == "release.json" }
    // Where the readable copy was changed, the target may still be whole.
    let target = "targets/\(dataset)/\(release)/\(signed?.digest.hex ?? "").release.json"
    for place in [path, target] {
      if let bytes = try store.contents(place), SHA256.hash(bytes) == signed?.digest,
        let record = (try? JSONParser.parse(bytes)).flatMap(ReleaseRecord.init(json:))
      {
        return record
      }
    }
    throw VerificationError(path, "is missing, or not what was signed")
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
    guard let record = try newestRecord(of: dataset) else { return nil }
    let path = "data/\(record.folder)/data.csv.gz"
    let signed = newestFiles(of: dataset).first { $0.name == "data.csv.gz" }
    guard fileKind(store.path(path)) == .file, try InputFile(path: store.path(path)).digest() == signed?.digest else {
      throw VerificationError(path, "is missing, or not what was signed")
    }
    return record.asPrevious(rowsPath: store.path(path))
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

  /// Whether a file that spans datasets is there, as long as it was signed.
  func isThere(_ file: CatalogFile) -> Bool {
    guard let there = try? InputFile(path: store.path(file.path)), there.byteCount == file.byteCount else {
      return false
    }
    return !readsPages || (try? there.digest()) == file.digest
  }

  /// Whether every file that spans datasets is there.
  var hasWholeTree: Bool { tree.values.allSatisfy(isThere) }

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
    guard let digest = digest(ofSiteTarget: name, repository) else { return nil }
    let path = "targets/site/\(digest).\(name)"
    guard let bytes = try store.contents(path), SHA256.hash(bytes) == digest else {
      throw VerificationError(path, "is missing, or not what was signed")
    }
    return try JSONParser.parse(bytes)
  }
}

extension [Withdrawal] {
  /// What this workspace knows counts where it is newer: a public root that was restored may be from before a withdrawal.
  fileprivate func merging(_ own: [Withdrawal]) -> [Withdrawal] {
    var merged = Dictionary(map { ($0.dataset, $0) }, uniquingKeysWith: { $1 })
    for withdrawal in own {
      if let known = merged[withdrawal.dataset],
        known.at > withdrawal.at || known.at == withdrawal.at && (known.isUndone || !withdrawal.isUndone)
      {
        continue
      }
      merged[withdrawal.dataset] = withdrawal
    }
    return merged.values.sorted { $0.dataset < $1.dataset }
  }
}

extension PublishedSite.Newest {
  /// A release that will be in force.
  init?(_ release: Release) {
    guard let record = release.files.first(where: { $0.name == "release.json" })?.file.digest else { return nil }
    self.init(release: release.record.release, version: release.record.version, record: record)
  }
}
