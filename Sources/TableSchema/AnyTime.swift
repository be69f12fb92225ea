internal import Publication

// The format `any`: forms that are written often and can be read in one way only. 03/04/2024 is two days, and so it is none.

/// A date: year, month and day in this order, apart by one of `-` `/` `.` or 年月日, or `YYYYMMDD`; or a day, an English month and
/// a year in any order but the year first.
///
/// - Returns: the date, and where it ends.
func readAnyDate(_ text: Span<UInt8>) -> (date: CivilDate, end: Int)? {
  readNumericDate(text) ?? readNamedDate(text)
}

private func readNumericDate(_ text: Span<UInt8>) -> (date: CivilDate, end: Int)? {
  guard let year = fixedDigits(text, 0, 4) else { return nil }
  if let month = fixedDigits(text, 4, 2), let day = fixedDigits(text, 6, 2), text.count == 8 || !isDigit(text[8]) {
    return CivilDate(year: year, month: month, day: day).map { ($0, 8) }
  }
  let forms: [[[UInt8]]] = [
    [[0x2d], [0x2d], []], [[0x2f], [0x2f], []], [[0x2e], [0x2e], []], ["年", "月", "日"].map { Array($0.utf8) },
  ]
  for form in forms {
    var index = 4
    guard skip(form[0], text, &index), let month = shortNumber(text, &index), skip(form[1], text, &index),
      let day = shortNumber(text, &index), skip(form[2], text, &index)
    else { continue }
    return CivilDate(year: year, month: month, day: day).map { ($0, index) }
  }
  return nil
}

private func readNamedDate(_ text: Span<UInt8>) -> (date: CivilDate, end: Int)? {
  var index = 0
  var day: Int?
  if let number = shortNumber(text, &index) {
    day = number
    for ending in ["st", "nd", "rd", "th"] where skip(Array(ending.utf8), text, &index) { break }
    skipSpaces(text, &index)
  }
  guard let (month, end) = readName(text, index, monthNames) else { return nil }
  index = end
  if !skip([0x2e], text, &index) { _ = skip([0x2c], text, &index) }
  skipSpaces(text, &index)
  if day == nil {
    day = shortNumber(text, &index)
    for ending in ["st", "nd", "rd", "th"] where skip(Array(ending.utf8), text, &index) { break }
    _ = skip([0x2c], text, &index)
    skipSpaces(text, &index)
  }
  guard let day, let year = fixedDigits(text, index, 4) else { return nil }
  return CivilDate(year: year, month: month + 1, day: day).map { ($0, index + 4) }
}

/// A time: `h:mm[:ss[.fraction]]`, with `am` or `pm`, or an hour alone with one of them; then a zone.
///
/// - Returns: the published form, `hh:mm:ss`, then fraction and zone where they are given.
func readAnyTime(_ text: Span<UInt8>, from start: Int) -> (time: [UInt8], fraction: [UInt8], zone: [UInt8])? {
  var index = start
  guard var hour = shortNumber(text, &index) else { return nil }
  var minute = 0
  var second = 0
  var fraction: [UInt8] = []
  let hasMinutes = skip([0x3a], text, &index)
  if hasMinutes {
    guard let number = fixedDigits(text, index, 2) else { return nil }
    minute = number
    index += 2
    if skip([0x3a], text, &index) {
      guard let number = fixedDigits(text, index, 2) else { return nil }
      second = number
      index += 2
      if skip([0x2e], text, &index) {
        while index < text.count, isDigit(text[index]) {
          fraction.append(text[index])
          index += 1
        }
        guard !fraction.isEmpty else { return nil }
      }
    }
  }
  var afterSpaces = index
  skipSpaces(text, &afterSpaces)
  if let (half, end) = readName(text, afterSpaces, ["am", "pm"].map { Array($0.utf8) }) {
    guard (1...12).contains(hour) else { return nil }
    hour = hour % 12 + half * 12
    index = end
  } else if !hasMinutes {
    return nil
  }
  guard hour < 24, minute < 60, second < 60, readZone(text, from: index) != nil else { return nil }
  var zone: [UInt8] = []
  for place in index..<text.count { zone.append(text[place]) }
  return (clockText(hour, minute, second), fraction, zone)
}

func clockText(_ hour: Int, _ minute: Int, _ second: Int) -> [UInt8] {
  var text: [UInt8] = []
  for (number, value) in [hour, minute, second].enumerated() {
    if number > 0 { text.append(0x3a) }
    text += [0x30 + UInt8(value / 10), 0x30 + UInt8(value % 10)]
  }
  return text
}

func skipSpaces(_ text: Span<UInt8>, _ index: inout Int) {
  while index < text.count, text[index] == 0x20 { index += 1 }
}

private func skip(_ bytes: [UInt8], _ text: Span<UInt8>, _ index: inout Int) -> Bool {
  guard index + bytes.count <= text.count else { return false }
  for (offset, byte) in bytes.enumerated() where text[index + offset] != byte { return false }
  index += bytes.count
  return true
}

/// One or two digits.
private func shortNumber(_ text: Span<UInt8>, _ index: inout Int) -> Int? {
  guard index < text.count, isDigit(text[index]) else { return nil }
  var value = Int(text[index] - 0x30)
  index += 1
  if index < text.count, isDigit(text[index]) {
    value = value * 10 + Int(text[index] - 0x30)
    index += 1
  }
  return index < text.count && isDigit(text[index]) ? nil : value
}
