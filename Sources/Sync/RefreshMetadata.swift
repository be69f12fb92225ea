internal import Hashing
internal import Manifest
package import Publication
internal import Tabular
internal import Transport

/// Brings signed metadata up to date from one or several places, in the order of the TUF specification.
struct RefreshMetadata {
  let folder: MirrorFolder
  let sources: [MirrorSource]
  /// Fixed at the start, so that a clock that jumps meanwhile changes nothing.
  let now: Instant
  /// What was verified is kept at once, whatever fails later (TUF §5.3.8 to 5.6): a key that was revoked, a version that was seen, stay so.
  ///
  /// A dry run keeps nothing.
  let keepsTrusted: Bool

  /// Metadata that verify, and their bytes by path, in the order in which a mirror publishes them.
  struct Outcome {
    var trusted: TrustedMetadata
    var roots: [(path: String, bytes: [UInt8])] = []
    var files: [(path: String, bytes: [UInt8])] = []
    var timestamp: [UInt8] = []
    /// The newest is what the mirror has already.
    var isUnchanged = false
    /// Departments whose signature has run out: what the mirror has of them stays as it is.
    var expired: [VerificationError] = []
    /// What was wrong with a place that was passed over.
    var complaints: [String] = []
  }

  /// - Parameter given: root metadata that the user trusts; nil for what was trusted last time.
  /// - Throws: `VerificationError` where no place gives metadata that verify, `TransferError` where none can be reached.
  func callAsFunction(trustedRoot given: [UInt8]?) throws -> Outcome {
    let stored = try folder.contents(".sync/root.json")
    guard let anchor = given ?? stored else {
      throw SyncError(
        "there is no root to trust yet",
        hint: "give --root FILE, a copy of root metadata that you got from the publisher")
    }
    var complaints: [String] = []
    var errors: [any Error] = []
    var best: (outcome: Outcome, source: Int)?
    for (index, source) in sources.enumerated() {
      do {
        var outcome = Outcome(trusted: try TrustedMetadata(trustedRoot: anchor, now: now))
        try updateRoots(&outcome, anchor: anchor, from: source)
        // A place that knows fewer roots than were trusted before would bring old keys back.
        if let stored, let last = try? TrustedMetadata(trustedRoot: stored, now: now),
          outcome.trusted.rootVersion < last.rootVersion
        {
          throw VerificationError("root", "has version \(outcome.trusted.rootVersion) after \(last.rootVersion)")
        }
        try outcome.trusted.requireCurrentRoot()
        let held = try holdSeen(&outcome.trusted)
        guard let timestamp = try source.contents("metadata/timestamp.json", limit: 16_384) else {
          // A mistyped address looks just like this.
          throw TransferError(.status(404, retryAfter: nil), source.address)
        }
        do {
          try outcome.trusted.updateTimestamp(timestamp)
          outcome.timestamp = timestamp
        } catch let error as VerificationError where error.isRepeat {
          guard let held else { throw error }
          // One version has one content: what was seen first stays.
          try outcome.trusted.requireCurrentTimestamp()
          outcome.timestamp = held
          complaints.append("\(source.address): \(error)")
        }
        try keep(outcome.timestamp, "timestamp")
        outcome.isUnchanged = try folder.contents("metadata/timestamp.json") == outcome.timestamp
        if best == nil || outcome.trusted.timestampVersion ?? 0 > best?.outcome.trusted.timestampVersion ?? 0 {
          best = (outcome, index)
        }
      } catch {
        errors.append(error)
        complaints.append("\(source.address): \(firstLine(error))")
      }
    }
    // Whoever has the newest is asked first; the others have the same, or verify just as well.
    guard let best else { throw worst(errors) }
    var outcome = best.outcome
    var trusted = outcome.trusted
    errors = []
    for source in [sources[best.source]] + sources.enumerated().filter({ $0.offset != best.source }).map(\.element) {
      do {
        trusted = outcome.trusted
        outcome.files = []
        outcome.expired = []
        try updateTargets(&trusted, &outcome.files, &outcome.expired, from: source)
        outcome.trusted = trusted
        outcome.complaints = complaints
        return outcome
      } catch {
        errors.append(error)
        complaints.append("\(source.address): \(firstLine(error))")
      }
    }
    throw worst(errors)
  }

  /// Holds what was seen before, so that nothing older is accepted.
  ///
  /// - Returns: the timestamp that is held.
  private func holdSeen(_ trusted: inout TrustedMetadata) throws -> [UInt8]? {
    var held: [UInt8]?
    // What the mirror shows, and what was verified since.
    for timestamp in [try folder.contents("metadata/timestamp.json"), try folder.trusted("timestamp")].compactMap(
      \.self)
    {
      var attempt = trusted
      let named = snapshotVersion(timestamp)
      let snapshots = [
        try named.flatMap { try folder.contents("metadata/\($0).snapshot.json") }, try folder.trusted("snapshot"),
      ]
      let snapshot = snapshots.compactMap(\.self).last { version(of: $0) == named }
      attempt.hold(timestamp: timestamp, snapshot: snapshot)
      guard let version = attempt.timestampVersion, version >= trusted.timestampVersion ?? 0 else { continue }
      trusted = attempt
      held = timestamp
    }
    // A snapshot may have been verified that the mirror's own timestamp does not name yet.
    if let seen = try folder.trusted("snapshot") { trusted.hold(seenSnapshot: seen) }
    return held
  }

