/// Text as recognisers see it: what people and programs write in place of a plain digit, letter, space or hyphen becomes that one,
/// what cannot be seen is left out, and all else stays as it is.
///
/// - Source: privacy.md §1, normalisation; the forms found by trying to get numbers past the output check.
package func foldedText(_ text: ArraySlice<UInt8>) -> [UInt8] {
  var plain: [UInt8] = []
  plain.reserveCapacity(text.count)
  var i = text.startIndex
  let end = text.endIndex
  while i < end {
    let byte = text[i]
    if byte < 0x80 {
      // &nbsp; is what web forms leave in place of a space.
      if byte == UInt8(ascii: "&") && text[i...].starts(with: "&nbsp;".utf8) {
        plain.append(UInt8(ascii: " "))
        i += 6
      } else {
        plain.append(byte)
        i += 1
      }
      continue
    }
    let length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    guard i + length <= end else {
      plain.append(contentsOf: text[i...])
      break
    }
    let scalar = decodedScalar(text[i..<i + length])
    if chineseDigit(scalar) != nil {
      i = appendChineseDigits(text, from: i, to: &plain)
      continue
    }
    switch folding(of: scalar) {
    case .removed: break
    case .replaced(let replacement): plain.append(replacement)
    case .kept: plain.append(contentsOf: text[i..<i + length])
    }
    i += length
  }
  return plain
}

enum Folding { case removed, replaced(UInt8), kept }

func folding(of scalar: UInt32) -> Folding {
  switch scalar {
  // Full-width ASCII: letters, digits and the signs that stand between digits.
  case 0xff10...0xff19, 0xff21...0xff3a, 0xff41...0xff5a: .replaced(UInt8(scalar - 0xfee0))
  case 0xff08, 0xff09, 0xff0b, 0xff0d, 0xff0e, 0xff0f, 0xff20, 0xff3f, 0xff5e: .replaced(UInt8(scalar - 0xfee0))
  // Digits of other scripts and of mathematics.
  case 0x660...0x669: .replaced(UInt8(scalar - 0x660 + 0x30))
  case 0x6f0...0x6f9: .replaced(UInt8(scalar - 0x6f0 + 0x30))
  case 0x1d7ce...0x1d7ff: .replaced(UInt8((scalar - 0x1d7ce) % 10 + 0x30))
  // Soft hyphen, combining grapheme joiner, Mongolian separator, zero-width and bidirectional controls, variation selectors.
  case 0xad, 0x34f, 0x180e, 0x200b...0x200f, 0x202a...0x202e, 0x2060...0x2069, 0xfe00...0xfe0f, 0xfeff: .removed
  // Spaces of all widths, middle dots and bullets.
  case 0xa0, 0x1680, 0x2000...0x200a, 0x202f, 0x205f, 0x3000, 0xb7, 0x2022, 0x2027, 0x30fb: .replaced(UInt8(ascii: " "))
  // Hyphens, dashes, the minus sign.
  case 0x2010...0x2015, 0x2212, 0xfe58, 0xfe63: .replaced(UInt8(ascii: "-"))
  // Cyrillic, Greek, Roman and multiplication signs that look like X.
  case 0x425, 0x445, 0x3a7, 0x3c7, 0x2169, 0x2179, 0xd7: .replaced(UInt8(ascii: "X"))
  default: .kept
  }
}

func decodedScalar(_ bytes: ArraySlice<UInt8>) -> UInt32 {
  let s = bytes.startIndex
  switch bytes.count {
  case 2: return UInt32(bytes[s] & 0x1f) << 6 | UInt32(bytes[s + 1] & 0x3f)
  case 3: return UInt32(bytes[s] & 0x0f) << 12 | UInt32(bytes[s + 1] & 0x3f) << 6 | UInt32(bytes[s + 2] & 0x3f)
  default:
    return UInt32(bytes[s] & 0x07) << 18 | UInt32(bytes[s + 1] & 0x3f) << 12 | UInt32(bytes[s + 2] & 0x3f) << 6
      | UInt32(bytes[s + 3] & 0x3f)
  }
}

/// 〇 零 一 二 三 四 五 六 七 八 九 and 幺, as numbers are spelled out.
func chineseDigit(_ scalar: UInt32) -> UInt8? {
  switch scalar {
  case 0x3007, 0x96f6: 0
  case 0x4e00, 0x5e7a: 1
  case 0x4e8c: 2
  case 0x4e09: 3
  case 0x56db: 4
  case 0x4e94: 5
  case 0x516d: 6
  case 0x4e03: 7
  case 0x516b: 8
  case 0x4e5d: 9
  default: nil
  }
}

/// Spelled-out digits count as digits where five or more follow one another, or two or more beside a digit: 一 alone is a word.
private func appendChineseDigits(_ text: ArraySlice<UInt8>, from: Int, to plain: inout [UInt8]) -> Int {
  var digits: [UInt8] = []
  var i = from
  while i + 3 <= text.endIndex, text[i] >= 0xe0, text[i] < 0xf0,
    let digit = chineseDigit(decodedScalar(text[i..<i + 3]))
  {
    digits.append(UInt8(ascii: "0") + digit)
    i += 3
  }
  func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 >= 0x30 && $0 <= 0x39 } ?? false }
  let isBesideDigit =
    isDigit(plain.last) || (i < text.endIndex && (isDigit(text[i]) || text[i...].starts(with: [0xef, 0xbc])))
  if digits.count >= 5 || (digits.count >= 2 && isBesideDigit) {
    plain.append(contentsOf: digits)
  } else {
    plain.append(contentsOf: text[from..<i])
  }
  return i
}
