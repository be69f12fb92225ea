internal import CCrypto

/// A key made from a passphrase, slow to try.
///
/// - Source: scrypt (RFC 7914) with N = 2¹⁷, r = 8, p = 1: 128 MiB and about half a second a try.
package struct PassphraseKey: Sendable {
  private let key: [UInt8]
  package static let saltByteCount = 16

  package init(passphrase: String, salt: [UInt8]) {
    var key = [UInt8](repeating: 0, count: 32)
    let text = Array(passphrase.utf8).map { CChar(bitPattern: $0) }
    let done = EVP_PBE_scrypt(text, text.count, salt, salt.count, 1 << 17, 8, 1, 256 << 20, &key, key.count)
    precondition(done == 1, "libcrypto has no scrypt")
    self.key = key
  }

  /// One piece of a stream, encrypted and authenticated: AES-256-GCM, its tag behind it.
  ///
  /// The nonce is the piece's number and whether it is the last, so that pieces can be neither dropped, nor put in another order,
  /// nor cut off. A key seals one stream only.
  package func seal(_ piece: [UInt8], number: Int, isLast: Bool) -> [UInt8] {
    guard let context = EVP_CIPHER_CTX_new() else { preconditionFailure("out of memory") }
    defer { EVP_CIPHER_CTX_free(context) }
    var output = [UInt8](repeating: 0, count: piece.count + 16)
    var count: Int32 = 0
    var tag = [UInt8](repeating: 0, count: 16)
    let done =
      EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce(number, isLast)) == 1
      && EVP_EncryptUpdate(context, &output, &count, piece, Int32(piece.count)) == 1
      && EVP_EncryptFinal_ex(context, &tag, &count) == 1
      && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16, &tag) == 1
    precondition(done)
    output.replaceSubrange(piece.count..., with: tag)
    return output
  }

  /// Undoes `seal`; nil where the key is another one, or anything was changed.
  package func open(_ sealed: [UInt8], number: Int, isLast: Bool) -> [UInt8]? {
    guard sealed.count >= 16, let context = EVP_CIPHER_CTX_new() else { return nil }
    defer { EVP_CIPHER_CTX_free(context) }
    var tag = Array(sealed.suffix(16))
    let body = Array(sealed.dropLast(16))
    var output = [UInt8](repeating: 0, count: body.count + 16)
    var count: Int32 = 0
    var rest: Int32 = 0
    guard EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce(number, isLast)) == 1,
      EVP_DecryptUpdate(context, &output, &count, body, Int32(body.count)) == 1,
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, 16, &tag) == 1,
      EVP_DecryptFinal_ex(context, &tag, &rest) == 1
    else { return nil }
    return Array(output.prefix(body.count))
  }

  private func nonce(_ number: Int, _ isLast: Bool) -> [UInt8] {
    [0, 0, 0] + withUnsafeBytes(of: UInt64(number).bigEndian) { Array($0) } + [isLast ? 1 : 0]
  }
}
