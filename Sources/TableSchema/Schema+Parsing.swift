internal import Publication
package import Tabular

extension Schema {
  /// Reads a descriptor.
  ///
  /// Unknown members are allowed, as the specification wants; unknown types, formats and constraints are errors,
  /// because a rule that nobody checks is worse than none.
  package init(json: JSON) throws(SchemaError) {
    guard json.members != nil else { throw SchemaError("", "a Table Schema is an object") }
    guard let list = json["fields"]?.elements, !list.isEmpty else {
      throw SchemaError("/fields", "a list of fields is required")
    }
    for name in ["foreignKeys", "uniqueKeys"] where json[name] != nil {
      throw SchemaError("/\(name)", "is not checked by this version of Daylight")
    }
    if let match = json["fieldsMatch"], match != "exact" && match != "equal" {
      throw SchemaError("/fieldsMatch", "only exact and equal are checked by this version of Daylight")
    }
    var fields: [SchemaField] = []
    for (index, element) in list.enumerated() {
      let field = try SchemaField(json: element, at: "/fields/\(index)")
      guard !fields.contains(where: { $0.name.utf8.elementsEqual(field.name.utf8) }) else {
        throw SchemaError("/fields/\(index)/name", "the name \(field.name) occurs twice")
      }
      fields.append(field)
    }
    var keys: [String] = []
    switch json["primaryKey"] {
    case nil: break
    case .string(let name): keys = [name]
    case .array(let names):
      for (index, name) in names.enumerated() {
        guard let name = name.text else { throw SchemaError("/primaryKey/\(index)", "must be a field name") }
        keys.append(name)
      }
    default: throw SchemaError("/primaryKey", "must be a field name or a list of them")
    }
    let missing = try texts(json["missingValues"], at: "/missingValues") ?? [""]
    self.init(fields: fields, primaryKey: keys, missingValues: missing)
    for (index, key) in keys.enumerated() where self.index(of: key) == nil {
      throw SchemaError("/primaryKey/\(index)", "there is no field \(key)")
    }
  }
}

extension SchemaField {
  init(json: JSON, at path: String) throws(SchemaError) {
    guard json.members != nil else { throw SchemaError(path, "a field is an object") }
    guard let name = json["name"]?.text, !name.isEmpty else { throw SchemaError("\(path)/name", "is required") }
    func localized(_ member: String) -> LocalizedText? {
      guard let text = json[member]?.text else { return nil }
      return LocalizedText(zh: text, en: json["translations"]?["en"]?[member]?.text)
    }
    let type = try FieldType(json: json, at: path)
    self.init(
      name: name, type: type, title: localized("title"), description: localized("description"),
      unit: json["unit"]?.text,
      constraints: try Constraints(json: json["constraints"], type: type, at: "\(path)/constraints"),
      missingValues: try texts(json["missingValues"], at: "\(path)/missingValues"))
    if json["categories"] != nil {
      throw SchemaError("\(path)/categories", "is not checked by this version of Daylight; use enum")
    }
  }
}

