package import Publication
package import Tabular

/// The TUF metadata in force, as the public root holds them.
package struct RepositoryState: Sendable {
  package let root: SignedRole
  package let timestamp: SignedRole
  package let snapshot: SignedRole
  /// Every targets role by name, the top one included.
  package let targets: [String: SignedRole]
  /// What verified; nil where no signature was looked at.
  let trusted: TrustedMetadata?

  /// Reads the repository without looking at any signature, to show what is there; nil where nothing was published yet.
  ///
  /// - Parameter read: gives the bytes of a file below the public root, nil where there is none.
  package init?(read: (String) throws -> [UInt8]?) throws {
    guard let timestampBytes = try read("metadata/timestamp.json") else { return nil }
    func load(_ name: String, _ file: String) throws -> SignedRole {
      guard let bytes = try read("metadata/\(file)") else {
        throw ManifestError("metadata/\(file) is missing", hint: "restore the public folder from a mirror or a backup")
      }
      return try SignedRole(name, published: bytes)
    }
    timestamp = try SignedRole("timestamp", published: timestampBytes)
    guard let snapshotVersion = timestamp.signed["meta"]?["snapshot.json"]?["version"]?.integer else {
      throw ManifestError("metadata/timestamp.json is damaged")
    }
    snapshot = try load("snapshot", "\(snapshotVersion).snapshot.json")
    var targets: [String: SignedRole] = [:]
    for member in snapshot.signed["meta"]?.members ?? [] {
      guard member.name.endsWith(".json"), let version = member.value["version"]?.integer else {
        throw ManifestError("\(snapshot.fileName) is damaged")
      }
      let name = String(member.name.dropLast(5))
      targets[name] = try load(name, "\(version).\(name).json")
    }
    self.targets = targets
    // Roots are numbered without a gap: the newest is the last that is there.
    var newest: [UInt8]?
    var number = 1
    while let bytes = try read("metadata/\(number).root.json") {
      newest = bytes
      number += 1
    }
    guard let newest else { throw ManifestError("metadata/1.root.json is missing") }
    root = try SignedRole("root", published: newest)
    trusted = nil
  }

  /// Whether these bytes are that version of a role, signed by whoever may sign it, in force or not.
  package func isSigned(_ bytes: [UInt8], role: String, version: Int) -> Bool {
    trusted?.signed(bytes, role: role)?["version"]?.integer == version
  }

  /// Every target that a department signs, by path, past releases included.
  package var departmentTargets: [JSON.Member] {
    targets.filter { $0.key.hasPrefix("department-") }.sorted { $0.key < $1.key }.flatMap { _, role in
      role.signed["targets"]?.members ?? []
    }
  }

  /// The keys that may sign a role, top-level or delegated; none for one that was never published.
  func signers(of role: String) -> [(keyID: String, key: JSON)] {
    if let top = root.signed["roles"]?[role] { return signers(top["keyids"], root.signed["keys"]) }
    for (_, targets) in targets.sorted(by: { $0.key < $1.key }) {
      let delegations = targets.signed["delegations"]
      for delegation in delegations?["roles"]?.elements ?? [] where delegation["name"]?.text == role {
        return signers(delegation["keyids"], delegations?["keys"])
      }
    }
    return []
  }

  private func signers(_ ids: JSON?, _ keys: JSON?) -> [(keyID: String, key: JSON)] {
    (ids?.elements ?? []).compactMap(\.text).compactMap { id in keys?[id].map { (id, $0) } }
  }

  /// Whether the role was published: its key is then the one that clients trust.
  func knows(_ role: String) -> Bool { !signers(of: role).isEmpty || targets[role] != nil }

  /// Whether the keys were made on first run.
  package var isTrial: Bool { root.signed["x-daylight-trial"]?.boolean ?? false }

  /// Every role in force, root and timestamp included.
  package var roles: [SignedRole] {
    ([root, snapshot, timestamp] + targets.values).sorted { $0.name < $1.name }
  }

  /// Days for which a role's signature holds.
  package static func days(of role: String, _ expiries: Site.Expiries) -> Int {
    switch role {
    case "root": expiries.root
    case "targets": expiries.targets
    case "snapshot": expiries.snapshot
    case "timestamp": expiries.timestamp
    case "site": expiries.site
    default: expiries.department
    }
  }
}
