// Paths are bytes: a combining character after a slash makes one Character of both, and the slash is no "/" to String any more. So
// every path, name and address is split and compared here, by its UTF-8, and nowhere else; `make lint` refuses it elsewhere.

extension StringProtocol {
  /// The parts between slashes, empty ones included: one more than there are slashes.
  package var pathParts: [String] {
    utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  /// The part after the last slash; all of it where there is none.
  package var lastPathPart: String {
    let bytes = Array(utf8)
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return String(self) }
    return String(decoding: bytes[(slash + 1)...], as: UTF8.self)
  }

  /// What stands before the last slash; nil where there is none, and for a slash that is the first byte the empty text.
  package var parentPath: String? {
    let bytes = Array(utf8)
    return bytes.lastIndex(of: UInt8(ascii: "/")).map { String(decoding: bytes[..<$0], as: UTF8.self) }
  }

  /// Whether the text begins with the bytes of another.
  package func beginsWith(_ other: some StringProtocol) -> Bool { utf8.starts(with: other.utf8) }

  /// Whether the text ends with the bytes of another.
  package func endsWith(_ other: some StringProtocol) -> Bool { utf8.reversed().starts(with: other.utf8.reversed()) }

  /// Whether the path is that of something in a folder, at any depth.
  package func isBelow(_ folder: some StringProtocol) -> Bool {
    let prefix = folder.utf8
    guard utf8.starts(with: prefix), let next = utf8.dropFirst(prefix.count).first else { return false }
    return next == UInt8(ascii: "/")
  }

  /// The path relative to a folder that it lies in; nil for one that it does not lie in.
  package func relativePath(below folder: some StringProtocol) -> String? {
    isBelow(folder) ? String(decoding: utf8.dropFirst(folder.utf8.count + 1), as: UTF8.self) : nil
  }

  /// Whether a path leads down from where it begins and nowhere else: no part is empty, `.` or `..`.
  package var leadsDownward: Bool {
    pathParts.allSatisfy { part in
      let bytes = Array(part.utf8)
      return !bytes.isEmpty && bytes != [0x2e] && bytes != [0x2e, 0x2e] && !bytes.contains(0)
    }
  }

  /// Whether nothing but visible characters of ASCII is in it: the only ones that a path from outside may have.
  package var isVisibleASCII: Bool { utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x5c } }
}
