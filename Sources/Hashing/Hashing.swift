internal import CCrypto
package import Publication

/// SHA-256 of bytes that arrive in pieces.
package struct SHA256: ~Copyable {
  private let context: OpaquePointer

  package init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("libcrypto has no SHA-256")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  package mutating func update(_ bytes: borrowing RawSpan) {
    bytes.withUnsafeBytes { buffer in
      let done = EVP_DigestUpdate(context, buffer.baseAddress, buffer.count)
      precondition(done == 1)
    }
  }

  package mutating func update(_ bytes: [UInt8]) { update(bytes.span.bytes) }

  /// The digest of all bytes so far; the hash can go on.
  package func digest() -> Digest {
    var bytes = [UInt8](repeating: 0, count: 32)
    guard let copy = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
    defer { EVP_MD_CTX_free(copy) }
    let done = bytes.withUnsafeMutableBufferPointer { buffer in
      EVP_MD_CTX_copy_ex(copy, context) == 1 && EVP_DigestFinal_ex(copy, buffer.baseAddress, nil) == 1
    }
    precondition(done)
    return Digest(bytes)
  }

  package static func hash(_ bytes: [UInt8]) -> Digest {
    var hash = SHA256()
    hash.update(bytes)
    return hash.digest()
  }

  package static func hash(_ text: String) -> Digest { hash(Array(text.utf8)) }
}

/// Digests that people take for a disguise: of a number that can be guessed they hide nothing.
package enum WeakDisguise: CaseIterable, Sendable {
  case md5, sha1, sha256, sm3

  /// The first eight bytes of the digest; nil where libcrypto does not know the algorithm.
  package func prefix(of bytes: [UInt8]) -> UInt64? {
    let algorithm =
      switch self {
      case .md5: EVP_md5()
      case .sha1: EVP_sha1()
      case .sha256: EVP_sha256()
      case .sm3: EVP_sm3()
      }
    var digest = [UInt8](repeating: 0, count: 64)
    guard EVP_Digest(bytes, bytes.count, &digest, nil, algorithm, nil) == 1 else { return nil }
    return digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// A secret of 32 bytes.
///
/// It has no description, so that no log can hold one.
package struct SymmetricKey: Sendable {
  package let bytes: [UInt8]

  /// - Precondition: 32 bytes.
  package init(_ bytes: [UInt8]) {
    precondition(bytes.count == 32)
    self.bytes = bytes
  }

  package static func random() -> SymmetricKey { SymmetricKey(randomBytes(32)) }

  /// HMAC-SHA-256 of a message (RFC 2104).
  package func authenticationCode(for message: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: 32)
    let result = HMAC(EVP_sha256(), bytes, Int32(bytes.count), message, message.count, &code, nil)
    precondition(result != nil)
    return code
  }

  /// A key for one purpose: HKDF-SHA-256 (RFC 5869) without salt, the purpose's parts length-prefixed in `info`.
  package func derived(for purpose: [String]) -> SymmetricKey {
    var info: [UInt8] = []
    for part in purpose {
      let length = UInt32(part.utf8.count)
      withUnsafeBytes(of: length.bigEndian) { info.append(contentsOf: $0) }
      info.append(contentsOf: part.utf8)
    }
    let extracted = SymmetricKey([UInt8](repeating: 0, count: 32)).authenticationCode(for: bytes)
    return SymmetricKey(SymmetricKey(extracted).authenticationCode(for: info + [1]))
  }
}

/// An Ed25519 key pair (RFC 8032, pure).
///
/// The seed is the secret.
package struct SigningKey: Sendable {
  package let seed: [UInt8]
  package let publicKey: [UInt8]

  /// - Precondition: a seed of 32 bytes.
  package init(seed: [UInt8]) {
    precondition(seed.count == 32)
    guard let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, 32) else {
      preconditionFailure("libcrypto has no Ed25519")
    }
    defer { EVP_PKEY_free(key) }
    var bytes = [UInt8](repeating: 0, count: 32)
    var count = 32
    let done = EVP_PKEY_get_raw_public_key(key, &bytes, &count)
    precondition(done == 1 && count == 32)
    self.seed = seed
    publicKey = bytes
  }

  package static func random() -> SigningKey { SigningKey(seed: randomBytes(32)) }

  /// The signature of a message: 64 bytes, the same for the same message.
  package func signature(for message: [UInt8]) -> [UInt8] {
    guard let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, 32), let context = EVP_MD_CTX_new() else {
      preconditionFailure("libcrypto has no Ed25519")
    }
    defer {
      EVP_MD_CTX_free(context)
      EVP_PKEY_free(key)
    }
    var signature = [UInt8](repeating: 0, count: 64)
    var count = 64
    let done =
      EVP_DigestSignInit(context, nil, nil, nil, key) == 1
      && EVP_DigestSign(context, &signature, &count, message, message.count) == 1
    precondition(done && count == 64)
    return signature
  }
}

