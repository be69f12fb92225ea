internal import Publication
internal import Tabular

/// The numbers of persons that may never be published.
package enum SensitiveNumber: String, Sendable, CaseIterable {
  /// 公民身份号码, 18 places, also inside longer numbers; residence permits of the same form included.
  case residentIdentityNumber = "resident-identity-number"
  /// 手机号码 of mainland China.
  case mobileNumber = "mobile-number"
}

/// Looks through UTF-8 text for sensitive numbers: every place, never a sample; no word boundaries, because Chinese text has none.
///
/// Full-width digits and invisible characters are seen through, and so are spaces, hyphens and dots between groups of digits.
/// - Parameters:
///   - isNumber: the text is a value of a numeric column: only the whole number that it stands for is looked at.
///   - found: called once for each number; what it is, never what it says.
/// - Complexity: O(bytes).
/// - Source: privacy.md §1, rows 1, 3, 5, 6 and 9.
package func findSensitiveNumbers(
  in text: ArraySlice<UInt8>, isNumber: Bool = false, _ found: (SensitiveNumber) -> Void
) {
  let plain = text.contains { $0 >= 0x80 || $0 == UInt8(ascii: "&") } ? foldedText(text)[...] : text
  findSensitiveNumbers(inFolded: plain, isNumber: isNumber, found)
}

/// The same for text that went through `foldedText` already.
package func findSensitiveNumbers(
  inFolded plain: ArraySlice<UInt8>, isNumber: Bool = false, _ found: (SensitiveNumber) -> Void
) {
  if isNumber {
    // A fraction is a measurement or an amount; 1.38001380E10 is a whole number all the same.
    guard let digits = wholeNumber(plain) else { return }
    DigitRun(digits).report(found)
    return
  }
  var run = DigitRun()
  var index = plain.startIndex
  while index < plain.endIndex {
    guard isDigit(plain[index]) else {
      index += 1
      continue
    }
    index = run.collect(plain, from: index)
    run.report(found)
  }
}

/// The digits of a decimal number that is whole and has at most 40 of them; nil for any other.
private func wholeNumber(_ text: ArraySlice<UInt8>) -> [UInt8]? {
  var digits: [UInt8] = []
  var point: Int?
  var exponent = 0
  var index = text.first == UInt8(ascii: "-") ? text.startIndex + 1 : text.startIndex
  while index < text.endIndex {
    let byte = text[index]
    index += 1
    if isDigit(byte) {
      digits.append(byte - 0x30)
    } else if byte == UInt8(ascii: ".") && point == nil {
      point = digits.count
    } else if byte | 0x20 == UInt8(ascii: "e") {
      guard let power = Int(String(decoding: text[index...], as: UTF8.self)), abs(power) <= 40 else { return nil }
      exponent = power
      break
    } else {
      return nil
    }
  }
  let whole = (point ?? digits.count) + exponent
  guard whole > 0, whole <= 40 else { return nil }
  if digits.count > whole {
    guard digits[whole...].allSatisfy({ $0 == 0 }) else { return nil }
    digits.removeSubrange(whole...)
  }
  digits.append(contentsOf: repeatElement(0, count: whole - digits.count))
  return digits
}

private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

/// What people write between the groups of one number.
private func isSeparator(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "~"),
    UInt8(ascii: "("), UInt8(ascii: ")"), 0x09, 0x0a, 0x0d:
    true
  default: false
  }
}

/// Digits in groups with at most three separators between them: `138 0013 8000`, `310105 - 19491231 - 0026`.
private struct DigitRun {
  private var digits: [UInt8] = []
  private var groups: [Group] = []
  /// An X right after the last digit, as a check digit may be; or a `*` that hides it.
  private var endsInX = false
  private var endsInStar = false
  /// Such a run is as good as endless: a list of coordinates.
  ///
  /// It is reported in pieces that overlap.
  private static let digitLimit = 4_096

  init() {}

  /// One group, of a numeric value.
  init(_ digits: [UInt8]) {
    self.digits = digits
    groups = [
      Group(textStart: 0, start: 0, count: digits.count, followsPoint: false, isCode: false, hasExponentTen: false)
    ]
  }

