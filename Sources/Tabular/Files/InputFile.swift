internal import Glibc
internal import Hashing
package import Publication

/// A regular file opened for reading.
///
/// A link in its last place is refused.
package struct InputFile: ~Copyable, Sendable {
  private let descriptor: Int32
  package let path: String
  package let byteCount: Int
  /// When the file was last written, in nanoseconds since 1970; the nearest that can be said, from 1677 to 2262.
  package let modified: Int
  /// What it was when it was opened.
  package let state: FileState

  package init(path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError("open", path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      let number = status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL
      close(descriptor)
      throw FileError("read", path, number)
    }
    self.init(taking: descriptor, status, path: path)
  }

  /// A regular file that is open; it is closed with this value.
  init(taking descriptor: Int32, _ status: stat, path: String) {
    self.descriptor = descriptor
    self.path = path
    byteCount = Int(status.st_size)
    modified = nanoseconds(status.st_mtim)
    state = FileState(status)
  }

  deinit { close(descriptor) }

  /// What it is now.
  package func currentState() throws(FileError) -> FileState {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError("look at", path) }
    return FileState(status)
  }

  /// Whether another process has the file open to write in it; nil where the system does not say.
  ///
  /// Linux grants a read lease to the owner of a file that nobody writes.
  package var isOpenForWriting: Bool? {
    // F_SETLEASE, which Glibc's module does not import.
    if fcntl(descriptor, 1_024, Int32(F_RDLCK)) == 0 {
      _ = fcntl(descriptor, 1_024, Int32(F_UNLCK))
      return false
    }
    return errno == EAGAIN ? true : nil
  }

  /// Another descriptor of the same open file, for who closes it themselves.
  package func duplicateDescriptor() throws(FileError) -> Int32 {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw FileError("open", path) }
    return copy
  }

  /// Appends up to `count` bytes from `offset` on; fewer at the end of the file only.
  package func read(_ count: Int, at offset: Int, appendingTo bytes: inout [UInt8]) throws(FileError) -> Int {
    let wanted = min(count, byteCount - offset)
    guard wanted > 0 else { return 0 }
    let (done, number) = appendRead(descriptor, wanted, at: offset, to: &bytes)
    if done < wanted {
      bytes.removeLast(done)
      throw FileError("read", path, number)
    }
    return wanted
  }

  /// The digest of the whole file.
  package func digest() throws(FileError) -> Digest {
    var hash = SHA256()
    var offset = 0
    var buffer: [UInt8] = []
    while try read(1 << 20, at: offset, appendingTo: &buffer) > 0 {
      hash.update(buffer)
      offset += buffer.count
      buffer.removeAll(keepingCapacity: true)
    }
    return hash.digest()
  }

  /// All bytes of a file that is known to be small: over `limit` bytes is an error.
  package static func contents(of path: String, limit: Int = 64 << 20) throws(FileError) -> [UInt8] {
    let file = try InputFile(path: path)
    guard file.byteCount <= limit else { throw FileError("read", path, EFBIG) }
    var bytes: [UInt8] = []
    _ = try file.read(file.byteCount, at: 0, appendingTo: &bytes)
    return bytes
  }
}

/// What tells a file from what it was before: its place, its length and its times.
package struct FileState: Hashable, Sendable {
  /// Of the file, whatever its names.
  package let device: UInt64
  package let number: UInt64
  package let byteCount: Int
  private let modified: [Int]
  private let changed: [Int]
  /// Seconds since contents or names last changed; negative where that lies ahead.
  package var ageInSeconds: Int {
    let (age, isTooMuch) = Int(time(nil)).subtractingReportingOverflow(max(modified[0], changed[0]))
    return isTooMuch ? .max : age
  }

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    number = UInt64(status.st_ino)
    byteCount = Int(status.st_size)
    modified = [Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)]
    changed = [Int(status.st_ctim.tv_sec), Int(status.st_ctim.tv_nsec)]
  }

  /// What a name leads to just now, links not followed; nil where that is no regular file.
  package init?(at path: String) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    self.init(status)
  }

  /// Whether contents are the same as far as the system says: a further name changes the file too, and not what is in it.
  package func hasSameContents(as other: FileState) -> Bool {
    device == other.device && number == other.number && byteCount == other.byteCount && modified == other.modified
  }
}

/// File systems keep times that do not fit: of those the nearest that does.
private func nanoseconds(_ time: timespec) -> Int {
  let (seconds, isTooLarge) = Int(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
  let (sum, isTooMuch) = seconds.addingReportingOverflow(Int(time.tv_nsec))
  return isTooLarge || isTooMuch ? (time.tv_sec < 0 ? .min : .max) : sum
}

/// Appends up to `count` bytes from `offset` on.
///
/// - Returns: how many there were, and the system's error number where it were fewer for another reason than the file's end.
func appendRead(_ descriptor: Int32, _ count: Int, at offset: Int, to bytes: inout [UInt8]) -> (Int, Int32) {
  var done = 0
  var number: Int32 = 0
  // Room that is not made zero before it is written to.
  bytes.append(addingCapacity: count) { output in
    output.withUnsafeMutableBufferPointer { room, filled in
      guard let base = room.baseAddress else { return }
      while done < count {
        let result = pread(descriptor, base + done, count - done, off_t(offset + done))
        if result < 0 && errno == EINTR { continue }
        if result < 0 { number = errno }
        guard result > 0 else { break }
        done += result
      }
      filled += done
    }
  }
  return (done, number)
}

/// A file that several workers read, each at its own place.
final class SharedInputFile: Sendable {
  let file: InputFile
  init(_ file: consuming InputFile) { self.file = file }
}
