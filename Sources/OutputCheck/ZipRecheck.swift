internal import Export
internal import Publication
internal import Tabular

/// The zip file of a candidate: its rows must be those of the CSV that is checked cell by cell, in the form for spreadsheets; its
/// read-me is text like any other.
struct ZipRecheck {
  private let path: String
  private let zip: ZipFile
  /// The byte order mark, then one segment a block.
  let rows: PackedSegments
  private var sum = RunningChecksum()

  /// - Returns: nil where its members are not what they should be.
  /// - Throws: `FormatError` for a file that is no zip file, or not of these blocks.
  init?(path: String, csvName: String, blocks: [RowBlock]) throws {
    let zip = try ZipFile(path: path)
    guard zip.members.map(\.name) == [csvName, "README.txt"] else { return nil }
    self.path = path
    self.zip = zip
    // The mark is a segment by itself: what the blocks leave of the member.
    rows = try PackedSegments(
      of: zip.members[0], in: path, after: SpreadsheetText.mark.count, blocks.compactMap(\.sheet))
    var mark: [UInt8] = []
    var packed: [UInt8] = []
    var inflater = SegmentInflater()
    try rows.read(0, into: &mark, packed: &packed, with: &inflater)
    guard mark == SpreadsheetText.mark else { return nil }
    sum.append(crc32Checksum(mark, 0..<mark.count), byteCount: mark.count)
  }

  /// Takes the next block's rows, as the member holds them.
  mutating func add(_ checksum: UInt32, byteCount: Int) { sum.append(checksum, byteCount: byteCount) }

  /// Whether what the member says of its contents is so.
  var saysWhatItHolds: Bool {
    zip.members[0].checksum == sum.value && zip.members[0].byteCount == sum.byteCount
  }

  /// - Returns: nil where it is longer than any read-me, or other than the member says.
  func readMe() throws -> [UInt8]? {
    var readMe: [UInt8] = []
    let text = try zip.contents(of: zip.members[1])
    while try text.read(64 << 10, appendingTo: &readMe) { guard readMe.count <= 1 << 20 else { return nil } }
    let member = zip.members[1]
    guard readMe.count == member.byteCount, crc32Checksum(readMe, 0..<readMe.count) == member.checksum else {
      return nil
    }
    return readMe
  }

  func checkedFile() throws -> WorkFile {
    let file = try InputFile(path: path)
    return WorkFile(path: path, byteCount: file.byteCount, digest: try file.digest())
  }
}
