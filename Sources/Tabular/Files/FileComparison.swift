internal import Glibc
package import Publication

/// Whether two files hold the same bytes: at the speed of memory where both are in it, on all cores.
///
/// Each core compares every so-manieth stretch; the first difference ends it. Two files that are being written are no matter: what
/// is taken in afterwards has a digest.
///
/// - Throws: `FileError` where one of them cannot be read.
package func hasSameBytes(_ path: String, _ other: String, _ parallelism: Parallelism) async throws -> Bool {
  let first = try InputFile(path: path), second = try InputFile(path: other)
  guard first.byteCount == second.byteCount else { return false }
  let byteCount = first.byteCount
  // A small file is not worth a thread.
  guard byteCount > stretch else { return try hasSameBytes(first, second, from: 0, each: 1) }
  return try await withThrowingTaskGroup(of: Bool.self) { group in
    for worker in 0..<parallelism.workers {
      group.addTask {
        try hasSameBytes(
          InputFile(path: path), InputFile(path: other), from: worker, each: parallelism.workers, byteCount: byteCount)
      }
    }
    for try await isSame in group where !isSame {
      group.cancelAll()
      return false
    }
    return true
  }
}

/// Bytes that are read of either file at a time: both fit a core's own cache.
private let stretch = 256 << 10

private func hasSameBytes(
  _ first: borrowing InputFile, _ second: borrowing InputFile, from worker: Int, each workers: Int,
  byteCount: Int? = nil
) throws -> Bool {
  // Opened anew, they may be other files by now.
  let byteCount = byteCount ?? first.byteCount
  guard first.byteCount == byteCount, second.byteCount == byteCount else { return false }
  var mine: [UInt8] = [], theirs: [UInt8] = []
  var offset = worker * stretch
  while offset < byteCount {
    if Task.isCancelled { return false }
    mine.removeAll(keepingCapacity: true)
    theirs.removeAll(keepingCapacity: true)
    let count = try first.read(stretch, at: offset, appendingTo: &mine)
    guard try second.read(stretch, at: offset, appendingTo: &theirs) == count, mine == theirs else { return false }
    offset += workers * stretch
  }
  return true
}

/// What tells a program's file from any other: device, number, size and times.
///
/// - Throws: `FileError` where the system does not say.
package func runningProgramIdentity() throws(FileError) -> String {
  var status = stat()
  guard stat("/proc/self/exe", &status) == 0 else { throw FileError("look at", "/proc/self/exe") }
  return "\(status.st_dev) \(status.st_ino) \(status.st_size)"
    + " \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) \(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)"
}
