internal import Publication
internal import Tabular

/// One field's rules, compiled: reads a cell's text, says which constraints it breaks, and gives the form to publish.
package struct FieldCheck {
  package let field: SchemaField
  /// Texts for "no value" besides the empty one.
  private let otherMissing: ByteSet
  private let emptyIsMissing: Bool
  private let reader: ValueReader
  private let pattern: Pattern?
  private let enumeration: ByteSet?
  private let categories: ByteSet?
  private let jsonSchema: JSONSchemaCheck?
  private let limits: [Limit]
  /// Text that is of the type whatever it says.
  private let isText: Bool
  /// The same without any constraint but `required`.
  private let isFree: Bool
  private let isRequired: Bool
  private let lengths: ClosedRange<Int>?

  /// Whether every text but the empty one is a value as it stands.
  var takesAnyText: Bool { isFree && otherMissing.count == 0 }

  /// Of a numeric type.
  let isNumeric: Bool
  let isYear: Bool

  package enum Rule: String, Sendable, CaseIterable {
    case required, minLength, maxLength, minimum, maximum, exclusiveMinimum, exclusiveMaximum, pattern
    case enumeration = "enum"
    case categories, jsonSchema
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
    /// The same as `smallNumber` has it.
    let small: Int?
  }

  /// - Throws: `SchemaError` for a limit or an enumeration value that is not of the field's type, and for a bad pattern.
  package init(_ field: SchemaField, missingValues: [MissingValue], at path: String) throws(SchemaError) {
    let rules = field.constraints
    let reader = ValueReader(field.type)
    /// Values of constraints are written in the field's own form, or as JSON writes them.
    func canonical(_ text: String, _ member: String) throws(SchemaError) -> [UInt8] {
      let raw = Array(text.utf8)
      var bytes: [UInt8] = []
      switch reader.read(raw.span, rewritingInto: &bytes) {
      case .asWritten: return raw
      case .rewritten: return bytes
      case .null, .wrongType: throw SchemaError("\(path)/\(member)", "\(text) is no value of type \(field.type.name)")
      }
    }
    func keys(_ texts: [String]?, _ member: String) throws(SchemaError) -> Set<ArraySlice<UInt8>>? {
      guard let texts else { return nil }
      var keys: Set<ArraySlice<UInt8>> = []
      for (index, text) in texts.enumerated() {
        let value = try canonical(text, member)
        let isNew = keys.insert(reader.key(of: value.span)[...]).inserted
        guard isNew || member != "categories" else {
          throw SchemaError("\(path)/\(member)/\(index)", "the value occurs twice")
        }
      }
      return keys
    }
    var limits: [Limit] = []
    let written: [(Rule, String?)] = [
      (.minimum, rules.minimum), (.maximum, rules.maximum), (.exclusiveMinimum, rules.exclusiveMinimum),
      (.exclusiveMaximum, rules.exclusiveMaximum),
    ]
    for (rule, text) in written {
      guard let text else { continue }
      let value = try canonical(text, "constraints/\(rule.rawValue)")
      guard let comparand = Comparand.of(value.span, reader.kind) else {
        throw SchemaError("\(path)/constraints/\(rule.rawValue)", "does not apply to type \(field.type.name)")
      }
      limits.append(Limit(rule: rule, value: comparand, small: reader.smallNumber(value.span)))
    }
    let values = try keys(rules.enumeration, "constraints/enum")
    let categories = try keys(field.categories?.map(\.value), "categories")
    if let values, let categories, !values.isSubset(of: categories) {
      throw SchemaError("\(path)/constraints/enum", "has a value that is none of the categories")
    }
    let missing = Set((field.missingValues ?? missingValues).map { Array($0.value.utf8)[...] })
    if let text = rules.pattern {
      pattern = try Pattern(text, at: "\(path)/constraints/pattern")
    } else {
      pattern = nil
    }
    if let schema = rules.jsonSchema {
      jsonSchema = try JSONSchemaCheck(schema, at: "\(path)/constraints/jsonSchema")
    } else {
      jsonSchema = nil
    }
    let hasLength = rules.minLength != nil || rules.maxLength != nil
    isText = field.type.isFreeText
    isFree =
      field.type.isFreeText && !hasLength && rules.pattern == nil && values == nil && categories == nil
    otherMissing = ByteSet(missing.subtracting([[]]))
    emptyIsMissing = missing.contains([])
    self.field = field
    self.reader = reader
    self.limits = limits
    enumeration = values.map { ByteSet($0) }
    self.categories = categories.map { ByteSet($0) }
    isNumeric = field.type.isNumeric
    isYear = field.type == .year
    isRequired = rules.required
    lengths = hasLength ? (rules.minLength ?? 0)...max(rules.minLength ?? 0, rules.maxLength ?? .max) : nil
  }

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
    if isText {
      if !isFree { check(text, published: text, broken) }
      return .asWritten
    }
    let start = canonical.count
    let verdict = reader.read(text, rewritingInto: &canonical)
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
    if let enumeration, !isMember(of: enumeration, published) { broken(.enumeration, false) }
    if let categories, !isMember(of: categories, published) { broken(.categories, false) }
    if jsonSchema != nil {
      switch matchJSONSchema(text) {
      case .matches: break
      case .differs: broken(.jsonSchema, false)
      case .limitReached: broken(.jsonSchema, true)
      }
    }
    if !limits.isEmpty { checkLimits(published, broken) }
  }

  private func isMember(of set: ByteSet, _ published: Span<UInt8>) -> Bool {
    if case .string = reader.kind { return set.contains(published) }
    return set.contains(reader.key(of: published).span)
  }

  private func checkLength(_ text: Span<UInt8>, _ broken: (Rule, Bool) -> Void) {
    let length = reader.length(of: text)
    if let least = field.constraints.minLength, length < least { broken(.minLength, false) }
    if let most = field.constraints.maxLength, length > most { broken(.maxLength, false) }
  }

  private func checkLimits(_ published: Span<UInt8>, _ broken: (Rule, Bool) -> Void) {
    let small = reader.smallNumber(published)
    var exact: Comparand?
    for limit in limits {
      if let small, let bound = limit.small {
        if !Self.holds(limit.rule, .small(bound), for: .small(small)) { broken(limit.rule, false) }
        continue
      }
      guard let value = exact ?? Comparand.of(published, reader.kind) else { continue }
      exact = value
      if !Self.holds(limit.rule, limit.value, for: value) { broken(limit.rule, false) }
    }
  }

  private func matchPattern(_ text: Span<UInt8>) -> MatchOutcome { pattern?.match(text) ?? .matches }

  private func matchJSONSchema(_ text: Span<UInt8>) -> MatchOutcome {
    guard let jsonSchema else { return .matches }
    return jsonSchema.check(reader.jsonValue(of: text))
  }

  /// What cannot be compared breaks the limit: doubt means no release.
  private static func holds(_ rule: Rule, _ limit: Comparand, for value: Comparand) -> Bool {
    switch rule {
    case .minimum: value.isLess(than: limit) == false
    case .maximum: limit.isLess(than: value) == false
    case .exclusiveMinimum: limit.isLess(than: value) == true
    default: value.isLess(than: limit) == true
    }
  }

  /// The logical value as bytes: equal values (1 = 01 = 1.0) have equal bytes.
  package func key(of canonical: Span<UInt8>) -> [UInt8] { reader.key(of: canonical) }

  /// How the key of a value is had.
  enum KeyForm: Sendable {
    /// It is the published form.
    case asWritten
    /// It is the published form of what has no sign.
    case integer
    case made
  }

  var keyForm: KeyForm {
    if case .integer = reader.kind { return .integer }
    return reader.isKeyAsWritten ? .asWritten : .made
  }

  /// Whether a published value of a numeric column is one that JSON's numbers cannot hold.
  func needsText(_ published: Span<UInt8>) -> Bool { isYear && !reader.isPlainYear(published) }

  /// The limit of a rule as the descriptor writes it, for reports; long enumerations are cut to ten values.
  static func limit(of rule: Rule, in field: SchemaField) -> String? {
    func list(_ values: [String]) -> String {
      values.prefix(10).joined(separator: ", ") + (values.count > 10 ? ", … (\(values.count))" : "")
    }
    let rules = field.constraints
    return switch rule {
    case .required, .jsonSchema: nil
    case .minLength: rules.minLength.map(String.init)
    case .maxLength: rules.maxLength.map(String.init)
    case .minimum: rules.minimum
    case .maximum: rules.maximum
    case .exclusiveMinimum: rules.exclusiveMinimum
    case .exclusiveMaximum: rules.exclusiveMaximum
    case .pattern: rules.pattern
    case .enumeration: rules.enumeration.map(list)
    case .categories: field.categories.map { list($0.map(\.value)) }
    }
  }
}

