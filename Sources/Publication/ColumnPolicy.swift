/// What a column could tell about somebody (privacy.md §4).
///
/// What is not declared is not published.
package enum Disclosure: String, Sendable, CaseIterable {
  /// Says nothing about a person.
  case open = "public"
  /// Names or numbers of organisations, which are public by law.
  case organisation
  /// Identifies a person alone: an identity number, a phone, a name.
  case directIdentifier = "direct-identifier"
  /// Identifies a person together with other columns: a birth date, a home address.
  case quasiIdentifier = "quasi-identifier"
  /// What somebody would want to learn about a person: a diagnosis, an income.
  case sensitive

  /// True where values may be shown in reports and survive in constraints and enumerations.
  package var isPublic: Bool { self == .open || self == .organisation }
}

/// What to do with a column's values on the way out.
package enum Transform: Hashable, Sendable {
  case keep
  case drop
  /// Keeps the outer characters and puts `*` for each of the others.
  ///
  /// A display form, not protection: see README.
  case mask(keepFirst: Int, keepLast: Int)
  /// The same text in every row that has a value.
  case replace(with: String)
  /// A keyed token, the same for the same value within one dataset, column and epoch.
  case hash(epoch: String)
  /// Rounded to a multiple of `step`, with everything under or over a bound put on the bound.
  ///
  /// Exact decimals, as text.
  case generaliseNumber(step: String, atLeast: String?, atMost: String?, rounding: Rounding = .down)
  case generaliseDate(DatePrecision)
  case generaliseAddress(AddressPrecision)
  /// One of the two coordinates of a place, rounded down to a multiple of `step`; null where fewer rows than `atLeast` lie in the cell
  /// that it makes with `pair`, the field of the other one.
  case generaliseGrid(step: String, pair: String, atLeast: Int)

  package enum DatePrecision: String, Sendable, CaseIterable { case year, quarter, month }
  package enum AddressPrecision: String, Sendable, CaseIterable { case district, subdistrict, road, lane, number }
  /// Half way lies nearer to the greater multiple.
  package enum Rounding: String, Sendable, CaseIterable { case down, nearest }

  /// The key in `dataset.yaml`.
  package var name: String {
    switch self {
    case .keep: "keep"
    case .drop: "drop"
    case .mask: "mask"
    case .replace: "replace"
    case .hash: "hash"
    case .generaliseNumber, .generaliseDate, .generaliseAddress, .generaliseGrid: "generalise"
    }
  }
}

/// A repair that a department agreed to: applied before a value is read, counted and reported, never a default.
package enum Repair: Hashable, Sendable {
  /// Removes white space, full-width and no-break spaces included, at both ends.
  case trim
  /// Replaces full-width letters, digits and signs (U+FF01…U+FF5E) and the ideographic space by the ASCII ones.
  case halfWidth
  /// Writes a date of another form as 2024-01-26: `any`, `excel` for a spreadsheet's number of the day, or a pattern.
  case date(String)
}

/// One source column and what becomes of it.
package struct ColumnPolicy: Sendable {
  /// The field's name in the Table Schema.
  package let field: String
  /// The header text in the delivery; the field's name unless `from:` says otherwise.
  package let label: String
  package let disclosure: Disclosure
  package let transform: Transform
  package let repairs: [Repair]
  /// What recognisers may find in the column and is public all the same: the identifier's name, and the reason that somebody gave.
  package let accepted: [String: String]
  /// What becomes of a text in which an identifier is found.
  package let onFind: OnFind

  /// Other published columns of the same row in which a value may stand, and the reason that somebody gave: a shop that bears its
  /// owner's name.
  package let mayRepeat: [String: String]
  /// The rows in which the column says nothing: those of individual businesses (92…) in a register of enterprises, say.
  package let suppression: Suppression?

  /// Rows in which another column begins so.
  package struct Suppression: Hashable, Sendable {
    /// The field's name.
    package let field: String
    package let begins: [String]

    package init(field: String, begins: [String]) {
      self.field = field
      self.begins = begins
    }
  }

  /// Whether an identifier in a text stops the release, or is taken out of the text.
  package enum OnFind: String, Sendable, CaseIterable { case refuse, redact }

  package init(
    field: String, label: String, disclosure: Disclosure, transform: Transform, repairs: [Repair],
    accepted: [String: String] = [:], onFind: OnFind = .refuse, mayRepeat: [String: String] = [:],
    suppression: Suppression? = nil
  ) {
    self.mayRepeat = mayRepeat
    self.suppression = suppression
    self.accepted = accepted
    self.onFind = onFind
    self.field = field
    self.label = label
    self.disclosure = disclosure
    self.transform = transform
    self.repairs = repairs
  }
}

/// Rows that are not published at all: those in which a column begins so, with the reason that everybody is told.
package struct RecordSuppression: Hashable, Sendable {
  package let rule: ColumnPolicy.Suppression
  package let reason: LocalizedText

  package init(rule: ColumnPolicy.Suppression, reason: LocalizedText) {
    self.rule = rule
    self.reason = reason
  }
}
