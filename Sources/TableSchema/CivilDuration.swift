internal import Publication

/// XSD duration: `[-]PnYnMnDTnHnMnS`, months and seconds apart, because a month has no fixed number of days.
///
/// - Source: XSD part 2 §3.2.6: only seconds may have a fraction, and a `T` is followed by a part.
struct CivilDuration {
  private(set) var months: Int128 = 0
  private(set) var seconds: Int128 = 0
  /// Digits of the fraction without zeros at the end; with the sign of the whole.
  private(set) var fraction: [UInt8] = []
  private(set) var isNegative = false
  /// A part has more than 30 digits: it is a duration, but cannot be compared.
  private(set) var isBeyond = false

  init?(_ text: Span<UInt8>) {
    var index = 0
    if text.count > 0 && text[0] == UInt8(ascii: "-") {
      isNegative = true
      index = 1
    }
    guard index < text.count, text[index] == UInt8(ascii: "P") else { return nil }
    index += 1
    var isTime = false
    var partCount = 0
    var order = -1
    while index < text.count {
      if text[index] == UInt8(ascii: "T") {
        guard !isTime else { return nil }
        isTime = true
        partCount = 0
        index += 1
        continue
      }
      let start = index
      while index < text.count && isDigit(text[index]) { index += 1 }
      guard index > start, index < text.count else { return nil }
      let whole = start..<index
      var part: Range<Int>?
      if text[index] == UInt8(ascii: ".") {
        let fractionStart = index + 1
        index = fractionStart
        while index < text.count && isDigit(text[index]) { index += 1 }
        guard index > fractionStart, index < text.count else { return nil }
        part = fractionStart..<index
      }
      guard let place = Self.place(of: text[index], isTime: isTime), place > order,
        part == nil || text[index] == UInt8(ascii: "S")
      else { return nil }
      order = place
      add(text, whole, part, place)
      partCount += 1
      index += 1
    }
    guard partCount > 0 else { return nil }
  }

  private static func place(of letter: UInt8, isTime: Bool) -> Int? {
    switch (letter, isTime) {
    case (UInt8(ascii: "Y"), false): 0
    case (UInt8(ascii: "M"), false): 1
    case (UInt8(ascii: "D"), false): 2
    case (UInt8(ascii: "H"), true): 3
    case (UInt8(ascii: "M"), true): 4
    case (UInt8(ascii: "S"), true): 5
    default: nil
    }
  }

  private mutating func add(_ text: Span<UInt8>, _ whole: Range<Int>, _ part: Range<Int>?, _ place: Int) {
    var value: Int128 = 0
    for index in whole {
      // Of 30 digits the seconds of so many years, and their sums, stay within 128 bits.
      guard value < Self.greatestPart / 10 else {
        isBeyond = true
        return
      }
      value = value * 10 + Int128(text[index] - 0x30)
    }
    switch place {
    case 0: months += value * 12
    case 1: months += value
    case 2: seconds += value * 86_400
    case 3: seconds += value * 3_600
    case 4: seconds += value * 60
    default: seconds += value
    }
    if let part {
      for index in part { fraction.append(text[index]) }
      while fraction.last == 0x30 { fraction.removeLast() }
    }
  }

  private static let greatestPart: Int128 = 1_000_000_000_000_000_000_000_000_000_000

  private var isZero: Bool { months == 0 && seconds == 0 && fraction.isEmpty }

  /// Equal durations (P1Y = P12M, P1D = PT24H) have equal bytes; nil where a part is beyond comparison.
  var key: [UInt8]? {
    isBeyond ? nil : Array("\(isNegative && !isZero ? "-" : "")\(months)M\(seconds).".utf8) + fraction
  }

  /// Nil where it depends on the month that one begins in (P1M and P30D).
  ///
  /// - Source: XSD part 2 §3.2.6.2: compared after each of four moments.
  func isLess(than other: CivilDuration) -> Bool? {
    guard !isBeyond && !other.isBeyond else { return nil }
    let moments = [(1696, 9), (1697, 2), (1903, 3), (1903, 7)]
    let results = moments.map { year, month in
      (self.end(from: year * 12 + month - 1), other.end(from: year * 12 + month - 1))
    }.map { a, b in
      a.seconds != b.seconds
        ? a.seconds < b.seconds : compareFractions(a.fraction, isNegative, b.fraction, other.isNegative) < 0
    }
    return results.allSatisfy { $0 == results[0] } ? results[0] : nil
  }

  private func end(from month: Int) -> (seconds: Int128, fraction: [UInt8]) {
    let sign: Int128 = isNegative ? -1 : 1
    let total = Int128(month) + sign * months
    // The calendar repeats after 400 years, which are 4,800 months and 146,097 days.
    var (cycle, rest) = total.quotientAndRemainder(dividingBy: 4_800)
    if rest < 0 { (cycle, rest) = (cycle - 1, rest + 4_800) }
    let day = CivilDate(year: 2000 + Int(rest) / 12, month: Int(rest) % 12 + 1, day: 1)?.daysSince1970 ?? 0
    return ((cycle * 146_097 + Int128(day)) * 86_400 + sign * seconds, fraction)
  }
}

/// Less than, equal to or more than 0, as a is to b.
private func compareFractions(_ a: [UInt8], _ aIsNegative: Bool, _ b: [UInt8], _ bIsNegative: Bool) -> Int {
  func magnitude(_ a: [UInt8], _ b: [UInt8]) -> Int {
    a == b ? 0 : a.lexicographicallyPrecedes(b) ? -1 : 1
  }
  switch (aIsNegative, bIsNegative) {
  case (false, false): return magnitude(a, b)
  case (true, true): return magnitude(b, a)
  case (true, false): return a.isEmpty && b.isEmpty ? 0 : -1
  case (false, true): return a.isEmpty && b.isEmpty ? 0 : 1
  }
}
