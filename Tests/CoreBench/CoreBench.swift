import Glibc
import Publication
import Recognition
import Tabular

/// How fast one core reads Chinese text in each encoding, and looks through texts for what identifies persons; `.ci/bench` runs it and
/// says the first beside iconv.
///
/// One line for each: what is done, bytes of the input, microseconds of the best of five runs.
///
///     core-bench FOLDER TEXT…
@main struct CoreBench {
  static func main() async throws {
    guard CommandLine.arguments.count >= 2 else {
      print("usage: core-bench FOLDER TEXT…")
      exit(2)
    }
    let folder = CommandLine.arguments[1]
    let one = Parallelism(workers: 1)
    let gb18030 = chineseText(byteCount: 64 << 20)
    let utf8 = try decoded(gb18030)
    let utf16 = utf16LittleEndian(utf8)
    for (name, bytes) in [("gb18030", gb18030), ("utf-8", utf8), ("utf-16le", utf16)] {
      var file = try OutputFile(path: "\(folder)/chinese-\(name).csv")
      try file.write(bytes)
      _ = try file.finish()
    }

    try await measure("decode gb18030", gb18030.count) {
      try decodeInChunks(gb18030, .gb18030)
    }
    try await measure("decode utf-16le", utf16.count) {
      try decodeInChunks(utf16, .utf16LittleEndian)
    }
    try await measure("look at gb18030", gb18030.count) {
      let scan = try await GB18030Scan(of: "\(folder)/chinese-gb18030.csv", one)
      guard scan.firstInvalid == nil else { throw FormatError(.undecodable(encoding: "gb18030", bytes: "")) }
    }
    try await measure("look at utf-8", utf8.count) {
      let scan = try await UTF8Scan(of: "\(folder)/chinese-utf-8.csv", one)
      guard scan.firstInvalid == nil else { throw FormatError(.undecodable(encoding: "utf-8", bytes: "")) }
    }
    for path in CommandLine.arguments.dropFirst(2) { try await recognise(path) }
  }

  /// Every byte of the first 64 MiB, line by line: rows that were not split into cells.
  private static func recognise(_ path: String) async throws {
    var bytes: [UInt8] = []
    _ = try InputFile(path: path).read(64 << 20, at: 0, appendingTo: &bytes)
    let text = bytes
    let name = path.split(separator: "/").last ?? ""
    try await measure("recognise \(name)", text.count) {
      var scanner = IdentifierScanner()
      var found = 0
      var start = 0
      let span = text.span
      while start < span.count {
        let end = indexOfLineFeed(span, from: start) ?? span.count
        scanner.scan(span.extracting(start..<end)) { if $0.certainty == .certain { found += 1 } }
        start = end + 1
      }
      // What is counted cannot be left out by the compiler.
      precondition(found >= 0)
    }
  }

  private static func measure(_ name: String, _ byteCount: Int, _ work: @Sendable () async throws -> Void) async throws
  {
    let clock = ContinuousClock()
    var best = Duration.seconds(1_000)
    for _ in 0..<5 { best = min(best, try await clock.measure(work)) }
    let microseconds = best.components.seconds * 1_000_000 + best.components.attoseconds / 1_000_000_000_000
    print("\(name)\t\(byteCount)\t\(microseconds)")
  }

  private static func decoded(_ gb18030: [UInt8]) throws -> [UInt8] {
    var text = gb18030
    try decodeGB18030(&text)
    return text
  }

  private static func decodeInChunks(_ bytes: [UInt8], _ encoding: TextEncoding) throws {
    let source = DecodingByteSource(BytesSource(bytes), encoding: encoding, markByteCount: 0)
    var text: [UInt8] = []
    while try source.read(1 << 20, appendingTo: &text) { text.removeAll(keepingCapacity: true) }
  }

  /// Cells of everyday hanzi, made up.
  private static func chineseText(byteCount: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount + 64)
    var state: UInt64 = 7
    var cell = 0
    while bytes.count < byteCount {
      for _ in 0..<12 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        // Rows 16 to 54 of GB2312.
        bytes.append(UInt8(0xb0 + (state >> 33) % 39))
        bytes.append(UInt8(0xa1 + (state >> 41) % 94))
      }
      cell += 1
      bytes.append(UInt8(ascii: cell % 4 == 0 ? "\n" : ","))
    }
    return bytes
  }

  private static func utf16LittleEndian(_ utf8: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    for unit in String(decoding: utf8, as: UTF8.self).utf16 {
      bytes.append(UInt8(truncatingIfNeeded: unit))
      bytes.append(UInt8(unit >> 8))
    }
    return bytes
  }
}

private final class BytesSource: ByteSource {
  private let bytes: [UInt8]
  private var offset = 0
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func read(_ count: Int, appendingTo target: inout [UInt8]) -> Bool {
    let end = min(offset + count, bytes.count)
    target.append(contentsOf: bytes[offset..<end])
    defer { offset = end }
    return end > offset
  }
}
