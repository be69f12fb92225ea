internal import Publication

/// Rounds numbers to a multiple of a step, exactly, within bounds.
struct NumberGeneralisation: Sendable {
  private let scale: Int
  private let step: Int
  private let least: Int?
  private let most: Int?
  private let rounding: Transform.Rounding

  /// Nil where step and bounds together need more than 18 digits, or the step is not over 0.
  init?(step: String, atLeast: String?, atMost: String?, rounding: Transform.Rounding = .down) {
    self.rounding = rounding
    func decimals(_ text: String?) -> Int {
      text?.split(separator: ".", omittingEmptySubsequences: false).dropFirst().first?.utf8.count ?? 0
    }
    let scale = max(decimals(step), decimals(atLeast), decimals(atMost))
    func scaled(_ text: String) -> Int? { scaledFloor(Array(text.utf8)[...], scale: scale)?.value }
    guard let scaledStep = scaled(step), scaledStep > 0 else { return nil }
    self.scale = scale
    self.step = scaledStep
    least = atLeast.flatMap(scaled)
    most = atMost.flatMap(scaled)
    guard (least == nil) == (atLeast == nil), (most == nil) == (atMost == nil) else { return nil }
  }

  /// Appends the rounded number; false for a number that is none or beyond 18 digits.
  func apply(_ text: ArraySlice<UInt8>, appendingTo output: inout [UInt8]) -> Bool {
    guard let floor = scaledFloor(text, scale: scale) else { return false }
    var value = floor.value
    let remainder = (value % step + step) % step
    value -= remainder
    // Twice the remainder may be one less than the step, and what was cut off makes up for it only where the step is odd.
    if rounding == .nearest && (2 * remainder >= step || (2 * remainder == step - 1 && floor.isHalfMore)) {
      value += step
    }
    if let least, value < least { value = least }
    if let most, value > most { value = most }
    if value < 0 { output.append(UInt8(ascii: "-")) }
    var digits = String(value.magnitude)
    if scale > 0 {
      if digits.utf8.count <= scale { digits = String(repeating: "0", count: scale + 1 - digits.utf8.count) + digits }
      digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -scale))
    }
    output.append(contentsOf: digits.utf8)
    return true
  }
}

/// The greatest whole number of 10^-scale that is not over the decimal text, and whether that is a half or more over it; nil for
/// exponents, NaN and over 18 digits.
private func scaledFloor(_ text: ArraySlice<UInt8>, scale: Int) -> (value: Int, isHalfMore: Bool)? {
  var value = 0
  var decimals: Int?
  var isCut = false
  /// The first digit that is cut off, and whether others follow that are not 0.
  var next: UInt8?
  var hasMore = false
  let isNegative = text.first == UInt8(ascii: "-")
  for byte in isNegative ? text.dropFirst() : text {
    if byte == UInt8(ascii: ".") && decimals == nil {
      decimals = 0
      continue
    }
    guard byte >= 0x30 && byte <= 0x39 else { return nil }
    if let places = decimals {
      if places == scale {
        if byte != 0x30 { isCut = true }
        if next == nil { next = byte - 0x30 } else if byte != 0x30 { hasMore = true }
        continue
      }
      decimals = places + 1
    }
    let (product, overflow) = value.multipliedReportingOverflow(by: 10)
    guard !overflow, product < 1_000_000_000_000_000_000 else { return nil }
    value = product + Int(byte - 0x30)
  }
  for _ in (decimals ?? 0)..<scale {
    let (product, overflow) = value.multipliedReportingOverflow(by: 10)
    guard !overflow, product < 1_000_000_000_000_000_000 else { return nil }
    value = product
  }
  guard isNegative else { return (value, (next ?? 0) >= 5) }
  // Of -0.3 the floor is -1, and it is 0.7 over it.
  let isHalfMore = isCut && ((next ?? 0) < 5 || (next == 5 && !hasMore))
  return (-value - (isCut ? 1 : 0), isHalfMore)
}
