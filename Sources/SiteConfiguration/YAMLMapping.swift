internal import Publication
internal import Tabular
internal import Yams

/// The members of one YAML mapping.
///
/// Whoever reads it takes the members one by one and calls `finish`, which refuses what is left: so no key is ever
/// passed over in silence.
final class YAMLMapping {
  let path: String
  let file: String
  let line: Int?
  private var members: [(name: String, node: Node)] = []
  private var taken: Set<String> = []

  init(_ node: Node, path: String, file: String) throws {
    self.path = path
    self.file = file
    line = node.mark?.line
    guard case .mapping(let mapping) = node else {
      throw ConfigurationError(
        file: file, line: node.mark?.line, problem: "\(path.isEmpty ? "the file" : path) must be a mapping (key: value)"
      )
    }
    for (key, value) in mapping {
      guard case .scalar(let scalar) = key else {
        throw ConfigurationError(file: file, line: key.mark?.line, problem: "a key must be a plain word")
      }
      members.append((scalar.string, value))
    }
  }

  /// All keys, in the order of the file; marks them as read.
  func allMembers() -> [(name: String, value: YAMLValue)] {
    members.map { member in
      taken.insert(member.name)
      return (
        member.name,
        YAMLValue(node: member.node, path: path.isEmpty ? member.name : "\(path).\(member.name)", file: file)
      )
    }
  }

  /// The member of that name; nil where it is left out.
  subscript(_ name: String) -> YAMLValue? {
    taken.insert(name)
    guard let member = members.first(where: { $0.name == name }) else { return nil }
    return YAMLValue(node: member.node, path: path.isEmpty ? name : "\(path).\(name)", file: file)
  }

  func required(_ name: String) throws -> YAMLValue {
    guard let value = self[name] else {
      throw ConfigurationError(file: file, line: line, problem: "\(path.isEmpty ? "" : "\(path): ")\(name) is missing")
    }
    return value
  }

  /// Refuses members that nobody asked for, and names the nearest key that exists.
  func finish() throws {
    for member in members where !taken.contains(member.name) {
      let near = taken.min { distance($0, member.name) < distance($1, member.name) }
      let hint = near.flatMap { distance($0, member.name) <= 3 ? "did you mean \($0)?" : nil }
      throw ConfigurationError(
        file: file, line: member.node.mark?.line,
        problem: "unknown key \(path.isEmpty ? "" : "\(path).")\(member.name)",
        hint: hint ?? "the keys here are \(taken.sorted().joined(separator: ", "))")
    }
  }
}

/// One value, with the path that messages name.
struct YAMLValue {
  let node: Node
  let path: String
  let file: String

  func fail(_ problem: String, hint: String? = nil) -> ConfigurationError {
    ConfigurationError(file: file, line: node.mark?.line, problem: "\(path) \(problem)", hint: hint)
  }

  func mapping() throws -> YAMLMapping { try YAMLMapping(node, path: path, file: file) }

  /// A text that is not empty, in which nothing changes what people see of it.
  func text() throws -> String {
    let text = try rawText()
    guard !text.hasControlCharacters else {
      throw fail("must not hold control characters, or characters that turn text round")
    }
    return text
  }

  /// The same, in which a tab may be meant: a delimiter.
  func rawText() throws -> String {
    guard case .scalar(let scalar) = node, !scalar.string.isEmpty, scalar.string != "null" || scalar.style != .plain
    else {
      throw fail("must be a text")
    }
    return scalar.string
  }

  func integer(_ range: ClosedRange<Int>) throws -> Int {
    guard case .scalar(let scalar) = node, scalar.style == .plain, let value = Int(scalar.string), range.contains(value)
    else {
      throw fail("must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func flag() throws -> Bool {
    guard case .scalar(let scalar) = node, scalar.style == .plain, scalar.string == "true" || scalar.string == "false"
    else {
      throw fail("must be true or false")
    }
    return scalar.string == "true"
  }

  func list() throws -> [YAMLValue] {
    guard case .sequence(let sequence) = node else { throw fail("must be a list") }
    return sequence.enumerated().map { YAMLValue(node: $1, path: "\(path)[\($0)]", file: file) }
  }

  func texts() throws -> [String] { try list().map { try $0.text() } }

  /// A text, a whole number, true or false, or a list of them.
  func json() throws -> JSON {
    if case .sequence = node { return .array(try list().map { try $0.json() }) }
    if let number = try? integer(Int.min...Int.max) { return .int(number) }
    if let flag = try? flag() { return .bool(flag) }
    return .string(try rawText())
  }

  /// One of the words of an enumeration.
  func choice<Choice: RawRepresentable & CaseIterable>(_: Choice.Type = Choice.self) throws -> Choice
  where Choice.RawValue == String {
    let word = try text()
    guard let value = Choice(rawValue: word) else {
      let words = Choice.allCases.map(\.rawValue)
      throw fail(
        "must be one of \(words.joined(separator: ", "))",
        hint: words.min { distance($0, word) < distance($1, word) }.flatMap {
          distance($0, word) <= 3 ? "did you mean \($0)?" : nil
        })
    }
    return value
  }

  /// `{zh: …, en: …}`, or a text that is Chinese.
  func localized() throws -> LocalizedText {
    if case .scalar = node { return LocalizedText(zh: try text()) }
    let members = try mapping()
    let value = LocalizedText(zh: try members.required("zh").text(), en: try members["en"]?.text())
    try members.finish()
    return value
  }
}

/// Levenshtein's distance, for "did you mean".
private func distance(_ a: String, _ b: String) -> Int {
  let a = Array(a), b = Array(b)
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let substituted = diagonal + (x == y ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}
