/// The limits of one transfer, and what it trusts.
package struct TransferSettings: Sendable {
  package var hosts: AllowedHosts
  /// Seconds until a connection stands.
  package var connectTimeout = 15
  /// Seconds for a whole transfer.
  package var totalTimeout = 3_600
  /// A transfer that stays below so many bytes a second for `stallTimeout` seconds is given up.
  package var minimumRate = 1_024
  package var stallTimeout = 30
  /// Bytes after decoding; a body of more is refused.
  package var byteLimit = 64 << 30
  /// Bytes a second at most; nil for as fast as it goes.
  package var maximumRate: Int?
  /// Address of a proxy, as `http://host:port`.
  ///
  /// Nil for none; the environment's are not looked at.
  package var proxy: String?
  /// PEM files: authorities to trust instead of the system's, and the client's own certificate and key.
  package var authorityFile: String?
  package var certificateFile: String?
  package var keyFile: String?
  package var redirectLimit = 5
  /// Whether a body that is sent encoded is decoded on the way; whoever does it afterwards sees where it was cut off.
  package var decodes = true

  package init(hosts: AllowedHosts) { self.hosts = hosts }
}
