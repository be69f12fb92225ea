/// Whose word it is what each column may tell, how long it holds, and what the columns were like when it was given.
///
/// - Source: contract and drift of columns.
package struct ColumnSignOff: Sendable {
  package struct Column: Sendable {
    package let field: String
    /// What was signed, as `Dataset.statement(of:)` says it.
    package let policy: String
    package let fingerprint: ColumnFingerprint

    package init(field: String, policy: String, fingerprint: ColumnFingerprint) {
      self.field = field
      self.policy = policy
      self.fingerprint = fingerprint
    }
  }

  /// Who answers for the data in the department.
  package let steward: String
  /// Who agreed: somebody else.
  package let approver: String
  /// The last day on which it holds.
  package let expires: CivilDate
  package let columns: [Column]

  /// The year on whose last day it must end at the latest, counted from the present one.
  package static let longestYearCount = 2

  package init(steward: String, approver: String, expires: CivilDate, columns: [Column]) {
    self.steward = steward
    self.approver = approver
    self.expires = expires
    self.columns = columns
  }
}

/// What the cells of a column are like, without a value of them: shares in thousandths.
package struct ColumnFingerprint: Sendable, Equatable {
  /// Of the field.
  package var type: String
  /// Cells by the number of their characters, up to and with each of `lengthBounds`, and beyond.
  package var lengths: [Int]
  /// Characters: digits, Latin letters, ideographs, others.
  package var characters: [Int]
  /// Cells in which an identifier stands for certain.
  package var identifiers: [String: Int]

  package static let lengthBounds = [1, 2, 4, 8, 11, 15, 18, 32, 64]
  package static let characterClassCount = 4

  package init(type: String, lengths: [Int], characters: [Int], identifiers: [String: Int]) {
    self.type = type
    self.lengths = lengths
    self.characters = characters
    self.identifiers = identifiers
  }

  /// What differs so much that it must be looked at anew: `type`, `lengths`, `characters`, or the name of an identifier.
  package func drift(to other: ColumnFingerprint) -> [String] {
    var found: [String] = []
    if type != other.type { found.append("type") }
    if moved(lengths, other.lengths) > Self.toleratedMove { found.append("lengths") }
    if moved(characters, other.characters) > Self.toleratedMove { found.append("characters") }
    for name in Set(identifiers.keys).union(other.identifiers.keys).sorted() {
      let (before, after) = (identifiers[name] ?? 0, other.identifiers[name] ?? 0)
      if abs(before - after) > Self.toleratedPassRate { found.append(name) }
    }
    return found
  }

  /// A fifth of all cells or characters is of another kind; identifiers stand in five of a hundred cells more or fewer.
  private static let toleratedMove = 200
  private static let toleratedPassRate = 50

  /// How much of one distribution lies elsewhere in the other.
  private func moved(_ a: [Int], _ b: [Int]) -> Int {
    guard a.count == b.count else { return 1_000 }
    return zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
  }
}

extension Dataset {
  /// All that is decided about a column, in one line: what somebody signs.
  package func statement(of column: ColumnPolicy) -> String {
    let rules = recordSuppressions.map(\.rule).filter { $0.field == column.field }
    return ([column.statement] + rules.map { "suppress_records \($0.begins.joined(separator: " "))" })
      .joined(separator: "; ")
  }
}

extension ColumnPolicy {
  fileprivate var statement: String {
    var parts = [disclosure.rawValue, transform.statement]
    if onFind == .redact { parts.append("on_find redact") }
    parts += accepted.keys.sorted().map { "accept \($0)" }
    parts += mayRepeat.keys.sorted().map { "may_repeat \($0)" }
    if let suppression {
      parts.append("suppress_when \(suppression.field) \(suppression.begins.joined(separator: " "))")
    }
    return parts.joined(separator: "; ")
  }
}

extension Transform {
  fileprivate var statement: String {
    switch self {
    case .keep, .drop: name
    case .mask(let first, let last): "mask \(first) \(last)"
    case .replace(let text): "replace \(text)"
    case .hash(let epoch): "hash \(epoch)"
    case .generaliseNumber(let step, let least, let most, let rounding):
      "generalise number \(step) \(least ?? "-") \(most ?? "-")\(rounding == .down ? "" : " \(rounding.rawValue)")"
    case .generaliseDate(let precision): "generalise date \(precision.rawValue)"
    case .generaliseAddress(let precision): "generalise address \(precision.rawValue)"
    case .generaliseGrid(let step, let pair, let least): "generalise grid \(step) \(pair) \(least)"
    }
  }
}
