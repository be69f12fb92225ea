internal import Publication
internal import Tabular

/// One field's rules, compiled: reads a cell's text, says which constraints it breaks, and gives the form to publish.
package struct FieldCheck {
  package let field: SchemaField
  /// Texts for "no value" besides the empty one.
  private let otherMissing: ByteSet
  private let emptyIsMissing: Bool
  private let trueValues: ByteSet
  private let falseValues: ByteSet
  private let pattern: Pattern?
  private let enumeration: ByteSet?
  private let limits: [Limit]
  /// Nothing but text, of any length.
  private let isFree: Bool
  /// What is asked of every cell, out of the field's description: looked up there it would cost more than the check.
  private let kind: ValueKind
  private let isRequired: Bool
  private let lengths: ClosedRange<Int>?

  /// Of a numeric type.
  let isNumeric: Bool

  package enum Rule: String, Sendable, CaseIterable {
    case required, minLength, maxLength, minimum, maximum, exclusiveMinimum, exclusiveMaximum, pattern
    case enumeration = "enum"
  }

  /// What became of a cell.
  package enum Verdict: Sendable, Equatable {
    case null
    /// The text is published as it stands.
    case asWritten
    /// The published form is another one.
    case rewritten
    case wrongType
  }

  private struct Limit {
    let rule: Rule
    let value: Comparand
    /// The same as billionths, where it is small enough.
    let small: Int?
  }

  /// A value that `minimum` and `maximum` can be held against.
  private enum Comparand {
    case decimal(ExactDecimal)
    /// Billionths: what most numbers are small enough for.
    case small(Int)
    case time(CivilTime)
    case whole(Int)

    /// Nil where the two cannot be compared.
    func isLess(than other: Comparand) -> Bool? {
      switch (self, other) {
      case (.small(let a), .small(let b)): a < b
      case (.decimal(let a), .decimal(let b)): a.sign == 3 || b.sign == 3 ? nil : a < b
      case (.time(let a), .time(let b)): a.isLess(than: b)
      case (.whole(let a), .whole(let b)): a < b
      default: nil
      }
    }
  }

  /// - Throws: `SchemaError` for a limit or an enumeration value that is not of the field's type, and for a bad pattern.
  package init(_ field: SchemaField, missingValues: [String], at path: String) throws(SchemaError) {
    func bytes(_ texts: [String]) -> Set<ArraySlice<UInt8>> { Set(texts.map { Array($0.utf8)[...] }) }
    var trueValues: Set<ArraySlice<UInt8>> = []
    var falseValues: Set<ArraySlice<UInt8>> = []
    if case .boolean(let yes, let no) = field.type {
      trueValues = bytes(yes)
      falseValues = bytes(no)
    }
    let missing = bytes(field.missingValues ?? missingValues)
    let rules = field.constraints
    let (yes, no) = (ByteSet(trueValues), ByteSet(falseValues))
    // Limits and enumerations are written in the field's own form.
    func canonical(_ text: String, _ member: String) throws(SchemaError) -> [UInt8] {
      var bytes: [UInt8] = []
      let raw = Array(text.utf8)[...]
      let isValue: Bool
      if case .boolean = field.type, text == "true" || text == "false" {
        bytes = Array(text.utf8)
        isValue = true
      } else {
        switch readValue(raw.span, ValueKind(field.type), yes, no, rewritingInto: &bytes) {
        case .asWritten:
          bytes = Array(raw)
          isValue = true
        case .rewritten: isValue = true
        case .null, .wrongType: isValue = false
        }
      }
      guard isValue else {
        throw SchemaError("\(path)/constraints/\(member)", "is no value of type \(field.type.name)")
      }
      return bytes
    }
    var limits: [Limit] = []
    let written: [(Rule, String?)] = [
      (.minimum, rules.minimum), (.maximum, rules.maximum), (.exclusiveMinimum, rules.exclusiveMinimum),
      (.exclusiveMaximum, rules.exclusiveMaximum),
    ]
    for (rule, text) in written {
      guard let text else { continue }
      let value = try canonical(text, rule.rawValue)
      guard let limit = Self.limit(rule, value, field.type) else {
        throw SchemaError("\(path)/constraints/\(rule.rawValue)", "does not apply to type \(field.type.name)")
      }
      limits.append(limit)
    }
    var enumeration: Set<ArraySlice<UInt8>>?
    if let values = rules.enumeration {
      var keys: Set<ArraySlice<UInt8>> = []
      for value in values { keys.insert(Self.member(try canonical(value, "enum"), field.type)[...]) }
      enumeration = keys
    }
    let isFree =
      field.type == .string && rules.minLength == nil && rules.maxLength == nil && rules.pattern == nil
      && enumeration == nil
    let otherMissing = ByteSet(missing.subtracting([[]]))
    let emptyIsMissing = missing.contains([])
    let members = enumeration.map { ByteSet($0) }
    if let text = rules.pattern {
      pattern = try Pattern(text, at: "\(path)/constraints/pattern")
    } else {
      pattern = nil
    }
    self.field = field
    self.otherMissing = otherMissing
    self.emptyIsMissing = emptyIsMissing
    self.trueValues = yes
    self.falseValues = no
    self.limits = limits
    self.enumeration = members
    self.isFree = isFree
    kind = ValueKind(field.type)
    isNumeric =
      switch field.type {
      case .integer, .number: true
      default: false
      }
    isRequired = rules.required
    lengths =
      rules.minLength == nil && rules.maxLength == nil
      ? nil : (rules.minLength ?? 0)...max(rules.minLength ?? 0, rules.maxLength ?? .max)
  }

  private static func limit(_ rule: Rule, _ value: [UInt8], _ type: FieldType) -> Limit? {
    guard let comparand = comparand(value.span, type: type) else { return nil }
    switch type {
    case .integer, .number: return Limit(rule: rule, value: comparand, small: billionths(value.span))
    default: return Limit(rule: rule, value: comparand, small: nil)
    }
  }

  private static func member(_ value: [UInt8], _ type: FieldType) -> [UInt8] { key(of: value.span, type: type) }

  /// Reads one cell.
  ///
  /// - Parameters:
  ///   - canonical: gains the published form of a value that is not published as it stands, and nothing otherwise.
  ///   - broken: called for every constraint that does not hold; and whether it could not be decided within the limits of time.
  package func read(
    _ text: Span<UInt8>, appendingTo canonical: inout [UInt8], broken: (Rule, _ isLimitReached: Bool) -> Void
  ) -> Verdict {
    if text.isEmpty ? emptyIsMissing : otherMissing.contains(text) {
      if isRequired { broken(.required, false) }
      return .null
    }
    if isFree { return .asWritten }
    let start = canonical.count
    let verdict = readValue(text, kind, trueValues, falseValues, rewritingInto: &canonical)
    switch verdict {
    case .null, .wrongType: return .wrongType
    case .asWritten: check(text, published: text, broken)
    case .rewritten: check(text, published: canonical.span.extracting(start..<canonical.count), broken)
    }
    return verdict
  }

  /// - Parameter published: the value in its published form.
  private func check(_ text: Span<UInt8>, published: Span<UInt8>, _ broken: (Rule, Bool) -> Void) {
    if lengths != nil { checkLength(text, broken) }
    if pattern != nil {
      switch matchPattern(text) {
      case .matches: break
      case .differs: broken(.pattern, false)
      case .limitReached: broken(.pattern, true)
      }
    }
    if let enumeration {
      let isMember =
        kind.isText
        ? enumeration.contains(published) : enumeration.contains(Self.key(of: published, type: field.type).span)
      if !isMember { broken(.enumeration, false) }
    }
    if !limits.isEmpty { checkLimits(published, broken) }
  }

  private func checkLength(_ text: Span<UInt8>, _ broken: (Rule, Bool) -> Void) {
    let length = scalarCount(text)
    if let least = field.constraints.minLength, length < least { broken(.minLength, false) }
    if let most = field.constraints.maxLength, length > most { broken(.maxLength, false) }
  }

  private func checkLimits(_ published: Span<UInt8>, _ broken: (Rule, Bool) -> Void) {
    let small = kind.isNumber ? billionths(published) : nil
    var exact: Comparand?
    for limit in limits {
      if let small, let bound = limit.small {
        if !Self.holds(limit.rule, .small(bound), for: .small(small)) { broken(limit.rule, false) }
        continue
      }
      guard let value = exact ?? Self.comparand(published, type: field.type) else { continue }
      exact = value
      if !Self.holds(limit.rule, limit.value, for: value) { broken(limit.rule, false) }
    }
  }

  private func matchPattern(_ text: Span<UInt8>) -> Pattern.Outcome { pattern?.match(text) ?? .matches }

  /// What cannot be compared breaks the limit: doubt means no release.
  private static func holds(_ rule: Rule, _ limit: Comparand, for value: Comparand) -> Bool {
    switch rule {
    case .minimum: value.isLess(than: limit) == false
    case .maximum: limit.isLess(than: value) == false
    case .exclusiveMinimum: limit.isLess(than: value) == true
    default: value.isLess(than: limit) == true
    }
  }

  private static func comparand(_ canonical: Span<UInt8>, type: FieldType) -> Comparand? {
    switch type {
    case .integer, .number: .decimal(ExactDecimal(canonical: bytes(canonical)[...]))
    case .date: readDate(canonical).map { .whole($0.daysSince1970) }
    case .datetime: CivilTime(canonical).map { .time($0) }
    case .year: readYear(canonical, to: canonical.count).map { .whole($0) }
    case .yearmonth: readYearMonth(canonical).map { .whole($0) }
    case .string, .boolean: nil
    }
  }

  /// The logical value as bytes: equal values (1 = 01 = 1.0) have equal bytes.
  ///
  /// For unique, keys and enumerations.
  package static func key(of canonical: Span<UInt8>, type: FieldType) -> [UInt8] {
    switch type {
    case .integer, .number: ExactDecimal(canonical: bytes(canonical)[...]).key
    case .datetime: CivilTime(canonical)?.key ?? bytes(canonical)
    case .string, .boolean, .date, .year, .yearmonth: bytes(canonical)
    }
  }

  private static func bytes(_ text: Span<UInt8>) -> [UInt8] { text.withUnsafeBufferPointer { Array($0) } }

  /// The limit of a rule as the descriptor writes it, for reports; long enumerations are cut to ten values.
  static func limit(of rule: Rule, in field: SchemaField) -> String? {
    let rules = field.constraints
    return switch rule {
    case .required: nil
    case .minLength: rules.minLength.map(String.init)
    case .maxLength: rules.maxLength.map(String.init)
    case .minimum: rules.minimum
    case .maximum: rules.maximum
    case .exclusiveMinimum: rules.exclusiveMinimum
    case .exclusiveMaximum: rules.exclusiveMaximum
    case .pattern: rules.pattern
    case .enumeration:
      rules.enumeration.map { values in
        values.prefix(10).joined(separator: ", ") + (values.count > 10 ? ", … (\(values.count))" : "")
      }
    }
  }
}

