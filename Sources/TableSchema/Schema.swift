package import Publication
package import Tabular

/// A Table Schema (v2): what the columns of a table are and what must hold of them.
///
/// - Source: datapackage.org/standard/table-schema v2.0; the checklist of validation.md §2. What is not understood yet is an
///   error when the descriptor is read, never a check that is silently left out.
package struct Schema: Sendable {
  package var fields: [SchemaField]
  package var fieldsMatch: FieldsMatch
  package var primaryKey: [String]
  package var uniqueKeys: [[String]]
  package var foreignKeys: [ForeignKey]
  /// Texts that stand for "no value", compared with the raw text before it is read.
  package var missingValues: [MissingValue]

  package init(
    fields: [SchemaField], fieldsMatch: FieldsMatch = .exact, primaryKey: [String] = [], uniqueKeys: [[String]] = [],
    foreignKeys: [ForeignKey] = [], missingValues: [MissingValue] = [MissingValue("")]
  ) {
    self.fields = fields
    self.fieldsMatch = fieldsMatch
    self.primaryKey = primaryKey
    self.uniqueKeys = uniqueKeys
    self.foreignKeys = foreignKeys
    self.missingValues = missingValues
  }

  /// Compiles patterns, limits, enumerations and JSON Schemas, so that mistakes in them show.
  package func compile() throws(SchemaError) {
    for (index, field) in fields.enumerated() {
      _ = try FieldCheck(field, missingValues: missingValues, at: "/fields/\(index)")
    }
  }

  /// A name that two fields have; nil where there is none.
  package var repeatedFieldName: String? {
    var seen: Set<[UInt8]> = []
    return fields.first { !seen.insert(Array($0.name.utf8)).inserted }?.name
  }

  package func index(of name: String) -> Int? { fields.firstIndex { $0.name.utf8.elementsEqual(name.utf8) } }
}

/// How the columns of a table answer to the fields of its schema: the schema's set is compared with the table's.
package enum FieldsMatch: String, Sendable, CaseIterable {
  /// The same fields in the same order.
  case exact
  /// The same fields in any order.
  case equal
  /// All fields of the schema are in the table; the table may have more.
  case subset
  /// All fields of the table are in the schema; the schema may have more.
  case superset
  /// At least one field is in both.
  case partial

  /// A field of the schema may be missing in the table.
  package var allowsAbsentFields: Bool { self == .superset || self == .partial }
  /// A column of the table may be missing in the schema.
  package var allowsOtherColumns: Bool { self == .subset || self == .partial }
}

/// Values of some fields must occur together in a row of this table, or of another one.
package struct ForeignKey: Sendable, Hashable {
  package let fields: [String]
  /// The name of the other table; nil for this one.
  package let resource: String?
  /// As many as `fields`.
  package let referencedFields: [String]

  package init(fields: [String], resource: String?, referencedFields: [String]) {
    self.fields = fields
    self.resource = resource
    self.referencedFields = referencedFields
  }
}

/// A text that stands for "no value", and why there is none.
package struct MissingValue: Sendable, Hashable {
  package let value: String
  package let label: String?

  package init(_ value: String, label: String? = nil) {
    self.value = value
    self.label = label
  }
}

/// A value that a field may have, as the descriptor writes it, and what it means.
package struct Category: Sendable, Hashable {
  package let value: String
  package let label: String?

  package init(_ value: String, label: String? = nil) {
    self.value = value
    self.label = label
  }
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
  package var missingValues: [MissingValue]?
  /// The only values that a string or an integer may have; nil for any.
  package var categories: [Category]?
  /// Whether the order of the categories is that of the values; nil where nothing is said of it.
  package var areCategoriesOrdered: Bool?

  package init(
    name: String, type: FieldType, title: LocalizedText? = nil, description: LocalizedText? = nil, unit: String? = nil,
    constraints: Constraints = Constraints(), missingValues: [MissingValue]? = nil, categories: [Category]? = nil,
    areCategoriesOrdered: Bool? = nil
  ) {
    self.name = name
    self.type = type
    self.title = title
    self.description = description
    self.unit = unit
    self.constraints = constraints
    self.missingValues = missingValues
    self.categories = categories
    self.areCategoriesOrdered = areCategoriesOrdered
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
  /// What the JSON of an object or array must be.
  package var jsonSchema: JSONSchema?

  package init() {}
}
