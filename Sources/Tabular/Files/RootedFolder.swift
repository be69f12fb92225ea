internal import Glibc
internal import Hashing
package import Publication

/// A folder below which files are written by relative path: every part of a path is opened from the one before, and none may be a link,
/// whoever put it there and when.
///
/// What is written is durable when a call returns, and has its name in one step.
package final class RootedFolder: Sendable {
  private let descriptor: Int32
  private let path: String

  /// - Parameter path: may lead through links; what is below it may not.
  package init(path: String) throws(FileError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("open", path) }
  }

  deinit { close(descriptor) }

  /// The file of this name; nil where there is nothing, or something that is no regular file.
  package func digest(of relative: String, byteCount: Int) throws(FileError) -> Digest? {
    guard let place = try parent(of: relative) else { return nil }
    let file = openat(place.folder, place.name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard file >= 0 else {
      if errno == ENOENT || errno == ELOOP || errno == ENXIO { return nil }
      throw FileError("open", "\(path)/\(relative)")
    }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(file)
      return nil
    }
    let input = InputFile(taking: file, status, path: "\(path)/\(relative)")
    return input.byteCount == byteCount ? try input.digest() : nil
  }

  /// What a name stands for.
  package func kind(of relative: String) throws(FileError) -> FileKind? {
    guard let place = try parent(of: relative) else { return nil }
    return place.kind
  }

  /// Gives a file elsewhere on this file system a name here, in place of what has it.
  ///
  /// - Parameter source: absolute.
  /// - Returns: false where the file system cannot.
  package func link(_ source: String, as relative: String) throws(FileError) -> Bool {
    let place = try requiredParent(of: relative)
    unlinkat(place.folder, place.temporaryName, 0)
    guard linkat(AT_FDCWD, source, place.folder, place.temporaryName, 0) == 0 else { return false }
    try place.rename(path, relative)
    return true
  }

  /// Gives a file here a second name, in place of what has it.
  ///
  /// - Returns: false where the file system cannot.
  package func addName(_ second: String, to relative: String) throws(FileError) -> Bool {
    guard let first = try parent(of: relative) else { return false }
    let place = try requiredParent(of: second)
    unlinkat(place.folder, place.temporaryName, 0)
    guard linkat(first.folder, first.name, place.folder, place.temporaryName, 0) == 0 else { return false }
    try place.rename(path, second)
    return true
  }

  /// Copies a file to a name here, in place of what has it.
  ///
  /// - Parameters:
  ///   - source: absolute.
  ///   - expected: the copy is thrown away, and an error thrown, where its digest is another one.
  package func copy(_ source: String, to relative: String, mode: UInt32, expected: Digest) throws(FileError) {
    let place = try requiredParent(of: relative)
    let input = try InputFile(path: source)
    unlinkat(place.folder, place.temporaryName, 0)
    let output = openat(
      place.folder, place.temporaryName, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
    guard output >= 0 else { throw FileError("create", "\(path)/\(relative)") }
    defer { close(output) }
    do throws(FileError) {
      var hash = SHA256()
      var offset = 0
      var buffer: [UInt8] = []
      while try input.read(1 << 20, at: offset, appendingTo: &buffer) > 0 {
        hash.update(buffer)
        try writeAll(buffer, to: output, path: "\(path)/\(relative)")
        offset += buffer.count
        buffer.removeAll(keepingCapacity: true)
      }
      guard hash.digest() == expected else { throw FileError.otherDigest(source) }
      // The mode is meant as it stands, whatever the umask.
      fchmod(output, mode)
      guard fsync(output) == 0 else { throw FileError("synchronise", "\(path)/\(relative)") }
    } catch {
      unlinkat(place.folder, place.temporaryName, 0)
      throw error
    }
    try place.rename(path, relative)
  }

  /// Takes away a file, a link or a folder with all that is in it; nothing there is no error.
  package func remove(_ relative: String) throws(FileError) {
    guard let place = try parent(of: relative) else { return }
    try place.remove("\(path)/\(relative)")
  }

  /// A name in an open folder.
  private struct Place: ~Copyable {
    let folder: Int32
    let name: String
    var temporaryName: String { ".tmp-\(name)" }

    init(folder: Int32, name: String) {
      self.folder = folder
      self.name = name
    }

    deinit { close(folder) }

    var kind: FileKind? { fileKind(name, in: folder) }

    func rename(_ root: String, _ relative: String) throws(FileError) {
      guard renameat(folder, temporaryName, folder, name) == 0 else {
        let number = errno
        unlinkat(folder, temporaryName, 0)
        throw FileError("rename to", "\(root)/\(relative)", number)
      }
      // When both names lead to one file already, rename does nothing and leaves the temporary name.
      unlinkat(folder, temporaryName, 0)
      guard fsync(folder) == 0 else { throw FileError("synchronise the folder of", "\(root)/\(relative)") }
    }

    func remove(_ path: String) throws(FileError) {
      switch kind {
      case nil: return
      case .folder:
        let inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard inner >= 0 else { throw FileError("open", path) }
        defer { close(inner) }
        let names = try folderNames(of: inner, path)
        for name in names { try Place(folder: dup(inner), name: name).remove("\(path)/\(name)") }
        guard unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT else { throw FileError("remove", path) }
      default:
        guard unlinkat(folder, name, 0) == 0 || errno == ENOENT else { throw FileError("remove", path) }
      }
    }
  }

  private func requiredParent(of relative: String) throws(FileError) -> Place {
    guard let place = try parent(of: relative, isMade: true) else {
      throw FileError("make folder", "\(path)/\(relative)", ENOENT)
    }
    return place
  }

  /// The folder that a file lies in, open; nil where it is not there and is not to be made.
  private func parent(of relative: String, isMade: Bool = false) throws(FileError) -> Place? {
    var parts = relative.pathParts
    guard relative.leadsDownward, let name = parts.popLast() else {
      throw FileError("open", "\(path)/\(relative)", EINVAL)
    }
    var folder = dup(descriptor)
    guard folder >= 0 else { throw FileError("open", path) }
    for part in parts {
      var next = openat(folder, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
      if next < 0, errno == ENOENT, isMade {
        if mkdirat(folder, part, 0o755) == 0 {
          fchmodat(folder, part, 0o755, 0)
          fsync(folder)
        }
        next = openat(folder, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
      }
      let number = fileKind(part, in: folder) == .link ? ELOOP : errno
      close(folder)
      guard next >= 0 else {
        if number == ENOENT && !isMade { return nil }
        throw FileError("open", "\(path)/\(relative)", number)
      }
      folder = next
    }
    return Place(folder: folder, name: name)
  }
}

private func fileKind(_ name: String, in folder: Int32) -> FileKind? {
  let number = errno
  defer { errno = number }
  var status = stat()
  guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
  return FileKind(status)
}

/// The names in an open folder, sorted by their bytes.
private func folderNames(of descriptor: Int32, _ path: String) throws(FileError) -> [String] {
  guard let stream = fdopendir(dup(descriptor)) else { throw FileError("list", path) }
  defer { closedir(stream) }
  return names(in: stream)
}
