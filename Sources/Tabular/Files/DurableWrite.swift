internal import Glibc
internal import Hashing
internal import Synchronization
package import Publication

// The one place where a file becomes durable: written under a temporary name in the same folder, fsynced, renamed over the
// name, and the folder fsynced. A crash leaves the old file or the new one, and at most a temporary file `.tmp-…`.
// Source: Pillai et al., "All File Systems Are Not Created Equal" (OSDI 2014).

/// Writes a small file durably.
///
/// An older one of the same name is replaced.
package func writeDurably(_ bytes: [UInt8], to path: String, mode: UInt32) throws(FileError) {
  let temporary = try TemporaryFile(besides: path, mode: mode)
  try writeAll(bytes, to: temporary.descriptor, path: path)
  try temporary.rename(to: path)
}

/// Copies a file durably, hashing what is written, and gives its digest.
///
/// An older one of the same name is replaced.
///
/// - Parameters:
///   - expected: the copy is thrown away, and an error thrown, where its digest is another one.
///   - limit: a source of more bytes is an error.
@discardableResult
package func copyDurably(
  from source: String, to path: String, mode: UInt32, expected: Digest? = nil, limit: Int = .max
) throws(FileError) -> WorkFile {
  let input = try InputFile(path: source)
  let temporary = try TemporaryFile(besides: path, mode: mode)
  var hash = SHA256()
  var offset = 0
  var buffer: [UInt8] = []
  while try input.read(1 << 20, at: offset, appendingTo: &buffer) > 0 {
    hash.update(buffer)
    try writeAll(buffer, to: temporary.descriptor, path: path)
    offset += buffer.count
    guard offset <= limit else { throw FileError("copy", source, EFBIG) }
    buffer.removeAll(keepingCapacity: true)
  }
  let digest = hash.digest()
  if let expected, expected != digest { throw FileError.otherDigest(source) }
  try temporary.rename(to: path)
  return WorkFile(path: path, byteCount: offset, digest: digest)
}

/// Copies a file, hashing it while others of its parts are read and written, and gives its digest.
///
/// An older one of the same name is replaced. It is left to `synchroniseFile` to make the copy survive a crash.
///
/// - Parameter limit: a source of more bytes is an error.
package func copy(
  from source: String, to path: String, mode: UInt32, limit: Int = .max, _ parallelism: Parallelism
) async throws -> WorkFile {
  let input = CopiedInput(try InputFile(path: source))
  guard input.file.byteCount <= limit else { throw FileError("copy", source, EFBIG) }
  let temporary = try TemporaryFile(besides: path, mode: mode)
  let descriptor = temporary.descriptor
  var hash = SHA256()
  var byteCount = 0
  try await ordered(
    parallelism, make: { CopiedPart() },
    work: { part in
      guard let (number, offset) = input.next() else { return nil }
      part.bytes.removeAll(keepingCapacity: true)
      guard try input.file.read(CopiedInput.partByteCount, at: offset, appendingTo: &part.bytes) > 0 else { return nil }
      try writeAll(part.bytes, to: descriptor, at: offset, path: path)
      return number
    },
    collect: { part in
      hash.update(part.bytes)
      byteCount += part.bytes.count
    })
  guard byteCount == input.file.byteCount else { throw FileError("copy (it was cut off meanwhile)", source, EIO) }
  try temporary.rename(to: path, isDurable: false)
  return WorkFile(path: path, byteCount: byteCount, digest: hash.digest())
}

private struct CopiedPart: ~Copyable { var bytes: [UInt8] = [] }

private final class CopiedInput: Sendable {
  static let partByteCount = 1 << 20
  let file: InputFile
  private let nextNumber = Atomic(0)

  init(_ file: consuming InputFile) { self.file = file }

  func next() -> (number: Int, offset: Int)? {
    let number = nextNumber.add(1, ordering: .relaxed).oldValue
    let offset = number * Self.partByteCount
    return offset < file.byteCount ? (number, offset) : nil
  }
}

/// Gives a file a second name, durably, in place of what has that name; false where the file system cannot.
package func linkDurably(from source: String, to path: String) throws(FileError) -> Bool {
  let temporary = temporaryName(besides: path)
  unlink(temporary)
  guard link(source, temporary) == 0, rename(temporary, path) == 0 else {
    unlink(temporary)
    return false
  }
  // When both names lead to one file already, rename does nothing and leaves the temporary name.
  unlink(temporary)
  try synchroniseFolder(of: path)
  return true
}

/// Makes a file and its name survive a crash.
package func synchroniseFile(_ path: String) throws(FileError) {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
  guard descriptor >= 0 else { throw FileError("open", path) }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else { throw FileError("synchronise", path) }
  try synchroniseFolder(of: path)
}

/// Renames a file within its folder.
package func renameInPlace(from source: String, to path: String) throws(FileError) {
  guard rename(source, path) == 0 else { throw FileError("rename to", path) }
}

/// Renames a file that is durable already, within its folder.
package func renameDurably(from source: String, to path: String) throws(FileError) {
  guard rename(source, path) == 0 else { throw FileError("rename to", path) }
  try synchroniseFolder(of: path)
}

private func temporaryName(besides path: String) -> String {
  path.parentPath.map { "\($0)/.tmp-\(path.lastPathPart)" } ?? ".tmp-\(path)"
}

/// Makes the names in a folder durable.
func synchroniseFolder(of path: String) throws(FileError) {
  let folder = path.parentPath ?? "."
  let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw FileError("open", folder) }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else { throw FileError("synchronise", folder) }
}

private struct TemporaryFile: ~Copyable {
  let descriptor: Int32
  private let name: String

  init(besides path: String, mode: UInt32) throws(FileError) {
    name = temporaryName(besides: path)
    unlink(name)
    descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else { throw FileError("create", name) }
    // The mode is meant as it stands, whatever the umask.
    fchmod(descriptor, mode)
  }

  deinit {
    close(descriptor)
    unlink(name)
  }

  func rename(to path: String, isDurable: Bool = true) throws(FileError) {
    guard !isDurable || fsync(descriptor) == 0 else { throw FileError("synchronise", name) }
    guard Glibc.rename(name, path) == 0 else { throw FileError("rename to", path) }
    if isDurable { try synchroniseFolder(of: path) }
  }
}

/// Makes a finished file durable and gives it its name, in the same folder, in place of what has that name.
package func publishDurably(_ source: String, as path: String) throws(FileError) {
  let descriptor = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
  guard descriptor >= 0 else { throw FileError("open", source) }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else { throw FileError("synchronise", source) }
  try renameDurably(from: source, to: path)
}
