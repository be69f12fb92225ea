import Glibc
import Publication
import SiteConfiguration
import TableSchema
import Tabular
import TestSupport

/// One kind of input that comes from others; what must hold of any is said here, and broken is a crash.
protocol FuzzTarget {
  var name: String { get }
  func look(at bytes: [UInt8])
}

/// A bug that fuzzers must find, to know that they would: with -DPLANTED.
private func planted(_ isThere: Bool) {
  #if PLANTED
    if isThere { fatalError("the planted bug") }
  #endif
}

/// Text put together of words, because byte for byte by chance few texts get past a parser.
///
/// An input that begins with byte 1 names words.
private func spelled(_ bytes: [UInt8], _ words: [String]) -> [UInt8] {
  guard bytes.first == 1 else { return bytes }
  return bytes.dropFirst().flatMap { Array(words[Int($0) % words.count].utf8) }
}

/// The text with the closing brackets that it lacks, before its last line where there is one.
private func closed(_ text: [UInt8]) -> [UInt8] {
  var open: [UInt8] = []
  var isQuoted = false
  let end = text.lastIndex(of: 0x0a) ?? text.endIndex
  for byte in text[..<end] {
    if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
    guard !isQuoted else { continue }
    if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") { open.append(byte + 2) }
    if byte == open.last { open.removeLast() }
  }
  return text[..<end] + open.reversed() + text[end...]
}

private let schemaWords = [
  "{", "}", "[", "]", ",", "\n", "1", "0.5", "\"a\"", "\"b\"", "true", "null", "\"2024-01-02\"", "\"%Y/%m\"",
  "{\"fields\":[",
  "{\"name\":\"a\"", "},{\"name\":\"b\"", "]}", ",\"type\":\"integer\"", ",\"type\":\"number\"", ",\"type\":\"date\"",
  ",\"type\":\"datetime\"", ",\"type\":\"list\"", ",\"type\":\"duration\"", ",\"type\":\"object\"",
  ",\"type\":\"geojson\"",
  ",\"type\":\"string\"", ",\"type\":\"boolean\"", ",\"format\":", ",\"constraints\":{", "\"required\":true",
  "\"unique\":true",
  "\"minimum\":", "\"maxLength\":", "\"pattern\":\"[a-z-[b]]+\"", "\"pattern\":\"(a|b)*c\"", "\"enum\":[",
  "\"jsonSchema\":",
  "{\"$ref\":\"#\"}", "{\"allOf\":[", ",\"primaryKey\":", ",\"uniqueKeys\":[[", ",\"foreignKeys\":[",
  ",\"missingValues\":[",
  ",\"categories\":[", ",\"fieldsMatch\":\"subset\"", ",\"groupChar\":\",\"", ",\"decimalChar\":\",\"",
  ",\"bareNumber\":false",
]

private let yamlWords = [
  "name", "zh", "en", "contact", "email", "telephone", "history", ": ", "- ", "\n", "  ", "{", "}", "[", "]", ", ", "x",
  "a@b.example",
  "name: x\n", "contact: {name: x, email: a@b.example}\n", "history:\n", "- x\n", "&a ", "*a", "!!str ", "\"", "'",
  "|\n", ">\n", "#",
  "null", "1", "~", "? ", "---\n", "<<", "%YAML 1.2\n", "\t",
]

/// The bytes in two pieces, cut where the first of them says.
private func cut(_ bytes: [UInt8]) -> [[UInt8]] {
  guard let first = bytes.first, bytes.count > 1 else { return [bytes] }
  let place = Int(first) % bytes.count
  return [Array(bytes[..<place]), Array(bytes[place...])]
}

struct CSVTarget: FuzzTarget {
  let name = "csv"

  func look(at bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let text = Array(bytes.dropFirst())
    var dialect = Source.Dialect()
    if first & 1 == 1 { dialect.delimiter = "\t" }
    if first & 2 == 2 { dialect.escape = "\\" }
    if first & 4 == 4 { dialect.quote = nil }
    if let layout = dialect.layout {
      let whole = records([text], layout)
      precondition(whole == records(cut(text), layout), "how the bytes come changes the records")
      planted(whole?.contains { $0.count == 3 && $0[1].starts(with: [0x22, 0x0a]) } == true)
    }
    dialect.commentPrefix = "#"
    dialect.skipsInitialSpace = first & 8 == 8
    dialect.doublesQuotes = first & 16 == 0
    dialect.footerRowCount = Int(first >> 5)
    if first & 32 == 32 { dialect.lineTerminator = "||" }
    precondition(
      rewritten([text], dialect) == rewritten(cut(text), dialect), "how the bytes come changes the rewriting")
  }

