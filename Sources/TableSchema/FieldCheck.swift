internal import Publication

/// One field's rules, compiled: reads a cell's text, says which constraints it breaks, and gives the form to publish.
package struct FieldCheck: ~Copyable {
  package let field: SchemaField
  /// Texts for "no value" besides the empty one.
  private let otherMissing: Set<ArraySlice<UInt8>>
  private let emptyIsMissing: Bool
  private let trueValues: Set<ArraySlice<UInt8>>
  private let falseValues: Set<ArraySlice<UInt8>>
  private let pattern: Pattern?
  private let enumeration: Set<ArraySlice<UInt8>>?
  private let limits: [Limit]

  package enum Rule: String, Sendable, CaseIterable {
    case required, minLength, maxLength, minimum, maximum, exclusiveMinimum, exclusiveMaximum, pattern
    case enumeration = "enum"
  }

  /// What became of a cell.
  package enum Verdict: Sendable, Equatable {
    case null
    case value
    case wrongType
  }

  private struct Limit {
    let rule: Rule
    let value: Comparand
  }

  /// A value that `minimum` and `maximum` can be held against.
  private enum Comparand {
    case decimal(ExactDecimal)
    case time(CivilTime)
    case whole(Int)

    /// Nil where the two cannot be compared.
    func isLess(than other: Comparand) -> Bool? {
      switch (self, other) {
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
    // Limits and enumerations are written in the field's own form.
    func canonical(_ text: String, _ member: String) throws(SchemaError) -> [UInt8] {
      var bytes: [UInt8] = []
      let raw = Array(text.utf8)[...]
      let isValue: Bool
      if case .boolean = field.type, text == "true" || text == "false" {
        bytes = Array(text.utf8)
        isValue = true
      } else {
        isValue = readValue(
          raw, type: field.type, trueValues: trueValues, falseValues: falseValues, appendingTo: &bytes)
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
      guard let comparand = Self.comparand(value[...], type: field.type) else {
        throw SchemaError("\(path)/constraints/\(rule.rawValue)", "does not apply to type \(field.type.name)")
      }
      limits.append(Limit(rule: rule, value: comparand))
    }
    var enumeration: Set<ArraySlice<UInt8>>?
    if let values = rules.enumeration {
      var keys: Set<ArraySlice<UInt8>> = []
      for value in values { keys.insert(Self.key(of: try canonical(value, "enum")[...], type: field.type)[...]) }
      enumeration = keys
    }
    if let text = rules.pattern {
      pattern = try Pattern(text, at: "\(path)/constraints/pattern")
    } else {
      pattern = nil
    }
    self.field = field
    otherMissing = missing.subtracting([[]])
    emptyIsMissing = missing.contains([])
    self.trueValues = trueValues
    self.falseValues = falseValues
    self.limits = limits
    self.enumeration = enumeration
  }

  /// Reads one cell.
  ///
  /// - Parameters:
  ///   - canonical: gains the published form of a value, and nothing otherwise.
  ///   - broken: called for every constraint that does not hold, and with `nil` when a pattern could not be decided.
  package func read(
    _ text: ArraySlice<UInt8>, appendingTo canonical: inout [UInt8], broken: (Rule, _ isLimitReached: Bool) -> Void
  ) -> Verdict {
    if text.isEmpty ? emptyIsMissing : (!otherMissing.isEmpty && otherMissing.contains(text)) {
      if field.constraints.required { broken(.required, false) }
      return .null
    }
    let start = canonical.count
    guard readValue(text, type: field.type, trueValues: trueValues, falseValues: falseValues, appendingTo: &canonical)
    else {
      return .wrongType
    }
    let rules = field.constraints
    if rules.minLength != nil || rules.maxLength != nil {
      let length = scalarCount(text)
      if let least = rules.minLength, length < least { broken(.minLength, false) }
      if let most = rules.maxLength, length > most { broken(.maxLength, false) }
    }
    if pattern != nil {
      switch matchPattern(text) {
      case .matches: break
      case .differs: broken(.pattern, false)
      case .limitReached: broken(.pattern, true)
      }
    }
    if let enumeration {
      let value = canonical[start...]
      let isMember =
        field.type == .string
        ? enumeration.contains(value) : enumeration.contains(Self.key(of: value, type: field.type)[...])
      if !isMember { broken(.enumeration, false) }
    }
    if !limits.isEmpty, let value = Self.comparand(canonical[start...], type: field.type) {
      for limit in limits where !Self.holds(limit, for: value) { broken(limit.rule, false) }
    }
    return .value
  }

  private func matchPattern(_ text: ArraySlice<UInt8>) -> Pattern.Outcome { pattern?.match(text) ?? .matches }

  /// What cannot be compared breaks the limit: doubt means no release.
  private static func holds(_ limit: Limit, for value: Comparand) -> Bool {
    switch limit.rule {
    case .minimum: value.isLess(than: limit.value) == false
    case .maximum: limit.value.isLess(than: value) == false
    case .exclusiveMinimum: limit.value.isLess(than: value) == true
    default: value.isLess(than: limit.value) == true
    }
  }

  private static func comparand(_ canonical: ArraySlice<UInt8>, type: FieldType) -> Comparand? {
    switch type {
    case .integer, .number: .decimal(ExactDecimal(canonical: canonical))
    case .date: readDate(canonical).map { .whole($0.daysSince1970) }
    case .datetime: CivilTime(canonical).map { .time($0) }
    case .year: readYear(canonical).map { .whole($0) }
    case .yearmonth: readYearMonth(canonical).map { .whole($0) }
    case .string, .boolean: nil
    }
  }

  /// The logical value as bytes: equal values (1 = 01 = 1.0) have equal bytes.
  ///
  /// For unique, keys and enumerations.
  package static func key(of canonical: ArraySlice<UInt8>, type: FieldType) -> [UInt8] {
    switch type {
    case .integer, .number: ExactDecimal(canonical: canonical).key
    case .datetime: CivilTime(canonical)?.key ?? Array(canonical)
    case .string, .boolean, .date, .year, .yearmonth: Array(canonical)
    }
  }

  /// The limit of a rule as the descriptor writes it, for reports; long enumerations are cut to ten values.
  package func limit(of rule: Rule) -> String? {
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

/// Whether the text is of the type; the published form is appended where it is.
private func readValue(
  _ text: ArraySlice<UInt8>, type: FieldType, trueValues: Set<ArraySlice<UInt8>>, falseValues: Set<ArraySlice<UInt8>>,
  appendingTo canonical: inout [UInt8]
) -> Bool {
  switch type {
  case .string: break
  case .integer(let options):
    return readNumber(text, options: options, isInteger: true, appendingTo: &canonical)
  case .number(let options):
    return readNumber(text, options: options, isInteger: false, appendingTo: &canonical)
  case .boolean:
    if trueValues.contains(text) {
      canonical.append(contentsOf: "true".utf8)
    } else if falseValues.contains(text) {
      canonical.append(contentsOf: "false".utf8)
    } else {
      return false
    }
    return true
  case .date: guard readDate(text) != nil else { return false }
  case .datetime: guard CivilTime(text) != nil else { return false }
  case .year: guard readYear(text) != nil else { return false }
  case .yearmonth: guard readYearMonth(text) != nil else { return false }
  }
  canonical.append(contentsOf: text)
  return true
}
