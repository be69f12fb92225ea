internal import Publication
package import Tabular

/// A JSON Schema as the descriptor holds it.
package struct JSONSchema: Sendable, Hashable {
  package let json: JSON

  package init(_ json: JSON) { self.json = json }
}

/// Checks JSON values against a JSON Schema.
///
/// - Source: JSON Schema 2020-12, and what draft 7 says in other words (`items` as a list, `dependencies`, `definitions`). `format`
///   is an annotation. What is left out (`unevaluatedItems`, `unevaluatedProperties`, `$dynamicRef`, references to other documents)
///   is an error of the descriptor.
final class JSONSchemaCheck {
  private let root: JSON
  private var patterns: [String: Pattern] = [:]
  private var stepsLeft = 0

  private static let depthLimit = 256
  private static let stepLimit = 100_000
  private static let schemaKeywords: Set<String> = [
    "additionalProperties", "additionalItems", "contains", "propertyNames", "not", "if", "then", "else",
  ]
  private static let schemaListKeywords: Set<String> = ["allOf", "anyOf", "oneOf", "prefixItems"]
  private static let schemaMapKeywords: Set<String> = [
    "properties", "patternProperties", "dependentSchemas", "$defs", "definitions",
  ]
  private static let unsupportedKeywords: Set<String> = [
    "unevaluatedItems", "unevaluatedProperties", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor",
  ]
  private static let countKeywords: Set<String> = [
    "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains",
  ]
  private static let numberKeywords: Set<String> = [
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
  ]
  private static let types: Set<String> = ["null", "boolean", "object", "array", "number", "string", "integer"]

  init(_ schema: JSONSchema, at path: String) throws(SchemaError) {
    root = schema.json
    guard root.members != nil else { throw SchemaError(path, "must be an object") }
    try look(at: root, path)
  }

  /// Refuses what cannot be checked, before any value is.
  private func look(at schema: JSON, _ path: String) throws(SchemaError) {
    if schema.boolean != nil { return }
    guard let members = schema.members else { throw SchemaError(path, "must be a schema: an object, true or false") }
    for member in members {
      let (name, value) = (member.name, member.value)
      let at = "\(path)/\(name)"
      if Self.unsupportedKeywords.contains(name) {
        throw SchemaError(at, "is not checked by this version of Daylight")
      } else if Self.schemaKeywords.contains(name) {
        try look(at: value, at)
      } else if Self.schemaListKeywords.contains(name) || (name == "items" && value.elements != nil) {
        guard let list = value.elements, !list.isEmpty else { throw SchemaError(at, "must be a list of schemas") }
        for (index, item) in list.enumerated() { try look(at: item, "\(at)/\(index)") }
      } else if name == "items" {
        try look(at: value, at)
      } else if Self.schemaMapKeywords.contains(name) {
        guard let map = value.members else { throw SchemaError(at, "must be an object of schemas") }
        for item in map {
          if name == "patternProperties" { try addPattern(item.name, "\(at)/\(item.name)") }
          try look(at: item.value, "\(at)/\(item.name)")
        }
      } else if Self.countKeywords.contains(name) {
        guard let count = value.integer, count >= 0 else { throw SchemaError(at, "must be a whole number from 0") }
      } else if Self.numberKeywords.contains(name) {
        guard let number = decimal(value), name != "multipleOf" || number.sign == 1 else {
          throw SchemaError(at, name == "multipleOf" ? "must be a number above 0" : "must be a number")
        }
      } else {
        try lookAtOther(name, value, at)
      }
    }
  }

  private func lookAtOther(_ name: String, _ value: JSON, _ at: String) throws(SchemaError) {
    switch name {
    case "pattern":
      guard let text = value.text else { throw SchemaError(at, "must be a text") }
      try addPattern(text, at)
    case "$ref":
      guard let reference = value.text, target(of: reference) != nil else {
        throw SchemaError(at, "leads to no schema in this descriptor")
      }
    case "type":
      let names = value.elements ?? [value]
      guard !names.isEmpty, names.allSatisfy({ Self.types.contains($0.text ?? "") }) else {
        throw SchemaError(at, "must be one of \(Self.types.sorted().joined(separator: ", "))")
      }
    case "enum":
      guard value.elements != nil else { throw SchemaError(at, "must be a list of values") }
    case "required":
      guard let names = value.elements, names.allSatisfy({ $0.text != nil }) else {
        throw SchemaError(at, "must be a list of names")
      }
    case "uniqueItems":
      guard value.boolean != nil else { throw SchemaError(at, "must be true or false") }
    case "dependencies", "dependentRequired":
      guard let map = value.members else { throw SchemaError(at, "must be an object") }
      for item in map {
        if let names = item.value.elements {
          guard names.allSatisfy({ $0.text != nil }) else {
            throw SchemaError("\(at)/\(item.name)", "must be a list of names")
          }
        } else {
          try look(at: item.value, "\(at)/\(item.name)")
        }
      }
    // Annotations, and what the specification says to pass over.
    default: break
    }
  }

