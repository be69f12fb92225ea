internal import Publication

// Check digits and forms of numbers, on bytes that were folded: digits are ASCII, letters in upper case.

/// ISO 7064 MOD 11-2 over the first 17 of 18 places; X is 10.
///
/// - Source: GB 11643-1999.
func hasIdentityCheckDigit(_ digits: ArraySlice<UInt8>, check: Int) -> Bool {
  var sum = 0
  for (place, digit) in digits.prefix(17).enumerated() { sum += Int(digit) * identityWeights[place] }
  return (12 - sum % 11) % 11 == check
}

private let identityWeights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]

/// Every second digit from the right but one doubled, the sum of all digits a multiple of ten.
///
/// - Source: ISO/IEC 7812-1, annex B.
func hasLuhnCheckDigit(_ digits: ArraySlice<UInt8>) -> Bool {
  var sum = 0
  for (place, digit) in digits.reversed().enumerated() {
    let value = place % 2 == 1 ? 2 * Int(digit) : Int(digit)
    sum += value > 9 ? value - 9 : value
  }
  return sum % 10 == 0
}

/// Whether a card of so many digits can begin so: UnionPay, Visa, Mastercard, JCB, American Express.
///
/// - Source: ISO/IEC 7812; privacy.md §1, row 11.
func isCardNumber(_ digits: ArraySlice<UInt8>) -> Bool {
  let start = digits.prefix(4).reduce(0) { $0 * 10 + Int($1) }
  return switch digits.count {
  case 16...19 where start / 100 == 62: true
  case 16:
    start / 1000 == 4 || (51...55).contains(start / 100) || (2221...2720).contains(start)
      || (3528...3589).contains(start)
  case 15: start / 100 == 34 || start / 100 == 37
  case 13: false
  default: false
  }
}

/// ISO 7064 MOD 11,10, as registration numbers of 15 places have it.
///
/// - Source: GS15-2006.
func hasRegistrationCheckDigit(_ digits: ArraySlice<UInt8>) -> Bool {
  var rest = 10
  for digit in digits.dropLast() {
    var sum = (rest + Int(digit)) % 10
    if sum == 0 { sum = 10 }
    rest = sum * 2 % 11
  }
  return (rest + Int(digits.last ?? 0)) % 10 == 1
}

/// Place of a character among those of a credit code; nil for others.
@inline(__always) private func creditCodeValue(_ letterOrDigit: UInt8) -> Int? {
  let byte = letterOrDigit >= 0x61 ? letterOrDigit & 0xdf : letterOrDigit
  return switch byte {
  case 0x30...0x39: Int(byte) - 0x30
  case 0x41...0x59:
    // No I, O, S, V, Z.
    switch byte {
    case UInt8(ascii: "I"), UInt8(ascii: "O"), UInt8(ascii: "S"), UInt8(ascii: "V"): nil
    default:
      Int(byte) - 0x37
        - (byte > UInt8(ascii: "I") ? 1 : 0) - (byte > UInt8(ascii: "O") ? 1 : 0) - (byte > UInt8(ascii: "S") ? 1 : 0)
        - (byte > UInt8(ascii: "V") ? 1 : 0)
    }
  default: nil
  }
}

/// Eighteen places, the last of them MOD 31 of the others, and in it a code of GB 11714 with its own check digit.
///
/// - Source: GB 32100-2015.
package func isCreditCode(_ text: Span<UInt8>) -> Bool {
  guard text.count == 18, isCreditCodeOffice(text[0]) else { return false }
  for place in 2..<8 where !isDigit(text[place]) { return false }
  var sum = 0
  var weight = 1
  for place in 0..<17 {
    guard let value = creditCodeValue(text[place]) else { return false }
    sum += value * weight
    // The weights are the powers of 3.
    weight = weight * 3 % 31
  }
  return (31 - sum % 31) % 31 == creditCodeValue(text[17])
}

/// The registering office, the first place of a credit code.
private func isCreditCodeOffice(_ byte: UInt8) -> Bool {
  switch byte {
  case 0x31...0x39: true
  case 0x41, 0x4e, 0x59, 0x61, 0x6e, 0x79: true
  default: false
  }
}

