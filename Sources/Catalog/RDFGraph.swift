internal import Tabular

/// RDF statements in a fixed order, written as Turtle and as JSON-LD from one list, so that both say the same.
struct RDFGraph {
  enum Term: Hashable {
    /// An absolute IRI, or a name with one of the prefixes: `dcat:Dataset`.
    case iri(String)
    case text(String, language: String?)
    case typed(String, type: String)
  }

  private struct Node {
    let id: String
    var types: [String] = []
    private(set) var statements: [Statement] = []
    /// The same, where they are many.
    private var known: Set<Statement> = []

    init(id: String) { self.id = id }

    /// Adds a statement; one that is there already is not said twice.
    mutating func add(_ statement: Statement) {
      if statements.count < 32 {
        guard !statements.contains(statement) else { return }
      } else {
        if known.isEmpty { known = Set(statements) }
        guard known.insert(statement).inserted else { return }
      }
      statements.append(statement)
    }
  }

  private struct Statement: Hashable {
    let predicate: String
    let object: Term
  }

  private let prefixes: [(name: String, base: String)]
  private var nodes: [Node] = []
  private var positions: [String: Int] = [:]
  /// Statements of one subject come one after the other.
  private var last: (subject: String, position: Int)?

  init(prefixes: [(name: String, base: String)]) { self.prefixes = prefixes }

  mutating func add(_ subject: String, _ predicate: String, _ object: Term) {
    nodes[position(of: subject)].add(Statement(predicate: predicate, object: object))
  }

  mutating func add(_ subject: String, type: String) {
    let position = self.position(of: subject)
    if !nodes[position].types.contains(type) { nodes[position].types.append(type) }
  }

  private mutating func position(of subject: String) -> Int {
    if let last, last.subject == subject { return last.position }
    let position = positions[subject] ?? nodes.count
    if position == nodes.count {
      positions[subject] = position
      nodes.append(Node(id: subject))
    }
    last = (subject, position)
    return position
  }

  /// RDF 1.1 Turtle.
  var turtle: String {
    var text = prefixes.map { "@prefix \($0.name): <\($0.base)> .\n" }.joined()
    for node in nodes where !node.types.isEmpty || !node.statements.isEmpty {
      var parts = node.types.isEmpty ? [] : ["a \(node.types.map(name).joined(separator: ", "))"]
      for (predicate, objects) in grouped(node.statements) {
        parts.append("\(predicate) \(objects.map(turtle).joined(separator: ", "))")
      }
      text += "\n\(name(node.id))\n  " + parts.joined(separator: " ;\n  ") + " .\n"
    }
    return text
  }

  /// JSON-LD 1.1, flattened, with the prefixes as its context.
  ///
  /// Written a node at a time: a whole tree of ten thousand datasets takes a GiB.
  var jsonLD: [UInt8] {
    var bytes = Array("{\n  \"@context\": ".utf8)
    JSON.members(prefixes.map { ($0.name, .string($0.base)) }).appendPretty(to: &bytes, depth: 1)
    bytes += Array(",\n  \"@graph\": [".utf8)
    var isFirst = true
    for node in nodes where !node.types.isEmpty || !node.statements.isEmpty {
      bytes += Array((isFirst ? "\n    " : ",\n    ").utf8)
      isFirst = false
      json(node).appendPretty(to: &bytes, depth: 2)
    }
    return bytes + Array("\n  ]\n}\n".utf8)
  }

  private func json(_ node: Node) -> JSON {
    var members: [(String, JSON?)] = [("@id", .string(node.id))]
    if !node.types.isEmpty { members.append(("@type", .array(node.types.map { .string($0) }))) }
    for (predicate, objects) in grouped(node.statements) { members.append((predicate, .array(objects.map(json)))) }
    return .members(members)
  }

  private func grouped(_ statements: [Statement]) -> [(String, [Term])] {
    var groups: [(String, [Term])] = []
    for statement in statements {
      if let index = groups.firstIndex(where: { $0.0 == statement.predicate }) {
        groups[index].1.append(statement.object)
      } else {
        groups.append((statement.predicate, [statement.object]))
      }
    }
    return groups
  }

  private func isPrefixed(_ iri: String) -> Bool {
    guard let colon = iri.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
    return !iri[colon...].hasPrefix("://") && prefixes.contains { $0.name == iri[..<colon] }
  }

  private func name(_ iri: String) -> String { isPrefixed(iri) ? iri : "<\(iri)>" }

  private func turtle(_ term: Term) -> String {
    switch term {
    case .iri(let iri): name(iri)
    case .text(let text, let language): quoted(text) + (language.map { "@\($0)" } ?? "")
    case .typed(let text, let type): "\(quoted(text))^^\(type)"
    }
  }

  /// JSON's escapes are among Turtle's.
  private func quoted(_ text: String) -> String {
    var bytes: [UInt8] = []
    appendJSONString(text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private func json(_ term: Term) -> JSON {
    switch term {
    case .iri(let iri): .members([("@id", .string(iri))])
    case .text(let text, let language):
      .members([("@value", .string(text)), ("@language", language.map { .string($0) })])
    case .typed(let text, let type): .members([("@value", .string(text)), ("@type", .string(type))])
    }
  }
}
