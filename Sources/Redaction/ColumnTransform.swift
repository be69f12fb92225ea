internal import Hashing
internal import Publication
internal import Recognition
internal import TableSchema
internal import Tabular

/// What is done to one column, ready to be applied.
///
/// Every transform is total: a value that it does not understand becomes null, and is never passed through.
final class ColumnTransform: Sendable {
  private let transform: Transform
  private let disclosure: Disclosure
  private let source: SchemaField
  private let tokenKey: SymmetricKey?
  let numberSteps: NumberGeneralisation?
  /// Nil where identifiers in the text are not taken out.
  let spans: SpanRedaction?
  /// Published columns in which the column's values may stand.
  let mayRepeat: Set<String>
  /// In which rows nothing is said; nil for none.
  let suppression: RowSuppression?
  /// Nil where the site has none, and for transforms other than addresses.
  private let divisions: DivisionTable?

  /// - Parameter verdict: what the column holds, where identifiers are taken out of its texts.
  init(
    policy: ColumnPolicy, field: SchemaField, dataset: DatasetID, key: SymmetricKey,
    verdict: ColumnVerdict = ColumnVerdict(), names: [String] = [], divisions: Divisions? = nil
  ) throws {
    transform = policy.transform
    if case .generaliseAddress = policy.transform {
      self.divisions = divisions.map(DivisionTable.init)
    } else {
      self.divisions = nil
    }
    mayRepeat = Set(policy.mayRepeat.keys)
    suppression = policy.suppression.flatMap { RowSuppression($0, names: names) }
    spans =
      policy.onFind == .redact && policy.transform == .keep
      ? SpanRedaction(
        verdict: verdict, accepted: Set(policy.accepted.keys.compactMap { Identifier(rawValue: $0) }),
        isText: field.type.jsonKind == .text && field.type.isFreeText) : nil
    disclosure = policy.disclosure
    source = field
    func unfit(_ needed: String) -> RedactionError {
      RedactionError(
        dataset: dataset, field: field.name,
        problem: "has type \(field.type.name), but \(policy.transform.name) needs \(needed)")
    }
    switch policy.transform {
    case .hash(let epoch):
      // Domain separation: the same person has unrelated tokens in two datasets, two columns or two epochs.
      tokenKey = key.derived(for: ["daylight hash v1", dataset.description, field.name, epoch])
      numberSteps = nil
    case .generaliseNumber(let step, let least, let most, let rounding):
      switch field.type {
      case .integer, .number: break
      default: throw unfit("integer or number")
      }
      guard let steps = NumberGeneralisation(step: step, atLeast: least, atMost: most, rounding: rounding) else {
        throw RedactionError(dataset: dataset, field: field.name, problem: "needs a step and bounds of fewer digits")
      }
      numberSteps = steps
      tokenKey = nil
    case .generaliseDate(let precision):
      switch (field.type, precision) {
      case (.date, _), (.datetime, _), (.yearmonth, _): break
      default: throw unfit("date, datetime or yearmonth")
      }
      (tokenKey, numberSteps) = (nil, nil)
    case .generaliseGrid(let step, _, _):
      switch field.type {
      case .integer, .number: break
      default: throw unfit("integer or number")
      }
      guard let steps = NumberGeneralisation(step: step, atLeast: nil, atMost: nil) else {
        throw RedactionError(dataset: dataset, field: field.name, problem: "needs a step of fewer digits")
      }
      numberSteps = steps
      tokenKey = nil
    case .generaliseAddress:
      guard field.type == .plainString else { throw unfit("string") }
      (tokenKey, numberSteps) = (nil, nil)
    case .keep, .drop, .mask, .replace: (tokenKey, numberSteps) = (nil, nil)
    }
  }

