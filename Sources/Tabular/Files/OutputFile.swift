internal import Glibc
internal import Hashing
package import Publication

/// A new file, hashed while it is written.
///
/// Work files are not fsynced: what is published is written by the public store.
package struct OutputFile: ~Copyable {
  private let descriptor: Int32
  private let path: String
  private var buffer: [UInt8] = []
  private var hash = SHA256()
  private var byteCount = 0
  private static let bufferByteCount = 256 << 10

  /// Makes the file, readable by its owner only, in a folder that is there; an older one of the same name is replaced.
  package init(path: String) throws(FileError) {
    unlink(path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw FileError("create", path) }
    self.descriptor = descriptor
    self.path = path
    buffer.reserveCapacity(Self.bufferByteCount)
  }

  deinit { close(descriptor) }

  package mutating func write(_ bytes: borrowing [UInt8]) throws(FileError) {
    buffer.append(contentsOf: copy bytes)
    if buffer.count >= Self.bufferByteCount { try flush() }
  }

  /// Writes what is buffered and gives the finished file.
  package mutating func finish() throws(FileError) -> WorkFile {
    try flush()
    return WorkFile(path: path, byteCount: byteCount, digest: hash.digest())
  }

  private mutating func flush() throws(FileError) {
    hash.update(buffer)
    byteCount += buffer.count
    try writeAll(buffer, to: descriptor, path: path)
    buffer.removeAll(keepingCapacity: true)
  }
}

/// Writes every byte, however often the system takes only some.
func writeAll(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(FileError) {
  let number: Int32 = bytes.withUnsafeBytes { buffer in
    var done = 0
    while done < buffer.count, let base = buffer.baseAddress {
      let result = Glibc.write(descriptor, base + done, buffer.count - done)
      if result < 0 {
        if errno == EINTR { continue }
        return errno
      }
      done += result
    }
    return 0
  }
  if number != 0 { throw FileError("write", path, number) }
}
