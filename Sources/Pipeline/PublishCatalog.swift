internal import Approval
internal import Catalog
internal import Export
internal import Hashing
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

  /// Brings the new releases to the public root; all of them are seen at once, when `timestamp.json` is replaced.
  ///
  /// - Parameters:
  ///   - published: what the public root holds now.
  ///   - listed: datasets of which only a description is published; one that has releases is left out.
  ///   - withdrawals: every dataset that was ever taken back; nil for those that are known.
  ///   - note: what the ledger should say when it is done; carried through a crash.
  /// - Returns: the TUF roles that were signed anew.
  @discardableResult
  func callAsFunction(
    _ releases: [Release], in published: PublishedSite, listed: [ListedRecord], withdrawals: [Withdrawal]? = nil,
    note: JSON
  ) async throws -> [SignedRole] {
    let isStanding = try isStanding(published)
    if isStanding && releases.isEmpty && withdrawals == nil && published.hasWholeTree
      && CatalogTree.digest(of: listed) == published.listedDigest
    {
      return try promote([], tree: published.catalogTree(listed: listed), in: published, note: note)
    }
    let withdrawals = withdrawals ?? published.withdrawals
    let gone = Set(withdrawals.filter { !$0.isUndone }.map(\.dataset))
    let state = published.repository
    let entries = try await entries(releases, published: published).filter { !gone.contains($0.dataset.id) }
    let released = Set(entries.map(\.dataset.id))
    let listed = listed.filter { !released.contains($0.dataset) && !gone.contains($0.dataset) }
    // The first publication of a site needs something to say; later ones may have lost their last entry.
    guard !entries.isEmpty || !listed.isEmpty || state != nil else { return [] }

    // Pages stay as they are that would come out the same.
    let standing = isStanding ? Set(published.datasets).subtracting(releases.map(\.record.dataset)) : []
    let tree = try await MakeCatalog(site: site, isTrial: published.isTrial)(
      entries, listed: listed, withdrawals: withdrawals,
      standing: { dataset, path in
        standing.contains(dataset) && fileKind(publicStore.path(path)) == .file ? published.tree[path] : nil
      })
    try await check(tree)
    return try promote(releases, tree: tree, in: published, note: note)
  }

  /// Signs the new state, and brings it to the public root.
  private func promote(_ releases: [Release], tree: CatalogTree, in published: PublishedSite, note: JSON) throws
    -> [SignedRole]
  {
    let manifest = try MakeManifest(expiries: site.expiries, key: { try privateStore.signingKey(of: $0, isNew: $1) })(
      releases.map {
        MakeManifest.ReleaseTargets(
          dataset: $0.record.dataset, release: $0.record.release, version: $0.record.version, files: $0.files)
      }, tree: tree, after: published.repository, now: clock.now)
    try noteMaking(of: manifest?.digest(of: "site/tree.json") ?? published.treeDigest, isTrial: published.isTrial)
    guard let manifest else {
      try restore(tree)
      return []
    }

    var promotion = try Promotion(folder: privateStore.stagedFolder)
    promotion.note = note
    for release in releases { try addTargets(of: release, to: &promotion) }
    for target in manifest.siteTargets {
      try promotion.add(target.bytes, at: hashedTarget(target.path, SHA256.hash(target.bytes)))
    }
    for role in manifest.roles {
      try promotion.add(role.bytes, at: "metadata/\(role.fileName)", isReplaceable: role.name == "timestamp")
    }
    // Clients of the signed metadata have the new state from here on. What follows has fixed addresses, and catches up: pages and
    // catalogues with the signed tree, `latest/` with the newest release.
    for release in releases { try addLatest(of: release, to: &promotion, published: published) }
    for file in tree.files {
      if let bytes = file.bytes { try promotion.add(bytes, at: file.path, isReplaceable: true) }
    }
    let kept = Set(tree.files.map(\.path))
    for path in published.tree.keys.sorted() where !kept.contains(path) { promotion.remove(path) }
    let gone = Set(tree.withdrawals.filter { !$0.isUndone }.map(\.dataset))
    for dataset in published.datasets where gone.contains(dataset) {
      promotion.remove("data/\(dataset)")
      promotion.remove("targets/\(dataset)")
    }
    try promotion.seal()
    try promotion.finish(in: publicStore)
    return manifest.roles
  }

  /// Puts back files that span datasets and were lost from the public root: they are what the signed tree says.
  private func restore(_ tree: CatalogTree) throws {
    let lost = tree.files.filter { $0.bytes != nil && fileKind(publicStore.path($0.path)) != .file }
    guard !lost.isEmpty else { return }
    var promotion = try Promotion(folder: privateStore.stagedFolder)
    for file in lost { if let bytes = file.bytes { try promotion.add(bytes, at: file.path, isReplaceable: true) } }
    try promotion.seal()
    try promotion.finish(in: publicStore)
  }

  private func entries(_ releases: [Release], published: PublishedSite) async throws -> [CatalogEntry] {
    let new = Set(releases.map(\.record.dataset))
    return try releases.map { try CatalogEntry($0, earlier: published.records(of: $0.record.dataset)) }
      + (try await inParallel(published.datasets.filter { !new.contains($0) }) {
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
      try promotion.add(file, at: "targets/\(folder)/\(file.digest).\(name)")
      try promotion.add(file, at: "data/\(folder)/\(name)")
    }
  }

  private func addLatest(of release: Release, to promotion: inout Promotion, published: PublishedSite) throws {
    let folder = "data/\(release.record.dataset)/latest"
    for (name, file) in release.files { try promotion.add(file, at: "\(folder)/\(name)", isReplaceable: true) }
    let names = Set(release.files.map(\.name))
    for name in try publicStore.names(in: folder) where !names.contains(name) { promotion.remove("\(folder)/\(name)") }
  }

  /// `site/tree.json` as `targets/site/<sha256>.tree.json`: the name that clients of consistent snapshots ask for.
  private func hashedTarget(_ path: String, _ digest: Digest) -> String {
    let parts = path.split(separator: "/")
    return "targets/" + parts.dropLast().map { "\($0)/" }.joined() + "\(digest).\(parts[parts.count - 1])"
  }
}
