internal import Glibc

/// A lock on a file or a folder that one process holds at a time.
///
/// It is held for the length of a call, and no value stands for it: one that nobody reads would be let go by the optimiser as soon as
/// it was made. The system lets it go too, however the process ends.
package struct FileLock: Sendable {
  private let path: String
  private let isFolder: Bool

  /// The lock on a file, which is made where it is not there.
  package init(file path: String) {
    self.path = path
    isFolder = false
  }

  /// The lock on a folder that is there; nothing is written in it.
  package init(folder path: String) {
    self.path = path
    isFolder = true
  }

  /// - Parameter busy: thrown where another process holds the lock.
  package func hold<Result>(
    isolation: isolated (any Actor)? = #isolation, orThrow busy: any Error, _ work: () async throws -> Result
  ) async throws -> Result {
    let descriptor = try take(busy)
    defer { close(descriptor) }
    return try await work()
  }

  /// - Parameter busy: thrown where another process holds the lock.
  package func hold<Result>(orThrow busy: any Error, _ work: () throws -> Result) throws -> Result {
    let descriptor = try take(busy)
    defer { close(descriptor) }
    return try work()
  }

  private func take(_ busy: any Error) throws -> Int32 {
    let descriptor =
      isFolder
      ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
      : open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw FileError("open", path) }
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      let number = errno
      if number == EINTR { continue }
      close(descriptor)
      throw number == EWOULDBLOCK ? busy : FileError("lock", path, number)
    }
    return descriptor
  }
}
