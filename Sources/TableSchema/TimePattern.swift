internal import Publication

/// A format of dates and times in the syntax of strptime, with any literals: `%Y年%m月%d日`.
///
/// Understood: `%Y %y %m %d %j %H %I %M %S %f %p %b %B %a %A %z %Z %%`, `%F` and `%T`; names in English, in any case. As in C and
/// Python a number may leave out leading zeros, and `%y` is 1969…2068.
///
/// - Source: POSIX strptime; Python datetime, "strftime() and strptime() Behavior".
package struct TimePattern: Sendable, Hashable {
  package let text: String
  private let steps: [Step]

  private enum Step: Sendable, Hashable {
    case literal([UInt8])
    case number(Part, digits: Int)
    case monthName, weekday, half, fraction, zone, zoneName
    case space
  }

  private enum Part: Sendable, Hashable { case year, shortYear, month, day, dayOfYear, hour, hour12, minute, second }

  enum Kind { case date, time, datetime }

  /// - Throws: `SchemaError` for a directive that is not understood, and where parts of the value are missing.
  init(_ text: String, kind: Kind, at path: String) throws(SchemaError) {
    self.text = text
    var steps: [Step] = []
    func literal(_ byte: UInt8) {
      if case .literal(let bytes)? = steps.last {
        steps[steps.count - 1] = .literal(bytes + [byte])
      } else {
        steps.append(.literal([byte]))
      }
    }
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        if byte == 0x20 || byte == 0x09 {
          if steps.last != .space { steps.append(.space) }
        } else {
          literal(byte)
        }
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "Y"): steps.append(.number(.year, digits: 4))
      case UInt8(ascii: "y"): steps.append(.number(.shortYear, digits: 2))
      case UInt8(ascii: "m"): steps.append(.number(.month, digits: 2))
      case UInt8(ascii: "d"), UInt8(ascii: "e"): steps.append(.number(.day, digits: 2))
      case UInt8(ascii: "j"): steps.append(.number(.dayOfYear, digits: 3))
      case UInt8(ascii: "H"): steps.append(.number(.hour, digits: 2))
      case UInt8(ascii: "I"): steps.append(.number(.hour12, digits: 2))
      case UInt8(ascii: "M"): steps.append(.number(.minute, digits: 2))
      case UInt8(ascii: "S"): steps.append(.number(.second, digits: 2))
      case UInt8(ascii: "F"):
        steps += [
          .number(.year, digits: 4), .literal([0x2d]), .number(.month, digits: 2), .literal([0x2d]),
          .number(.day, digits: 2),
        ]
      case UInt8(ascii: "T"):
        steps += [
          .number(.hour, digits: 2), .literal([0x3a]), .number(.minute, digits: 2), .literal([0x3a]),
          .number(.second, digits: 2),
        ]
      case UInt8(ascii: "f"): steps.append(.fraction)
      case UInt8(ascii: "p"): steps.append(.half)
      case UInt8(ascii: "b"), UInt8(ascii: "B"), UInt8(ascii: "h"): steps.append(.monthName)
      case UInt8(ascii: "a"), UInt8(ascii: "A"): steps.append(.weekday)
      case UInt8(ascii: "z"): steps.append(.zone)
      case UInt8(ascii: "Z"): steps.append(.zoneName)
      case UInt8(ascii: "%"): literal(UInt8(ascii: "%"))
      case let other?:
        throw SchemaError(
          path, "the directive %\(String(decoding: [other], as: UTF8.self)) is not supported"
        )
      case nil: throw SchemaError(path, "ends with a %")
      }
    }
    self.steps = steps
    try checkParts(kind, path)
  }

  private func checkParts(_ kind: Kind, _ path: String) throws(SchemaError) {
    func has(_ wanted: Part...) -> Bool {
      steps.contains { if case .number(let part, _) = $0 { wanted.contains(part) } else { false } }
    }
    let hasDay = has(.dayOfYear) || (has(.day) && (has(.month) || steps.contains(.monthName)))
    let hasDate = has(.year, .shortYear) && hasDay
    let hasTime = has(.hour) || (has(.hour12) && steps.contains(.half))
    let isWhole =
      switch kind {
      case .date: hasDate
      case .time: hasTime
      case .datetime: hasDate && hasTime
      }
    guard isWhole else {
      throw SchemaError(
        path,
        kind == .time
          ? "is neither default, any nor a pattern that gives an hour (%H, or %I with %p)"
          : "is neither default, any nor a pattern that gives year, month and day\(kind == .datetime ? " and an hour" : "")"
      )
    }
  }

  /// What a text says, as far as the pattern asks for it.
  struct Moment {
    var year = 1970
    var month = 1
    var day = 1
    var dayOfYear: Int?
    var hour = 0
    var isAfternoon: Bool?
    var minute = 0
    var second = 0
    var fraction: [UInt8] = []
    /// `Z` or `±hh:mm`.
    var zone: [UInt8] = []

    var date: CivilDate? {
      guard let dayOfYear else { return CivilDate(year: year, month: month, day: day) }
      guard let first = CivilDate(year: year, month: 1, day: 1) else { return nil }
      let found = CivilDate(daysSince1970: first.daysSince1970 + dayOfYear - 1)
      return dayOfYear >= 1 && found.year == year ? found : nil
    }

    /// Nil where hour, minute or second are none.
    var time: (hour: Int, minute: Int, second: Int)? {
      var hour = hour
      if let isAfternoon {
        guard (1...12).contains(hour) else { return nil }
        hour = hour % 12 + (isAfternoon ? 12 : 0)
      }
      return hour < 24 && minute < 60 && second < 60 ? (hour, minute, second) : nil
    }
  }

  func read(_ text: Span<UInt8>) -> Moment? {
    var moment = Moment()
    var index = 0
    for (number, step) in steps.enumerated() {
      switch step {
      case .literal(let bytes):
        guard index + bytes.count <= text.count else { return nil }
        for (offset, byte) in bytes.enumerated() where text[index + offset] != byte { return nil }
        index += bytes.count
      case .space:
        guard index < text.count, text[index] == 0x20 || text[index] == 0x09 else { return nil }
        while index < text.count, text[index] == 0x20 || text[index] == 0x09 { index += 1 }
      case .number(let part, let digits):
        // Before another number all digits are needed, else 2024111 could be two days.
        let isFollowed = number + 1 < steps.count && { if case .number = steps[number + 1] { true } else { false } }()
        guard let value = readDigits(text, &index, atMost: digits, atLeast: part == .year || isFollowed ? digits : 1)
        else { return nil }
        set(part, value, in: &moment)
      case .fraction:
        let start = index
        while index < text.count, isDigit(text[index]), index - start < 9 { index += 1 }
        guard index > start else { return nil }
        for place in start..<index { moment.fraction.append(text[place]) }
      case .monthName:
        guard let (value, end) = readName(text, index, monthNames) else { return nil }
        (moment.month, index) = (value + 1, end)
      case .weekday:
        guard let (_, end) = readName(text, index, dayNames) else { return nil }
        index = end
      case .half:
        guard let (value, end) = readName(text, index, ["am", "pm", "上午", "下午"].map { Array($0.utf8) }) else {
          return nil
        }
        (moment.isAfternoon, index) = (value % 2 == 1, end)
      case .zone:
        guard let (zone, end) = readOffset(text, index) else { return nil }
        (moment.zone, index) = (zone, end)
      case .zoneName:
        guard let (_, end) = readName(text, index, ["utc", "gmt"].map { Array($0.utf8) }) else { return nil }
        (moment.zone, index) = ([UInt8(ascii: "Z")], end)
      }
    }
    return index == text.count ? moment : nil
  }

  private func set(_ part: Part, _ value: Int, in moment: inout Moment) {
    switch part {
    case .year: moment.year = value
    case .shortYear: moment.year = value < 69 ? 2000 + value : 1900 + value
    case .month: moment.month = value
    case .day: moment.day = value
    case .dayOfYear: moment.dayOfYear = value
    case .hour, .hour12: moment.hour = value
    case .minute: moment.minute = value
    case .second: moment.second = value
    }
    if part == .hour12 && !(1...12).contains(value) { moment.hour = 99 }
  }
}

