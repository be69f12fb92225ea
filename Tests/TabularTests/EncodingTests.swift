import Foundation
import Publication
import Tabular
import TestSupport
import Testing

@Suite struct EncodingTests {
  private func evidence(_ bytes: [UInt8], declared: TextEncoding? = nil) throws -> EncodingEvidence {
    let folder = TemporaryFolder()
    try Data(bytes).write(to: URL(fileURLWithPath: "\(folder.path)/f"))
    return try EncodingEvidence(of: "\(folder.path)/f", declared: declared)
  }

  private func encoding(_ bytes: [UInt8], declared: TextEncoding? = nil) throws -> String {
    switch try evidence(bytes, declared: declared).verdict {
    case .encoding(let encoding, let mark): "\(encoding.rawValue)\(mark > 0 ? "+bom" : "")"
    case .undetermined: "undetermined"
    case .invalid(_, let byte): "invalid at \(byte)"
    case .mismatch(_, let likely): "looks like \(likely)"
    }
  }

  // GB18030 of 长宁区 and 统计, and of the sign 䶮, which needs four bytes.
  private let changning: [UInt8] = [0xb3, 0xa4, 0xc4, 0xfe, 0xc7, 0xf8, 0xcd, 0xb3, 0xbc, 0xc6]

  @Test func theLadderTellsEncodingsApart() throws {
    #expect(try encoding(Array("a,b\n1,2\n".utf8)) == "utf-8")
    #expect(try encoding(Array("长宁,区\n".utf8)) == "utf-8")
    #expect(try encoding([0xef, 0xbb, 0xbf] + Array("长".utf8)) == "utf-8+bom")
    #expect(try encoding(changning) == "gb18030")
    #expect(try encoding([0x84, 0x31, 0x95, 0x33] + changning) == "gb18030+bom")
    #expect(try encoding([0xff, 0xfe, 0x61, 0, 0x0a, 0]) == "utf-16le+bom")
    #expect(try encoding([0x61, 0, 0x2c, 0, 0x0a, 0]) == "utf-16le")
    #expect(try encoding([0, 0x61, 0, 0x2c, 0, 0x0a]) == "utf-16be")
    // Two thousand ASCII rows and one of GBK: every byte is looked at, not the first few.
    #expect(try encoding(Array(repeatElement(Array("row,1\n".utf8), count: 2_000).joined()) + changning) == "gb18030")
    // Latin-1, a lone 0x80, a NUL in UTF-8: nobody's guess.
    #expect(try encoding(Array("caf".utf8) + [0xe9, 0x0a]) == "undetermined")
    #expect(try encoding(Array("price".utf8) + [0x80, 0x0a]) == "undetermined")
    #expect(try encoding(Array("长\0".utf8)) == "undetermined")
  }

  @Test func aDeclaredEncodingIsVerified() throws {
    #expect(try encoding(changning, declared: .gb18030) == "gb18030")
    // UTF-8 is nearly always valid GB18030 too, and would be published as other characters.
    #expect(try encoding(Array("张三,李四,电１３８\n".utf8), declared: .gb18030) == "looks like utf-8")
    #expect(try encoding([0xef, 0xbb, 0xbf] + Array("a".utf8), declared: .gb18030) == "looks like utf-8")
    #expect(try encoding(Array("ascii".utf8), declared: .gb18030) == "gb18030")
    #expect(try encoding(Array("ab".utf8) + changning, declared: .utf8) == "invalid at 2")
    #expect(try encoding(Array("ab".utf8) + [0xff], declared: .gb18030) == "invalid at 2")
    #expect(try encoding([0x61, 0, 0x00, 0xd8], declared: .utf16LittleEndian) == "invalid at 2")
  }

  @Test func strictUTF8RefusesWhatUnicodeRefuses() {
    let bad: [[UInt8]] = [
      [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe4, 0xb8], [0x80], [0xf8, 0x88, 0x80, 0x80, 0x80],
    ]
    for bytes in bad {
      for cut in 0...bytes.count {
        var check = UTF8Check()
        check.update(Array("ab".utf8)[...])
        check.update(bytes[..<cut])
        check.update(bytes[cut...])
        check.finish()
        #expect(check.firstInvalid == 2, "\(bytes) cut at \(cut)")
      }
    }
  }

  @Test func everySplitDecodesToTheSameText() throws {
    for (encoding, bytes) in [
      (TextEncoding.gb18030, [0x61] + changning + [0x81, 0x30, 0x86, 0x30, 0x0a]),
      (.utf16LittleEndian, [0x61, 0, 0x3d, 0xd8, 0, 0xde, 0x0a, 0]),
    ] {
      func decoded(_ pieces: [[UInt8]]) throws -> String {
        let source = try DecodingByteSource(MemoryByteSource(pieces), encoding: encoding, markByteCount: 0)
        var text: [UInt8] = []
        while try source.read(1 << 16, appendingTo: &text) {}
        return String(decoding: text, as: UTF8.self)
      }
      let whole = try decoded([bytes])
      #expect(whole.hasPrefix("a") && whole.hasSuffix("\n") && !whole.unicodeScalars.contains("\u{fffd}"))
      for cut in 0...bytes.count { #expect(try decoded([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole) }
    }
  }

  @Test func nothingUndecodableIsReplaced() throws {
    let source = try DecodingByteSource(MemoryByteSource([[0x61, 0xff, 0x62]]), encoding: .gb18030, markByteCount: 0)
    var text: [UInt8] = []
    #expect {
      while try source.read(16, appendingTo: &text) {}
    } throws: { ($0 as? FormatError)?.location.byte == 1 }
  }
}
