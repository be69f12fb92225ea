internal import Glibc

/// SipHash-1-3 with 128 bits of output: without the key nobody can make two texts of one hash, and by chance it does not happen.
///
/// Hash tables ask for no more rounds (Python's and Rust's have as many), and nobody ever sees these hashes.
/// - Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), and its reference code's 128-bit mode.
public struct KeyedHash: Sendable {
  /// The hash of a text.
  public struct Value: Sendable, Hashable {
    @usableFromInline package let high: UInt64
    @usableFromInline package let low: UInt64

    /// The two halves.
    @inlinable public init(high: UInt64, low: UInt64) {
      self.high = high
      self.low = low
    }
  }

  private let key0: UInt64
  private let key1: UInt64

  package init(key0: UInt64, key1: UInt64) {
    self.key0 = key0
    self.key1 = key1
  }

  /// A key that is nobody's.
  package static func random() -> KeyedHash {
    KeyedHash(key0: .random(in: .min ... .max), key1: .random(in: .min ... .max))
  }

  package func callAsFunction(_ text: Span<UInt8>) -> Value { text.withUnsafeBytes { hash($0) } }

  func hash(_ bytes: UnsafeRawBufferPointer) -> Value {
    var state = State(key0, key1)
    let count = bytes.count
    var index = 0
    while index &+ 8 <= count {
      state.absorb(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index &+= 8
    }
    var last = UInt64(truncatingIfNeeded: count) << 56
    if count >= 8 && index < count {
      last |= bytes.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self) &>> UInt64(8 &* (8 &- (count &- index)))
    } else {
      var shift: UInt64 = 0
      while index < count {
        last |= UInt64(bytes[index]) << shift
        shift &+= 8
        index &+= 1
      }
    }
    state.absorb(last)
    state.v2 ^= 0xee
    for _ in 0..<3 { state.round() }
    let first = state.v0 ^ state.v1 ^ state.v2 ^ state.v3
    state.v1 ^= 0xdd
    for _ in 0..<3 { state.round() }
    return Value(high: first, low: state.v0 ^ state.v1 ^ state.v2 ^ state.v3)
  }

  private struct State {
    var v0: UInt64, v1: UInt64, v2: UInt64, v3: UInt64

    @inline(__always) init(_ key0: UInt64, _ key1: UInt64) {
      v0 = key0 ^ 0x736f_6d65_7073_6575
      v1 = key1 ^ 0x646f_7261_6e64_6f6d ^ 0xee
      v2 = key0 ^ 0x6c79_6765_6e65_7261
      v3 = key1 ^ 0x7465_6462_7974_6573
    }

    @inline(__always) mutating func absorb(_ word: UInt64) {
      v3 ^= word
      round()
      v0 ^= word
    }

    @inline(__always) mutating func round() {
      v0 = v0 &+ v1
      v2 = v2 &+ v3
      v1 = rotated(v1, 13) ^ v0
      v3 = rotated(v3, 16) ^ v2
      v0 = rotated(v0, 32)
      v2 = v2 &+ v1
      v0 = v0 &+ v3
      v1 = rotated(v1, 17) ^ v2
      v3 = rotated(v3, 21) ^ v0
      v2 = rotated(v2, 32)
    }

    @inline(__always) private func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 {
      value &<< bits | value &>> (64 &- bits)
    }
  }
}

/// A quick hash, for tables that nobody has a reason to spoil.
package func mixedHash(_ text: Span<UInt8>) -> UInt64 { text.withUnsafeBytes { mixedHash($0) } }

package func mixedHash(_ bytes: RawSpan) -> UInt64 { bytes.withUnsafeBytes { mixedHash($0) } }

func mixedHash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  var hash = 0x9e37_79b9_7f4a_7c15 ^ UInt64(truncatingIfNeeded: bytes.count)
  var index = 0
  func mix(_ word: UInt64) {
    let product = (hash ^ word).multipliedFullWidth(by: 0xa076_1d64_78bd_642f)
    hash = product.high ^ product.low
  }
  while index &+ 8 <= bytes.count {
    mix(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    index &+= 8
  }
  var last: UInt64 = 0
  while index < bytes.count {
    last = last << 8 | UInt64(bytes[index])
    index &+= 1
  }
  mix(last)
  mix(0x2d35_8dcc_aa6c_78a5)
  return hash
}

/// Whether two texts have the same bytes.
package func areEqual(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool { a.count == b.count && compareBytes(a, b) == 0 }

/// Negative, zero or positive as `a` comes before, is, or comes after `b`, byte by byte.
package func compareBytes(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Int {
  let common = min(a.count, b.count)
  guard common > 0 else { return a.count - b.count }
  let result = a.withUnsafeBufferPointer { a in
    b.withUnsafeBufferPointer { b -> Int32 in
      guard let a = a.baseAddress, let b = b.baseAddress else { return 0 }
      return memcmp(a, b, common)
    }
  }
  return result != 0 ? Int(result) : a.count - b.count
}
