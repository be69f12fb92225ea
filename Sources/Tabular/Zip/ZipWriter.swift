package import Publication

/// Writes a zip file of a few deflated members, which every unpacker reads: sizes stand before the data, names are UTF-8.
///
/// Fixed times: the same input gives the same bytes (with the same zlib). No member, and not all together, may reach 4 GiB.
///
/// - Source: PKWARE APPNOTE 6.3.10, §4.3.
package struct ZipWriter: ~Copyable {
  private var output: OutputFile
  private var entries: [Entry] = []
  private var offset = 0
  private static let largest = 0xffff_fffe

  private struct Entry {
    let name: [UInt8]
    let offset: Int
    let checksum: UInt32
    let packedByteCount: Int
    let byteCount: Int
  }

  package init(path: String) throws(FileError) {
    output = try OutputFile(path: path)
  }

  /// Adds a member that is whole.
  ///
  /// - Throws: `FormatError.tooLarge`.
  package mutating func add(_ member: consuming ZipMember) throws {
    try member.finish()
    let entry = Entry(
      name: Array(member.name.utf8), offset: offset, checksum: member.sum.value,
      packedByteCount: member.packed.byteCount, byteCount: member.sum.byteCount)
    guard entry.byteCount <= Self.largest, offset + entry.packedByteCount <= Self.largest else {
      throw FormatError(.tooLarge)
    }
    try write(localHeader(entry))
    var chunk: [UInt8] = []
    var done = 0
    while done < entry.packedByteCount {
      let count = min(1 << 20, entry.packedByteCount - done)
      try member.packed.read(count, at: done, appendingTo: &chunk)
      try write(chunk)
      done += count
      chunk.removeAll(keepingCapacity: true)
    }
    entries.append(entry)
  }

  package mutating func finish() throws(FileError) -> WorkFile {
    let start = offset
    for entry in entries { try write(centralHeader(entry)) }
    let size = offset - start
    var end: [UInt8] = []
    append(0x0605_4b50, 4, to: &end)
    for value in [0, 0, entries.count, entries.count] { append(value, 2, to: &end) }
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

  private func localHeader(_ entry: Entry) -> [UInt8] {
    var bytes: [UInt8] = []
    append(0x0403_4b50, 4, to: &bytes)
    appendCommon(entry, to: &bytes)
    return bytes + entry.name
  }

  private func centralHeader(_ entry: Entry) -> [UInt8] {
    var bytes: [UInt8] = []
    append(0x0201_4b50, 4, to: &bytes)
    // Made by version 2.0 on Unix.
    append(0x0314, 2, to: &bytes)
    appendCommon(entry, to: &bytes)
    for value in [0, 0, 0] { append(value, 2, to: &bytes) }
    // A plain file that everybody may read.
    append(0o100644 << 16, 4, to: &bytes)
    append(entry.offset, 4, to: &bytes)
    return bytes + entry.name
  }

  /// Version needed, names in UTF-8, deflate, 1980-01-01 00:00, checksum, sizes, lengths of name and extra field.
  private func appendCommon(_ entry: Entry, to bytes: inout [UInt8]) {
    for value in [20, 0x0800, 8, 0, 0x0021] { append(value, 2, to: &bytes) }
    for value in [Int(entry.checksum), entry.packedByteCount, entry.byteCount] { append(value, 4, to: &bytes) }
    for value in [entry.name.count, 0] { append(value, 2, to: &bytes) }
  }

  /// Little-endian.
  private func append(_ value: Int, _ byteCount: Int, to bytes: inout [UInt8]) {
    for place in 0..<byteCount { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place))) }
  }
}

/// A member of a zip file on its way: its packed bytes wait in a scratch file until their size is known, which stands before them.
package struct ZipMember: ~Copyable {
  fileprivate let name: String
  fileprivate let packed: ScratchFile
  fileprivate private(set) var sum = RunningChecksum()

  package init(_ name: String, folder: String) throws(FileError) {
    self.name = name
    packed = try ScratchFile(folder: folder)
  }

  /// - Parameter segment: what comes next of the contents.
  package mutating func append(_ segment: borrowing PackedSegment) throws(FileError) {
    sum.append(segment.checksum, byteCount: segment.byteCount)
    try packed.append(segment.packed)
  }

  /// Appends contents that are packed here.
  package mutating func append(_ bytes: borrowing [UInt8], with deflater: inout SegmentDeflater) throws(FileError) {
    try append(PackedSegment(bytes, 0..<bytes.count, with: &deflater))
  }

  fileprivate func finish() throws(FileError) { try packed.append(SegmentDeflater.end) }
}
