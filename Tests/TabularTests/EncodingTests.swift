import Foundation
import Glibc
import Publication
import Tabular
import TestSupport
import Testing

@Suite struct EncodingTests {
  private func evidence(_ bytes: [UInt8], declared: TextEncoding? = nil) async throws -> EncodingEvidence {
    let folder = TemporaryFolder()
    try Data(bytes).write(to: URL(fileURLWithPath: "\(folder.path)/f"))
    return try await EncodingEvidence(of: "\(folder.path)/f", declared: declared, Parallelism())
  }

  private func encoding(_ bytes: [UInt8], declared: TextEncoding? = nil) async throws -> String {
    switch try await evidence(bytes, declared: declared).verdict {
    case .encoding(let encoding, let mark): "\(encoding.rawValue)\(mark > 0 ? "+bom" : "")"
    case .undetermined(_, _, let likely): likely.map { "undetermined, like \($0)" } ?? "undetermined"
    case .invalid(_, let byte): "invalid at \(byte)"
    case .mismatch(_, let likely): "looks like \(likely)"
    case .mixed(let most, let other, let lines): "\(most.rawValue), \(other.rawValue) at \(lines.first)"
    }
  }

  // GB18030 of 长宁区 and 统计, and of the sign 䶮, which needs four bytes.
  private let changning: [UInt8] = [0xb3, 0xa4, 0xc4, 0xfe, 0xc7, 0xf8, 0xcd, 0xb3, 0xbc, 0xc6]