/// Whether the nine places of an organisation code in a credit code have their own check digit.
func hasOrganisationCode(_ text: ArraySlice<UInt8>) -> Bool {
  let code = Array(text.dropFirst(8).prefix(9))
  var sum = 0
  for place in 0..<8 {
    let byte = code[place]
    let value = byte >= 0x41 ? Int(byte) - 0x37 : Int(byte) - 0x30
    sum += value * organisationWeights[place]
  }
  let check = 11 - sum % 11
  return switch code[8] {
  case UInt8(ascii: "X"): check == 10
  case UInt8(ascii: "0"): check == 11
  case let digit: check == Int(digit) - 0x30
  }
}

private let organisationWeights = [3, 7, 9, 10, 5, 8, 4, 2]

/// One or two letters and six digits, the check digit in brackets or not.
///
/// - Parameter text: in upper case, without brackets.
/// - Source: the scheme of Hong Kong's Immigration Department: a space is 36, A is 10, weights 9 to 1, modulo 11.
func isHongKongIdentityCard(_ text: ArraySlice<UInt8>) -> Bool {
  guard text.count == 8 || text.count == 9 else { return false }
  let letters = text.count - 7
  var sum = letters == 1 ? 36 * 9 : 0
  var weight = letters == 1 ? 8 : 9
  for (place, byte) in text.enumerated() {
    let value: Int
    if place < letters {
      guard byte >= 0x41, byte <= 0x5a else { return false }
      value = Int(byte) - 55
    } else if place == text.count - 1 && byte == UInt8(ascii: "A") {
      value = 10
    } else {
      guard byte >= 0x30, byte <= 0x39 else { return false }
      value = Int(byte) - 0x30
    }
    sum += value * weight
    weight -= 1
  }
  return sum % 11 == 0
}

/// A letter, 1, 2, 8 or 9, and eight digits.
///
/// - Source: Taiwan's scheme: the letter is a number of two digits, weights 1 9 8 7 6 5 4 3 2 1 1, modulo 10.
func isTaiwanIdentityCard(_ text: ArraySlice<UInt8>) -> Bool {
  guard text.count == 10, let letter = text.first,
    let order = "ABCDEFGHJKLMNPQRSTUVXYWZIO".utf8.enumerated().first(where: { $1 == letter })?.offset
  else { return false }
  let digits = text.dropFirst().map { Int($0) - 0x30 }
  guard digits.allSatisfy({ (0...9).contains($0) }), [1, 2, 8, 9].contains(digits[0]) else { return false }
  var sum = (order + 10) / 10 + (order + 10) % 10 * 9
  for (place, digit) in digits.enumerated() { sum += digit * (place == 8 ? 1 : 8 - place) }
  return sum % 10 == 0
}

/// Whether the first four digits of an identity number are a prefecture that exists, or did since 1980.
///
/// Codes come and go, so an unknown one proves nothing: it only tells numbers that are identity numbers by chance.
///
/// - Source: GB/T 2260 and its changes.
func isKnownArea(_ digits: ArraySlice<UInt8>) -> Bool {
  let code = digits.prefix(4).map { Int($0) }
  guard code.count == 4 else { return false }
  let (province, prefecture) = (code[0] * 10 + code[1], code[2] * 10 + code[3])
  switch province {
  case 11, 12, 31: return prefecture == 1 || prefecture == 2
  case 50: return (1...3).contains(prefecture)
  case 71, 81, 82, 83: return true
  // Foreigners' cards since 2023.
  case 90...99: return true
  case 13, 14, 15, 21, 22, 23, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 51, 52, 53, 54, 61, 62, 63, 64, 65:
    return (1...20).contains(prefecture) || (21...35).contains(prefecture) || (40...43).contains(prefecture)
      || (51...53).contains(prefecture) || prefecture == 90
  default: return false
  }
}

/// A day of the calendar from 1850 to 2150, of eight digits.
func birthYear(_ digits: ArraySlice<UInt8>) -> Int? {
  birthYear(day: digits.prefix(8).reduce(0) { $0 * 10 + Int($1) })
}

/// The same of a day that is written as a number: 19850214.
func birthYear(day number: Int) -> Int? {
  let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100)
  guard year >= 1850, year <= 2150, (1...12).contains(month), day >= 1,
    day <= CivilDate.dayCount(year: year, month: month)
  else { return nil }
  return year
}
