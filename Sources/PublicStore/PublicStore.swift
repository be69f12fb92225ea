internal import Publication
internal import Tabular

/// The public root: plain files that any web server can serve.
///
/// Only a promotion writes here.
package struct PublicStore: Sendable {
  /// Absolute.
  package let root: String

  package init(root: String) { self.root = root }

  /// Runs `work` while no other publication, of another workspace either, can write here; the root is made where it is not there.
  package func withLock<Result>(
    isolation: isolated (any Actor)? = #isolation, _ work: () async throws -> Result
  ) async throws -> Result {
    try makeFolder(root, mode: 0o755)
    return try await FileLock(folder: root).hold(
      orThrow: PublicStoreError(
        "another publication is running on \(root)\nhint: wait for it to end, then run again", isBusy: true),
      work)
  }

  package func path(_ relative: String) -> String { "\(root)/\(relative)" }

  /// The bytes of a small published file; nil where there is none.
  package func contents(_ relative: String, limit: Int = 64 << 20) throws -> [UInt8]? {
    do {
      return try InputFile.contents(of: path(relative), limit: limit)
    } catch let error where error.isMissingFile {
      return nil
    }
  }

  /// The names in a published folder, sorted; none where there is no folder.
  package func names(in relative: String) throws -> [String] {
    fileKind(path(relative)) == .folder ? try folderNames(path(relative)).filter { !$0.beginsWith(".tmp-") } : []
  }
}
