/// Why a text is not an identifier.
package enum IdentifierError: Error, Sendable, CustomStringConvertible {
  case malformed, tooLong, reserved

  package var description: String {
    switch self {
    case .malformed: "must match [a-z][a-z0-9]*(-[a-z0-9]+)*"
    case .tooLong: "is longer than 40 bytes"
    case .reserved: "is a reserved word"
    }
  }
}

/// Words that name something else below the public root, or a TUF role, and so can name no department or dataset.
private let reservedWords: Set<String> = [
  "catalog", "data", "datasets", "en", "latest", "log", "metadata", "root", "site", "snapshot", "staged", "targets",
  "timestamp", "zh",
]

/// Checks the form shared by department and dataset ids: `[a-z][a-z0-9]*(-[a-z0-9]+)*`, at most 40 bytes, no reserved word.
private func checkIdentifier(_ text: String) throws(IdentifierError) {
  var previous = UInt8(ascii: "-")
  for (index, byte) in text.utf8.enumerated() {
    let isLetter = byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
    let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    let isHyphen = byte == UInt8(ascii: "-")
    guard isLetter || (index > 0 && isDigit) || (isHyphen && previous != byte) else { throw .malformed }
    previous = byte
  }
  guard !text.isEmpty, previous != UInt8(ascii: "-") else { throw .malformed }
  guard text.utf8.count <= 40 else { throw .tooLong }
  guard !reservedWords.contains(text) else { throw .reserved }
}

/// A department: the custodian that a path and a TUF role are named after.
///
/// It never changes once something is published.
package struct DepartmentID: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let name: String

  /// Accepts an id of the common form that does not end in a year: `department-<id>-<year>` names the role of past releases.
  package init(_ text: String) throws(IdentifierError) {
    try checkIdentifier(text)
    let last = text.split(separator: "-").last ?? ""
    guard !(last.count == 4 && last.allSatisfy(\.isNumber)) else { throw .reserved }
    name = text
  }

  package var description: String { name }
  package static func < (a: Self, b: Self) -> Bool { a.name < b.name }
}

/// A dataset of a department.
///
/// Paths are built only from values of this type.
package struct DatasetID: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let department: DepartmentID
  package let name: String

  package init(department: DepartmentID, name: String) throws(IdentifierError) {
    try checkIdentifier(name)
    self.department = department
    self.name = name
  }

  /// Reads `<department>/<dataset>`; nil where it is none.
  package init?(_ text: String) {
    let parts = text.pathParts
    guard parts.count == 2, let department = try? DepartmentID(parts[0]),
      let id = try? DatasetID(department: department, name: parts[1])
    else { return nil }
    self = id
  }

  /// `<department>/<dataset>`, which is also the path of the dataset's folders.
  package var description: String { "\(department.name)/\(name)" }
  package static func < (a: Self, b: Self) -> Bool { (a.department, a.name) < (b.department, b.name) }
}
