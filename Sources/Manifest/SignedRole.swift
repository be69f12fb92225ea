package import Hashing
package import Publication
package import Tabular

/// The metadata of one TUF role, signed.
package struct SignedRole: Sendable {
  /// `root`, `targets`, `snapshot`, `timestamp`, or a delegated role's name.
  package let name: String
  package let version: Int
  package let expires: Instant
  /// The part that is signed.
  package let signed: JSON
  /// The file as it is published.
  package let bytes: [UInt8]

  /// Reads root metadata that were published.
  package init(root bytes: [UInt8]) throws { try self.init("root", published: bytes) }

  /// Makes and signs the next version of a role.
  ///
  /// - Parameter members: what this kind of role has besides `_type`, `spec_version`, `version` and `expires`.
  init(_ name: String, type: String, version: Int, expires: Instant, members: [(String, JSON)], key: SigningKey) throws
  {
    self.name = name
    self.version = version
    self.expires = expires
    let common: [(String, JSON)] = [
      ("_type", .string(type)), ("spec_version", "1.0.34"), ("version", .int(version)),
      ("expires", .string(expires.description)),
    ]
    signed = .members((common + members).map { ($0.0, Optional($0.1)) })
    let signature = key.signature(for: try signed.canonicalBytes())
    let envelope = JSON.members([
      ("signatures", [.members([("keyid", .string(try keyID(of: key))), ("sig", .string(encodeHex(signature)))])]),
      ("signed", signed),
    ])
    bytes = try envelope.canonicalBytes()
    guard bytes.count <= Self.byteLimit else {
      throw ManifestError("the metadata of \(name) are \(bytes.count) bytes; clients stop at \(Self.byteLimit)")
    }
  }

  /// What python-tuf reads of a targets role at most (sync.md §1.2).
  private static let byteLimit = 5_000_000

  /// Reads a published role without looking at its signatures: enough to show what is there, and never enough to sign what follows.
  init(_ name: String, published bytes: [UInt8]) throws {
    try self.init(name, signed: (try? JSONParser.parse(bytes))?["signed"], bytes: bytes)
  }

  init(_ name: String, signed: JSON?, bytes: [UInt8]) throws {
    guard let signed, let version = signed["version"]?.integer,
      let expires = signed["expires"]?.text.flatMap(Instant.init)
    else {
      throw ManifestError(
        "the published metadata of \(name) are damaged", hint: "restore the public folder from a mirror or a backup")
    }
    self.name = name
    self.version = version
    self.expires = expires
    self.signed = signed
    self.bytes = bytes
  }

  /// The file name that clients ask for.
  package var fileName: String { name == "timestamp" ? "timestamp.json" : "\(version).\(name).json" }

  /// How snapshot and timestamp refer to it: version, length and digest.
  var reference: JSON {
    .members([
      ("version", .int(version)), ("length", .int(bytes.count)),
      ("hashes", .members([("sha256", .string(SHA256.hash(bytes).hex))])),
    ])
  }
}

/// A TUF key object.
func keyObject(_ key: SigningKey) -> JSON {
  .members([
    ("keytype", "ed25519"), ("scheme", "ed25519"),
    ("keyval", .members([("public", .string(encodeHex(key.publicKey)))])),
  ])
}

/// SHA-256 of the canonical key object, in hexadecimal.
package func keyID(of key: SigningKey) throws -> String { SHA256.hash(try keyObject(key).canonicalBytes()).hex }