/// How the search for a pattern, or the walk through a JSON Schema, ended.
package enum MatchOutcome: Sendable { case matches, differs, limitReached }

/// A value that `minimum` and `maximum` can be held against.
private enum Comparand {
  case decimal(ExactDecimal)
  /// What most values are small enough for.
  case small(Int)
  case moment(CivilTime)
  case whole(Int)
  case zoned(ZonedNumber)
  case duration(CivilDuration)

  /// Nil for values of a type without an order.
  static func of(_ canonical: Span<UInt8>, _ kind: ValueReader.Kind) -> Comparand? {
    switch kind {
    case .integer, .number: return .decimal(ExactDecimal(canonical: copy(canonical)[...]))
    case .date, .anyDate, .patternDate: return readDate(canonical).map { .whole($0.daysSince1970) }
    case .time, .anyTime, .patternTime: return readTime(canonical).map { .whole($0) }
    case .datetime, .anyDatetime, .patternDatetime: return CivilTime(canonical).map { .moment($0) }
    case .year: return ZonedNumber(year: canonical).map { .zoned($0) }
    case .yearmonth: return ZonedNumber(yearMonth: canonical).map { .zoned($0) }
    case .duration: return CivilDuration(canonical).map { .duration($0) }
    default: return nil
    }
  }

