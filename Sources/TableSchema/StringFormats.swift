// The formats of strings, on bytes of valid UTF-8.

func isASCIILetter(_ byte: UInt8) -> Bool { (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a }
func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
func isHexDigit(_ byte: UInt8) -> Bool { isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66) }

/// Whether the text is an address of mail: a dot-atom or quoted local part, and a domain of labels or an address literal.
///
/// - Source: RFC 5321 §4.1.2, with the UTF-8 of RFC 6531; at most 64 and 255 bytes.
func isEmail(_ text: Span<UInt8>) -> Bool {
  var at = -1
  for index in text.indices where text[index] == UInt8(ascii: "@") { at = index }
  guard at > 0, at <= 64, text.count - at - 1 <= 255 else { return false }
  return isLocalPart(text.extracting(0..<at)) && isMailDomain(text.extracting((at + 1)..<text.count))
}

private func isLocalPart(_ text: Span<UInt8>) -> Bool {
  if text[0] == UInt8(ascii: "\"") {
    guard text.count >= 3, text[text.count - 1] == UInt8(ascii: "\"") else { return false }
    var index = 1
    while index < text.count - 1 {
      let byte = text[index]
      if byte == UInt8(ascii: "\\") { index += 1 }
      guard index < text.count - 1, text[index] >= 0x20, text[index] != 0x7f,
        byte == UInt8(ascii: "\\") || byte != UInt8(ascii: "\"")
      else { return false }
      index += 1
    }
    return true
  }
  var previous = UInt8(ascii: ".")
  for index in text.indices {
    let byte = text[index]
    if byte == UInt8(ascii: ".") {
      guard previous != byte else { return false }
    } else if !isAtomCharacter(byte) {
      return false
    }
    previous = byte
  }
  return previous != UInt8(ascii: ".")
}

private func isAtomCharacter(_ byte: UInt8) -> Bool {
  if isASCIILetter(byte) || isDigit(byte) || byte >= 0x80 { return true }
  return switch byte {
  case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"),
    UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "?"),
    UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"),
    UInt8(ascii: "~"):
    true
  default: false
  }
}

private func isMailDomain(_ text: Span<UInt8>) -> Bool {
  guard text.count > 0 else { return false }
  if text[0] == UInt8(ascii: "[") {
    guard text.count > 3, text[text.count - 1] == UInt8(ascii: "]") else { return false }
    return isAddressLiteral(text.extracting(1..<(text.count - 1)))
  }
  var labelStart = 0
  for index in 0...text.count where index == text.count || text[index] == UInt8(ascii: ".") {
    guard index > labelStart, index - labelStart <= 63, text[labelStart] != UInt8(ascii: "-"),
      text[index - 1] != UInt8(ascii: "-")
    else { return false }
    for place in labelStart..<index {
      let byte = text[place]
      guard isASCIILetter(byte) || isDigit(byte) || byte >= 0x80 || byte == UInt8(ascii: "-") else { return false }
    }
    labelStart = index + 1
  }
  return true
}

private func isAddressLiteral(_ text: Span<UInt8>) -> Bool {
  let text = String(decoding: text.withUnsafeBufferPointer { Array($0) }, as: UTF8.self)
  if text.uppercased().hasPrefix("IPV6:") { return isIPv6(Substring(text.dropFirst(5))) }
  return isIPv4(Substring(text))
}

private func isIPv4(_ text: Substring) -> Bool {
  let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
  return parts.count == 4
    && parts.allSatisfy { part in
      part.allSatisfy(isDigit) && (1...3).contains(part.count) && (part.count == 1 || part.first != 0x30)
        && (Int(String(Substring(part))) ?? 256) <= 255
    }
}

private func isIPv6(_ text: Substring) -> Bool {
  let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
  guard halves.count <= 2 else { return false }
  var count = 0
  for (number, half) in halves.enumerated() where !half.isEmpty {
    let parts = half.split(separator: ":", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      let isLast = number == halves.count - 1 && index == parts.count - 1
      if isLast && part.utf8.contains(UInt8(ascii: ".")) {
        guard isIPv4(part) else { return false }
        count += 2
      } else {
        guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexDigit) else { return false }
        count += 1
      }
    }
  }
  return halves.count == 2 ? count <= 7 : count == 8
}

