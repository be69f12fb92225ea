internal import Export
internal import Hashing
internal import Publication
internal import Tabular

/// Reads the zip file of a candidate: its rows must be those of the CSV that is checked cell by cell, in the form for spreadsheets,
/// byte for byte; its read-me is text like any other.
final class ZipRecheck {
  private var expected = SHA256()
  private var byteCount = 0

  init() { take(SpreadsheetForm.mark) }

  /// Takes the next rows in the form for spreadsheets.
  func take(_ rows: [UInt8]) {
    expected.update(rows)
    byteCount += rows.count
  }

  /// - Returns: whether the rows are the expected ones, and the read-me; nil where the file is not what it should be.
  func finish(path: String, csvName: String) throws -> (isSame: Bool, readMe: [UInt8])? {
    let zip = try ZipFile(path: path)
    guard zip.members.map(\.name) == [csvName, "README.txt"] else { return nil }
    let rows = try HashingByteSource(zip.contents(of: zip.members[0]))
    try rows.drain()
    var readMe: [UInt8] = []
    let text = try zip.contents(of: zip.members[1])
    while try text.read(64 << 10, appendingTo: &readMe) { guard readMe.count <= 1 << 20 else { return nil } }
    return (rows.digest == expected.digest() && rows.byteCount == byteCount, readMe)
  }
}

/// Bytes on their way through, hashed and counted.
private final class HashingByteSource: ByteSource {
  private let source: any ByteSource
  private(set) var byteCount = 0
  private var state = SHA256()

  init(_ source: any ByteSource) { self.source = source }

  /// The digest of the bytes so far.
  var digest: Digest { state.digest() }

  func read(_ count: Int, appendingTo bytes: inout [UInt8]) throws -> Bool {
    let start = bytes.count
    let more = try source.read(count, appendingTo: &bytes)
    state.update(Array(bytes[start...]))
    byteCount += bytes.count - start
    return more
  }

  /// Reads what is left, so that digest and length are those of the whole.
  func drain() throws {
    var rest: [UInt8] = []
    while try read(1 << 20, appendingTo: &rest) { rest.removeAll(keepingCapacity: true) }
  }
}
