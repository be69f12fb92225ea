internal import Hashing
package import Manifest
package import Publication
internal import Tabular

/// Verifies a site or a mirror of one on disk: every signature, every byte that is signed, the addresses that do not change, and what
/// lies there that nobody signed.
package struct VerifyMirror: Sendable {
  private let folder: String
  private let now: Instant
  private let only: Set<String>

  /// - Parameters:
  ///   - folder: the public root, absolute.
  ///   - only: the datasets that a mirror of a part has, as `department/dataset`; empty for all, and for what spans them.
  package init(folder: String, now: Instant, only: Set<String> = []) {
    self.folder = folder
    self.now = now
    self.only = only
  }

  package struct Result: Sendable {
    package var rootVersion = 0
    package var isTrial = false
    package var roleCount = 0
    package var fileCount = 0
    package var byteCount = 0
    /// Files that are not what was signed.
    ///
    /// Metadata that are not are thrown: nothing below them could be believed.
    package var problems: [VerificationError] = []
    /// Files of another state that was signed: a publication is on its way, or was cut off, and is completed by the next.
    package var passing: [VerificationError] = []
    /// Files that nobody signed.
    package var unsigned: [String] = []

    package init() {}
  }

  /// A dataset that was named and that nobody signs.
  package struct UnknownDataset: Error { package let dataset: String }

  /// - Parameter trustedRoot: root metadata that the caller trusts; nil for the first root of the folder itself, which proves only
  ///   that all of it was signed by one and the same.
  /// - Throws: `VerificationError` where the metadata do not verify.
  package func callAsFunction(trustedRoot: [UInt8]?) throws -> Result {
    // What was read before and after a publication are two states.
    for _ in 0..<4 {
      let (result, isOneState) = try look(trustedRoot)
      if isOneState || result.problems.isEmpty && result.unsigned.isEmpty { return result }
    }
    var (result, isOneState) = try look(trustedRoot)
    if !isOneState {
      result.passing += result.problems
      result.passing += result.unsigned.map {
        VerificationError($0, "is of another state than the one in force", isOfAnotherState: true)
      }
      result.problems = []
      result.unsigned = []
    }
    return result
  }

  /// Looks at everything once.
  ///
  /// - Returns: what was found, and whether the timestamp is the same at the end.
  private func look(_ trustedRoot: [UInt8]?) throws -> (Result, isOneState: Bool) {
    var work = Work(folder: folder, only: only)
    let first: [UInt8]
    if let trustedRoot {
      first = trustedRoot
    } else {
      first = try required("metadata/1.root.json")
    }
    var trusted = try TrustedMetadata(trustedRoot: first, now: now)
    while let next = try contents("metadata/\(trusted.rootVersion + 1).root.json") { try trusted.updateRoot(next) }
    let timestamp = try required("metadata/timestamp.json")
    try trusted.updateTimestamp(timestamp)
    try trusted.updateSnapshot(try required("metadata/\(trusted.snapshotVersion ?? 0).snapshot.json"))
    try trusted.updateAllTargets { role, version, _ in
      work.result.roleCount += 1
      return try required("metadata/\(version).\(role).json")
    } expired: { error in
      throw error
    }
    work.result.rootVersion = trusted.rootVersion
    work.result.isTrial = trusted.isTrial
    let targets = try trusted.signedTargets()
    for dataset in only.sorted() where !targets.contains(where: { $0.path.isBelow(dataset) }) {
      throw UnknownDataset(dataset: dataset)
    }

    let names = (try? folderNames("\(folder)/metadata")) ?? []
    let earlier = EarlierTrees(trusted: trusted, names: names) { try? contents($0, limit: 64 << 20) }
    work.earlier = earlier.newest
    for target in targets {
      let isWanted = only.isEmpty || target.role == "site" || only.contains { target.path.isBelow($0) }
      guard isWanted else { continue }
      guard target.isPlain else {
        work.result.problems.append(VerificationError(target.path, "is not a path that may be followed"))
        continue
      }
      work.check("targets/\(target.hashedPath)", target)
      // A release's readable copy is the same file.
      if target.path.pathParts.count == 4 { work.check("data/\(target.path)", target) }
      if target.path == "site/tree.json", only.isEmpty { try checkTree("targets/\(target.hashedPath)", &work) }
    }
    work.checkLatest(targets)
    if only.isEmpty { try work.lookForUnsigned(trusted) }
    return (work.result, (try? contents("metadata/timestamp.json")) == timestamp)
  }

  private func checkTree(_ path: String, _ work: inout Work) throws {
    guard let bytes = try contents(path, limit: 64 << 20), let tree = try? JSONParser.parse(bytes) else { return }
    for file in tree["files"]?.elements ?? [] {
      guard let path = file["path"]?.text, let length = file["length"]?.integer,
        (0...SignedTarget.longest).contains(length),
        let digest = file["sha256"]?.text.flatMap(Digest.init(hex:))
      else {
        work.result.problems.append(VerificationError("site/tree.json", "has an entry that cannot be read"))
        continue
      }
      let target = SignedTarget(path: path, byteCount: length, digest: digest, role: "site")
      guard target.isPageOfSite else {
        work.result.problems.append(VerificationError(path, "is not a path that may be followed"))
        continue
      }
      work.checkPage(target)
    }
  }

  /// Metadata are small: what python-tuf reads at most is the limit here too.
  private func contents(_ path: String, limit: Int = 5_000_000) throws -> [UInt8]? {
    guard fileKind("\(folder)/\(path)") != nil else { return nil }
    do {
      return try InputFile.contents(of: "\(folder)/\(path)", limit: limit)
    } catch {
      // A link, a pipe, a folder or too much of it: not what anybody signed.
      throw VerificationError(path, "cannot be read: \(error)")
    }
  }

  private func required(_ path: String) throws -> [UInt8] {
    guard let bytes = try contents(path) else { throw VerificationError(path, "is missing") }
    return bytes
  }
}

