internal import Glibc

/// The system refused an operation on a file.
package struct FileError: Error, Sendable, CustomStringConvertible {
  package let operation: String
  package let path: String
  /// errno; 0 where the file ended too early.
  package let number: Int32

  package init(_ operation: String, _ path: String, _ number: Int32 = errno) {
    self.operation = operation
    self.path = path
    self.number = number
  }

  /// A folder, pipe or device stands where a file should.
  package var isNoFile: Bool { number == EISDIR || number == EINVAL }

  package var isMissingFile: Bool { number == ENOENT }

  /// Full, read-only, forbidden, out of handles, broken: the same may go through once somebody has seen to the machine.
  package var isOfTheMachine: Bool {
    [ENOSPC, EDQUOT, EACCES, EPERM, EROFS, EIO, EMFILE, ENFILE, ENOMEM, EINTR, EAGAIN, ESTALE, ENODEV, ENXIO, EFBIG]
      .contains(number)
  }

  /// A copy or a file has other bytes than it should.
  static func otherDigest(_ path: String) -> FileError { FileError("use", path, EBADMSG) }

  package var description: String {
    let reason =
      number == 0
      ? "the file is shorter than expected"
      : number == EINVAL
        ? "it is no regular file"
        : number == ELOOP
          ? "the path leads through a link, and links are not followed"
          : number == EBADMSG ? "its digest is not the expected one" : String(cString: strerror(number))
    return "cannot \(operation) \(path): \(reason)"
  }
}
