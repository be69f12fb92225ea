package import Publication

/// Whether two files hold the same bytes: at the speed of memory where both are in it, on all cores.
///
/// Both are opened once, and each core compares stretches of its own; the first difference ends it.
///
/// - Throws: `FileError` where one of them cannot be read.
package func hasSameBytes(_ path: String, _ other: String, _ parallelism: Parallelism) async throws -> Bool {
  let pair = FilePair(try InputFile(path: path), try InputFile(path: other))
  guard pair.first.byteCount == pair.second.byteCount else { return false }
  // A small file is not worth a thread.
  guard pair.first.byteCount > FilePair.stretch else { return try pair.isSame(from: 0, each: 1) }
  return try await withThrowingTaskGroup(of: Bool.self) { group in
    for worker in 0..<parallelism.workers {
      group.addTask { try pair.isSame(from: worker, each: parallelism.workers) }
    }
    for try await isSame in group where !isSame {
      group.cancelAll()
      return false
    }
    return true
  }
}

private final class FilePair: Sendable {
  let first: InputFile
  let second: InputFile
  /// Bytes that are read of either file at a time: both fit a core's own cache.
  static let stretch = 256 << 10

  init(_ first: consuming InputFile, _ second: consuming InputFile) {
    self.first = first
    self.second = second
  }

  /// Compares every so many stretches, beginning with one of the first.
  func isSame(from worker: Int, each workers: Int) throws -> Bool {
    var mine: [UInt8] = [], theirs: [UInt8] = []
    for offset in stride(from: worker * Self.stretch, to: first.byteCount, by: workers * Self.stretch) {
      if Task.isCancelled { return false }
      mine.removeAll(keepingCapacity: true)
      theirs.removeAll(keepingCapacity: true)
      let count = try first.read(Self.stretch, at: offset, appendingTo: &mine)
      guard try second.read(Self.stretch, at: offset, appendingTo: &theirs) == count, mine == theirs else {
        return false
      }
    }
    return true
  }
}
