internal import Publication
internal import Synchronization

/// The segments of a gzip file, or of a member of a zip file, each to be read by any thread.
package final class PackedSegments: Sendable {
  package let segments: [GzipSegment]
  private let file: InputFile
  /// Where each segment begins in the file.
  private let offsets: [Int]
  private let next = Atomic(0)

  /// - Throws: `FormatError.damagedGzip` where header, segments and trailer are not the whole file.
  package init(path: String, _ segments: [GzipSegment]) throws {
    file = try InputFile(path: path)
    let (offsets, end) = Self.places(of: segments, from: GzipWriter.header.count)
    self.offsets = offsets
    self.segments = segments
    var header: [UInt8] = []
    _ = try file.read(GzipWriter.header.count, at: 0, appendingTo: &header)
    guard header == GzipWriter.header, end + GzipWriter.trailerByteCount == file.byteCount else {
      throw FormatError(.damagedGzip)
    }
  }

  /// The segments of a zip file's member, of which the first is what comes before those that are given.
  ///
  /// - Parameter byteCount: of what comes before, unpacked.
  /// - Throws: `FormatError.damagedZip` where they, and an empty last block, are not the whole of it.
  package init(of member: ZipFile.Member, in path: String, after byteCount: Int, _ others: [GzipSegment]) throws {
    file = try InputFile(path: path)
    let rest = member.packedByteCount - SegmentDeflater.end.count - others.reduce(0) { $0 + $1.packedByteCount }
    guard rest >= 0 else { throw FormatError(.damagedZip) }
    let segments = [GzipSegment(packedByteCount: rest, byteCount: byteCount)] + others
    let (offsets, end) = Self.places(of: segments, from: member.dataOffset)
    self.offsets = offsets
    self.segments = segments
    var last: [UInt8] = []
    _ = try file.read(SegmentDeflater.end.count, at: end, appendingTo: &last)
    guard last == SegmentDeflater.end else { throw FormatError(.damagedZip) }
  }

  /// Where each segment begins, one after the other, and where the last one ends.
  private static func places(of segments: [GzipSegment], from start: Int) -> (offsets: [Int], end: Int) {
    var offsets: [Int] = []
    var end = start
    for segment in segments {
      offsets.append(end)
      end += segment.packedByteCount
    }
    return (offsets, end)
  }

  /// Takes a file as one segment, of the length that its trailer says.
  package convenience init(oneSegment path: String) throws {
    let file = try InputFile(path: path)
    let ends = GzipWriter.header.count + GzipWriter.trailerByteCount
    guard file.byteCount >= ends else { throw FormatError(.damagedGzip) }
    var length: [UInt8] = []
    _ = try file.read(4, at: file.byteCount - 4, appendingTo: &length)
    let byteCount = length.reversed().reduce(0) { $0 << 8 | Int($1) }
    // No more than deflate can pack so small, so that a damaged length asks for no memory.
    guard byteCount <= 1_100 * file.byteCount else { throw FormatError(.damagedGzip) }
    try self.init(
      path: path, [GzipSegment(packedByteCount: file.byteCount - ends, byteCount: byteCount)])
  }

  /// Hands out the numbers of the segments, each once.
  package func nextNumber() -> Int? {
    let number = next.add(1, ordering: .relaxed).oldValue
    return number < segments.count ? number : nil
  }

  /// Appends a segment as it is packed.
  ///
  /// - Throws: `FormatError.damagedGzip` where the file ends before it does.
  package func read(packed number: Int, appendingTo packed: inout [UInt8]) throws {
    let count = segments[number].packedByteCount
    guard try file.read(count, at: offsets[number], appendingTo: &packed) == count else {
      throw FormatError(.damagedGzip)
    }
  }

  /// Appends what a segment holds, and leaves its packed bytes in `packed`.
  ///
  /// - Throws: `FormatError.damagedGzip`.
  package func read(
    _ number: Int, into bytes: inout [UInt8], packed: inout [UInt8], with inflater: inout SegmentInflater
  ) throws {
    packed.removeAll(keepingCapacity: true)
    try read(packed: number, appendingTo: &packed)
    guard inflater.append(&packed, byteCount: segments[number].byteCount, to: &bytes) else {
      throw FormatError(.damagedGzip)
    }
  }

  /// The end of the file: an empty last block, then checksum and length of the contents.
  ///
  /// - Throws: `FormatError.damagedGzip` where they are others.
  package func checkTrailer(_ sum: RunningChecksum) throws {
    guard try trailer() == Self.trailer(sum) else { throw FormatError(.damagedGzip) }
  }

  package func trailer() throws -> [UInt8] {
    var bytes: [UInt8] = []
    let count = GzipWriter.trailerByteCount
    _ = try file.read(count, at: file.byteCount - count, appendingTo: &bytes)
    return bytes
  }

  static func trailer(_ sum: RunningChecksum) -> [UInt8] {
    var bytes = SegmentDeflater.end
    for value in [sum.value, UInt32(truncatingIfNeeded: sum.byteCount)] {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    return bytes
  }
}