/// What one verification has seen so far.
private struct Work {
  private let folder: String
  private let only: Set<String>
  var result = VerifyMirror.Result()
  /// The pages of the state before.
  var earlier: EarlierTrees.Tree?
  /// Files that are signed in this state.
  private var known: Set<String> = []
  /// Digests by file, so that one with several names is read once.
  private var digests: [FileState: Digest] = [:]

  init(folder: String, only: Set<String>) {
    self.folder = folder
    self.only = only
  }

  /// Holds a file of a release, or of the site role, against what was signed: it was there before anybody was told of it.
  mutating func check(_ path: String, _ target: SignedTarget) {
    if let problem = problem(path, target) { result.problems.append(problem) }
  }

  /// Holds a page against what was signed; one of the state before is on its way out.
  mutating func checkPage(_ target: SignedTarget) {
    guard let problem = problem(target.path, target) else { return }
    let isEarlier: Bool
    if fileKind("\(folder)/\(target.path)") == nil {
      isEarlier = earlier.map { !$0.names(target.path) } ?? false
    } else {
      let digest = digest(target.path)
      // It took its place while it was read.
      guard digest != target.digest else { return }
      isEarlier = digest.map { earlier?.contains(target.path, $0) ?? false } ?? false
    }
    if isEarlier { result.passing.append(problem) } else { result.problems.append(problem) }
  }

  /// The addresses that do not change hold the newest release; files of an earlier one are on their way out.
  mutating func checkLatest(_ targets: [SignedTarget]) {
    var byDataset: [String: [ReleaseID: [SignedTarget]]] = [:]
    for target in targets where target.role != "site" {
      let parts = target.path.pathParts
      guard parts.count == 4, let release = ReleaseID(parts[2]) else { continue }
      let dataset = "\(parts[0])/\(parts[1])"
      guard only.isEmpty || only.contains(dataset) else { continue }
      byDataset[dataset, default: [:]][release, default: []].append(target)
    }
    for (dataset, releases) in byDataset.sorted(by: { $0.key < $1.key }) {
      guard let newest = releases.keys.max() else { continue }
      let place = "data/\(dataset)/latest"
      if fileKind("\(folder)/\(place)") == .link {
        result.problems.append(VerificationError(place, "is a link"))
        continue
      }
      let before = releases.filter { $0.key != newest }.flatMap(\.value)
      for target in releases[newest] ?? [] {
        let path = "\(place)/\(target.path.lastPathPart)"
        guard let problem = problem(path, target) else { continue }
        let digest = digest(path)
        guard digest != target.digest else { continue }
        let isEarlier =
          fileKind("\(folder)/\(path)") == nil
          ? !before.contains { $0.path.lastPathPart == target.path.lastPathPart }
          : before.contains { $0.digest == digest && $0.path.lastPathPart == target.path.lastPathPart }
        if isEarlier { result.passing.append(problem) } else { result.problems.append(problem) }
      }
    }
  }

  private mutating func problem(_ path: String, _ target: SignedTarget) -> VerificationError? {
    known.insert(path)
    do {
      let file = try InputFile(path: "\(folder)/\(path)")
      result.fileCount += 1
      guard file.byteCount == target.byteCount else {
        return VerificationError(path, "is not \(target.byteCount) bytes long, as was signed")
      }
      result.byteCount += file.byteCount
      return try digest(of: file) == target.digest ? nil : VerificationError(path, "has another digest than was signed")
    } catch {
      let isMissing = (error as? FileError)?.isMissingFile ?? false
      return VerificationError(path, isMissing ? "is missing" : "cannot be read: \(error)")
    }
  }

  private mutating func digest(_ path: String) -> Digest? {
    guard let file = try? InputFile(path: "\(folder)/\(path)") else { return nil }
    return try? digest(of: file)
  }

  private mutating func digest(of file: borrowing InputFile) throws -> Digest {
    if let known = digests[file.state] { return known }
    let digest = try file.digest()
    digests[file.state] = digest
    return digest
  }

  // MARK: What nobody signed