extension FieldType {
  init(json: JSON, at path: String) throws(SchemaError) {
    let name = json["type"]?.text
    if let format = json["format"]?.text, format != "default" {
      throw SchemaError("\(path)/format", "format \(format) is not checked by this version of Daylight")
    }
    func byte(_ member: String) throws(SchemaError) -> UInt8? {
      guard let value = json[member] else { return nil }
      guard let text = value.text, text.utf8.count == 1, let byte = text.utf8.first else {
        throw SchemaError("\(path)/\(member)", "must be one ASCII character")
      }
      return byte
    }
    var options = NumberOptions()
    if let decimal = try byte("decimalChar") { options.decimalChar = decimal }
    options.groupChar = try byte("groupChar")
    if let bare = json["bareNumber"] {
      guard let bare = bare.boolean else { throw SchemaError("\(path)/bareNumber", "must be true or false") }
      options.isBare = bare
    }
    switch name {
    case "string": self = .string
    case "integer": self = .integer(options)
    case "number": self = .number(options)
    case "boolean":
      let yes = try texts(json["trueValues"], at: "\(path)/trueValues") ?? Self.defaultTrueValues
      let no = try texts(json["falseValues"], at: "\(path)/falseValues") ?? Self.defaultFalseValues
      if let both = yes.first(where: { no.contains($0) }) {
        throw SchemaError("\(path)/trueValues", "\(both) stands in falseValues too")
      }
      self = .boolean(trueValues: yes, falseValues: no)
    case "date": self = .date
    case "datetime": self = .datetime
    case "year": self = .year
    case "yearmonth": self = .yearmonth
    case nil: throw SchemaError("\(path)/type", "is required by Daylight: what is not typed cannot be checked")
    case let other?: throw SchemaError("\(path)/type", "type \(other) is not checked by this version of Daylight")
    }
  }
}

extension Constraints {
  init(json: JSON?, type: FieldType, at path: String) throws(SchemaError) {
    self.init()
    guard let json else { return }
    guard let members = json.members else { throw SchemaError(path, "must be an object") }
    for member in members {
      let at = "\(path)/\(member.name)"
      func flag() throws(SchemaError) -> Bool {
        guard let value = member.value.boolean else { throw SchemaError(at, "must be true or false") }
        return value
      }
      func length() throws(SchemaError) -> Int {
        guard type == .string else { throw SchemaError(at, "does not apply to type \(type.name)") }
        guard let value = member.value.integer, value >= 0 else {
          throw SchemaError(at, "must be a whole number from 0")
        }
        return value
      }
      func limit() throws(SchemaError) -> String {
        guard type.isOrdered else { throw SchemaError(at, "does not apply to type \(type.name)") }
        guard let text = scalarText(member.value) else { throw SchemaError(at, "must be a value of the field's type") }
        return text
      }
      switch member.name {
      case "required": required = try flag()
      case "unique": unique = try flag()
      case "minLength": minLength = try length()
      case "maxLength": maxLength = try length()
      case "minimum": minimum = try limit()
      case "maximum": maximum = try limit()
      case "exclusiveMinimum": exclusiveMinimum = try limit()
      case "exclusiveMaximum": exclusiveMaximum = try limit()
      case "pattern":
        guard type == .string else { throw SchemaError(at, "does not apply to type \(type.name)") }
        guard let text = member.value.text else { throw SchemaError(at, "must be a text") }
        pattern = text
      case "enum":
        guard let elements = member.value.elements, !elements.isEmpty else {
          throw SchemaError(at, "must be a list of values")
        }
        var values: [String] = []
        for (index, element) in elements.enumerated() {
          guard let text = scalarText(element) else {
            throw SchemaError("\(at)/\(index)", "must be a value of the field's type")
          }
          values.append(text)
        }
        enumeration = values
      default: throw SchemaError(at, "is not checked by this version of Daylight")
      }
    }
  }
}

/// Constraint values may be native JSON or texts that read as the field's type.
private func scalarText(_ value: JSON) -> String? {
  switch value {
  case .string(let text), .number(let text): text
  case .bool(let flag): flag ? "true" : "false"
  case .null, .array, .object: nil
  }
}

private func texts(_ json: JSON?, at path: String) throws(SchemaError) -> [String]? {
  guard let json else { return nil }
  guard let elements = json.elements else { throw SchemaError(path, "must be a list of texts") }
  var list: [String] = []
  for (index, element) in elements.enumerated() {
    // v2 also allows {value, label}: the value counts.
    guard let text = element.text ?? element["value"]?.text else {
      throw SchemaError("\(path)/\(index)", "must be a text")
    }
    guard !list.contains(where: { $0.utf8.elementsEqual(text.utf8) }) else {
      throw SchemaError("\(path)/\(index)", "occurs twice")
    }
    list.append(text)
  }
  return list
}
