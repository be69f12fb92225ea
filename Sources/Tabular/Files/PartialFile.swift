internal import Glibc

/// A file that grows over several attempts, and may be thrown back to its start.
package final class PartialFile {
  package let path: String
  package private(set) var byteCount: Int
  private let descriptor: Int32

  /// Opens the file, readable by its owner only, and makes it where it is not there; what it holds already is kept.
  package init(path: String) throws(FileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw FileError("create", path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw FileError("write", path, EINVAL)
    }
    self.path = path
    self.descriptor = descriptor
    byteCount = Int(status.st_size)
    lseek(descriptor, 0, SEEK_END)
  }

  deinit { close(descriptor) }

  package func append(_ bytes: [UInt8]) throws(FileError) {
    try writeAll(bytes, to: descriptor, path: path)
    byteCount += bytes.count
  }

  /// Throws away all that was written.
  package func empty() throws(FileError) {
    guard ftruncate(descriptor, 0) == 0 else { throw FileError("empty", path) }
    lseek(descriptor, 0, SEEK_SET)
    byteCount = 0
  }

  /// Returns when the bytes would survive a loss of power.
  package func synchronise() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw FileError("synchronise", path) }
  }
}
