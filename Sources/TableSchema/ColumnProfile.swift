package import Publication
package import Tabular

/// What the values of a column are like as a whole: how many are missing, from where to where they go, how many different ones there
/// are.
package struct ColumnProfile: Sendable {
  /// How values follow one another.
  enum Order: Sendable { case numbers, texts, none }

  /// The smallest or the largest value, in canonical form.
  private struct Extreme: Sendable {
    let text: [UInt8]
    /// Nil where it is no number, or one that does not fit.
    let billionths: Int?
  }

  let order: Order
  package private(set) var nullCount = 0
  package private(set) var valueCount = 0
  private var least: Extreme?
  private var most: Extreme?
  /// The first row of each value by its quick hash; empty where there are too many.
  private var firstRows: [UInt64: (row: Int, hash: KeyedHash.Value)] = [:]
  package private(set) var hasFewValues = true

  /// A column with more different values than this is no enumeration.
  package static let fewValues = 100
  private static let valueByteCount = 64

  init(_ type: FieldType) {
    order =
      switch type {
      case .integer, .number, .year: .numbers
      case .date, .time, .datetime, .yearmonth: .texts
      default: .none
      }
  }

  package var smallest: [UInt8]? { least?.text }
  package var largest: [UInt8]? { most?.text }

  /// Each value's keyed hash, and the first row that has it.
  package var values: [(hash: KeyedHash.Value, row: Int)] { firstRows.values.map { ($0.hash, $0.row) } }

  mutating func removeAll() {
    (nullCount, valueCount, least, most, hasFewValues) = (0, 0, nil, nil, true)
    firstRows.removeAll(keepingCapacity: true)
  }

  @inline(__always) mutating func addNull() { nullCount &+= 1 }

  @inline(__always) mutating func add(_ text: Span<UInt8>, row: Int, _ hash: KeyedHash) {
    valueCount &+= 1
    if order != .none { widen(text) }
    guard hasFewValues else { return }
    guard text.count <= Self.valueByteCount else { return giveUpValues() }
    let quick = mixedHash(text)
    guard firstRows[quick] == nil else { return }
    firstRows[quick] = (row, hash(text))
    if firstRows.count > Self.fewValues { giveUpValues() }
  }

  private mutating func giveUpValues() {
    hasFewValues = false
    firstRows.removeAll()
  }

  private mutating func widen(_ text: Span<UInt8>) {
    let number = order == .numbers ? billionths(text) : nil
    if precedes(text, number, least) { least = Extreme(text: [UInt8](copying: text), billionths: number) }
    if follows(text, number, most) { most = Extreme(text: [UInt8](copying: text), billionths: number) }
  }

  private func precedes(_ text: Span<UInt8>, _ number: Int?, _ other: Extreme?) -> Bool {
    guard let other else { return true }
    return compare(text, number, other) < 0
  }

  private func follows(_ text: Span<UInt8>, _ number: Int?, _ other: Extreme?) -> Bool {
    guard let other else { return true }
    return compare(text, number, other) > 0
  }

  private func compare(_ text: Span<UInt8>, _ number: Int?, _ other: Extreme) -> Int {
    if order == .texts { return compareBytes(text, other.text.span) }
    if let number, let small = other.billionths { return number < small ? -1 : number > small ? 1 : 0 }
    let a = ExactDecimal(canonical: [UInt8](copying: text)[...]), b = ExactDecimal(canonical: other.text[...])
    return a < b ? -1 : b < a ? 1 : 0
  }

  /// Takes over what the next chunk has.
  mutating func add(_ later: ColumnProfile, rowsBefore: Int) {
    nullCount += later.nullCount
    valueCount += later.valueCount
    for extreme in [later.least, later.most].compactMap(\.self) { widen(extreme.text.span) }
    guard hasFewValues, later.hasFewValues else {
      if hasFewValues { giveUpValues() }
      return
    }
    for (quick, value) in later.firstRows where firstRows[quick] == nil {
      firstRows[quick] = (value.row + rowsBefore, value.hash)
    }
    if firstRows.count > Self.fewValues { giveUpValues() }
  }
}

/// What a delivery that was accepted is like as a whole, to be put beside the next one.
///
/// Values of columns are kept as keyed hashes only, and ranges where the caller says so.
package struct TableProfile: Sendable {
  package struct Column: Sendable {
    package let name: String
    package let type: String
    package let nullCount: Int
    package let valueCount: Int
    package let range: (least: String, most: String)?
    /// In hexadecimal, sorted; nil where there are too many different values.
    package let values: [String]?
    /// The first row of each of `values`; not kept.
    package let firstRows: [String: Int]
  }

  package let rowCount: Int
  package let columns: [Column]

  /// - Parameter showsRange: whether the range of a field's values may be kept and shown.
  package init(rowCount: Int, _ schema: Schema, _ profiles: [ColumnProfile], showsRange: (String) -> Bool) {
    self.rowCount = rowCount
    columns = zip(schema.fields, profiles).map { field, profile in
      var range: (String, String)?
      // A longer number may be somebody's.
      if showsRange(field.name), let least = profile.smallest, let most = profile.largest,
        profile.order == .texts || max(least.count, most.count) <= 10
      {
        range = (String(decoding: least, as: UTF8.self), String(decoding: most, as: UTF8.self))
      }
      let rows = Dictionary(
        profile.values.map { ("\(hexadecimal($0.hash.high))\(hexadecimal($0.hash.low))", $0.row) },
        uniquingKeysWith: min)
      return Column(
        name: field.name, type: field.type.name, nullCount: profile.nullCount, valueCount: profile.valueCount,
        range: range, values: profile.hasFewValues ? rows.keys.sorted() : nil, firstRows: rows)
    }
  }

  package var json: JSON {
    .members([
      ("rows", .int(rowCount)),
      (
        "columns",
        .array(
          columns.map { column in
            .members([
              ("name", .string(column.name)), ("type", .string(column.type)), ("nulls", .int(column.nullCount)),
              ("count", .int(column.valueCount)),
              ("least", column.range.map { .string($0.least) }), ("most", column.range.map { .string($0.most) }),
              ("values", column.values.map { .array($0.map { .string($0) }) }),
            ])
          })
      ),
    ])
  }

  /// Nil where it is none.
  package init?(json: JSON) {
    guard let rowCount = json["rows"]?.integer, let columns = json["columns"]?.elements else { return nil }
    self.rowCount = rowCount
    self.columns = columns.compactMap { column in
      guard let name = column["name"]?.text, let type = column["type"]?.text, let nulls = column["nulls"]?.integer,
        let count = column["count"]?.integer
      else { return nil }
      var range: (String, String)?
      if let least = column["least"]?.text, let most = column["most"]?.text { range = (least, most) }
      return Column(
        name: name, type: type, nullCount: nulls, valueCount: count, range: range,
        values: column["values"]?.elements?.compactMap(\.text), firstRows: [:])
    }
  }
}

private func hexadecimal(_ word: UInt64) -> String {
  let digits = String(word, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
