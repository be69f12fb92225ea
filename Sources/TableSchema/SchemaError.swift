/// A mistake in a Table Schema descriptor, with its JSON path.
package struct SchemaError: Error, Sendable, CustomStringConvertible {
  /// A JSON pointer into the descriptor: `/fields/3/constraints/pattern`.
  package let path: String
  package let problem: String

  package init(_ path: String, _ problem: String) {
    self.path = path
    self.problem = problem
  }

  package var description: String { "\(path.isEmpty ? "/" : path): \(problem)" }
}
