internal import Hashing
internal import Manifest
internal import Publication
internal import Tabular

/// A mirror on disk: laid out as the site itself, so that others can mirror it in turn.
///
/// `.sync/` holds what is the mirror's own: the root it trusts, transfers on their way, its lock. Nothing is written anywhere else
/// before it was verified.
struct MirrorFolder: Sendable {
  /// Absolute.
  let path: String

  func contents(_ relative: String, limit: Int = 5_000_000) throws -> [UInt8]? {
    guard fileKind("\(path)/\(relative)") == .file else { return nil }
    return try InputFile.contents(of: "\(path)/\(relative)", limit: limit)
  }

  /// Runs `work` while no other sync writes here.
  func withLock<Result>(isolation: isolated (any Actor)? = #isolation, _ work: () async throws -> Result) async throws
    -> Result
  {
    try makeFolder("\(path)/.sync/partial", mode: 0o755)
    return try await FileLock(file: "\(path)/.sync/lock").hold(
      orThrow: SyncError(
        "another sync is running in \(path)", hint: "wait for it to end, then run again", kind: .operation),
      work)
  }

  /// Metadata that were verified last, whether or not the mirror has come so far: nothing older is believed any more.
  func trusted(_ role: String) throws -> [UInt8]? { try contents(".sync/trusted/\(role).json") }

  func keepTrusted(_ bytes: [UInt8], _ role: String) throws { try write(bytes, ".sync/trusted/\(role).json") }

  /// A link could lead what is written out of the mirror, and what is read into it.
  ///
  /// - Throws: `SyncError` that names the first one.
  func refuseLinks(below relative: String = "") throws {
    let folder = relative.isEmpty ? path : "\(path)/\(relative)"
    guard fileKind(folder) != nil else { return }
    for name in try folderNames(folder) {
      let inner = relative.isEmpty ? name : "\(relative)/\(name)"
      switch fileKind("\(path)/\(inner)") {
      case .folder: try refuseLinks(below: inner)
      case .link:
        throw SyncError("\(path)/\(inner) is a link", hint: "links are not followed: take it away", kind: .operation)
      default: break
      }
    }
  }

  func write(_ bytes: [UInt8], _ relative: String) throws {
    if try contents(relative) == bytes { return }
    try makeParent(relative)
    try writeDurably(bytes, to: "\(path)/\(relative)", mode: 0o644)
  }

  /// Where a transfer is written to until it is verified.
  func partial(_ digest: Digest) throws -> PartialFile { try PartialFile(path: partialPath(digest)) }
  func partialPath(_ digest: Digest) -> String { "\(path)/.sync/partial/\(digest)" }

  /// Moves a verified transfer to its place.
  func adopt(_ digest: Digest, at relative: String) throws {
    try makeParent(relative)
    try setMode("\(path)/.sync/partial/\(digest)", 0o644)
    try renameDurably(from: partialPath(digest), to: "\(path)/\(relative)")
  }

  /// Gives a file that is there a second name, or a copy where the file system has no links.
  func link(_ relative: String, as second: String, _ digest: Digest) throws {
    try makeParent(second)
    if try linkDurably(from: "\(path)/\(relative)", to: "\(path)/\(second)") { return }
    try copyDurably(from: "\(path)/\(relative)", to: "\(path)/\(second)", mode: 0o644, expected: digest)
  }

  /// Whether a file of this length is there; its name, or an earlier look at its digest, says the rest.
  func holds(_ relative: String, byteCount: Int) -> Bool {
    guard fileKind("\(path)/\(relative)") == .file, let file = try? InputFile(path: "\(path)/\(relative)") else {
      return false
    }
    return file.byteCount == byteCount
  }

  /// Whether two names are of one file.
  func isSame(_ relative: String, _ other: String) -> Bool { isSameFile("\(path)/\(relative)", "\(path)/\(other)") }

  func holds(_ relative: String, _ digest: Digest, byteCount: Int) -> Bool {
    guard holds(relative, byteCount: byteCount), let file = try? InputFile(path: "\(path)/\(relative)") else {
      return false
    }
    return (try? file.digest()) == digest
  }

  func remove(_ relative: String) throws {
    try removeTree("\(path)/\(relative)")
    // Folders that became empty go too, up to the mirror's own.
    var folder = relative
    while let parent = folder.parentPath {
      folder = parent
      guard fileKind("\(path)/\(folder)") == .folder, try folderNames("\(path)/\(folder)").isEmpty else { return }
      try removeTree("\(path)/\(folder)")
    }
  }

  /// Every file below a folder, as paths relative to the mirror.
  func files(below folder: String) throws -> [String] {
    guard fileKind("\(path)/\(folder)") == .folder else { return [] }
    return try folderNames("\(path)/\(folder)").flatMap { name -> [String] in
      let relative = "\(folder)/\(name)"
      return fileKind("\(path)/\(relative)") == .folder ? try files(below: relative) : [relative]
    }
  }

  private func makeParent(_ relative: String) throws {
    if let parent = relative.parentPath { try makeFolder("\(path)/\(parent)", mode: 0o755) }
  }
}

/// The mirror cannot be brought up to date, for a reason that is not that something was forged.
package struct SyncError: Error, Sendable, CustomStringConvertible {
  package enum Kind: Sendable {
    /// How sync was called must be changed.
    case usage
    case operation
    /// Worth another try in a moment.
    case transient
  }

  package let problem: String
  package let hint: String?
  package let kind: Kind

  init(_ problem: String, hint: String? = nil, kind: Kind = .usage) {
    self.kind = kind
    self.problem = problem
    self.hint = hint
  }

  package var description: String { "sync: \(problem)" + (hint.map { "\nhint: \($0)" } ?? "") }
}
