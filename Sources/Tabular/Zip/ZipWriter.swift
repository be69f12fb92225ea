package import Publication

/// Writes a zip file of a few deflated members, which every unpacker reads: sizes stand before the data, names are UTF-8.
///
/// Fixed times: the same input gives the same bytes (with the same zlib). No member, and not all together, may reach 4 GiB.
///
/// - Source: PKWARE APPNOTE 6.3.10, §4.3.
package struct ZipWriter: ~Copyable {
  private var output: OutputFile
  private let path: String
  private var members: [Member] = []
  private var offset = 0
  private static let largest = 0xffff_fffe

  private struct Member {
    let name: [UInt8]
    let offset: Int
    let checksum: UInt32
    let packedByteCount: Int
    let byteCount: Int
  }

  package init(path: String) throws(FileError) {
    output = try OutputFile(path: path)
    self.path = path
  }

  /// Adds a member; the packed bytes wait in a file beside the zip file until their size is known.
  ///
  /// - Parameter source: its contents, whole.
  /// - Throws: `FormatError.tooLarge`.
  package mutating func add(_ name: String, _ source: any ByteSource) throws {
    let scratch = "\(path).member"
    defer { try? removeTree(scratch) }
    var packed = try OutputFile(path: scratch)
    var sum = RunningChecksum()
    var deflater = SegmentDeflater()
    var chunk: [UInt8] = []
    while try source.read(GzipWriter.blockByteCount, appendingTo: &chunk) {
      let segment = PackedSegment(chunk, 0..<chunk.count, with: &deflater)
      sum.append(segment.checksum, byteCount: segment.byteCount)
      try packed.write(segment.packed)
      chunk.removeAll(keepingCapacity: true)
    }
    try packed.write(SegmentDeflater.end)
    let file = try packed.finish()
    let member = Member(
      name: Array(name.utf8), offset: offset, checksum: sum.value, packedByteCount: file.byteCount,
      byteCount: sum.byteCount)
    guard sum.byteCount <= Self.largest, offset + file.byteCount <= Self.largest else { throw FormatError(.tooLarge) }
    try write(localHeader(member))
    let body = try FileByteSource(path: scratch)
    while try body.read(1 << 20, appendingTo: &chunk) {
      try write(chunk)
      chunk.removeAll(keepingCapacity: true)
    }
    members.append(member)
  }

  package mutating func finish() throws(FileError) -> WorkFile {
    let start = offset
    for member in members { try write(centralHeader(member)) }
    let size = offset - start
    var end: [UInt8] = []
    append(0x0605_4b50, 4, to: &end)
    for value in [0, 0, members.count, members.count] { append(value, 2, to: &end) }
    append(size, 4, to: &end)
    append(start, 4, to: &end)
    append(0, 2, to: &end)
    try write(end)
    return try output.finish()
  }

  private mutating func write(_ bytes: [UInt8]) throws(FileError) {
    try output.write(bytes)
    offset += bytes.count
  }

  private func localHeader(_ member: Member) -> [UInt8] {
    var bytes: [UInt8] = []
    append(0x0403_4b50, 4, to: &bytes)
    appendCommon(member, to: &bytes)
    return bytes + member.name
  }

  private func centralHeader(_ member: Member) -> [UInt8] {
    var bytes: [UInt8] = []
    append(0x0201_4b50, 4, to: &bytes)
    // Made by version 2.0 on Unix.
    append(0x0314, 2, to: &bytes)
    appendCommon(member, to: &bytes)
    for value in [0, 0, 0] { append(value, 2, to: &bytes) }
    // A plain file that everybody may read.
    append(0o100644 << 16, 4, to: &bytes)
    append(member.offset, 4, to: &bytes)
    return bytes + member.name
  }

  /// Version needed, names in UTF-8, deflate, 1980-01-01 00:00, checksum, sizes, lengths of name and extra field.
  private func appendCommon(_ member: Member, to bytes: inout [UInt8]) {
    for value in [20, 0x0800, 8, 0, 0x0021] { append(value, 2, to: &bytes) }
    for value in [Int(member.checksum), member.packedByteCount, member.byteCount] { append(value, 4, to: &bytes) }
    for value in [member.name.count, 0] { append(value, 2, to: &bytes) }
  }

  /// Little-endian.
  private func append(_ value: Int, _ byteCount: Int, to bytes: inout [UInt8]) {
    for place in 0..<byteCount { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place))) }
  }
}
