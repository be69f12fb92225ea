internal import Hashing
package import Publication
package import Tabular

/// Everything that one publication adds to the public root, in the order in which it is added.
///
/// It is complete and durable in a folder of the private root before the first public byte is written; from then on it is only
/// ever carried forward, by `finish`, which is the same whether the publication goes on or is taken up again after a crash.
package struct Promotion: Sendable {
  /// One public file.
  package struct Step: Sendable {
    /// Relative to the public root.
    package let path: String
    package let action: Action

    package enum Action: Sendable, Hashable {
      /// Files that are not replaceable have a name that says what is in them: such a name never gets other bytes.
      case write(Digest, byteCount: Int, isReplaceable: Bool)
      case remove
    }

    package init(path: String, action: Action) {
      self.path = path
      self.action = action
    }
  }

  package private(set) var steps: [Step] = []
  /// What the ledger should say when it is done; opaque here.
  package var note: JSON = .null
  /// Of the private root: nobody else looks into it, so that files in it may have the mode that they are published with.
  private let folder: String

  /// Begins a promotion in an empty folder of the private root.
  package init(folder: String) throws {
    self.folder = folder
    try removeTree(folder)
    try makeFolder("\(folder)/files")
  }

  /// Adds a file of the private root.
  ///
  /// Its bytes must have the digest that it was checked with.
  package mutating func add(_ file: WorkFile, at path: String, isReplaceable: Bool = false) throws {
    let staged = "\(folder)/files/\(file.digest)"
    if fileKind(staged) == nil { try moveIn(file, as: staged) }
    steps.append(Step(path: path, action: .write(file.digest, byteCount: file.byteCount, isReplaceable: isReplaceable)))
  }

  /// Moves the file in where both folders share a file system, so that nobody has another name of what is published; else copies it.
  ///
  /// Either way its bytes are hashed once more.
  private func moveIn(_ file: WorkFile, as staged: String) throws {
    guard try InputFile(path: file.path).digest() == file.digest,
      (try? renameInPlace(from: file.path, to: staged)) != nil
    else {
      try copyDurably(from: file.path, to: staged, mode: 0o644, expected: file.digest)
      return
    }
    try setMode(staged, 0o644)
    try synchroniseFile(staged)
  }

  /// Adds a small file from memory.
  package mutating func add(_ bytes: [UInt8], at path: String, isReplaceable: Bool = false) throws {
    let digest = SHA256.hash(bytes)
    let staged = "\(folder)/files/\(digest)"
    if fileKind(staged) == nil { try writeDurably(bytes, to: staged, mode: 0o644) }
    steps.append(Step(path: path, action: .write(digest, byteCount: bytes.count, isReplaceable: isReplaceable)))
  }

  /// Takes away a replaceable file that has nothing to say any more.
  package mutating func remove(_ path: String) { steps.append(Step(path: path, action: .remove)) }

  /// Makes the promotion certain: after this, `finish` or a later run's `recover` brings all of it to the public root.
  package func seal() throws {
    let list = JSON.members([
      ("note", note),
      (
        "steps",
        .array(
          steps.map { step in
            switch step.action {
            case .write(let digest, let byteCount, let isReplaceable):
              .members([
                ("path", .string(step.path)), ("sha256", .string(digest.hex)), ("length", .int(byteCount)),
                ("replaceable", .bool(isReplaceable)),
              ])
            case .remove: .members([("path", .string(step.path)), ("remove", true)])
            }
          })
      ),
    ])
    try writeDurably(list.prettyBytes, to: Self.sealPath(folder), mode: 0o600)
  }

  /// Carries every step out, in order, and removes the folder.
  ///
  /// Steps already done are left as they are.
  package func finish(in store: PublicStore) throws {
    let twins = twins
    for step in steps { try apply(step, in: store, twins: twins) }
    // The seal goes first: a folder without it is only rubbish.
    try drop()
  }

  /// The staged bytes of a small file; nil where it is none of the steps.
  package func contents(of path: String) throws -> [UInt8]? {
    for step in steps where step.path == path {
      if case .write(let digest, _, _) = step.action { return try InputFile.contents(of: "\(folder)/files/\(digest)") }
    }
    return nil
  }

  /// Throws away what was staged.
  package func drop() throws {
    try removeTree(Self.sealPath(folder))
    try removeTree(folder)
  }

  /// The promotion that an earlier process sealed and did not finish; nil where there is none.
  ///
  /// What was never sealed is removed.
  package static func interrupted(in folder: String) throws -> Promotion? {
    guard fileKind(sealPath(folder)) == .file else {
      try removeTree(folder)
      return nil
    }
    let list = try JSONParser.parse(try InputFile.contents(of: sealPath(folder), limit: 1 << 30))
    return try Promotion(sealed: list, folder: folder)
  }

  private init(sealed list: JSON, folder: String) throws {
    self.folder = folder
    note = list["note"] ?? .null
    for step in list["steps"]?.elements ?? [] {
      guard let path = step["path"]?.text else {
        throw PublicStoreError("the interrupted promotion in \(folder) is damaged")
      }
      if step["remove"]?.boolean == true {
        steps.append(Step(path: path, action: .remove))
        continue
      }
      guard let digest = step["sha256"]?.text.flatMap(Digest.init(hex:)), let byteCount = step["length"]?.integer,
        let isReplaceable = step["replaceable"]?.boolean
      else { throw PublicStoreError("the interrupted promotion in \(folder) is damaged") }
      steps.append(Step(path: path, action: .write(digest, byteCount: byteCount, isReplaceable: isReplaceable)))
    }
  }

  private static func sealPath(_ folder: String) -> String { "\(folder)/promotion.json" }

  private func apply(_ step: Step, in store: PublicStore, twins: [Digest: String]) throws {
    let destination = store.path(step.path)
    guard case .write(let digest, let byteCount, let isReplaceable) = step.action else {
      try removeTree(destination)
      return
    }
    if try presentDigest(destination, byteCount: byteCount) == digest { return }
    guard isReplaceable || fileKind(destination) == nil else {
      throw PublicStoreError("\(step.path) is published already, with other bytes: a name never gets a second digest")
    }
    if let slash = destination.lastIndex(of: "/") { try makeFolder(String(destination[..<slash]), mode: 0o755) }
    // The readable copies under data/ are further names of the target, and that of the staged file, where one file system holds
    // both; nothing relies on it, and a file that is replaced is replaced by another one, never written over.
    if let twin = twins[digest], twin != step.path, try linkDurably(from: store.path(twin), to: destination) { return }
    if try linkDurably(from: "\(folder)/files/\(digest)", to: destination) { return }
    try copyDurably(from: "\(folder)/files/\(digest)", to: destination, mode: 0o644, expected: digest)
  }

  /// The first target that holds the bytes of each digest: it is written before any other name of them.
  private var twins: [Digest: String] {
    var twins: [Digest: String] = [:]
    for step in steps where step.path.hasPrefix("targets/") {
      if case .write(let digest, _, _) = step.action, twins[digest] == nil { twins[digest] = step.path }
    }
    return twins
  }

  /// The digest of a file of this length; nil where there is none, or one of another length.
  private func presentDigest(_ path: String, byteCount: Int) throws -> Digest? {
    guard fileKind(path) == .file else { return nil }
    let file = try InputFile(path: path)
    return file.byteCount == byteCount ? try file.digest() : nil
  }
}

/// The public root is not as it should be.
package struct PublicStoreError: Error, Sendable, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}
