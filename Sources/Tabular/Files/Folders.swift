internal import Glibc
internal import Publication

/// Makes a folder and those above it that are missing, each with the given mode, whatever the umask.
///
/// - Parameter isDurable: the name lasts as long as what will be in it.
package func makeFolder(_ path: String, mode: UInt32 = 0o700, isDurable: Bool = true) throws(FileError) {
  if mkdir(path, mode) == 0 {
    try setMode(path, mode)
    if isDurable { try synchroniseFolder(of: path) }
    return
  }
  if errno == EEXIST {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw FileError("make folder", path, ENOTDIR)
    }
    return
  }
  guard errno == ENOENT, let parent = path.parentPath, !parent.isEmpty else { throw FileError("make folder", path) }
  try makeFolder(parent, mode: mode, isDurable: isDurable)
  if mkdir(path, mode) == 0 {
    try setMode(path, mode)
  } else if errno != EEXIST {
    throw FileError("make folder", path)
  }
  if isDurable { try synchroniseFolder(of: path) }
}

/// What a name stands for, links not followed.
package enum FileKind: Sendable { case file, folder, link, other }

/// Nil where there is nothing of this name.
package func fileKind(_ path: String) -> FileKind? {
  var status = stat()
  return lstat(path, &status) == 0 ? FileKind(status) : nil
}

extension FileKind {
  init(_ status: stat) {
    self =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      case S_IFLNK: .link
      default: .other
      }
  }
}

/// Whether two names lead to one file, links not followed.
package func isSameFile(_ path: String, _ other: String) -> Bool {
  var first = stat(), second = stat()
  return lstat(path, &first) == 0 && lstat(other, &second) == 0 && first.st_dev == second.st_dev
    && first.st_ino == second.st_ino
}

/// What tells a folder from any other on this machine; nil where there is none.
package func folderIdentity(_ path: String) -> String? {
  var status = stat()
  guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
  return "\(status.st_dev) \(status.st_ino)"
}

/// The names in a folder, sorted by their bytes; `.` and `..` left out.
package func folderNames(_ path: String) throws(FileError) -> [String] {
  guard let stream = opendir(path) else { throw FileError("list", path) }
  defer { closedir(stream) }
  return names(in: stream)
}

func names(in stream: OpaquePointer) -> [String] {
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
}

/// Removes a file, a link or a folder with all that is in it; nothing there is no error.
package func removeTree(_ path: String) throws(FileError) {
  switch fileKind(path) {
  case nil: return
  case .folder:
    for name in try folderNames(path) { try removeTree("\(path)/\(name)") }
    guard rmdir(path) == 0 || errno == ENOENT else { throw FileError("remove", path) }
  default:
    guard unlink(path) == 0 || errno == ENOENT else { throw FileError("remove", path) }
  }
}

/// The absolute path without links, `.` and `..`; an error where part of it is missing.
package func resolvedPath(_ path: String) throws(FileError) -> String {
  guard let resolved = realpath(path, nil) else { throw FileError("find", path) }
  defer { free(resolved) }
  return String(cString: resolved)
}

/// Sets who may read and write a file.
package func setMode(_ path: String, _ mode: UInt32) throws(FileError) {
  guard chmod(path, mode) == 0 else { throw FileError("set the mode of", path) }
}

/// Whether anybody but its owner can read or write a file.
package func isOpenToOthers(_ path: String) throws(FileError) -> Bool {
  var status = stat()
  guard stat(path, &status) == 0 else { throw FileError("look at", path) }
  return status.st_mode & 0o077 != 0
}

/// Lets nobody but the owner into a folder that others could look into.
///
/// - Throws: `FileError` where it is another's, so that its mode cannot be changed.
package func closeToOthers(_ path: String) throws(FileError) {
  var status = stat()
  guard stat(path, &status) == 0 else { throw FileError("look at", path) }
  if status.st_mode & 0o077 != 0 { try setMode(path, UInt32(status.st_mode & 0o700)) }
}
