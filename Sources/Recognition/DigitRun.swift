// Runs of digits as people write them, and the numbers of persons in them.

/// The digits of a decimal number that is whole and has at most 40 of them; nil for any other.
func wholeNumber(_ text: ArraySlice<UInt8>) -> [UInt8]? {
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

@inline(__always) func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

/// What people write between the groups of one number.
func isSeparator(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "~"),
    UInt8(ascii: "("), UInt8(ascii: ")"), 0x09, 0x0a, 0x0d:
    true
  default: false
  }
}

/// Digits in groups with at most three separators between them: `138 0013 8000`, `310105 - 19491231 - 0026`.
struct DigitRun {
  private(set) var digits: [UInt8] = []
  /// Of each digit, its index in the text.
  private var places: [Int] = []
  /// The index after the run, an X at its end included.
  private var end = 0
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
    places = Array(digits.indices)
    end = digits.count
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
    var hasExponentSeventeen = false
  }

  /// Collects the run that starts at `from`, and gives the index after it.
  mutating func collect(_ text: Span<UInt8>, from: Int) -> Int {
    digits.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    groups.removeAll(keepingCapacity: true)
    (endsInX, endsInStar) = (false, false)
    var index = from
    var followsPoint = false
    while true {
      let start = digits.count
      let groupStart = index
      while index < text.count && isDigit(text[index]) {
        digits.append(text[index] - 0x30)
        places.append(index)
        index += 1
      }
      groups.append(
        Group(
          textStart: groupStart, start: start, count: index - groupStart, followsPoint: followsPoint,
          isCode: followsSingleLetter(text, groupStart), hasExponentTen: isExponent("10", text, index),
          hasExponentSeventeen: isExponent("17", text, index)))
      var next = index
      while next < text.count && next - index < 3 && isSeparator(text[next]) { next += 1 }
      guard next < text.count else { return index }
      if text[next] == UInt8(ascii: "X") || text[next] == UInt8(ascii: "x") {
        endsInX = true
        end = next + 1
        return index
      }
      if next == index && text[next] == UInt8(ascii: "*") {
        endsInStar = true
        end = next + 1
        return index
      }
      guard next > index, isDigit(text[next]) else { return index }
      // The next piece takes up the last groups again: a number may lie across the cut.
      if digits.count >= Self.digitLimit && groups.count > 24 { return groups[groups.count - 12].textStart }
      followsPoint = next == index + 1 && text[index] == UInt8(ascii: ".")
      index = next
    }
  }

  /// Calls for every number that stands in the run.
  func report(_ found: (Recognition) -> Void) {
    if digits.count >= 17 {
      for start in 0...(digits.count - 17) {
        if let number = identityNumber(at: start) { found(number) }
      }
    }
    for group in groups.indices {
      if isDamagedIdentityNumber(at: group) {
        found(Recognition(.residentIdentityNumber, range(ofGroups: group - 1..<group + 1), .certain))
      } else if let count = mobileNumber(at: group) {
        found(Recognition(.mobileNumber, range(ofGroups: group..<group + count), .certain))
      } else if let count = cardNumber(at: group) {
        found(Recognition(.bankCardNumber, range(ofGroups: group..<group + count), .certain))
      } else if isFormerIdentityNumber(at: group) {
        found(Recognition(.formerIdentityNumber, range(ofGroups: group..<group + 1), .possible))
      }
    }
  }

  private func range(ofGroups range: Range<Int>) -> Range<Int> {
    let last = groups[range.upperBound - 1]
    return groups[range.lowerBound].textStart..<last.textStart + last.count
  }

  /// A card of 13 to 19 digits, in one group or in fours, as it is printed on it; gives the number of groups.
  private func cardNumber(at index: Int) -> Int? {
    let group = groups[index]
    func isCard(_ start: Int, _ count: Int) -> Bool {
      let number = digits[start..<start + count]
      return isCardNumber(number) && hasLuhnCheckDigit(number)
    }
    if (15...19).contains(group.count) { return !group.isCode && isCard(group.start, group.count) ? 1 : nil }
    // In groups as it is printed or typed: the first has four digits or six.
    guard group.count == 4 || group.count == 6 else { return nil }
    var count = group.count
    var next = index + 1
    var best: Int?
    while next < groups.count, groups[next].count >= 2, count + groups[next].count <= 19, next - index < 5 {
      count += groups[next].count
      next += 1
      if count >= 15 && isCard(group.start, count) { best = next - index }
    }
    return best
  }

  /// 3.10105194912310E+17: what a spreadsheet makes of an identity number.
  private func isDamagedIdentityNumber(at index: Int) -> Bool {
    let group = groups[index]
    guard group.hasExponentSeventeen, group.followsPoint, index > 0, groups[index - 1].count == 1, group.count >= 13
    else {
      return false
    }
    let number = digits[(group.start - 1)..<(group.start + group.count)]
    guard isKnownArea(number) else { return false }
    let year = number.dropFirst(6).prefix(4).reduce(0) { $0 * 10 + Int($1) }
    let month = number.dropFirst(10).prefix(2).reduce(0) { $0 * 10 + Int($1) }
    return (1900...2030).contains(year) && (1...12).contains(month)
  }

  private func isFormerIdentityNumber(at index: Int) -> Bool {
    let group = groups[index]
    guard group.count == 15, !group.isCode else { return false }
    let number = digits[group.start..<group.start + 15]
    return isKnownArea(number) && birthYear([1, 9] + number.dropFirst(6).prefix(6)) != nil
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
    // 310105.19491231.002X is written so; 1.2.3 is a version; /2020/20200708/132795 is the address of a page.
    let sizes = groups[first...last].map(\.count)
    return !(isSpelled && continues) && sizes != [4, 8, 6]
      && (sizes == [6, 8, 4] || sizes == [6, 8, 3] || !groups[first...last].dropFirst().allSatisfy(\.followsPoint))
  }

  /// Seventeen digits with a day of birth and the check digit that ISO 7064 MOD 11-2 gives; with another check digit only possible.
  ///
  /// The area code proves nothing: codes come and go, and 81, 82 and 83 are in use too.
  private func identityNumber(at start: Int) -> Recognition? {
    // A look at the century first: most numbers are none.
    guard digits[start + 6] == 1 || digits[start + 6] == 2 else { return nil }
    let number = digits[start..<start + 17]
    guard let year = birthYear(number.dropFirst(6).prefix(8)) else { return nil }
    var certainty = Certainty.certain
    var stop = end
    if start + 17 < digits.count {
      stop = places[start + 17] + 1
      if !hasIdentityCheckDigit(number, check: Int(digits[start + 17])) { certainty = .possible }
    } else if endsInX {
      if !hasIdentityCheckDigit(number, check: 10) { certainty = .possible }
    } else if !endsInStar {
      // Where a star stands, all but the check digit is there, and that can be worked out.
      return nil
    }
    let hasKnownArea = isKnownArea(number)
    // One wrong digit leaves area and date as they are.
    guard certainty == .certain || (hasKnownArea && (1900...2030).contains(year)), isOneNumber(at: start) else {
      return nil
    }
    var recognition = Recognition(.residentIdentityNumber, places[start]..<stop, certainty)
    recognition.year = year
    recognition.hasKnownArea = hasKnownArea
    return recognition
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

  /// How many groups the number takes up; nil where there is none.
  private func mobileNumber(at index: Int) -> Int? {
    let group = groups[index]
    // 16821344236.00 is an amount.
    if index + 1 < groups.count, groups[index + 1].followsPoint, groups[index + 1].count == 2, group.count == 11 {
      return nil
    }
    func starts(at offset: Int) -> Bool { isMobileStart(group.start + offset) }
    func begins(with prefix: [UInt8]) -> Bool {
      digits[group.start...].starts(with: prefix) && starts(at: prefix.count)
    }
    // 0.13800138000 is a fraction; 1.13800138000 may be the first item of a list.
    let isFraction =
      group.followsPoint && index > 0 && groups[index - 1].count == 1 && digits[groups[index - 1].start] == 0
    switch group.count {
    case 11: return !isFraction && !group.isCode && starts(at: 0) ? 1 : nil
    case 12: return !isFraction && !group.isCode && begins(with: [0]) ? 1 : nil
    case 13: return !isFraction && begins(with: [8, 6]) ? 1 : nil
    case 15: return !isFraction && begins(with: [0, 0, 8, 6]) ? 1 : nil
    // Several numbers run together.
    case let count where count >= 22 && count % 11 == 0:
      return !isFraction && stride(from: 0, to: group.count, by: 11).allSatisfy(starts) ? 1 : nil
    default: break
    }
    if group.hasExponentTen && group.followsPoint && group.count >= 6 && index > 0 {
      let whole = groups[index - 1]
      return whole.count == 1 && digits[whole.start] == 1 && digits[group.start] >= 3 ? 1 : nil
    }
    guard group.count <= 7, !group.followsPoint || index == 0, isMobileStart(group.start) else { return nil }
    return writtenForms.first { form in
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
    }?.count
  }
}

/// One letter, with no letter before it: `D13112345678` is a permit, `tel13800138000` is not.
private func followsSingleLetter(_ text: Span<UInt8>, _ index: Int) -> Bool {
  func isLetter(_ position: Int) -> Bool {
    position >= 0 && (text[position] | 0x20) >= 0x61 && (text[position] | 0x20) <= 0x7a
  }
  return isLetter(index - 1) && !isLetter(index - 2)
}

private func isExponent(_ power: StaticString, _ text: Span<UInt8>, _ index: Int) -> Bool {
  guard index + 2 < text.count, text[index] | 0x20 == UInt8(ascii: "e") else { return false }
  let start = text[index + 1] == UInt8(ascii: "+") ? index + 2 : index + 1
  return hasPrefix(text, start, power)
}

private let writtenForms = [
  [3, 4, 4], [3, 8], [7, 4], [3, 3, 5], [5, 6], [4, 3, 4], [6, 5], [4, 4, 3],
  [2, 4, 5], [5, 3, 3], [3, 5, 3], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
]
