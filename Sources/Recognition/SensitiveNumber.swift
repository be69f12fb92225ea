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
/// - Parameter found: called once for each number; what it is, never what it says.
/// - Complexity: O(bytes).
/// - Source: privacy.md §1, rows 1, 3, 5, 6 and 9.
package func findSensitiveNumbers(in text: ArraySlice<UInt8>, _ found: (SensitiveNumber) -> Void) {
  let needsFolding = text.contains { $0 == 0xef || $0 == 0xe2 || $0 == 0xc2 || $0 == 0xd0 || $0 == 0xd1 }
  let plain = needsFolding ? foldedText(text)[...] : text
  var run = DigitRun()
  var index = plain.startIndex
  while index < plain.endIndex {
    guard isDigit(plain[index]) else {
      index += 1
      continue
    }
    index = run.collect(plain, from: index)
    if run.digits.count >= 11 { run.report(found) }
  }
}

private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

/// Digits in groups that one separator parts: `138 0013 8000`, `310105-19491231-0026`.
private struct DigitRun {
  var digits: [UInt8] = []
  /// Length of each group, and the separator before it (0 for the first).
  private var groups: [(count: Int, separator: UInt8)] = []
  /// An X right after the last digit, as a check digit may be.
  private var endsInX = false

  /// Collects the run that starts at `from`, and gives the index after it.
  mutating func collect(_ text: ArraySlice<UInt8>, from: Int) -> Int {
    digits.removeAll(keepingCapacity: true)
    groups.removeAll(keepingCapacity: true)
    endsInX = false
    var index = from
    var separator: UInt8 = 0
    while true {
      let start = index
      while index < text.endIndex && isDigit(text[index]) {
        digits.append(text[index] - 0x30)
        index += 1
      }
      groups.append((index - start, separator))
      guard index < text.endIndex else { return index }
      let byte = text[index]
      if byte == UInt8(ascii: "X") || byte == UInt8(ascii: "x") {
        endsInX = true
        return index
      }
      guard byte == UInt8(ascii: " ") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "."),
        index + 1 < text.endIndex
      else {
        return index
      }
      if isDigit(text[index + 1]) {
        separator = byte
        index += 1
      } else if text[index + 1] == UInt8(ascii: "X") || text[index + 1] == UInt8(ascii: "x") {
        endsInX = true
        return index
      } else {
        return index
      }
    }
  }

  func report(_ found: (SensitiveNumber) -> Void) {
    if digits.count >= 17 {
      for start in 0...(digits.count - 17) where isIdentityNumber(at: start) { found(.residentIdentityNumber) }
    }
    for group in groups.indices where isMobileNumber(at: group) { found(.mobileNumber) }
  }

  /// Seventeen digits with a day of birth and the check digit that ISO 7064 MOD 11-2 gives.
  ///
  /// The area code is not looked at: codes come and go, and 81, 82 and 83 are in use too.
  private func isIdentityNumber(at start: Int) -> Bool {
    let check: Int
    if start + 17 < digits.count {
      check = Int(digits[start + 17])
    } else if endsInX {
      check = 10
    } else {
      return false
    }
    func number(_ from: Int, _ count: Int) -> Int {
      digits[start + from..<start + from + count].reduce(0) { $0 * 10 + Int($1) }
    }
    let year = number(6, 4), month = number(10, 2), day = number(12, 2)
    guard year >= 1850, year <= 2150, (1...12).contains(month), day >= 1,
      day <= CivilDate.dayCount(year: year, month: month)
    else {
      return false
    }
    var sum = 0
    for place in 0..<17 { sum += Int(digits[start + place]) * identityWeights[place] }
    return (12 - sum % 11) % 11 == check
  }

  /// `1[3-9]` and nine digits: in one group, or in groups as people write them, after `86`, `+86` or `0086` or not.
  ///
  /// No list of segments: they grow every year.
  private func isMobileNumber(at group: Int) -> Bool {
    let start = groups[..<group].reduce(0) { $0 + $1.count }
    let isFraction = group > 0 && groups[group].separator == UInt8(ascii: ".")
    func starts(at offset: Int) -> Bool { digits[start + offset] == 1 && digits[start + offset + 1] >= 3 }
    switch groups[group].count {
    case 11: return !isFraction && starts(at: 0)
    case 13: return digits[start] == 8 && digits[start + 1] == 6 && starts(at: 2)
    case 15: return digits[start..<start + 4].elementsEqual([0, 0, 8, 6]) && starts(at: 4)
    case 3, 5, 7: break
    default: return false
    }
    guard !isFraction, starts(at: 0) else { return false }
    for form in writtenForms where groups.count >= group + form.count {
      let parts = groups[group..<group + form.count]
      let separators = Set(parts.dropFirst().map(\.separator))
      if parts.map(\.count) == form && separators.count == 1 { return true }
    }
    return false
  }
}

private let identityWeights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
private let writtenForms = [[3, 4, 4], [3, 8], [7, 4], [3, 3, 5], [5, 6]]
