internal import Tabular

// What running text says of persons by the words around it: accounts, days of birth, names beside telephone numbers and verbs.

extension IdentifierScanner {
  /// The account after 微信号：, QQ and the like; nil where none is said.
  func account(after cue: Int, in text: Span<UInt8>) -> Range<Int>? {
    var start = cue
    var marks = 0
    while start < text.count, marks < 6 {
      let sign = character(text, start)
      if [0x53f7, 0x7801, 0xff1a, 0x662f, 0x4e3a, 0x3000].contains(sign) {  // 号 码 ： 是 为
        start += 3
      } else if text[start] == 0x20 || text[start] == UInt8(ascii: ":") || text[start] == UInt8(ascii: "=") {
        start += 1
      } else {
        break
      }
      marks += 1
    }
    guard marks > 0 else { return nil }
    var end = start
    while end < text.count, isTokenByte(text[end]) { end += 1 }
    return (5...20).contains(end - start) ? start..<end : nil
  }

  /// The day of birth before 出生, or after 出生日期：, 出生于, 生于; nil where no day or month is said.
  func birthDate(around index: Int, in text: Span<UInt8>) -> Range<Int>? {
    let isBorn = hasPrefix(text, index, "出生")
    guard isBorn || hasPrefix(text, index, "生于") else { return nil }
    if isBorn {
      var start = index - 8
      while start >= max(0, index - 20) {
        if start == 0 || !isDigit(text[start - 1]), endOfDay(text, start) == index { return start..<index }
        start -= 1
      }
    }
    var start = index + 6
    for word: StaticString in ["日期", "年月", "时间", "于"] where hasPrefix(text, start, word) {
      start += word.utf8CodeUnitCount
      break
    }
    while start < text.count,
      text[start] == 0x20 || text[start] == UInt8(ascii: ":") || character(text, start) == 0xff1a
    {
      start += characterLength(text[start])
    }
    return endOfDay(text, start).map { start..<$0 }
  }

  /// Where a day or a month ends that begins with its year: 1950年5月6日, 2002-05-06, 1950.05.
  private func endOfDay(_ text: Span<UInt8>, _ start: Int) -> Int? {
    guard start >= 0, start + 6 <= text.count else { return nil }
    for place in start..<start + 4 where !isDigit(text[place]) { return nil }
    let century = (text[start] - 0x30) * 10 + text[start + 1] - 0x30
    guard century == 19 || century == 20 else { return nil }
    var index = start + 4
    for part in 0..<2 {
      let sign = character(text, index)
      let isParted = index < text.count && "-./".utf8.contains(text[index])
      // 年, 月
      guard isParted || sign == (part == 0 ? 0x5e74 : 0x6708) else { return part == 0 ? nil : index }
      var next = index + (isParted ? 1 : 3)
      let digits = next
      while next < text.count, next - digits < 2, isDigit(text[next]) { next += 1 }
      guard next > digits else { return part == 0 ? nil : index + (isParted ? 0 : 3) }
      index = next
    }
    // 日
    return character(text, index) == 0x65e5 ? index + 3 : index
  }

  /// The name right before a telephone number: 何颖13145754422, 余坤华，13327861424.
  func name(beforeNumber start: Int, in text: Span<UInt8>) -> Range<Int>? {
    var end = start
    var marks = 0
    while end > 0, marks < 3 {
      if [0xff0c, 0xff1a, 0xff08, 0x3001, 0x3000].contains(character(text, end - 3)) {
        end -= 3
      } else if " ,:(-/\t".utf8.contains(text[end - 1]) {
        end -= 1
      } else {
        break
      }
      marks += 1
    }
    return name(endingAt: end, in: text)
  }

  /// A name that a clause begins with and that ends at a place: X反映, X（女.
  func name(endingAt end: Int, in text: Span<UInt8>) -> Range<Int>? {
    for length in [9, 6, 12] where end >= length {
      let start = end - length
      let before = character(text, start - 3)
      guard start == 0 || !isHan(before) || beforeClauses.contains(before), nameEnd(text, start) == end,
        !isKnownWord(text.extracting(start..<end)), !isNobody(text, start..<end)
      else { continue }
      return start..<end
    }
    return nil
  }
}

/// Whether it says what somebody is, and not who: 房东, 家长.
private func isNobody(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
  for word in nobodies where word.utf8CodeUnitCount == range.count && hasPrefix(text, range.lowerBound, word) {
    return true
  }
  return false
}

/// Words for persons that begin with a surname by chance.
private let nobodies: [StaticString] = [
  "居民", "农民", "国民", "商户", "商家", "商贩", "单位", "官方", "管理", "管理员", "保安", "安保", "门卫", "司机", "车主", "房东", "房客", "房主", "顾客",
  "家长", "家人",
  "师生", "师傅", "幼儿", "相关", "路人", "行人", "游客", "党员", "干部", "邻居", "许多", "广大", "后者", "前者", "卫生", "方女", "单女", "公众", "花农",
  "从业", "终端", "能人",
  "孙女", "仙女", "利益", "计生", "支部", "平台", "支行", "信访", "城管", "家属", "家庭", "曾女", "相邻", "时任", "于是", "同学",
]

/// Characters after which a name may begin: 由王芳, 经王芳, 与王芳.
private let beforeClauses = HanSet("由经与和及向给为叫是")
