import Foundation
import Publication
import Tabular
import TestSupport
import Testing

@Suite struct ChunkTests {
  private static let layouts: [Source.Layout] = {
    var bar = Source.Layout()
    bar.delimiter = UInt8(ascii: "|")
    var escaped = Source.Layout()
    escaped.escape = UInt8(ascii: "\\")
    var unquoted = Source.Layout()
    unquoted.quote = nil
    return [Source.Layout(), bar, escaped, unquoted]
  }()

  /// The records of all chunks; nil where a quote is never closed.
  private func records(_ chunks: RecordChunks, _ layout: Source.Layout) throws -> [[[UInt8]]]? {
    var batch = RecordBatch(layout: layout)
    var records: [[[UInt8]]] = []
    var sawLast = false
    while let chunk = try batch.fill(from: chunks) {
      #expect(!sawLast, "a chunk after the last")
      sawLast = chunk.isLast
      do {
        while try batch.next() {
          for row in batch.rows {
            records.append((0..<batch.fieldCount(row)).map { Array(batch.text(batch.field(row, $0))) })
          }
        }
      } catch { return nil }
    }
    #expect(sawLast || records.isEmpty)
    return records
  }

  @Test(arguments: layouts) func chunksOfAnySizeGiveTheRecordsOfTheOracle(layout: Source.Layout) throws {
    var random = SmallRandom(seed: 3)
    let alphabet = Array(",|\"\\\r\n\nab".utf8)
    for round in 0..<3_000 {
      let text = (0..<Int.random(in: 0...40, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 }
      let expected = OracleReader.records(text, layout)?.map(\.fields)
      for size in [1, 2, 5, 1_000] {
        let chunks = RecordChunks(MemoryByteSource([text]), layout: layout, chunkByteCount: size)
        let found = try records(chunks, layout)
        #expect(
          found == expected, "round \(round), size \(size): \(String(decoding: text, as: UTF8.self).debugDescription)")
        if found != expected { return }
      }
    }
  }

  /// In GB18030 the second byte of a character may be a bar or a backslash.
  @Test(arguments: [nil, UInt8(ascii: "\\")]) func aDelimiterWithinACharacterIsNone(escape: UInt8?) throws {
    var layout = Source.Layout()
    layout.delimiter = UInt8(ascii: "|")
    layout.escape = escape
    var random = SmallRandom(seed: 4)
    let pieces: [[UInt8]] = [
      [0x81, 0x7c], [0x81, 0x5c], [0xd6, 0xd0], [0x81, 0x30, 0x81, 0x30], [0x22], [0x7c], [0x0a], [0x61],
      [0x84, 0x31, 0x95, 0x33],
    ]
    for _ in 0..<3_000 {
      let text = (0..<Int.random(in: 0...16, using: &random)).flatMap { _ in pieces.randomElement(using: &random) ?? []
      }
      var decoded = text
      try decodeGB18030(&decoded)
      let expected = OracleReader.records(decoded, layout)?.map(\.fields)
      var batch = RecordBatch(layout: layout)
      var found: [[[UInt8]]]? = []
      let chunks = RecordChunks(MemoryByteSource([text]), layout: layout, isGB18030: true, chunkByteCount: 3)
      do {
        while try batch.fill(from: chunks, prepare: { bytes, _ in try decodeGB18030(&bytes) }) != nil {
          while try batch.next() {
            for row in batch.rows {
              found?.append((0..<batch.fieldCount(row)).map { Array(batch.text(batch.field(row, $0))) })
            }
          }
        }
      } catch let error as FormatError where error.code == .unclosedQuote {
        found = nil
      }
      #expect(found == expected, "\(text)")
      if found != expected { return }
    }
  }

  @Test func workIsCollectedInOrderHoweverManyWorkersThereAre() async throws {
    let text = Array((0..<5_000).map { "row \($0)\n" }.joined().utf8)
    for workers in [1, 2, 7] {
      let chunks = RecordChunks(MemoryByteSource([text]), layout: .init(), chunkByteCount: 100)
      var collected: [UInt8] = []
      try await ordered(
        Parallelism(workers: workers), make: { TextBuffer() },
        work: { buffer in
          var bytes: [UInt8] = []
          guard let chunk = try chunks.next(into: &bytes) else { return nil }
          buffer.removeAll()
          buffer.append(bytes)
          return chunk.number
        }, collect: { collected += $0.copy() })
      #expect(collected == text)
    }
  }

