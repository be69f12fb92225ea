internal import Ingest
internal import Publication
internal import Tabular

/// A department's file with its encoding found out.
struct Delivery: Sendable {
  let path: String
  let byteCount: Int
  let form: DeliveryForm
  let encoding: TextEncoding
  private let markByteCount: Int
  /// How the text that comes out is cut.
  let layout: Source.Layout
  /// Stable keys and values for the report.
  let facts: [(key: String, value: String)]

  /// - Throws: `Refusal` where the encoding is none that can be read, or not the one that is declared.
  init(path: String, form: DeliveryForm, _ parallelism: Parallelism) async throws {
    self.path = path
    self.form = form
    layout = form.dialect.layout ?? CanonicalRows.layout
    byteCount = try InputFile(path: path).byteCount
    let evidence = try await EncodingEvidence(of: path, declared: form.encoding, parallelism)
    facts = evidence.facts
    switch evidence.verdict {
    case .encoding(let found, let count): (encoding, markByteCount) = (found, count)
    default:
      let finding = evidence.finding(of: path, form)
      throw Refusal(Report(stage: .validation, findings: [finding], rowCount: 0, facts: evidence.facts))
    }
  }

  /// The text from its beginning: the file's own bytes where they can be cut into records as they are, else decoded.
  func text() throws -> DeliveryText {
    guard cutsRawBytes else { return DeliveryText(try decoded(), self) }
    return DeliveryText(
      try FileByteSource(path: path, from: markByteCount), self)
  }

  /// UTF-16 is cut after it is decoded: rare, and a line end has two bytes; so is what must be rewritten.
  private var cutsRawBytes: Bool { form.dialect.layout != nil && (encoding == .utf8 || encoding.isGB18030) }

  private func decoded() throws -> any ByteSource {
    let source = DecodingByteSource(
      try FileByteSource(path: path), encoding: encoding, markByteCount: markByteCount)
    guard form.dialect.layout == nil else { return source }
    return DialectByteSource(source, dialect: form.dialect, maximumRecordByteCount: form.maximumRecordByteCount)
  }

  /// Where the rows begin in the file after the header was taken off the text; nil where the file's bytes are not its text.
  func rawRows(of text: DeliveryText) -> (path: String, start: Int)? {
    encoding == .utf8 && cutsRawBytes ? (path, markByteCount + text.takenByteCount) : nil
  }

  /// The text again, decoded, for a single reader.
  func reopen() throws -> RecordReader {
    RecordReader(try decoded(), layout: layout, maximumRecordByteCount: form.maximumRecordByteCount)
  }
}

/// A delivery's text on its way, and what is needed to cut it.
struct DeliveryText {
  private let source: any ByteSource
  private let layout: Source.Layout
  /// Nil where it is UTF-8 already.
  private let encoding: TextEncoding?
  private let maximumRecordByteCount: Int
  /// What was taken from the source and not used.
  private var rest: [UInt8] = []
  /// Bytes of the source that were taken.
  private(set) var takenByteCount = 0

  init(_ source: any ByteSource, _ delivery: Delivery) {
    self.source = source
    layout = delivery.layout
    encoding = source is FileByteSource && delivery.encoding.isGB18030 ? delivery.encoding : nil
    maximumRecordByteCount = delivery.form.maximumRecordByteCount
  }

  /// Nil where the text is cut as it was delivered.
  var rewritten: DialectByteSource? { source as? DialectByteSource }

  /// Takes the first records, as UTF-8; all that there are where they are fewer.
  mutating func take(records count: Int) throws -> [UInt8] {
    let cutter = RecordCutter(layout, isGB18030: encoding != nil)
    while true {
      // Doubling keeps the cost of a long header linear.
      let more = try source.read(max(64 << 10, rest.count), appendingTo: &rest)
      if let end = cutter.end(ofRecords: count, in: rest, isLast: !more) ?? (more ? nil : rest.count) {
        var records = Array(rest[..<end])
        rest.removeSubrange(..<end)
        takenByteCount += end
        try decode(&records)
        return records
      }
      guard rest.count <= maximumRecordByteCount else {
        throw FormatError(.recordTooLong(limit: maximumRecordByteCount), at: Location(row: 1, line: 1))
      }
    }
  }

  /// What was not taken yet, in chunks.
  func chunks(_ parallelism: Parallelism) -> RecordChunks {
    RecordChunks(
      source, after: rest, layout: layout, isGB18030: encoding != nil, chunkByteCount: parallelism.chunkByteCount,
      maximumRecordByteCount: maximumRecordByteCount)
  }

  /// Makes a chunk UTF-8, where it is not yet.
  var decode: @Sendable (inout [UInt8]) throws -> Void {
    if let encoding {
      return { (bytes: inout [UInt8]) in try decodeGB18030(&bytes, hasEuroByte: encoding == .cp936) }
    }
    return { (_: inout [UInt8]) in }
  }
}

/// The data row of a record, header rows not counted; nil for a record of the header.
func dataRow(_ record: Int?, _ dialect: Source.Dialect) -> Int? {
  record.flatMap { $0 > dialect.headerRowCount ? $0 - dialect.headerRowCount : nil }
}

/// `3 (C)`: the number from 1 and the letters that spreadsheets use.
func columnName(_ index: Int) -> String {
  var letters = ""
  var rest = index + 1
  while rest > 0 {
    letters = String(Character(Unicode.Scalar(UInt8(ascii: "A") + UInt8((rest - 1) % 26)))) + letters
    rest = (rest - 1) / 26
  }
  return "\(index + 1) (\(letters))"
}
