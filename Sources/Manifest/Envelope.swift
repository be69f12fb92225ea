internal import Hashing
internal import Publication
internal import Tabular

/// Signed metadata as they come: parsed to a tree, so that members nobody knows stay under the signature.
struct Envelope {
  let role: String
  let version: Int
  let signed: JSON
  private let message: [UInt8]
  private let signatures: [(keyID: String, signature: [UInt8])]

  init(_ bytes: [UInt8], role: String, type: String) throws {
    guard let envelope = try? JSONParser.parse(bytes), let signed = envelope["signed"],
      let message = try? signed.canonicalBytes()
    else { throw VerificationError(role, "is no TUF metadata") }
    guard signed["_type"]?.text == type, let version = signed["version"]?.integer,
      (1...highestVersion).contains(version),
      signed["spec_version"]?.text?.beginsWith("1.") == true
    else { throw VerificationError(role, "is not metadata of type \(type)") }
    var signatures: [(keyID: String, signature: [UInt8])] = []
    for element in envelope["signatures"]?.elements ?? [] {
      guard let keyID = element["keyid"]?.text, let text = element["sig"]?.text else { continue }
      guard !signatures.contains(where: { $0.keyID == keyID }) else {
        throw VerificationError(role, "has two signatures of one key")
      }
      signatures.append((keyID, decodeHex(text) ?? []))
    }
    self.role = role
    self.version = version
    self.signed = signed
    self.message = message
    self.signatures = signatures
  }

  /// At least as many valid signatures as the threshold asks for, each by a key of its own.
  func verify(by signers: Signers) throws {
    var valid: Set<[UInt8]> = []
    for (keyID, signature) in signatures {
      guard let key = signers.keys[keyID], isValidSignature(signature, for: message, publicKey: key) else { continue }
      valid.insert(key)
    }
    guard valid.count >= signers.threshold else {
      throw VerificationError(role, "has \(valid.count) valid signatures of \(signers.threshold)")
    }
  }
}

/// Who may sign a role, and how many of them must.
struct Signers {
  /// Public Ed25519 keys by key id.
  let keys: [String: [UInt8]]
  let threshold: Int

  init(root: JSON, role: String) throws { try self.init(root["roles"]?[role], keys: root["keys"], role: role) }

  init(delegations: JSON, role: String) throws {
    let delegation = delegations["roles"]?.elements?.first { $0["name"]?.text == role }
    try self.init(delegation, keys: delegations["keys"], role: role)
  }

  private init(_ description: JSON?, keys objects: JSON?, role: String) throws {
    guard let threshold = description?["threshold"]?.integer, threshold > 0,
      let keyIDs = description?["keyids"]?.elements?.compactMap(\.text)
    else { throw VerificationError(role, "has no signers") }
    var keys: [String: [UInt8]] = [:]
    for keyID in keyIDs {
      // A key counts under its own id only: the digest of its canonical form.
      // Under a key that is no key, or of small order, signatures can be made by anybody.
      guard let object = objects?[keyID], object["scheme"]?.text == "ed25519",
        let publicKey = object["keyval"]?["public"]?.text.flatMap(decodeHex), isSigningPublicKey(publicKey),
        let canonical = try? object.canonicalBytes(), SHA256.hash(canonical).hex == keyID
      else { continue }
      keys[keyID] = publicKey
    }
    self.keys = keys
    self.threshold = threshold
  }
}

/// Versions beyond this are no count of publications, and cannot be counted on from.
private let highestVersion = 1 << 53
