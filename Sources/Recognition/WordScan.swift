internal import Tabular

// Names and addresses in running text: told by the words around them.

extension IdentifierScanner {
  /// Looks for what is written in characters: names, addresses down to the room, numbers of officers' cards.
  ///
  /// - Returns: whether spelled-out digits follow one another, as of a number that is read out.
  func scanWords(_ text: Span<UInt8>, _ found: (Recognition) -> Void) -> Bool {
    guard text.count >= 6 else { return false }
    var from = 0
    var hasSpelledDigits = false
    while let (index, kind) = characterKinds.first(in: text, from: from) {
      from = index + 3
      if kind == CharacterKind.digit.rawValue {
        hasSpelledDigits =
          hasSpelledDigits || characterKinds.kind(of: character(text, from)) == CharacterKind.digit.rawValue
        continue
      }
      guard kind >= CharacterKind.firstRole else {
        lookAround(text, index, CharacterKind(rawValue: kind), found)
        continue
      }
      guard let end = roleEnd(text, index, kind) else {
        // 老 begins 老人 and stands in 老师.
        if let kind = rolesWithAnotherKind[character(text, index)] { lookAround(text, index, kind, found) }
        continue
      }
      let start = skipMarks(text, end)
      from = end
      guard let end = nameEnd(text, start) else { continue }
      found(Recognition(.personalName, start..<end, .certain))
      from = end
    }
    return hasSpelledDigits
  }

  private func lookAround(
    _ text: Span<UInt8>, _ index: Int, _ kind: CharacterKind?, _ found: (Recognition) -> Void
  ) {
    switch kind {
    case .room:
      if let address = addressStart(text, index) {
        let isHome = hasWord(["住", "上门"], before: address, in: text)
        found(Recognition(.homeAddress, address..<index + 3, isHome ? .certain : .possible))
      }
    case .house:
      if let range = roomWithoutWord(text, index) {
        let isHome = hasWord(["住", "上门", "接"], before: range.lowerBound, in: text)
        found(Recognition(.homeAddress, range, isHome ? .certain : .possible))
      }
    case .home: if let range = homeTelephone(text, index) { found(Recognition(.landlineNumber, range, .certain)) }
    case .document: if let range = officerCard(text, index) { found(Recognition(.officerCardNumber, range, .certain)) }
    case .address:
      if let range = addressedName(text, index) {
        found(Recognition(.personalName, range, .certain))
      } else {
        lookBeforeSaying(text, index, found)
      }
    case .possessive:
      // 身份证…的王芳, …室的王芳
      if index > 0,
        isDigit(text[index - 1]) || text[index - 1] | 0x20 == UInt8(ascii: "x")
          || character(text, index - 3) == 0x5ba4,
        let end = nameEnd(text, index + 3)
      {
        found(Recognition(.personalName, index + 3..<end, .certain))
      }
    case .account:
      if hasPrefix(text, index, "微信"), let range = account(after: index + 6, in: text) {
        found(Recognition(.messagingAccount, range, .certain))
      }
    case .birth:
      if let range = birthDate(around: index, in: text) { found(Recognition(.birthDate, range, .certain)) }
    case .saying: lookBeforeSaying(text, index, found)
    case .digit, nil: break
    }
  }

  /// 王芳反映, 王芳（女: the name before what somebody says or is.
  private func lookBeforeSaying(_ text: Span<UInt8>, _ index: Int, _ found: (Recognition) -> Void) {
    var end = index
    let isSex = hasPrefix(text, index, "女") || hasPrefix(text, index, "男")
    if isSex {
      guard index > 0, text[index - 1] == UInt8(ascii: "(") || character(text, index - 3) == 0xff08 else { return }
      end = text[index - 1] == UInt8(ascii: "(") ? index - 1 : index - 3
    } else if !sayings.contains(where: { hasPrefix(text, index, $0) }) {
      return
    }
    if let range = name(endingAt: end, in: text) { found(Recognition(.personalName, range, .certain)) }
  }