/// Whether the text is of the type; the published form is appended where it is another one.
private func readValue(
  _ text: Span<UInt8>, _ kind: ValueKind, _ trueValues: ByteSet, _ falseValues: ByteSet,
  rewritingInto canonical: inout [UInt8]
) -> FieldCheck.Verdict {
  switch kind {
  case .string: return .asWritten
  case .number(let options, let isInteger):
    if options.decimalChar == UInt8(ascii: ".") && isPublishedNumber(text, isInteger: isInteger) { return .asWritten }
    let bytes = text.withUnsafeBufferPointer { Array($0) }
    return readNumber(bytes[...], options: options, isInteger: isInteger, appendingTo: &canonical)
      ? .rewritten : .wrongType
  case .boolean:
    if trueValues.contains(text) {
      canonical.append(contentsOf: trueBytes)
    } else if falseValues.contains(text) {
      canonical.append(contentsOf: falseBytes)
    } else {
      return .wrongType
    }
    return .rewritten
  case .date: return text.count == 10 && readDate(text) != nil ? .asWritten : .wrongType
  case .datetime: return CivilTime(text) != nil ? .asWritten : .wrongType
  case .year: return readYear(text, to: text.count) != nil ? .asWritten : .wrongType
  case .yearmonth: return readYearMonth(text) != nil ? .asWritten : .wrongType
  }
}

