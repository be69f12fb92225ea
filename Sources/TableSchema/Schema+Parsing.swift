internal import Publication
package import Tabular

extension Schema {
  /// Reads a descriptor.
  ///
  /// Unknown members are allowed, as the specification wants; unknown types, formats and constraints are errors,
  /// because a rule that nobody checks is worse than none. A descriptor without `$schema` is read as version 2 too.
  package init(json: JSON) throws(SchemaError) {
    guard json.members != nil else { throw SchemaError("", "a Table Schema is an object") }
    guard let list = json["fields"]?.elements, !list.isEmpty else {
      throw SchemaError("/fields", "a list of fields is required")
    }
    var fields: [SchemaField] = []
    for (index, element) in list.enumerated() { fields.append(try SchemaField(json: element, at: "/fields/\(index)")) }
    self.init(
      fields: fields, fieldsMatch: try choice(json["fieldsMatch"], at: "/fieldsMatch") ?? .exact,
      missingValues: try labelled(json["missingValues"], at: "/missingValues")?.map {
        MissingValue($0.value, label: $0.label)
      } ?? [MissingValue("")])
    primaryKey = try key(json["primaryKey"], at: "/primaryKey")
    if let keys = json["uniqueKeys"] {
      guard let keys = keys.elements, !keys.isEmpty else { throw SchemaError("/uniqueKeys", "must be a list of keys") }
      for (index, element) in keys.enumerated() {
        guard element.elements?.isEmpty == false else {
          throw SchemaError("/uniqueKeys/\(index)", "must be a list of field names")
        }
        uniqueKeys.append(try key(element, at: "/uniqueKeys/\(index)"))
      }
    }
    if let keys = json["foreignKeys"] {
      guard let keys = keys.elements else { throw SchemaError("/foreignKeys", "must be a list of foreign keys") }
      for (index, element) in keys.enumerated() {
        foreignKeys.append(try foreignKey(element, at: "/foreignKeys/\(index)"))
      }
    }
  }

  /// A field name or a list of them, all of them fields of this schema.
  private func key(_ json: JSON?, at path: String) throws(SchemaError) -> [String] {
    let names = try fieldNames(json, at: path)
    for (index, name) in names.enumerated() where self.index(of: name) == nil {
      throw SchemaError("\(path)/\(index)", "there is no field \(name)")
    }
    return names
  }

  private func foreignKey(_ json: JSON, at path: String) throws(SchemaError) -> ForeignKey {
    let fields = try key(json["fields"], at: "\(path)/fields")
    guard !fields.isEmpty else { throw SchemaError("\(path)/fields", "is required") }
    guard let reference = json["reference"], reference.members != nil else {
      throw SchemaError("\(path)/reference", "an object with fields is required")
    }
    if let resource = reference["resource"], resource.text == nil {
      throw SchemaError("\(path)/reference/resource", "must be the name of a table")
    }
    let resource = reference["resource"]?.text.flatMap { $0.isEmpty ? nil : $0 }
    let referenced =
      resource == nil
      ? try key(reference["fields"], at: "\(path)/reference/fields")
      : try fieldNames(reference["fields"], at: "\(path)/reference/fields")
    guard referenced.count == fields.count else {
      throw SchemaError("\(path)/reference/fields", "must have as many fields as the key: \(fields.count)")
    }
    return ForeignKey(fields: fields, resource: resource, referencedFields: referenced)
  }
}

/// A list of names, or one name, as version 1 wrote it.
private func fieldNames(_ json: JSON?, at path: String) throws(SchemaError) -> [String] {
  if let name = json?.text { return [name] }
  guard let json else { return [] }
  guard let elements = json.elements else { throw SchemaError(path, "must be a field name or a list of them") }
  var names: [String] = []
  for (index, element) in elements.enumerated() {
    guard let name = element.text else { throw SchemaError("\(path)/\(index)", "must be a field name") }
    guard !names.contains(where: { $0.utf8.elementsEqual(name.utf8) }) else {
      throw SchemaError("\(path)/\(index)", "\(name) occurs twice")
    }
    names.append(name)
  }
  return names
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
    let categories = try labelled(json["categories"], of: type, at: "\(path)/categories")
    if categories != nil {
      switch type {
      case .string, .integer: break
      default: throw SchemaError("\(path)/categories", "does not apply to type \(type.name)")
      }
    }
    let isOrdered = json["categoriesOrdered"]
    guard isOrdered == nil || isOrdered?.boolean != nil else {
      throw SchemaError("\(path)/categoriesOrdered", "must be true or false")
    }
    self.init(
      name: name, type: type, title: localized("title"), description: localized("description"),
      unit: json["unit"]?.text,
      constraints: try Constraints(json: json["constraints"], type: type, at: "\(path)/constraints"),
      missingValues: try labelled(json["missingValues"], at: "\(path)/missingValues")?.map {
        MissingValue($0.value, label: $0.label)
      },
      categories: categories?.map { Category($0.value, label: $0.label) },
      areCategoriesOrdered: categories == nil ? nil : isOrdered?.boolean)
  }
}

