internal import Glibc
internal import Synchronization
package import Publication

/// What the lines of a file are written in, each by itself: how a file of two encodings, put together by hand, is told.
///
/// Most short texts of one encoding are valid in another by chance; lines that say nothing certain are not counted.
package struct LineEncodingScan: Sendable {
  /// Lines that are surely of one kind.
  package struct Lines: Sendable {
    package private(set) var count = 0
    /// From 1; the first few.
    package private(set) var first: [Int] = []
    package private(set) var last = 0

    fileprivate mutating func add(_ line: Int) {
      count += 1
      last = line
      if first.count < Finding.exampleLimit { first.append(line) }
    }

    fileprivate mutating func add(_ later: Lines, after lines: Int) {
      count += later.count
      if later.count > 0 { last = lines + later.last }
      first.append(contentsOf: later.first.prefix(Finding.exampleLimit - first.count).map { lines + $0 })
    }
  }

  package private(set) var utf8 = Lines()
  package private(set) var gb18030 = Lines()
  /// Valid in neither.
  package private(set) var neither = Lines()
  private var lineCount = 0

  fileprivate static let chunkByteCount = 4 << 20
  /// A line that is longer is not looked at as a whole.
  fileprivate static let lineByteCount = 1 << 20

  fileprivate init() {}

  package init(of path: String, _ parallelism: Parallelism) async throws {
    let input = SharedInputFile(try InputFile(path: path))
    let byteCount = input.file.byteCount
    let next = Atomic(0)
    var result = LineEncodingScan()
    try await ordered(
      parallelism, make: { ScanWork() },
      work: { work in
        let number = next.add(1, ordering: .relaxed).oldValue
        guard number * Self.chunkByteCount < byteCount else { return nil }
        try work.scan(input, from: number * Self.chunkByteCount)
        return number
      },
      collect: { work in result.add(work.scan) })
    self = result
  }

  private mutating func add(_ later: LineEncodingScan) {
    utf8.add(later.utf8, after: lineCount)
    gb18030.add(later.gb18030, after: lineCount)
    neither.add(later.neither, after: lineCount)
    lineCount += later.lineCount
  }

  fileprivate mutating func add(_ line: UnsafeRawBufferPointer) {
    lineCount += 1
    var index = 0
    while index < line.count && line[index] < 0x80 { index += 1 }
    guard index < line.count else { return }
    let isUTF8 = firstInvalidUTF8(line, from: 0, to: line.count) == nil
    let (isGB18030, everydayShare) = gb18030Reading(of: line)
    switch (isUTF8, isGB18030) {
    case (true, false): utf8.add(lineCount)
    case (false, true): if everydayShare >= 0.5 { gb18030.add(lineCount) }
    case (false, false): neither.add(lineCount)
    case (true, true): if everydayShare < 0.5 && ideographCount(in: line) >= 2 { utf8.add(lineCount) }
    }
  }

  /// Everyday characters among those beyond ASCII: 0…1.
  private func gb18030Reading(of line: UnsafeRawBufferPointer) -> (isValid: Bool, everydayShare: Double) {
    let table = GB18030Table.shared
    return table.withTwoByteCodes { codes in
      var (characters, everyday, index) = (0, 0, 0)
      while index < line.count {
        guard line[index] >= 0x80 else {
          index += 1
          continue
        }
        guard case .character(_, _, let byteCount) = table.step(line, at: index) else { return (false, 0) }
        if byteCount == 2 { everyday += GB18030Table.entry(line[index], line[index + 1], in: codes).everyday }
        characters += 1
        index += byteCount
      }
      return (true, characters == 0 ? 0 : Double(everyday) / Double(characters))
    }
  }

  /// U+4000…U+9FFF, in text that is valid UTF-8.
  private func ideographCount(in line: UnsafeRawBufferPointer) -> Int {
    var count = 0
    for byte in line where byte >= 0xe4 && byte <= 0xe9 { count += 1 }
    return count
  }

  private struct ScanWork: ~Copyable {
    private var bytes: [UInt8] = []
    private(set) var scan = LineEncodingScan()

    /// Looks at every line that begins in the chunk.
    mutating func scan(_ input: SharedInputFile, from start: Int) throws {
      scan = LineEncodingScan()
      bytes.removeAll(keepingCapacity: true)
      let before = min(start, 1)
      let wanted = before + LineEncodingScan.chunkByteCount
      var scan = scan
      _ = try input.file.read(wanted + LineEncodingScan.lineByteCount, at: start - before, appendingTo: &bytes)
      bytes.withUnsafeBytes { buffer in
        guard let base = buffer.baseAddress else { return }
        func lineEnd(from index: Int) -> Int? {
          memchr(base + index, 0x0a, buffer.count - index).map { UnsafeRawPointer($0) - base }
        }
        var index = 0
        // What begins before the chunk is the one's before.
        if before == 1 { index = (lineEnd(from: 0) ?? buffer.count) + 1 }
        while index < min(wanted, buffer.count) {
          let end = lineEnd(from: index) ?? buffer.count
          scan.add(UnsafeRawBufferPointer(rebasing: buffer[index..<end]))
          index = end + 1
        }
      }
      self.scan = scan
    }
  }
}

/// The bytes of the first code at an index that is none: one to four of them.
package func invalidCode(in bytes: [UInt8], at index: Int, _ encoding: TextEncoding) -> ArraySlice<UInt8> {
  guard index < bytes.count else { return [] }
  var end = index + 1
  func take(_ count: Int, while isPart: (UInt8) -> Bool) {
    while end < bytes.count && end < index + count && isPart(bytes[end]) { end += 1 }
  }
  switch encoding {
  case .utf8:
    let lead = bytes[index]
    take(lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1) { $0 & 0xc0 == 0x80 }
  case .gb18030, .cp936:
    guard bytes[index] >= 0x81, bytes[index] <= 0xfe, end < bytes.count else { break }
    if (0x30...0x39).contains(bytes[end]) {
      take(2) { _ in true }
      take(3) { $0 >= 0x81 && $0 <= 0xfe }
      if end == index + 3 { take(4) { $0 >= 0x30 && $0 <= 0x39 } }
    } else if bytes[end] >= 0x40 {
      end += 1
    }
  case .utf16LittleEndian, .utf16BigEndian: take(2) { _ in true }
  }
  return bytes[index..<end]
}
