internal import Hashing
package import Publication
package import Tabular

/// The client's half of TUF: takes metadata in the order of the specification and keeps what it was shown to be
/// true.
///
/// No I/O.
///
/// Each `update` either accepts the bytes or throws and leaves the state as it was. Times are compared with the one given at the
/// start, so that a clock that moves meanwhile changes nothing.
/// - Source: TUF 1.0.34 §5.3 to §5.6.
package struct TrustedMetadata: Sendable {
  private let now: Instant
  private var root: JSON
  private var timestamp: JSON?
  private var snapshot: JSON?
  private var targets: [String: JSON] = [:]
  /// Who delegated each role when it was accepted.
  private var delegators: [String: String] = [:]

  /// - Parameter root: the root metadata that the client trusts already; only their form and their own signatures are checked.
  package init(trustedRoot bytes: [UInt8], now: Instant) throws {
    self.now = now
    let envelope = try Envelope(bytes, role: "root", type: "root")
    root = envelope.signed
    try envelope.verify(by: try Signers(root: root, role: "root"))
  }

  /// Whether a key may sign the root.
  func isRootKey(_ key: [UInt8]) -> Bool {
    (try? Signers(root: root, role: "root"))?.keys.values.contains(key) ?? false
  }

  /// The part of a role's metadata that is signed; nil where it was not accepted.
  func signed(_ role: String) -> JSON? {
    switch role {
    case "root": root
    case "timestamp": timestamp
    case "snapshot": snapshot
    default: targets[role]
    }
  }

  package var rootVersion: Int { root["version"]?.integer ?? 0 }
  package var isTrial: Bool { root["x-daylight-trial"]?.boolean ?? false }

  /// The next root: signed by the one before and by itself, and its version one more (§5.3.4, 5.3.5).
  package mutating func updateRoot(_ bytes: [UInt8]) throws {
    let envelope = try Envelope(bytes, role: "root", type: "root")
    try envelope.verify(by: try Signers(root: root, role: "root"))
    try envelope.verify(by: try Signers(root: envelope.signed, role: "root"))
    guard envelope.version == rootVersion + 1 else {
      throw VerificationError("root", "has version \(envelope.version) after \(rootVersion)")
    }
    root = envelope.signed
  }

  /// What a client accepted earlier, so that nothing older is accepted now; whether it has run out meanwhile does not matter.
  ///
  /// Comes after the last root and before anything new. What does not verify any more is not held.
  package mutating func hold(timestamp: [UInt8]?, snapshot: [UInt8]?) {
    guard let timestamp, let held = try? Envelope(timestamp, role: "timestamp", type: "timestamp"),
      (try? held.verify(by: Signers(root: root, role: "timestamp"))) != nil,
      let reference = held.signed["meta"]?["snapshot.json"]
    else { return }
    self.timestamp = held.signed
    guard let snapshot, (try? check(snapshot, against: reference, "snapshot")) != nil,
      let heldSnapshot = try? Envelope(snapshot, role: "snapshot", type: "snapshot"),
      (try? heldSnapshot.verify(by: Signers(root: root, role: "snapshot"))) != nil
    else { return }
    self.snapshot = heldSnapshot.signed
  }

  /// A snapshot that was verified earlier, whatever timestamp named it: no role of it may be missing or older in the next one.
  package mutating func hold(seenSnapshot bytes: [UInt8]) {
    guard let seen = try? Envelope(bytes, role: "snapshot", type: "snapshot"),
      (try? seen.verify(by: Signers(root: root, role: "snapshot"))) != nil,
      seen.version > snapshot?["version"]?.integer ?? 0
    else { return }
    snapshot = seen.signed
  }

  package var timestampVersion: Int? { timestamp?["version"]?.integer }

  /// The root in force was accepted, and has not run out.
  package func requireCurrentRoot() throws { try refuseExpired(root, "root") }

  /// The timestamp, after the last root: not expired, not older than one seen before (§5.3.10, 5.4).
  package mutating func updateTimestamp(_ bytes: [UInt8]) throws {
    try refuseExpired(root, "root")
    let envelope = try Envelope(bytes, role: "timestamp", type: "timestamp")
    try envelope.verify(by: try Signers(root: root, role: "timestamp"))
    let snapshotVersion = envelope.signed["meta"]?["snapshot.json"]?["version"]?.integer ?? 0
    guard snapshotVersion > 0, envelope.signed["meta"]?.members?.count == 1 else {
      throw VerificationError("timestamp", "does not name the snapshot and nothing else")
    }
    if let before = timestamp {
      let isOlder =
        envelope.version < before["version"]?.integer ?? 0
        || snapshotVersion < before["meta"]?["snapshot.json"]?["version"]?.integer ?? 0
      guard !isOlder else { throw VerificationError("timestamp", "is older than one seen before") }
      // A version has one content: what was seen first stays (§5.4.3).
      guard envelope.version != before["version"]?.integer || envelope.signed == before else {
        throw VerificationError(
          "timestamp", "has other contents than one of the same version seen before", isRepeat: true)
      }
    }
    try refuseExpired(envelope.signed, "timestamp")
    timestamp = envelope.signed
  }

  /// The timestamp that is held is taken as the newest, where it has not run out.
  package func requireCurrentTimestamp() throws {
    try refuseExpired(root, "root")
    guard let timestamp else { throw VerificationError("timestamp", "is missing") }
    try refuseExpired(timestamp, "timestamp")
  }

  /// The version of the snapshot to fetch.
  package var snapshotVersion: Int? { timestamp?["meta"]?["snapshot.json"]?["version"]?.integer }

  /// The snapshot that the timestamp names: no role of the one before may be missing or older (§5.5).
  package mutating func updateSnapshot(_ bytes: [UInt8]) throws {
    guard let reference = timestamp?["meta"]?["snapshot.json"] else {
      throw VerificationError("snapshot", "comes before the timestamp")
    }
    try check(bytes, against: reference, "snapshot")
    let envelope = try Envelope(bytes, role: "snapshot", type: "snapshot")
    try envelope.verify(by: try Signers(root: root, role: "snapshot"))
    try requireVersion(envelope, reference)
    for member in snapshot?["meta"]?.members ?? [] {
      let now = envelope.signed["meta"]?[member.name]?["version"]?.integer ?? 0
      guard now >= member.value["version"]?.integer ?? 0 else {
        throw VerificationError("snapshot", "takes back \(member.name)")
      }
    }
    try refuseExpired(envelope.signed, "snapshot")
    snapshot = envelope.signed
  }

  /// The targets roles that the snapshot names, `targets` first, then in order.
  package var targetsRoles: [(name: String, version: Int)] {
    let names = (snapshot?["meta"]?.members ?? []).compactMap { member in
      member.name.endsWith(".json")
        ? member.value["version"]?.integer.map { (name: String(member.name.dropLast(5)), version: $0) } : nil
    }
    return names.filter { $0.name == "targets" } + names.filter { $0.name != "targets" }.sorted { $0.name < $1.name }
  }

  /// How many bytes a role that the timestamp or the snapshot names may have; nil where it is not named.
  package func byteLimit(of role: String) -> Int? {
    let reference = role == "snapshot" ? timestamp?["meta"]?["snapshot.json"] : snapshot?["meta"]?["\(role).json"]
    return reference.map { max(0, min($0["length"]?.integer ?? 5_000_000, 5_000_000)) }
  }

  /// Whether these are the bytes that the snapshot names.
  package func isCurrent(_ bytes: [UInt8], role: String) -> Bool {
    guard let reference = snapshot?["meta"]?["\(role).json"], reference["hashes"]?["sha256"] != nil else {
      return false
    }
    return (try? check(bytes, against: reference, role)) != nil
  }

  /// The role that delegates to `role`: of several the one nearest to the top.
  ///
  /// Nil for the top one, and where no role seen so far does.
  package func delegator(of role: String) -> String? {
    if let known = delegators[role] { return known }
    return targets.keys.filter { name in
      targets[name]?["delegations"]?["roles"]?.elements?.contains { $0["name"]?.text == role } ?? false
    }.min { (depth(of: $0), $0) < (depth(of: $1), $1) }
  }

  private func depth(of role: String) -> Int {
    var depth = 0
    var role = role
    while let parent = delegators[role] {
      depth += 1
      role = parent
    }
    return depth
  }

  /// A targets role: `targets`, or one that a role seen before delegates to (§5.6).
  package mutating func updateTargets(_ bytes: [UInt8], role: String) throws {
    guard let reference = snapshot?["meta"]?["\(role).json"] else {
      throw VerificationError(role, "is not in the snapshot")
    }
    try check(bytes, against: reference, role)
    let envelope = try Envelope(bytes, role: role, type: "targets")
    if role == "targets" {
      try envelope.verify(by: try Signers(root: root, role: "targets"))
    } else {
      guard let parent = delegator(of: role), let delegations = targets[parent]?["delegations"] else {
        throw VerificationError(role, "is delegated by no role seen so far")
      }
      try envelope.verify(by: try Signers(delegations: delegations, role: role))
      try requireVersion(envelope, reference)
      try refuseExpired(envelope.signed, role)
      delegators[role] = parent
    }
    try requireVersion(envelope, reference)
    try refuseExpired(envelope.signed, role)
    targets[role] = envelope.signed
  }

  /// Takes every targets role that the snapshot names, a delegating role before those that it delegates to.
  ///
  /// - Parameters:
  ///   - read: gives the bytes of a role; it is shown what is trusted so far.
  ///   - accepted: told each role that verified, and its bytes.
  ///   - expired: takes delegated roles of which only the signature has run out; where it throws, that is the end.
  package mutating func updateAllTargets(
    _ read: (_ role: String, _ version: Int, TrustedMetadata) throws -> [UInt8],
    accepted: (_ role: String, [UInt8]) throws -> Void = { _, _ in },
    expired: (VerificationError) throws -> Void
  ) throws {
    var waiting = targetsRoles
    var hasExpired = false
    while !waiting.isEmpty {
      var later: [(name: String, version: Int)] = []
      for role in waiting {
        guard role.name == "targets" || delegator(of: role.name) != nil else {
          later.append(role)
          continue
        }
        let bytes = try read(role.name, role.version, self)
        do {
          try updateTargets(bytes, role: role.name)
          try accepted(role.name, bytes)
        } catch let error as VerificationError where error.isExpiry && role.name != "targets" {
          // What it delegates cannot be judged either.
          hasExpired = true
          try expired(error)
        }
      }
      guard later.count < waiting.count else {
        guard hasExpired else { throw VerificationError(later[0].name, "is delegated by no other role") }
        return
      }
      waiting = later
    }
  }

  /// What metadata say that were signed for a role by those who may sign it now, whatever their version and expiry: an earlier state,
  /// or one that is not in force yet.
  ///
  /// - Parameter more: delegations of metadata that were accepted in the same way.
  /// - Returns: nil where they were not.
  package func signed(_ bytes: [UInt8], role: String, alsoBy more: [JSON] = []) -> JSON? {
    let type = ["root", "timestamp", "snapshot"].contains(role) ? role : "targets"
    guard let envelope = try? Envelope(bytes, role: role, type: type) else { return nil }
    let delegations = targets.values.compactMap { $0["delegations"] } + more
    let signers =
      [try? Signers(root: root, role: role)] + delegations.map { try? Signers(delegations: $0, role: role) }
    let isSigned = signers.compactMap(\.self).contains { (try? envelope.verify(by: $0)) != nil }
    return isSigned ? envelope.signed : nil
  }

  /// Every target that a role names and that every delegation on the way to it lets it name, by path.
  ///
  /// Where two roles name one path, the one nearer to the top counts.
  ///
  /// - Throws: `VerificationError` for a target whose length or SHA-256 cannot be read: it could be anything.
  package func signedTargets() throws -> [SignedTarget] {
    var found: [String: (depth: Int, target: SignedTarget)] = [:]
    for (role, signed) in targets.sorted(by: { $0.key < $1.key }) {
      let chain = patterns(of: role)
      for member in signed["targets"]?.members ?? [] {
        guard chain.allSatisfy({ patterns in patterns.contains { matches(member.name, pattern: $0) } }) else {
          continue
        }
        guard let length = member.value["length"]?.integer, (0...SignedTarget.longest).contains(length),
          let digest = member.value["hashes"]?["sha256"]?.text.flatMap(Digest.init(hex:))
        else {
          throw VerificationError(member.name, "is signed by \(role) without a length and a SHA-256 that can be read")
        }
        if let other = found[member.name], other.depth <= chain.count { continue }
        found[member.name] = (
          chain.count, SignedTarget(path: member.name, byteCount: length, digest: digest, role: role)
        )
      }
    }
    return found.values.map(\.target).sorted { Array($0.path.utf8).lexicographicallyPrecedes(Array($1.path.utf8)) }
  }

  /// The paths of each delegation from the top to a role; none for the top itself.
  private func patterns(of role: String) -> [[String]] {
    var chain: [[String]] = []
    var role = role
    while let parent = delegators[role] {
      let delegation = targets[parent]?["delegations"]?["roles"]?.elements?.first { $0["name"]?.text == role }
      chain.append(delegation?["paths"]?.elements?.compactMap(\.text) ?? [])
      role = parent
    }
    return chain
  }

  // MARK: Checks

  private func refuseExpired(_ signed: JSON, _ role: String) throws {
    guard let expires = signed["expires"]?.text.flatMap(Instant.init) else {
      throw VerificationError(role, "has no expiry")
    }
    guard expires > now else { throw VerificationError(role, "expired at \(expires)", isExpiry: true) }
  }

  private func check(_ bytes: [UInt8], against reference: JSON, _ role: String) throws {
    if let length = reference["length"]?.integer, length != bytes.count {
      throw VerificationError(role, "has \(bytes.count) bytes instead of \(length)")
    }
    if let digest = reference["hashes"]?["sha256"]?.text, digest != SHA256.hash(bytes).hex {
      throw VerificationError(role, "has another digest than was signed")
    }
  }

  private func requireVersion(_ envelope: Envelope, _ reference: JSON) throws {
    guard envelope.version == reference["version"]?.integer else {
      throw VerificationError(envelope.role, "has version \(envelope.version), which is not the one that was signed")
    }
  }
}

