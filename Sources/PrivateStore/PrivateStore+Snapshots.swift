package import Publication
package import Tabular

/// Deliveries as they came, below `snapshots/<department>/<dataset>/`, each named by its digest.
extension PrivateStore {
  /// Takes in a copy of a department's file.
  ///
  /// It is not durable before `synchroniseSnapshot`: a run that is cut off takes it in again, and its digest is checked whenever it is
  /// used.
  ///
  /// - Parameter limit: bytes; a larger file is an error.
  package func addSnapshot(of dataset: DatasetID, from path: String, limit: Int, _ parallelism: Parallelism)
    async throws
    -> WorkFile
  {
    let folder = try snapshotFolder(of: dataset)
    let incoming = try await copy(from: path, to: "\(folder)/incoming", mode: 0o600, limit: limit, parallelism)
    let final = "\(folder)/\(incoming.digest)"
    try renameInPlace(from: incoming.path, to: final)
    return WorkFile(path: final, byteCount: incoming.byteCount, digest: incoming.digest)
  }

  /// Makes a delivery durable, before anything that came of it is published.
  package func synchroniseSnapshot(_ file: WorkFile) throws { try synchroniseFile(file.path) }

  /// The file that a transfer is written to, as far as it has come.
  package func partialSnapshot(of dataset: DatasetID) throws -> PartialFile {
    try PartialFile(path: "\(snapshotFolder(of: dataset))/incoming.part")
  }

  /// Takes in a transfer that is complete.
  package func addSnapshot(of dataset: DatasetID, complete partial: PartialFile) throws -> WorkFile {
    try partial.synchronise()
    let digest = try InputFile(path: partial.path).digest()
    let file = WorkFile(path: partial.path, byteCount: partial.byteCount, digest: digest)
    return try name(file, in: snapshotFolder(of: dataset))
  }

  /// Where a delivery lies that was taken in and is kept.
  package func snapshotPath(of dataset: DatasetID, _ digest: Digest) -> String {
    "\(root)/snapshots/\(dataset)/\(digest)"
  }

  /// A delivery that was taken in before, its digest checked again; nil where it is not there any more, or damaged.
  package func snapshot(of dataset: DatasetID, _ digest: Digest) throws -> WorkFile? {
    let path = "\(try snapshotFolder(of: dataset))/\(digest)"
    guard fileKind(path) == .file else { return nil }
    let file = try InputFile(path: path)
    return try file.digest() == digest ? WorkFile(path: path, byteCount: file.byteCount, digest: digest) : nil
  }

  /// What is known of a dataset's transfers, as JSON: what the server said of the delivery that is held, and of the one on its way.
  package func transferNote(of dataset: DatasetID) throws -> JSON {
    let path = "\(try snapshotFolder(of: dataset))/transfer.json"
    guard fileKind(path) == .file else { return .null }
    return (try? JSONParser.parse(try InputFile.contents(of: path, limit: 64 << 10))) ?? .null
  }

  package func setTransferNote(_ note: JSON, of dataset: DatasetID) throws {
    try writeDurably(note.prettyBytes, to: "\(snapshotFolder(of: dataset))/transfer.json", mode: 0o600)
  }

  /// Removes all but the newest deliveries of a dataset.
  ///
  /// - Parameter accepted: the delivery that the newest release was made of, which stays: others are held against it.
  /// - Returns: how many were removed.
  package func purgeSnapshots(of dataset: DatasetID, keeping count: Int, accepted: Digest?) throws -> Int {
    let folder = "\(root)/snapshots/\(dataset)"
    guard fileKind(folder) == .folder else { return 0 }
    let held = try transferNote(of: dataset)["held"]?["sha256"]?.text
    let kept = Set([held, accepted?.hex].compactMap(\.self))
    let files = try folderNames(folder).filter { Digest(hex: $0) != nil && !kept.contains($0) }.map { name in
      (name: name, modified: try InputFile(path: "\(folder)/\(name)").modified)
    }.sorted { ($1.modified, $0.name) < ($0.modified, $1.name) }
    // The delivery that the server is asked about, and the accepted one, are among those that are kept.
    let old = files.dropFirst(max(0, count - kept.count { fileKind("\(folder)/\($0)") == .file }))
    for file in old { try removeTree("\(folder)/\(file.name)") }
    return old.count
  }

  private func snapshotFolder(of dataset: DatasetID) throws -> String {
    let folder = "\(root)/snapshots/\(dataset)"
    try makeFolder(folder)
    return folder
  }

  private func name(_ file: WorkFile, in folder: String) throws -> WorkFile {
    let final = "\(folder)/\(file.digest)"
    try renameDurably(from: file.path, to: final)
    return WorkFile(path: final, byteCount: file.byteCount, digest: file.digest)
  }
}