  var isPublished: Bool { transform != .drop }
  /// The field that is a place together with this one, and the fewest points of a cell; nil where it is no coordinate.
  var gridPair: (field: String, leastPointCount: Int)? {
    if case .generaliseGrid(_, let pair, let least) = transform { (pair, least) } else { nil }
  }
  /// What is published may rightly be the whole value: an address that says the road only, the text that stands for all values.
  var mayLeaveWhole: Bool {
    switch transform {
    case .replace, .generaliseAddress: true
    default: false
    }
  }
  /// The text goes out as it came in.
  var keepsText: Bool { transform == .keep && spans == nil && suppression == nil }
  /// Whether the values taken out must not be found anywhere in the output.
  ///
  /// These are texts of what is not public, and whole numbers of direct identifiers. Dates and amounts are left out: other
  /// columns rightly hold the same ones.
  var isRemoved: Bool {
    // A direct identifier is looked for whatever its transform seems to do.
    guard isDirectIdentifier || (!keepsText && !disclosure.isPublic) else { return false }
    return switch source.type {
    case .string, .object, .array, .list, .geopoint, .geojson, .any: true
    case .integer: disclosure == .directIdentifier
    case .number, .boolean, .date, .time, .datetime, .year, .yearmonth, .duration: false
    }
  }

  var isDirectIdentifier: Bool { disclosure == .directIdentifier }

  /// The field that this transform gives: name, type, constraints.
  var publishedField: SchemaField {
    var field = source.canonical
    // Limits, enumerations, categories and patterns tell about values: they survive for public columns only.
    let keepsRules = transform == .keep && disclosure.isPublic
    if !keepsRules { (field.categories, field.areCategoriesOrdered) = (nil, nil) }
    var rules = Constraints()
    rules.required = source.constraints.required
    func note(_ zh: String, _ en: String) {
      field.description =
        field.description.map { LocalizedText(zh: $0.zh + zh, en: ($0.en ?? $0.zh) + " " + en) }
        ?? LocalizedText(zh: zh, en: en)
    }
    switch transform {
    case .keep where suppression != nil && spans == nil:
      if keepsRules { rules = field.constraints }
      rules.required = false
      rules.unique = false
      note("部分记录的该项依规定不予公开。", "Left out in some rows, as the rules ask.")
    case .keep where spans != nil:
      // What was said of the values need not hold of those that were changed.
      rules.required = source.constraints.required && field.type.isFreeText
      (field.categories, field.areCategoriesOrdered) = (nil, nil)
      note("其中的个人信息已替换为方括号内的类别。", "What identifies persons is replaced by its kind, in square brackets.")
    case .keep:
      if keepsRules { rules = field.constraints } else { rules.unique = source.constraints.unique }
    case .drop: break
    case .mask:
      field.type = .plainString
      note("部分字符以 * 代替;这是显示方式,不是匿名化。", "Some characters are replaced by *: a display form, not anonymous.")
    case .replace(let text):
      field.type = .plainString
      rules.enumeration = [text]
      note("内容已统一替换。", "All values are replaced by the same text.")
    case .hash:
      field.type = .plainString
      rules.minLength = tokenLength
      rules.maxLength = tokenLength
      note("内容已替换为带密钥的代码,同一内容代码相同。", "Values are replaced by keyed tokens; equal values have equal tokens.")
    case .generaliseNumber(let step, let least, let most, let rounding):
      // A value beyond any use becomes null.
      rules.required = false
      let isWhole = [step, least, most].allSatisfy { $0?.contains(".") != true }
      field.type = isWhole ? .canonicalInteger : .canonicalNumber
      rules.minimum = least
      rules.maximum = most
      if rounding == .down {
        note("已按 \(step) 向下取整。", "Rounded down to a multiple of \(step).")
      } else {
        note("已四舍五入到 \(step) 的倍数。", "Rounded to the nearest multiple of \(step).")
      }
    case .generaliseGrid(let step, _, let least):
      rules.required = false
      field.type = .canonicalNumber
      note(
        "已归入步长 \(step) 的网格,不足 \(least) 个点的网格不公开。",
        "The edge of a grid cell (step \(step)); cells of fewer than \(least) points are left out.")
    case .generaliseDate(let precision):
      // Years of more than four digits become null.
      rules.required = false
      switch precision {
      case .year: field.type = .year
      case .month: field.type = .yearmonth
      case .quarter:
        field.type = .plainString
        rules.minLength = 7
        rules.maxLength = 7
      }
      note(
        "已概化到\(precision == .year ? "年" : precision == .month ? "月" : "季度")。",
        "Generalised to the \(precision.rawValue).")
    case .generaliseAddress(let precision):
      rules.required = false
      note(
        "地址已概化到\(precision.chineseName)。",
        "Addresses are generalised to the \(precision == .number ? "number of the house" : precision.rawValue).")
    }
    field.constraints = rules
    return field
  }

