// Each reader takes the text of one cell and, where it is of the type, appends the form that Daylight publishes. False: it is
// not of the type, and nothing was appended. All work on bytes: `Double`, `Decimal` and `DateFormatter` accept what they
// should not (validation.md §7).

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
  let start = canonical.count
  var reading = NumberReading(
    rest: options.isBare ? text : bareNumber(in: text, options, isInteger: isInteger), options: options)
  if reading.read(isInteger: isInteger, appendingTo: &canonical) { return true }
  canonical.removeSubrange(start...)
  return false
}

/// From the first to the last digit, with a sign just before it, and a point on either side: what stands around it goes.
///
/// A whole number has no point: one beside it belongs to the rest.
private func bareNumber(in text: ArraySlice<UInt8>, _ options: FieldType.NumberOptions, isInteger: Bool)
  -> ArraySlice<UInt8>
{
  guard var first = text.firstIndex(where: isDigit), var last = text.lastIndex(where: isDigit) else { return text }
  if !isInteger, text[..<first].suffix(options.decimalChar.count).elementsEqual(options.decimalChar) {
    first -= options.decimalChar.count
  }
  if !isInteger, text[(last + 1)...].starts(with: options.decimalChar) { last += options.decimalChar.count }
  if first > text.startIndex, text[first - 1] == UInt8(ascii: "-") || text[first - 1] == UInt8(ascii: "+") {
    first -= 1
  }
  return text[first...last]
}

private struct NumberReading {
  var rest: ArraySlice<UInt8>
  let options: FieldType.NumberOptions

  private mutating func skip(_ prefix: [UInt8]) -> Bool {
    guard rest.starts(with: prefix) else { return false }
    rest = rest.dropFirst(prefix.count)
    return true
  }

  private mutating func takeDigits() -> ArraySlice<UInt8> {
    let digits = rest.prefix(while: isDigit)
    rest = rest[digits.endIndex...]
    return digits
  }

  mutating func read(isInteger: Bool, appendingTo canonical: inout [UInt8]) -> Bool {
    let isNegative = rest.first == UInt8(ascii: "-")
    let isSigned = isNegative || rest.first == UInt8(ascii: "+")
    if isSigned { rest = rest.dropFirst() }
    if !isInteger, let first = rest.first, !isDigit(first), !rest.starts(with: options.decimalChar) {
      return readSpecialNumber(rest, isNegative: isNegative, isSigned: isSigned, appendingTo: &canonical)
    }
    if isNegative { canonical.append(UInt8(ascii: "-")) }
    guard var sawDigit = readWholePart(appendingTo: &canonical) else { return false }
    guard !isInteger else { return sawDigit && rest.isEmpty }
    if skip(options.decimalChar) {
      if !sawDigit { canonical.append(0x30) }
      let fraction = takeDigits()
      if !fraction.isEmpty {
        canonical.append(UInt8(ascii: "."))
        canonical.append(contentsOf: fraction)
        sawDigit = true
      }
    }
    guard sawDigit else { return false }
    guard rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") else { return rest.isEmpty }
    rest = rest.dropFirst()
    canonical.append(UInt8(ascii: "E"))
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      canonical.append(sign)
      rest = rest.dropFirst()
    }
    let exponent = takeDigits()
    canonical.append(contentsOf: exponent)
    return !exponent.isEmpty && rest.isEmpty
  }

  /// Digits, with group characters between them; false where there is no digit, nil where a group character stands elsewhere.
  private mutating func readWholePart(appendingTo canonical: inout [UInt8]) -> Bool? {
    let start = canonical.count
    var sawDigit = false
    while true {
      let digits = takeDigits()
      for digit in digits {
        if canonical.count == start + 1 && canonical[start] == 0x30 { canonical.removeLast() }
        canonical.append(digit)
        sawDigit = true
      }
      guard let group = options.groupChar, !digits.isEmpty, skip(group) else { return sawDigit }
      guard let next = rest.first, isDigit(next) else { return nil }
    }
  }
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
