package import Publication
internal import Tabular

// Made-up values that a field takes: for runs that try a configuration on persons who do not exist.

extension SchemaField {
  /// The first of the candidates that is a value of the field, else one made from its type and constraints; nil where none could be
  /// found.
  ///
  /// - Parameter number: makes values of several rows differ, where the field allows.
  package func controlValue(_ number: Int, candidates: [String]) -> [UInt8]? {
    guard let check = try? FieldCheck(self, missingValues: [], at: "") else { return nil }
    for text in candidates + typicalValues(number) {
      let bytes = Array(text.utf8)
      guard !bytes.isEmpty else { continue }
      var canonical: [UInt8] = []
      var isBroken = false
      let verdict = check.read(bytes.span, appendingTo: &canonical) { _, _ in isBroken = true }
      guard !isBroken else { continue }
      switch verdict {
      case .asWritten: return bytes
      case .rewritten: return canonical
      case .null, .wrongType: continue
      }
    }
    return nil
  }

  private func typicalValues(_ number: Int) -> [String] {
    var values = constraints.enumeration.map { [$0[number % $0.count]] } ?? []
    if let categories { values.append(categories[number % categories.count].value) }
    values += [constraints.minimum, constraints.maximum].compactMap(\.self)
    if let pattern = constraints.pattern, let sample = try? XSDExpression(pattern, at: "").sample() {
      values.append(sample)
    }
    let day = "20\(10 + number % 15)-0\(1 + number % 9)-1\(number % 9)"
    switch type {
    case .string(.default), .any: values += ["试验\(number)", "T\(number)", "1\(number)"]
    case .string(.email): values.append("control\(number)@mail.example")
    case .string(.uri): values.append("https://control.example/\(number)")
    case .string(.uuid): values.append("00000000-0000-4000-8000-00000000000\(number % 10)")
    case .string(.binary): values.append("AAAA")
    case .integer, .number: values += ["\(number)", "\(number * 37)", "1", "0"]
    case .boolean(let yes, let no): values += (yes + no)
    case .date: values += [day, "\(day)".replacing("-", with: "/"), day.replacing("-", with: "")]
    case .datetime: values += ["\(day)T08:00:00", "\(day) 08:00:00"]
    case .time: values.append("08:00:00")
    case .year: values.append("2020")
    case .yearmonth: values.append("2020-01")
    case .duration: values.append("P1D")
    case .list: values += ["1", "a", day]
    case .object: values.append("{}")
    case .array: values.append("[]")
    case .geopoint: values += ["121.4, 31.2", "[121.4, 31.2]", #"{"lon": 121.4, "lat": 31.2}"#]
    case .geojson: values.append(#"{"type":"Point","coordinates":[121.4,31.2]}"#)
    }
    return values
  }
}

extension XSDExpression {
  /// A text that the expression takes: the shortest ways through it; nil where a set has none of the common characters.
  func sample() -> String? { Self.sample(root) }

  private static func sample(_ node: Node) -> String? {
    switch node {
    case .alternatives(let branches): return branches.lazy.compactMap(sample).first
    case .sequence(let nodes):
      var text = ""
      for node in nodes {
        guard let part = sample(node) else { return nil }
        text += part
      }
      return text
    case .repeated(let inner, let least, let most):
      guard most != 0, max(least, 1) <= 256 else { return least == 0 ? "" : nil }
      guard let part = sample(inner) else { return least == 0 ? "" : nil }
      return String(repeating: part, count: max(least, 1))
    case .character(let scalar): return String(Character(scalar))
    case .set(let set):
      return commonCharacters.first { contains(set, $0) }.map { String(Character($0)) }
    }
  }

  private static let commonCharacters = Array("70A1B2a试验 -_.，/@#".unicodeScalars)

  private static func contains(_ set: CharacterSet, _ scalar: Unicode.Scalar) -> Bool {
    switch set {
    case .range(let first, let last): first <= scalar && scalar <= last
    case .category(let name): categoryName(scalar).hasPrefix(name)
    case .union(let sets): sets.contains { contains($0, scalar) }
    case .complement(let inner): !contains(inner, scalar)
    case .difference(let whole, let part): contains(whole, scalar) && !contains(part, scalar)
    case .anyInLine: scalar != "\n" && scalar != "\r"
    }
  }

  private static func categoryName(_ scalar: Unicode.Scalar) -> String {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter: "Lu"
    case .lowercaseLetter: "Ll"
    case .otherLetter: "Lo"
    case .decimalNumber: "Nd"
    case .spaceSeparator: "Zs"
    case .dashPunctuation: "Pd"
    case .connectorPunctuation: "Pc"
    default: "Po"
    }
  }
}
