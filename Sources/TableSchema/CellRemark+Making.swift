internal import Publication
internal import Tabular

extension FieldCheck {
  /// What can be said of a value that is wrong.
  func remark(on text: Span<UInt8>, showsValue: Bool) -> CellRemark {
    let bytes = copy(text)
    return CellRemark(
      shape: characterClasses(of: text), hint: hint(for: bytes), value: showsValue ? shown(bytes) : nil)
  }

  /// On one line, at most eighty characters.
  private func shown(_ text: [UInt8]) -> String {
    let scalars = String(decoding: text.prefix(400), as: UTF8.self).unicodeScalars
    var value = String.UnicodeScalarView()
    for scalar in scalars.prefix(80) {
      let isPlain =
        scalar.value >= 0x20 && !(0x7f...0x9f).contains(scalar.value) && !(0x2028...0x202e).contains(scalar.value)
      value.append(isPlain ? scalar : "\u{fffd}")
    }
    return String(value) + (scalars.count > 80 || text.count > 400 ? "…" : "")
  }

  /// What would make the value right: each is tried.
  private func hint(for text: [UInt8]) -> FixHint? {
    // What is longer is no slip of the pen.
    guard !text.isEmpty, text.count <= 200 else { return nil }
    if field.categories?.contains(where: { $0.label.map { Array($0.utf8) } == text }) == true { return .label }
    let narrow = halfWidth(text[...])
    if holds(Array(trimmed(text[...]))) { return .outerSpaces }
    if holds(narrow) || holds(Array(trimmed(narrow[...]))) { return .fullWidth }
    switch field.type {
    case .date, .datetime: return dateHint(for: text)
    case .integer, .number:
      let joined = text.filter { $0 != UInt8(ascii: ",") && $0 != 0x20 }
      if joined.count < text.count && holds(joined) { return .groupSeparators }
      return isBesideUnit(narrow) ? .unit : nil
    default: return nil
    }
  }

  private func dateHint(for text: [UInt8]) -> FixHint? {
    if text.count == 5, let serial = Int(String(decoding: text, as: UTF8.self)), (20_000..<60_000).contains(serial) {
      return .excelSerial
    }
    var scratch: [UInt8] = []
    for type in [FieldType.date(.any), .datetime(.any)]
    where ValueReader(type).read(text.span, rewritingInto: &scratch) != .wrongType {
      return .dateForm
    }
    let parts = text.split(omittingEmptySubsequences: false) { [0x2d, 0x2e, 0x2f].contains($0) }
      .map { Int(String(decoding: $0, as: UTF8.self)) ?? -1 }
    guard parts.count == 3, !parts.contains(where: { $0 < 1 }) else { return nil }
    if parts[0] > 31 { return parts[1] > 12 && parts[1] <= 31 && parts[2] <= 12 ? .dayMonthSwapped : nil }
    return parts[2] > 31 ? .dateForm : nil
  }

  /// A number with something before or after it.
  private func isBesideUnit(_ text: [UInt8]) -> Bool {
    guard let first = text.firstIndex(where: isDigit), let last = text.lastIndex(where: isDigit) else { return false }
    return last - first + 1 < text.count && holds(Array(text[first...last]))
  }

  private func holds(_ text: [UInt8]) -> Bool {
    var scratch: [UInt8] = []
    var isBroken = false
    let verdict = read(text.span, appendingTo: &scratch) { _, _ in isBroken = true }
    return !isBroken && (verdict == .asWritten || verdict == .rewritten)
  }
}

/// Runs of classes of characters and their lengths: digits `9`, letters `a`, ideographs `字`, full-width digits `９`, spaces `空`; signs of ASCII stand
/// for themselves, all else is `?`.
package func characterClasses(of text: Span<UInt8>) -> String {
  guard !text.isEmpty else { return "" }
  var runs: [(name: Character, count: Int)] = []
  for scalar in String(decoding: copy(text).prefix(400), as: UTF8.self).unicodeScalars {
    let name = className(of: scalar)
    if let last = runs.last, last.name == name { runs[runs.count - 1].count += 1 } else { runs.append((name, 1)) }
    if runs.count > 12 { break }
  }
  let shown = runs.prefix(12).map { $0.count == 1 ? String($0.name) : "\($0.name)×\($0.count)" }
  return shown.joined(separator: " ") + (runs.count > 12 || text.count > 400 ? " …" : "")
}

private func className(of scalar: Unicode.Scalar) -> Character {
  switch scalar.value {
  case 0x30...0x39: "9"
  case 0x41...0x5a, 0x61...0x7a: "a"
  case 0x20, 0x3000, 0xa0: "空"
  case 0x21...0x7e: Character(scalar)
  case 0xff10...0xff19: "９"
  case 0x4e00...0x9fff, 0x3400...0x4dbf, 0x20000...0x3ffff: "字"
  default: "?"
  }
}
