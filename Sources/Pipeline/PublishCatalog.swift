internal import Approval
internal import Catalog
internal import Export
internal import Hashing
internal import Logging
internal import Manifest
internal import OutputCheck
internal import PrivateStore
internal import Publication
internal import PublicStore
internal import Tabular

/// What spans datasets, once over all new releases: catalogue → manifest → promotion.
struct PublishCatalog {
  let site: Site
  let privateStore: PrivateStore
  let publicStore: PublicStore
  let clock: Clock
  let logger: Logger

  /// Brings the new releases to the public root; all of them are seen at once, when `timestamp.json` is replaced.
  ///
  /// - Parameters:
  ///   - published: what the public root holds now.
  ///   - listed: datasets of which only a description is published; one that has releases is left out.
  ///   - withdrawals: every dataset that was ever taken back; nil for those that are known.
  ///   - note: what the ledger should say when it is done; carried through a crash.
  ///   - beforeSeal: what must be durable before the promotion is certain.
  /// - Returns: the TUF roles that were signed anew.
  @discardableResult
  func callAsFunction(
    _ releases: [Release], in published: PublishedSite, listed: [ListedRecord], withdrawals: [Withdrawal]? = nil,
    note: JSON, beforeSeal: () throws -> Void = {}
  ) async throws -> [SignedRole] {
    let isStanding = try isStanding(published)
    if isStanding && releases.isEmpty && withdrawals == nil && published.hasSignedWithdrawals && published.hasWholeTree
      && CatalogTree.digest(of: listed) == published.listedDigest
    {
      return try promote([], tree: published.catalogTree(listed: listed), in: published, note: note, beforeSeal)
    }
    let withdrawals = withdrawals ?? published.withdrawals
    let gone = Set(withdrawals.filter { !$0.isUndone }.map(\.dataset))
    let state = published.repository
    let entries = try await entries(releases, published: published, without: gone)
    let released = Set(entries.map(\.dataset.id))
    let listed = listed.filter { !released.contains($0.dataset) && !gone.contains($0.dataset) }
    // The first publication of a site needs something to say; later ones may have lost their last entry.
    guard !entries.isEmpty || !listed.isEmpty || state != nil else { return [] }

    // Pages stay as they are that would come out the same.
    let standing = isStanding ? Set(published.datasets).subtracting(releases.map(\.record.dataset)) : []
    let tree = try await MakeCatalog(site: site, isTrial: published.isTrial)(
      entries, listed: listed, withdrawals: withdrawals,
      standing: { dataset, path in
        guard standing.contains(dataset), let file = published.tree[path], published.isThere(file) else { return nil }
        return file
      })
    try await check(tree)
    return try promote(releases, tree: tree, in: published, note: note, beforeSeal)
  }

  /// Signs the new state, and brings it to the public root.
  private func promote(
    _ releases: [Release], tree: CatalogTree, in published: PublishedSite, note: JSON, _ beforeSeal: () throws -> Void
  ) throws -> [SignedRole] {
    var record = try privateStore.publicationRecord() ?? PublicationRecord(published)
    let manifest = try MakeManifest(
      expiries: site.expiries, floors: record.versions, newRoleFloor: record.gap?.version ?? 0,
      taken: Set(try publicStore.names(in: "metadata")),
      keptRoot: published.repository == nil ? try newestKeptRoot() : nil,
      key: { try privateStore.signingKey(of: $0, isNew: $1) })(
        releases.map {
          MakeManifest.ReleaseTargets(
            dataset: $0.record.dataset, release: $0.record.release, version: $0.record.version, files: $0.files)
        }, tree: tree, after: published.repository, now: clock.now)
    try noteMaking(of: manifest?.digest(of: "site/tree.json") ?? published.treeDigest, isTrial: published.isTrial)

    var promotion = try Promotion(folder: privateStore.stagedFolder)
    // Nobody follows a name that no metadata in force lead to; so whoever looks at the folder meanwhile finds, for every file that is new,
    // who signed it.
    try addRoots(of: published, to: &promotion)
    let roles = manifest?.roles ?? []
    for role in roles where role.name != "timestamp" {
      try promotion.add(role.bytes, at: "metadata/\(role.fileName)")
    }
    for release in releases { try addTargets(of: release, to: &promotion) }
    for target in manifest?.siteTargets ?? [] {
      try promotion.add(target.bytes, at: hashedTarget(target.path, SHA256.hash(target.bytes)))
    }
    for role in roles where role.name == "timestamp" {
      try promotion.add(role.bytes, at: "metadata/\(role.fileName)", isReplaceable: true)
    }
    // Clients of the signed metadata have the new state from here on. What follows has fixed addresses, and catches up: pages and
    // catalogues with the signed tree, `latest/` with the newest release.
    for release in releases { try addLatest(of: release, to: &promotion) }
    let gone = Set(tree.withdrawals.filter { !$0.isUndone }.map(\.dataset))
    for dataset in published.datasets where gone.contains(dataset) {
      promotion.remove("data/\(dataset)")
      promotion.remove("targets/\(dataset)")
    }
    try repairLatest(
      of: published.datasets.filter { !gone.contains($0) && !releases.map(\.record.dataset).contains($0) }, published,
      in: &promotion)
    for file in tree.files {
      // Where nothing is signed anew, only what was lost is put back.
      if let bytes = file.bytes, manifest != nil || !published.isThere(file) {
        try promotion.add(bytes, at: file.path, isReplaceable: true)
      }
    }
    let kept = Set(tree.files.map(\.path))
    if manifest != nil {
      for path in published.tree.keys.sorted() where !kept.contains(path) { promotion.remove(path) }
    }
    guard !promotion.steps.isEmpty else {
      if try privateStore.publicationRecord() == nil { try privateStore.setPublicationRecord(record) }
      try noteCommit()
      try promotion.drop()
      return []
    }

    try beforeSeal()
    record.add(roles: roles, releases: releases.map { ($0.record.dataset, $0.record.release) }, tree.withdrawals)
    for role in roles where role.name == "root" {
      try privateStore.keepPublishedRoot(role.bytes, version: role.version)
    }
    promotion.note = .members([("names", record.json), ("runs", note)])
    try promotion.seal()
    // Certain, and nothing of it public yet: names are given from here on.
    try privateStore.setPublicationRecord(record)
    try promotion.carryOut(in: publicStore)
    try noteCommit()
    try promotion.drop()
    return roles
  }

