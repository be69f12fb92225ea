/// Hashes of texts that were seen lately: what is not here may have been seen all the same.
///
/// Four hashes share a place, which is one line of the processor's cache.
package struct RecentHashes: Sendable {
  /// Halves of hashes, high then low; nothing is in a half of zeros.
  private var words: [UInt64]
  private let mask: Int
  /// Where the first place begins.
  private let first: Int

  /// - Parameter room: hashes that it is worth to remember; at least 64, rounded up to a power of two.
  package init(room: Int) {
    var placeCount = 16
    while placeCount * 4 < room { placeCount *= 2 }
    words = [UInt64](repeating: 0, count: placeCount * 8 + wordsOfCacheLine)
    first = wordsToCacheLine(words)
    mask = placeCount - 1
  }

  /// The same with more room.
  ///
  /// - Parameter room: as for a new one.
  package func grown(to room: Int) -> RecentHashes {
    var grown = RecentHashes(room: room)
    for place in stride(from: first, to: first + 8 * (mask + 1), by: 2) where words[place] | words[place + 1] != 0 {
      grown.insert(KeyedHash.Value(high: words[place], low: words[place + 1]))
    }
    return grown
  }

  /// How many can be remembered.
  package var room: Int { (mask + 1) * 4 }

  /// Gives the positions of those that are not here.
  ///
  /// All are looked up one after the other: the memory that is waited for is waited for at once.
  package func findUnseen(_ hashes: [KeyedHash.Value], appendingTo unseen: inout [Int]) {
    for index in hashes.indices {
      let (high, low) = (hashes[index].high, hashes[index].low)
      let start = first &+ (Int(truncatingIfNeeded: high) & mask) &* 8
      // Without branches on what was read, so that one place need not wait for another's memory.
      var nearest = UInt64.max
      for place in 0..<4 {
        nearest = min(nearest, words[start &+ 2 &* place] ^ high | words[start &+ 2 &* place &+ 1] ^ low)
      }
      if nearest > 0 { unseen.append(index) }
    }
  }

  /// Remembers one, and forgets another where there is no room.
  package mutating func insert(_ hash: KeyedHash.Value) {
    let start = first &+ (Int(truncatingIfNeeded: hash.high) & mask) &* 8
    var place = start &+ 2 &* Int(truncatingIfNeeded: hash.low & 3)
    for next in stride(from: start, to: start &+ 8, by: 2) where words[next] | words[next &+ 1] == 0 {
      place = next
      break
    }
    words[place] = hash.high
    words[place &+ 1] = hash.low
  }
}

package let wordsOfCacheLine = 8

/// How many words of an array stand before the first that begins a line of the processor's cache.
package func wordsToCacheLine(_ words: [UInt64]) -> Int {
  words.withUnsafeBytes { bytes in
    guard let base = bytes.baseAddress else { return 0 }
    let byteCount = 8 * wordsOfCacheLine
    return (byteCount - Int(bitPattern: base) % byteCount) % byteCount / 8
  }
}
