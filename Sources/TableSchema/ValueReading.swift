internal import Publication

// Each reader takes the text of one cell and, where it is of the type, appends the form that Daylight publishes. False: it is
// not of the type, and nothing was appended. All work on bytes: `Double`, `Decimal` and `DateFormatter` accept what they
// should not (validation.md §7).

private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

/// Whether a number stands in its published form already: an optional minus, digits without a superfluous zero before them, and,
/// unless it must be whole, a point with digits after it.
///
/// Most do; what does not is left to `readNumber`.
func isPublishedNumber(_ text: Span<UInt8>, isInteger: Bool) -> Bool {
  let count = text.count
  var index = 0
  if count > 0 && text[0] == UInt8(ascii: "-") { index = 1 }
  let start = index
  while index < count && isDigit(text[index]) { index &+= 1 }
  guard index > start, index == start + 1 || text[start] != 0x30 else { return false }
  if index == count { return true }
  guard !isInteger, text[index] == UInt8(ascii: "."), index + 1 < count else { return false }
  index &+= 1
  while index < count && isDigit(text[index]) { index &+= 1 }
  return index == count
}

/// XSD decimal with an optional exponent, or NaN, INF, -INF in any case; whole numbers only where `isInteger`.
///
/// The published form keeps the digits: a plus sign, superfluous leading zeros and group characters go, a lone point gets its
/// zero (`.5` → `0.5`, `5.` → `5`), so that it is a JSON number too.
func readNumber(
  _ text: ArraySlice<UInt8>, options: FieldType.NumberOptions, isInteger: Bool, appendingTo canonical: inout [UInt8]
) -> Bool {
  var text = text
  if !options.isBare {
    // Text around the number goes: from the first to the last digit, with a sign or point just before it.
    func isPart(_ byte: UInt8) -> Bool { isDigit(byte) || byte == options.decimalChar }
    guard let first = text.firstIndex(where: isPart), let last = text.lastIndex(where: isPart) else { return false }
    let hasSign =
      first > text.startIndex && (text[first - 1] == UInt8(ascii: "-") || text[first - 1] == UInt8(ascii: "+"))
    text = text[(hasSign ? first - 1 : first)...last]
  }
  var index = text.startIndex
  let end = text.endIndex
  var isNegative = false
  if index < end, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") {
    isNegative = text[index] == UInt8(ascii: "-")
    index += 1
  }
  if !isInteger && index < end && !isDigit(text[index]) && text[index] != options.decimalChar {
    return readSpecialNumber(
      text[index...], isNegative: isNegative, isSigned: index > text.startIndex, appendingTo: &canonical)
  }
  let start = canonical.count
  if isNegative { canonical.append(UInt8(ascii: "-")) }
  let digitsStart = canonical.count
  var sawDigit = false
  while index < end {
    let byte = text[index]
    if isDigit(byte) {
      if canonical.count == digitsStart + 1 && canonical[digitsStart] == 0x30 { canonical.removeLast() }
      canonical.append(byte)
      sawDigit = true
    } else if let group = options.groupChar, byte == group {
      // A group character stands between digits.
      guard sawDigit, index + 1 < end, isDigit(text[index + 1]) else {
        canonical.removeSubrange(start...)
        return false
      }
    } else {
      break
    }
    index += 1
  }
  if !isInteger && index < end && text[index] == options.decimalChar {
    index += 1
    let fraction = text[index...].prefix(while: isDigit)
    if !sawDigit { canonical.append(0x30) }
    if !fraction.isEmpty {
      canonical.append(UInt8(ascii: "."))
      canonical.append(contentsOf: fraction)
      sawDigit = true
    }
    index = fraction.endIndex
  }
  if !isInteger && sawDigit && index < end && (text[index] == UInt8(ascii: "e") || text[index] == UInt8(ascii: "E")) {
    index += 1
    var exponent: [UInt8] = [UInt8(ascii: "E")]
    if index < end, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") {
      exponent.append(text[index])
      index += 1
    }
    let digits = text[index...].prefix(while: isDigit)
    index = digits.isEmpty ? text.startIndex : digits.endIndex
    canonical.append(contentsOf: exponent)
    canonical.append(contentsOf: digits)
  }
  guard sawDigit && index == end else {
    canonical.removeSubrange(start...)
    return false
  }
  return true
}

private func readSpecialNumber(
  _ text: ArraySlice<UInt8>, isNegative: Bool, isSigned: Bool, appendingTo canonical: inout [UInt8]
) -> Bool {
  guard text.count == 3 else { return false }
  let upper = text.map { $0 & 0xdf }
  if upper == Array("NAN".utf8) && !isSigned {
    canonical.append(contentsOf: "NaN".utf8)
    return true
  }
  guard upper == Array("INF".utf8), isNegative || !isSigned else { return false }
  canonical.append(contentsOf: (isNegative ? "-INF" : "INF").utf8)
  return true
}

