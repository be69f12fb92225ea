internal import Glibc

/// The hosts that may be connected to, by name or address; a port where it is another than 80 and 443.
///
/// What a name leads to is looked at again when the connection is made: loopback, link-local and other special addresses are
/// refused unless the address itself is listed, so that no name server can lead a publisher to its own machine or to a cloud's
/// metadata service.
package struct AllowedHosts: Sendable {
  private let entries: Set<String>

  /// - Parameter entries: `host`, `host:port`, `[ipv6]`, `[ipv6]:port`.
  package init(_ entries: [String]) { self.entries = Set(entries.compactMap(Self.canonical)) }

  /// The hosts of addresses that the caller named, and no others.
  package init(of addresses: [WebAddress]) { entries = Set(addresses.map { "\($0.host) \($0.port)" }) }

  /// Whether an entry has one of the four forms.
  package static func isEntry(_ text: String) -> Bool { canonical(text) != nil }

  package func allows(_ address: WebAddress) -> Bool { allows(host: address.host, port: address.port) }

  private func allows(host: String, port: Int) -> Bool {
    entries.contains("\(host) \(port)") || ((port == 80 || port == 443) && entries.contains(host))
  }

  /// Whether a connection to this address may be made.
  func allows(_ address: SocketAddress, port: Int) -> Bool {
    guard address.isSpecial else { return true }
    let names = [address.text] + (address.isLoopback ? ["localhost"] : [])
    return names.contains { allows(host: $0, port: port) }
  }

  private static func canonical(_ entry: String) -> String? {
    var host = Substring(entry.lowercased())
    var port: Int?
    if host.hasPrefix("[") {
      guard let end = host.firstIndex(of: "]") else { return nil }
      let rest = host[host.index(after: end)...]
      host = host[host.index(after: host.startIndex)..<end]
      guard host.contains(":") else { return nil }
      if !rest.isEmpty {
        guard rest.hasPrefix(":"), let number = Int(rest.dropFirst()), (1...65_535).contains(number) else { return nil }
        port = number
      }
    } else if let colon = host.firstIndex(of: ":") {
      guard let number = Int(host[host.index(after: colon)...]), (1...65_535).contains(number) else { return nil }
      port = number
      host = host[..<colon]
    }
    let isPlain = host.utf8.allSatisfy {
      ($0 >= 0x61 && $0 <= 0x7a) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2e || $0 == 0x2d || $0 == 0x3a
    }
    guard !host.isEmpty, isPlain else { return nil }
    return port.map { "\(host) \($0)" } ?? String(host)
  }
}

/// An IP address that a connection is about to be made to.
struct SocketAddress {
  /// 4 or 16 bytes; an IPv6 address that leads to an IPv4 one is taken as that.
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    guard bytes.count == 16 else {
      self.bytes = bytes
      return
    }
    // Mapped (RFC 4291), translated (RFC 6052), translated by a local prefix (RFC 8215), 6to4 (RFC 3056).
    let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
    let translated: [UInt8] = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]
    let local: [UInt8] = [0, 0x64, 0xff, 0x9b, 0, 1]
    if bytes.starts(with: mapped) || bytes.starts(with: translated) || bytes.starts(with: local) {
      self.bytes = Array(bytes.suffix(4))
    } else if bytes.starts(with: [0x20, 0x02]) {
      self.bytes = Array(bytes[2..<6])
    } else {
      self.bytes = bytes
    }
  }

  var isLoopback: Bool {
    bytes.count == 4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
  }

  /// Not an address of another machine in an ordinary network: loopback, link-local, unspecified, multicast, broadcast, and the
  /// clouds' metadata services.
  ///
  /// - Source: IANA special-purpose address registries; 100.100.100.200 (Alibaba Cloud), 168.63.129.16 (Azure), fd00:ec2::254 (AWS).
  var isSpecial: Bool {
    if isLoopback { return true }
    if bytes.count == 4 {
      return bytes[0] == 0 || bytes[0] >= 224 || (bytes[0] == 169 && bytes[1] == 254) || bytes == [100, 100, 100, 200]
        || bytes == [168, 63, 129, 16]
    }
    let isUnspecified = bytes.allSatisfy { $0 == 0 }
    let isAmazon = bytes == [0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54]
    return isUnspecified || bytes[0] == 0xff || (bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80) || isAmazon
  }

  /// As people write it.
  var text: String {
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard inet_ntop(family, bytes, &buffer, socklen_t(buffer.count)) != nil else { return "" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