  /// Appends what becomes of a value; false for null.
  func apply(_ text: Span<UInt8>, appendingTo output: inout TextBuffer) -> Bool {
    switch transform {
    case .keep: output.append(text)
    case .drop: return false
    // Without the other coordinate there is no cell: `Grid`.
    case .generaliseGrid: return false
    case .mask(let keepFirst, let keepLast): mask(text, keepFirst, keepLast, &output)
    case .replace(let replacement): output.append(Array(replacement.utf8))
    case .hash: appendToken(text, &output)
    case .generaliseNumber:
      var number: [UInt8] = []
      guard let numberSteps, numberSteps.apply([UInt8](copying: text)[...], appendingTo: &number) else { return false }
      output.append(number)
    case .generaliseDate(let precision): return generaliseDate(text, precision, &output)
    case .generaliseAddress(let precision):
      return generaliseAddress(text, to: precision, divisions, appendingTo: &output)
    }
    return true
  }

  /// Two stars for what is hidden, however much it is: how long a name is tells, too.
  ///
  /// Where the end is shown, as of numbers, there is one for each character. A value that would show whole is hidden whole.
  private func mask(_ text: Span<UInt8>, _ keepFirst: Int, _ keepLast: Int, _ output: inout TextBuffer) {
    var count = 0
    for index in text.indices where text[index] & 0xc0 != 0x80 { count += 1 }
    let isShort = count <= keepFirst + keepLast
    guard keepLast > 0 && !isShort else {
      var character = 0
      var end = 0
      while !isShort && end < text.count {
        if text[end] & 0xc0 != 0x80 { character += 1 }
        if character > keepFirst { break }
        end += 1
      }
      output.append(text.extracting(0..<end))
      output.append(UInt8(ascii: "*"))
      return output.append(UInt8(ascii: "*"))
    }
    var character = -1
    for index in text.indices {
      let isStart = text[index] & 0xc0 != 0x80
      if isStart { character += 1 }
      if character < keepFirst || character >= count - keepLast {
        output.append(text[index])
      } else if isStart {
        output.append(UInt8(ascii: "*"))
      }
    }
  }

  /// HMAC-SHA-256, cut to 96 bits, in the letters a to p: no digits, so that no token is ever taken for somebody's number.
  private func appendToken(_ text: Span<UInt8>, _ output: inout TextBuffer) {
    guard let tokenKey else { return }
    for byte in tokenKey.authenticationCode(for: [UInt8](copying: text)).prefix(tokenLength / 2) {
      output.append(UInt8(ascii: "a") + byte >> 4)
      output.append(UInt8(ascii: "a") + byte & 15)
    }
  }

  /// The text is of type date, datetime or yearmonth: `YYYY-MM…`.
  private func generaliseDate(_ text: Span<UInt8>, _ precision: Transform.DatePrecision, _ output: inout TextBuffer)
    -> Bool
  {
    guard text.count >= 7, text[4] == UInt8(ascii: "-") else { return false }
    switch precision {
    case .year: output.append(text.extracting(0..<4))
    case .month: output.append(text.extracting(0..<7))
    case .quarter:
      output.append(text.extracting(0..<4))
      let month = Int(text[5] &- 0x30) * 10 + Int(text[6] &- 0x30)
      output.append(Array("-Q\((month + 2) / 3)".utf8))
    }
    return true
  }
}

private let tokenLength = 24

/// Rows in which a column says nothing.
struct RowSuppression: Sendable {
  /// The column that decides.
  let column: Int
  let begins: [[UInt8]]

  init?(_ rule: ColumnPolicy.Suppression, names: [String]) {
    guard let column = names.firstIndex(of: rule.field) else { return nil }
    self.column = column
    begins = rule.begins.map { Array($0.utf8) }
  }

  func applies(to batch: borrowing RecordBatch, _ text: Span<UInt8>, _ record: Int) -> Bool {
    applies(to: text.extracting(batch.field(record, column).range))
  }

  private func applies(to text: Span<UInt8>) -> Bool {
    begins.contains { prefix in text.count >= prefix.count && prefix.indices.allSatisfy { text[$0] == prefix[$0] } }
  }
}

extension Transform.AddressPrecision {
  fileprivate var chineseName: String {
    switch self {
    case .district: "区"
    case .subdistrict: "街镇"
    case .road: "道路"
    case .lane: "弄"
    case .number: "门牌号"
    }
  }
}
