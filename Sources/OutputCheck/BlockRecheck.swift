internal import Export
internal import Publication
internal import Redaction
internal import TableSchema
internal import Tabular

/// The packed files of a candidate's rows, opened for all workers.
final class PackedRows: Sendable {
  let csv: PackedSegments
  let json: PackedSegments?
  /// The rows of the zip file: segment 0 comes before those of the blocks.
  let sheet: PackedSegments?
  /// For each block, the first of its segments in the JSON file.
  private let firstJSONSegment: [Int]
  let blocks: [RowBlock]

  init(csv: PackedSegments, json: PackedSegments?, sheet: PackedSegments?, blocks: [RowBlock]) {
    self.csv = csv
    self.json = json
    self.sheet = sheet
    self.blocks = blocks
    var first: [Int] = []
    var next = 0
    for block in blocks {
      first.append(next)
      next += block.jsonSegmentCount
    }
    firstJSONSegment = first
  }

  func jsonSegments(of block: Int) -> Range<Int> {
    firstJSONSegment[block]..<firstJSONSegment[block] + blocks[block].jsonSegmentCount
  }
}

/// A worker's state: the rows of one block, unpacked from both files, and what was found in them.
///
/// Rows are counted from the beginning of the block.
struct BlockRecheck: ~Copyable {
  private let files: PackedRows
  private let names: [[UInt8]]
  private var matcher: JSONRowMatcher
  private(set) var check: ChunkCheck
  private(set) var watch: CellWatch
  private(set) var batch = RecordBatch(layout: CanonicalRows.layout)
  private var inflater = SegmentInflater()
  private var records: [Int] = []

  private(set) var packedCSV: [UInt8] = []
  private(set) var packedJSON: [UInt8] = []
  /// The block's part of the JSON file, unpacked.
  private(set) var json: [UInt8] = []
  private(set) var csvSum: UInt32 = 0
  private(set) var jsonSum: UInt32 = 0
  /// The block's rows in the form for spreadsheets, and what the zip file has of them.
  private var sheetText: SpreadsheetText
  private var packedSheet: [UInt8] = []
  private(set) var sheetSum: UInt32 = 0
  private(set) var sheetByteCount = 0
  private(set) var rowCount = 0
  private(set) var mismatches: [Mismatch] = []

  /// Something that is not as it should be, in a file.
  struct Mismatch: Sendable {
    let file: RowFormat
    let rule: String
    let row: Int?
  }

  init(
    _ files: PackedRows, _ check: consuming ChunkCheck, _ schema: Schema, _ rawValues: RawValues
  ) {
    self.files = files
    self.check = check
    names = schema.fields.map { Array($0.name.utf8) }
    sheetText = SpreadsheetText(schema)
    matcher = JSONRowMatcher(columns: schema.fields.map { ($0.name, $0.type.jsonKind) })
    watch = CellWatch(schema, rawValues)
  }

  mutating func take() throws -> Int? {
    guard let number = files.csv.nextNumber() else { return nil }
    check.begin()
    watch.begin()
    mismatches.removeAll()
    sheetText.removeAll()
    rowCount = 0
    try batch.fill { try files.csv.read(number, into: &$0, packed: &packedCSV, with: &inflater) }
    csvSum = crc32Checksum(batch.bytes, 0..<batch.limit)
    try readJSON(number)
    try compareRows(number)
    try compareSheet(number)
    return number
  }

  /// The zip file's rows are those of the CSV, packed the same too where no cell is changed.
  private mutating func compareSheet(_ number: Int) throws {
    guard let file = files.sheet else { return }
    packedSheet.removeAll(keepingCapacity: true)
    try file.read(packed: number + 1, appendingTo: &packedSheet)
    (sheetSum, sheetByteCount) = (csvSum, batch.limit)
    if !sheetText.isChanged && packedSheet == packedCSV { return }
    var text: [UInt8] = []
    do {
      try file.read(number + 1, into: &text, packed: &packedSheet, with: &inflater)
    } catch is FormatError {
      return mismatches.append(Mismatch(file: .zip, rule: "readable", row: nil))
    }
    (sheetSum, sheetByteCount) = (crc32Checksum(text, 0..<text.count), text.count)
    let isSame = sheetText.isChanged ? text == sheetText.bytes : text[...] == batch.bytes[..<batch.limit]
    if !isSame { mismatches.append(Mismatch(file: .zip, rule: "row", row: nil)) }
  }

