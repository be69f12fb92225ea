internal import Publication
internal import CCurl

/// An http or https address, taken apart by the library that will connect to it: so nothing is allowed under one reading and
/// fetched under another.
package struct WebAddress: Sendable, Hashable, CustomStringConvertible {
  package let text: String
  package let scheme: String
  /// Lower case; an IPv6 address without its brackets.
  package let host: String
  package let port: Int
  private let path: String

  /// Nil for what is no http or https address, and for one that carries a user or password.
  package init?(_ text: String) {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }), let handle = curl_url() else { return nil }
    defer { curl_url_cleanup(handle) }
    guard curl_url_set(handle, CURLUPART_URL, text, 0) == CURLUE_OK else { return nil }
    func part(_ name: CURLUPart, _ flags: UInt32 = 0) -> String? {
      var value: UnsafeMutablePointer<CChar>?
      guard curl_url_get(handle, name, &value, flags) == CURLUE_OK, let value else { return nil }
      defer { curl_free(value) }
      return String(cString: value)
    }
    guard let scheme = part(CURLUPART_SCHEME), scheme == "http" || scheme == "https",
      part(CURLUPART_USER) == nil, part(CURLUPART_PASSWORD) == nil,
      let host = part(CURLUPART_HOST), !host.isEmpty,
      let port = part(CURLUPART_PORT, 1 << 0 /* CURLU_DEFAULT_PORT */).flatMap({ Int($0) })
    else { return nil }
    self.text = text
    self.scheme = scheme
    self.host = (host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host).lowercased()
    self.port = port
    path = part(CURLUPART_PATH) ?? "/"
  }

  /// The address below this one.
  package func appending(_ path: String) -> WebAddress? {
    WebAddress(text.endsWith("/") ? text + path : "\(text)/\(path)")
  }

  /// What may be shown of an address that is none of ours: no user, no password, no query.
  static func shown(_ text: String) -> String {
    let bytes = Array(text.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }.prefix(400))
    let slashes = Array("://".utf8)
    guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: slashes) }) else {
      return String(decoding: bytes, as: UTF8.self)
    }
    let authority = bytes[(start + 3)...].prefix { $0 != UInt8(ascii: "/") }
    let host = authority.lastIndex(of: UInt8(ascii: "@")).map { authority[($0 + 1)...] } ?? authority
    return String(decoding: bytes[..<(start + 3)] + host + bytes[authority.endIndex...], as: UTF8.self)
  }

  /// Without the query, which may hold a secret.
  package var description: String {
    let isDefault = port == (scheme == "https" ? 443 : 80)
    let name = host.contains(":") ? "[\(host)]" : host
    return "\(scheme)://\(name)\(isDefault ? "" : ":\(port)")\(path)"
  }
}
