package import Tabular

/// Looks through a text for what identifies persons and for secrets: every place, never a sample; no word boundaries, because Chinese
/// text has none.
///
/// Full-width digits and invisible characters are seen through, and so are spaces, hyphens and dots between groups of digits.
///
/// - Complexity: O(bytes).
/// - Source: privacy.md §1.
package struct IdentifierScanner: Sendable {
  private var run = DigitRun()
  private let signs = identifierSigns
  let characterKinds = roleAndPlaceCharacters

  package init() {}

  /// - Parameters:
  ///   - text: UTF-8, one cell or one file; ranges are places in it.
  ///   - isNumber: it is a value of a numeric column: only the whole number that it stands for is looked at.
  ///   - found: called once for each place; what it is, never what it says.
  package mutating func scan(_ text: Span<UInt8>, isNumber: Bool = false, _ found: (Recognition) -> Void) {
    let count = text.count
    guard !isNumber else {
      // A fraction is a measurement or an amount; 1.38001380E10 is a whole number all the same.
      guard let digits = wholeNumber([UInt8](copying: text)[...]) else { return }
      DigitRun(digits).report { recognition in
        var recognition = recognition
        recognition.range = 0..<count
        found(recognition)
      }
      return
    }
    let hasSpelledDigits = scanWords(text, found)
    guard hasSpelledDigits || mayHoldFoldedSigns(text) else { return scanFolded(text, found) }
    let bytes = [UInt8](copying: text)
    var places: [Int] = []
    let folded = foldedText(bytes[...], places: &places)
    places.append(bytes.count)
    scanFolded(folded.span) { recognition in
      var recognition = recognition
      let last = places[recognition.range.upperBound - 1]
      recognition.range = places[recognition.range.lowerBound]..<last + characterLength(bytes[last])
      found(recognition)
    }
  }

  private mutating func scanFolded(_ text: Span<UInt8>, _ found: (Recognition) -> Void) {
    let signs = signs
    var index = signs.first(in: text, from: 0)
    var wordEnd = 0
    while index < text.count {
      let byte = text[index]
      if isDigit(byte) || isLetter(byte) {
        index = scanWord(text, index, &wordEnd, found)
      } else {
        switch byte {
        case UInt8(ascii: "@"): lookAtAddress(text, index, index + 1, found)
        case UInt8(ascii: "%") where hasPrefix(text, index, "%40"): lookAtAddress(text, index, index + 3, found)
        case UInt8(ascii: "(") where hasPrefix(text, index, "(at)"): lookAtAddress(text, index, index + 4, found)
        case UInt8(ascii: ":") where hasPrefix(text, index, "://"): lookAtURL(text, index, found)
        case UInt8(ascii: "-") where hasPrefix(text, index, "-----BEGIN"):
          return found(Recognition(.secret, index..<text.count, .certain))
        default: break
        }
        index += 1
      }
      index = signs.first(in: text, from: index)
    }
  }

  /// Looks at the letters and digits from a place on, and gives the place to go on from.
  private mutating func scanWord(
    _ text: Span<UInt8>, _ index: Int, _ wordEnd: inout Int, _ found: (Recognition) -> Void
  ) -> Int {
    var index = index
    if index == 0 || !isAlphanumeric(text[index - 1]) {
      if let plate = plate(before: index, in: text) {
        found(Recognition(.licensePlate, plate, .certain))
        return plate.upperBound
      }
      var end = index
      while end < text.count && isAlphanumeric(text[end]) { end += 1 }
      if end - index == 8, let end = uuidEnd(text, index) { return end }
      if end - index >= 18, let end = meaninglessEnd(text, index..<end, found) { return end }
    }
    guard !isDigit(text[index]) else {
      lookIntoDigits(text, index, found)
      if let end = endOfShortNumber(text, index) { return end }
      let end = run.collect(text, from: index)
      run.report { recognition in
        found(recognition)
        if recognition.identifier == .mobileNumber,
          let name = name(beforeNumber: recognition.range.lowerBound, in: text)
        {
          found(Recognition(.personalName, name, .certain))
        }
      }
      return end
    }
    guard index >= wordEnd else { return index + 1 }
    wordEnd = index
    while wordEnd < text.count && isAlphanumeric(text[wordEnd]) { wordEnd += 1 }
    lookAtWord(text, index..<wordEnd, found)
    while index < wordEnd && !isDigit(text[index]) { index += 1 }
    return index
  }

  /// The licence plate whose letters and digits begin at a place, after the character of the province.
  private func plate(before index: Int, in text: Span<UInt8>) -> Range<Int>? {
    guard index >= 3 else { return nil }
    // WJ沪 12345
    let start = text[index - 1] >= 0x80 ? index - 3 : index - 4
    guard start >= 0, text[start + 2] >= 0x80, let end = plateEnd(text, start) else { return nil }
    return start..<end
  }

  /// Where a run of digits ends that has less than eleven of them, which is no number of a person; nil for any other.
  private func endOfShortNumber(_ text: Span<UInt8>, _ start: Int) -> Int? {
    var index = start
    var digits = 0
    while true {
      while index < text.count && isDigit(text[index]) {
        digits += 1
        index += 1
      }
      guard digits < 11 else { return nil }
      // An exponent makes it longer than it is.
      if index < text.count && text[index] | 0x20 == UInt8(ascii: "e") { return nil }
      var next = index
      while next < text.count && next - index < 3 && isSeparator(text[next]) { next += 1 }
      guard next > index, next < text.count, isDigit(text[next]) else { return index }
      index = next
    }
  }

  /// A UUID means nothing, though its digits may look like a telephone number: the index after the one that begins here.
  private func uuidEnd(_ text: Span<UInt8>, _ index: Int) -> Int? {
    guard index + 36 <= text.count, text[index + 8] == UInt8(ascii: "-"), text[index + 13] == UInt8(ascii: "-"),
      text[index + 18] == UInt8(ascii: "-"), text[index + 23] == UInt8(ascii: "-"),
      index == 0 || !(isDigit(text[index - 1]) || isLetter(text[index - 1]))
    else { return nil }
    var letters = 0
    for place in index..<index + 36 where text[place] != UInt8(ascii: "-") {
      if isDigit(text[place]) { continue }
      guard (0x61...0x66).contains(text[place] | 0x20) else { return nil }
      letters += 1
    }
    // Digits alone are no UUID: somebody could write a number so.
    return letters >= 3 ? index + 36 : nil
  }

  /// A credit code or a digest: digits in it that look like a telephone number mean nothing.
  ///
  /// - Parameter word: letters and digits with none before and after them.
  /// - Returns: the index after it.
  private func meaninglessEnd(_ text: Span<UInt8>, _ word: Range<Int>, _ found: (Recognition) -> Void) -> Int? {
    var letters = 0
    var hex = true
    for index in word where isLetter(text[index]) {
      letters += 1
      hex = hex && text[index] | 0x20 <= UInt8(ascii: "f")
    }
    guard letters > 0 else { return nil }
    let count = word.count
    if hex && letters >= 3 && (count == 32 || count == 40 || count == 64 || count == 128) {
      found(Recognition(.hashedValue, word, .possible))
      return word.upperBound
    }
    if count == 18,
      letters >= 2 || !isDigit(text[word.lowerBound]) || text[word.upperBound - 1] | 0x20 != UInt8(ascii: "x")
    {
      return isCreditCode(text.extracting(word)) ? word.upperBound : nil
    }
    return nil
  }

  /// A token that begins with a digit: hexadecimal digits of digits begin with a 3, Base64 of them with M, N or O.
  private func lookIntoDigits(_ text: Span<UInt8>, _ index: Int, _ found: (Recognition) -> Void) {
    guard text[index] == UInt8(ascii: "3"), index + 22 <= text.count, index == 0 || !isTokenByte(text[index - 1]) else {
      return
    }
    for place in stride(from: index, to: index + 22, by: 2) where text[place] != UInt8(ascii: "3") { return }
    lookIntoToken(text, index..<tokenEnd(text, index), found)
  }

  /// What a token of Base64, or of hexadecimal digits of a text, says: numbers of persons are written so too.
  private func lookIntoToken(_ text: Span<UInt8>, _ range: Range<Int>, _ found: (Recognition) -> Void) {
    guard range.count >= 14, range.count <= 400,
      beginsAsTextInBase64(text, range.lowerBound) || beginsAsTextInHexadecimal(text, range.lowerBound)
    else { return }
    let token = [UInt8](copying: text.extracting(range))
    for decoded in [decodedBase64(token), decodedHexadecimal(token)] {
      guard let decoded, decoded.count >= 11, decoded.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else { continue }
      var run = DigitRun()
      var index = 0
      while index < decoded.count {
        guard isDigit(decoded[index]) else {
          index += 1
          continue
        }
        index = run.collect(decoded.span, from: index)
        run.report { inner in
          if inner.certainty == .certain { found(Recognition(inner.identifier, range, .certain)) }
        }
      }
    }
  }

  // MARK: words of letters and digits

  private func lookAtWord(_ text: Span<UInt8>, _ range: Range<Int>, _ found: (Recognition) -> Void) {
    if let end = secretEnd(text, range) { return found(Recognition(.secret, range.lowerBound..<end, .certain)) }
    if range.count == 4, hasPrefix(text, range.lowerBound, "wxid_") {
      return found(Recognition(.messagingAccount, range.lowerBound..<tokenEnd(text, range.lowerBound), .certain))
    }
    if range.count == 2,
      ["QQ", "qq", "VX", "vx", "wx", "WX"].contains(where: { hasPrefix(text, range.lowerBound, $0) }),
      let account = account(after: range.upperBound, in: text)
    {
      found(Recognition(.messagingAccount, account, .certain))
    }
    if range.count <= 2, let end = spacedHongKongCardEnd(text, range) {
      return found(Recognition(.hongKongIdentityCard, range.lowerBound..<end, .certain))
    }
    lookIntoToken(text, range.lowerBound..<tokenEnd(text, range.upperBound), found)
    guard range.count >= 7, range.count <= 64, mayBeNumber(text, range) else { return }
    var word: [UInt8] = []
    for index in range { word.append(text[index] >= 0x61 ? text[index] & 0xdf : text[index]) }
    func report(_ identifier: Identifier, _ words: [StaticString], _ range: Range<Int>) {
      let isNamed =
        hasWord(words, before: range.lowerBound, in: text) || hasWord(words, after: range.upperBound, in: text)
      found(Recognition(identifier, range, isNamed ? .certain : .possible))
    }
    let letters = word.prefix { !isDigit($0) }.count
    let digits = word.dropFirst(letters).prefix(while: isDigit).count
    guard letters + digits == word.count else {
      if isHash(word) { found(Recognition(.hashedValue, range, .possible)) }
      return
    }
    switch (letters, digits, word[0]) {
    case (1, 8, UInt8(ascii: "E")), (1, 8, UInt8(ascii: "G")), (1, 8, UInt8(ascii: "P")), (1, 8, UInt8(ascii: "S")),
      (1, 8, UInt8(ascii: "D")), (1, 8, UInt8(ascii: "K")):
      report(.passportNumber, passportWords, range)
    case (2, 7, UInt8(ascii: "E")) where word[1] != UInt8(ascii: "I") && word[1] != UInt8(ascii: "O"):
      report(.passportNumber, passportWords, range)
    case (2, 7, _)
    where [Array("PE".utf8), Array("SE".utf8), Array("DE".utf8), Array("MA".utf8)].contains(Array(word[..<2])):
      report(.passportNumber, passportWords, range)
    case (1, 8, UInt8(ascii: "C")), (2, 7, UInt8(ascii: "C")), (1, 8, UInt8(ascii: "W")), (1, 8, UInt8(ascii: "L")),
      (1, 8, UInt8(ascii: "T")):
      report(.travelPermitNumber, permitWords, range)
    case (1, 8, UInt8(ascii: "H")), (1, 8, UInt8(ascii: "M")), (1, 10, UInt8(ascii: "H")), (1, 10, UInt8(ascii: "M")):
      report(.travelPermitNumber, permitWords, range)
    case (1, 9, _) where isTaiwanIdentityCard(word[...]):
      report(.taiwanIdentityCard, ["台湾", "身份证", "身分證"], range)
    case (3, 12, _) where birthYear(Array(([1, 9] + word.suffix(8).prefix(6).map { $0 - 0x30 }))[...]) != nil:
      report(.permanentResidenceCard, ["永久居留", "永居", "居留证"], range)
    case (1, 6, _), (2, 6, _):
      // The check digit stands in brackets.
      if range.upperBound + 2 < text.count, text[range.upperBound] == UInt8(ascii: "("),
        text[range.upperBound + 2] == UInt8(ascii: ")"),
        isHongKongIdentityCard((word + [text[range.upperBound + 1] & 0xdf | text[range.upperBound + 1] & 0x20])[...])
      {
        found(Recognition(.hongKongIdentityCard, range.lowerBound..<range.upperBound + 3, .certain))
      }
    case (1, 7, _), (2, 7, _):
      if isHongKongIdentityCard(word[...]) { report(.hongKongIdentityCard, ["香港"], range) }
    default: if isHash(word) { found(Recognition(.hashedValue, range, .possible)) }
    }
  }

  /// Whether a word has digits at all, as every number and every digest has.
  private func mayBeNumber(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    for index in range where isDigit(text[index]) { return true }
    return false
  }

  private func isHash(_ word: [UInt8]) -> Bool {
    (word.count == 32 || word.count == 40 || word.count == 64)
      && word.allSatisfy { isDigit($0) || ($0 >= 0x41 && $0 <= 0x46) }
  }

  /// `K 644453 (9)`.
  private func spacedHongKongCardEnd(_ text: Span<UInt8>, _ range: Range<Int>) -> Int? {
    var card: [UInt8] = []
    for index in range { card.append(text[index] & 0xdf) }
    var index = range.upperBound
    while index < text.count, index - range.upperBound < 14 {
      let byte = text[index]
      index += 1
      if isDigit(byte) || byte | 0x20 == UInt8(ascii: "a") {
        card.append(isDigit(byte) ? byte : UInt8(ascii: "A"))
      } else if byte == UInt8(ascii: ")") {
        return card.count == range.count + 7 && isHongKongIdentityCard(card[...]) ? index : nil
      } else if byte != 0x20 && byte != UInt8(ascii: "(") {
        return nil
      }
    }
    return nil
  }

  /// The index after a licence plate that begins with the character at `index`; nil where none does.
  ///
  /// - Source: GA 36-2018; privacy.md §1, row 17.
  private func plateEnd(_ text: Span<UInt8>, _ index: Int) -> Int? {
    guard index + 8 <= text.count, plateProvinces.contains(character(text, index)) else { return nil }
    var next = index + 3
    // WJ沪·12345: the armed police's have no letter after the province.
    let isArmedPolice =
      index >= 2 && text[index - 1] | 0x20 == UInt8(ascii: "j") && text[index - 2] | 0x20 == UInt8(ascii: "w")
    if isArmedPolice {
      if next < text.count, text[next] == 0x20 || text[next] == UInt8(ascii: "-") { next += 1 }
      let start = next
      while next < text.count, next - start < 6, isDigit(text[next]) || isLetter(text[next]) { next += 1 }
      return next - start == 5 ? next : nil
    }
    func upper(_ place: Int) -> UInt8 { place < text.count && isLetter(text[place]) ? text[place] & 0xdf : 0 }
    guard upper(next) != 0, upper(next) != UInt8(ascii: "I"), upper(next) != UInt8(ascii: "O") else { return nil }
    next += 1
    if next < text.count, text[next] == 0x20 || text[next] == UInt8(ascii: "-") || text[next] == UInt8(ascii: ".") {
      next += 1
    }
    let start = next
    var digits = 0
    while next < text.count, next - start < 7, isDigit(text[next]) || upper(next) != 0 {
      if isDigit(text[next]) { digits += 1 }
      guard upper(next) != UInt8(ascii: "I"), upper(next) != UInt8(ascii: "O") else { return nil }
      next += 1
    }
    var count = next - start
    // 学, 警, 挂, 港, 澳, 使, 领, 试, 超 stand for the last place.
    if count == 4, next + 3 <= text.count, plateEndings.contains(character(text, next)) {
      next += 3
      count += 1
    }
    let isWhole = index == 0 && next == text.count
    return (count == 5 || count == 6) && (digits > 0 || isWhole) ? next : nil
  }
}

