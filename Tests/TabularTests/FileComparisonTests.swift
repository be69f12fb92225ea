import Foundation
import Publication
import TestSupport
import Testing

@testable import Tabular

/// Files that are read by several cores, a stretch each.
@Suite struct FileComparisonTests {
  private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 9) } }

  @Test(arguments: [0, 1, 256 << 10, 256 << 10 + 1, 1_000_003])
  func everyByteCounts(_ count: Int) async throws {
    let folder = TemporaryFolder()
    let (path, other) = ("\(folder.path)/a", "\(folder.path)/b")
    var contents = bytes(count)
    try Data(contents).write(to: URL(fileURLWithPath: path))
    for workers in 1...4 {
      let parallelism = Parallelism(workers: workers)
      try Data(contents).write(to: URL(fileURLWithPath: other))
      #expect(try await hasSameBytes(path, other, parallelism))
      for place in [0, count / 2, count - 1] where place >= 0 && place < count {
        contents[place] ^= 1
        try Data(contents).write(to: URL(fileURLWithPath: other))
        contents[place] ^= 1
        #expect(try await !hasSameBytes(path, other, parallelism), "byte \(place)")
      }
      try Data(contents + [0]).write(to: URL(fileURLWithPath: other))
      #expect(try await !hasSameBytes(path, other, parallelism))
    }
  }

  @Test(arguments: [0, 1, 1 << 20, 3_500_001])
  func aCopyHasTheBytesAndTheirDigest(_ count: Int) async throws {
    let folder = TemporaryFolder()
    let (path, other) = ("\(folder.path)/a", "\(folder.path)/b")
    try Data(bytes(count)).write(to: URL(fileURLWithPath: path))
    let file = try await copy(from: path, to: other, mode: 0o600, Parallelism(workers: 3))
    #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: other))) == bytes(count))
    #expect(file.byteCount == count)
    let digest = try InputFile(path: path).digest()
    #expect(file.digest == digest)
    await #expect(throws: FileError.self) {
      try await copy(from: path, to: other, mode: 0o600, limit: count - 1, Parallelism(workers: 3))
    }
  }
}
