/// A regular expression of XML Schema as a tree.
///
/// - Source: XSD part 2, appendix F. Two liberties, because the specification of Table Schema takes the first itself: `^` that begins
///   a branch of the whole and `$` that ends one do nothing; an ASCII sign after a backslash stands for itself. What other kinds of
///   expressions have besides (`(?…)`, `*?`, `\b`, `\1`) is an error, because it would be read as something else.
struct XSDExpression {
  indirect enum Node: Sendable {
    case alternatives([Node])
    case sequence([Node])
    case repeated(Node, least: Int, most: Int?)
    case character(Unicode.Scalar)
    case set(CharacterSet)
  }

  indirect enum CharacterSet: Sendable {
    case range(Unicode.Scalar, Unicode.Scalar)
    /// A general category of Unicode: `Lu`, `N`.
    case category(String)
    case union([CharacterSet])
    case complement(CharacterSet)
    case difference(CharacterSet, CharacterSet)
    /// Every character but line ends.
    case anyInLine
  }

  let root: Node

  init(_ text: String, at path: String) throws(SchemaError) {
    var parser = Parser(Array(text.unicodeScalars), path)
    root = try parser.alternatives(depth: 0)
    guard parser.isAtEnd else { throw parser.error("a closing bracket too many") }
  }
}