/// A field's type without the texts that come with it.
private enum ValueKind: Sendable {
  case string, boolean, date, datetime, year, yearmonth
  case number(FieldType.NumberOptions, isInteger: Bool)

  init(_ type: FieldType) {
    switch type {
    case .string: self = .string
    case .boolean: self = .boolean
    case .date: self = .date
    case .datetime: self = .datetime
    case .year: self = .year
    case .yearmonth: self = .yearmonth
    case .integer(let options): self = .number(options, isInteger: true)
    case .number(let options): self = .number(options, isInteger: false)
    }
  }

  var isText: Bool { if case .string = self { true } else { false } }
  var isNumber: Bool { if case .number = self { true } else { false } }
}

private let trueBytes = Array("true".utf8)
private let falseBytes = Array("false".utf8)

/// A decimal number in billionths; nil where it has more than nine digits on either side of the point, or is written otherwise.
private func billionths(_ text: Span<UInt8>) -> Int? {
  let count = text.count
  guard count > 0, count <= 20 else { return nil }
  let isNegative = text[0] == UInt8(ascii: "-")
  var index = isNegative ? 1 : 0
  var value = 0
  let start = index
  while index < count, text[index] >= 0x30, text[index] <= 0x39 {
    value = value &* 10 &+ Int(text[index] &- 0x30)
    index &+= 1
  }
  guard index > start, index - start <= 9 else { return nil }
  var places = 0
  if index < count && text[index] == UInt8(ascii: ".") {
    index &+= 1
    while index < count, text[index] >= 0x30, text[index] <= 0x39, places < 9 {
      value = value &* 10 &+ Int(text[index] &- 0x30)
      places &+= 1
      index &+= 1
    }
  }
  guard index == count else { return nil }
  while places < 9 {
    value = value &* 10
    places &+= 1
  }
  return isNegative ? -value : value
}
