internal import CZlib
package import Publication

/// Writes one gzip member with a full-flush point after every MiB of input.
///
/// Each MiB is deflated on its own, so that blocks can be made in parallel, every one-member reader reads the whole, and ours
/// can begin in the middle. No name, zero mtime: the same input gives the same bytes (with the same zlib).
///
/// - Source: RFC 1952; zlib manual, `Z_FULL_FLUSH`, `crc32_combine`.
package struct GzipWriter: ~Copyable {
  package static let blockByteCount = 1 << 20
  package static let level: Int32 = 6
  /// Names what made the bytes; recorded in `release.json`.
  package static var encoder: String { "zlib \(String(cString: zlibVersion())), level \(level), full flush every MiB" }

  private var output: OutputFile
  private var pending: [UInt8] = []
  private var checksum: UInt = 0
  private var byteCount = 0

  package init(path: String) throws(FileError) {
    var output = try OutputFile(path: path)
    // Magic, deflate, no flags, mtime 0, no extra flags, unknown system.
    try output.write([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
    self.output = output
    pending.reserveCapacity(2 * Self.blockByteCount)
  }

  package mutating func write(_ bytes: borrowing [UInt8]) throws(FileError) {
    pending.append(contentsOf: copy bytes)
    var start = 0
    while pending.count - start > Self.blockByteCount {
      try writeBlock(Array(pending[start..<start + Self.blockByteCount]), isLast: false)
      start += Self.blockByteCount
    }
    if start > 0 { pending.removeSubrange(..<start) }
  }

  /// Writes the last block and the trailer.
  package mutating func finish() throws(FileError) -> WorkFile {
    try writeBlock(pending, isLast: true)
    pending = []
    var trailer: [UInt8] = []
    for value in [UInt32(truncatingIfNeeded: checksum), UInt32(truncatingIfNeeded: byteCount)] {
      withUnsafeBytes(of: value.littleEndian) { trailer.append(contentsOf: $0) }
    }
    try output.write(trailer)
    return try output.finish()
  }

  private mutating func writeBlock(_ block: [UInt8], isLast: Bool) throws(FileError) {
    let blockChecksum = crc32(0, block, uInt(block.count))
    checksum = crc32_combine(checksum, blockChecksum, block.count)
    byteCount += block.count
    try output.write(deflateBlock(block, level: Self.level, isLast: isLast))
  }
}

/// One block as raw deflate that ends on a byte boundary and needs nothing of the blocks before it.
///
/// - Precondition: at most 1 GiB.
func deflateBlock(_ block: [UInt8], level: Int32, isLast: Bool) -> [UInt8] {
  var stream = z_stream()
  let started = daylight_deflate_init(&stream, level, -15)
  precondition(started == Z_OK, "zlib: out of memory")
  defer { deflateEnd(&stream) }
  var input = block
  let bound = Int(deflateBound(&stream, uLong(block.count))) + 64
  return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
    input.withUnsafeMutableBufferPointer { input in
      stream.next_in = input.baseAddress
      stream.avail_in = uInt(input.count)
      stream.next_out = output.baseAddress
      stream.avail_out = uInt(bound)
      let result = deflate(&stream, isLast ? Z_FINISH : Z_FULL_FLUSH)
      precondition(result == (isLast ? Z_STREAM_END : Z_OK) && stream.avail_in == 0)
      count = bound - Int(stream.avail_out)
    }
  }
}