  private func roleEnd(_ text: Span<UInt8>, _ index: Int, _ kind: UInt8) -> Int? {
    for word in roleWordsByStart[Int(kind - CharacterKind.firstRole)] where hasPrefix(text, index, word) {
      return index + word.utf8CodeUnitCount
    }
    return nil
  }

  /// Over what may stand between a word such as 联系人 and the name.
  private func skipMarks(_ text: Span<UInt8>, _ start: Int) -> Int {
    var index = start
    while index < text.count {
      switch character(text, index) {
      // ：, ideographic space, 是, 为, 叫, （, 、 and the like
      case 0xff1a, 0x3000, 0x662f, 0x4e3a, 0x53eb, 0xff08: index += 3
      default:
        guard text[index] == 0x20 || text[index] == UInt8(ascii: ":") || text[index] == UInt8(ascii: "(") else {
          return index
        }
        index += 1
      }
    }
    return index
  }

  /// Where a name ends that begins at `start`; nil where none does.
  func nameEnd(_ text: Span<UInt8>, _ start: Int) -> Int? {
    if let end = minorityNameEnd(text, start) { return end }
    let first = character(text, start), second = character(text, start + 3)
    var index = start + 3
    if compoundSurnames.contains([first, second]) {
      index += 3
    } else if !surnames.contains(first) {
      return nil
    }
    let given = character(text, index)
    guard givenNameCharacters.contains(given), !afterNames.contains(given), !hasWordAfterName(text, index) else {
      return nil
    }
    index += 3
    let next = character(text, index)
    // A second character belongs to the name unless what follows begins with it.
    if isHan(next), givenNameCharacters.contains(next), !afterNames.contains(next), !hasWordAfterName(text, index) {
      index += 3
    }
    // 区环保局 is an office.
    return officeEndings.contains(character(text, index)) ? nil : index
  }

  /// Words whose first character stands in names too.
  private func hasWordAfterName(_ text: Span<UInt8>, _ index: Int) -> Bool {
    for word in wordsAfterNames where hasPrefix(text, index, word) { return true }
    return false
  }

  /// Parts of two and more characters with a dot between them.
  private func minorityNameEnd(_ text: Span<UInt8>, _ start: Int) -> Int? {
    var index = start
    var parts = 0
    while true {
      let partStart = index
      while isHan(character(text, index)), index - partStart < 27,
        !(parts > 0 && afterLongNames.contains(character(text, index)))
      {
        index += 3
      }
      guard index - partStart >= 6 else { return parts >= 2 ? partStart - 2 : nil }
      parts += 1
      // U+00B7
      guard index + 1 < text.count, text[index] == 0xc2, text[index + 1] == 0xb7 else { break }
      index += 2
    }
    return parts >= 2 ? index : nil
  }

  /// 王小明先生: the name before a word of address; a surname alone tells nobody.
  private func addressedName(_ text: Span<UInt8>, _ index: Int) -> Range<Int>? {
    let second = character(text, index + 3)
    // 生, 士, 志, 姨, 师
    guard [0x751f, 0x58eb, 0x5fd7, 0x59e8, 0x5e08].contains(second) else { return nil }
    if index >= 12, nameEnd(text, index - 12) == index { return index - 12..<index }
    for start in [index - 9, index - 6] where start >= 0 {
      if surnames.contains(character(text, start)), let end = nameEnd(text, start), end == index {
        let before = character(text, start - 3)
        if start == index - 6 || !isHan(before) || afterNames.contains(before) { return start..<end }
      }
    }
    return nil
  }

  /// Where an address begins that ends with the 室 at `room`: digits before it, and a road, a lane or a number before these.
  private func addressStart(_ text: Span<UInt8>, _ room: Int) -> Int? {
    guard room > 0, isDigit(text[room - 1]) else { return nil }
    var index = room
    var hasNumber = false
    var hasRoad = false
    var characters = 0
    while index > 0, characters < 48 {
      let byte = text[index - 1]
      if isDigit(byte) || byte == UInt8(ascii: "-") {
        index -= 1
      } else if byte >= 0x80 {
        let scalar = character(text, index - 3)
        guard isHan(scalar), !beforeAddresses.contains(scalar) else { break }
        // 号, 弄
        if scalar == 0x53f7 || scalar == 0x5f04 { hasNumber = true }
        if roadEndings.contains(scalar) { hasRoad = true }
        index -= 3
      } else if isLetter(byte) {
        index -= 1
      } else {
        break
      }
      characters += 1
    }
    return hasNumber && hasRoad ? index : nil
  }

