internal import CDeflate

/// Makes segments of a deflate stream: each ends on a byte boundary at a flush point, and needs nothing of those before it, so
/// that segments made side by side, one after the other, are one stream.
///
/// libdeflate makes whole streams only. The mark of its last block is taken off, and an empty stored block put after it, which
/// is what zlib writes for `Z_FULL_FLUSH`.
///
/// - Source: RFC 1951; libdeflate.h.
package struct SegmentDeflater: ~Copyable {
  /// Of 1…12: what comes closest to the size of zlib's level 6 in the least time (measured on the register: 4 % more in 42 %).
  package static let level: Int32 = 5
  /// What ends the stream after its last segment: an empty block that says it is the last.
  package static let end: [UInt8] = [0x03, 0x00]

  private let compressor: OpaquePointer
  /// Where a segment is made: it is much smaller than what it could be.
  private var room = TextBuffer()

  package init() {
    guard let compressor = libdeflate_alloc_compressor(Self.level) else { preconditionFailure("out of memory") }
    self.compressor = compressor
  }

  deinit { libdeflate_free_compressor(compressor) }

  /// Appends the segment that holds `bytes[range]`; nothing for no bytes.
  package mutating func append(_ bytes: borrowing [UInt8], _ range: Range<Int>, to output: inout [UInt8]) {
    bytes.withUnsafeBufferPointer { append($0, range, to: &output) }
  }

  mutating func append(_ input: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, to output: inout [UInt8]) {
    guard !range.isEmpty else { return }
    let bound = libdeflate_deflate_compress_bound(compressor, range.count)
    room.removeAll()
    let to = room.end(room: bound + 16)
    let count = input.baseAddress.map {
      libdeflate_deflate_compress(compressor, $0 + range.lowerBound, range.count, to, bound)
    }
    guard let count, count > 0 else { preconditionFailure("libdeflate: the room was not enough") }
    let end = openEnded(UnsafeMutableBufferPointer(start: to, count: bound + 16), count: count)
    output.append(contentsOf: UnsafeBufferPointer(start: to, count: end))
  }
}

/// Reads segments that stand between two flush points.
package struct SegmentInflater: ~Copyable {
  private let decompressor: OpaquePointer

  package init() {
    guard let decompressor = libdeflate_alloc_decompressor() else { preconditionFailure("out of memory") }
    self.decompressor = decompressor
  }

  deinit { libdeflate_free_decompressor(decompressor) }

  /// Appends what a segment holds; false, and nothing appended, where it is no whole segment of so many bytes.
  ///
  /// - Parameters:
  ///   - packed: the segment alone; two bytes are put after it and taken off again.
  ///   - byteCount: the length of its contents.
  package mutating func append(_ packed: inout [UInt8], byteCount: Int, to output: inout [UInt8]) -> Bool {
    let start = output.count
    packed.append(contentsOf: SegmentDeflater.end)
    defer { packed.removeLast(SegmentDeflater.end.count) }
    var used = 0
    var made = 0
    var result = LIBDEFLATE_BAD_DATA
    packed.withUnsafeBufferPointer { input in
      output.append(addingCapacity: byteCount) { output in
        output.withUnsafeMutableBufferPointer { room, filled in
          guard let from = input.baseAddress, let to = room.baseAddress else { return }
          result = libdeflate_deflate_decompress_ex(decompressor, from, input.count, to, byteCount, &used, &made)
          if result == LIBDEFLATE_SUCCESS { filled += made }
        }
      }
    }
    // A stream that ends within the segment, or before its contents do, is not what readers will see.
    guard result == LIBDEFLATE_SUCCESS, used == packed.count, made == byteCount else {
      output.removeLast(output.count - start)
      return false
    }
    return true
  }
}

/// CRC-32 of bytes after others.
package func crc32Checksum(_ bytes: borrowing [UInt8], _ range: Range<Int>) -> UInt32 {
  bytes.withUnsafeBufferPointer { crc32Checksum($0, range) }
}