/// A fixed number of digits from `index` on; nil where they are not all there.
private func fixedDigits(_ text: Span<UInt8>, _ index: Int, _ count: Int) -> Int? {
  guard index + count <= text.count else { return nil }
  var value = 0
  for offset in 0..<count {
    guard isDigit(text[index + offset]) else { return nil }
    value = value * 10 + Int(text[index + offset] - 0x30)
  }
  return value
}

/// `YYYY-MM-DD`, a day of the calendar, from `start` on.
func readDate(_ text: Span<UInt8>, from start: Int = 0) -> CivilDate? {
  guard text.count >= start + 10, text[start + 4] == UInt8(ascii: "-"), text[start + 7] == UInt8(ascii: "-"),
    let year = fixedDigits(text, start, 4), let month = fixedDigits(text, start + 5, 2),
    let day = fixedDigits(text, start + 8, 2)
  else { return nil }
  return CivilDate(year: year, month: month, day: day)
}

/// XSD dateTime of four-digit years: `YYYY-MM-DDThh:mm:ss[.fraction][Z|±hh:mm]`; 24:00:00 is the next day's midnight.
struct CivilTime {
  /// Seconds from 1970-01-01T00:00:00, the zone taken off where there is one.
  var seconds: Int
  /// Fraction digits without zeros at the end.
  var fraction: [UInt8] = []
  var hasZone: Bool

  init?(_ text: Span<UInt8>) {
    guard text.count >= 19, let date = readDate(text), text[10] == UInt8(ascii: "T"), text[13] == UInt8(ascii: ":"),
      text[16] == UInt8(ascii: ":"), let hour = fixedDigits(text, 11, 2), let minute = fixedDigits(text, 14, 2),
      let second = fixedDigits(text, 17, 2), minute < 60, second < 60,
      hour < 24 || (hour == 24 && minute == 0 && second == 0)
    else { return nil }
    var index = 19
    if index < text.count && text[index] == UInt8(ascii: ".") {
      index += 1
      let start = index
      while index < text.count && isDigit(text[index]) { index += 1 }
      guard index > start else { return nil }
      for place in start..<index { fraction.append(text[place]) }
      while fraction.last == 0x30 { fraction.removeLast() }
      if hour == 24 && !fraction.isEmpty { return nil }
    }
    seconds = date.daysSince1970 * 86_400 + hour * 3_600 + minute * 60 + second
    hasZone = false
    if index < text.count {
      hasZone = true
      if text[index] == UInt8(ascii: "Z") {
        index += 1
      } else {
        guard text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-"), text.count == index + 6,
          text[index + 3] == UInt8(ascii: ":"), let hours = fixedDigits(text, index + 1, 2),
          let minutes = fixedDigits(text, index + 4, 2), minutes < 60, hours < 14 || (hours == 14 && minutes == 0)
        else { return nil }
        seconds -= (text[index] == UInt8(ascii: "-") ? -1 : 1) * (hours * 3_600 + minutes * 60)
        index += 6
      }
    }
    guard index == text.count else { return nil }
  }

  /// Equal moments have equal bytes, and times with and without a zone differ.
  var key: [UInt8] { Array("\(hasZone ? "Z" : "L")\(seconds).".utf8) + fraction }

  /// Nil where one has a zone and the other has none: they cannot be compared.
  func isLess(than other: CivilTime) -> Bool? {
    guard hasZone == other.hasZone else { return nil }
    if seconds != other.seconds { return seconds < other.seconds }
    return fraction.lexicographicallyPrecedes(other.fraction)
  }
}

/// XSD gYear without a zone: four digits, or more without a leading zero, with an optional minus; 0000 is no year.
///
/// - Parameter end: where the year ends.
func readYear(_ text: Span<UInt8>, to end: Int) -> Int? {
  let start = end > 0 && text[0] == UInt8(ascii: "-") ? 1 : 0
  let count = end - start
  guard count >= 4, count <= 9, count == 4 || text[start] != 0x30, let value = fixedDigits(text, start, count),
    value != 0
  else { return nil }
  return start == 0 ? value : -value
}

/// XSD gYearMonth without a zone: `YYYY-MM`; in months from year 0.
func readYearMonth(_ text: Span<UInt8>) -> Int? {
  guard text.count >= 7, text[text.count - 3] == UInt8(ascii: "-"), let year = readYear(text, to: text.count - 3),
    let month = fixedDigits(text, text.count - 2, 2), (1...12).contains(month)
  else { return nil }
  return year * 12 + month - 1
}

/// Unicode scalars in valid UTF-8.
func scalarCount(_ text: Span<UInt8>) -> Int {
  var count = 0
  for index in text.indices where text[index] & 0xc0 != 0x80 { count &+= 1 }
  return count
}
