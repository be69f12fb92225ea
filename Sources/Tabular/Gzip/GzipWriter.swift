internal import CZlib
internal import CDeflate
package import Publication

/// Writes one gzip member that has a full-flush point at least after every MiB of input.
///
/// What lies between two flush points is deflated on its own, so that it can be made and read in parallel, every one-member
/// reader reads the whole, and ours can begin in the middle. No name, zero mtime: the same input gives the same bytes (with the
/// same libdeflate).
///
/// - Source: RFC 1952; zlib manual, `crc32_combine`.
package struct GzipWriter: ~Copyable {
  /// The most bytes of input between two flush points.
  package static let blockByteCount = 1 << 20
  /// Names what made the bytes; recorded in `release.json`.
  package static var encoder: String {
    "libdeflate \(LIBDEFLATE_VERSION_STRING), level \(SegmentDeflater.level), full flush every MiB"
  }
  /// Magic, deflate, no flags, mtime 0, no extra flags, unknown system.
  package static let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
  /// An empty last block, checksum and length.
  package static let trailerByteCount = SegmentDeflater.end.count + 8

  private var output: OutputFile
  private var pending: [UInt8] = []
  private var deflater = SegmentDeflater()
  private var sum = RunningChecksum()
  package private(set) var segments: [GzipSegment] = []

  package init(path: String) throws(FileError) {
    var output = try OutputFile(path: path)
    try output.write(Self.header)
    self.output = output
  }

  /// Appends a segment that was deflated elsewhere.
  package mutating func append(_ segment: borrowing PackedSegment) throws(FileError) {
    guard segment.byteCount > 0 else { return }
    sum.append(segment.checksum, byteCount: segment.byteCount)
    segments.append(GzipSegment(packedByteCount: segment.packed.count, byteCount: segment.byteCount))
    try output.write(segment.packed)
  }

  /// Appends bytes, deflated here, a MiB at a time.
  package mutating func write(_ bytes: borrowing [UInt8]) throws(FileError) {
    pending.append(contentsOf: copy bytes)
    var start = 0
    while pending.count - start > Self.blockByteCount {
      try append(PackedSegment(pending, start..<start + Self.blockByteCount, with: &deflater))
      start += Self.blockByteCount
    }
    if start > 0 { pending.removeSubrange(..<start) }
  }

  /// Writes what is left and the trailer.
  package mutating func finish() throws(FileError) -> WorkFile {
    try append(PackedSegment(pending, 0..<pending.count, with: &deflater))
    pending = []
    try output.write(PackedSegments.trailer(sum))
    return try output.finish()
  }
}

/// What lies between two flush points of a packed file.
package struct GzipSegment: Sendable, Equatable {
  package let packedByteCount: Int
  /// Before packing.
  package let byteCount: Int

  package init(packedByteCount: Int, byteCount: Int) {
    self.packedByteCount = packedByteCount
    self.byteCount = byteCount
  }
}

/// A segment with what is needed to join it to others.
package struct PackedSegment: Sendable {
  package let packed: [UInt8]
  package let byteCount: Int
  package let checksum: UInt32

  package init(_ bytes: borrowing [UInt8], _ range: Range<Int>, with deflater: inout SegmentDeflater) {
    var packed: [UInt8] = []
    deflater.append(bytes, range, to: &packed)
    self.packed = packed
    byteCount = range.count
    checksum = crc32Checksum(bytes, range)
  }

  package init(_ text: borrowing TextBuffer, _ range: Range<Int>, with deflater: inout SegmentDeflater) {
    var packed: [UInt8] = []
    var sum: UInt32 = 0
    text.withUnsafeBytes { bytes in
      deflater.append(bytes, range, to: &packed)
      sum = crc32Checksum(bytes, range)
    }
    self.packed = packed
    byteCount = range.count
    checksum = sum
  }
}

/// CRC-32 of texts one after the other, from those of each.
package struct RunningChecksum: Sendable {
  package private(set) var value: UInt32 = 0
  package private(set) var byteCount = 0

  package init() {}

  package mutating func append(_ checksum: UInt32, byteCount: Int) {
    value = UInt32(truncatingIfNeeded: crc32_combine(uLong(value), uLong(checksum), byteCount))
    self.byteCount += byteCount
  }
}
