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
    var statements: [(predicate: String, object: Term)] = []
  }

  private let prefixes: [(name: String, base: String)]
  private var nodes: [Node] = []
  private var positions: [String: Int] = [:]
  private var statements: Set<Statement> = []

  private struct Statement: Hashable {
    let subject: String
    let predicate: String
    let object: Term
  }

  init(prefixes: [(name: String, base: String)]) { self.prefixes = prefixes }

  /// Adds a statement; one that is there already is not said twice.
  mutating func add(_ subject: String, _ predicate: String, _ object: Term) {
    let position = self.position(of: subject)
    guard statements.insert(Statement(subject: subject, predicate: predicate, object: object)).inserted else {
      return
    }
    nodes[position].statements.append((predicate, object))
  }

  mutating func add(_ subject: String, type: String) {
    let position = self.position(of: subject)
    if !nodes[position].types.contains(type) { nodes[position].types.append(type) }
  }

  private mutating func position(of subject: String) -> Int {
    if let position = positions[subject] { return position }
    positions[subject] = nodes.count
    nodes.append(Node(id: subject))
    return nodes.count - 1
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
  var jsonLD: JSON {
    .members([
      ("@context", .members(prefixes.map { ($0.name, .string($0.base)) })),
      (
        "@graph",
        .array(
          nodes.filter { !$0.types.isEmpty || !$0.statements.isEmpty }.map { node in
            var members: [(String, JSON?)] = [("@id", .string(node.id))]
            if !node.types.isEmpty { members.append(("@type", .array(node.types.map { .string($0) }))) }
            for (predicate, objects) in grouped(node.statements) {
              members.append((predicate, .array(objects.map(json))))
            }
            return .members(members)
          })
      ),
    ])
  }

  private func grouped(_ statements: [(predicate: String, object: Term)]) -> [(String, [Term])] {
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
    prefixes.contains { iri.hasPrefix($0.name + ":") && !iri.hasPrefix($0.name + "://") }
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
    appendJSONString(Array(text.utf8)[...], to: &bytes)
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