extension FieldType {
  init(json: JSON, at path: String) throws(SchemaError) {
    if let type = json["type"], type.text == nil { throw SchemaError("\(path)/type", "must be a text") }
    if let format = json["format"], format.text == nil { throw SchemaError("\(path)/format", "must be a text") }
    var format = json["format"]?.text ?? "default"
    // Version 0 wrote patterns so.
    if format.hasPrefix("fmt:") { format.removeFirst(4) }
    func noFormat(_ type: FieldType) throws(SchemaError) -> FieldType {
      guard format == "default" else {
        throw SchemaError("\(path)/format", "type \(type.name) has no format \(format)")
      }
      return type
    }
    func known<Format: RawRepresentable & CaseIterable>(_: Format.Type) throws(SchemaError) -> Format
    where Format.RawValue == String {
      guard let known = Format(rawValue: format) else {
        let all = Format.allCases.map(\.rawValue).joined(separator: ", ")
        throw SchemaError("\(path)/format", "\(format) is none of the formats: \(all)")
      }
      return known
    }
    func time(_ kind: TimePattern.Kind) throws(SchemaError) -> TimeFormat {
      switch format {
      case "default": .default
      case "any": .any
      default: .pattern(try TimePattern(format, kind: kind, at: "\(path)/format"))
      }
    }
    switch json["type"]?.text ?? "any" {
    case "string": self = .string(try known(StringFormat.self))
    case "integer": self = try noFormat(.integer(try NumberOptions(json: json, isInteger: true, at: path)))
    case "number": self = try noFormat(.number(try NumberOptions(json: json, isInteger: false, at: path)))
    case "boolean":
      let yes = try texts(json["trueValues"], at: "\(path)/trueValues") ?? Self.defaultTrueValues
      let no = try texts(json["falseValues"], at: "\(path)/falseValues") ?? Self.defaultFalseValues
      if let both = yes.first(where: { no.contains($0) }) {
        throw SchemaError("\(path)/trueValues", "\(both) stands in falseValues too")
      }
      self = try noFormat(.boolean(trueValues: yes, falseValues: no))
    case "object": self = try noFormat(.object)
    case "array": self = try noFormat(.array)
    case "list":
      let delimiter = try nonEmptyText(json["delimiter"], at: "\(path)/delimiter") ?? ","
      // The text of the specification has a slip of the pen in this name.
      let item: ListItem? =
        json["itemType"] == "datetme" ? .datetime : try choice(json["itemType"], at: "\(path)/itemType")
      self = try noFormat(.list(delimiter: delimiter, item: item ?? .string))
    case "date": self = .date(try time(.date))
    case "time": self = .time(try time(.time))
    case "datetime": self = .datetime(try time(.datetime))
    case "year": self = try noFormat(.year)
    case "yearmonth": self = try noFormat(.yearmonth)
    case "duration": self = try noFormat(.duration)
    case "geopoint": self = .geopoint(try known(GeopointFormat.self))
    case "geojson": self = .geojson(try known(GeoJSONFormat.self))
    case "any": self = try noFormat(.any)
    case let other: throw SchemaError("\(path)/type", "there is no type \(other)")
    }
  }
}

extension FieldType.NumberOptions {
  fileprivate init(json: JSON, isInteger: Bool, at path: String) throws(SchemaError) {
    self.init()
    if !isInteger, let decimal = try nonEmptyText(json["decimalChar"], at: "\(path)/decimalChar") {
      decimalChar = Array(decimal.utf8)
    }
    groupChar = try nonEmptyText(json["groupChar"], at: "\(path)/groupChar").map { Array($0.utf8) }
    guard groupChar != decimalChar || isInteger else {
      throw SchemaError("\(path)/groupChar", "is the same as decimalChar")
    }
    if let bare = json["bareNumber"] {
      guard let bare = bare.boolean else { throw SchemaError("\(path)/bareNumber", "must be true or false") }
      isBare = bare
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
      func applies(_ does: Bool) throws(SchemaError) {
        guard does else { throw SchemaError(at, "does not apply to type \(type.name)") }
      }
      func flag() throws(SchemaError) -> Bool {
        guard let value = member.value.boolean else { throw SchemaError(at, "must be true or false") }
        return value
      }
      func length() throws(SchemaError) -> Int {
        try applies(type.hasLength)
        guard let value = member.value.integer ?? member.value.text.flatMap(Int.init), value >= 0 else {
          throw SchemaError(at, "must be a whole number from 0")
        }
        return value
      }
      func limit() throws(SchemaError) -> String {
        try applies(type.isOrdered)
        return try constraintText(member.value, of: type, at: at)
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
      case "jsonSchema":
        try applies(type == .object || type == .array)
        jsonSchema = JSONSchema(member.value)
      case "pattern":
        if case .string = type {} else { try applies(false) }
        guard let text = member.value.text else { throw SchemaError(at, "must be a text") }
        pattern = text
      case "enum":
        guard let elements = member.value.elements, !elements.isEmpty else {
          throw SchemaError(at, "must be a list of values")
        }
        var values: [String] = []
        for (index, element) in elements.enumerated() {
          values.append(try constraintText(element, of: type, at: "\(at)/\(index)"))
        }
        enumeration = values
      default: throw SchemaError(at, "there is no such constraint")
      }
    }
  }
}

