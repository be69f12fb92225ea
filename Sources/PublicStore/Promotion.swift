internal import Hashing
package import Publication
package import Tabular

/// Everything that one publication adds to the public root, in the order in which it is added.
///
/// It is complete and durable in a folder of the private root before the first public byte is written; from then on it is only
/// ever carried forward, by `carryOut`, which is the same whether the publication goes on or is taken up again after a crash.
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
  /// An earlier process staged it: its bytes are looked at again before they are used.
  private let isTakenUp: Bool

  /// Whether it can be carried out, as far as can be told, once the machine has room, rights and handles again.
  package static func mayBeTriedAgain(after error: any Error) -> Bool { (error as? FileError)?.isOfTheMachine ?? false }

  /// Begins a promotion in an empty folder of the private root.
  package init(folder: String) throws {
    self.folder = folder
    isTakenUp = false
    try removeTree(folder)
    try makeFolder("\(folder)/files")
  }

  /// Adds a file.
  ///
  /// Its bytes must have the digest that it was checked with.
  ///
  /// - Parameter isKept: the file stays where it is, and a copy of it goes out; else it is moved, so that nobody has another name of it.
  package mutating func add(_ file: WorkFile, at path: String, isReplaceable: Bool = false, isKept: Bool = false) throws
  {
    let staged = "\(folder)/files/\(file.digest)"
    if fileKind(staged) == nil {
      if isKept {
        try copyDurably(from: file.path, to: staged, mode: 0o644, expected: file.digest)
      } else {
        try moveIn(file, as: staged)
      }
    }
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

  /// Makes the promotion certain: after this, `carryOut`, of this run or a later one, brings all of it to the public root.
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

  /// Carries every step out, in order; a folder without its seal is only rubbish, and `drop` takes it away.
  ///
  /// Steps already done are left as they are.
  package func carryOut(in store: PublicStore) throws {
    let twins = twins
    let root = try RootedFolder(path: store.root)
    for step in steps { try apply(step, in: root, twins: twins) }
  }

  /// The staged bytes of a small file; nil where it is none of the steps.
  package func contents(of path: String) throws -> [UInt8]? {
    for step in steps where step.path == path {
      if case .write(let digest, _, _) = step.action { return try InputFile.contents(of: "\(folder)/files/\(digest)") }
    }
    return nil
  }

  /// Moves what was staged out of the way, for somebody to look at: it cannot be carried out, and what comes next must not wait for it.
  package static func setAside(_ folder: String, to place: String) throws {
    if let parent = place.parentPath { try makeFolder(parent) }
    try renameDurably(from: folder, to: place)
  }

  /// Throws away what was staged; the seal goes first.
  package func drop() throws {
    try removeTree(Self.sealPath(folder))
    try removeTree(folder)
  }

  /// The promotion that an earlier process sealed and did not finish; nil where there is none.
  ///
  /// What was never sealed is removed.
  package static func interrupted(in folder: String) throws -> Promotion? {
    guard isSealed(in: folder) else {
      try removeTree(folder)
      return nil
    }
    let list = try JSONParser.parse(try InputFile.contents(of: sealPath(folder), limit: 1 << 30))
    return try Promotion(sealed: list, folder: folder)
  }

  private init(sealed list: JSON, folder: String) throws {
    self.folder = folder
    isTakenUp = true
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

  /// Whether an earlier process left one that is certain.
  package static func isSealed(in folder: String) -> Bool { fileKind(sealPath(folder)) == .file }

  private static func sealPath(_ folder: String) -> String { "\(folder)/promotion.json" }

  private func apply(_ step: Step, in root: RootedFolder, twins: [Digest: String]) throws {
    // A link in the place of a dataset's `latest` folder is replaced by a folder; any other link on the way is an error.
    if let folder = step.path.parentPath, folder.lastPathPart == "latest", try root.kind(of: folder) == .link {
      try root.remove(folder)
    }
    guard case .write(let digest, let byteCount, let isReplaceable) = step.action else {
      return try root.remove(step.path)
    }
    if try root.digest(of: step.path, byteCount: byteCount) == digest { return }
    let kind = try root.kind(of: step.path)
    guard isReplaceable || kind == nil else {
      throw PublicStoreError("\(step.path) is published already, with other bytes: a name never gets a second digest")
    }
    if kind == .folder { throw PublicStoreError("\(step.path) is a folder where a file should be") }
    // The readable copies under data/ are further names of the target, and that of the staged file, where one file system holds
    // both; nothing relies on it, and a file that is replaced is replaced by another one, never written over.
    let staged = "\(folder)/files/\(digest)"
    if isTakenUp, try InputFile(path: staged).digest() != digest {
      throw PublicStoreError("the staged file \(digest) is damaged")
    }
    if try root.link(staged, as: step.path) { return }
    if let twin = twins[digest], twin != step.path, try root.digest(of: twin, byteCount: byteCount) == digest,
      try root.addName(step.path, to: twin)
    {
      return
    }
    try root.copy(staged, to: step.path, mode: 0o644, expected: digest)
  }

  /// The first target that holds the bytes of each digest: it is written before any other name of them.
  private var twins: [Digest: String] {
    var twins: [Digest: String] = [:]
    for step in steps where step.path.beginsWith("targets/") {
      if case .write(let digest, _, _) = step.action, twins[digest] == nil { twins[digest] = step.path }
    }
    return twins
  }
}

/// The public root is not as it should be.
package struct PublicStoreError: Error, Sendable, CustomStringConvertible {
  /// Shown to people, with what to do in a line of its own.
  package let description: String
  /// Another publication holds the lock: it ends by itself.
  package let isBusy: Bool

  package init(_ description: String, isBusy: Bool = false) {
    self.description = description
    self.isBusy = isBusy
  }
}
