import Foundation
import Publication
import Tabular
import TestSupport
import Testing

@Suite struct GzipTests {
  private func pack(_ pieces: [[UInt8]], _ path: String) throws -> WorkFile {
    var writer = try GzipWriter(path: path)
    for piece in pieces { try writer.write(piece) }
    return try writer.finish()
  }

  private func unpack(_ path: String) throws -> [UInt8] {
    let source = try InflatingByteSource(FileByteSource(path: path))
    var bytes: [UInt8] = []
    while try source.read(1 << 16, appendingTo: &bytes) {}
    return bytes
  }

  @Test(arguments: [0, 1, GzipWriter.blockByteCount, GzipWriter.blockByteCount + 1, 3 * GzipWriter.blockByteCount])
  func whatIsPackedComesBackAndIsOneMember(count: Int) throws {
    let folder = TemporaryFolder()
    var random = SmallRandom(seed: UInt64(count))
    let bytes = (0..<count).map { _ in UInt8.random(in: 97...110, using: &random) }
    let file = try pack([bytes], "\(folder.path)/a.gz")
    #expect(try unpack(file.path) == bytes)
    // Any pieces give the same file, and another program reads it whole.
    let pieces = stride(from: 0, to: count, by: 70_001).map { Array(bytes[$0..<min($0 + 70_001, count)]) }
    #expect(try pack(pieces, "\(folder.path)/b.gz").digest == file.digest)
    let packed = try Data(contentsOf: URL(fileURLWithPath: file.path))
    #expect(Array(packed.prefix(10)) == [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
    #expect(try run(["/bin/gzip", "-t", file.path]).code == 0)
  }

  @Test func damageIsAnError() throws {
    let folder = TemporaryFolder()
    let file = try pack([Array("some text, some text, some text".utf8)], "\(folder.path)/a.gz")
    let good = Array(try Data(contentsOf: URL(fileURLWithPath: file.path)))
    var flipped = good
    flipped[good.count - 6] ^= 1
    for bad in [Array(good.dropLast()), good + [0], good + good, flipped, []] {
      try Data(bad).write(to: URL(fileURLWithPath: "\(folder.path)/bad.gz"))
      #expect(throws: FormatError.self) { try unpack("\(folder.path)/bad.gz") }
    }
  }

  @Test func aFlushPointEveryBlock() throws {
    let folder = TemporaryFolder()
    let bytes = [UInt8](repeating: 120, count: 3 * GzipWriter.blockByteCount)
    let packed = Array(try Data(contentsOf: URL(fileURLWithPath: try pack([bytes], "\(folder.path)/a.gz").path)))
    // A full flush ends in an empty stored block: 00 00 FF FF on a byte boundary.
    let marks = (0..<packed.count - 4).count { Array(packed[$0..<$0 + 4]) == [0, 0, 0xff, 0xff] }
    #expect(marks == 2)
  }
}