/// A file as a role signs it.
package struct SignedTarget: Sendable {
  package let path: String
  package let byteCount: Int
  package let digest: Digest
  package let role: String

  package init(path: String, byteCount: Int, digest: Digest, role: String) {
    self.path = path
    self.byteCount = byteCount
    self.digest = digest
    self.role = role
  }

  /// Whether it may be a page or catalogue: a plain path that takes the place of nothing else.
  package var isPageOfSite: Bool { isPlain && !["metadata", "targets", "data", "log"].contains(path.pathParts[0]) }

  /// The department whose role this is, or the role of its year; nil for any other role.
  package static func department(ofRole role: String) -> String? {
    guard role.beginsWith("department-") else { return nil }
    let name = String(role.dropFirst("department-".count))
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    let isYear = parts.count > 1 && parts.last?.count == 4 && parts.last?.allSatisfy(\.isNumber) == true
    return isYear ? parts.dropLast().joined(separator: "-") : name
  }

  /// Where clients of consistent snapshots find it, below `targets/`: the digest stands before the name.
  package var hashedPath: String {
    (path.parentPath.map { "\($0)/" } ?? "") + "\(digest).\(path.lastPathPart)"
  }

  /// Bytes of the longest file that anybody signs: 64 TiB.
  package static let longest = 1 << 46

  /// Whether the path stays below its folder: no empty part, no part that begins with a dot or is longer than a name with a digest before
  /// it may be, nothing but visible ASCII characters.
  package var isPlain: Bool {
    path.isVisibleASCII && path.pathParts.allSatisfy { !$0.isEmpty && !$0.beginsWith(".") && $0.utf8.count <= 180 }
  }
}

