package import Tabular

extension Schema {
  /// Everything that is wrong with a descriptor: each part is looked at alone, so that one mistake does not hide the others.
  ///
  /// - Returns: none where it is the descriptor of a schema.
  package static func mistakes(in json: JSON) -> [SchemaError] {
    var found: [SchemaError] = []
    @discardableResult func isSound(_ check: () throws(SchemaError) -> Void) -> Bool {
      do throws(SchemaError) {
        try check()
        return true
      } catch {
        if !found.contains(where: { $0.path == error.path && $0.problem == error.problem }) { found.append(error) }
        return false
      }
    }
    guard let members = json.members, let fields = json["fields"]?.elements, !fields.isEmpty else {
      isSound { () throws(SchemaError) in _ = try Schema(json: json) }
      return found
    }
    for (index, field) in fields.enumerated() {
      let path = "/fields/\(index)"
      func compile(_ field: JSON) throws(SchemaError) {
        _ = try FieldCheck(try SchemaField(json: field, at: path), missingValues: [], at: path)
      }
      guard let rules = field["constraints"]?.members, let others = field.members?.filter({ $0.name != "constraints" })
      else {
        isSound { () throws(SchemaError) in try compile(field) }
        continue
      }
      // What the constraints mean depends on the rest.
      guard isSound({ () throws(SchemaError) in try compile(.object(others)) }) else { continue }
      for rule in rules {
        isSound { () throws(SchemaError) in
          try compile(.object(others + [JSON.Member("constraints", .object([rule]))]))
        }
      }
    }
    let names = fields.compactMap { field in
      field["name"]?.text.map { JSON.members([("name", $0.isEmpty ? nil : .string($0))]) }
    }
    for member in members where member.name != "fields" && !names.isEmpty {
      isSound { () throws(SchemaError) in
        _ = try Schema(json: .object([JSON.Member("fields", .array(names)), member]))
      }
    }
    if found.isEmpty { isSound { () throws(SchemaError) in try Schema(json: json).compile() } }
    return found
  }
}
