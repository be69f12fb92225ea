package import Publication
package import TableSchema
package import Tabular

/// A Table Dialect (v2): how a delimited text is cut into records.
///
/// What is not read is an error, never ignored: a dialect that is read in part gives another table.
///
/// - Source: datapackage.org/standard/table-dialect v2.0; validation.md §2.10.
package struct TableDialect: Sendable {
  package private(set) var layout = Source.Layout()
  /// A text that stands for "no value" in every field.
  package private(set) var nullSequence: String?

  /// - Throws: `SchemaError` with the JSON path of what is wrong or is not read.
  package init(json: JSON) throws(SchemaError) {
    guard let members = json.members else { throw SchemaError("", "a dialect is an object") }
    for member in members { try take(member.name, member.value) }
    if json["header"]?.boolean == false { layout.headerRowCount = 0 }
    if json["doubleQuote"]?.boolean == false && layout.quote != nil && layout.escape == nil {
      throw Self.notRead("/doubleQuote")
    }
    let special = [layout.delimiter, layout.quote, layout.escape].compactMap { $0 }
    guard Set(special).count == special.count else {
      throw SchemaError("", "a dialect uses one character for two things")
    }
  }

  private mutating func take(_ name: String, _ value: JSON) throws(SchemaError) {
    let path = "/\(name)"
    switch name {
    case "$schema", "name", "title", "description": break
    case "header", "doubleQuote":
      guard value.boolean != nil else { throw SchemaError(path, "must be true or false") }
    case "delimiter": layout.delimiter = try Self.character(value, path)
    case "quoteChar": layout.quote = value.text == "" ? nil : try Self.character(value, path)
    case "escapeChar": layout.escape = try Self.character(value, path)
    case "headerRows":
      guard let rows = value.elements?.map(\.integer), !rows.isEmpty, !rows.contains(nil) else {
        throw SchemaError(path, "must be a list of row numbers")
      }
      guard rows == Array(1...rows.count), rows.count <= 16 else { throw Self.notRead(path) }
      layout.headerRowCount = rows.count
    case "headerJoin":
      guard let text = value.text else { throw SchemaError(path, "must be a text") }
      layout.headerJoin = text
    case "lineTerminator":
      guard value.text == "\n" || value.text == "\r\n" || value.text == "\r" else { throw Self.notRead(path) }
    case "nullSequence":
      guard let text = value.text else { throw SchemaError(path, "must be a text") }
      nullSequence = text
    case "skipInitialSpace":
      guard value.boolean == false else { throw Self.notRead(path) }
    case "commentRows", "commentChar", "property", "itemType", "itemKeys", "sheetNumber", "sheetName", "table":
      throw Self.notRead(path)
    default: throw SchemaError(path, "there is no such member of a Table Dialect")
    }
  }

  private static func notRead(_ path: String) -> SchemaError {
    SchemaError(path, "is valid, but this version of Daylight does not read such files")
  }

  private static func character(_ value: JSON, _ path: String) throws(SchemaError) -> UInt8 {
    guard let text = value.text, text.utf8.count == 1, let byte = text.utf8.first, byte < 0x80, byte != 0x0a,
      byte != 0x0d
    else { throw SchemaError(path, "must be one character of ASCII, and no line end") }
    return byte
  }

  /// The schema with the dialect's null sequence among the missing values of the table and of each field.
  package func applied(to schema: Schema) -> Schema {
    guard let nullSequence else { return schema }
    let missing = MissingValue(nullSequence)
    var schema = schema
    if !schema.missingValues.contains(where: { $0.value == nullSequence }) { schema.missingValues.append(missing) }
    for index in schema.fields.indices {
      if let own = schema.fields[index].missingValues, !own.contains(where: { $0.value == nullSequence }) {
        schema.fields[index].missingValues = own + [missing]
      }
    }
    return schema
  }
}