  /// Carries out a promotion that an earlier process sealed.
  ///
  /// - Returns: what the ledger should say of it.
  func carryOut(_ interrupted: Promotion) throws -> JSON {
    // A version of Daylight before there were records left a list of runs alone.
    if let names = interrupted.note["names"].flatMap(PublicationRecord.init) {
      var record = try privateStore.publicationRecord() ?? PublicationRecord()
      record.add(names)
      try privateStore.setPublicationRecord(record)
    }
    try interrupted.carryOut(in: publicStore)
    try noteCommit()
    return interrupted.note["runs"] ?? interrupted.note
  }

  /// Notes that a promotion was carried out: a public root without it is one that was lost.
  private func noteCommit() throws {
    guard var record = try privateStore.publicationRecord(), !record.isCommitted || record.needsRepair else { return }
    record.isCommitted = true
    record.needsRepair = false
    try privateStore.setPublicationRecord(record)
  }

  private func newestKeptRoot() throws -> SignedRole? {
    var newest: SignedRole?
    while let bytes = try privateStore.publishedRoot(version: (newest?.version ?? 0) + 1) {
      newest = try SignedRole(root: bytes)
    }
    return newest
  }

  /// Roots that clients begin with, and that the public root lacks.
  private func addRoots(of published: PublishedSite, to promotion: inout Promotion) throws {
    if let root = published.repository?.root { try privateStore.keepPublishedRoot(root.bytes, version: root.version) }
    var version = 1
    while true {
      let path = "metadata/\(version).root.json"
      let present = try publicStore.contents(path)
      // What merely lies there is nobody's root.
      let isVerified = version <= published.repository?.root.version ?? 0
      guard let kept = try privateStore.publishedRoot(version: version) ?? (isVerified ? present : nil) else { return }
      if present == nil { try promotion.add(kept, at: path) }
      try privateStore.keepPublishedRoot(kept, version: version)
      version += 1
    }
  }

  /// Puts `latest/` back to what the newest release is, where somebody changed or lost it.
  private func repairLatest(of datasets: [DatasetID], _ published: PublishedSite, in promotion: inout Promotion) throws
  {
    for dataset in datasets {
      guard let release = published.releases(of: dataset).first else { continue }
      let files = published.newestFiles(of: dataset)
      let folder = "data/\(dataset)/latest"
      let isLink = fileKind(publicStore.path(folder)) == .link
      for file in files {
        let readable = publicStore.path("data/\(dataset)/\(release)/\(file.name)")
        let latest = publicStore.path("\(folder)/\(file.name)")
        if !isLink, isSameFile(readable, latest) || hasDigest(file, latest) { continue }
        let target = publicStore.path("targets/\(dataset)/\(release)/\(file.digest).\(file.name)")
        guard let whole = [readable, target].first(where: { hasDigest(file, $0) }) else {
          logger.error(
            "a published file is not what was signed; restore it from a mirror",
            metadata: ["file": "data/\(dataset)/\(release)/\(file.name)"])
          continue
        }
        try promotion.add(
          WorkFile(path: whole, byteCount: file.byteCount, digest: file.digest), at: "\(folder)/\(file.name)",
          isReplaceable: true, isKept: true)
      }
      let names = Set(files.map(\.name))
      for name in try publicStore.names(in: folder) where !names.contains(name) {
        promotion.remove("\(folder)/\(name)")
      }
    }
  }

