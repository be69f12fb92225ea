internal import Glibc
internal import Synchronization

/// A file that lives as long as this value: its name is removed as soon as it is open.
package final class ScratchFile: Sendable {
  private let descriptor: Int32
  private let path: String
  private let end: Mutex<Int>

  package init(folder: String) throws(FileError) {
    var template = Array("\(folder)/scratch-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    path = template.withUnsafeBufferPointer { buffer in buffer.baseAddress.map { String(cString: $0) } ?? folder }
    guard descriptor >= 0 else { throw FileError("create", path) }
    self.descriptor = descriptor
    unlink(path)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    end = Mutex(0)
  }

  deinit { close(descriptor) }

  package var byteCount: Int { end.withLock { $0 } }

  package func append(_ bytes: [UInt8]) throws(FileError) {
    guard !bytes.isEmpty else { return }
    try writeAll(bytes, to: descriptor, path: path)
    end.withLock { $0 += bytes.count }
  }

  package func append(_ text: borrowing TextBuffer) throws(FileError) {
    let number = text.withUnsafeBytes { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
    if number != 0 { throw FileError("write", path, number) }
    end.withLock { $0 += text.count }
  }

  /// Appends exactly `count` bytes from `offset` on.
  package func read(_ count: Int, at offset: Int, appendingTo bytes: inout [UInt8]) throws(FileError) {
    let (done, number) = appendRead(descriptor, count, at: offset, to: &bytes)
    guard done == count else { throw FileError("read", path, number != 0 ? number : EIO) }
  }
}
