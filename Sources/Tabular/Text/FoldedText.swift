/// Text as recognisers see it: what people and programs write in place of a plain digit, letter, space or hyphen becomes that one,
/// what cannot be seen is left out, and all else stays as it is.
///
/// - Source: privacy.md §1, normalisation; the forms found by trying to get numbers past the output check.
package func foldedText(_ text: ArraySlice<UInt8>) -> [UInt8] {
  var places: [Int]?
  return foldedText(text, noting: &places)
}

/// The same, with the place in the text of every byte that it gives.
package func foldedText(_ text: ArraySlice<UInt8>, places: inout [Int]) -> [UInt8] {
  var noted: [Int]? = []
  let plain = foldedText(text, noting: &noted)
  places = noted ?? []
  return plain
}

private func foldedText(_ text: ArraySlice<UInt8>, noting places: inout [Int]?) -> [UInt8] {
  var plain: [UInt8] = []
  plain.reserveCapacity(text.count)
  var i = text.startIndex
  /// Notes where what was appended came from: byte by byte where it is the same, else all from where it began.
  func note(_ from: Int, isSame: Bool, _ plain: [UInt8]) {
    guard let count = places?.count else { return }
    for place in count..<plain.count { places?.append(isSame ? from + place - count : from) }
  }
  let end = text.endIndex
  while i < end {
    let byte = text[i]
    if byte < 0x80 {
      // &nbsp; is what web forms leave in place of a space.
      if byte == UInt8(ascii: "&") && text[i...].starts(with: "&nbsp;".utf8) {
        plain.append(UInt8(ascii: " "))
        note(i, isSame: false, plain)
        i += 6
      } else {
        plain.append(byte)
        note(i, isSame: true, plain)
        i += 1
      }
      continue
    }
    let length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    guard i + length <= end else {
      plain.append(contentsOf: text[i...])
      note(i, isSame: true, plain)
      break
    }
    let scalar = decodedScalar(text[i..<i + length])
    if chineseDigit(scalar) != nil {
      let from = i
      i = appendChineseDigits(text, from: i, to: &plain)
      // Either all of them became digits of one byte each, or none did.
      if let count = places?.count {
        let step = plain.count - count == i - from ? 1 : 3
        for place in 0..<plain.count - count { places?.append(from + place * step) }
      }
      continue
    }
    switch folding(of: scalar) {
    case .removed: break
    case .replaced(let replacement):
      plain.append(replacement)
      note(i, isSame: false, plain)
    case .kept:
      plain.append(contentsOf: text[i..<i + length])
      note(i, isSame: true, plain)
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
  // In circles, in brackets, with a stop.
  case 0x2460...0x2468: .replaced(UInt8(scalar - 0x2460 + 0x31))
  case 0x2474...0x247c: .replaced(UInt8(scalar - 0x2474 + 0x31))
  case 0x2488...0x2490: .replaced(UInt8(scalar - 0x2488 + 0x31))
  case 0x24ea: .replaced(UInt8(ascii: "0"))
  // The frame of a key on a telephone.
  case 0x20e3: .removed
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

/// 〇 零 一 二 三 四 五 六 七 八 九, as they stand on cheques, and as they are read out (幺, 两, 拐, 洞, 勾), as numbers.
func chineseDigit(_ scalar: UInt32) -> UInt8? {
  guard spelledDigitSet.contains(scalar) else { return nil }
  return switch scalar {
  case 0x3007, 0x96f6, 0x6d1e: 0
  case 0x4e00, 0x5e7a, 0x58f9: 1
  case 0x4e8c, 0x4e24, 0x8d30: 2
  case 0x4e09, 0x53c1: 3
  case 0x56db, 0x8086: 4
  case 0x4e94, 0x4f0d: 5
  case 0x516d, 0x9646: 6
  case 0x4e03, 0x62d0, 0x67d2: 7
  case 0x516b, 0x634c: 8
  default: 9
  }
}

/// The characters of spelled-out digits.
package let spelledDigits = "〇零洞一幺壹二两贰三叁四肆五伍六陆七拐柒八捌九勾玖"
let spelledDigitSet = HanSet(spelledDigits)

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
