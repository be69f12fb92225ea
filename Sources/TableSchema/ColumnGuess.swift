package import Publication
package import Tabular

/// What type the values of a column have, found out from all of them.
///
/// A type is proposed where every value is of it, and where nothing would be lost: numbers with zeros before them, long ones and those
/// that are all of one length are codes, and stay text.
package struct ColumnGuess: Sendable {
  private struct Candidate: Sendable {
    let type: FieldType
    let reader: ValueReader
    var isPossible = true
  }

  private var candidates: [Candidate]
  package private(set) var valueCount = 0
  package private(set) var emptyCount = 0
  /// Texts that stand for "no value" in many tables, and how often each occurs.
  package private(set) var placeholders: [String: Int] = [:]
  private var isDigitsOnly = true
  private var hasLeadingZero = false
  private var longestDigits = 0
  private var lengths = (least: Int.max, most: 0)
  /// Values and how often each occurs; nil where there are too many.
  private var counts: [[UInt8]: Int]? = [:]
  private var shapes: [String: Int] = [:]

  private static let placeholderTexts: Set<String> = [
    "-", "--", "—", "——", "/", "\\", "无", "暂无", "空", "NULL", "null", "N/A", "n/a", "NA", "#N/A", "…", "...",
  ]
  private static let fewValues = 20
  private static let shapeLimit = 64

  package init() {
    func pattern(_ text: String, _ kind: TimePattern.Kind) -> FieldType.TimeFormat? {
      (try? TimePattern(text, kind: kind, at: "")).map { .pattern($0) }
    }
    var types: [FieldType] = [
      ("是", "否"), ("有", "无"), ("true", "false"), ("True", "False"), ("TRUE", "FALSE"), ("Y", "N"), ("yes", "no"),
    ].map { .boolean(trueValues: [$0], falseValues: [$1]) }
    types += [.date(.default)]
    types += ["%Y/%m/%d", "%Y年%m月%d日", "%Y.%m.%d", "%Y%m%d"].compactMap { pattern($0, .date).map { .date($0) } }
    types += [.datetime(.default)]
    types += ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y年%m月%d日 %H:%M"]
      .compactMap { pattern($0, .datetime).map { .datetime($0) } }
    types += [.time(.default), .yearmonth, .canonicalInteger, .canonicalNumber]
    var grouped = FieldType.NumberOptions()
    grouped.groupChar = [UInt8(ascii: ",")]
    types += [.number(grouped), .geojson(.default)]
    candidates = types.map { Candidate(type: $0, reader: ValueReader($0)) }
  }

  package mutating func add(_ text: Span<UInt8>) {
    guard !text.isEmpty else {
      emptyCount += 1
      return
    }
    if text.count <= 6 {
      let word = String(decoding: [UInt8](copying: text), as: UTF8.self)
      if Self.placeholderTexts.contains(word) {
        placeholders[word, default: 0] += 1
        return
      }
    }
    valueCount += 1
    lengths = (min(lengths.least, text.count), max(lengths.most, text.count))
    noteDigits(text)
    if var counts {
      self.counts = nil
      if text.count <= 128 {
        counts[[UInt8](copying: text), default: 0] += 1
        if counts.count <= Self.fewValues { self.counts = counts }
      }
    }
    if shapes.count < Self.shapeLimit { shapes[characterClasses(of: text), default: 0] += 1 }
    var scratch: [UInt8] = []
    for index in candidates.indices where candidates[index].isPossible {
      scratch.removeAll(keepingCapacity: true)
      candidates[index].isPossible = candidates[index].reader.read(text, rewritingInto: &scratch) != .wrongType
    }
  }

  private mutating func noteDigits(_ text: Span<UInt8>) {
    guard isDigitsOnly else { return }
    for index in text.indices where text[index] < 0x30 || text[index] > 0x39 {
      isDigitsOnly = false
      return
    }
    hasLeadingZero = hasLeadingZero || (text.count > 1 && text[0] == 0x30)
    longestDigits = max(longestDigits, text.count)
  }

  /// Numbers that nobody reckons with.
  package var isCode: Bool {
    isDigitsOnly && valueCount > 0
      && (hasLeadingZero || longestDigits > 15
        || (lengths.least == lengths.most && lengths.least >= 5 && valueCount >= 10))
  }

  package var type: FieldType {
    guard valueCount > 0 else { return .plainString }
    let possible = candidates.first { candidate in
      guard candidate.isPossible else { return false }
      // 0x2c is no group where there is none: the plain number comes first.
      if isDigitsOnly, case .date(.pattern) = candidate.type { return true }
      return !isCode
    }
    return possible?.type ?? .plainString
  }

  /// Texts that must count as "no value" for the type to hold; a text may be any of them.
  package var missingTexts: [String] {
    if case .string = type { return [] }
    return placeholders.keys.sorted()
  }

  package var nullCount: Int { emptyCount + (missingTexts.isEmpty ? 0 : placeholders.values.reduce(0, +)) }

  /// Values that come again and again, in order; nil where they do not.
  package var enumeration: [String]? {
    guard case .string = type, let counts, placeholders.isEmpty, !counts.isEmpty, valueCount >= 10 * counts.count else {
      return nil
    }
    return counts.keys.map { String(decoding: $0, as: UTF8.self) }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// How many different values there are; nil where they are more than a few.
  package var distinctCount: Int? { counts?.count }

  /// The classes of characters that occur most.
  package var commonShapes: [String] {
    shapes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3).map(\.key)
  }
}