  /// The number of a home: seven digits or eight after 家里电话 and the like, an area code before them perhaps.
  private func homeTelephone(_ text: Span<UInt8>, _ index: Int) -> Range<Int>? {
    let words: [StaticString] = ["家里电话", "家庭电话", "家中电话", "住宅电话", "宅电", "家里座机", "家庭座机"]
    guard let word = words.first(where: { hasPrefix(text, index, $0) }) else { return nil }
    let start = skipMarks(text, index + word.utf8CodeUnitCount)
    var end = start
    var digits = 0
    while end < text.count, isDigit(text[end]) || text[end] == UInt8(ascii: "-") {
      if isDigit(text[end]) { digits += 1 }
      end += 1
    }
    return (7...12).contains(digits) ? start..<end : nil
  }

  /// 24号楼1202, 23栋2单元903, 46号406: three or four digits right after the house end the address.
  private func roomWithoutWord(_ text: Span<UInt8>, _ index: Int) -> Range<Int>? {
    var end = index + 3
    while end < text.count, isDigit(text[end]) { end += 1 }
    // 208弄87-1703, 绿地雅苑36-1802
    if (1...3).contains(end - index - 3), end < text.count, text[end] == UInt8(ascii: "-"), index >= 6 {
      var room = end + 1
      while room < text.count, isDigit(text[room]) { room += 1 }
      guard (3...4).contains(room - end - 1), !isHan(character(text, room)) else { return nil }
      var start = index
      while start > 0, index - start < 60 {
        if isDigit(text[start - 1]) {
          start -= 1
        } else if isHan(character(text, start - 3)), !beforeAddresses.contains(character(text, start - 3)) {
          start -= 3
        } else {
          break
        }
      }
      return index - start >= 6 ? start..<room : nil
    }
    guard !estateEndings.contains(character(text, index)), (3...4).contains(end - index - 3),
      !isHan(character(text, end)), index > 0,
      isDigit(text[index - 1]) || isHan(character(text, index - 3)), let start = addressStart(text, end)
    else { return nil }
    return start..<end
  }

  /// 军字第12345678号; 〔2023〕 before the number tells a document.
  private func officerCard(_ text: Span<UInt8>, _ index: Int) -> Range<Int>? {
    guard index >= 3, officerWords.contains(character(text, index - 3)), character(text, index + 3) == 0x7b2c else {
      return nil
    }
    var end = index + 6
    let start = end
    while end < text.count, isDigit(text[end]) { end += 1 }
    // 号 is left out at the end of a cell.
    guard (6...10).contains(end - start), character(text, end) == 0x53f7 || (end == text.count && index == 3) else {
      return nil
    }
    return index - 3..<min(text.count, end + 3)
  }
}