  private struct Group {
    let textStart: Int
    let start: Int
    let count: Int
    /// Whether exactly one stop stands before it, as in a decimal number.
    let followsPoint: Bool
    /// A single letter right before it, as in the number of a permit.
    let isCode: Bool
    /// An exponent of ten right after it, as spreadsheets write long numbers: `1.3800138E10`.
    let hasExponentTen: Bool
  }

  /// Collects the run that starts at `from`, and gives the index after it.
  mutating func collect(_ text: ArraySlice<UInt8>, from: Int) -> Int {
    digits.removeAll(keepingCapacity: true)
    groups.removeAll(keepingCapacity: true)
    (endsInX, endsInStar) = (false, false)
    var index = from
    var followsPoint = false
    while true {
      let start = digits.count
      let groupStart = index
      while index < text.endIndex && isDigit(text[index]) {
        digits.append(text[index] - 0x30)
        index += 1
      }
      groups.append(
        Group(
          textStart: groupStart, start: start, count: index - groupStart, followsPoint: followsPoint,
          isCode: followsSingleLetter(text, groupStart), hasExponentTen: isExponentTen(text, index)))
      var next = index
      while next < text.endIndex && next - index < 3 && isSeparator(text[next]) { next += 1 }
      guard next < text.endIndex else { return index }
      if text[next] == UInt8(ascii: "X") || text[next] == UInt8(ascii: "x") {
        endsInX = true
        return index
      }
      if next == index && text[next] == UInt8(ascii: "*") {
        endsInStar = true
        return index
      }
      guard next > index, isDigit(text[next]) else { return index }
      // The next piece takes up the last groups again: a number may lie across the cut.
      if digits.count >= Self.digitLimit && groups.count > 24 { return groups[groups.count - 12].textStart }
      followsPoint = next == index + 1 && text[index] == UInt8(ascii: ".")
      index = next
    }
  }

  func report(_ found: (SensitiveNumber) -> Void) {
    if digits.count >= 17 {
      for start in 0...(digits.count - 17) where isIdentityNumber(at: start) && isOneNumber(at: start) {
        found(.residentIdentityNumber)
      }
    }
    for group in groups.indices where isMobileNumber(at: group) { found(.mobileNumber) }
  }

  /// Whether eighteen places from `start` on lie in one group, or begin and end where groups do: parts of one number, and not the
  /// end of one and the beginning of the next.
  private func isOneNumber(at start: Int) -> Bool {
    guard let first = groups.lastIndex(where: { $0.start <= start }) else { return false }
    let end = min(start + 18, digits.count)
    if end <= groups[first].start + groups[first].count { return true }
    guard groups[first].start == start, let last = groups.firstIndex(where: { $0.start + $0.count >= end }),
      groups[last].start + groups[last].count == end
    else { return false }
    // Single digits: eighteen of them, and no more.
    let isSpelled = groups[first...last].allSatisfy { $0.count == 1 }
    let continues =
      (first > 0 && groups[first - 1].count == 1) || (last + 1 < groups.count && groups[last + 1].count == 1)
    return !(isSpelled && continues) && !groups[first...last].dropFirst().allSatisfy(\.followsPoint)
  }

  /// Seventeen digits with a day of birth and the check digit that ISO 7064 MOD 11-2 gives.
  ///
  /// The area code is not looked at: codes come and go, and 81, 82 and 83 are in use too.
  private func isIdentityNumber(at start: Int) -> Bool {
    let check: Int?
    if start + 17 < digits.count {
      check = Int(digits[start + 17])
    } else if endsInX {
      check = 10
    } else if endsInStar {
      // All but the check digit is there, and that can be worked out.
      check = nil
    } else {
      return false
    }
    func number(_ from: Int, _ count: Int) -> Int {
      digits[start + from..<start + from + count].reduce(0) { $0 * 10 + Int($1) }
    }
    let year = number(6, 4)
    let month = number(10, 2)
    let day = number(12, 2)
    guard year >= 1850, year <= 2150, (1...12).contains(month), day >= 1,
      day <= CivilDate.dayCount(year: year, month: month)
    else { return false }
    guard let check else { return true }
    var sum = 0
    for place in 0..<17 { sum += Int(digits[start + place]) * identityWeights[place] }
    return (12 - sum % 11) % 11 == check
  }

