/// Without white space at both ends: ASCII, U+00A0, U+200B, U+3000, U+FEFF.
package func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
  let spaces: [[UInt8]] = [
    [0x20], [0x09], [0x0a], [0x0d], [0xc2, 0xa0], [0xe2, 0x80, 0x8b], [0xe3, 0x80, 0x80], [0xef, 0xbb, 0xbf],
  ]
  var text = text
  while let space = spaces.first(where: { text.starts(with: $0) }) { text = text.dropFirst(space.count) }
  while let space = spaces.first(where: { text.suffix($0.count).elementsEqual($0) }) {
    text = text.dropLast(space.count)
  }
  return text
}

/// U+FF01…U+FF5E as U+0021…U+007E, and U+3000 as a space.
package func halfWidth(_ text: ArraySlice<UInt8>) -> [UInt8] {
  var result: [UInt8] = []
  var index = text.startIndex
  while index < text.endIndex {
    let rest = text[index...]
    if rest.starts(with: [0xe3, 0x80, 0x80]) {
      result.append(0x20)
      index += 3
    } else if rest.count >= 3, rest.first == 0xef, text[index + 1] == 0xbc, (0x81...0xbf).contains(text[index + 2]) {
      result.append(text[index + 2] - 0x60)
      index += 3
    } else if rest.count >= 3, rest.first == 0xef, text[index + 1] == 0xbd, (0x80...0x9e).contains(text[index + 2]) {
      result.append(text[index + 2] - 0x20)
      index += 3
    } else {
      result.append(text[index])
      index += 1
    }
  }
  return result
}
