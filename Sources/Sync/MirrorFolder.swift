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

  func lock() throws -> FileLock {
    try makeFolder("\(path)/.sync/partial", mode: 0o755)
    guard let lock = try FileLock(path: "\(path)/.sync/lock") else {
      throw SyncError("another sync is running in \(path)", hint: "wait for it to end, then run again", isUsage: false)
    }
    return lock
  }

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
        throw SyncError("\(path)/\(inner) is a link", hint: "links are not followed: take it away", isUsage: false)
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
    while let slash = folder.lastIndex(of: "/") {
      folder = String(folder[..<slash])
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
    guard let slash = relative.lastIndex(of: "/") else { return }
    try makeFolder("\(path)/\(relative[..<slash])", mode: 0o755)
  }
}

/// The mirror cannot be brought up to date, for a reason that is not the site's metadata.
package struct SyncError: Error, Sendable, CustomStringConvertible {
  package let problem: String
  package let hint: String?
  /// Whether it is how sync was called that must be changed.
  package let isUsage: Bool

  init(_ problem: String, hint: String? = nil, isUsage: Bool = true) {
    self.isUsage = isUsage
    self.problem = problem
    self.hint = hint
  }

  package var description: String { "sync: \(problem)" + (hint.map { "\nhint: \($0)" } ?? "") }
}
