internal import Tabular

/// Calls for what each token of a text says that is Base64, or hexadecimal digits, of a text.
package func forEachDecodedToken(_ text: Span<UInt8>, _ body: ([UInt8]) -> Void) {
  func isPart(_ byte: UInt8) -> Bool { isTokenByte(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/") }
  var index = 0
  while index < text.count {
    guard isPart(text[index]) else {
      index += 1
      continue
    }
    let start = index
    while index < text.count, isPart(text[index]) { index += 1 }
    guard index - start >= 12, index - start <= 4_096 else { continue }
    let mayBeBase64 = beginsAsTextInBase64(text, start)
    let mayBeHexadecimal = beginsAsTextInHexadecimal(text, start)
    guard mayBeBase64 || mayBeHexadecimal else { continue }
    let token = [UInt8](copying: text.extracting(start..<index))
    for decoded in [mayBeBase64 ? decodedBase64(token) : nil, mayBeHexadecimal ? decodedHexadecimal(token) : nil] {
      guard let decoded, decoded.count >= 6, isValidUTF8(decoded, count: decoded.count) else { continue }
      body(decoded)
    }
  }
}

/// Whether the first four places of a token are Base64 of what a text begins with: most tokens are told to be none by that.
func beginsAsTextInBase64(_ text: Span<UInt8>, _ start: Int) -> Bool {
  guard let a = base64Value(text[start]), let b = base64Value(text[start + 1]), let c = base64Value(text[start + 2])
  else { return false }
  return mayBeginText(a << 2 | b >> 4, b << 4 | c >> 2)
}

func beginsAsTextInHexadecimal(_ text: Span<UInt8>, _ start: Int) -> Bool {
  guard let a = hexadecimalValue(text[start]), let b = hexadecimalValue(text[start + 1]),
    let c = hexadecimalValue(text[start + 2]), let d = hexadecimalValue(text[start + 3])
  else { return false }
  return mayBeginText(a << 4 | b, c << 4 | d)
}

/// Whether two bytes are the first of UTF-8 without control characters.
private func mayBeginText(_ first: UInt8, _ second: UInt8) -> Bool {
  switch first {
  case 0x20...0x7e: (second >= 0x20 && second < 0x7f) || (second >= 0xc2 && second <= 0xf4)
  case 0xc2...0xf4: second & 0xc0 == 0x80
  default: false
  }
}

private func base64Value(_ byte: UInt8) -> UInt8? {
  switch byte {
  case 0x41...0x5a: byte - 0x41
  case 0x61...0x7a: byte - 0x61 + 26
  case 0x30...0x39: byte - 0x30 + 52
  case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
  case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
  default: nil
  }
}

private func hexadecimalValue(_ byte: UInt8) -> UInt8? {
  switch byte {
  case 0x30...0x39: byte - 0x30
  case 0x41...0x46, 0x61...0x66: (byte | 0x20) - 0x57
  default: nil
  }
}

/// Nil where the token is not Base64 of either alphabet.
func decodedBase64(_ token: [UInt8]) -> [UInt8]? {
  var bytes: [UInt8] = []
  var bits: UInt32 = 0
  var count = 0
  for byte in token where byte != UInt8(ascii: "=") {
    guard let value = base64Value(byte) else { return nil }
    bits = bits << 6 | UInt32(value)
    count += 6
    if count >= 8 {
      count -= 8
      bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
    }
  }
  return bytes
}

/// Nil where the token is not pairs of hexadecimal digits.
func decodedHexadecimal(_ token: [UInt8]) -> [UInt8]? {
  guard token.count % 2 == 0 else { return nil }
  var bytes: [UInt8] = []
  for start in stride(from: 0, to: token.count, by: 2) {
    var value: UInt8 = 0
    for byte in token[start..<start + 2] {
      guard let digit = hexadecimalValue(byte) else { return nil }
      value = value << 4 | digit
    }
    bytes.append(value)
  }
  return bytes
}