private func readDigits(_ text: Span<UInt8>, _ index: inout Int, atMost: Int, atLeast: Int) -> Int? {
  let start = index
  var value = 0
  while index < text.count, index - start < atMost, isDigit(text[index]) {
    value = value * 10 + Int(text[index] - 0x30)
    index += 1
  }
  return index - start >= atLeast ? value : nil
}

/// `Z`, `±hh:mm` or `±hhmm`, as `±hh:mm`.
private func readOffset(_ text: Span<UInt8>, _ index: Int) -> (zone: [UInt8], end: Int)? {
  guard index < text.count else { return nil }
  if text[index] == UInt8(ascii: "Z") { return ([UInt8(ascii: "Z")], index + 1) }
  guard text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-"),
    let hours = fixedDigits(text, index + 1, 2), hours <= 14
  else { return nil }
  let hasColon = index + 3 < text.count && text[index + 3] == UInt8(ascii: ":")
  let place = index + (hasColon ? 4 : 3)
  guard let minutes = fixedDigits(text, place, 2), minutes < 60, hours < 14 || minutes == 0 else { return nil }
  let digits = [text[index + 1], text[index + 2], UInt8(ascii: ":"), text[place], text[place + 1]]
  return ([text[index]] + digits, place + 2)
}

let monthNames: [[UInt8]] = [
  "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
  "december",
].map { Array($0.utf8) }

private let dayNames: [[UInt8]] = [
  "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
].map { Array($0.utf8) }

/// One of the names, whole or its first three letters, in any case.
///
/// - Returns: which one, and where it ends.
func readName(_ text: Span<UInt8>, _ start: Int, _ names: [[UInt8]]) -> (number: Int, end: Int)? {
  func stands(_ name: ArraySlice<UInt8>) -> Bool {
    guard start + name.count <= text.count else { return false }
    for (offset, byte) in name.enumerated() {
      let found = text[start + offset]
      guard (found < 0x80 ? found | 0x20 : found) == byte else { return false }
    }
    return true
  }
  for (number, name) in names.enumerated() where stands(name[...]) { return (number, start + name.count) }
  for (number, name) in names.enumerated() where name.count > 3 && name[0] < 0x80 && stands(name[..<3]) {
    return (number, start + 3)
  }
  return nil
}
