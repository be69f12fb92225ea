internal import Synchronization
package import Publication

/// What a look at every byte of a file says of it as GB18030, and as Big5, all cores at once.
///
/// "Decodes as GB18030" proves little: nearly every Big5, EUC and Shift_JIS text does (validation.md §0, 5). What tells is how many
/// characters are everyday ones: GB2312 level 1 and punctuation, against Big5 level 1. Every code that Big5 could have is also one of
/// GB18030's two-byte codes, so one walk counts both.
///
/// - Source: GB 18030-2022 §5; WHATWG Encoding, gb18030 and Big5 decoders.
package struct GB18030Scan: Sendable {
  /// Offset of the first byte of the first code that is none.
  package private(set) var firstInvalid: Int?
  /// Offset of the first code that is none in Big5, as far as its form goes.
  package private(set) var firstInvalidBig5: Int?
  /// Characters beyond ASCII, and how many of them are everyday ones.
  private var characterCount = 0
  private var everydayCount = 0
  private var big5EverydayCount = 0

  package var isASCII: Bool { characterCount == 0 && firstInvalid == nil }

  /// 0…1; 0 where there is no character beyond ASCII.
  package var everydayShare: Double { share(everydayCount) }
  package var big5EverydayShare: Double { share(big5EverydayCount) }

  package var looksLikeBig5: Bool { firstInvalidBig5 == nil && big5EverydayShare > everydayShare }

  private func share(_ count: Int) -> Double { characterCount == 0 ? 0 : Double(count) / Double(characterCount) }

  private let hasEuroByte: Bool

  private init(hasEuroByte: Bool) { self.hasEuroByte = hasEuroByte }

  private static let chunkByteCount = 4 << 20
  /// Where no character is known to begin within so many bytes, the file is read by one worker.
  private static let boundaryByteCount = 64 << 10

  /// - Parameter start: what comes before is a byte order mark.
  package init(
    of path: String, from start: Int = 0, hasEuroByte: Bool = false, _ parallelism: Parallelism
  ) async throws {
    let input = SharedInputFile(try InputFile(path: path))
    let byteCount = input.file.byteCount
    let next = Atomic(0)
    let hasNoBoundary = Atomic(false)
    var result = GB18030Scan(hasEuroByte: hasEuroByte)
    try await ordered(
      parallelism, make: { ScanWork(hasEuroByte: hasEuroByte) },
      work: { work in
        let number = next.add(1, ordering: .relaxed).oldValue
        let chunkStart = start + number * Self.chunkByteCount
        guard chunkStart < byteCount else { return nil }
        // Chunks are numbered without gaps: those that are not looked at any more are handed in empty.
        if hasNoBoundary.load(ordering: .relaxed) {
          work.skip()
        } else if try !work.scan(input, from: chunkStart, isFirst: number == 0) {
          hasNoBoundary.store(true, ordering: .relaxed)
        }
        return number
      },
      collect: { work in result.add(work.scan) })
    self =
      hasNoBoundary.load(ordering: .relaxed)
      ? try GB18030Scan(readingInOrder: input, from: start, hasEuroByte: hasEuroByte) : result
  }

  /// The whole file by one worker.
  private init(readingInOrder input: SharedInputFile, from start: Int, hasEuroByte: Bool) throws {
    self.init(hasEuroByte: hasEuroByte)
    var bytes: [UInt8] = []
    var offset = start
    while firstInvalid == nil {
      let held = bytes.count
      let isLast = try input.file.read(Self.chunkByteCount, at: offset + held, appendingTo: &bytes) == 0
      var scan = GB18030Scan(hasEuroByte: hasEuroByte)
      let used = scan.count(bytes, from: 0, to: bytes.count, offset: offset, isLast: isLast)
      add(scan)
      guard !isLast else { break }
      bytes.removeFirst(used)
      offset += used
    }
  }

  /// What comes after this in the file.
  private mutating func add(_ later: GB18030Scan) {
    if firstInvalid == nil { firstInvalid = later.firstInvalid }
    if firstInvalidBig5 == nil { firstInvalidBig5 = later.firstInvalidBig5 }
    characterCount += later.characterCount
    everydayCount += later.everydayCount
    big5EverydayCount += later.big5EverydayCount
  }

  /// Looks at all characters that begin in a range.
  ///
  /// - Parameters:
  ///   - offset: of the first of the bytes, in the file.
  ///   - isLast: nothing comes after the bytes: what is cut off is invalid.
  /// - Returns: the index after the last whole character.
  private mutating func count(_ bytes: [UInt8], from start: Int, to end: Int, offset: Int, isLast: Bool) -> Int {
    let table = GB18030Table.shared
    var i = start
    var (characters, everyday, big5Everyday) = (0, 0, 0)
    var notBig5: Int?
    bytes.withUnsafeBytes { input in
      table.withTwoByteCodes { codes in
        while i < end {
          while i &+ 8 <= end {
            let word = input.loadUnaligned(fromByteOffset: i, as: UInt64.self)
            let plain = (word & repeated(0x80)).trailingZeroBitCount &>> 3
            i &+= plain
            if plain < 8 { break }
          }
          while i &+ 2 <= input.count && i < end && input[i] >= 0x80 {
            let entry = GB18030Table.entry(input[i], input[i &+ 1], in: codes)
            guard entry.isAssigned else { break }
            characters &+= 1
            everyday &+= entry.everyday
            big5Everyday &+= entry.big5Everyday
            if !entry.isBig5 && notBig5 == nil { notBig5 = offset &+ i }
            i &+= 2
          }
          guard i < end else { break }
          if input[i] < 0x80 {
            i &+= 1
            continue
          }
          switch table.step(input, at: i, hasEuroByte: hasEuroByte) {
          case .character(_, _, let byteCount):
            if notBig5 == nil { notBig5 = offset &+ i }
            characters &+= 1
            i &+= byteCount
          case .incomplete where !isLast: return
          case .incomplete, .invalid:
            firstInvalid = offset &+ i
            if notBig5 == nil { notBig5 = offset &+ i }
            return
          }
        }
      }
    }
    firstInvalidBig5 = notBig5
    characterCount += characters
    everydayCount += everyday
    big5EverydayCount += big5Everyday
    return i
  }

  private struct ScanWork: ~Copyable {
    private var bytes: [UInt8] = []
    private(set) var scan: GB18030Scan

    init(hasEuroByte: Bool) { scan = GB18030Scan(hasEuroByte: hasEuroByte) }

    mutating func skip() { scan = GB18030Scan(hasEuroByte: scan.hasEuroByte) }

    /// Looks at the characters of a chunk: from after the first byte that can only be a whole character, on both sides.
    ///
    /// - Returns: false where there is no such byte near.
    mutating func scan(_ input: SharedInputFile, from start: Int, isFirst: Bool) throws -> Bool {
      skip()
      bytes.removeAll(keepingCapacity: true)
      let wanted = GB18030Scan.chunkByteCount + GB18030Scan.boundaryByteCount
      let isLast = try input.file.read(wanted, at: start, appendingTo: &bytes) < wanted
      guard let first = isFirst ? 0 : boundary(from: 0, isLast: isLast),
        let end = boundary(from: GB18030Scan.chunkByteCount, isLast: isLast)
      else { return false }
      _ = scan.count(bytes, from: first, to: end, offset: start, isLast: isLast)
      return true
    }

    /// The index after the first byte from an index on that is no part of a longer code: those are 0x30 and more.
    private func boundary(from start: Int, isLast: Bool) -> Int? {
      let end = min(bytes.count, start + GB18030Scan.boundaryByteCount)
      var index = start
      while index < end {
        if bytes[index] < 0x30 { return index + 1 }
        index += 1
      }
      return isLast && end == bytes.count ? end : nil
    }
  }
}