  private mutating func readJSON(_ number: Int) throws {
    guard let file = files.json else { return }
    json.removeAll(keepingCapacity: true)
    packedJSON.removeAll(keepingCapacity: true)
    var packed: [UInt8] = []
    for segment in files.jsonSegments(of: number) {
      try file.read(segment, into: &json, packed: &packed, with: &inflater)
      packedJSON.append(contentsOf: packed)
    }
    jsonSum = crc32Checksum(json, 0..<json.count)
  }

  private mutating func compareRows(_ number: Int) throws {
    if !isValidUTF8(batch.bytes, count: batch.limit) {
      mismatches.append(Mismatch(file: .csv, rule: "utf-8", row: nil))
    }
    let json = json
    var lines = JSONLines(isFirst: number == 0, isLast: number == files.blocks.count - 1)
    let (hasJSON, hasSheet) = (files.json != nil, files.sheet != nil)
    if hasJSON && !lines.begin(json.span) { mismatches.append(Mismatch(file: .json, rule: "array", row: nil)) }
    var isHeader = number == 0
    while try batch.next() {
      records.removeAll(keepingCapacity: true)
      let rowsBefore = rowCount - (isHeader ? 1 : 0)
      for record in batch.rows {
        if hasSheet { sheetText.add(batch, record, isHeader: isHeader) }
        if isHeader {
          isHeader = false
          checkHeader(record)
          continue
        }
        rowCount += 1
        guard batch.fieldCount(record) == names.count, !batch.hasStrayQuote(record) else {
          mismatches.append(Mismatch(file: .csv, rule: "row", row: rowCount))
          continue
        }
        records.append(record)
        guard hasJSON else { continue }
        let line = lines.next(json.span)
        if line.isEmpty || !matcher.matches(batch, record, line: json.span.extracting(line)) {
          mismatches.append(Mismatch(file: .json, rule: "row", row: rowCount))
        }
      }
      try watch.look(batch, records: records, rowsBefore: rowsBefore)
      check.check(batch, records: records, rowsBefore: rowsBefore, linesBefore: 0)
    }
    if hasJSON && !lines.end(json.span) { mismatches.append(Mismatch(file: .json, rule: "row-count", row: nil)) }
  }

  private mutating func checkHeader(_ record: Int) {
    let labels = (0..<batch.fieldCount(record)).map { Array(batch.text(batch.field(record, $0))) }
    if labels != names { mismatches.append(Mismatch(file: .csv, rule: "header", row: nil)) }
  }
}

/// The lines of a block of a JSON array that holds one object a line.
private struct JSONLines {
  private let isFirst: Bool
  private let isLast: Bool
  private var position = 0
  /// Whether the line before ended in a comma, so that another row must follow.
  private var expectsRow: Bool

  init(isFirst: Bool, isLast: Bool) {
    self.isFirst = isFirst
    self.isLast = isLast
    expectsRow = !isFirst
  }

  /// The array begins.
  mutating func begin(_ text: Span<UInt8>) -> Bool {
    guard isFirst else { return true }
    let line = line(text)
    expectsRow = true
    return line.count == 1 && text[line.lowerBound] == UInt8(ascii: "[")
  }

  /// Where the next row stands; empty where there is none.
  mutating func next(_ text: Span<UInt8>) -> Range<Int> {
    guard expectsRow else { return 0..<0 }
    let line = line(text)
    expectsRow = !line.isEmpty && text[line.upperBound - 1] == UInt8(ascii: ",")
    return expectsRow ? line.lowerBound..<line.upperBound - 1 : line
  }

  /// The block ends, and with the last one the array and the file; the first block of an empty table expects a row that never comes.
  mutating func end(_ text: Span<UInt8>) -> Bool {
    guard isLast else { return expectsRow && position == text.count }
    let line = line(text)
    return line.count == 1 && text[line.lowerBound] == UInt8(ascii: "]") && position == text.count
  }

  /// The next line without its end.
  private mutating func line(_ text: Span<UInt8>) -> Range<Int> {
    let start = position
    let end = indexOfLineFeed(text, from: start) ?? text.count
    position = min(end + 1, text.count)
    return start..<end
  }
}
