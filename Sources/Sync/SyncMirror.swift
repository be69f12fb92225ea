internal import Hashing
package import Manifest
package import Publication
internal import Synchronization
internal import Tabular
package import Transport

/// Brings a mirror in step with a site: verifies the signed metadata, fetches what changed, and shows the new state at once, when
/// `timestamp.json` is replaced.
///
/// Whatever goes wrong before leaves the mirror as it was; what was fetched and verified by then is not fetched again.
package struct SyncMirror: Sendable {
  private let folder: MirrorFolder
  private let addresses: [WebAddress]
  private let settings: TransferSettings
  private let now: Instant
  private let only: Set<String>
  private let isDryRun: Bool
  private let checksAll: Bool
  private let progress: @Sendable (Progress) -> Void

  /// Files and bytes that are to be fetched, and were so far.
  package struct Progress: Sendable {
    package var fileCount = 0
    package var fetchedFileCount = 0
    package var byteCount = 0
    package var fetchedByteCount = 0
  }

  package struct Outcome: Sendable {
    package var rootVersion = 0
    package var timestampVersion = 0
    package var isTrial = false
    package var isUnchanged = false
    package var fetched: [String] = []
    package var fetchedByteCount = 0
    package var heldFileCount = 0
    package var removed: [String] = []
    /// Departments whose signature has run out: what the mirror has of them was left as it was.
    package var expired: [VerificationError] = []
    /// What was wrong with a place that was passed over.
    package var complaints: [String] = []
  }

  /// - Parameters:
  ///   - folder: of the mirror, absolute.
  ///   - only: datasets as `department/dataset`; empty for all.
  ///   - checksAll: looks at every file's digest again, also of those that are there.
  package init(
    folder: String, addresses: [WebAddress], settings: TransferSettings, now: Instant, only: Set<String> = [],
    isDryRun: Bool = false, checksAll: Bool = false, progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) {
    self.folder = MirrorFolder(path: folder)
    self.addresses = addresses
    self.settings = settings
    self.now = now
    self.only = only
    self.isDryRun = isDryRun
    self.checksAll = checksAll
    self.progress = progress
  }

  /// - Throws: `VerificationError` where something is not what was signed; `TransferError` where no place can be reached;
  ///   `FileError` for our own disk.
  package func callAsFunction(trustedRoot: [UInt8]?) async throws -> Outcome {
    guard !isDryRun else { return try await update(trustedRoot: trustedRoot) }
    return try await folder.withLock { try await update(trustedRoot: trustedRoot) }
  }

  private func update(trustedRoot: [UInt8]?) async throws -> Outcome {
    let metadata = try await onOwnThread {
      try RefreshMetadata(
        folder: folder, sources: addresses.map { MirrorSource($0, settings) }, now: now, keepsTrusted: !isDryRun)(
          trustedRoot: trustedRoot)
    }
    var outcome = Outcome()
    outcome.rootVersion = metadata.trusted.rootVersion
    outcome.timestampVersion = metadata.trusted.timestampVersion ?? 0
    outcome.isTrial = metadata.trusted.isTrial
    outcome.complaints = metadata.complaints
    outcome.expired = metadata.expired
    let kept = Kept(metadata.expired)
    let mark = "\(SHA256.hash(metadata.timestamp)) \(only.sorted().joined(separator: " "))"
    if metadata.isUnchanged, !checksAll,
      try folder.contents(".sync/done").map({ String(decoding: $0, as: UTF8.self) }) == mark
    {
      outcome.isUnchanged = true
      return outcome
    }

    try folder.refuseLinks()
    let signed = try selected(metadata.trusted.signedTargets())
    var releases: [Want] = []
    var site: [Want] = []
    for target in signed {
      let want = Want(path: "targets/\(target.hashedPath)", target: target)
      if target.path.isBelow("site") { site.append(want) } else { releases.append(want) }
    }
    if isDryRun {
      let missing = (site + releases).filter { !isHeld($0) }
      outcome.fetched = missing.map(\.target.path)
      outcome.fetchedByteCount = Self.byteSum(missing)
      outcome.heldFileCount = signed.count - missing.count
      outcome.removed = try unsigned(signed, keeping: kept, metadata.trusted)
      return outcome
    }
    let tree: [Want]
    do {
      // What spans datasets is named by one of the site's own files.
      try await fetch(site, &outcome)
      try requireKnown(signed)
      tree = only.isEmpty ? try treeFiles(signed) : []
      try refuseContradictions(site + releases, tree)
    } catch let error as VerificationError {
      try removePartials()
      throw error
    }
    do {
      try await fetch(releases + tree, &outcome)
    } catch let error as VerificationError {
      try removePartials()
      // A page may be of a state that is on its way in or out: that is no forgery, and over in a moment.
      let isPassing = try await onOwnThread { try self.isBeingPublished(error.subject, since: metadata) }
      guard isPassing else { throw error }
      throw SyncError(
        "the site is being published just now: \(error.subject) is of another state", hint: "run again in a moment",
        kind: .transient)
    }
    try publish(metadata, signed, tree)
    outcome.removed = try removeUnsigned(signed, tree, keeping: kept, metadata.trusted)
    if metadata.expired.isEmpty { try folder.write(Array(mark.utf8), ".sync/done") }
    return outcome
  }

  /// What stays as it is, because whoever signs it does not any more.
  private struct Kept {
    /// Pages and catalogues.
    var site = false
    var departments: Set<String> = []

    init(_ expired: [VerificationError]) {
      for error in expired {
        if let department = SignedTarget.department(ofRole: error.subject) {
          departments.insert(department)
        } else {
          site = true
        }
      }
    }
  }

  /// A file that should be there.
  private struct Want: Sendable {
    /// Below the site, and below the mirror.
    let path: String
    let target: SignedTarget
    /// A file of a fixed name, which is moved to its place only after the commit.
    var isReplaceable = false
  }

  private func selected(_ targets: [SignedTarget]) throws -> [SignedTarget] {
    return try targets.filter { target in
      let parts = target.path.pathParts
      guard target.isPlain, parts.count != 4 || ReleaseID(parts[2]) != nil else {
        throw VerificationError(target.path, "is not a path that may be followed")
      }
      return only.isEmpty || target.path.isBelow("site") || only.contains { target.path.isBelow($0) }
    }
  }

  /// A dataset that was named is there, or was taken back; else it is a mistake.
  private func requireKnown(_ signed: [SignedTarget]) throws {
    let withdrawals = signed.first { $0.path == "site/withdrawals.json" }
    let bytes = try withdrawals.flatMap { try folder.contents("targets/\($0.hashedPath)", limit: 64 << 20) }
    let gone = try bytes.map { try JSONParser.parse($0)["withdrawals"]?.elements ?? [] } ?? []
    for dataset in only.sorted() where !signed.contains(where: { $0.path.isBelow(dataset) }) {
      guard gone.contains(where: { $0["dataset"]?.text == dataset }) else {
        throw SyncError(
          "the site has no dataset \(dataset)", hint: "its datasets are on its front page and in catalog.jsonld")
      }
    }
  }

  /// A name cannot be that of a file and of a folder, nor of two files.
  ///
  /// - Throws: `VerificationError`: what contradicts itself is refused before anything of it is shown.
  private func refuseContradictions(_ targets: [Want], _ tree: [Want]) throws {
    var files: [String: Digest] = [:]
    var folders: Set<String> = []
    let readable = targets.map { ("data/\($0.target.path)", $0.target.digest) }
    for (path, digest) in (targets + tree).map({ ($0.path, $0.target.digest) }) + readable {
      guard files[path, default: digest] == digest else {
        throw VerificationError(path, "is signed twice, with different contents")
      }
      files[path] = digest
      var folder = path.parentPath
      while let path = folder, folders.insert(path).inserted { folder = path.parentPath }
    }
    if let path = files.keys.filter(folders.contains).min() {
      throw VerificationError(path, "is signed as a file, and files below it too")
    }
    for want in tree where fileKind("\(folder.path)/\(want.path)") == .folder {
      throw SyncError(
        "\(folder.path)/\(want.path) is a folder where a file goes", hint: "take it away", kind: .operation)
    }
  }

  /// Whether a file of a fixed name may be of another state than the one that was verified: the site has gone on meanwhile, or a
  /// publication was cut off after its timestamp, and the file is still that of the state before.
  private func isBeingPublished(_ path: String, since metadata: RefreshMetadata.Outcome) throws -> Bool {
    for address in addresses {
      let source = MirrorSource(address, settings)
      guard let timestamp = try? source.contents("metadata/timestamp.json", limit: 16_384) else { continue }
      if timestamp != metadata.timestamp { return true }
      guard let bytes = try? source.contents(path, limit: 64 << 20) else { continue }
      let digest = SHA256.hash(bytes)
      let names = (try? folderNames("\(folder.path)/metadata")) ?? []
      let earlier = EarlierTrees(trusted: metadata.trusted, names: names) { try? source.contents($0, limit: 64 << 20) }
      if earlier.newest?.contains(path, digest) == true { return true }
    }
    return false
  }

  /// The pages and catalogues that `site/tree.json` names; none of them may take the place of anything else.
  private func treeFiles(_ targets: [SignedTarget]) throws -> [Want] {
    guard let tree = targets.first(where: { $0.path == "site/tree.json" }) else { return [] }
    guard let bytes = try folder.contents("targets/\(tree.hashedPath)", limit: 64 << 20),
      let json = try? JSONParser.parse(bytes)
    else {
      throw VerificationError("site/tree.json", "cannot be read")
    }
    return try (json["files"]?.elements ?? []).map { file in
      guard let path = file["path"]?.text, let length = file["length"]?.integer, length >= 0,
        let digest = file["sha256"]?.text.flatMap(Digest.init(hex:))
      else { throw VerificationError("site/tree.json", "has an entry that cannot be read") }
      let target = SignedTarget(path: path, byteCount: length, digest: digest, role: "site")
      guard length <= SignedTarget.longest, target.isPageOfSite else {
        throw VerificationError(path, "is not a path that may be followed")
      }
      return Want(path: path, target: target, isReplaceable: true)
    }
  }

  private func isHeld(_ want: Want) -> Bool {
    // What the site says of itself is read, and decides what is taken away.
    if want.isReplaceable || checksAll || want.target.role == "site" {
      return folder.holds(want.path, want.target.digest, byteCount: want.target.byteCount)
    }
    return folder.holds(want.path, byteCount: want.target.byteCount)
  }

  // MARK: Fetching

  /// Several at a time, each from the first place that gives what was signed.
  private func fetch(_ wants: [Want], _ outcome: inout Outcome) async throws {
    let missing = wants.filter { !isHeld($0) }
    outcome.heldFileCount += wants.count - missing.count
    guard !missing.isEmpty else { return }
    // The same bytes under two names are fetched once.
    var first: [Digest: Want] = [:]
    let distinct = missing.filter { want in
      defer { if first[want.target.digest] == nil { first[want.target.digest] = want } }
      return first[want.target.digest] == nil
    }
    let queue = Queue(distinct)
    // A limit is for all together.
    let workerCount = settings.maximumRate == nil ? 4 : 1
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<min(workerCount, distinct.count) {
        group.addTask { try await onOwnThread { try work(worker, queue) } }
      }
      try await group.waitForAll()
    }
    for want in missing where !want.isReplaceable {
      guard let twin = first[want.target.digest], twin.path != want.path else { continue }
      try folder.link(twin.path, as: want.path, want.target.digest)
    }
    outcome.fetched += missing.map(\.target.path)
    outcome.fetchedByteCount = Self.byteSum(distinct, from: outcome.fetchedByteCount)
    outcome.complaints += queue.state.withLock { $0.complaints }
  }

  /// As many as fit a number: the lengths are what somebody else says.
  private static func byteSum(_ wants: [Want], from start: Int = 0) -> Int {
    wants.reduce(start) { sum, want in
      let (sum, isTooMuch) = sum.addingReportingOverflow(want.target.byteCount)
      return isTooMuch ? .max : sum
    }
  }

  private final class Queue: Sendable {
    let state: Mutex<Shared>
    init(_ wants: [Want]) { state = Mutex(Shared(wants)) }
  }

  private struct Shared: Sendable {
    var rest: ArraySlice<Want>
    var progress = Progress()
    var complaints: [String] = []
    var isStopped = false

    init(_ wants: [Want]) {
      rest = wants[...]
      progress.fileCount = wants.count
      progress.byteCount = SyncMirror.byteSum(wants)
    }
  }

  private func work(_ worker: Int, _ queue: Queue) throws {
    let start = ContinuousClock().now
    let sources = addresses.map { MirrorSource($0, settings) }
    while true {
      let want = queue.state.withLock { shared -> Want? in shared.isStopped ? nil : shared.rest.popFirst() }
      guard let want else { return }
      var errors: [any Error] = []
      var isDone = false
      // Each place twice: a server may be in the middle of a publication.
      for attempt in 0..<2 * sources.count where !isDone {
        let place = (worker + attempt) % sources.count
        if attempt >= sources.count { pause(milliseconds: 500) }
        do {
          try sources[place].fetch(want.path, want.target, into: folder) { count in
            let progress = queue.state.withLock { shared in
              shared.progress.fetchedByteCount += count
              return shared.progress
            }
            self.progress(progress)
          }
          isDone = true
        } catch let error as FileError {
          queue.state.withLock { $0.isStopped = true }
          throw error
        } catch {
          errors.append(error)
          queue.state.withLock { $0.complaints.append("\(sources[place].address): \(firstLine(error))") }
        }
      }
      guard isDone else {
        queue.state.withLock { $0.isStopped = true }
        let error = errors.first { $0 is VerificationError } ?? errors.first
        throw error ?? SyncError("nothing to sync from")
      }
      // Files of fixed names wait for the commit.
      if !want.isReplaceable { try folder.adopt(want.target.digest, at: want.path) }
      queue.state.withLock { $0.progress.fetchedFileCount += 1 }
      keepRate(queue, since: start)
    }
  }

  /// The limit holds for all transfers together, small ones too.
  private func keepRate(_ queue: Queue, since start: ContinuousClock.Instant) {
    guard let rate = settings.maximumRate else { return }
    let byteCount = queue.state.withLock { $0.progress.fetchedByteCount }
    let ahead = Double(byteCount) / Double(rate) - (ContinuousClock().now - start) / .seconds(1)
    if ahead > 0 { pause(milliseconds: Int(min(ahead, 3_600) * 1_000)) }
  }

  // MARK: Publishing

  /// Second names first, then the metadata, the timestamp last of them: the commit point for whoever reads the mirror.
  ///
  /// Fixed addresses follow.
  private func publish(_ metadata: RefreshMetadata.Outcome, _ signed: [SignedTarget], _ tree: [Want]) throws {
    let releases = signed.filter { !$0.path.isBelow("site") }
    for target in releases where target.path.pathParts.count == 4 {
      let readable = "data/\(target.path)"
      // A second name of the same file needs no look at its bytes.
      let isHeld =
        !checksAll && folder.isSame(readable, "targets/\(target.hashedPath)")
        || folder.holds(readable, target.digest, byteCount: target.byteCount)
      if !isHeld { try folder.link("targets/\(target.hashedPath)", as: readable, target.digest) }
    }
    for file in metadata.roots + metadata.files { try folder.write(file.bytes, file.path) }
    try folder.write(metadata.timestamp, "metadata/timestamp.json")
    if let root = metadata.roots.last { try folder.write(root.bytes, ".sync/root.json") }
    for (dataset, files) in newest(releases) {
      for target in files {
        let latest = "data/\(dataset)/latest/\(target.path.lastPathPart)"
        if !folder.holds(latest, target.digest, byteCount: target.byteCount) {
          try folder.link("targets/\(target.hashedPath)", as: latest, target.digest)
        }
      }
    }
    for want in tree where fileKind(folder.partialPath(want.target.digest)) == .file {
      try folder.adopt(want.target.digest, at: want.path)
    }
    // Two pages may have the same bytes, and one transfer.
    for want in tree where !folder.holds(want.path, want.target.digest, byteCount: want.target.byteCount) {
      guard
        let twin = tree.first(where: {
          $0.target.digest == want.target.digest
            && folder.holds($0.path, $0.target.digest, byteCount: $0.target.byteCount)
        })
      else {
        throw SyncError("\(want.path) went away while it was moved to its place", hint: "run again", kind: .operation)
      }
      try folder.link(twin.path, as: want.path, want.target.digest)
    }
  }

  /// The files of each dataset's newest release.
  private func newest(_ releases: [SignedTarget]) -> [(dataset: String, files: [SignedTarget])] {
    var byDataset: [String: [ReleaseID: [SignedTarget]]] = [:]
    for target in releases {
      let parts = target.path.pathParts
      guard parts.count == 4, let release = ReleaseID(parts[2]) else { continue }
      byDataset["\(parts[0])/\(parts[1])", default: [:]][release, default: []].append(target)
    }
    return byDataset.sorted { $0.key < $1.key }.compactMap { dataset, releases in
      releases.max { $0.key < $1.key }.map { (dataset, $0.value) }
    }
  }

  /// Files of releases, and of folders of the newest ones, that are not signed any more: they were taken back.
  private func unsigned(_ signed: [SignedTarget], keeping expired: Kept, _ trusted: TrustedMetadata) throws -> [String]
  {
    var kept = Set(signed.map { "targets/\($0.hashedPath)" })
    kept.formUnion(signed.map { "data/\($0.path)" })
    for (dataset, files) in newest(signed) {
      for target in files { kept.insert("data/\(dataset)/latest/\(target.path.lastPathPart)") }
    }
    // Earlier states of what spans datasets are kept: whoever reads an earlier snapshot may be on the way. What a sync that was cut off
    // left of a state that never came here is not.
    kept.formUnion(try earlierSiteTargets(trusted))
    return try ["targets", "data"].flatMap { top in
      try only.isEmpty ? folder.files(below: top) : only.sorted().flatMap { try folder.files(below: "\(top)/\($0)") }
    }.filter { path in
      let department = path.pathParts.dropFirst().first ?? ""
      let isKept = department == "site" ? expired.site || !only.isEmpty : expired.departments.contains(department)
      return !kept.contains(path) && !isKept
    }
  }

  /// The site's own files that earlier metadata of this mirror name.
  private func earlierSiteTargets(_ trusted: TrustedMetadata) throws -> Set<String> {
    guard fileKind("\(folder.path)/metadata") == .folder else { return [] }
    var paths: Set<String> = []
    for name in try folderNames("\(folder.path)/metadata") where name.endsWith(".site.json") {
      guard let bytes = try folder.contents("metadata/\(name)"), let role = trusted.signed(bytes, role: "site") else {
        continue
      }
      for target in role["targets"]?.members ?? [] {
        guard let digest = target.value["hashes"]?["sha256"]?.text.flatMap(Digest.init(hex:)) else { continue }
        paths.insert(
          "targets/\(SignedTarget(path: target.name, byteCount: 0, digest: digest, role: "site").hashedPath)")
      }
    }
    return paths
  }

  private func removeUnsigned(
    _ signed: [SignedTarget], _ tree: [Want], keeping kept: Kept, _ trusted: TrustedMetadata
  ) throws -> [String] {
    var removed = try unsigned(signed, keeping: kept, trusted)
    let pages = Set(tree.map(\.path))
    let hasPages = only.isEmpty && !kept.site
    if hasPages {
      let before = try folder.contents(".sync/tree", limit: 64 << 20).map {
        String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init)
      }
      removed += (before ?? []).filter {
        !pages.contains($0) && SignedTarget(path: $0, byteCount: 0, digest: SHA256.hash(""), role: "site").isPageOfSite
      }
    }
    for path in removed { try folder.remove(path) }
    // Written last: whoever is interrupted before finds the same to remove.
    if hasPages { try folder.write(Array(pages.sorted().joined(separator: "\n").utf8), ".sync/tree") }
    try removePartials()
    return removed
  }

  private func removePartials() throws {
    for name in try folderNames("\(folder.path)/.sync/partial") {
      try removeTree("\(folder.path)/.sync/partial/\(name)")
    }
  }
}