/// Words that a name follows.
private let roleWords: [StaticString] = [
  "法定代表人", "联系人", "投诉人", "举报人", "反映人", "来电人", "申请人", "当事人", "负责人", "经办人", "监护人", "受害人", "嫌疑人", "被告人", "委托人", "代理人",
  "市民", "居民", "村民", "患者", "病人", "业主", "户主", "法人", "家长", "学生", "员工", "职工", "死者", "伤者", "司机", "乘客", "姓名", "原告", "被告",
  "家属",
  "承租人", "签收人", "签收", "志愿者", "网格员", "民警", "退款至", "致电", "收货人", "报修人", "楼组长", "收款人", "持证人", "拾得人", "预约人",
  "名叫", "我叫", "女儿", "儿子", "丈夫", "妻子", "父亲", "母亲", "经办", "男子", "女子", "老人", "房东", "租客", "收件人", "寄件人", "驾驶员", "店主", "经营者",
]
/// Why a character is looked around.
private enum CharacterKind: UInt8 {
  /// 室, the last of an address.
  case room = 1
  /// What stands before the number of a room, or of a house and a room: 楼, 单元, 弄, 号, 栋, 苑.
  case house
  /// 家里电话, 住宅电话, 宅电
  case home
  /// 字, in the number of an officer's card.
  case document
  /// 先生, 女士, 同志, 阿姨, 老师, after a name.
  case address
  /// 的
  case possessive
  /// 一, 幺, 壹
  case digit
  /// 微, in 微信号.
  case account
  /// 出生, 生于.
  case birth
  /// What a name is followed by: 反映, 投诉, 来电, 称, 表示; and 女, 男 in brackets.
  case saying

  /// From here on, characters that begin words which a name follows: which ones, counted from it.
  static let firstRole: UInt8 = 16

  static let characters: [(CharacterKind, String)] = [
    (.room, "室"), (.house, "楼元弄号栋苑园庭府村城"), (.home, "家住宅"), (.document, "字"), (.address, "先女同阿老"), (.possessive, "的"),
    (.digit, spelledDigits), (.account, "微"), (.birth, "出生"), (.saying, "反投来称表诉咨举报求男"),
  ]
}

/// `roleWords` by their first character, in the order of the list.
private let roleWordsByStart: [[StaticString]] = roleStarts.map { start in
  roleWords.filter { $0.description.unicodeScalars.first == start }
}
private let roleStarts: [Unicode.Scalar] = {
  var starts: [Unicode.Scalar] = []
  for word in roleWords {
    if let start = word.description.unicodeScalars.first, !starts.contains(start) { starts.append(start) }
  }
  return starts
}()

/// The characters at which names, addresses and officers' cards are looked for.
let roleAndPlaceCharacters: CharacterKinds = {
  var kinds = CharacterKinds()
  for (kind, characters) in CharacterKind.characters {
    for character in characters.unicodeScalars { kinds.set(kind.rawValue, of: character) }
  }
  for (place, start) in roleStarts.enumerated() { kinds.set(CharacterKind.firstRole + UInt8(place), of: start) }
  return kinds
}()

/// What else begins with characters that begin a role: 女士, 老师, 家里电话.
private let rolesWithAnotherKind: [UInt32: CharacterKind] = {
  var others: [UInt32: CharacterKind] = [:]
  for (kind, characters) in CharacterKind.characters {
    for character in characters.unicodeScalars where roleStarts.contains(character) { others[character.value] = kind }
  }
  return others
}()

/// What follows the name of somebody who says something.
private let sayings: [StaticString] = [
  "反映", "投诉", "来电", "来信", "来访", "称其", "称自", "称家", "表示", "诉称", "咨询", "举报", "报修", "求助",
]
/// Characters that begin what is written after a name.
private let afterNames = HanSet("反称说的电住手已要因在与和于同向对到报咨询问示提申请身证号现系是为将被把给及等之应需未曾最昨今上下日认某先女投诉求所该其从（，。；、：")
private let wordsAfterNames: [StaticString] = [
  "来电", "来访", "来信", "来函", "建议", "有关", "有一", "家住", "家中", "家庭", "家里", "表示", "表达", "阿姨", "老师", "大爷", "师傅", "年满", "月收",
]
/// The same after names of several parts, in which 提 and 江 are common.
private let afterLongNames = HanSet("来反称说申投要家住电的因在，。")
private let officeEndings = HanSet("局处科委办所站厅部院校会社队")
/// Endings of the names of estates, after which only a house and a room with a hyphen between them are an address.
private let estateEndings = HanSet("苑园庭府村城")
/// Characters before an address that are no part of it.
private let beforeAddresses = HanSet("住在于址至到的")
private let roadEndings = HanSet("路街道弄村坊苑园里巷")
private let officerWords = HanSet("军南北沈兰济广成海空参政后装士文武警")
