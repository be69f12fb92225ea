internal import Hashing
internal import Publication
internal import Tabular

/// What a publisher knows of its own repository besides what lies in the public root.
package struct OwnRepository: Sendable {
  /// The first root metadata that this workspace published; nil where it kept none.
  package let root: [UInt8]?
  /// Of the root key; nil where it does not lie here.
  package let rootKey: [UInt8]?

  package init(root: [UInt8]?, rootKey: [UInt8]?) {
    self.root = root
    self.rootKey = rootKey
  }
}

extension RepositoryState {
  /// Reads the repository as one of our own: nothing is built on that was not signed by our keys, whoever can write to the public root.
  ///
  /// Whether a signature has run out does not matter here: it is about to be renewed.
  ///
  /// - Parameter read: gives the bytes of a file below the public root, nil where there is none.
  /// - Returns: nil where nothing was published yet.
  /// - Throws: `VerificationError` for metadata that are not what we signed.
  package init?(of own: OwnRepository, read: (String) throws -> [UInt8]?) throws {
    guard let timestamp = try read("metadata/timestamp.json") else { return nil }
    func required(_ file: String) throws -> [UInt8] {
      guard let bytes = try read("metadata/\(file)") else { throw VerificationError("metadata/\(file)", "is missing") }
      return bytes
    }
    let first = try own.root ?? required("1.root.json")
    var trusted = try TrustedMetadata(trustedRoot: first, now: Instant(secondsSince1970: 0))
    guard own.root != nil || own.rootKey.map({ trusted.isRootKey($0) }) == true else {
      throw VerificationError("metadata/1.root.json", "is not signed by the root key of this workspace")
    }
    var root = first
    while let next = try read("metadata/\(trusted.rootVersion + 1).root.json") {
      try trusted.updateRoot(next)
      root = next
    }
    try trusted.updateTimestamp(timestamp)
    let snapshot = try required("\(trusted.snapshotVersion ?? 0).snapshot.json")
    try trusted.updateSnapshot(snapshot)
    var roles: [String: [UInt8]] = [:]
    try trusted.updateAllTargets { role, version, _ in
      let bytes = try required("\(version).\(role).json")
      roles[role] = bytes
      return bytes
    } expired: { error in
      throw error
    }
    self.trusted = trusted
    self.root = try SignedRole("root", signed: trusted.signed("root"), bytes: root)
    self.timestamp = try SignedRole("timestamp", signed: trusted.signed("timestamp"), bytes: timestamp)
    self.snapshot = try SignedRole("snapshot", signed: trusted.signed("snapshot"), bytes: snapshot)
    targets = Dictionary(
      uniqueKeysWithValues: try roles.map { ($0, try SignedRole($0, signed: trusted.signed($0), bytes: $1)) })
  }
}
