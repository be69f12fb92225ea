internal import CVectors

/// Signs that a text was spoilt before it came: read in a wrong encoding and written again.
///
/// What it said is lost, and no later step can tell it from what was meant.
package enum TextDamage: Int, Sendable, CaseIterable {
  /// U+FFFD, which stands where something could not be read.
  case replacementCharacter
  /// 锟斤拷: two of them, read again as GB18030.
  case replacementCharactersReadAsGB18030
  /// 闀垮畞 where 长宁 was: UTF-8 that was read as GB18030.
  case utf8ReadAsGB18030
  /// U+0080…U+009F: no signs at all; most likely another encoding.
  case controlCharacter
  /// U+E000…U+EFFF: signs that only the sender's own font has.
  case privateCharacter

  /// What was written is lost, not only strange.
  package var isLoss: Bool { self != .controlCharacter && self != .privateCharacter }
}

/// The damage that a look at every byte finds: its kinds and places.
///
/// - Parameter found: called with the index of the first byte of each; gives false to stop.
package func findDamage(in text: Span<UInt8>, _ found: (TextDamage, Int) -> Bool) {
  text.withUnsafeBytes { bytes in
    guard let base = bytes.baseAddress, vectors_may_hold_damage(base.assumingMemoryBound(to: UInt8.self), bytes.count)
    else { return }
    var i = 0
    let n = bytes.count
    while i < n {
      if i &+ 8 <= n {
        let word = bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)
        let hits =
          word & repeated(0x80) == 0
          ? 0
          : zeroBytes(word ^ repeated(0xbd)) | zeroBytes(word ^ repeated(0x9f)) | zeroBytes(word ^ repeated(0xc2))
            | zeroBytes(word ^ repeated(0xee))
        guard hits != 0 else {
          i &+= 8
          continue
        }
        i &+= hits.trailingZeroBitCount &>> 3
      }
      let byte = bytes[i]
      if byte == 0xbd && i >= 2 && bytes[i - 1] == 0xbf && bytes[i - 2] == 0xef {
        guard found(.replacementCharacter, i - 2) else { return }
      } else if byte == 0x9f && i >= 2 && bytes[i - 1] == 0x94 && bytes[i - 2] == 0xe9 && i + 6 < n
        && bytes[(i + 1)...(i + 6)].elementsEqual([0xe6, 0x96, 0xa4, 0xe6, 0x8b, 0xb7])
      {
        guard found(.replacementCharactersReadAsGB18030, i - 2) else { return }
      } else if byte == 0xc2 && i + 1 < n && bytes[i + 1] < 0xa0 {
        guard found(.controlCharacter, i) else { return }
      } else if byte == 0xee && i + 2 < n {
        guard found(.privateCharacter, i) else { return }
      }
      i &+= 1
    }
  }
}

/// Where a text begins that is UTF-8 read as GB18030: tried on the first few KiB beyond ASCII; nil where it is not.
///
/// Chinese that was meant does not give valid UTF-8 when it is written as GB18030, time and again.
package func firstUTF8ReadAsGB18030(in text: Span<UInt8>) -> Int? {
  var index = 0
  while index < text.count && text[index] < 0x80 { index += 1 }
  let first = index
  var (meant, others) = (0, 0)
  let end = min(text.count, first + 4096)
  while index < end {
    var code: [UInt8] = []
    var isEncoded = true
    let start = index
    while index < text.count, text[index] >= 0x80 {
      let length = text[index] >= 0xf0 ? 4 : text[index] >= 0xe0 ? 3 : 2
      guard index + length <= text.count else { return nil }
      if length == 3 {
        let scalar =
          UInt32(text[index] & 0xf) << 12 | UInt32(text[index + 1] & 0x3f) << 6 | UInt32(text[index + 2] & 0x3f)
        let bytes = GB18030Table.shared.code(of: scalar)
        if bytes == 0 { isEncoded = false }
        code.append(UInt8(bytes >> 8))
        code.append(UInt8(bytes & 0xff))
      } else {
        isEncoded = false
      }
      index += length
    }
    if index - start >= 6 {
      let isMeant = !(isEncoded && isValidUTF8(code, count: code.count) && code.contains { $0 >= 0xe4 && $0 <= 0xe9 })
      if isMeant { meant += 1 } else { others += 1 }
    }
    while index < end && text[index] < 0x80 { index += 1 }
  }
  return others >= 3 && others > meant ? first : nil
}
