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
    WebAddress(text.hasSuffix("/") ? text + path : "\(text)/\(path)")
  }

  /// Without the query, which may hold a secret.
  package var description: String {
    let isDefault = port == (scheme == "https" ? 443 : 80)
    let name = host.contains(":") ? "[\(host)]" : host
    return "\(scheme)://\(name)\(isDefault ? "" : ":\(port)")\(path)"
  }
}
