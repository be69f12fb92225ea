/// Reads a zip file of deflated members strictly: members from the first byte on with nothing between them, a directory that says
/// the same, and nothing after it.
package struct ZipFile {
  package struct Member: Sendable, Equatable {
    package let name: String
    package let byteCount: Int
    package let checksum: UInt32
    let dataOffset: Int
    let packedByteCount: Int
    let headerOffset: Int
  }

  package let members: [Member]
  private let path: String

  /// - Throws: `FormatError.damagedZip`.
  package init(path: String) throws {
    self.path = path
    let file = try InputFile(path: path)
    func bytes(_ offset: Int, _ count: Int) throws -> [UInt8] {
      var bytes: [UInt8] = []
      guard try file.read(count, at: offset, appendingTo: &bytes) == count else { throw FormatError(.damagedZip) }
      return bytes
    }
    func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int {
      (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
    var members: [Member] = []
    var offset = 0
    while try number(bytes(offset, 4), 0, 4) == 0x0403_4b50 {
      let header = try bytes(offset, 30)
      let nameCount = number(header, 26, 2)
      guard number(header, 6, 2) == 0x0800, number(header, 8, 2) == 8, number(header, 28, 2) == 0,
        let name = String(validating: try bytes(offset + 30, nameCount), as: UTF8.self)
      else { throw FormatError(.damagedZip) }
      let member = Member(
        name: name, byteCount: number(header, 22, 4), checksum: UInt32(truncatingIfNeeded: number(header, 14, 4)),
        dataOffset: offset + 30 + nameCount, packedByteCount: number(header, 18, 4), headerOffset: offset)
      members.append(member)
      offset = member.dataOffset + member.packedByteCount
    }
    let start = offset
    for member in members {
      let header = try bytes(offset, 46)
      let local = try bytes(member.headerOffset, 30)
      let name = try bytes(offset + 46, number(header, 28, 2))
      guard number(header, 0, 4) == 0x0201_4b50, Array(header[6..<32]) == Array(local[4..<30]),
        Array(member.name.utf8) == name,
        number(header, 32, 2) == 0, number(header, 42, 4) == member.headerOffset
      else { throw FormatError(.damagedZip) }
      offset += 46 + name.count
    }
    let end = try bytes(offset, 22)
    guard number(end, 0, 4) == 0x0605_4b50, number(end, 10, 2) == members.count, number(end, 12, 4) == offset - start,
      number(end, 16, 4) == start, number(end, 20, 2) == 0, offset + 22 == file.byteCount
    else { throw FormatError(.damagedZip) }
    self.members = members
  }

  /// The contents of a member, which must be as long as was said.
  package func contents(of member: Member) throws -> any ByteSource {
    let packed = try FileByteSource(
      path: path, from: member.dataOffset, limit: member.dataOffset + member.packedByteCount)
    return try InflatingByteSource(packed, form: .raw, limit: member.byteCount)
  }
}