/// What in ASCII may begin an identifier, or stand in the middle of one.
private let identifierSigns = ASCIISigns { isAlphanumeric($0) || "@%(:-".utf8.contains($0) }

@inline(__always) func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }

@inline(__always) func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a }

func isTokenByte(_ byte: UInt8) -> Bool {
  isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
}

/// Of the character in UTF-8 that begins with a byte.
package func characterLength(_ byte: UInt8) -> Int { byte < 0xc0 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2 }

/// The character of three bytes that begins at `index`; 0 where there is none.
@inline(__always) func character(_ text: Span<UInt8>, _ index: Int) -> UInt32 {
  guard index >= 0, index + 2 < text.count, text[index] >= 0xe0, text[index] < 0xf0 else { return 0 }
  return UInt32(text[index] & 0x0f) << 12 | UInt32(text[index + 1] & 0x3f) << 6 | UInt32(text[index + 2] & 0x3f)
}

/// Whether one of the words stands within twenty characters before a place.
func hasWord(_ words: [StaticString], before end: Int, in text: Span<UInt8>) -> Bool {
  for word in words {
    var index = end - word.utf8CodeUnitCount
    let start = max(0, end - 60)
    while index >= start {
      if hasPrefix(text, index, word) { return true }
      index -= 1
    }
  }
  return false
}

