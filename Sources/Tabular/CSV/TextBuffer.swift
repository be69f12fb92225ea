internal import Glibc

/// Bytes that are put together piece by piece, kept where they are, and used again and again.
///
/// An array would check its room, its owner and its bounds for every piece. It has one owner at a time, who alone uses the memory, and
/// so may go from one thread to another.
public struct TextBuffer: ~Copyable, @unchecked Sendable {
  @usableFromInline var base: UnsafeMutablePointer<UInt8>
  @usableFromInline var capacity: Int
  @usableFromInline package var count = 0

  package init(capacity: Int = 1 << 12) {
    self.capacity = max(capacity, 64)
    base = .allocate(capacity: self.capacity)
  }

  deinit { base.deallocate() }

  /// Forgets the text, and keeps the room.
  @inlinable public mutating func removeAll() { count = 0 }

  /// Appends one byte.
  @inlinable @inline(__always) public mutating func append(_ byte: UInt8) {
    if count == capacity { grow(1) }
    base[count] = byte
    count &+= 1
  }

  /// Appends a text.
  @inlinable public mutating func append(_ text: Span<UInt8>) {
    text.withUnsafeBufferPointer { append($0) }
  }

  package mutating func append(_ text: [UInt8]) {
    text.withUnsafeBufferPointer { append($0) }
  }

  package mutating func append(_ text: ArraySlice<UInt8>) {
    text.withUnsafeBufferPointer { append($0) }
  }

  package mutating func append(_ text: borrowing TextBuffer) {
    text.withUnsafeBytes { append($0) }
  }

  package mutating func append(littleEndian value: UInt64, byteCount: Int) {
    for place in 0..<byteCount { append(UInt8(truncatingIfNeeded: value >> UInt64(8 * place))) }
  }

  @inlinable @inline(__always) mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
    guard let from = text.baseAddress, text.count > 0 else { return }
    if capacity &- count < text.count { grow(text.count) }
    UnsafeMutableRawPointer(base + count).copyMemory(from: from, byteCount: text.count)
    count &+= text.count
  }

  /// Makes room for `room` more bytes, and gives the place where they go; `advance` says how many there are then.
  mutating func end(room: Int) -> UnsafeMutablePointer<UInt8> {
    if capacity &- count < room { grow(room) }
    return base + count
  }

  mutating func advance(_ added: Int) { count &+= added }

  /// The bytes from `start` on.
  package borrowing func copy(from start: Int = 0) -> [UInt8] {
    Array(UnsafeBufferPointer(start: base + start, count: count - start))
  }

  package borrowing func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeBufferPointer(start: base, count: count).span)
  }

  borrowing func withUnsafeBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    try body(UnsafeBufferPointer(start: base, count: count))
  }

  @usableFromInline @inline(never) mutating func grow(_ more: Int) {
    capacity = max(capacity * 2, count + more)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    memcpy(larger, base, count)
    base.deallocate()
    base = larger
  }
}

/// Negative, zero or positive as `a` comes before, is, or comes after `b`, byte by byte.
package func compareBytes(_ a: borrowing TextBuffer, _ b: borrowing TextBuffer) -> Int {
  a.withBytes { a in b.withBytes { b in compareBytes(a, b) } }
}

extension [UInt8] {
  /// A copy of a text that lies elsewhere.
  package init(copying text: Span<UInt8>) { self = text.withUnsafeBufferPointer { Array($0) } }
}
