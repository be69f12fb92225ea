package import Publication
package import Tabular

/// A Table Schema (v2): what the columns of a table are and what must hold of them.
///
/// - Source: datapackage.org/standard/table-schema v2.0; the checklist of validation.md §2. What is not understood yet is an
///   error when the descriptor is read, never a check that is silently left out.
package struct Schema: Sendable {
  package var fields: [SchemaField]
  package var primaryKey: [String]
  /// Texts that stand for "no value", compared with the raw text before it is read.
  package var missingValues: [String]

  package init(fields: [SchemaField], primaryKey: [String] = [], missingValues: [String] = [""]) {
    self.fields = fields
    self.primaryKey = primaryKey
    self.missingValues = missingValues
  }

  package func index(of name: String) -> Int? { fields.firstIndex { $0.name.utf8.elementsEqual(name.utf8) } }
}

/// One field of a Table Schema.
package struct SchemaField: Sendable {
  package var name: String
  package var type: FieldType
  /// `title` and `description` are Chinese; `translations.en`, Daylight's own member, holds the English ones.
  package var title: LocalizedText?
  package var description: LocalizedText?
  /// Daylight's own member: the unit of the values, as UCUM or words (`mg/L`).
  package var unit: String?
  package var constraints: Constraints
  /// Replaces the schema's list where it is given.
  package var missingValues: [String]?

  package init(
    name: String, type: FieldType, title: LocalizedText? = nil, description: LocalizedText? = nil, unit: String? = nil,
    constraints: Constraints = Constraints(), missingValues: [String]? = nil
  ) {
    self.name = name
    self.type = type
    self.title = title
    self.description = description
    self.unit = unit
    self.constraints = constraints
    self.missingValues = missingValues
  }
}

/// The types of Table Schema that are understood, with their options.
package enum FieldType: Sendable, Hashable {
  case string
  case integer(NumberOptions)
  case number(NumberOptions)
  case boolean(trueValues: [String], falseValues: [String])
  case date
  case datetime
  case year
  case yearmonth

  package struct NumberOptions: Sendable, Hashable {
    package var decimalChar: UInt8 = UInt8(ascii: ".")
    package var groupChar: UInt8?
    /// False: text before and after the number is passed over.
    package var isBare = true

    package init() {}
  }

  package static let defaultTrueValues = ["true", "True", "TRUE", "1"]
  package static let defaultFalseValues = ["false", "False", "FALSE", "0"]

  package static var canonicalInteger: FieldType { .integer(NumberOptions()) }
  package static var canonicalNumber: FieldType { .number(NumberOptions()) }
  package static var canonicalBoolean: FieldType { .boolean(trueValues: ["true"], falseValues: ["false"]) }

  /// The name in Table Schema.
  package var name: String {
    switch self {
    case .string: "string"
    case .integer: "integer"
    case .number: "number"
    case .boolean: "boolean"
    case .date: "date"
    case .datetime: "datetime"
    case .year: "year"
    case .yearmonth: "yearmonth"
    }
  }

  /// How published values of this type stand in JSON.
  package var jsonKind: JSONColumnKind {
    switch self {
    case .integer, .number, .year: .number
    case .boolean: .boolean
    case .string, .date, .datetime, .yearmonth: .text
    }
  }

  /// Whether values have an order, so that `minimum` and `maximum` apply.
  var isOrdered: Bool {
    switch self {
    case .string, .boolean: false
    case .integer, .number, .date, .datetime, .year, .yearmonth: true
    }
  }
}

/// The constraints of a field.
///
/// Limits are kept as the descriptor writes them.
package struct Constraints: Sendable, Hashable {
  package var required = false
  package var unique = false
  package var minLength: Int?
  package var maxLength: Int?
  package var minimum: String?
  package var maximum: String?
  package var exclusiveMinimum: String?
  package var exclusiveMaximum: String?
  package var pattern: String?
  package var enumeration: [String]?

  package init() {}
}
