internal import Tabular

/// Names and short codes that one row loses: nothing that is published of the row may hold them.
///
/// They are too common to be looked for in all rows: another person has the same name. Within its own row a name is that person's.
///
/// - Source: privacy.md §4, exact data matching.
struct OwnRow: ~Copyable {
  private struct Value {
    let range: Range<Int>
    /// The column that it was taken from.
    let column: Int
    /// It stands between what is no letter or digit.
    let isWord: Bool
    /// It is ideographs and nothing else, which are compared as they are written.
    let isHan: Bool
  }

  /// The values as they are compared, one after the other.
  private var text: [UInt8] = []
  private var values: [Value] = []
  private var folded = TextBuffer()

  var isEmpty: Bool { values.isEmpty }

  mutating func removeAll() {
    text.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
  }

  /// Adds a value that the row loses, where it says who somebody is.
  mutating func add(_ value: Span<UInt8>, column: Int) {
    guard value.count >= 5, value.count <= longest else { return }
    let start = text.count
    // Most names are ideographs and nothing else; most others are numbers, which are looked for everywhere.
    if value[0] >= 0xe4 && value[0] <= 0xe9 {
      appendIdeographs(value)
      if text.count > start {
        return values.append(Value(range: start..<text.count, column: column, isWord: false, isHan: true))
      }
    } else if isNumber(value) {
      return
    }
    folded.removeAll()
    folded.append(comparable: value)
    var (hanCount, letterCount, digitCount) = (0, 0, 0)
    folded.withBytes { folded in
      for index in folded.indices {
        let byte = folded[index]
        if byte >= 0xe3 && (byte <= 0xe9 || byte >= 0xf0) { hanCount += 1 }
        if byte >= 0x41 && byte <= 0x5a { letterCount += 1 }
        if byte >= 0x30 && byte <= 0x39 { digitCount += 1 }
        text.append(byte)
      }
    }
    let isName =
      hanCount >= 2 || (letterCount >= 1 && letterCount + digitCount >= 5) || (hanCount == 1 && digitCount >= 4)
    guard isName else { return text.removeLast(text.count - start) }
    // Spaces are gone: the words before and after a name written in letters touch it.
    let isWord = hanCount == 0 && (digitCount > 0 || letterCount < 8)
    values.append(Value(range: start..<text.count, column: column, isWord: isWord, isHan: false))
  }

  /// Appends a value of two and more ideographs of three bytes; nothing of any other.
  private mutating func appendIdeographs(_ value: Span<UInt8>) {
    guard value.count >= 6, value.count % 3 == 0 else { return }
    var index = 3
    while index < value.count {
      guard value[index] >= 0xe4, value[index] <= 0xe9 else { return }
      index += 3
    }
    for index in value.indices { text.append(value[index]) }
  }

  private func isNumber(_ value: Span<UInt8>) -> Bool {
    for index in 0..<value.count - 1 where value[index] < 0x30 || value[index] > 0x39 { return false }
    let last = value[value.count - 1]
    return (last >= 0x30 && last <= 0x39) || last | 0x20 == UInt8(ascii: "x")
  }

  /// Whether one of the values can stand in a text that goes out, from a quick look at it: few names have a last character that the
  /// rest of their row has too.
  func mayStand(in written: Span<UInt8>) -> Bool {
    for value in values
    where !value.isHan || holdsLastCharacter(of: text.span.extracting(value.range), in: written) { return true }
    return false
  }

  /// Calls for each value that stands in a text that goes out, with the value's column and where it stands in the comparable text.
  ///
  /// - Precondition: `comparable` is comparable text (`ComparableText`).
  func forEachPlace(in comparable: Span<UInt8>, _ body: (_ column: Int, _ place: Range<Int>) -> Void) {
    for value in values {
      let wanted = text.span.extracting(value.range)
      var from = 0
      while let start = indexOf(wanted, in: comparable, from: from) {
        // Seldom asked, because hardly any value stands there.
        guard namesSomebody(wanted) else { break }
        let place = start..<start + wanted.count
        if !value.isWord || isApart(place, in: comparable) { body(value.column, place) }
        from = start + 1
      }
    }
  }

  private func isApart(_ place: Range<Int>, in text: Span<UInt8>) -> Bool {
    (place.lowerBound == 0 || !isAlphanumeric(text[place.lowerBound - 1]))
      && (place.upperBound == text.count || !isAlphanumeric(text[place.upperBound]))
  }
}

/// Of values that are compared.
private let longest = 192

private func isAlphanumeric(_ byte: UInt8) -> Bool {
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a)
}

/// Whether a removed text says something of a person: not "unknown", and no organisation, which may rightly stand in two columns.
private func namesSomebody(_ text: Span<UInt8>) -> Bool {
  // 王知行 is a person: an ending of one character counts after four others, 3 bytes each.
  !nobody.contains(text) && !(text.count >= 9 && organisationEndings.isEnding(of: text))
}

/// A few short texts, close together: going over them counts no references.
private struct ShortTexts: Sendable {
  private let bytes: [UInt8]
  private let ends: [Int]

  init(_ texts: [String]) {
    var bytes: [UInt8] = []
    ends = texts.map { text in
      bytes += Array(text.utf8)
      return bytes.count
    }
    self.bytes = bytes
  }

  func contains(_ text: Span<UInt8>) -> Bool {
    var start = 0
    for end in ends {
      if end - start == text.count && areEqual(bytes.span.extracting(start..<end), text) { return true }
      start = end
    }
    return false
  }

  /// Whether a name of an organisation ends in one of them.
  func isEnding(of text: Span<UInt8>) -> Bool {
    var start = 0
    for end in ends {
      let count = end - start
      if text.count >= (count == 3 ? 15 : count + 3)
        && areEqual(text.extracting(last: count), bytes.span.extracting(start..<end))
      {
        return true
      }
      start = end
    }
    return false
  }
}

private let nobody = ShortTexts([
  "不详", "未知", "暂无", "其他", "没有", "匿名", "保密", "不适用", "无姓名", "空白", "本人", "同上", "UNKNOWN",
])

private let organisationEndings = ShortTexts([
  "公司", "企业", "中心", "事务所", "合作社", "经营部", "服务部", "厂", "店", "行", "院", "校", "会", "局", "委", "办", "处", "馆", "社", "站", "所",
  "街道", "镇", "区",
])
