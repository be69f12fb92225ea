internal import Publication

// Dates and times on bytes: `DateFormatter` accepts what it should not (validation.md §7). False or nil: not of the type.

/// A fixed number of digits from `index` on; nil where they are not all there.
@inline(__always) func fixedDigits(_ text: Span<UInt8>, _ index: Int, _ count: Int) -> Int? {
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

/// `hh:mm:ss` from `start` on, in seconds of the day.
func readTime(_ text: Span<UInt8>, from start: Int = 0) -> Int? {
  guard text.count >= start + 8, text[start + 2] == UInt8(ascii: ":"), text[start + 5] == UInt8(ascii: ":"),
    let hour = fixedDigits(text, start, 2), let minute = fixedDigits(text, start + 3, 2),
    let second = fixedDigits(text, start + 6, 2), hour < 24, minute < 60, second < 60
  else { return nil }
  return hour * 3_600 + minute * 60 + second
}

/// XSD dateTime: `YYYY-MM-DDThh:mm:ss[.fraction][Z|±hh:mm]`; 24:00:00 is the next day's midnight.
struct CivilTime {
  /// Seconds from 1970-01-01T00:00:00, the zone taken off where there is one.
  var seconds: Int
  /// Fraction digits without zeros at the end.
  var fraction: [UInt8] = []
  var hasZone: Bool

  init?(_ text: Span<UInt8>) {
    guard let (year, yearEnd) = readYear(text, endingWith: UInt8(ascii: "-")), text.count >= yearEnd + 15,
      text[yearEnd + 3] == UInt8(ascii: "-"), let month = fixedDigits(text, yearEnd + 1, 2),
      let day = fixedDigits(text, yearEnd + 4, 2), let date = CivilDate(year: year, month: month, day: day),
      text[yearEnd + 6] == UInt8(ascii: "T")
    else { return nil }
    var index = yearEnd + 7
    // Midnight at the end of a day.
    let isEnd = fixedDigits(text, index, 2) == 24
    if isEnd {
      guard text[index + 2] == 0x3a, text[index + 5] == 0x3a, fixedDigits(text, index + 3, 2) == 0,
        fixedDigits(text, index + 6, 2) == 0
      else { return nil }
      seconds = 86_400
    } else {
      guard let time = readTime(text, from: index) else { return nil }
      seconds = time
    }
    seconds += date.daysSince1970 * 86_400
    index += 8
    if index < text.count && text[index] == UInt8(ascii: ".") {
      index += 1
      let start = index
      while index < text.count && isDigit(text[index]) { index += 1 }
      guard index > start else { return nil }
      for place in start..<index { fraction.append(text[place]) }
      while fraction.last == 0x30 { fraction.removeLast() }
      if isEnd && !fraction.isEmpty { return nil }
    }
    guard let zone = readZone(text, from: index) else { return nil }
    hasZone = zone.isGiven
    seconds -= zone.seconds
  }

  /// Equal moments have equal bytes, and times with and without a zone differ.
  var key: [UInt8] { Array("\(hasZone ? "Z" : "L")\(seconds).".utf8) + fraction }

  /// Nil where one has a zone and the other has none, and it could make the difference: 14 hours each way.
  ///
  /// - Source: XSD part 2 §3.2.7.4.
  func isLess(than other: CivilTime) -> Bool? {
    if hasZone != other.hasZone && abs(seconds - other.seconds) <= 14 * 3_600 { return nil }
    if seconds != other.seconds { return seconds < other.seconds }
    return fraction.lexicographicallyPrecedes(other.fraction)
  }
}

/// `Z`, `±hh:mm` up to 14:00, or nothing, from `start` to the end of the text.
func readZone(_ text: Span<UInt8>, from start: Int) -> (seconds: Int, isGiven: Bool)? {
  guard start < text.count else { return (0, false) }
  if text[start] == UInt8(ascii: "Z") { return start + 1 == text.count ? (0, true) : nil }
  guard text[start] == UInt8(ascii: "+") || text[start] == UInt8(ascii: "-"), text.count == start + 6,
    text[start + 3] == UInt8(ascii: ":"), let hours = fixedDigits(text, start + 1, 2),
    let minutes = fixedDigits(text, start + 4, 2), minutes < 60, hours < 14 || (hours == 14 && minutes == 0)
  else { return nil }
  return ((text[start] == UInt8(ascii: "-") ? -1 : 1) * (hours * 3_600 + minutes * 60), true)
}

/// An XSD year at the beginning of the text: four digits, or more without a leading zero, with an optional minus; 0000 is none.
///
/// - Parameter mark: the byte that must follow; nil for a zone or the end.
/// - Returns: the year, and where it ends.
private func readYear(_ text: Span<UInt8>, endingWith mark: UInt8?) -> (year: Int, end: Int)? {
  let start = text.count > 0 && text[0] == UInt8(ascii: "-") ? 1 : 0
  var end = start
  while end < text.count && isDigit(text[end]) { end += 1 }
  let count = end - start
  guard count >= 4, count <= 9, count == 4 || text[start] != 0x30, let value = fixedDigits(text, start, count),
    value != 0
  else { return nil }
  if let mark { guard end < text.count, text[end] == mark else { return nil } }
  return (start == 0 ? value : -value, end)
}

/// A year or a month with its zone, where one is given.
struct ZonedNumber {
  let value: Int
  let zone: (seconds: Int, isGiven: Bool)

  /// XSD gYear.
  init?(year text: Span<UInt8>) {
    guard let (year, end) = readYear(text, endingWith: nil), let zone = readZone(text, from: end) else { return nil }
    value = year
    self.zone = zone
  }

  /// XSD gYearMonth, in months.
  init?(yearMonth text: Span<UInt8>) {
    guard let (year, end) = readYear(text, endingWith: UInt8(ascii: "-")),
      let month = fixedDigits(text, end + 1, 2), (1...12).contains(month), let zone = readZone(text, from: end + 3)
    else { return nil }
    value = year * 12 + month - 1
    self.zone = zone
  }

  /// Nil for the same number in zones of which the order cannot be told.
  func isLess(than other: ZonedNumber) -> Bool? {
    if value != other.value { return value < other.value }
    guard zone.isGiven == other.zone.isGiven else { return nil }
    return zone.seconds > other.zone.seconds
  }
}

/// Unicode scalars in valid UTF-8.
func scalarCount(_ text: Span<UInt8>) -> Int {
  var count = 0
  for index in text.indices where text[index] & 0xc0 != 0x80 { count &+= 1 }
  return count
}
