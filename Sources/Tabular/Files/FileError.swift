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

  package var description: String {
    let reason =
      number == 0
      ? "the file is shorter than expected"
      : number == EINVAL ? "it is no regular file" : String(cString: strerror(number))
    return "cannot \(operation) \(path): \(reason)"
  }
}