  /// Nil where the two cannot be compared.
  func isLess(than other: Comparand) -> Bool? {
    switch (self, other) {
    case (.small(let a), .small(let b)): a < b
    case (.decimal(let a), .decimal(let b)): a.sign == 3 || b.sign == 3 ? nil : a < b
    case (.moment(let a), .moment(let b)): a.isLess(than: b)
    case (.whole(let a), .whole(let b)): a < b
    case (.zoned(let a), .zoned(let b)): a.isLess(than: b)
    case (.duration(let a), .duration(let b)): a.isLess(than: b)
    default: nil
    }
  }
}

extension ValueReader {
  /// A number that has the order of the values where it is had quickly: a number's billionths, the digits of a day.
  ///
  /// - Parameter published: a value in its published form.
  fileprivate func smallNumber(_ published: Span<UInt8>) -> Int? {
    switch kind {
    case .integer, .number: billionths(published)
    case .date, .anyDate, .patternDate: dayDigits(published)
    default: nil
    }
  }
}

/// YYYYMMDD; nil where the text has another length.
private func dayDigits(_ text: Span<UInt8>) -> Int? {
  guard text.count == 10 else { return nil }
  var value = 0
  for index in 0..<10 where index != 4 && index != 7 { value = value &* 10 &+ Int(text[index] &- 0x30) }
  return value
}

/// A decimal number in billionths; nil where it has more than nine digits on either side of the point, or is written otherwise.
func billionths(_ text: Span<UInt8>) -> Int? {
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
