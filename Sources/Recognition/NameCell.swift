internal import Tabular

// What columns of names hold: one name, several of them, with a remark in brackets or a word of kinship before it.

/// Whether a cell is names and nothing else: 王小明; 石雅秀、邹宇斌; 李涛(194596); 母亲：王芳.
func isNameCell(_ text: Span<UInt8>) -> Bool {
  guard text.count >= 6, text.count <= 400 else { return false }
  var start = 0
  var nameCount = 0
  while start < text.count {
    var end = start
    var depth = 0
    while end < text.count, depth > 0 || !isNameSeparator(text, end) {
      let sign = character(text, end)
      if text[end] == UInt8(ascii: "(") || sign == 0xff08 { depth += 1 }
      if text[end] == UInt8(ascii: ")") || sign == 0xff09 { depth = max(0, depth - 1) }
      end += characterLength(text[end])
    }
    let part = trimmed(text, start..<min(end, text.count))
    if !part.isEmpty {
      guard isName(text.extracting(withoutKinship(text, withoutRemark(text, part)))) else { return false }
      nameCount += 1
    }
    start = end < text.count ? end + characterLength(text[end]) : end
  }
  return nameCount > 0 && nameCount <= 40
}

/// Whether a cell is two to four words of Latin letters that begin with a capital, as many other things are: ZHANG San, Lixin Deng.
func mayBeLatinName(_ text: Span<UInt8>) -> Bool {
  guard text.count >= 5, text.count <= 40 else { return false }
  var wordCount = 0
  var index = 0
  while index < text.count {
    guard text[index] >= 0x41, text[index] <= 0x5a else { return false }
    let start = index
    while index < text.count, isLetter(text[index]) || text[index] == UInt8(ascii: "-") || text[index] == 0x27 {
      index += 1
    }
    guard index - start >= 2 || (index < text.count && text[index] == UInt8(ascii: ".")) else { return false }
    wordCount += 1
    while index < text.count,
      text[index] == 0x20 || text[index] == UInt8(ascii: ",") || text[index] == UInt8(ascii: ".")
    {
      index += 1
    }
  }
  return wordCount >= 2 && wordCount <= 4
}

/// One name, and no word of the language that begins with a surname by chance.
func isName(_ text: Span<UInt8>) -> Bool {
  guard text.count >= 6, text.count <= 60, IdentifierScanner().nameEnd(text, 0) == text.count else { return false }
  // 王某 is nobody; 张杨路 is a road.
  return !isKnownWord(text) && !placeEndings.contains(character(text, text.count - 3))
}

/// A word of the language, which begins with a surname by chance.
func isKnownWord(_ text: Span<UInt8>) -> Bool {
  var word: [UInt32] = []
  var index = 0
  while index < text.count {
    word.append(character(text, index))
    index += 3
  }
  return switch word.count {
  case 2: wordsOfTwo.contains(word)
  case 3: wordsOfThree.contains(word)
  case 4: wordsOfFour.contains(word)
  default: false
  }
}

/// 、 ， ； / and the like.
private func isNameSeparator(_ text: Span<UInt8>, _ index: Int) -> Bool {
  switch text[index] {
  case 0x09, 0x0a, 0x20, UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "/"), UInt8(ascii: "|"), UInt8(ascii: "&"):
    true
  default: [0x3001, 0xff0c, 0xff1b, 0xff0f, 0x3000, 0x548c].contains(character(text, index))
  }
}

private func trimmed(_ text: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
  var (start, end) = (range.lowerBound, range.upperBound)
  while start < end, text[start] <= 0x20 { start += 1 }
  while end > start, text[end - 1] <= 0x20 { end -= 1 }
  return start..<end
}

/// 李涛(194596), 王芳（女）.
private func withoutRemark(_ text: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
  var index = range.lowerBound
  while index < range.upperBound {
    if index > range.lowerBound, text[index] == UInt8(ascii: "(") || character(text, index) == 0xff08 {
      return range.lowerBound..<index
    }
    index += characterLength(text[index])
  }
  return range
}

/// 子—何爱民, 母亲：王芳: after a short word and a sign that parts it from the name.
private func withoutKinship(_ text: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
  var index = range.lowerBound
  while index < range.upperBound, index - range.lowerBound <= 9 {
    let sign = character(text, index)
    let length = characterLength(text[index])
    if index > range.lowerBound,
      text[index] == UInt8(ascii: ":") || text[index] == UInt8(ascii: "-") || sign == 0xff1a || sign == 0x2014
    {
      var next = index + length
      while next < range.upperBound, character(text, next) == 0x2014 || text[next] == 0x20 {
        next += characterLength(text[next])
      }
      return next..<range.upperBound
    }
    index += length
  }
  return range
}

private let placeEndings = HanSet("路街道弄里坊村镇乡区县市省桥山江河湖海园站馆院校店厂局所行社会楼宫寺亭城门港湾岛口")
