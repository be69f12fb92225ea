package import Publication
internal import Tabular

/// The private root: the departments' bytes, work folders, keys and the ledger.
///
/// Mode 0700; nothing of it is ever served.
package struct PrivateStore: Sendable {
  /// Absolute.
  package let root: String
  package let ledger: Ledger

  /// Opens the store, and makes it where it is not there.
  ///
  /// - Parameter publicRoot: absolute; refused where one of the two lies within the other.
  package init(root: String, publicRoot: String) throws {
    try Self.requireApart(root, publicRoot)
    self.root = root
    for folder in ["", "/snapshots", "/work", "/keys"] { try makeFolder(root + folder) }
    // A folder that somebody made beforehand is open to others as a rule.
    for folder in ["", "/keys"] { try closeToOthers(root + folder) }
    ledger = try Ledger(path: "\(root)/ledger.sqlite")
  }

  /// - Throws: `StoreError` where one of the two lies within the other.
  package static func requireApart(_ root: String, _ publicRoot: String) throws {
    guard root != publicRoot, !root.isBelow(publicRoot), !publicRoot.isBelow(root) else {
      throw StoreError(
        kind: .configuration,
        "the workspace \(root) and the public folder \(publicRoot) must not lie within one another",
        hint: "choose another --workspace or --public")
    }
  }

  /// Runs `work` while no other command can write in this workspace.
  package func withLock<Result>(
    isolation: isolated (any Actor)? = #isolation, _ work: () async throws -> Result
  ) async throws -> Result { try await lock.hold(orThrow: busy, work) }

  /// The same for work that waits for nothing.
  package func withLock<Result>(_ work: () throws -> Result) throws -> Result { try lock.hold(orThrow: busy, work) }

  private var lock: FileLock { FileLock(file: "\(root)/lock") }
  private var busy: StoreError {
    StoreError(kind: .busy, "another publication is running on \(root)", hint: "wait for it to end, then run again")
  }

  package var stagedFolder: String { "\(root)/staged" }

  /// Where a promotion goes that cannot be carried out: a new folder each time.
  package func newPlaceAside(at moment: Instant) -> String {
    let name = "\(moment)".filter { $0 != "-" && $0 != ":" }
    let names = ["\(root)/set-aside/\(name)"] + (2...).prefix(1_000).map { "\(root)/set-aside/\(name)-\($0)" }
    return names.first { fileKind($0) == nil } ?? "\(root)/set-aside/\(name)-\(Int.random(in: 1_001...9_999_999))"
  }

  /// What masks show, over all datasets that were ever released.
  package var masksPath: String { "\(root)/masks/masks.json" }

  /// Where a dataset's candidate waits for its officers.
  package func approvalFolder(of dataset: DatasetID) -> String { "\(root)/approval/\(dataset)" }

  /// The datasets of which a candidate waits, or did.
  package func datasetsWithApproval() throws -> [DatasetID] {
    guard fileKind("\(root)/approval") != nil else { return [] }
    return try folderNames("\(root)/approval").flatMap { department in
      try folderNames("\(root)/approval/\(department)").compactMap { DatasetID("\(department)/\($0)") }
    }.sorted()
  }

  /// Where one run works on a dataset.
  package func workPath(of dataset: DatasetID, run: String) -> String { "\(root)/work/\(dataset)/\(run)" }

  /// Makes that folder, and one for each stage in it, empty.
  package func makeWorkFolder(of dataset: DatasetID, run: String) throws {
    let folder = workPath(of: dataset, run: run)
    try removeTree(folder)
    // A run that was cut off is not taken up again: nothing in it need survive.
    for stage in StageName.allCases { try makeFolder("\(folder)/\(stage.rawValue)", isDurable: false) }
  }

  /// Where the rows of its newest delivery go that can be accepted, and those that cannot.
  package func splitFolder(of dataset: DatasetID) throws -> String {
    let folder = "\(root)/split/\(dataset)"
    try makeFolder(folder, isDurable: false)
    return folder
  }

  /// Removes the work folders of a dataset, but for the run given.
  package func removeWork(of dataset: DatasetID, except run: String?) throws {
    let folder = "\(root)/work/\(dataset)"
    guard fileKind(folder) == .folder else { return }
    for name in try folderNames(folder) where name != run { try removeTree("\(folder)/\(name)") }
  }

  /// A PEM file that configuration names: `tls/<name>.ca.pem`, `.crt.pem` or `.key.pem`.
  package func tlsFile(_ name: String, _ kind: String) throws -> String {
    let path = "\(root)/tls/\(name).\(kind).pem"
    guard fileKind(path) == .file else {
      throw StoreError(
        "the file \(path) is missing", hint: "put the PEM file there; only its name stands in configuration")
    }
    return path
  }

  /// A secret that configuration names: the first line of `secrets/<name>`.
  package func secret(_ name: String) throws -> String {
    let path = "\(root)/secrets/\(name)"
    guard fileKind(path) == .file else {
      throw StoreError(
        "the file \(path) is missing", hint: "put the password there; only its name stands in configuration")
    }
    return String(decoding: try InputFile.contents(of: path, limit: 4_096), as: UTF8.self).prefix { !$0.isNewline }
      .description
  }
}

/// The private or the public store cannot do what it should.
package struct StoreError: Error, Sendable, CustomStringConvertible {
  package enum Kind: Sendable {
    case configuration, operation
    /// Another command holds the lock: it ends by itself.
    case busy
  }

  package let kind: Kind
  package let problem: String
  package let hint: String?

  package init(kind: Kind = .operation, _ problem: String, hint: String? = nil) {
    self.kind = kind
    self.problem = problem
    self.hint = hint
  }

  package var description: String { problem + (hint.map { "\nhint: \($0)" } ?? "") }
}