/// A value of a constraint as the field itself would write it; JSON's own values are given that form.
private func constraintText(_ value: JSON, of type: FieldType, at path: String) throws(SchemaError) -> String {
  switch value {
  case .string(let text): return text
  case .number(let text):
    switch type {
    case .number(let options):
      return text.replacing(".", with: String(decoding: options.decimalChar, as: UTF8.self))
    // JSON's 10.0 is a whole number, and its 800 is a year: their own types want them written otherwise.
    case .integer where text.contains("."):
      let decimal = ExactDecimal(canonical: Array(text.utf8)[...])
      if decimal.isWhole, let whole = text.split(separator: ".").first, !text.lowercased().contains("e") {
        return String(whole)
      }
    case .year:
      if let year = value.integer, (0...9999).contains(year) { return padded(year, 4) }
    default: break
    }
    return text
  case .bool(let flag):
    // As the field itself writes it.
    guard case .boolean(let yes, let no) = type else { return flag ? "true" : "false" }
    return (flag ? yes.first : no.first) ?? (flag ? "true" : "false")
  case .array, .object:
    guard type.isJSON else { break }
    return String(decoding: value.compactBytes, as: UTF8.self)
  case .null: break
  }
  throw SchemaError(path, "must be a value of type \(type.name)")
}

private func choice<Choice: RawRepresentable & CaseIterable>(_ json: JSON?, at path: String) throws(SchemaError)
  -> Choice?
where Choice.RawValue == String {
  guard let json else { return nil }
  guard let text = json.text, let choice = Choice(rawValue: text) else {
    throw SchemaError(path, "must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
  }
  return choice
}

private func nonEmptyText(_ json: JSON?, at path: String) throws(SchemaError) -> String? {
  guard let json else { return nil }
  guard let text = json.text, !text.isEmpty else { throw SchemaError(path, "must be a text of one character or more") }
  return text
}

private func texts(_ json: JSON?, at path: String) throws(SchemaError) -> [String]? {
  guard let json else { return nil }
  guard let elements = json.elements else { throw SchemaError(path, "must be a list") }
  var texts: [String] = []
  for (index, element) in elements.enumerated() {
    guard let text = element.text else { throw SchemaError("\(path)/\(index)", "must be a text") }
    texts.append(text)
  }
  return texts
}

/// A list of texts, or of objects with `value` and `label`; values and labels each occur once.
///
/// - Parameter type: values are those of a field of this type, so that JSON's numbers are values too.
private func labelled(_ json: JSON?, of type: FieldType = .plainString, at path: String) throws(SchemaError)
  -> [(value: String, label: String?)]?
{
  guard let json else { return nil }
  guard let elements = json.elements else { throw SchemaError(path, "must be a list") }
  var list: [(value: String, label: String?)] = []
  for (index, element) in elements.enumerated() {
    let at = "\(path)/\(index)"
    guard (element.members == nil) == (elements[0].members == nil) else {
      throw SchemaError(at, "values alone and values with labels do not stand in one list")
    }
    let written = element.members == nil ? element : element["value"]
    guard let written else { throw SchemaError(at, "must have a value") }
    if type == .plainString && written.text == nil && path.hasSuffix("Values") {
      throw SchemaError(at, "must be a text")
    }
    if let label = element["label"], label.text == nil { throw SchemaError("\(at)/label", "must be a text") }
    let value = try constraintText(written, of: type, at: at)
    let label = element["label"]?.text
    for other in list {
      if other.value.utf8.elementsEqual(value.utf8) { throw SchemaError(at, "the value occurs twice") }
      if let label, let otherLabel = other.label, otherLabel.utf8.elementsEqual(label.utf8) {
        throw SchemaError("\(at)/label", "the label occurs twice")
      }
    }
    list.append((value, label))
  }
  return list
}