extension XSDExpression {
  fileprivate struct Parser {
    private let text: [Unicode.Scalar]
    private let path: String
    private var index = 0
    private static let depthLimit = 64
    private static let categories: Set<String> = [
      "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe",
      "Pi",
      "Pf", "Po", "Z", "Zs", "Zl", "Zp", "S", "Sm", "Sc", "Sk", "So", "C", "Cc", "Cf", "Co", "Cn",
    ]

    init(_ text: [Unicode.Scalar], _ path: String) {
      self.text = text
      self.path = path
    }

    var isAtEnd: Bool { index == text.count }
    private var current: Unicode.Scalar? { index < text.count ? text[index] : nil }

    func error(_ problem: String) -> SchemaError {
      SchemaError(path, "is no pattern of XML Schema: \(problem), at character \(index + 1)")
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
      guard current == scalar else { return false }
      index += 1
      return true
    }

    mutating func alternatives(depth: Int) throws(SchemaError) -> Node {
      guard depth < Self.depthLimit else { throw error("brackets are nested too deeply") }
      var branches = [try branch(depth)]
      while take("|") { branches.append(try branch(depth)) }
      return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func branch(_ depth: Int) throws(SchemaError) -> Node {
      var pieces: [Node] = []
      if depth == 0 { _ = take("^") }
      while let scalar = current, scalar != "|", scalar != ")" {
        if depth == 0, scalar == "$", index + 1 == text.count || text[index + 1] == "|" {
          index += 1
          break
        }
        pieces.append(try piece(depth))
      }
      return .sequence(pieces)
    }

    private mutating func piece(_ depth: Int) throws(SchemaError) -> Node {
      let atom = try self.atom(depth)
      let bounds: (least: Int, most: Int?)
      switch current {
      case "?": bounds = (0, 1)
      case "*": bounds = (0, nil)
      case "+": bounds = (1, nil)
      case "{":
        bounds = try quantity()
        return try closed(.repeated(atom, least: bounds.least, most: bounds.most))
      default: return atom
      }
      index += 1
      return try closed(.repeated(atom, least: bounds.least, most: bounds.most))
    }

    /// After a quantifier no other may follow: what is lazy or possessive elsewhere is nothing here.
    private func closed(_ node: Node) throws(SchemaError) -> Node {
      if let scalar = current, ["?", "*", "+", "{"].contains(scalar) {
        throw error("two quantifiers follow each other")
      }
      return node
    }

    /// `{n}`, `{n,}` or `{n,m}`.
    private mutating func quantity() throws(SchemaError) -> (least: Int, most: Int?) {
      index += 1
      guard let least = try number() else { throw error("a number was expected") }
      var most: Int? = least
      if take(",") { most = current == "}" ? nil : try number() ?? -1 }
      guard take("}"), least <= most ?? .max else { throw error("no quantity of the form {n}, {n,} or {n,m}") }
      return (least, most)
    }

    private mutating func number() throws(SchemaError) -> Int? {
      var value: Int?
      while let scalar = current, (0x30...0x39).contains(scalar.value) {
        value = (value ?? 0) * 10 + Int(scalar.value - 0x30)
        guard value ?? 0 <= 65_535 else { throw error("quantities over 65535 are not supported") }
        index += 1
      }
      return value
    }

    private mutating func atom(_ depth: Int) throws(SchemaError) -> Node {
      guard let scalar = current else { throw error("it ends too early") }
      switch scalar {
      case "(":
        index += 1
        if current == "?" { throw error("groups that begin with (? belong to other kinds of patterns") }
        let inner = try alternatives(depth: depth + 1)
        guard take(")") else { throw error("a bracket is not closed") }
        return inner
      case "[": return .set(try characterClass(depth: depth + 1))
      case "\\": return try escape()
      case ".":
        index += 1
        return .set(.anyInLine)
      case "?", "*", "+", "{": throw error("a quantifier with nothing before it")
      case "}", "]": throw error("\(scalar) must be written \\\(scalar)")
      default:
        index += 1
        return .character(scalar)
      }
    }

    /// `[…]`, with its subtraction.
    private mutating func characterClass(depth: Int) throws(SchemaError) -> CharacterSet {
      guard depth < Self.depthLimit else { throw error("classes are nested too deeply") }
      index += 1
      let isNegative = take("^")
      var parts: [CharacterSet] = []
      var subtracted: CharacterSet?
      while subtracted == nil, current != "]" {
        guard let scalar = current else { throw error("a class is not closed") }
        if scalar == "-", index + 1 < text.count, text[index + 1] == "[" {
          index += 1
          subtracted = try characterClass(depth: depth + 1)
        } else if scalar == "[" {
          throw error("[ within a class must be written \\[")
        } else {
          parts.append(try classPart())
        }
      }
      guard take("]") else { throw error("a class is not closed after its subtraction") }
      guard !parts.isEmpty else { throw error("an empty class") }
      let whole: CharacterSet = isNegative ? .complement(.union(parts)) : .union(parts)
      return subtracted.map { .difference(whole, $0) } ?? whole
    }

    /// A character, a range, or an escape of a class.
    private mutating func classPart() throws(SchemaError) -> CharacterSet {
      let first: Unicode.Scalar
      if current == "\\" {
        switch try escape() {
        case .character(let scalar): first = scalar
        case .set(let set): return set
        default: throw error("no escape of a class")
        }
      } else if let scalar = current {
        first = scalar
        index += 1
      } else {
        throw error("a class is not closed")
      }
      // A hyphen before the end or before a subtraction stands for itself.
      guard current == "-", index + 1 < text.count, text[index + 1] != "]", text[index + 1] != "[" else {
        return .range(first, first)
      }
      index += 1
      var last = text[index]
      if last == "\\" {
        guard case .character(let scalar) = try escape() else { throw error("a range that ends with a class") }
        last = scalar
      } else {
        index += 1
      }
      guard first.value <= last.value else { throw error("a range in reverse order") }
      return .range(first, last)
    }

    private mutating func escape() throws(SchemaError) -> Node {
      index += 1
      guard let scalar = current else { throw error("it ends with a backslash") }
      index += 1
      switch scalar {
      case "n": return .character("\n")
      case "r": return .character("\r")
      case "t": return .character("\t")
      case "d": return .set(.category("Nd"))
      case "D": return .set(.complement(.category("Nd")))
      case "s": return .set(Self.space)
      case "S": return .set(.complement(Self.space))
      case "w": return .set(.complement(Self.notWord))
      case "W": return .set(Self.notWord)
      case "i": return .set(.union(Self.nameStart))
      case "I": return .set(.complement(.union(Self.nameStart)))
      case "c": return .set(.union(Self.nameStart + Self.nameRest))
      case "C": return .set(.complement(.union(Self.nameStart + Self.nameRest)))
      case "p", "P":
        let set = try property()
        return .set(scalar == "p" ? set : .complement(set))
      default:
        let isSign =
          scalar.isASCII && scalar.value > 0x20 && !isASCIILetter(UInt8(scalar.value)) && !isDigit(UInt8(scalar.value))
        guard isSign else { throw error("\\\(scalar) has no meaning") }
        return .character(scalar)
      }
    }

    /// `{Lu}` or `{IsBlock}`.
    private mutating func property() throws(SchemaError) -> CharacterSet {
      guard take("{"), let end = text[index...].firstIndex(of: "}") else {
        throw error("\\p is followed by a name in braces")
      }
      let name = String(String.UnicodeScalarView(text[index..<end]))
      if name.hasPrefix("Is") {
        guard let block = unicodeBlock(String(name.dropFirst(2))), let first = Unicode.Scalar(block.lowerBound),
          let last = Unicode.Scalar(block.upperBound)
        else { throw error("there is no block \(name)") }
        index = end + 1
        return .range(first, last)
      }
      guard Self.categories.contains(name) else { throw error("there is no category \(name)") }
      index = end + 1
      return .category(name)
    }

    private static let space: CharacterSet = .union([.range(" ", " "), .range("\t", "\n"), .range("\r", "\r")])
    private static let notWord: CharacterSet = .union([.category("P"), .category("Z"), .category("C")])

    /// Characters that may begin an XML name (XML 1.0, 5th edition, §2.3).
    private static let nameStart: [CharacterSet] = [
      .range(":", ":"), .range("A", "Z"), .range("_", "_"), .range("a", "z"), .range("\u{c0}", "\u{d6}"),
      .range("\u{d8}", "\u{f6}"), .range("\u{f8}", "\u{2ff}"), .range("\u{370}", "\u{37d}"),
      .range("\u{37f}", "\u{1fff}"), .range("\u{200c}", "\u{200d}"), .range("\u{2070}", "\u{218f}"),
      .range("\u{2c00}", "\u{2fef}"), .range("\u{3001}", "\u{d7ff}"), .range("\u{f900}", "\u{fdcf}"),
      .range("\u{fdf0}", "\u{fffd}"), .range("\u{10000}", "\u{effff}"),
    ]
    /// Characters that may follow in one.
    private static let nameRest: [CharacterSet] = [
      .range("-", "."), .range("0", "9"), .range("\u{b7}", "\u{b7}"), .range("\u{300}", "\u{36f}"),
      .range("\u{203f}", "\u{2040}"),
    ]
  }
}

extension XSDExpression {
  /// The same expression as PCRE2 reads it; one character of a set that takes another away looks ahead for the other first.
  var pcre2: String { text(of: root) }

