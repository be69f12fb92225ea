package import Publication

/// Bytes that cannot be read as what they are said to be.
///
/// It says where, never what the fields hold.
package struct FormatError: Error, Sendable, CustomStringConvertible {
  package enum Code: Sendable, Equatable {
    /// The bytes that begin with the one given in hexadecimal are not valid in this encoding.
    ///
    /// One only: more may be a name.
    case undecodable(encoding: String, bytes: String)
    case unclosedQuote
    case recordTooLong(limit: Int)
    case damagedGzip
    case damagedZip
    /// A zip file over 4 GiB.
    case tooLarge
    case malformedJSON(String)
  }

  package let code: Code
  package let location: Location

  package init(_ code: Code, at location: Location = Location()) {
    self.code = code
    self.location = location
  }

  package var description: String {
    var text =
      switch code {
      case .undecodable(let encoding, let bytes): "not valid \(encoding): bytes \(bytes)"
      case .unclosedQuote: "unclosed quote"
      case .recordTooLong(let limit): "record over \(limit) bytes"
      case .damagedGzip: "damaged or cut gzip"
      case .damagedZip: "damaged or unusual zip"
      case .tooLarge: "a zip file of 4 GiB or more: leave zip out of release.formats"
      case .malformedJSON(let what): "malformed JSON: \(what)"
      }
    if let row = location.row { text += ", record \(row)" }
    if let line = location.line { text += ", line \(line)" }
    if let byte = location.byte { text += ", byte \(byte)" }
    return text
  }
}
