package import Publication
package import Tabular

/// Reads a Table Dialect (v2).
///
/// Properties that do not apply to delimited text are passed over, as the standard asks; one that it does not know is an error: most
/// likely a slip of the pen, and a dialect that is read in part gives another table.
///
/// - Source: datapackage.org/standard/table-dialect v2.0; validation.md §2.10.
extension Source.Dialect {
  /// Daylight's own: `footerRows`, `footerStart`.
  package static let memberNames = [
    "header", "headerRows", "headerJoin", "commentRows", "commentChar", "delimiter", "lineTerminator", "quoteChar",
    "doubleQuote", "escapeChar", "nullSequence", "skipInitialSpace", "footerRows", "footerStart",
  ]

  /// Of other kinds of table, and what says nothing of the text.
  private static let otherNames: Set<String> = [
    "$schema", "name", "title", "description", "type", "property", "itemType", "itemKeys", "sheetNumber", "sheetName",
    "table", "csvddfVersion", "caseSensitiveHeader",
  ]

  /// - Throws: `SchemaError` with the JSON path of what is wrong.
  package init(json: JSON) throws(SchemaError) {
    self.init()
    guard let members = json.members else { throw SchemaError("", "a dialect is an object") }
    for member in members { try take(member.name, member.value) }
    if headerRows?.isEmpty == true {
      hasHeader = false
      headerRows = nil
    }
    if let headerRows, hasHeader, let both = headerRows.first(where: commentRows.contains) {
      throw SchemaError("/headerRows", "row \(both) is among the commentRows too")
    }
    let special = [delimiter, quote, escape, lineTerminator, commentPrefix].compactMap { $0 }
    // One way to double a quote: as its own escape.
    guard Set(special).count == special.count || (escape == quote && Set(special).count == special.count - 1) else {
      throw SchemaError("", "a dialect uses one text for two things")
    }
  }

  private mutating func take(_ name: String, _ value: JSON) throws(SchemaError) {
    let path = "/\(name)"
    switch name {
    case "header": hasHeader = try Self.flag(value, path)
    case "doubleQuote": doublesQuotes = try Self.flag(value, path)
    case "skipInitialSpace": skipsInitialSpace = try Self.flag(value, path)
    case "delimiter": delimiter = try Self.mark(value, path)
    case "quoteChar": quote = value.text == "" ? nil : try Self.character(value, path)
    case "escapeChar": escape = try Self.character(value, path)
    case "commentChar": commentPrefix = try Self.mark(value, path)
    case "headerRows": headerRows = try Self.rows(value, path, limit: 16)
    case "commentRows": commentRows = Set(try Self.rows(value, path, limit: 10_000))
    case "headerJoin": headerJoin = try Self.text(value, path)
    case "nullSequence": nullSequence = try Self.text(value, path)
    case "lineTerminator":
      let text = try Self.text(value, path)
      guard !text.isEmpty, text.utf8.count <= 16 else { throw SchemaError(path, "must be 1 to 16 bytes") }
      lineTerminator = ["\n", "\r\n", "\r"].contains { $0.utf8.elementsEqual(text.utf8) } ? nil : text
    case "footerRows":
      guard let count = value.integer, (0...100).contains(count) else {
        throw SchemaError(path, "must be a whole number from 0 to 100")
      }
      footerRowCount = count
    case "footerStart":
      let texts = value.text.map { [$0] } ?? value.elements?.compactMap(\.text) ?? []
      guard !texts.isEmpty, texts.count <= 16, !texts.contains(""), texts.count == value.elements?.count ?? 1 else {
        throw SchemaError(path, "must be a text, or a list of 1 to 16 texts, none of them empty")
      }
      footerStarts = texts
    default:
      guard Self.otherNames.contains(name) else {
        throw SchemaError(path, "there is no such member of a Table Dialect")
      }
    }
  }

  private static func flag(_ value: JSON, _ path: String) throws(SchemaError) -> Bool {
    guard let flag = value.boolean else { throw SchemaError(path, "must be true or false") }
    return flag
  }

  private static func text(_ value: JSON, _ path: String) throws(SchemaError) -> String {
    guard let text = value.text else { throw SchemaError(path, "must be a text") }
    return text
  }

  private static func rows(_ value: JSON, _ path: String, limit: Int) throws(SchemaError) -> [Int] {
    let rows = value.elements?.compactMap(\.integer) ?? []
    guard let elements = value.elements, rows.count == elements.count, rows.count <= limit else {
      throw SchemaError(path, "must be a list of at most \(limit) row numbers")
    }
    guard rows.allSatisfy({ $0 >= 1 }), zip(rows, rows.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw SchemaError(path, "must be rising row numbers, from 1")
    }
    guard (rows.last ?? 0) <= 100_000 || limit > 16 else { throw SchemaError(path, "a header stands at the top") }
    return rows
  }

  /// One or more characters without a line end.
  private static func mark(_ value: JSON, _ path: String) throws(SchemaError) -> String {
    guard let text = value.text, !text.isEmpty, text.utf8.count <= 16, !text.utf8.contains(0x0a),
      !text.utf8.contains(0x0d)
    else { throw SchemaError(path, "must be 1 to 16 bytes, and no line end") }
    return text
  }

  private static func character(_ value: JSON, _ path: String) throws(SchemaError) -> String {
    let text = try mark(value, path)
    guard text.unicodeScalars.count == 1 else { throw SchemaError(path, "must be one character") }
    return text
  }
}

extension Schema {
  /// The same, with a dialect's null sequence among the missing values of the table and of each field.
  package func accepting(nullSequence: String?) -> Schema {
    guard let nullSequence else { return self }
    let missing = MissingValue(nullSequence)
    var schema = self
    if !missingValues.contains(where: { $0.value == nullSequence }) { schema.missingValues.append(missing) }
    for index in schema.fields.indices {
      if let own = schema.fields[index].missingValues, !own.contains(where: { $0.value == nullSequence }) {
        schema.fields[index].missingValues = own + [missing]
      }
    }
    return schema
  }
}
