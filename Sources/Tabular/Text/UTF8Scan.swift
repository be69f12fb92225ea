internal import CVectors
internal import Glibc
internal import Synchronization
package import Publication

/// What a look at every byte of a file says of it as UTF-8, all cores at once.
package struct UTF8Scan: Sendable {
  /// Offset of the first byte of the first bad sequence.
  package private(set) var firstInvalid: Int?
  package private(set) var isASCII = true
  package private(set) var hasNull = false
  package private(set) var head: [UInt8] = []

  /// Small enough to stay in a core's own cache between the reading and the look at it.
  package static let chunkByteCount = 512 << 10

  package init(of path: String, _ parallelism: Parallelism) async throws {
    let file = try InputFile(path: path)
    _ = try file.read(4, at: 0, appendingTo: &head)
    let byteCount = file.byteCount
    let input = SharedInputFile(file)
    let next = Atomic(0)
    var result = self
    try await ordered(
      parallelism, make: { ScanWork() },
      work: { work in
        let number = next.add(1, ordering: .relaxed).oldValue
        guard number * Self.chunkByteCount < byteCount else { return nil }
        try work.scan(input, from: number * Self.chunkByteCount, count: Self.chunkByteCount)
        return number
      },
      collect: { work in
        if result.firstInvalid == nil { result.firstInvalid = work.firstInvalid }
        result.isASCII = result.isASCII && work.isASCII
        result.hasNull = result.hasNull || work.hasNull
      })
    self = result
  }

  private struct ScanWork: ~Copyable {
    private var bytes: [UInt8] = []
    private(set) var firstInvalid: Int?
    private(set) var isASCII = true
    private(set) var hasNull = false

    /// Looks at every sequence that begins in the chunk; one may end after it.
    mutating func scan(_ input: SharedInputFile, from start: Int, count: Int) throws {
      bytes.removeAll(keepingCapacity: true)
      let before = min(start, 3)
      let total = try input.file.read(before + count + 3, at: start - before, appendingTo: &bytes)
      let end = min(before + count, total)
      let first = before + bytesOfSequence(before: before)
      (firstInvalid, isASCII, hasNull) = bytes.withUnsafeBytes { buffer in
        guard let base = buffer.baseAddress, first < end else { return (nil, true, false) }
        // Most chunks are valid, and quickly seen to be; the others are looked at again, for the place.
        let whole = max(first, startOfSequence(endingAfter: end))
        let seen = vectors_look_at_utf8(base.assumingMemoryBound(to: UInt8.self) + first, whole - first)
        let invalid = firstInvalidUTF8(buffer, from: seen.is_valid ? whole : first, to: end)
        let isASCII = seen.is_ascii && first == before && whole == end
        return (invalid.map { start - before + $0 }, isASCII, seen.has_null)
      }
    }

    /// How many bytes from `index` on belong to a sequence that begins before it.
    private func bytesOfSequence(before index: Int) -> Int {
      for distance in 1...3 where index - distance >= 0 {
        let byte = bytes[index - distance]
        if byte >= 0xc0 { return max(0, (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) - distance) }
        if byte < 0x80 { return 0 }
      }
      return 0
    }

    /// Where the sequence begins that `end` may cut off; `end` where it cuts off none.
    private func startOfSequence(endingAfter end: Int) -> Int {
      for distance in 1...3 where end - distance >= 0 {
        if bytes[end - distance] >= 0xc0 { return end - distance }
        if bytes[end - distance] < 0x80 { break }
      }
      return end
    }
  }
}

/// Whether the first `count` bytes are strict UTF-8.
package func isValidUTF8(_ bytes: [UInt8], count: Int) -> Bool {
  bytes.withUnsafeBufferPointer { buffer in
    guard let base = buffer.baseAddress, count > 0 else { return true }
    return vectors_look_at_utf8(base, count).is_valid
  }
}

/// The next LF; nil where there is none.
package func indexOfLineFeed(_ text: Span<UInt8>, from start: Int) -> Int? {
  text.withUnsafeBytes { bytes in
    guard let base = bytes.baseAddress, start < bytes.count,
      let found = memchr(base + start, 0x0a, bytes.count - start)
    else { return nil }
    return UnsafeRawPointer(found) - base
  }
}

/// The first byte of the first bad sequence among those that begin in a range.
///
/// Strict: no overlong form, no surrogate, nothing over U+10FFFF, nothing cut off at the end of the bytes.
///
/// - Source: Unicode 15, table 3-7.
func firstInvalidUTF8(_ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Int? {
  var i = start
  let n = bytes.count
  while i < end {
    if i &+ 8 <= n {
      let word = bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)
      if word & repeated(0x80) == 0 {
        i &+= 8
        continue
      }
      // Two characters of three bytes, as Chinese is written; those that begin with E0 or ED have rules of their own.
      if word & 0xc0c0_f0c0_c0f0 == 0x8080_e080_80e0 && !hasSpecialLead(word) && !hasSpecialLead(word &>> 24) {
        i &+= 6
        continue
      }
      let ascii = (word & repeated(0x80)).trailingZeroBitCount &>> 3
      if ascii > 0 {
        i &+= ascii
        continue
      }
    }
    let byte = bytes[i]
    if byte < 0x80 {
      i &+= 1
      continue
    }
    let length: Int
    var lower: UInt8 = 0x80
    var upper: UInt8 = 0xbf
    switch byte {
    case 0xc2...0xdf: length = 2
    case 0xe0: (length, lower) = (3, 0xa0)
    case 0xed: (length, upper) = (3, 0x9f)
    case 0xe1...0xef: length = 3
    case 0xf0: (length, lower) = (4, 0x90)
    case 0xf1...0xf3: length = 4
    case 0xf4: (length, upper) = (4, 0x8f)
    default: return i
    }
    guard i &+ length <= n, bytes[i &+ 1] >= lower, bytes[i &+ 1] <= upper else { return i }
    for place in 2..<max(length, 2) where bytes[i &+ place] & 0xc0 != 0x80 { return i }
    i &+= length
  }
  return nil
}

@inline(__always) private func hasSpecialLead(_ word: UInt64) -> Bool { word & 0x0f == 0 || word & 0x0f == 0x0d }

/// Where a text that is looked for begins, at `start` or after it; nil where it does not stand there.
package func indexOf(_ wanted: Span<UInt8>, in text: Span<UInt8>, from start: Int) -> Int? {
  guard text.count - start >= wanted.count else { return nil }
  return text.withUnsafeBytes { text in
    wanted.withUnsafeBytes { wanted in
      guard let base = text.baseAddress, let key = wanted.baseAddress else { return nil }
      guard wanted.count >= 4 else {
        return (start...(text.count - wanted.count)).first { memcmp(base + $0, key, wanted.count) == 0 }
      }
      // Four bytes are compared at once.
      let word = key.loadUnaligned(as: UInt32.self)
      for place in start...(text.count - wanted.count)
      where base.loadUnaligned(fromByteOffset: place, as: UInt32.self) == word
        && memcmp(base + place, key, wanted.count) == 0
      {
        return place
      }
      return nil
    }
  }
}

/// Whether the last character of a text, which has three bytes, stands anywhere in another.
package func holdsLastCharacter(of wanted: Span<UInt8>, in text: Span<UInt8>) -> Bool {
  text.withUnsafeBufferPointer { text in
    wanted.withUnsafeBufferPointer { wanted in
      guard let base = text.baseAddress, let key = wanted.baseAddress, wanted.count >= 3 else { return false }
      return vectors_holds_character(base, text.count, key + wanted.count - 3)
    }
  }
}
