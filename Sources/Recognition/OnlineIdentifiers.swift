internal import Tabular

// What belongs to networks: keys and passwords, addresses with passwords in them, mailboxes.

extension IdentifierScanner {
  /// Where a key, a token or a password ends that begins with a word; nil where none does.
  func secretEnd(_ text: Span<UInt8>, _ range: Range<Int>) -> Int? {
    let count = range.count
    func begins(_ prefix: StaticString) -> Bool { hasPrefix(text, range.lowerBound, prefix) }
    if (begins("LTAI") && count >= 16) || (begins("AKID") && count >= 17)
      || ((begins("AKIA") || begins("ASIA")) && count >= 20)
    {
      return range.upperBound
    }
    if begins("ghp") && range.upperBound < text.count && text[range.upperBound] == UInt8(ascii: "_") {
      return tokenEnd(text, range.upperBound)
    }
    // Bearer …
    if count == 6, begins("Bearer") || begins("bearer") {
      let end = tokenEnd(text, min(range.upperBound + 1, text.count))
      return end - range.upperBound >= 17 ? end : nil
    }
    // …/hook/<uuid>, …/webhook/send?key=…
    if begins("hook") || begins("webhook") {
      let end = addressTail(text, range.upperBound)
      return end - range.upperBound >= 30 ? end : nil
    }
    if begins("eyJ") && count >= 10 {
      var (end, dots) = (range.upperBound, 0)
      while end < text.count, isTokenByte(text[end]) || text[end] == UInt8(ascii: ".") {
        if text[end] == UInt8(ascii: ".") { dots += 1 }
        end += 1
      }
      return dots >= 2 ? end : nil
    }
    // password=…, Signature=…
    guard count >= 2, count <= 16, range.upperBound < text.count else { return nil }
    var name: [UInt8] = []
    for index in range { name.append(text[index] | 0x20) }
    // access_key, secret-key: the part before belongs to the name.
    if range.lowerBound >= 4,
      text[range.lowerBound - 1] == UInt8(ascii: "_") || text[range.lowerBound - 1] == UInt8(ascii: "-")
    {
      name = Array("_".utf8) + name
    }
    guard secretNames.contains(name) else { return nil }
    var index = range.upperBound
    while index < text.count, text[index] == 0x20 || text[index] == UInt8(ascii: "\"") { index += 1 }
    guard index < text.count, text[index] == UInt8(ascii: "=") || text[index] == UInt8(ascii: ":") else { return nil }
    index += 1
    while index < text.count, text[index] == 0x20 || text[index] == UInt8(ascii: "\"") { index += 1 }
    let start = index
    while index < text.count, text[index] > 0x20, text[index] < 0x7f, !"\"',;&<>".utf8.contains(text[index]) {
      index += 1
    }
    // AK and SK are short for other things too.
    return index - start >= (count == 2 ? 16 : 4) ? index : nil
  }

  func tokenEnd(_ text: Span<UInt8>, _ start: Int) -> Int {
    var end = start
    while end < text.count, isTokenByte(text[end]) || "+/=".utf8.contains(text[end]) { end += 1 }
    return end
  }

  func addressTail(_ text: Span<UInt8>, _ start: Int) -> Int {
    var end = start
    while end < text.count, isTokenByte(text[end]) || "/?=&%.".utf8.contains(text[end]) { end += 1 }
    return end
  }

  /// `scheme://user:password@host`, also where the password stands among the parameters.
  func lookAtURL(_ text: Span<UInt8>, _ colon: Int, _ found: (Recognition) -> Void) {
    var end = colon + 3
    var at: Int?
    var colonInside = false
    while end < text.count, text[end] > 0x20, text[end] < 0x7f, !"\"'<>/?".utf8.contains(text[end]) {
      if text[end] == UInt8(ascii: "@") { at = end }
      if text[end] == UInt8(ascii: ":") && at == nil { colonInside = true }
      end += 1
    }
    guard let at, colonInside, at > colon + 4 else { return }
    var start = colon
    while start > 0, isLetter(text[start - 1]) || text[start - 1] == UInt8(ascii: "+") { start -= 1 }
    found(Recognition(.secret, start..<end, .certain))
  }

  func lookAtAddress(_ text: Span<UInt8>, _ at: Int, _ domain: Int, _ found: (Recognition) -> Void) {
    var start = at
    while start > 0,
      isTokenByte(text[start - 1]) || text[start - 1] == UInt8(ascii: ".") || text[start - 1] == UInt8(ascii: "+")
    {
      start -= 1
    }
    var end = domain
    var dot = 0
    // A domain may be of Chinese characters: 邮箱.中国. One of ASCII ends where they begin.
    let isASCII = domain < text.count && text[domain] < 0x80
    while end < text.count, isTokenByte(text[end]) || text[end] == UInt8(ascii: ".") || (text[end] >= 0x80 && !isASCII)
    {
      if text[end] == UInt8(ascii: ".") { dot = end }
      end += 1
    }
    while end > domain, text[end - 1] == UInt8(ascii: ".") { end -= 1 }
    guard start < at || (at >= 3 && isHan(character(text, at - 3))), dot > domain, end > dot + 1 else { return }
    // Mailboxes of offices are public.
    if end - domain > 7, hasPrefix(text, end - 7, ".gov.cn") { return }
    found(Recognition(.emailAddress, start..<end, .certain))
  }
}

private let secretNames = Set(
  [
    "password", "passwd", "pwd", "secret", "token", "accesskey", "accesskeyid", "accesskeysecret", "apikey",
    "secretkey", "signature",
    "_key", "_secret", "_token", "_password", "cookie", "sessionid", "jsessionid", "phpsessid", "ak", "sk",
  ].map { Array($0.utf8) })
