package import Catalog
package import Hashing
package import Publication
internal import Tabular

/// Makes the next state of the TUF repository: one role a department, one for what spans datasets.
///
/// - Source: TUF 1.0.34; sync.md §1.2, 1.3, 1.5.
package struct MakeManifest: Sendable {
  private let expiries: Site.Expiries
  private let keyOfRole: @Sendable (_ role: String, _ isNew: Bool) throws -> SigningKey
  private let floors: [String: Int]
  private let newRoleFloor: Int
  private let taken: Set<String>
  private let keptRoot: SignedRole?

  /// - Parameters:
  ///   - floors: the highest version of each role that was ever signed, whatever the public root holds: what is signed next lies above.
  ///   - newRoleFloor: the same for a role that is not among them.
  ///   - taken: names of files in `metadata/`, whoever put them there: none of them is given.
  ///   - keptRoot: root metadata that were published before, where the public root holds none.
  ///   - key: the signing key of a role; it may be made only where the role was never published.
  package init(
    expiries: Site.Expiries, floors: [String: Int], newRoleFloor: Int, taken: Set<String>, keptRoot: SignedRole?,
    key: @escaping @Sendable (_ role: String, _ isNew: Bool) throws -> SigningKey
  ) {
    self.expiries = expiries
    self.floors = floors
    self.newRoleFloor = newRoleFloor
    self.taken = taken
    self.keptRoot = keptRoot
    keyOfRole = key
  }

  /// The files of one new release, with the digests that were taken while they were checked.
  package struct ReleaseTargets: Sendable {
    package let dataset: DatasetID
    package let release: ReleaseID
    package let version: Version
    package let files: [(name: String, file: WorkFile)]

    package init(dataset: DatasetID, release: ReleaseID, version: Version, files: [(name: String, file: WorkFile)]) {
      self.dataset = dataset
      self.release = release
      self.version = version
      self.files = files
    }
  }

  /// - Returns: nil where nothing changed and no signature has passed half of its life.
  package func callAsFunction(
    _ releases: [ReleaseTargets], tree: CatalogTree, after state: RepositoryState?, now: Instant
  ) throws -> SignedManifest? {
    var roles: [SignedRole] = []
    var delegated: [(name: String, paths: [String])] = []
    let withdrawn = tree.withdrawals.filter { !$0.isUndone }.map(\.dataset)

    // Departments: what is in force stays in the department's role, what was replaced moves to the role of its year.
    let departments = Set(releases.map(\.dataset.department.name)).union(
      (state?.targets.keys ?? [:].keys).compactMap(departmentName)
    ).union(floors.keys.compactMap(departmentName))
    for department in departments.sorted() {
      let name = "department-\(department)"
      delegated.append((name, ["\(department)/*", "\(department)/*/*", "\(department)/*/*/*"]))
      let split = try splitTargets(
        of: department, adding: releases.filter { $0.dataset.department.name == department }, withdrawn: withdrawn,
        state: state, now)
      var years: [(name: String, paths: [String])] = []
      for (year, targets) in split.past.sorted(by: { $0.key < $1.key }) {
        let yearName = "\(name)-\(year)"
        years.append((yearName, ["\(department)/*/\(year).*/*"]))
        roles += try next(
          yearName, type: "targets", members: [("targets", targets)], key: name, days: expiries.department, state, now)
      }
      var members: [(String, JSON)] = [("targets", split.current)]
      if !years.isEmpty { members.append(("delegations", try delegations(years, signer: { _ in name }, state))) }
      roles += try next(name, type: "targets", members: members, key: name, days: expiries.department, state, now)
    }

    let siteFiles = [
      ("site/listed.json", tree.listedBytes),
      ("site/tree.json", treeJSON(tree).prettyBytes),
      ("site/withdrawals.json", JSON.members([("withdrawals", .array(tree.withdrawals.map(\.json)))]).prettyBytes),
    ]
    let siteTargets = JSON.members(
      siteFiles.map { path, bytes in (path, target(length: bytes.count, digest: SHA256.hash(bytes), custom: nil)) })
    roles += try next(
      "site", type: "targets", members: [("targets", siteTargets)], key: "site", days: expiries.site, state, now)
    delegated.append(("site", ["site/*"]))
    roles += try next(
      "targets", type: "targets",
      members: [("targets", .object([])), ("delegations", try delegations(delegated, signer: { $0 }, state))],
      key: "targets", days: expiries.targets, state, now)

    let needsRenewal =
      state.map {
        isDue($0.snapshot, days: expiries.snapshot, now) || isDue($0.timestamp, days: expiries.timestamp, now)
          || isRootDue($0, now) || isBehind("snapshot", $0.snapshot) || isBehind("timestamp", $0.timestamp)
      } ?? true
    guard !roles.isEmpty || needsRenewal else { return nil }

    var references: [String: JSON] = [:]
    for member in state?.snapshot.signed["meta"]?.members ?? [] { references[member.name] = member.value }
    for role in roles { references["\(role.name).json"] = role.reference }
    let meta = JSON.members(references.sorted { $0.key < $1.key }.map { ($0.key, Optional($0.value)) })
    let snapshot = try SignedRole(
      "snapshot", type: "snapshot", version: nextVersion("snapshot", after: state?.snapshot),
      expires: now.advanced(days: expiries.snapshot),
      members: [("meta", meta)], key: key("snapshot", state))
    let timestamp = try SignedRole(
      "timestamp", type: "timestamp", version: nextVersion("timestamp", after: state?.timestamp),
      expires: now.advanced(days: expiries.timestamp),
      members: [("meta", .members([("snapshot.json", snapshot.reference)]))], key: key("timestamp", state))
    let root = try nextRoot(after: state, now)
    // A role after the one that delegates it, so that whoever looks on meanwhile can tell whose each is.
    return SignedManifest(
      siteTargets: siteFiles, roles: (root.map { [$0] } ?? []) + roles.reversed() + [snapshot, timestamp])
  }

  // MARK: Roles

  /// The key that signs a role; it must be the one that clients trust: the signature of another would lock every client out.
  private func key(_ role: String, _ state: RepositoryState?) throws -> SigningKey {
    let key = try keyOfRole(role, state?.knows(role) != true)
    guard let trusted = state?.signers(of: role), !trusted.isEmpty else { return key }
    guard try trusted.contains(where: { $0.keyID == (try keyID(of: key)) }) else {
      throw ManifestError(
        "the key of \(role) in the workspace is not the one that the published metadata trust",
        hint: "this workspace does not belong to this public folder, or its keys were lost: restore them from a backup")
    }
    return key
  }

  /// The next version of a role where its content changed or half of its life is over; else none.
  private func next(
    _ name: String, type: String, members: [(String, JSON)], key signer: String, days: Int, _ state: RepositoryState?,
    _ now: Instant
  ) throws -> [SignedRole] {
    let present = state?.targets[name]
    if let present, !isDue(present, days: days, now), !isBehind(name, present),
      try members.allSatisfy({ try present.signed[$0.0]?.canonicalBytes() == $0.1.canonicalBytes() }),
      present.signed["delegations"] == nil || members.contains(where: { $0.0 == "delegations" })
    {
      return []
    }
    return [
      try SignedRole(
        name, type: type, version: nextVersion(name, after: present), expires: now.advanced(days: days),
        members: members,
        key: key(signer, state))
    ]
  }

  /// Whether a later version was signed once: whoever saw that one takes no earlier one.
  private func isBehind(_ name: String, _ present: SignedRole) -> Bool { present.version < floors[name] ?? 0 }

  private func nextVersion(_ name: String, after present: SignedRole?) -> Int {
    var version = max(present?.version ?? 0, floors[name] ?? newRoleFloor) + 1
    while taken.contains("\(version).\(name).json") { version += 1 }
    return version
  }

  private func isDue(_ role: SignedRole, days: Int, _ now: Instant) -> Bool {
    role.expires.secondsSince1970 - now.secondsSince1970 < days * 43_200
  }

  /// A root made in a key ceremony is renewed in another one; the key of a trial root lies here.
  private func isRootDue(_ state: RepositoryState, _ now: Instant) -> Bool {
    state.isTrial && isDue(state.root, days: expiries.root, now)
  }

  /// The first root, or the same again with a later expiry; nil where the one in force will do.
  private func nextRoot(after state: RepositoryState?, _ now: Instant) throws -> SignedRole? {
    guard let state else { return try keptRoot ?? firstRoot(now) }
    guard isRootDue(state, now) else { return nil }
    let members = (state.root.signed.members ?? []).filter {
      !["_type", "spec_version", "version", "expires"].contains($0.name)
    }
    return try SignedRole(
      "root", type: "root", version: state.root.version + 1, expires: now.advanced(days: expiries.root),
      members: members.map { ($0.name, $0.value) }, key: key("root", state))
  }

  private func firstRoot(_ now: Instant) throws -> SignedRole {
    let names = ["root", "snapshot", "targets", "timestamp"]
    var keys: [(String, JSON?)] = []
    var roles: [(String, JSON?)] = []
    for name in names {
      let roleKey = try key(name, nil)
      let id = try keyID(of: roleKey)
      keys.append((id, keyObject(roleKey)))
      roles.append((name, .members([("keyids", [.string(id)]), ("threshold", 1)])))
    }
    return try SignedRole(
      "root", type: "root", version: 1, expires: now.advanced(days: expiries.root),
      members: [
        ("consistent_snapshot", true), ("keys", .members(keys)), ("roles", .members(roles)),
        // Keys made on first run, all on one machine, say so: nobody should take them for those of a ceremony.
        ("x-daylight-trial", true),
      ], key: key("root", nil))
  }

  /// - Parameter signer: the role whose key signs a delegated role.
  private func delegations(
    _ roles: [(name: String, paths: [String])], signer: (String) -> String, _ state: RepositoryState?
  ) throws -> JSON {
    var keys: [String: JSON] = [:]
    var list: [JSON] = []
    for role in roles {
      // A role that is delegated already keeps its key, also where that is not here just now.
      let id: String
      if let known = state?.signers(of: signer(role.name)).first {
        id = known.keyID
        keys[id] = known.key
      } else {
        let roleKey = try key(signer(role.name), state)
        id = try keyID(of: roleKey)
        keys[id] = keyObject(roleKey)
      }
      list.append(
        .members([
          ("name", .string(role.name)), ("keyids", [.string(id)]), ("threshold", 1),
          ("paths", .array(role.paths.map { .string($0) })), ("terminating", true),
        ]))
    }
    return .members([
      ("keys", .members(keys.sorted { $0.key < $1.key }.map { ($0.key, Optional($0.value)) })), ("roles", .array(list)),
    ])
  }

  // MARK: Targets

  /// The department's targets: those of each dataset's newest release, and the others by the year of their release.
  private func splitTargets(
    of department: String, adding releases: [ReleaseTargets], withdrawn: [DatasetID], state: RepositoryState?,
    _ now: Instant
  ) throws -> (current: JSON, past: [String: JSON]) {
    let name = "department-\(department)"
    var current: [String: JSON] = [:]
    var past: [String: [String: JSON]] = [:]
    for member in state?.targets[name]?.signed["targets"]?.members ?? [] { current[member.name] = member.value }
    for (role, signed) in state?.targets ?? [:]
    where role.isYearRole(of: name) {
      past[String(role.suffix(4))] = Dictionary(
        (signed.signed["targets"]?.members ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
    // A role that clients know is there for good, with or without targets.
    for role in floors.keys where role.isYearRole(of: name) && past[String(role.suffix(4))] == nil {
      past[String(role.suffix(4))] = [:]
    }
    for release in releases {
      for path in current.keys where path.isBelow(release.dataset.description) {
        let year = String(path.pathParts[2].prefix(4))
        past[year, default: [:]][path] = current.removeValue(forKey: path).map(withoutCustom)
      }
      for (file, written) in release.files {
        let custom = JSON.members([
          ("v", 1), ("dataset", .string(release.dataset.description)),
          ("release", .string(release.release.description)),
          ("version", .string(release.version.description)), ("status", "active"),
          ("published", .string(now.description)),
        ])
        current["\(release.dataset)/\(release.release)/\(file)"] = target(
          length: written.byteCount, digest: written.digest, custom: custom)
      }
    }
    func isStanding(_ target: (key: String, value: JSON)) -> Bool {
      !withdrawn.contains { target.key.isBelow($0.description) }
    }
    current = current.filter(isStanding)
    past = past.mapValues { $0.filter(isStanding) }
    func sorted(_ targets: [String: JSON]) -> JSON {
      .members(targets.sorted { $0.key < $1.key }.map { ($0.key, Optional($0.value)) })
    }
    return (sorted(current), past.mapValues(sorted))
  }

  /// Past releases are many: their records say what `custom` says of current ones.
  private func withoutCustom(_ target: JSON) -> JSON { .object((target.members ?? []).filter { $0.name != "custom" }) }

  private func target(length: Int, digest: Digest, custom: JSON?) -> JSON {
    .members([("length", .int(length)), ("hashes", .members([("sha256", .string(digest.hex))])), ("custom", custom)])
  }

  /// Path, length and digest of every file that spans datasets.
  private func treeJSON(_ tree: CatalogTree) -> JSON {
    .members([
      (
        "files",
        .array(
          tree.files.map { file in
            .members([
              ("path", .string(file.path)), ("length", .int(file.byteCount)),
              ("sha256", .string(file.digest.hex)),
            ])
          })
      )
    ])
  }
}

/// The next state of the repository.
package struct SignedManifest: Sendable {
  /// Target paths and contents of the site role.
  package let siteTargets: [(path: String, bytes: [UInt8])]
  /// Changed roles in the order in which they are published; the timestamp, the commit point, last.
  package let roles: [SignedRole]

  /// Of a target of the site role; nil where it is none.
  package func digest(of target: String) -> Digest? {
    siteTargets.first { $0.path == target }.map { SHA256.hash($0.bytes) }
  }

  init(siteTargets: [(path: String, bytes: [UInt8])], roles: [SignedRole]) {
    self.siteTargets = siteTargets
    self.roles = roles
  }
}

extension String {
  /// `department-<id>-<year>`.
  ///
  /// A department's id never ends in a year.
  fileprivate var isYearRole: Bool {
    guard beginsWith("department-"), let last = split(separator: "-").last else { return false }
    return last.count == 4 && last.allSatisfy(\.isNumber)
  }

  /// Of the department whose role has this name.
  fileprivate func isYearRole(of department: String) -> Bool {
    isYearRole && dropLast(5).elementsEqual(department)
  }
}

private func departmentName(_ role: String) -> String? {
  role.hasPrefix("department-") && !role.isYearRole ? String(role.dropFirst("department-".count)) : nil
}