  private func text(of node: Node) -> String {
    switch node {
    case .alternatives(let branches): "(?:\(branches.map { text(of: $0) }.joined(separator: "|")))"
    case .sequence(let pieces): pieces.map { text(of: $0) }.joined()
    case .repeated(let atom, let least, let most): atomText(atom) + Self.quantifier(least, most)
    case .character(let scalar): Self.character(scalar)
    case .set(let set): text(of: set)
    }
  }

  /// What matches one character needs no brackets, and PCRE2 repeats it faster without.
  private func atomText(_ node: Node) -> String {
    switch node {
    case .character, .set: text(of: node)
    case .alternatives, .sequence, .repeated: "(?:\(text(of: node)))"
    }
  }

  private static func quantifier(_ least: Int, _ most: Int?) -> String {
    switch (least, most) {
    case (0, nil): "*"
    case (1, nil): "+"
    case (0, 1): "?"
    case (_, nil): "{\(least),}"
    case (_, let most?): least == most ? "{\(least)}" : "{\(least),\(most)}"
    }
  }

  /// An expression that matches one character.
  private func text(of set: CharacterSet) -> String {
    switch set {
    case .range, .category: return "[\(member(set) ?? "")]"
    case .anyInLine: return "[^\\n\\r]"
    case .union(let parts):
      // A part that is no plain range or category cannot stand within brackets.
      let members = parts.map(member)
      let plain = members.compactMap { $0 }.joined()
      let others = zip(parts, members).filter { $0.1 == nil }.map { text(of: $0.0) }
      let all = (plain.isEmpty ? [] : ["[\(plain)]"]) + others
      return all.count == 1 ? all[0] : "(?:\(all.joined(separator: "|")))"
    case .complement(let inner): return "(?:(?!\(text(of: inner)))[\\s\\S])"
    case .difference(let base, let taken): return "(?:(?!\(text(of: taken)))\(text(of: base)))"
    }
  }

  /// As it stands within brackets; nil where it cannot.
  private func member(_ set: CharacterSet) -> String? {
    switch set {
    case .range(let first, let last):
      first == last ? Self.character(first) : "\(Self.character(first))-\(Self.character(last))"
    case .category(let name): "\\p{\(name)}"
    case .complement(.category(let name)): "\\P{\(name)}"
    default: nil
    }
  }

  private static func character(_ scalar: Unicode.Scalar) -> String {
    if scalar.isASCII && (isASCIILetter(UInt8(scalar.value)) || isDigit(UInt8(scalar.value))) { return String(scalar) }
    return "\\x{\(String(scalar.value, radix: 16))}"
  }
}
