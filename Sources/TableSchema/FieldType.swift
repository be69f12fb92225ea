package import Tabular

/// The types of Table Schema v2 with their options.
///
/// - Source: datapackage.org/standard/table-schema v2.0, "Field Types".
package enum FieldType: Sendable, Hashable {
  case string(StringFormat)
  case integer(NumberOptions)
  case number(NumberOptions)
  case boolean(trueValues: [String], falseValues: [String])
  case object
  case array
  case list(delimiter: String, item: ListItem)
  case date(TimeFormat)
  case time(TimeFormat)
  case datetime(TimeFormat)
  case year
  case yearmonth
  case duration
  case geopoint(GeopointFormat)
  case geojson(GeoJSONFormat)
  case any

  package enum StringFormat: String, Sendable, CaseIterable { case `default`, email, uri, binary, uuid }
  package enum GeopointFormat: String, Sendable, CaseIterable { case `default`, array, object }
  package enum GeoJSONFormat: String, Sendable, CaseIterable { case `default`, topojson }
  /// The types that items of a list may have, each in its default form.
  package enum ListItem: String, Sendable, CaseIterable {
    case string, integer, boolean, number, datetime, date, time
  }

  package enum TimeFormat: Sendable, Hashable {
    case `default`
    /// Any form that is written often and can be read in one way only.
    case any
    case pattern(TimePattern)
  }

  package struct NumberOptions: Sendable, Hashable {
    package var decimalChar: [UInt8] = [UInt8(ascii: ".")]
    package var groupChar: [UInt8]?
    /// False: text before and after the number is passed over.
    package var isBare = true

    package init() {}
  }

  package static let defaultTrueValues = ["true", "True", "TRUE", "1"]
  package static let defaultFalseValues = ["false", "False", "FALSE", "0"]

  package static var plainString: FieldType { .string(.default) }
  package static var canonicalInteger: FieldType { .integer(NumberOptions()) }
  package static var canonicalNumber: FieldType { .number(NumberOptions()) }
  package static var canonicalBoolean: FieldType { .boolean(trueValues: ["true"], falseValues: ["false"]) }

  /// The type of the published form: what a source may write in its own way is published in one way.
  package var canonical: FieldType {
    switch self {
    case .integer: .canonicalInteger
    case .number: .canonicalNumber
    case .boolean: .canonicalBoolean
    case .date: .date(.default)
    case .time: .time(.default)
    case .datetime: .datetime(.default)
    case .string, .object, .array, .list, .year, .yearmonth, .duration, .geopoint, .geojson, .any: self
    }
  }

  /// The name in Table Schema.
  package var name: String {
    switch self {
    case .string: "string"
    case .integer: "integer"
    case .number: "number"
    case .boolean: "boolean"
    case .object: "object"
    case .array: "array"
    case .list: "list"
    case .date: "date"
    case .time: "time"
    case .datetime: "datetime"
    case .year: "year"
    case .yearmonth: "yearmonth"
    case .duration: "duration"
    case .geopoint: "geopoint"
    case .geojson: "geojson"
    case .any: "any"
    }
  }

  /// The format in Table Schema; nil for the default.
  package var format: String? {
    switch self {
    case .string(let format): format == .default ? nil : format.rawValue
    case .geopoint(let format): format == .default ? nil : format.rawValue
    case .geojson(let format): format == .default ? nil : format.rawValue
    case .date(let format), .time(let format), .datetime(let format):
      switch format {
      case .default: nil
      case .any: "any"
      case .pattern(let pattern): pattern.text
      }
    case .integer, .number, .boolean, .object, .array, .list, .year, .yearmonth, .duration, .any: nil
    }
  }

  /// How published values of this type stand in JSON.
  ///
  /// JSON that stands in a cell stays the text that it is, so that rows in CSV and JSON hold the same values.
  package var jsonKind: JSONColumnKind {
    switch self {
    case .integer, .number, .year: .number
    case .boolean: .boolean
    case .string, .object, .array, .list, .date, .time, .datetime, .yearmonth, .duration, .geopoint, .geojson, .any:
      .text
    }
  }

  /// Text of any length and characters.
  package var isFreeText: Bool { self == .plainString || self == .any }

  package var isNumeric: Bool {
    switch self {
    case .integer, .number: true
    default: false
    }
  }

  /// Whether values have an order, so that `minimum` and `maximum` apply.
  var isOrdered: Bool {
    switch self {
    case .integer, .number, .date, .time, .datetime, .year, .yearmonth, .duration: true
    case .string, .boolean, .object, .array, .list, .geopoint, .geojson, .any: false
    }
  }

  /// Whether `minLength` and `maxLength` apply: string, array and object by the text, list by the profile.
  var hasLength: Bool {
    switch self {
    case .string, .array, .object, .list: true
    default: false
    }
  }

  /// Whether values are JSON texts.
  var isJSON: Bool {
    switch self {
    case .object, .array, .geojson, .geopoint(.array), .geopoint(.object): true
    default: false
    }
  }
}
