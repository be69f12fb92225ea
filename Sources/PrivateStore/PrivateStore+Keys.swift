package import Hashing
internal import Publication
internal import Tabular

extension PrivateStore {
  /// The secret from which every HMAC key and salt is derived; made on first use.
  ///
  /// Should it be lost, tokens of `hash` columns change: nothing published can be undone with it, or without it.
  ///
  /// - Parameter isNew: nothing was published yet, so that it may be made.
  package func workspaceKey(isNew: Bool) throws -> SymmetricKey {
    let isFirst = try isNew && signingRoles().isEmpty
    return SymmetricKey(try secret(named: "workspace.key", mayMake: isFirst))
  }

  /// The signing key of a TUF role.
  ///
  /// - Parameter isNew: the role was never published, so that its key may be made.
  package func signingKey(of role: String, isNew: Bool) throws -> SigningKey {
    SigningKey(seed: try secret(named: "\(role).ed25519", mayMake: isNew))
  }

  /// The public half of a role's key; nil where it does not lie here.
  package func publicKey(of role: String) throws -> [UInt8]? {
    fileKind("\(root)/keys/\(role).ed25519") == nil ? nil : try signingKey(of: role, isNew: false).publicKey
  }

  /// Roles that have a signing key, in order.
  package func signingRoles() throws -> [String] {
    try folderNames("\(root)/keys").filter { $0.endsWith(".ed25519") }.map { String($0.dropLast(8)) }
  }

  private func secret(named name: String, mayMake: Bool) throws -> [UInt8] {
    let path = "\(root)/keys/\(name)"
    if fileKind(path) == nil {
      guard mayMake else {
        throw StoreError(
          "the key file \(path) is missing", hint: "restore it from a backup; nothing is published without it")
      }
      try writeDurably(Array(encodeHex(randomBytes(32)).utf8) + [0x0a], to: path, mode: 0o600)
    }
    let text = String(decoding: try InputFile.contents(of: path, limit: 1_024), as: UTF8.self)
    guard let bytes = decodeHex(String(text.prefix { $0 != "\n" })), bytes.count == 32 else {
      throw StoreError(
        "the key file \(path) is damaged", hint: "restore it from a backup; never make a new one in its place")
    }
    return bytes
  }
}