/// Metadata or a file are not what was signed.
package struct VerificationError: Error, Sendable, CustomStringConvertible {
  package let subject: String
  package let problem: String
  /// Everything else about it was right.
  package let isExpiry: Bool
  /// It has the version of what is held, and other contents: what is held stays, and nothing else is wrong.
  package let isRepeat: Bool
  /// A file that is signed, but not in the state in force.
  package let isOfAnotherState: Bool

  package init(
    _ subject: String, _ problem: String, isExpiry: Bool = false, isRepeat: Bool = false, isOfAnotherState: Bool = false
  ) {
    self.isOfAnotherState = isOfAnotherState
    self.subject = subject
    self.problem = problem
    self.isExpiry = isExpiry
    self.isRepeat = isRepeat
  }

  package var description: String { "verification: \(subject) \(problem)" }
}

/// `*` and `?` do not cross a slash (TUF §4.5).
private func matches(_ path: String, pattern: String) -> Bool {
  let paths = path.pathParts
  let patterns = pattern.pathParts
  return paths.count == patterns.count
    && zip(paths, patterns).allSatisfy { matches(Array($0.utf8)[...], Array($1.utf8)[...]) }
}

/// Goes back to the last `*` only: linear in text times pattern, however many stars there are.
private func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
  let text = Array(text), pattern = Array(pattern)
  var t = 0, p = 0
  var star: (pattern: Int, text: Int)?
  while t < text.count {
    if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
      star = (p, t)
      p += 1
    } else if p < pattern.count, pattern[p] == text[t] || pattern[p] == UInt8(ascii: "?") {
      p += 1
      t += 1
    } else if let last = star {
      p = last.pattern + 1
      t = last.text + 1
      star = (last.pattern, t)
    } else {
      return false
    }
  }
  return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
}
