internal import Glibc

/// Makes a folder and those above it that are missing, each with the given mode.
///
/// - Parameter isDurable: the name lasts as long as what will be in it.
package func makeFolder(_ path: String, mode: UInt32 = 0o700, isDurable: Bool = true) throws(FileError) {
  if mkdir(path, mode) == 0 {
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
  guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
    throw FileError("make folder", path)
  }
  try makeFolder(String(path[..<slash]), mode: mode, isDurable: isDurable)
  guard mkdir(path, mode) == 0 || errno == EEXIST else { throw FileError("make folder", path) }
  if isDurable { try synchroniseFolder(of: path) }
}

/// What a name stands for, links not followed.
package enum FileKind: Sendable { case file, folder, link, other }

/// Nil where there is nothing of this name.
package func fileKind(_ path: String) -> FileKind? {
  var status = stat()
  guard lstat(path, &status) == 0 else { return nil }
  switch status.st_mode & S_IFMT {
  case S_IFREG: return .file
  case S_IFDIR: return .folder
  case S_IFLNK: return .link
  default: return .other
  }
}

/// Whether two names lead to one file, links not followed.
package func isSameFile(_ path: String, _ other: String) -> Bool {
  var first = stat(), second = stat()
  return lstat(path, &first) == 0 && lstat(other, &second) == 0 && first.st_dev == second.st_dev
    && first.st_ino == second.st_ino
}

/// The names in a folder, sorted by their bytes; `.` and `..` left out.
package func folderNames(_ path: String) throws(FileError) -> [String] {
  guard let stream = opendir(path) else { throw FileError("list", path) }
  defer { closedir(stream) }
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
