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

  /// Blocks of every kind: stored, fixed and dynamic codes, several in one segment.
  @Test(arguments: ["noise", "few", "text", "empty", "mixed"]) func segmentsOfAllKindsOfBlocksAreOneMember(kind: String)
    throws
  {
    let folder = TemporaryFolder()
    var random = SmallRandom(seed: 5)
    func noise(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) } }
    let words = ["长宁区", "仙霞路", "检查", ",", "\n", "0", "17", "未发现问题"].map { Array($0.utf8) }
    func text(_ count: Int) -> [UInt8] { (0..<count).flatMap { _ in words.randomElement(using: &random) ?? [] } }
    let bytes =
      switch kind {
      case "noise": noise(200_000)
      case "few": Array("ab".utf8)
      case "text": text(200_000)
      case "empty": [UInt8]()
      default: text(40_000) + noise(90_000) + [UInt8](repeating: 48, count: 300_000) + text(40_000)
      }
    var writer = try GzipWriter(path: "\(folder.path)/a.gz")
    var deflater = SegmentDeflater()
    var start = 0
    var ends: [Int] = []
    while start < bytes.count {
      let end = min(start + Int.random(in: 1...300_000, using: &random), bytes.count)
      try writer.append(PackedSegment(bytes, start..<end, with: &deflater))
      ends.append(end)
      start = end
    }
    let segments = writer.segments
    let file = try writer.finish()
    // One-member readers read it whole, and each segment can be read alone.
    #expect(try unpack(file.path) == bytes)
    #expect(try run(["/bin/gzip", "-t", file.path]).code == 0)
    #expect(segments.map(\.byteCount).reduce(0, +) == bytes.count)
    let packed = try PackedSegments(path: file.path, segments)
    var inflater = SegmentInflater()
    var sum = RunningChecksum()
    for number in segments.indices.reversed() {
      var part: [UInt8] = []
      var scratch: [UInt8] = []
      try packed.read(number, into: &part, packed: &scratch, with: &inflater)
      #expect(part == Array(bytes[(number == 0 ? 0 : ends[number - 1])..<ends[number]]))
    }
    for number in segments.indices {
      let start = number == 0 ? 0 : ends[number - 1]
      sum.append(crc32Checksum(bytes, start..<ends[number]), byteCount: ends[number] - start)
    }
    try packed.checkTrailer(sum)
  }

  @Test func wrongFlushPointsAreAnError() throws {
    let folder = TemporaryFolder()
    var random = SmallRandom(seed: 9)
    let bytes = (0..<3_000_000).map { _ in UInt8.random(in: 97...110, using: &random) }
    var writer = try GzipWriter(path: "\(folder.path)/a.gz")
    try writer.write(bytes)
    _ = try writer.finish()
    var segments = writer.segments
    let first = segments[0]
    segments[0] = GzipSegment(packedByteCount: first.packedByteCount - 1, byteCount: first.byteCount)
    #expect(throws: FormatError.self) { try PackedSegments(path: "\(folder.path)/a.gz", segments) }
    let second = segments[1]
    segments[1] = GzipSegment(packedByteCount: second.packedByteCount + 1, byteCount: second.byteCount)
    let packed = try PackedSegments(path: "\(folder.path)/a.gz", segments)
    var inflater = SegmentInflater()
    var (part, scratch): ([UInt8], [UInt8]) = ([], [])
    for number in 0..<2 {
      #expect(throws: FormatError.self) { try packed.read(number, into: &part, packed: &scratch, with: &inflater) }
    }
  }

  @Test func aFlushPointEveryBlock() throws {
    let folder = TemporaryFolder()
    let bytes = [UInt8](repeating: 120, count: 3 * GzipWriter.blockByteCount)
    let packed = Array(try Data(contentsOf: URL(fileURLWithPath: try pack([bytes], "\(folder.path)/a.gz").path)))
    // A full flush ends in an empty stored block: 00 00 FF FF on a byte boundary.
    let marks = (0..<packed.count - 4).count { Array(packed[$0..<$0 + 4]) == [0, 0, 0xff, 0xff] }
    #expect(marks == 3)
  }
}