  /// `1[3-9]` and nine digits: in one group, or in groups as people write them, after `86`, `+86`, `0086` or `0` or not.
  ///
  /// No list of segments: they grow every year.
  private func isYear(_ group: Group) -> Bool {
    group.count == 4 && [[1, 9], [2, 0]].contains(Array(digits[group.start..<group.start + 2]))
  }

  private func isMobileStart(_ start: Int) -> Bool {
    start + 1 < digits.count && digits[start] == 1 && digits[start + 1] >= 3
  }

  private func isMobileNumber(at index: Int) -> Bool {
    let group = groups[index]
    func starts(at offset: Int) -> Bool { isMobileStart(group.start + offset) }
    func begins(with prefix: [UInt8]) -> Bool {
      digits[group.start...].starts(with: prefix) && starts(at: prefix.count)
    }
    // 0.13800138000 is a fraction; 1.13800138000 may be the first item of a list.
    let isFraction =
      group.followsPoint && index > 0 && groups[index - 1].count == 1 && digits[groups[index - 1].start] == 0
    switch group.count {
    case 11: return !isFraction && !group.isCode && starts(at: 0)
    case 12: return !isFraction && !group.isCode && begins(with: [0])
    case 13: return !isFraction && begins(with: [8, 6])
    case 15: return !isFraction && begins(with: [0, 0, 8, 6])
    // Several numbers run together.
    case let count where count >= 22 && count % 11 == 0:
      return !isFraction && stride(from: 0, to: group.count, by: 11).allSatisfy(starts)
    default: break
    }
    if group.hasExponentTen && group.followsPoint && group.count >= 6 && index > 0 {
      let whole = groups[index - 1]
      return whole.count == 1 && digits[whole.start] == 1 && digits[group.start] >= 3
    }
    guard group.count <= 7, !group.followsPoint || index == 0, isMobileStart(group.start) else { return false }
    return writtenForms.contains { form in
      guard groups.count >= index + form.count else { return false }
      let parts = groups[index..<index + form.count]
      // Digits one by one: eleven of them, and no more.
      if form[0] == 1 {
        let end = index + form.count
        if index > 0 && groups[index - 1].count == 1 || end < groups.count && groups[end].count == 1 { return false }
      }
      // 131.47123456 is a longitude.
      let isDecimal = form.count == 2 && parts.dropFirst().allSatisfy(\.followsPoint)
      // 195-2021-2024 are years.
      let areYears = form == [3, 4, 4] && parts.dropFirst().allSatisfy { isYear($0) }
      return !isDecimal && !areYears && zip(parts, form).allSatisfy { $0.count == $1 }
    }
  }
}

/// One letter, with no letter before it: `D13112345678` is a permit, `tel13800138000` is not.
private func followsSingleLetter(_ text: ArraySlice<UInt8>, _ index: Int) -> Bool {
  func isLetter(_ position: Int) -> Bool {
    position >= text.startIndex && (text[position] | 0x20) >= 0x61 && (text[position] | 0x20) <= 0x7a
  }
  return isLetter(index - 1) && !isLetter(index - 2)
}

private func isExponentTen(_ text: ArraySlice<UInt8>, _ index: Int) -> Bool {
  guard index + 2 < text.endIndex, text[index] | 0x20 == UInt8(ascii: "e") else { return false }
  let start = text[index + 1] == UInt8(ascii: "+") ? index + 2 : index + 1
  return text[start...].starts(with: "10".utf8)
}

private let identityWeights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
private let writtenForms = [
  [3, 4, 4], [3, 8], [7, 4], [3, 3, 5], [5, 6], [4, 3, 4], [6, 5], [4, 4, 3],
  [2, 4, 5], [5, 3, 3], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
]
