internal import Hashing
internal import Publication
internal import Yams

/// A YAML file read strictly: one document, no alias, tag or duplicate key, words as keys, at most 256 KiB, every key accounted for.
struct StrictYAML {
  let file: String
  let root: Node

  static let byteLimit = 256 << 10

  init(_ bytes: [UInt8], file: String) throws {
    self.file = file
    guard bytes.count <= Self.byteLimit else {
      throw ConfigurationError(file: file, problem: "is longer than 256 KiB")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationError(file: file, problem: "is not UTF-8", hint: "save the file as UTF-8")
    }
    // Composing hashes keys, and a key may be an alias: a bomb must not come that far.
    try Self.refuseExpansion(text, file: file)
    if let line = lineOfCollectionAsKey(text.utf8) {
      throw ConfigurationError(
        file: file, line: line, problem: "a key must be a word: neither ? nor a list nor a mapping",
        hint: "in a text write it without white space around ?, or without a colon after the bracket")
    }
    do {
      guard let node = try Yams.compose(yaml: text, Resolver.basic, Constructor.default, .utf8) else {
        throw ConfigurationError(file: file, problem: "is empty")
      }
      // Most files have none of the signs, and then no lines to look for them in.
      if text.utf8.contains(where: { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "!") }) {
        try Self.refuseProperties(
          node, lines: text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline), file: file)
      }
      root = node
    } catch let error as YamlError {
      throw ConfigurationError(file: file, line: error.line, problem: error.summary)
    }
  }

  /// Refuses anchors and tags, and so aliases, which need an anchor before them.
  ///
  /// A node with such a property begins with its sign. The walk stops at the first one, before any alias could make
  /// a small file large.
  private static func refuseProperties(_ node: Node, lines: [Substring], file: String) throws {
    if let mark = node.mark, mark.line >= 1, mark.line <= lines.count {
      let sign = lines[mark.line - 1].unicodeScalars.dropFirst(mark.column - 1).first
      if let sign, sign == "&" || sign == "*" || sign == "!" {
        throw ConfigurationError(
          file: file, line: mark.line, problem: "anchors, aliases and tags (\(sign)) are not allowed",
          hint: "write the value out, or put it in quotes")
      }
    }
    switch node {
    case .mapping(let mapping):
      for (key, value) in mapping {
        try refuseProperties(key, lines: lines, file: file)
        try refuseProperties(value, lines: lines, file: file)
      }
    case .sequence(let sequence):
      for element in sequence { try refuseProperties(element, lines: lines, file: file) }
    default: break
    }
  }

  /// Refuses a text in which a name stands after `&` and after `*`, as an anchor and its alias do.
  ///
  /// Either sign counts where a value may begin: after white space, an opening or separating sign, or the colon after a quoted key.
  private static func refuseExpansion(_ text: String, file: String) throws {
    // Without either sign there is nothing to look for.
    guard text.utf8.contains(UInt8(ascii: "&")), text.utf8.contains(UInt8(ascii: "*")) else { return }
    let bytes = Array(text.utf8)
    var anchors: Set<ArraySlice<UInt8>> = [], aliases: Set<ArraySlice<UInt8>> = []
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*") {
      guard index == 0 || beginnings.contains(bytes[index - 1]) else { continue }
      let name = bytes[(index + 1)...].prefix {
        ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5f || $0 == 0x2d
      }
      guard !name.isEmpty else { continue }
      if byte == UInt8(ascii: "&") { anchors.insert(name) } else { aliases.insert(name) }
    }
    if let name = anchors.intersection(aliases).map({ String(decoding: $0, as: UTF8.self) }).min() {
      throw ConfigurationError(
        file: file, problem: "anchors, aliases and tags (&\(name.prefix(20))) are not allowed",
        hint: "write the value out")
    }
  }

  /// What a value may begin after: white space, the last bytes of line ends of several bytes, and signs.
  private static let beginnings = Set<UInt8>([0x20, 0x09, 0x0a, 0x0d, 0x85, 0xa8, 0xa9, 0xbf] + "[]{},:?-\"'".utf8)

  /// A digest of what the file says: comments, white space and the form of quotes left out.
  ///
  /// - Parameter ignored: members of the whole that are left out too.
  func meaning(ignoring ignored: Set<String>) -> Digest {
    var text = ""
    func write(_ node: Node, isWhole: Bool) {
      switch node {
      case .mapping(let mapping):
        text += "{"
        for (key, value) in mapping {
          if isWhole, let name = key.scalar?.string, ignored.contains(name) { continue }
          write(key, isWhole: false)
          text += ":"
          write(value, isWhole: false)
          text += ","
        }
        text += "}"
      case .sequence(let sequence):
        text += "["
        for element in sequence {
          write(element, isWhole: false)
          text += ","
        }
        text += "]"
      case .scalar(let scalar):
        // What stands in quotes is a text, what does not may be a number.
        text += "\(scalar.style == .plain ? "p" : "t")\(scalar.string.utf8.count) \(scalar.string)"
      case .alias: text += "*"
      }
    }
    write(root, isWhole: true)
    return SHA256.hash(text)
  }

  /// The members of the whole file.
  func mapping() throws -> YAMLMapping { try YAMLMapping(root, path: "", file: file) }
}

/// The line on which a deep list or mapping is a key, or a key is marked by `?`; nil where none is.
///
/// Comparing two such keys takes the parser time that doubles with every level: fuzzing found it. A key without `?` ends on its line, and so
/// do all its levels. Quotes are not looked at, because what they are depends on all that comes before: a text may be refused that is none.
private func lineOfCollectionAsKey(_ text: String.UTF8View) -> Int? {
  let bytes = Array(text)
  /// What may stand before and after the sign `?`: white space, line ends of several bytes too, and flow signs.
  let before = Set<UInt8>([0x20, 0x09, 0x0a, 0x0d, 0x85, 0xa8, 0xa9, 0xbf] + "[{,".utf8)
  let after: Set<UInt8> = [0x20, 0x09, 0x0a, 0x0d, 0xc2, 0xe2]
  var (line, openings) = (1, 0)
  for (index, byte) in bytes.enumerated() {
    switch byte {
    case 0x0a:
      line += 1
      openings = 0
    case UInt8(ascii: "["), UInt8(ascii: "{"): openings += 1
    case UInt8(ascii: "]") where openings > deepestKey, UInt8(ascii: "}") where openings > deepestKey:
      let next = bytes[(index + 1)...].first { $0 != 0x20 && $0 != 0x09 }
      if next == UInt8(ascii: ":") { return line }
    case UInt8(ascii: "?"):
      let begins = index == 0 || before.contains(bytes[index - 1])
      if begins && (index + 1 == bytes.count || after.contains(bytes[index + 1])) { return line }
    default: break
    }
  }
  return nil
}

private let deepestKey = 6

extension YamlError {
  var line: Int? {
    switch self {
    case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
    case .duplicatedKeysInMapping(_, let context): context.mark.line
    default: nil
    }
  }

  var summary: String {
    switch self {
    case .scanner(_, let problem, _, _), .parser(_, let problem, _, _), .composer(_, let problem, _, _):
      "is no valid YAML: \(problem)"
    case .duplicatedKeysInMapping(let duplicates, _):
      "a key occurs twice: \(duplicates.sorted().joined(separator: ", "))"
    default: "is no valid YAML"
    }
  }
}