  private func keep(_ bytes: [UInt8], _ role: String) throws {
    if keepsTrusted { try folder.keepTrusted(bytes, role) }
  }

  /// What cannot be believed counts more than what cannot be reached.
  private func worst(_ errors: [any Error]) -> any Error {
    errors.first { $0 is VerificationError } ?? errors.first ?? SyncError("there is no place to sync from")
  }

  private func updateRoots(_ outcome: inout Outcome, anchor: [UInt8], from source: MirrorSource) throws {
    outcome.roots.append(("metadata/\(outcome.trusted.rootVersion).root.json", anchor))
    if try folder.contents(".sync/root.json") == nil { try keepRoot(anchor, outcome.trusted.rootVersion) }
    for _ in 0..<256 {
      let path = "metadata/\(outcome.trusted.rootVersion + 1).root.json"
      guard let next = try source.contents(path, limit: 512_000) else { break }
      try outcome.trusted.updateRoot(next)
      outcome.roots.append((path, next))
      try keepRoot(next, outcome.trusted.rootVersion)
    }
    // Those before the trusted one are for clients that begin with them: they must lead to it.
    let first = (try? TrustedMetadata(trustedRoot: anchor, now: now).rootVersion) ?? 1
    var earlier: [(path: String, bytes: [UInt8])] = []
    for version in 1..<max(first, 1) {
      let path = "metadata/\(version).root.json"
      guard let bytes = try folder.contents(path) ?? source.contents(path, limit: 512_000) else { return }
      earlier.append((path, bytes))
    }
    guard let oldest = earlier.first, var chain = try? TrustedMetadata(trustedRoot: oldest.bytes, now: now),
      (try? (earlier.dropFirst().map(\.bytes) + [anchor]).forEach { try chain.updateRoot($0) }) != nil
    else { return }
    outcome.roots = earlier + outcome.roots
  }

  private func keepRoot(_ bytes: [UInt8], _ version: Int) throws {
    guard keepsTrusted else { return }
    let stored = try folder.contents(".sync/root.json").flatMap { try? TrustedMetadata(trustedRoot: $0, now: now) }
    guard stored?.rootVersion ?? 0 < version else { return }
    try folder.write(bytes, ".sync/root.json")
  }

  private func updateTargets(
    _ trusted: inout TrustedMetadata, _ files: inout [(path: String, bytes: [UInt8])],
    _ expired: inout [VerificationError], from source: MirrorSource
  ) throws {
    let snapshotPath = "metadata/\(trusted.snapshotVersion ?? 0).snapshot.json"
    let limit = min(trusted.byteLimit(of: "snapshot") ?? 2_000_000, 2_000_000)
    let heldSnapshot = try folder.contents(snapshotPath)
    var attempt = trusted
    if let heldSnapshot, (try? attempt.updateSnapshot(heldSnapshot)) != nil {
      trusted = attempt
      files.append((snapshotPath, heldSnapshot))
    } else {
      let snapshot = try required(snapshotPath, limit: limit, source)
      try trusted.updateSnapshot(snapshot)
      files.append((snapshotPath, snapshot))
    }
    try keep(files[0].bytes, "snapshot")
    var roles: [(path: String, bytes: [UInt8])] = []
    try trusted.updateAllTargets { role, version, trusted in
      guard isPlainRole(role) else { throw VerificationError("snapshot", "names a role that is no plain name") }
      let path = "metadata/\(version).\(role).json"
      let held = try [folder.contents(path), folder.trusted(role)].compactMap(\.self).first {
        trusted.isCurrent($0, role: role)
      }
      let bytes = try held ?? required(path, limit: trusted.byteLimit(of: role) ?? 5_000_000, source)
      roles.append((path, bytes))
      return bytes
    } accepted: { role, bytes in
      try keep(bytes, role)
    } expired: { error in
      // One department that does not sign any more must not stop the others.
      expired.append(error)
    }
    files = roles + files
  }

  private func required(_ path: String, limit: Int, _ source: MirrorSource) throws -> [UInt8] {
    guard let bytes = try source.contents(path, limit: limit) else { throw VerificationError(path, "is missing") }
    return bytes
  }

  private func version(of metadata: [UInt8]) -> Int? {
    (try? JSONParser.parse(metadata))?["signed"]?["version"]?.integer
  }

  private func snapshotVersion(_ timestamp: [UInt8]) -> Int? {
    (try? JSONParser.parse(timestamp))?["signed"]?["meta"]?["snapshot.json"]?["version"]?.integer
  }

  /// A role's name becomes a file's: nothing but letters, digits, `-` and `_`.
  private func isPlainRole(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 100
      && name.utf8.allSatisfy {
        ($0 >= 0x61 && $0 <= 0x7a) || ($0 >= 0x41 && $0 <= 0x5a) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2d
          || $0 == 0x5f
      }
  }
}

/// Without the hint, which is for who publishes.
func firstLine(_ error: any Error) -> String {
  String(describing: error).split(separator: "\n").first.map(String.init) ?? ""
}