  private func addPattern(_ text: String, _ path: String) throws(SchemaError) {
    if patterns[text] == nil { patterns[text] = try Pattern(searching: text, at: path) }
  }

  /// `#`, `#/a/pointer`, `#anchor` or the `$id` of the whole.
  private func target(of reference: String) -> JSON? {
    if reference == "#" || reference == root["$id"]?.text { return root }
    guard reference.hasPrefix("#") else { return nil }
    let pointer = reference.dropFirst()
    guard pointer.beginsWith("/") else { return anchored(String(pointer), in: root, depth: 0) }
    var node = root
    for part in pointer.pathParts.dropFirst().map({ $0[...] }) {
      let name = decodedPointer(part)
      if let next = node[name] {
        node = next
      } else if let elements = node.elements, let index = Int(name), elements.indices.contains(index) {
        node = elements[index]
      } else {
        return nil
      }
    }
    return node.members != nil || node.boolean != nil ? node : nil
  }

  private func anchored(_ name: String, in json: JSON, depth: Int) -> JSON? {
    guard depth < Self.depthLimit else { return nil }
    if json["$anchor"]?.text == name || json["$id"]?.text == "#\(name)" { return json }
    let children = json.members?.map(\.value) ?? json.elements ?? []
    for child in children { if let found = anchored(name, in: child, depth: depth + 1) { return found } }
    return nil
  }

  private struct LimitReached: Error {}

  func check(_ value: JSON) -> MatchOutcome {
    stepsLeft = Self.stepLimit
    do {
      return try holds(root, value, 0) ? .matches : .differs
    } catch {
      return .limitReached
    }
  }

  private func holds(_ schema: JSON, _ value: JSON, _ depth: Int) throws(LimitReached) -> Bool {
    stepsLeft -= 1
    guard depth < Self.depthLimit, stepsLeft > 0 else { throw LimitReached() }
    if let answer = schema.boolean { return answer }
    for member in schema.members ?? [] {
      guard try holds(member.name, member.value, in: schema, value, depth + 1) else { return false }
    }
    return true
  }

  private func holds(_ keyword: String, _ rule: JSON, in schema: JSON, _ value: JSON, _ depth: Int)
    throws(LimitReached) -> Bool
  {
    switch keyword {
    case "type": return (rule.elements ?? [rule]).contains { isOf(type: $0.text ?? "", value) }
    case "const": return equalityKey(of: rule) == equalityKey(of: value)
    case "enum":
      let key = equalityKey(of: value)
      return (rule.elements ?? []).contains { equalityKey(of: $0) == key }
    case "$ref":
      return try rule.text.flatMap(target).map { (to) throws(LimitReached) in try holds(to, value, depth) } ?? false
    case "allOf":
      for item in rule.elements ?? [] { guard try holds(item, value, depth) else { return false } }
      return true
    case "anyOf":
      for item in rule.elements ?? [] { if try holds(item, value, depth) { return true } }
      return false
    case "oneOf":
      var count = 0
      for item in rule.elements ?? [] { if try holds(item, value, depth) { count += 1 } }
      return count == 1
    case "not": return try !holds(rule, value, depth)
    case "if":
      let branch = schema[try holds(rule, value, depth) ? "then" : "else"]
      return try branch.map { (branch) throws(LimitReached) in try holds(branch, value, depth) } ?? true
    default: break
    }
    switch value {
    case .number: return try holdsForNumber(keyword, rule, value)
    case .string(let text): return try holdsForText(keyword, rule, text)
    case .array(let elements): return try holdsForArray(keyword, rule, in: schema, elements, depth)
    case .object(let members): return try holdsForObject(keyword, rule, in: schema, members, depth)
    case .null, .bool: return true
    }
  }

  private func isOf(type: String, _ value: JSON) -> Bool {
    switch value {
    case .null: type == "null"
    case .bool: type == "boolean"
    case .string: type == "string"
    case .array: type == "array"
    case .object: type == "object"
    case .number: type == "number" || (type == "integer" && decimal(value)?.isWhole == true)
    }
  }

  private func holdsForNumber(_ keyword: String, _ rule: JSON, _ value: JSON) throws(LimitReached) -> Bool {
    guard Self.numberKeywords.contains(keyword), let limit = decimal(rule), let number = decimal(value) else {
      return true
    }
    switch keyword {
    case "minimum": return !(number < limit)
    case "maximum": return !(limit < number)
    case "exclusiveMinimum": return limit < number
    case "exclusiveMaximum": return number < limit
    default:
      guard let isMultiple = number.isMultiple(of: limit) else { throw LimitReached() }
      return isMultiple
    }
  }