  private func records(_ pieces: [[UInt8]], _ layout: Source.Layout) -> [[[UInt8]]]? {
    var reader = RecordReader(MemoryByteSource(pieces), layout: layout, chunkByteCount: 64)
    var records: [[[UInt8]]] = []
    do {
      while try reader.next() {
        for row in reader.batch.rows {
          records.append(
            (0..<reader.batch.fieldCount(row)).map { Array(reader.batch.text(reader.batch.field(row, $0))) })
        }
      }
    } catch { return nil }
    return records
  }

  private func rewritten(_ pieces: [[UInt8]], _ dialect: Source.Dialect) -> [UInt8]? {
    let source = DialectByteSource(MemoryByteSource(pieces), dialect: dialect, maximumRecordByteCount: 1 << 16)
    var bytes: [UInt8] = []
    do { while try source.read(64, appendingTo: &bytes) {} } catch { return nil }
    return bytes
  }
}

struct JSONTarget: FuzzTarget {
  let name = "json"

  func look(at bytes: [UInt8]) {
    guard let json = try? JSONParser.parse(bytes) else { return }
    planted(json.text?.unicodeScalars.contains { $0.value > 0xffff } == true)
    let text = json.compactBytes
    guard let again = try? JSONParser.parse(text) else { preconditionFailure("what is written cannot be read") }
    precondition(again.compactBytes == text, "what is written is read as something else")
    precondition((try? JSONParser.parse(json.prettyBytes))?.compactBytes == text, "pretty is something else")
  }
}

struct EncodingTarget: FuzzTarget {
  let name = "encodings"

  func look(at bytes: [UInt8]) {
    for encoding in TextEncoding.allCases {
      let whole = decoded([bytes], encoding)
      precondition(whole == decoded(cut(bytes), encoding), "how the bytes come changes the text: \(encoding)")
      guard let whole else { continue }
      precondition(isValidUTF8(whole, count: whole.count), "the text is no UTF-8: \(encoding)")
      if encoding == .gb18030 {
        var text = bytes
        precondition((try? decodeGB18030(&text)) != nil && text == whole, "two decoders differ")
        planted(whole.contains { $0 >= 0xf0 })
      }
    }
    findDamage(in: bytes.span) { _, _ in true }
    if isValidUTF8(bytes, count: bytes.count) { _ = firstUTF8ReadAsGB18030(in: bytes.span) }
  }

  private func decoded(_ pieces: [[UInt8]], _ encoding: TextEncoding) -> [UInt8]? {
    let source = DecodingByteSource(MemoryByteSource(pieces), encoding: encoding, markByteCount: 0)
    var text: [UInt8] = []
    do { while try source.read(16, appendingTo: &text) {} } catch { return nil }
    return text
  }
}

/// A Table Schema, a line end, and a row that is held against it.
struct SchemaTarget: FuzzTarget {
  let name = "schema"

  func look(at input: [UInt8]) {
    let bytes = input.first == 1 ? closed(spelled(input, schemaWords)) : input
    let end = bytes.lastIndex(of: 0x0a) ?? bytes.endIndex
    guard let json = try? JSONParser.parse(Array(bytes[..<end])) else { return }
    _ = try? Source.Dialect(json: json)
    guard let schema = try? Schema(json: json), (try? schema.compile()) != nil else { return }
    let text = schema.json.compactBytes
    guard let again = (try? JSONParser.parse(text)).flatMap({ try? Schema(json: $0) }) else {
      preconditionFailure("a schema that is written cannot be read")
    }
    precondition(again.json.compactBytes == text, "a schema that is written is read as another")
    planted(schema.fields.count == 1 && schema.fields[0].constraints.required)
    check(Array(bytes[min(end + 1, bytes.count)...]), schema)
  }

  private func check(_ row: [UInt8], _ schema: Schema) {
    var batch = RecordBatch(layout: CanonicalRows.layout)
    batch.fill { $0 = row }
    guard (try? batch.next()) == true else { return }
    let table = TableCheck(schema, folder: "/tmp", memoryBudget: 1 << 20)
    guard var check = try? ChunkCheck(for: table, columns: Array(schema.fields.indices)) else { return }
    let records = batch.rows.filter { batch.fieldCount($0) == schema.fields.count }
    check.check(batch, records: records, rowsBefore: 0, linesBefore: 0)
  }
}

/// `department.yaml`, through the reader of configuration.
struct YAMLTarget: FuzzTarget {
  let name = "yaml"
  private let folder: String
  private let reader: ConfigurationReader?

  init() {
    folder = "/dev/shm/daylight-fuzz-\(getpid())"
    try? makeFolder("\(folder)/office")
    reader = try? ConfigurationReader(datasetsFolder: folder, schemasFolder: folder, forbiddenFolders: [])
  }

  func look(at input: [UInt8]) {
    let bytes = spelled(input, yamlWords)
    guard let file = fopen("\(folder)/office/department.yaml", "wb") else { return }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
    guard let id = try? DepartmentID("office"), let department = try? reader?.department(id) else { return }
    planted(department.history.count == 1)
  }
}
