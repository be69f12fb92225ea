/// Bytes in order, a chunk at a time.
///
/// Sources stack: file → gunzip → decode → records.
package protocol ByteSource: AnyObject {
  /// Appends some more bytes, about `count`; false at the end, when nothing was appended.
  func read(_ count: Int, appendingTo bytes: inout [UInt8]) throws -> Bool
}

/// The bytes of a file, up to a limit where one is given.
package final class FileByteSource: ByteSource {
  private let file: InputFile
  private let end: Int
  package private(set) var offset = 0

  /// - Parameters:
  ///   - start: the first byte to give.
  ///   - limit: the byte to stop before.
  package init(path: String, from start: Int = 0, limit: Int? = nil) throws(FileError) {
    offset = start
    file = try InputFile(path: path)
    end = min(file.byteCount, limit ?? file.byteCount)
  }

  package func read(_ count: Int, appendingTo bytes: inout [UInt8]) throws -> Bool {
    let got = try file.read(min(count, end - offset), at: offset, appendingTo: &bytes)
    offset += got
    return got > 0
  }
}