  private func holdsForText(_ keyword: String, _ rule: JSON, _ text: String) throws(LimitReached) -> Bool {
    switch keyword {
    case "minLength": return text.unicodeScalars.count >= rule.integer ?? 0
    case "maxLength": return text.unicodeScalars.count <= rule.integer ?? .max
    case "pattern": return try matches(text, rule.text ?? "")
    default: return true
    }
  }

  private func matches(_ text: String, _ pattern: String) throws(LimitReached) -> Bool {
    switch patterns[pattern]?.match(Array(text.utf8).span) {
    case .matches: return true
    case .differs: return false
    case .limitReached, nil: throw LimitReached()
    }
  }

  private func holdsForArray(_ keyword: String, _ rule: JSON, in schema: JSON, _ elements: [JSON], _ depth: Int)
    throws(LimitReached) -> Bool
  {
    func all(_ elements: ArraySlice<JSON>) throws(LimitReached) -> Bool {
      for element in elements { guard try holds(rule, element, depth) else { return false } }
      return true
    }
    switch keyword {
    case "minItems": return elements.count >= rule.integer ?? 0
    case "maxItems": return elements.count <= rule.integer ?? .max
    case "uniqueItems": return rule.boolean != true || Set(elements.map(equalityKey)).count == elements.count
    case "prefixItems" where rule.elements != nil, "items" where rule.elements != nil:
      for (item, element) in zip(rule.elements ?? [], elements) {
        guard try holds(item, element, depth) else { return false }
      }
      return true
    case "items": return try all(elements.dropFirst(schema["prefixItems"]?.elements?.count ?? 0))
    case "additionalItems":
      guard let first = schema["items"]?.elements else { return true }
      return try all(elements.dropFirst(first.count))
    case "contains":
      var count = 0
      for element in elements { if try holds(rule, element, depth) { count += 1 } }
      return count >= schema["minContains"]?.integer ?? 1 && count <= schema["maxContains"]?.integer ?? .max
    default: return true
    }
  }

  private func holdsForObject(_ keyword: String, _ rule: JSON, in schema: JSON, _ members: [JSON.Member], _ depth: Int)
    throws(LimitReached) -> Bool
  {
    let value = JSON.object(members)
    switch keyword {
    case "minProperties": return members.count >= rule.integer ?? 0
    case "maxProperties": return members.count <= rule.integer ?? .max
    case "required": return (rule.elements ?? []).allSatisfy { value[$0.text ?? ""] != nil }
    case "properties":
      for item in rule.members ?? [] {
        if let member = value[item.name] { guard try holds(item.value, member, depth) else { return false } }
      }
      return true
    case "patternProperties":
      for item in rule.members ?? [] {
        for member in members where try matches(member.name, item.name) {
          guard try holds(item.value, member.value, depth) else { return false }
        }
      }
      return true
    case "additionalProperties":
      for member in members where schema["properties"]?[member.name] == nil {
        var isNamed = false
        for item in schema["patternProperties"]?.members ?? [] where try matches(member.name, item.name) {
          isNamed = true
        }
        if !isNamed { guard try holds(rule, member.value, depth) else { return false } }
      }
      return true
    case "propertyNames":
      for member in members { guard try holds(rule, .string(member.name), depth) else { return false } }
      return true
    case "dependentRequired", "dependentSchemas", "dependencies":
      for item in rule.members ?? [] where value[item.name] != nil {
        if let names = item.value.elements {
          guard names.allSatisfy({ value[$0.text ?? ""] != nil }) else { return false }
        } else {
          guard try holds(item.value, value, depth) else { return false }
        }
      }
      return true
    default: return true
    }
  }
}

private func decimal(_ json: JSON) -> ExactDecimal? {
  guard case .number(let text) = json else { return nil }
  return ExactDecimal(canonical: Array(text.utf8)[...])
}

/// A part of a JSON pointer in a URI fragment, with its escapes undone (RFC 6901 §6).
private func decodedPointer(_ part: Substring) -> String {
  var bytes: [UInt8] = []
  var rest = Array(part.utf8)[...]
  while let byte = rest.popFirst() {
    if byte == UInt8(ascii: "%"), rest.count >= 2,
      let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
    {
      bytes.append(value)
      rest = rest.dropFirst(2)
    } else if byte == UInt8(ascii: "~"), let next = rest.first, next == 0x30 || next == 0x31 {
      bytes.append(next == 0x30 ? UInt8(ascii: "~") : UInt8(ascii: "/"))
      rest = rest.dropFirst()
    } else {
      bytes.append(byte)
    }
  }
  return String(decoding: bytes, as: UTF8.self)
}
