/// Text as recognisers see it: full-width letters and digits as ASCII ones, Cyrillic Х as X, dashes as hyphens, no-break spaces
/// and middle dots as spaces, invisible characters left out, other bytes as they are.
package func foldedText(_ text: ArraySlice<UInt8>) -> [UInt8] {
  var plain: [UInt8] = []
  plain.reserveCapacity(text.count)
  var i = text.startIndex
  let end = text.endIndex
  while i < end {
    let byte = text[i]
    let second = i + 1 < end ? text[i + 1] : 0
    let third = i + 2 < end ? text[i + 2] : 0
    switch (byte, second, third) {
    // U+FF10…FF19 digits, U+FF0D hyphen, U+FF0E stop, U+FF21…FF3A letters, U+FF41…FF5A small letters.
    case (0xef, 0xbc, 0x8d...0x8e), (0xef, 0xbc, 0x90...0x99), (0xef, 0xbc, 0xa1...0xba):
      plain.append(third - 0x60)
      i += 3
    case (0xef, 0xbd, 0x81...0x9a):
      plain.append(third - 0x20)
      i += 3
    // U+200B…200F, U+2060, U+FEFF, U+FE00…FE0F.
    case (0xe2, 0x80, 0x8b...0x8f), (0xe2, 0x81, 0xa0), (0xef, 0xbb, 0xbf), (0xef, 0xb8, 0x80...0x8f): i += 3
    // U+2010…2015 hyphens and dashes, U+3000 is handled as any other character: it parts groups.
    case (0xe2, 0x80, 0x90...0x95):
      plain.append(UInt8(ascii: "-"))
      i += 3
    // U+00AD soft hyphen.
    case (0xc2, 0xad, _): i += 2
    // U+00A0 and U+00B7 part groups.
    case (0xc2, 0xa0, _), (0xc2, 0xb7, _):
      plain.append(UInt8(ascii: " "))
      i += 2
    // U+0425, U+0445: Cyrillic Х and х.
    case (0xd0, 0xa5, _), (0xd1, 0x85, _):
      plain.append(UInt8(ascii: "X"))
      i += 2
    default:
      plain.append(byte)
      i += 1
    }
  }
  return plain
}