/// Whether one of the words stands within ten characters after a place.
func hasWord(_ words: [StaticString], after start: Int, in text: Span<UInt8>) -> Bool {
  for word in words {
    var index = start
    while index < min(text.count, start + 30) {
      if hasPrefix(text, index, word) { return true }
      index += 1
    }
  }
  return false
}

/// Whether a word stands at a place.
@inline(__always) func hasPrefix(_ text: Span<UInt8>, _ index: Int, _ word: StaticString) -> Bool {
  let count = word.utf8CodeUnitCount
  guard index >= 0, index + count <= text.count else { return false }
  return word.withUTF8Buffer { bytes in
    for place in 0..<count where text[index + place] != bytes[place] { return false }
    return true
  }
}

private let plateProvinces = HanSet("京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使")
private let plateEndings = HanSet("学警挂港澳使领试超")
private let passportWords: [StaticString] = ["护照", "passport", "Passport", "PASSPORT"]
private let permitWords: [StaticString] = ["通行证", "回乡证", "台胞证", "返乡证"]
/// Calls for each identifier that is certain by itself.
package func findIdentifiers(in text: ArraySlice<UInt8>, isNumber: Bool = false, _ found: (Identifier) -> Void) {
  var scanner = IdentifierScanner()
  let bytes = Array(text)
  scanner.scan(bytes.span, isNumber: isNumber) { if $0.certainty == .certain { found($0.identifier) } }
}
