internal import Glibc
internal import Hashing
package import Publication

/// A new file, hashed while it is written.
///
/// Work files are not fsynced: what is published is written by the public store.
package struct OutputFile: ~Copyable {
  private let descriptor: Int32
  private let path: String
  private let isHashed: Bool
  private var buffer: [UInt8] = []
  private var hash = SHA256()
  private var byteCount = 0
  private static let bufferByteCount = 256 << 10

  /// Makes the file, readable by its owner only, in a folder that is there; an older one of the same name is replaced.
  ///
  /// - Parameter isHashed: whether its digest is wanted; hashing takes longer than writing.
  package init(path: String, isHashed: Bool = true) throws(FileError) {
    unlink(path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw FileError("create", path) }
    self.descriptor = descriptor
    self.path = path
    self.isHashed = isHashed
    buffer.reserveCapacity(Self.bufferByteCount)
  }

  deinit { close(descriptor) }

  package mutating func write(_ bytes: borrowing [UInt8]) throws(FileError) {
    guard bytes.count < Self.bufferByteCount else {
      try flush()
      return try put(bytes.span)
    }
    buffer.append(contentsOf: copy bytes)
    if buffer.count >= Self.bufferByteCount { try flush() }
  }

  /// Writes text that was put together elsewhere.
  package mutating func write(_ text: borrowing TextBuffer) throws(FileError) {
    try flush()
    try text.withBytes { (bytes) throws(FileError) in try put(bytes) }
  }

  /// Writes what is buffered and gives the finished file.
  package mutating func finish() throws(FileError) -> WorkFile {
    try flush()
    return WorkFile(path: path, byteCount: byteCount, digest: hash.digest())
  }

  /// The bytes that were written so far.
  package var writtenByteCount: Int { byteCount + buffer.count }

  private mutating func flush() throws(FileError) {
    guard !buffer.isEmpty else { return }
    // Taken out, so that the file can be changed while it is read, and put back with its room.
    var bytes: [UInt8] = []
    swap(&bytes, &buffer)
    try put(bytes.span)
    bytes.removeAll(keepingCapacity: true)
    swap(&bytes, &buffer)
  }

  private mutating func put(_ bytes: Span<UInt8>) throws(FileError) {
    if isHashed { hash.update(bytes.bytes) }
    byteCount += bytes.count
    let number = bytes.withUnsafeBytes { writeAll($0, to: descriptor) }
    if number != 0 { throw FileError("write", path, number) }
  }
}

/// Writes every byte, however often the system takes only some.
func writeAll(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(FileError) {
  let number = bytes.withUnsafeBytes { writeAll($0, to: descriptor) }
  if number != 0 { throw FileError("write", path, number) }
}

/// Writes at a place of its own, wherever others write.
func writeAll(_ bytes: [UInt8], to descriptor: Int32, at offset: Int, path: String) throws(FileError) {
  let number = bytes.withUnsafeBytes { writeAll($0, to: descriptor, at: offset) }
  if number != 0 { throw FileError("write", path, number) }
}

/// Gives the system's error number, 0 for none.
///
/// - Parameter offset: where in the file; nil for where the last write ended.
func writeAll(_ buffer: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int? = nil) -> Int32 {
  var done = 0
  while done < buffer.count, let base = buffer.baseAddress {
    let rest = buffer.count - done
    let result =
      offset.map { pwrite(descriptor, base + done, rest, off_t($0 + done)) } ?? write(descriptor, base + done, rest)
    if result < 0 {
      if errno == EINTR { continue }
      return errno
    }
    done += result
  }
  return 0
}
