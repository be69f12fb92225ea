import Tabular
import TestSupport
import Testing

@Suite struct JSONTests {
  @Test func readsAndWritesBackWhatIsWritten() throws {
    let text = #"{"a":[1,1.50,-0,1E+2,true,null],"长":"é\n\"\\ \u0001","b":{}}"#
    let json = try JSONParser.parse(Array(text.utf8))
    #expect(String(decoding: json.compactBytes, as: UTF8.self) == text)
    #expect(try JSONParser.parse(json.prettyBytes) == json)
    #expect(json["a"]?.elements?[1] == .number("1.50"))
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "01", "1.", ".5", "+1", "NaN", "\"\t\"", "\"\\x\"",
    "\"\\ud800\"", "[1] 2", "'a'",
    "\u{feff}1", "\"\\u12G4\"", "tru", "[\"a\" \"b\"]",
  ])
  func refuses(text: String) { #expect(throws: FormatError.self) { try JSONParser.parse(Array(text.utf8)) } }

  @Test func refusesDeepNestingWithoutACrash() {
    #expect(throws: FormatError.self) { try JSONParser.parse([UInt8](repeating: UInt8(ascii: "["), count: 100_000)) }
  }

  @Test func theRowScannerReadsWhatTheRendererWrites() throws {
    let csv = Array("1.50,true,\"a \"\"b\"\"\\\n\tc\",\n,,\"\",长\n".utf8)
    var reader = RecordReader(MemoryByteSource([csv]), layout: CanonicalRows.layout)
    let columns: [(name: String, kind: JSONColumnKind)] = [
      ("n", .number), ("b", .boolean), ("t", .text), ("u\"", .text),
    ]
    let renderer = JSONRowRenderer(columns: columns)
    var matcher = JSONRowMatcher(columns: columns)
    var lines: [String] = []
    while try reader.next() {
      for row in reader.batch.rows {
        var text = TextBuffer()
        renderer.append(reader.batch, row, to: &text)
        let line = text.copy()
        let isMatch = matcher.matches(reader.batch, row, line: line.span)
        #expect(isMatch)
        // A byte more, fewer or other is not the row, wherever it is.
        for index in line.indices {
          var other = line
          other[index] ^= 1
          let isOther = matcher.matches(reader.batch, row, line: other.span)
          #expect(!isOther, "byte \(index)")
          other = Array(line[..<index])
          let isCut = matcher.matches(reader.batch, row, line: other.span)
          #expect(!isCut, "cut at \(index)")
        }
        var scanner = JSONRowScanner()
        let isRow = scanner.scan(line[...])
        #expect(isRow)
        #expect(scanner.names == ["n", "b", "t", "u\""].map { Array($0.utf8) })
        lines.append(String(decoding: line, as: UTF8.self))
      }
    }
    #expect(
      lines == [#"{"n":1.50,"b":true,"t":"a \"b\"\\\n\tc","u\"":null}"#, #"{"n":null,"b":null,"t":"","u\"":"长"}"#])
  }

  @Test(arguments: [
    "", "{}", "{\"a\":1", "{\"a\":1}x", "{\"a\":[1]}", "{\"a\":01}", "{\"a\" :1}", "{\"a\":1,}", "[1]", "{\"a\":tru}",
  ])
  func theRowScannerRefuses(line: String) {
    var scanner = JSONRowScanner()
    let isRow = scanner.scan(Array(line.utf8)[...])
    #expect(!isRow)
  }
}
