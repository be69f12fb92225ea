/// A mistake in a configuration file, with its place.
package struct ConfigurationError: Error, Sendable, CustomStringConvertible {
  package let file: String
  package let line: Int?
  package let problem: String
  package let hint: String?

  package init(file: String, line: Int? = nil, problem: String, hint: String? = nil) {
    self.file = file
    self.line = line
    self.problem = problem
    self.hint = hint
  }

  package var description: String {
    "\(file)\(line.map { ":\($0)" } ?? ""): \(problem)" + (hint.map { "\n  hint: \($0)" } ?? "")
  }
}