  private func hasDigest(_ file: PublishedSite.SignedFile, _ path: String) -> Bool {
    guard fileKind(path) == .file, let input = try? InputFile(path: path), input.byteCount == file.byteCount else {
      return false
    }
    return (try? input.digest()) == file.digest
  }

  private func entries(_ releases: [Release], published: PublishedSite, without gone: Set<DatasetID>) async throws
    -> [CatalogEntry]
  {
    let done = gone.union(releases.map(\.record.dataset))
    return try releases.filter { !gone.contains($0.record.dataset) }.map {
      try CatalogEntry($0, earlier: published.records(of: $0.record.dataset))
    }
      + (try await inParallel(published.datasets.filter { !done.contains($0) }) {
        try CatalogEntry(standing: published.records(of: $0))
      })
  }

  /// Whether what is published was made by this program from the same site: what has no new release would come out the same.
  private func isStanding(_ published: PublishedSite) throws -> Bool {
    guard let making = try making(isTrial: published.isTrial), let tree = published.treeDigest else { return false }
    return try privateStore.ledger.catalogMaking(tree: tree) == making
  }

  /// Everything that a dataset's pages follow from, but for its releases; nil where that is not known.
  private func making(isTrial: Bool) throws -> Digest? {
    try site.configuration.map { SHA256.hash("catalog pages 1\n\(try runningProgramIdentity())\n\($0)\n\(isTrial)") }
  }

  private func noteMaking(of tree: Digest?, isTrial: Bool) throws {
    guard let tree, let making = try making(isTrial: isTrial) else { return }
    try privateStore.ledger.setCatalogMaking(making, tree: tree)
  }

  /// Pages and catalogues are looked at like everything else before they go out.
  private func check(_ tree: CatalogTree) async throws {
    let findings = try await inParallel(tree.files.filter { $0.bytes != nil }) { file in
      file.bytes.map { CheckOutput.findings(inPage: $0, name: file.path) } ?? []
    }.flatMap { $0 }
    guard findings.isEmpty else { throw Refusal(Report(stage: .catalog, findings: findings, rowCount: 0)) }
  }

  private func addTargets(of release: Release, to promotion: inout Promotion) throws {
    let folder = release.record.folder
    for (name, file) in release.files {
      try promotion.add(file, at: "targets/\(folder)/\(file.digest).\(name)", isKept: release.isHeld)
      try promotion.add(file, at: "data/\(folder)/\(name)", isKept: release.isHeld)
    }
  }

  private func addLatest(of release: Release, to promotion: inout Promotion) throws {
    let folder = "data/\(release.record.dataset)/latest"
    for (name, file) in release.files {
      try promotion.add(file, at: "\(folder)/\(name)", isReplaceable: true, isKept: release.isHeld)
    }
    let names = Set(release.files.map(\.name))
    for name in try publicStore.names(in: folder) where !names.contains(name) { promotion.remove("\(folder)/\(name)") }
  }

  /// `site/tree.json` as `targets/site/<sha256>.tree.json`: the name that clients of consistent snapshots ask for.
  private func hashedTarget(_ path: String, _ digest: Digest) -> String {
    "targets/" + (path.parentPath.map { "\($0)/" } ?? "") + "\(digest).\(path.lastPathPart)"
  }
}

extension PublicationRecord {
  /// What a public root says that was published before records were kept.
  init(_ published: PublishedSite) {
    self.init()
    guard let repository = published.repository else { return }
    isCommitted = true
    for role in repository.roles { versions[role.name] = role.version }
    for dataset in published.datasets { releases[dataset] = published.releases(of: dataset).first }
    for withdrawal in published.withdrawals {
      releases[withdrawal.dataset] = max(releases[withdrawal.dataset] ?? withdrawal.lastRelease, withdrawal.lastRelease)
    }
    withdrawals = published.withdrawals.map(\.json)
  }

  /// Notes names that are about to be given.
  fileprivate mutating func add(
    roles: [SignedRole], releases new: [(dataset: DatasetID, release: ReleaseID)], _ withdrawals: [Withdrawal]
  ) {
    for role in roles { versions[role.name] = max(versions[role.name] ?? 0, role.version) }
    for (dataset, release) in new { releases[dataset] = max(releases[dataset] ?? release, release) }
    self.withdrawals = withdrawals.map(\.json)
  }
}
