import Publication
import Tabular
import TestSupport
import Testing

@Suite struct RecordReaderTests {
  /// Reads pieces with the fast reader; nil where a quote is never closed.
  private func read(_ pieces: [[UInt8]], _ layout: Source.Layout = .init(), chunk: Int = 1 << 20) throws
    -> [OracleReader.Record]?
  {
    var reader = RecordReader(MemoryByteSource(pieces), layout: layout, chunkByteCount: chunk)
    var records: [OracleReader.Record] = []
    do {
      while try reader.next() {
        for row in reader.batch.rows {
          let fields = (0..<reader.batch.fieldCount(row)).map { reader.batch.field(row, $0) }
          records.append(
            OracleReader.Record(
              fields: fields.map { Array(reader.batch.text($0)) }, quoted: fields.map(\.isQuoted),
              stray: reader.batch.hasStrayQuote(row)))
        }
      }
    } catch let error as FormatError where error.code == .unclosedQuote {
      return nil
    }
    return records
  }

  private static let layouts: [Source.Layout] = {
    var semicolon = Source.Layout()
    semicolon.delimiter = UInt8(ascii: ";")
    var escaped = Source.Layout()
    escaped.escape = UInt8(ascii: "\\")
    var unquoted = Source.Layout()
    unquoted.quote = nil
    unquoted.delimiter = UInt8(ascii: " ")
    return [Source.Layout(), semicolon, escaped, unquoted]
  }()

  @Test(arguments: layouts) func agreesWithTheOracleOnRandomBytes(layout: Source.Layout) throws {
    var random = SmallRandom(seed: 7)
    let alphabet = Array(",;\"\\ \r\n\nab\u{0}".utf8) + [layout.delimiter, 0xe4, 0xb8, 0xad]
    for round in 0..<6_000 {
      let text = (0..<Int.random(in: 0...40, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 }
      let expected = OracleReader.records(text, layout)
      let found = try read([text], layout)
      // Records before an unclosed quote are handed out first; that it is unclosed is what must agree.
      #expect(found == expected, "round \(round): \(String(decoding: text, as: UTF8.self).debugDescription)")
      if found != expected { return }
    }
  }

  @Test(arguments: layouts) func everySplitOfTheInputGivesTheSameRecords(layout: Source.Layout) throws {
    var random = SmallRandom(seed: 11)
    let alphabet = Array(",;\"\\ \r\nxyz".utf8) + [layout.delimiter]
    for _ in 0..<120 {
      let text = (0..<Int.random(in: 1...24, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 }
      let whole = try read([text], layout)
      for cut in 0...text.count {
        let found = try read([Array(text[..<cut]), Array(text[cut...])], layout, chunk: 1)
        #expect(found == whole, "cut at \(cut) of \(String(decoding: text, as: UTF8.self).debugDescription)")
      }
      #expect(try read(text.map { [$0] }, layout, chunk: 1) == whole)
    }
  }

  @Test func batchesOfManyRecordsAndWideRecordsArePutTogether() throws {
    // More records than a batch holds, and a record of more fields than the batch begins with room for.
    var text = (0..<1_300).flatMap { Array("\($0),\"a\(["\"\"", ""][$0 % 2])\"\n".utf8) }
    text += Array(repeating: UInt8(ascii: ","), count: 9_000) + [0x0a]
    let records = try #require(try read([text]))
    #expect(records == OracleReader.records(text))
    #expect(records.count == 1_301 && records[1_300].fields.count == 9_001)
  }

  @Test func aRecordOverTheLimitIsAnErrorWithItsPlace() throws {
    let text = Array("h\nok\n\"".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 5_000)
    var reader = RecordReader(
      MemoryByteSource([text, text]), layout: .init(), chunkByteCount: 512, maximumRecordByteCount: 1_000)
    #expect {
      while try reader.next() {}
    } throws: { error in
      let error = error as? FormatError
      return error?.code == .recordTooLong(limit: 1_000) && error?.location.row == 3 && error?.location.line == 3
    }
  }

  @Test func aLongRecordWithinAChunkIsAnErrorToo() throws {
    let text = Array("h\n1\n\(String(repeating: "x", count: 1_001))\n2\n".utf8)
    var reader = RecordReader(MemoryByteSource([text]), layout: .init(), maximumRecordByteCount: 1_000)
    #expect {
      while try reader.next() {}
    } throws: { ($0 as? FormatError)?.location.row == 3 && ($0 as? FormatError)?.location.line == 3 }
  }

  @Test func linesAreCountedThroughQuotedLineBreaks() throws {
    var reader = RecordReader(
      MemoryByteSource([Array("a\r\n\"b\nb\"\r\nc\rd\n".utf8)]), layout: .init(), chunkByteCount: 3)
    var lines: [Int] = []
    while try reader.next() {
      for row in reader.batch.rows { lines.append(reader.line(of: row)) }
    }
    #expect(lines == [1, 2, 4, 5])
  }

  /// A table in a dialect of its own comes out the same however its bytes come in, and as the fast reader has it where both read it.
  @Test func rareDialectsDoNotDependOnHowTheBytesCome() throws {
    var random = SmallRandom(seed: 11)
    var rare = Source.Dialect()
    (rare.delimiter, rare.quote, rare.escape, rare.lineTerminator) = ("::", "“", "\\", "||")
    (rare.commentPrefix, rare.footerRowCount, rare.skipsInitialSpace) = ("#", 1, true)
    rare.headerRows = [2]
    var plain = Source.Dialect()
    plain.commentPrefix = "\u{1}"
    plain.hasHeader = false
    let alphabet = ["::", "“", "\\", "||", "#", " ", "a", "字", "\n", "\"", ",", "\r", "|", ":"].map { Array($0.utf8) }
    for _ in 0..<400 {
      let text = (0..<Int.random(in: 0...60, using: &random)).flatMap { _ in
        alphabet.randomElement(using: &random) ?? []
      }
      for dialect in [rare, plain] {
        let whole = try rewritten([text], dialect)
        var pieces: [[UInt8]] = []
        var rest = text[...]
        while !rest.isEmpty {
          let count = Int.random(in: 1...4, using: &random)
          pieces.append(Array(rest.prefix(count)))
          rest = rest.dropFirst(count)
        }
        #expect(try rewritten(pieces, dialect) == whole, "\(String(decoding: text, as: UTF8.self).debugDescription)")
      }
      let fast = try read([text]), slow = try read([rewritten([text], plain)])
      // Which cells a stray quote is in is not told, only that there is one.
      #expect(
        fast?.map { $0.stray ? [] : $0.fields } == slow?.map { $0.stray ? [] : $0.fields },
        "\(String(decoding: text, as: UTF8.self).debugDescription)")
    }
  }

  private func rewritten(_ pieces: [[UInt8]], _ dialect: Source.Dialect) throws -> [UInt8] {
    let source = DialectByteSource(MemoryByteSource(pieces), dialect: dialect, maximumRecordByteCount: 1 << 20)
    var bytes: [UInt8] = []
    while try source.read(7, appendingTo: &bytes) {}
    return bytes
  }
}
