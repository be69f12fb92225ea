internal import Hashing
internal import Manifest
package import PrivateStore
internal import Publication

/// The public half of each role's key.
package func signingKeys(of store: PrivateStore) throws -> [(role: String, keyID: String, publicKey: String)] {
  try store.signingRoles().map { role in
    let key = try store.signingKey(of: role, isNew: false)
    return (role, try keyID(of: key), encodeHex(key.publicKey))
  }
}