/// Whether a 64-byte Ed25519 signature is that of `message` by the holder of `publicKey`; false for malformed input.
package func isValidSignature(_ signature: [UInt8], for message: [UInt8], publicKey: [UInt8]) -> Bool {
  guard signature.count == 64, publicKey.count == 32,
    let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, 32), let context = EVP_MD_CTX_new()
  else { return false }
  defer {
    EVP_MD_CTX_free(context)
    EVP_PKEY_free(key)
  }
  return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
    && EVP_DigestVerify(context, signature, 64, message, message.count) == 1
}

/// Whether 32 bytes are an Ed25519 public key that only its holder can sign for: the canonical form of a point on the curve whose order is
/// not 1, 2, 4 or 8.
///
/// libcrypto takes any 32 bytes.
///
/// - Source: RFC 8032 §5.1.3; S. Chalkias et al., "Taming the many EdDSAs" (2020), table 6.
package func isSigningPublicKey(_ bytes: [UInt8]) -> Bool {
  guard bytes.count == 32, let context = BN_CTX_new() else { return false }
  defer { BN_CTX_free(context) }
  BN_CTX_start(context)
  defer { BN_CTX_end(context) }
  // y, little-endian, without the sign of x in the top bit.
  var coordinate = bytes
  coordinate[31] &= 0x7f
  func number(_ hex: String) -> OpaquePointer? {
    var value = BN_CTX_get(context)
    return value != nil && BN_hex2bn(&value, hex) > 0 ? value : nil
  }
  func fresh() -> OpaquePointer? { BN_CTX_get(context) }
  guard let prime = number("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed"),
    // d = −121665 / 121666, and the y of the points of order 8.
    let d = number("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3"),
    let eighth = number("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7"),
    let minusEighth = number("05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826"),
    let one = number("1"), let minusOne = number("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec"),
    let y = fresh(), let square = fresh(), let numerator = fresh(), let denominator = fresh(), let x = fresh(),
    BN_lebin2bn(coordinate, 32, y) != nil
  else { return false }
  guard BN_cmp(y, prime) < 0, BN_is_zero(y) == 0,
    [one, minusOne, eighth, minusEighth].allSatisfy({ BN_cmp(y, $0) != 0 })
  else { return false }
  // x² = (y² − 1) / (d y² + 1) must have a root.
  guard BN_mod_sqr(square, y, prime, context) == 1, BN_mod_sub(numerator, square, one, prime, context) == 1,
    BN_mod_mul(denominator, d, square, prime, context) == 1,
    BN_mod_add(denominator, denominator, one, prime, context) == 1,
    BN_mod_inverse(denominator, denominator, prime, context) != nil,
    BN_mod_mul(x, numerator, denominator, prime, context) == 1
  else { return false }
  return BN_kronecker(x, prime, context) == 1
}

/// Bytes from the system's generator.
package func randomBytes(_ count: Int) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: count)
  let done = RAND_bytes(&bytes, Int32(count))
  precondition(done == 1, "no randomness")
  return bytes
}

/// RFC 4648, with padding.
package func base64(_ bytes: [UInt8]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var text: [UInt8] = []
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    let value = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
    for place in 0..<4 {
      text.append(place <= group.count ? alphabet[value >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
    }
  }
  return String(decoding: text, as: UTF8.self)
}