/// Whether the text is a URI with its scheme.
///
/// - Source: RFC 3986 §3 and appendix A.
func isURI(_ text: Span<UInt8>) -> Bool {
  var index = 0
  while index < text.count, text[index] != UInt8(ascii: ":") {
    let byte = text[index]
    let isRest = isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    guard isASCIILetter(byte) || (index > 0 && isRest) else { return false }
    index += 1
  }
  guard index > 0, index < text.count else { return false }
  index += 1
  if index + 1 < text.count && text[index] == UInt8(ascii: "/") && text[index + 1] == UInt8(ascii: "/") {
    guard let end = endOfAuthority(text, index + 2) else { return false }
    index = end
  }
  var hasFragment = false
  while index < text.count {
    let byte = text[index]
    switch byte {
    case UInt8(ascii: "%"):
      guard isPercentEncoded(text, index) else { return false }
      index += 2
    case UInt8(ascii: "#"):
      guard !hasFragment else { return false }
      hasFragment = true
    case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: ":"), UInt8(ascii: "@"): break
    default: guard isURICharacter(byte) else { return false }
    }
    index += 1
  }
  return true
}

/// Where the authority ends that begins at `start`; nil where it is none.
private func endOfAuthority(_ text: Span<UInt8>, _ start: Int) -> Int? {
  var end = start
  while end < text.count, text[end] != UInt8(ascii: "/"), text[end] != UInt8(ascii: "?"), text[end] != UInt8(ascii: "#")
  {
    end += 1
  }
  var host = start
  for index in start..<end where text[index] == UInt8(ascii: "@") { host = index + 1 }
  for index in start..<host where text[index] == UInt8(ascii: "@") && index != host - 1 { return nil }
  var afterHost = host
  if host < end && text[host] == UInt8(ascii: "[") {
    while afterHost < end, text[afterHost] != UInt8(ascii: "]") { afterHost += 1 }
    guard afterHost < end, isIPLiteral(text.extracting((host + 1)..<afterHost)) else { return nil }
    afterHost += 1
    guard afterHost == end || text[afterHost] == UInt8(ascii: ":") else { return nil }
  } else {
    while afterHost < end, text[afterHost] != UInt8(ascii: ":") { afterHost += 1 }
  }
  for index in (afterHost + 1)..<max(end, afterHost + 1) where !isDigit(text[index]) { return nil }
  var index = start
  while index < afterHost {
    let byte = text[index]
    let isInLiteral = index >= host && text[host] == UInt8(ascii: "[")
    if byte == UInt8(ascii: "%") {
      guard isPercentEncoded(text, index) else { return nil }
      index += 2
    } else if !isURICharacter(byte) && !isInLiteral && !(index < host && (byte == 0x3a || index == host - 1)) {
      return nil
    }
    index += 1
  }
  return end
}

private func isIPLiteral(_ text: Span<UInt8>) -> Bool {
  let bytes = text.withUnsafeBufferPointer { Array($0) }
  if bytes.first.map({ $0 | 0x20 }) == UInt8(ascii: "v") { return bytes.count > 3 && bytes.contains(0x2e) }
  return isIPv6(Substring(String(decoding: bytes, as: UTF8.self)))
}

private func isPercentEncoded(_ text: Span<UInt8>, _ index: Int) -> Bool {
  index + 2 < text.count && isHexDigit(text[index + 1]) && isHexDigit(text[index + 2])
}

/// Unreserved characters and sub-delimiters.
private func isURICharacter(_ byte: UInt8) -> Bool {
  if isASCIILetter(byte) || isDigit(byte) { return true }
  return switch byte {
  case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "!"), UInt8(ascii: "$"),
    UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"),
    UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="):
    true
  default: false
  }
}

/// Whether the text is a UUID of any version, in either case, without braces.
///
/// - Source: RFC 9562 §4.
func isUUID(_ text: Span<UInt8>) -> Bool {
  guard text.count == 36 else { return false }
  for index in text.indices {
    switch index {
    case 8, 13, 18, 23: guard text[index] == UInt8(ascii: "-") else { return false }
    default: guard isHexDigit(text[index]) else { return false }
    }
  }
  return true
}

/// Whether the text is Base64 with its padding, without line ends.
///
/// - Source: RFC 4648 §4; the bits that padding leaves over must be zero (§3.5).
func isBase64(_ text: Span<UInt8>) -> Bool {
  guard text.count % 4 == 0 else { return false }
  var end = text.count
  while end > 0, text.count - end < 2, text[end - 1] == UInt8(ascii: "=") { end -= 1 }
  for index in 0..<end {
    let byte = text[index]
    guard isASCIILetter(byte) || isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/") else {
      return false
    }
  }
  guard end < text.count, end > 0 else { return true }
  let last = sextet(text[end - 1])
  return text.count - end == 1 ? last & 0b11 == 0 : last & 0b1111 == 0
}

private func sextet(_ byte: UInt8) -> UInt8 {
  switch byte {
  case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
  case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
  default: byte == UInt8(ascii: "+") ? 62 : 63
  }
}
