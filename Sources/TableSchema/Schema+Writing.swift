internal import Publication
package import Tabular

extension Schema {
  /// The descriptor, members in a fixed order.
  package var json: JSON {
    .members([
      ("$schema", "https://datapackage.org/profiles/2.0/tableschema.json"),
      ("fields", .array(fields.map(\.json))),
      ("fieldsMatch", fieldsMatch == .exact ? nil : .string(fieldsMatch.rawValue)),
      ("primaryKey", primaryKey.isEmpty ? nil : textList(primaryKey)),
      ("uniqueKeys", uniqueKeys.isEmpty ? nil : .array(uniqueKeys.map(textList))),
      ("foreignKeys", foreignKeys.isEmpty ? nil : .array(foreignKeys.map(\.json))),
      ("missingValues", .array(missingValues.map { labelled($0.value, $0.label) })),
    ])
  }
}

private func textList(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }

/// A value alone, or with its label.
private func labelled(_ value: String, _ label: String?) -> JSON { labelled(.string(value), label) }

private func labelled(_ value: JSON, _ label: String?) -> JSON {
  label.map { .members([("value", value), ("label", .string($0))]) } ?? value
}

extension ForeignKey {
  var json: JSON {
    .members([
      ("fields", textList(fields)),
      ("reference", .members([("resource", resource.map { .string($0) }), ("fields", textList(referencedFields))])),
    ])
  }
}

extension SchemaField {
  var json: JSON {
    var members: [(String, JSON?)] = [
      ("name", .string(name)), ("type", .string(type.name)), ("format", type.format.map { .string($0) }),
      ("title", title.map { .string($0.zh) }), ("description", description.map { .string($0.zh) }),
    ]
    members += type.options
    if let categories {
      // Labels for some are written for all, as objects.
      let hasLabels = categories.contains { $0.label != nil }
      members.append(
        (
          "categories",
          .array(
            categories.map {
              let value = constraintJSON($0.value, type)
              return hasLabels ? .members([("value", value), ("label", $0.label.map { .string($0) })]) : value
            })
        ))
      members.append(("categoriesOrdered", areCategoriesOrdered.map { .bool($0) }))
    }
    members.append(("missingValues", missingValues.map { .array($0.map { labelled($0.value, $0.label) }) }))
    members.append(("unit", unit.map { .string($0) }))
    let english = JSON.members([
      ("title", title?.en.map { .string($0) }), ("description", description?.en.map { .string($0) }),
    ])
    if english.members?.isEmpty == false { members.append(("translations", .members([("en", english)]))) }
    let rules = constraints.json(of: type)
    if rules.members?.isEmpty == false { members.append(("constraints", rules)) }
    return .members(members)
  }
}

extension FieldType {
  /// The options of the type that are not the specification's own.
  fileprivate var options: [(String, JSON?)] {
    switch self {
    case .boolean(let yes, let no): return [("trueValues", textList(yes)), ("falseValues", textList(no))]
    case .list(let delimiter, let item):
      return [
        ("delimiter", delimiter == "," ? nil : .string(delimiter)),
        ("itemType", item == .string ? nil : .string(item.rawValue)),
      ]
    case .integer(let options), .number(let options):
      func text(_ bytes: [UInt8]) -> JSON { .string(String(decoding: bytes, as: UTF8.self)) }
      return [
        ("decimalChar", options.decimalChar == [0x2e] ? nil : text(options.decimalChar)),
        ("groupChar", options.groupChar.map(text)), ("bareNumber", options.isBare ? nil : false),
      ]
    default: return []
    }
  }
}

/// A value of a constraint as JSON has it, where the field's own form is JSON's.
private func constraintJSON(_ text: String, _ type: FieldType) -> JSON {
  switch type {
  case .integer, .number, .year:
    let isNumber = isPublishedNumber(Array(text.utf8).span, isInteger: type != .canonicalNumber)
    return isNumber && type == type.canonical ? .number(text) : .string(text)
  case .boolean: return text == "true" || text == "false" ? .bool(text == "true") : .string(text)
  default: return (type.isJSON ? try? JSONParser.parse(Array(text.utf8)) : nil) ?? .string(text)
  }
}

extension Constraints {
  func json(of type: FieldType) -> JSON {
    func value(_ text: String) -> JSON { constraintJSON(text, type) }
    return .members([
      ("required", required ? true : nil), ("unique", unique ? true : nil), ("minLength", minLength.map { .int($0) }),
      ("maxLength", maxLength.map { .int($0) }), ("minimum", minimum.map(value)), ("maximum", maximum.map(value)),
      ("exclusiveMinimum", exclusiveMinimum.map(value)), ("exclusiveMaximum", exclusiveMaximum.map(value)),
      ("pattern", pattern.map { .string($0) }), ("enum", enumeration.map { .array($0.map(value)) }),
      ("jsonSchema", jsonSchema?.json),
    ])
  }
}
