internal import Publication
package import Tabular

extension Schema {
  /// The descriptor, members in a fixed order.
  package var json: JSON {
    .members([
      ("$schema", "https://datapackage.org/profiles/2.0/tableschema.json"),
      ("fields", .array(fields.map(\.json))),
      ("primaryKey", primaryKey.isEmpty ? nil : .array(primaryKey.map { .string($0) })),
      ("missingValues", .array(missingValues.map { .string($0) })),
    ])
  }
}

extension SchemaField {
  var json: JSON {
    var members: [(String, JSON?)] = [
      ("name", .string(name)), ("type", .string(type.name)), ("title", title.map { .string($0.zh) }),
      ("description", description.map { .string($0.zh) }),
    ]
    if case .boolean(let yes, let no) = type {
      members.append(("trueValues", .array(yes.map { .string($0) })))
      members.append(("falseValues", .array(no.map { .string($0) })))
    }
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

extension Constraints {
  func json(of type: FieldType) -> JSON {
    func value(_ text: String) -> JSON {
      switch type {
      case .integer, .number, .year: .number(text)
      case .boolean: .bool(text == "true")
      case .string, .date, .datetime, .yearmonth: .string(text)
      }
    }
    return .members([
      ("required", required ? true : nil), ("unique", unique ? true : nil), ("minLength", minLength.map { .int($0) }),
      ("maxLength", maxLength.map { .int($0) }), ("minimum", minimum.map(value)), ("maximum", maximum.map(value)),
      ("exclusiveMinimum", exclusiveMinimum.map(value)), ("exclusiveMaximum", exclusiveMaximum.map(value)),
      ("pattern", pattern.map { .string($0) }), ("enum", enumeration.map { .array($0.map(value)) }),
    ])
  }
}