  /// Looks for files that no metadata in force name: those that earlier ones name, or later ones that are not in force yet, are passing;
  /// any other was signed by nobody.
  mutating func lookForUnsigned(_ trusted: TrustedMetadata) throws {
    // First what lies there, then who signed it: of a publication that is on its way metadata come before the files that they name.
    var found: [String] = []
    walk("") { path in if !known.contains(path) { found.append(path) } }
    var others = OtherStates()
    for name in names("metadata") {
      let path = "metadata/\(name)"
      guard let role = role(of: name), let bytes = try? InputFile.contents(of: "\(folder)/\(path)", limit: 5_000_000)
      else { continue }
      // A role that is delegated by metadata that are not in force yet comes after them.
      others.candidates.append((path, role.name, role.version, bytes))
    }
    others.settle(trusted)
    known.formUnion(others.metadata)
    known.insert("metadata/timestamp.json")
    let earlierPages = earlier
    for path in found where !known.contains(path) {
      let isOfAnotherState: Bool
      if path.lastPathPart.beginsWith(".tmp-") {
        // Of a write that was cut off: its bytes may be some of what was signed.
        let plain = path.withoutTemporaryPrefix
        isOfAnotherState = known.contains(plain) || others.names(plain) || (earlierPages?.names(plain) ?? false)
      } else if let digest = digest(path) {
        if others.isSuperseded(path, digest) { continue }
        isOfAnotherState = others.contains(path, digest) || (earlierPages?.contains(path, digest) ?? false)
      } else if fileKind("\(folder)/\(path)") == nil {
        continue
      } else {
        isOfAnotherState = false
      }
      if isOfAnotherState {
        result.passing.append(
          VerificationError(path, "is of another state than the one in force", isOfAnotherState: true))
      } else {
        result.unsigned.append(path)
      }
    }
  }

  /// `<version>.<role>.json`.
  private func role(of name: String) -> (name: String, version: Int)? {
    guard name.endsWith(".json"), let version = Int(name.prefix { $0 != "." }) else { return nil }
    let role = String(name.drop { $0 != "." }.dropFirst().dropLast(5))
    return role.isEmpty ? nil : (role, version)
  }

  private func names(_ relative: String) -> [String] {
    let path = relative.isEmpty ? folder : "\(folder)/\(relative)"
    return fileKind(path) == .folder ? (try? folderNames(path)) ?? [] : []
  }

  /// Every file, link and other thing below the folder, but for what is a mirror's own.
  private func walk(_ relative: String, _ body: (String) -> Void) {
    for name in names(relative) where !(relative.isEmpty && name == ".sync") {
      let inner = relative.isEmpty ? name : "\(relative)/\(name)"
      // A name may be gone by now.
      switch fileKind("\(folder)/\(inner)") {
      case nil: break
      case .folder: walk(inner, body)
      default: body(inner)
      }
    }
  }
}

/// Metadata that are signed and not in force, and what they name.
private struct OtherStates {
  var candidates: [(path: String, role: String, version: Int, bytes: [UInt8])] = []
  /// Metadata files that somebody signed who may.
  private(set) var metadata: Set<String> = []
  /// Digests by path, below `targets/` and `data/`, `latest/` too.
  private var targets: [String: Set<Digest>] = [:]
  /// The site's own files of earlier states, which stay for whoever reads an earlier snapshot.
  private var superseded: [String: Digest] = [:]

  /// Takes those that are signed by whoever may sign them, or by whoever others of them let sign.
  mutating func settle(_ trusted: TrustedMetadata) {
    var delegations: [JSON] = []
    var left = candidates
    while true {
      var rest: [(path: String, role: String, version: Int, bytes: [UInt8])] = []
      for candidate in left {
        guard let signed = trusted.signed(candidate.bytes, role: candidate.role, alsoBy: delegations),
          signed["version"]?.integer == candidate.version
        else {
          rest.append(candidate)
          continue
        }
        metadata.insert(candidate.path)
        if let more = signed["delegations"] { delegations.append(more) }
        for target in signed["targets"]?.members ?? [] {
          guard let digest = target.value["hashes"]?["sha256"]?.text.flatMap(Digest.init(hex:)) else { continue }
          let hashed = SignedTarget(path: target.name, byteCount: 0, digest: digest, role: candidate.role).hashedPath
          if target.name.isBelow("site") {
            superseded["targets/\(hashed)"] = digest
          } else {
            let parts = target.name.pathParts
            targets["targets/\(hashed)", default: []].insert(digest)
            targets["data/\(target.name)", default: []].insert(digest)
            if parts.count == 4 {
              targets["data/\(parts[0])/\(parts[1])/latest/\(parts[3])", default: []].insert(digest)
            }
          }
        }
      }
      guard rest.count < left.count else { return }
      left = rest
    }
  }

  /// Whether another state has a file of this path.
  func names(_ path: String) -> Bool { targets[path] != nil }

  /// Whether another state has these bytes there.
  func contains(_ path: String, _ digest: Digest) -> Bool { targets[path]?.contains(digest) ?? false }

  func isSuperseded(_ path: String, _ digest: Digest) -> Bool { superseded[path] == digest }
}

extension String {
  /// The path of the file that a temporary one becomes.
  fileprivate var withoutTemporaryPrefix: String {
    let name = String(decoding: lastPathPart.utf8.dropFirst(5), as: UTF8.self)
    return parentPath.map { "\($0)/\(name)" } ?? name
  }
}