func crc32Checksum(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> UInt32 {
  guard let base = bytes.baseAddress else { return 0 }
  return libdeflate_crc32(0, base + range.lowerBound, range.count)
}

/// Takes the mark of the last block off a whole stream of `count` bytes, appends an empty stored block, and gives the new length.
///
/// - Precondition: a valid stream, with five bytes of room after it.
private func openEnded(_ stream: UnsafeMutableBufferPointer<UInt8>, count: Int) -> Int {
  var walk = BlockWalk(UnsafeBufferPointer(stream), count: count)
  var header = 0
  repeat { header = walk.position } while !walk.skipBlock()
  stream[header >> 3] &= ~(1 << UInt8(header & 7))
  // Three bits of header, zeros up to the byte, length 0 and its complement.
  let bits = walk.position + 3
  let aligned = (bits + 7) >> 3
  for index in count..<max(aligned, count) { stream[index] = 0 }
  for (index, byte) in [0, 0, 0xff, 0xff].enumerated() { stream[aligned + index] = UInt8(byte) }
  return aligned + 4
}

/// Walks over the blocks of a valid deflate stream without unpacking it: where a block begins can only be told from where the
/// one before ends.
///
/// - Source: RFC 1951 §3.2.
private struct BlockWalk {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let count: Int
  /// In bits.
  private(set) var position = 0
  private var literals = CodeTable(primaryBits: 11)
  private var distances = CodeTable(primaryBits: 9)

  init(_ bytes: UnsafeBufferPointer<UInt8>, count: Int) {
    self.bytes = bytes
    self.count = count
  }

  /// 57 bits or more from a bit position on; zeros after the end.
  @inline(__always) private func bits(at position: Int) -> UInt64 {
    let byte = position &>> 3
    if byte &+ 8 <= count, let base = bytes.baseAddress {
      return UnsafeRawPointer(base).loadUnaligned(fromByteOffset: byte, as: UInt64.self) &>> UInt64(position & 7)
    }
    var word: UInt64 = 0
    for index in 0..<8 where byte + index < count { word |= UInt64(bytes[byte + index]) << UInt64(8 * index) }
    return word >> UInt64(position & 7)
  }

  private mutating func take(_ width: Int) -> Int {
    let value = Int(bits(at: position) & ((1 << UInt64(width)) - 1))
    position += width
    return value
  }

  /// Goes over one block; true for the last.
  mutating func skipBlock() -> Bool {
    let isLast = take(1) == 1
    switch take(2) {
    case 0:
      position = (position + 7) & ~7
      let length = take(16)
      position += 16 + 8 * length
    case 1:
      literals.fill((0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }, kind: CodeTable.literalEntry)
      distances.fill([UInt8](repeating: 5, count: 30), kind: CodeTable.distanceEntry)
      skipSymbols()
    default:
      readCodes()
      skipSymbols()
    }
    return isLast
  }

  private mutating func readCodes() {
    let literalCount = take(5) + 257
    let distanceCount = take(5) + 1
    let lengthCount = take(4) + 4
    var order: [UInt8] = [UInt8](repeating: 0, count: 19)
    for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15].prefix(lengthCount) {
      order[symbol] = UInt8(take(3))
    }
    var codeLengths = CodeTable(primaryBits: 7)
    codeLengths.fill(order) { symbol in UInt32(symbol) << 8 }
    var lengths: [UInt8] = []
    while lengths.count < literalCount + distanceCount {
      let entry = codeLengths.entry(bits(at: position))
      position += Int(entry & 0xff)
      switch entry >> 8 {
      case 16: lengths.append(contentsOf: repeatElement(lengths.last ?? 0, count: 3 + take(2)))
      case 17: lengths.append(contentsOf: repeatElement(0, count: 3 + take(3)))
      case 18: lengths.append(contentsOf: repeatElement(0, count: 11 + take(7)))
      case let length: lengths.append(UInt8(length))
      }
    }
    literals.fill(Array(lengths[..<literalCount]), kind: CodeTable.literalEntry)
    distances.fill(Array(lengths[literalCount...]), kind: CodeTable.distanceEntry)
  }

  private mutating func skipSymbols() {
    let literals = literals, distances = distances
    var position = position
    while true {
      var word = bits(at: position)
      var entry = literals.entry(word)
      // Most symbols are single bytes: up to three fit in what was loaded.
      if entry & CodeTable.isLiteral != 0 {
        position &+= Int(entry & 0xff)
        word &>>= UInt64(entry & 0xff)
        entry = literals.entry(word)
        if entry & CodeTable.isLiteral != 0 {
          position &+= Int(entry & 0xff)
          continue
        }
        // 15 bits are gone at most; what a length and a distance take may be more than is left.
        word = bits(at: position)
      }
      position &+= Int(entry & 0xff)
      if entry & CodeTable.isEnd != 0 { break }
      position &+= Int(distances.entry(word &>> UInt64(entry & 0xff)) & 0xff)
    }
    self.position = position
  }
}