  @Test func anErrorOfAWorkerEndsTheWork() async throws {
    struct Broken: Error {}
    let next = Counter()
    await #expect(throws: Broken.self) {
      try await ordered(
        Parallelism(workers: 2), make: { TextBuffer() },
        work: { _ in
          let number = next.take()
          if number == 20 { throw Broken() }
          return number
        }, collect: { _ in })
    }
    #expect(next.take() < 40)
  }

  private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var value = 0
    func take() -> Int {
      lock.withLock {
        value += 1
        return value - 1
      }
    }
  }

  @Test func validUTF8IsTheSameWhereverItIsCut() async throws {
    let folder = TemporaryFolder()
    var random = SmallRandom(seed: 8)
    let pieces: [[UInt8]] = ["a", "长宁区", "é", "👨", "\n"].map { Array($0.utf8) }
    // Around the place where the scan is cut into chunks.
    for round in 0..<60 {
      let cut = 2 * UTF8Scan.chunkByteCount
      var text = [UInt8](repeating: 0x61, count: cut - 40)
      while text.count < cut + 40 { text += pieces.randomElement(using: &random) ?? [] }
      let isBad = round % 2 == 1
      if isBad { text[cut + Int.random(in: -12...12, using: &random)] = 0xff }
      try Data(text).write(to: URL(fileURLWithPath: "\(folder.path)/f"))
      var slow = UTF8Check()
      slow.update(text[...])
      slow.finish()
      let fast = try await UTF8Scan(of: "\(folder.path)/f", Parallelism(workers: 2))
      #expect(fast.firstInvalid == slow.firstInvalid, "round \(round)")
      #expect((fast.firstInvalid != nil) == isBad)
    }
  }

  @Test func fastAndSlowUTF8Agree() {
    var random = SmallRandom(seed: 6)
    let alphabet: [UInt8] = [
      0x61, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe4, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xb8, 0xad,
    ]
    for _ in 0..<40_000 {
      var text = (0..<Int.random(in: 0...14, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 }
      // Before it and after it, so that what is bad comes to lie on either side of a vector's edge.
      let around = Array("长宁区路长宁区路长宁区路".utf8)
      if Bool.random(using: &random) {
        text = around.prefix(3 * Int.random(in: 0...12, using: &random)) + text
        text += around.prefix(3 * Int.random(in: 0...12, using: &random))
      }
      var slow = UTF8Check()
      slow.update(text[...])
      slow.finish()
      #expect(isValidUTF8(text, count: text.count) == (slow.firstInvalid == nil), "\(text)")
    }
  }

  @Test func damageIsFoundWhereverItStands() {
    var random = SmallRandom(seed: 9)
    let pieces = ["a", "长", "宁", "锟", "锟斤拷", "\u{fffd}", "\u{85}", "\u{a0}", "\u{e000}", "é", "\u{feff}"]
    for _ in 0..<20_000 {
      // Mostly text without damage: the quick look must not let the one place pass.
      let parts = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        Int.random(in: 0..<40, using: &random) == 0 ? pieces.randomElement(using: &random) ?? "" : "宁a"
      }
      var expected: [Int] = []
      var text: [UInt8] = []
      for (index, part) in parts.enumerated() {
        let isWhole = part != "锟" || (index + 1 < parts.count && parts[index + 1] == "斤拷")
        if ["锟斤拷", "\u{fffd}", "\u{85}", "\u{e000}"].contains(part) && isWhole { expected.append(text.count) }
        text += Array(part.utf8)
      }
      var found: [Int] = []
      findDamage(in: text.span) { _, index in
        found.append(index)
        return true
      }
      #expect(found == expected, "\(text)")
    }
  }

  @Test func aCellsShapeNeverSaysTooLittle() {
    var random = SmallRandom(seed: 2)
    let pieces = [
      "1", "38", "0013", "8000", "一", "三八", "〇", "１", " ", "-", "~", "@", "x", "E10", "e+10", "长", "\u{200b}", "&nbsp;",
      "\n", "٣", "·", "*", "é", "，", "\u{3000}", "\u{30fb}", "。", "“", "（", "長い文の中にあるもの",
    ]
    for _ in 0..<30_000 {
      let text = (0..<Int.random(in: 1...9, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
        .joined()
      let bytes = Array(text.utf8)
      let shape = CellShape(of: bytes.span)
      let folded = foldedText(bytes[...])
      if !shape.mayFold { #expect(folded == bytes, "\(text)") }
      // Spelled-out digits aside, of which this look says nothing.
      let hasSpelledDigits = text.unicodeScalars.contains { spelledDigits.unicodeScalars.contains($0) }
      if !hasSpelledDigits && !mayHoldFoldedSigns(bytes.span) { #expect(folded == bytes, "\(text)") }
      guard !shape.mayFold else { continue }
      var word = 0
      var longest = 0
      for byte in folded + [0] {
        if (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte & 0xdf) {
          word += 1
          longest = max(longest, word)
        } else if !" -._@/+()*".utf8.contains(byte) {
          word = 0
        }
      }
      #expect(shape.longestWord >= longest, "\(text)")
    }
  }

  /// The expected values come from a plain implementation in Python that gives the reference's vectors with its 2 and 4 rounds.
  @Test func hashesAreThoseOfSipHash() {
    let hash = KeyedHash(key0: 0x0706_0504_0302_0100, key1: 0x0f0e_0d0c_0b0a_0908)
    let expected: [Int: (UInt64, UInt64)] = [
      0: (0xbea5_8827_b2bc_7ee7, 0x0130_30dd_6adb_62fd),
      1: (0xa8ed_d360_0437_6ffc, 0x63f0_2f2b_cc73_055e),
      7: (0xc3e0_aaf2_23b9_8410, 0x77ab_4808_c82e_2fa6),
      8: (0xb4da_e3d5_e1fe_12aa, 0x99c7_f935_ab16_4f72),
      9: (0x9439_f32c_04b8_dd81, 0x427c_1394_000e_72f4),
      15: (0x6c52_bdb2_0555_7ec1, 0x0901_7e1e_eccd_2129),
      16: (0xeb8e_5115_57d9_a8d0, 0x9317_9e3d_f8b0_13b5),
      23: (0xb9ea_5c40_847b_121d, 0x59c5_e69b_5a77_d89f),
    ]
    for (count, value) in expected {
      let bytes = (0..<count).map { UInt8($0) }
      #expect(hash(bytes.span) == KeyedHash.Value(high: value.0, low: value.1), "\(count) bytes")
    }
  }

  @Test func whatWasNotSeenIsNeverSaidToBe() {
    var random = SmallRandom(seed: 8)
    var recent = RecentHashes(room: 1_024)
    var inserted: Set<KeyedHash.Value> = []
    func next() -> KeyedHash.Value {
      KeyedHash.Value(high: UInt64.random(in: 0..<4_000, using: &random), low: UInt64.random(in: 1...2, using: &random))
    }
    for round in 0..<300 {
      if round == 150 { recent = recent.grown(to: 1 << 13) }
      let hashes = (0..<50).map { _ in next() }
      var unseen: [Int] = []
      recent.findUnseen(hashes, appendingTo: &unseen)
      for index in hashes.indices where !unseen.contains(index) { #expect(inserted.contains(hashes[index])) }
      for index in unseen {
        recent.insert(hashes[index])
        inserted.insert(hashes[index])
      }
    }
    // With room for all, all are remembered.
    var (roomy, unseen) = (RecentHashes(room: 64), [Int]())
    let hashes = (1...40).map { KeyedHash.Value(high: $0 << 40 | $0, low: 7) }
    for hash in hashes { roomy.insert(hash) }
    roomy.grown(to: 4_096).findUnseen(hashes, appendingTo: &unseen)
    #expect(unseen.count <= 4)
  }
}
