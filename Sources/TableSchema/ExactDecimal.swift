/// A decimal number of any size, compared exactly: 0.3 is 0.30 and is not 0.30000000000000001.
package struct ExactDecimal: Sendable, Hashable, Comparable {
  /// -1, 0 or 1; ±2 for the infinities, 3 for NaN.
  package let sign: Int
  /// Digits (0…9) without zeros at either end.
  package let digits: [UInt8]
  /// The value is 0.d₁d₂d₃… × 10^exponent.
  package let exponent: Int

  /// Reads canonical text: digits with an optional minus, point and exponent, or NaN, INF, -INF.
  ///
  /// - Precondition: text that `readNumber` accepted.
  package init(canonical text: ArraySlice<UInt8>) {
    var isNegative = false
    var digits: [UInt8] = []
    var exponent = 0
    var seenPoint = false
    var index = text.startIndex
    switch text.first {
    case UInt8(ascii: "N"):
      (sign, self.digits, self.exponent) = (3, [], 0)
      return
    case UInt8(ascii: "I"):
      (sign, self.digits, self.exponent) = (2, [], 0)
      return
    case UInt8(ascii: "-"):
      isNegative = true
      index += 1
      if index < text.endIndex && text[index] == UInt8(ascii: "I") {
        (sign, self.digits, self.exponent) = (-2, [], 0)
        return
      }
    default: break
    }
    while index < text.endIndex {
      let byte = text[index]
      index += 1
      switch byte {
      case UInt8(ascii: "."): seenPoint = true
      case UInt8(ascii: "e"), UInt8(ascii: "E"):
        // An exponent beyond Int is beyond any use: it saturates.
        let power =
          Int(String(decoding: text[index...], as: UTF8.self))
          ?? (text[index...].first == UInt8(ascii: "-") ? -(1 << 40) : 1 << 40)
        exponent += max(-Self.greatestPower, min(Self.greatestPower, power))
        index = text.endIndex
      default:
        let digit = byte - UInt8(ascii: "0")
        if digits.isEmpty && digit == 0 {
          if seenPoint { exponent -= 1 }
        } else {
          digits.append(digit)
          if !seenPoint { exponent += 1 }
        }
      }
    }
    while digits.last == 0 { digits.removeLast() }
    sign = digits.isEmpty ? 0 : isNegative ? -1 : 1
    self.digits = digits
    self.exponent = digits.isEmpty ? 0 : exponent
  }

  /// Exponents beyond this are taken for this: nothing comes near it, and sums cannot overflow.
  private static let greatestPower = 1 << 40

  package var isFinite: Bool { abs(sign) <= 1 }

  package static func < (a: Self, b: Self) -> Bool {
    if a.sign != b.sign { return a.sign < b.sign }
    if a.sign == 0 || !a.isFinite { return false }
    let isSmaller: Bool
    if a.exponent != b.exponent {
      isSmaller = a.exponent < b.exponent
    } else {
      if a.digits == b.digits { return false }
      isSmaller = a.digits.lexicographicallyPrecedes(b.digits)
    }
    return a.sign > 0 ? isSmaller : !isSmaller
  }

  /// Whether a reader that uses 64-bit floating point gets the value back: at most 15 digits, and not over 2⁵³ where it is
  /// an integer.
  package var survivesDouble: Bool {
    guard isFinite else { return true }
    let isInteger = digits.count <= exponent
    if isInteger { return !(Self.greatestSafeInteger < magnitude) }
    return digits.count <= 15 && abs(exponent) <= 300
  }

  var isWhole: Bool { isFinite && digits.count <= exponent || sign == 0 }

  /// Whether the value is a whole number of times the other; nil where that takes more digits than are looked at.
  func isMultiple(of divisor: ExactDecimal) -> Bool? {
    guard isFinite, divisor.isFinite, divisor.sign != 0 else { return nil }
    guard sign != 0 else { return true }
    let (place, divisorPlace) = (exponent - digits.count, divisor.exponent - divisor.digits.count)
    // The last digit is not 0: a multiple has no digits beyond those of the divisor.
    guard place >= divisorPlace else { return false }
    guard place - divisorPlace <= 400, divisor.digits.count <= 18 else { return nil }
    var whole: UInt64 = 0
    for digit in divisor.digits { whole = whole * 10 + UInt64(digit) }
    var rest: UInt64 = 0
    for digit in digits + [UInt8](repeating: 0, count: place - divisorPlace) {
      rest = UInt64((UInt128(rest) * 10 + UInt128(digit)) % UInt128(whole))
    }
    return rest == 0
  }

  private static let greatestSafeInteger = ExactDecimal(canonical: Array("9007199254740992".utf8)[...])

  private var magnitude: ExactDecimal { ExactDecimal(sign: abs(sign), digits: digits, exponent: exponent) }

  private init(sign: Int, digits: [UInt8], exponent: Int) {
    self.sign = sign
    self.digits = digits
    self.exponent = exponent
  }

  /// One text for each value: equal numbers have equal bytes.
  package var key: [UInt8] {
    guard isFinite else { return Array((sign == 3 ? "NaN" : sign == 2 ? "INF" : "-INF").utf8) }
    guard sign != 0 else { return [UInt8(ascii: "0")] }
    return (sign < 0 ? [UInt8(ascii: "-")] : []) + digits.map { $0 + UInt8(ascii: "0") } + Array("E\(exponent)".utf8)
  }
}
