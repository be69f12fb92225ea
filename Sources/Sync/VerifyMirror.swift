internal import Hashing
package import Manifest
package import Publication
internal import Tabular

/// Verifies a site or a mirror of one on disk: every signature, and every byte that is signed.
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

    package init() {}
  }

  /// - Parameter trustedRoot: root metadata that the caller trusts; nil for the first root of the folder itself, which proves only
  ///   that all of it was signed by one and the same.
  /// - Throws: `VerificationError` where the metadata do not verify.
  package func callAsFunction(trustedRoot: [UInt8]?) throws -> Result {
    var result = Result()
    let first: [UInt8]
    if let trustedRoot {
      first = trustedRoot
    } else {
      first = try required("metadata/1.root.json")
    }
    var trusted = try TrustedMetadata(trustedRoot: first, now: now)
    while let next = try contents("metadata/\(trusted.rootVersion + 1).root.json") { try trusted.updateRoot(next) }
    try trusted.updateTimestamp(try required("metadata/timestamp.json"))
    try trusted.updateSnapshot(try required("metadata/\(trusted.snapshotVersion ?? 0).snapshot.json"))
    try trusted.updateAllTargets { role, version, _ in
      result.roleCount += 1
      return try required("metadata/\(version).\(role).json")
    } expired: { error in
      throw error
    }
    result.rootVersion = trusted.rootVersion
    result.isTrial = trusted.isTrial

    for target in trusted.signedTargets() {
      let isWanted = only.isEmpty || target.role == "site" || only.contains { target.path.hasPrefix("\($0)/") }
      guard isWanted else { continue }
      guard target.isPlain else {
        result.problems.append(VerificationError(target.path, "is no path that may be followed"))
        continue
      }
      try check("targets/\(target.hashedPath)", target, &result)
      // A release's readable copy is the same file.
      if target.path.split(separator: "/").count == 4 { try check("data/\(target.path)", target, &result) }
      if target.path == "site/tree.json", only.isEmpty { try checkTree("targets/\(target.hashedPath)", &result) }
    }
    return result
  }

  private func checkTree(_ path: String, _ result: inout Result) throws {
    guard let bytes = try contents(path), let tree = try? JSONParser.parse(bytes) else { return }
    for file in tree["files"]?.elements ?? [] {
      guard let path = file["path"]?.text, let length = file["length"]?.integer,
        let digest = file["sha256"]?.text.flatMap(Digest.init(hex:))
      else { continue }
      let target = SignedTarget(path: path, byteCount: length, digest: digest, role: "site")
      guard target.isPlain else {
        result.problems.append(VerificationError(path, "is no path that may be followed"))
        continue
      }
      try check(path, target, &result)
    }
  }

  private func check(_ path: String, _ target: SignedTarget, _ result: inout Result) throws {
    do {
      let (digest, count) = try measure("\(folder)/\(path)", limit: target.byteCount + 1)
      if count != target.byteCount {
        result.problems.append(VerificationError(path, "is not \(target.byteCount) bytes long, as was signed"))
      } else if digest != target.digest {
        result.problems.append(VerificationError(path, "has another digest than was signed"))
      }
      result.fileCount += 1
      result.byteCount += count
    } catch let error as FileError {
      let isMissing = error.isMissingFile
      result.problems.append(VerificationError(path, isMissing ? "is missing" : "cannot be read: \(error)"))
    }
  }

  private func measure(_ path: String, limit: Int) throws -> (digest: Digest, byteCount: Int) {
    let source = try FileByteSource(path: path, limit: limit)
    var hash = SHA256()
    var chunk: [UInt8] = []
    while try source.read(1 << 20, appendingTo: &chunk) {
      hash.update(chunk)
      chunk.removeAll(keepingCapacity: true)
    }
    return (hash.digest(), source.offset)
  }

  /// Metadata are small: what python-tuf reads at most is the limit here too.
  private func contents(_ path: String) throws -> [UInt8]? {
    guard fileKind("\(folder)/\(path)") != nil else { return nil }
    return try InputFile.contents(of: "\(folder)/\(path)", limit: 5_000_000)
  }

  private func required(_ path: String) throws -> [UInt8] {
    guard let bytes = try contents(path) else { throw VerificationError(path, "is missing") }
    return bytes
  }
}
