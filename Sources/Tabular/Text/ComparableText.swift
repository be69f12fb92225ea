/// Text as names are compared: letters in upper case, full-width signs as the plain ones; spaces, the dots between the parts of a name,
/// and what cannot be seen are left out.
extension TextBuffer {
  package mutating func append(comparable text: Span<UInt8>) {
    text.withUnsafeBufferPointer { text in
      guard let base = text.baseAddress else { return }
      let room = end(room: text.count)
      var (index, count) = (0, 0)
      let plain = plainBytes
      while index < text.count {
        let byte = base[index]
        // Most bytes stay what they are.
        if plain[Int(byte)] {
          room[count] = byte
          count &+= 1
          index &+= 1
        } else {
          let step = comparableStep(text, index)
          if let kept = step.byte {
            room[count] = kept
            count &+= 1
          }
          index &+= step.length
        }
      }
      advance(count)
    }
  }

  /// The same.
  ///
  /// - Parameter places: takes for each byte that is appended where it came from.
  package mutating func append(comparable text: Span<UInt8>, places: inout [Int]) {
    text.withUnsafeBufferPointer { text in
      var index = 0
      while index < text.count {
        let step = comparableStep(text, index)
        if let kept = step.byte {
          append(kept)
          places.append(index)
        }
        index += step.length
      }
    }
  }
}

/// What becomes of the sign at a place, and how many bytes it has; of signs of several bytes that stay, the first.
private func comparableStep(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> (byte: UInt8?, length: Int) {
  let byte = text[index]
  func next(_ place: Int) -> UInt8 { index + place < text.count ? text[index + place] : 0 }
  switch byte {
  case 0x09, 0x20: return (nil, 1)
  case 0x61...0x7a: return (byte - 0x20, 1)
  // U+00A0, U+00B7.
  case 0xc2 where next(1) == 0xa0 || next(1) == 0xb7: return (nil, 2)
  case 0xe2, 0xe3, 0xef:
    switch (byte, next(1), next(2)) {
    // U+200B…200F, U+2022, U+2027, U+2060, U+3000, U+30FB, U+FE00…FE0F, U+FEFF.
    case (0xe2, 0x80, 0x8b...0x8f), (0xe2, 0x80, 0xa2), (0xe2, 0x80, 0xa7), (0xe2, 0x81, 0xa0), (0xe3, 0x80, 0x80),
      (0xe3, 0x83, 0xbb), (0xef, 0xb8, 0x80...0x8f), (0xef, 0xbb, 0xbf):
      return (nil, 3)
    // A full-width quote or comma is no sign of CSV, and must not become one.
    case (0xef, 0xbc, 0x82), (0xef, 0xbc, 0x8c): return (byte, 1)
    // U+FF01…FF5E.
    case (0xef, 0xbc, 0x81...0xbf): return (next(2) - 0x60, 3)
    case (0xef, 0xbd, 0x80...0x9e):
      let kept = next(2) - 0x20
      return (kept >= 0x61 && kept <= 0x7a ? kept - 0x20 : kept, 3)
    default: return (byte, 1)
    }
  default: return (byte, 1)
  }
}

private let plainBytes: [Bool] = (0..<256).map { byte in
  switch UInt8(byte) {
  case 0x09, 0x20, 0x61...0x7a, 0xc2, 0xe2, 0xe3, 0xef: false
  default: true
  }
}