/// A prefix code as a table: what a code and the extra bits after it take together.
private struct CodeTable {
  static let isLiteral: UInt32 = 1 << 30
  static let isEnd: UInt32 = 1 << 31

  private let primaryBits: Int
  private let mask: UInt64
  /// By the next bits; 0 where the code is longer than they are.
  private var primary: [UInt32]
  /// Codes longer than that, by length.
  private var long: [(code: UInt64, length: Int, entry: UInt32)] = []

  init(primaryBits: Int) {
    self.primaryBits = primaryBits
    mask = (1 << UInt64(primaryBits)) - 1
    primary = [UInt32](repeating: 0, count: 1 << primaryBits)
  }

  /// The entry of the code that comes next: in its low byte the bits that it and its extra bits take.
  @inline(__always) func entry(_ word: UInt64) -> UInt32 {
    let entry = primary[Int(word & mask)]
    return entry != 0 ? entry : longEntry(word)
  }

  @inline(never) private func longEntry(_ word: UInt64) -> UInt32 {
    for code in long where word & ((1 << UInt64(code.length)) - 1) == code.code { return code.entry }
    preconditionFailure("libdeflate made an invalid stream")
  }

  /// - Parameters:
  ///   - lengths: of each symbol's code, 0 for none.
  ///   - kind: flags and extra bits of a symbol.
  mutating func fill(_ lengths: [UInt8], kind: (Int) -> UInt32) {
    for index in primary.indices { primary[index] = 0 }
    long.removeAll(keepingCapacity: true)
    var counts = [Int](repeating: 0, count: 16)
    for length in lengths where length > 0 { counts[Int(length)] += 1 }
    var next = [Int](repeating: 0, count: 17)
    for length in 1..<16 { next[length + 1] = (next[length] + counts[length]) << 1 }
    for (symbol, length) in lengths.enumerated() where length > 0 {
      let length = Int(length)
      let entry = kind(symbol) + UInt32(length)
      let code = reversed(next[length], length)
      next[length] += 1
      if length <= primaryBits {
        for index in stride(from: code, to: 1 << primaryBits, by: 1 << length) { primary[index] = entry }
      } else {
        long.append((UInt64(code), length, entry))
      }
    }
    long.sort { $0.length < $1.length }
  }

  private func reversed(_ code: Int, _ length: Int) -> Int {
    var result = 0
    for bit in 0..<length where code >> bit & 1 == 1 { result |= 1 << (length - 1 - bit) }
    return result
  }

  static func literalEntry(_ symbol: Int) -> UInt32 {
    if symbol < 256 { return isLiteral }
    if symbol == 256 { return isEnd }
    // Lengths 3…10 have no extra bits, then each four codes have one more; 285 has none.
    return symbol < 265 || symbol == 285 ? 0 : UInt32((symbol - 261) / 4)
  }

  static func distanceEntry(_ symbol: Int) -> UInt32 { symbol < 4 ? 0 : UInt32(symbol / 2 - 1) }
}
