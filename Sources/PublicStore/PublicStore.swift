internal import Publication
package import Tabular

/// The public root: plain files that any web server can serve.
///
/// Only a promotion writes here.
package struct PublicStore: Sendable {
  /// Absolute.
  package let root: String

  package init(root: String) { self.root = root }

  /// The lock that a publication holds, also against one from another workspace; nil where there is no public root yet.
  package func lock() throws -> FileLock? {
    guard fileKind(root) == .folder else { return nil }
    guard let lock = try FileLock(folder: root) else {
      throw PublicStoreError("another publication is running on \(root)\nhint: wait for it to end, then run again")
    }
    return lock
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
    fileKind(path(relative)) == .folder ? try folderNames(path(relative)).filter { !$0.hasPrefix(".tmp-") } : []
  }
}