  @Test func theLadderTellsEncodingsApart() async throws {
    #expect(try await encoding(Array("a,b\n1,2\n".utf8)) == "utf-8")
    #expect(try await encoding(Array("长宁,区\n".utf8)) == "utf-8")
    #expect(try await encoding([0xef, 0xbb, 0xbf] + Array("长".utf8)) == "utf-8+bom")
    #expect(try await encoding(changning) == "gb18030")
    #expect(try await encoding([0x84, 0x31, 0x95, 0x33] + changning) == "gb18030+bom")
    #expect(try await encoding([0xff, 0xfe, 0x61, 0, 0x0a, 0]) == "utf-16le+bom")
    #expect(try await encoding([0x61, 0, 0x2c, 0, 0x0a, 0]) == "utf-16le")
    #expect(try await encoding([0, 0x61, 0, 0x2c, 0, 0x0a]) == "utf-16be")
    // Two thousand ASCII rows and one of GBK: every byte is looked at, not the first few.
    #expect(
      try await encoding(Array(repeatElement(Array("row,1\n".utf8), count: 2_000).joined()) + changning) == "gb18030")
    // Latin-1, a lone 0x80, a NUL in UTF-8: nobody's guess.
    #expect(try await encoding(Array("caf".utf8) + [0xe9, 0x0a]) == "undetermined")
    #expect(try await encoding(Array("price".utf8) + [0x80, 0x0a]) == "undetermined")
    #expect(try await encoding(Array("长\0".utf8)) == "undetermined")
  }

  /// Two files joined by hand: which lines are in the other encoding, wherever they stand.
  @Test func linesOfAnotherEncodingAreFound() async throws {
    let utf8 = Array("长宁区市场监督管理局,2024\n".utf8)
    let gbk = changning + Array(",2024\n".utf8)
    #expect(try await encoding(utf8 + utf8 + gbk + utf8) == "utf-8, gb18030 at [3]")
    #expect(try await encoding(gbk + gbk + utf8 + gbk) == "gb18030, utf-8 at [3]")
    // Valid GB18030 as a whole, and one line would be published as other characters.
    let even = Array("长宁区政府,1\n".utf8)
    #expect(try await encoding(gbk + gbk + even, declared: .gb18030) == "gb18030, utf-8 at [3]")
    #expect(try await encoding(utf8 + gbk, declared: .utf8) == "utf-8, gb18030 at [2]")
    let many = Array(repeatElement(utf8, count: 300_000).joined())
    #expect(try await encoding(many + gbk + utf8 + gbk) == "utf-8, gb18030 at [300001, 300003]")
  }

  /// 0x80 is the euro sign of one code page only, and only where that is declared.
  @Test func theEuroByteMustBeDeclared() async throws {
    let price = changning + [0x2c, 0x80, 0x31, 0x0a]
    #expect(try await encoding(price) == "undetermined")
    #expect(try await encoding(price, declared: .gb18030) == "invalid at 11")
    #expect(try await encoding(price, declared: .cp936) == "cp936")
    let source = DecodingByteSource(MemoryByteSource([price]), encoding: .cp936, markByteCount: 0)
    var text: [UInt8] = []
    while try source.read(4, appendingTo: &text) {}
    #expect(String(decoding: text, as: UTF8.self) == "长宁区统计,€1\n")
    #expect(TextEncoding(name: "CP936") == .cp936 && TextEncoding(name: "GBK") == .gb18030)
  }

  @Test func encodingsThatAreNotReadAreNamed() async throws {
    // 臺北市政府,統計資料 in Big5.
    let big5: [UInt8] = [
      0xbb, 0x4f, 0xa5, 0x5f, 0xa5, 0xab, 0xac, 0x46, 0xa9, 0xb2, 0x2c, 0xb2, 0xce, 0xad, 0x70, 0xb8, 0xea, 0xae, 0xc6,
      0x0a,
    ]
    #expect(try await encoding(big5) == "undetermined, like big5")
    #expect(try await encoding([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]) == "undetermined, like utf-32")
  }

  @Test func aDeclaredEncodingIsVerified() async throws {
    #expect(try await encoding(changning, declared: .gb18030) == "gb18030")
    // UTF-8 is nearly always valid GB18030 too, and would be published as other characters.
    #expect(try await encoding(Array("张三,李四,电１３８\n".utf8), declared: .gb18030) == "looks like utf-8")
    #expect(try await encoding([0xef, 0xbb, 0xbf] + Array("a".utf8), declared: .gb18030) == "looks like utf-8")
    #expect(try await encoding(Array("ascii".utf8), declared: .gb18030) == "gb18030")
    #expect(try await encoding(Array("ab".utf8) + changning, declared: .utf8) == "invalid at 2")
    #expect(try await encoding(Array("ab".utf8) + [0xff], declared: .gb18030) == "invalid at 2")
    #expect(try await encoding([0x61, 0, 0x00, 0xd8], declared: .utf16LittleEndian) == "invalid at 2")
  }

  /// The second reader is the system's; what the 2022 edition changed, and glibc does not know, is said here code by code.
  @Test func everyCodeOfGB18030IsTheCharacterOfTheStandard() throws {
    guard let converter = iconv_open("UTF-8", "GB18030"), converter != iconv_t(bitPattern: -1) else {
      print("skipped: the system has no converter of GB18030")
      return
    }
    defer { iconv_close(converter) }
    func systemText(_ code: [UInt8]) -> [UInt8]? {
      var input = code.map(CChar.init(bitPattern:))
      var output = [CChar](repeating: 0, count: 8)
      var made = 0
      input.withUnsafeMutableBufferPointer { input in
        output.withUnsafeMutableBufferPointer { output in
          var (from, to) = (input.baseAddress, output.baseAddress)
          var (fromLeft, toLeft) = (input.count, output.count)
          if iconv(converter, &from, &fromLeft, &to, &toLeft) != -1, fromLeft == 0 { made = 8 - toLeft }
        }
      }
      if made == 0 { iconv(converter, nil, nil, nil, nil) }
      return made == 0 ? nil : output[..<made].map(UInt8.init(bitPattern:))
    }
    func ownText(_ code: [UInt8]) -> [UInt8]? {
      var text = code
      return (try? decodeGB18030(&text)) == nil ? nil : text
    }
    // Six characters stay in the private use area (2022); A3A0 is read as a space; what was there is what old files mean.
    var stated: [[UInt8]: Unicode.Scalar] = [
      [0xa3, 0xa0]: "\u{3000}", [0xfe, 0x51]: "\u{e816}", [0xfe, 0x52]: "\u{e817}", [0xfe, 0x53]: "\u{e818}",
      [0xfe, 0x6c]: "\u{e831}", [0xfe, 0x76]: "\u{e83b}", [0xfe, 0x91]: "\u{e855}",
    ]
    for place in 0..<10 as Range<UInt8> {
      stated[[0x84, 0x31, 0x82 + (place + 6) / 10, 0x30 + (place + 6) % 10]] = Unicode.Scalar(0xfe10 + UInt32(place))
    }
    for place in 0..<8 as Range<UInt8> {
      stated[[0x82, 0x35, 0x90 + (place + 7) / 10, 0x30 + (place + 7) % 10]] = Unicode.Scalar(0x9fb4 + UInt32(place))
    }
    var differing: [[UInt8]] = []
    var characters = 0
    func compare(_ code: [UInt8]) {
      let own = ownText(code)
      if own != nil { characters += 1 }
      if own != (stated[code].map { Array(String($0).utf8) } ?? systemText(code)) { differing.append(code) }
    }
    for lead in 0x80...0xff as ClosedRange<UInt8> {
      for second in 0...0xff as ClosedRange<UInt8> where !(0x30...0x39).contains(second) { compare([lead, second]) }
    }
    // All of the basic plane, and of the other planes the ends.
    for lead in [0x81, 0x82, 0x83, 0x84, 0x85, 0x8f, 0x90, 0xe3, 0xe4, 0xfe] as [UInt8] {
      for second in 0x30...0x39 as ClosedRange<UInt8> {
        for third in 0x80...0xff as ClosedRange<UInt8> {
          for fourth in 0x2f...0x3a as ClosedRange<UInt8> { compare([lead, second, third, fourth]) }
        }
      }
    }
    #expect(differing.isEmpty, "\(differing.count) codes: \(differing.prefix(20))")
    // The basic plane without ASCII, surrogates and the 19 whose place in the private use area was given up.
    #expect(characters > 63_486 - 19)
  }

  @Test func aLongTextIsLookedAtInPiecesAndGivesWhatItGivesWhole() async throws {
    let folder = TemporaryFolder()
    func scan(_ bytes: [UInt8], workers: Int) async throws -> GB18030Scan {
      try Data(bytes).write(to: URL(fileURLWithPath: "\(folder.path)/f"))
      return try await GB18030Scan(of: "\(folder.path)/f", Parallelism(workers: workers))
    }
    // Three bytes in ten of these rows begin a chunk within a character; 0x7C and 0x30 are parts of characters too.
    let row: [UInt8] = [0x81, 0x7c, 0x2c] + changning + [0x81, 0x30, 0x86, 0x30, 0x0a]
    let long = Array(repeatElement(row, count: 700_000).joined())
    for (bytes, invalid): ([UInt8], Int?) in [
      (long, nil), (long + [0xb3], long.count), (long + [0xff] + long.prefix(3), long.count),
      // Without a byte that is a character by itself nobody knows where to begin.
      (Array(repeatElement(changning, count: 900_000).joined()), nil),
      (Array(repeatElement(changning, count: 900_000).joined()) + [0xb3], 9_000_000),
    ] {
      let found = try await scan(bytes, workers: 3)
      #expect(found.firstInvalid == invalid)
      let isLong = bytes.starts(with: row)
      #expect(found.firstInvalidBig5 == (isLong ? row.count - 5 : invalid))
      // Of seven characters two are rare ones.
      if invalid == nil { #expect(abs(found.everydayShare - (isLong ? 5.0 / 7 : 1)) < 1e-9) }
    }
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
        let source = DecodingByteSource(MemoryByteSource(pieces), encoding: encoding, markByteCount: 0)
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
    let source = DecodingByteSource(MemoryByteSource([[0x61, 0xff, 0x62]]), encoding: .gb18030, markByteCount: 0)
    var text: [UInt8] = []
    #expect {
      while try source.read(16, appendingTo: &text) {}
    } throws: { ($0 as? FormatError)?.location.byte == 1 }
  }
}
