/// What is no plain letter, digit or `-._~` in hexadecimal (RFC 3986 §2).
///
/// - Parameter keepsSlashes: for a whole path.
package func percentEncoded(_ text: String, keepsSlashes: Bool = false) -> String {
  text.utf8.map { byte in
    let isPlain =
      (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x30 && byte <= 0x39)
      || [0x2d, 0x2e, 0x5f, 0x7e].contains(byte) || (keepsSlashes && byte == 0x2f)
    return isPlain ? String(Unicode.Scalar(byte)) : "%" + encodeHex([byte]).uppercased()
  }.joined()
}
