/// How patient and how generous a site is with the servers that it fetches from; times in seconds, sizes in bytes.
package struct TransferLimits: Sendable {
  /// Tries of one transfer in one run.
  package var attempts = 4
  /// Before the second try; doubled before each further one, give or take a half.
  package var firstWait = 2
  package var connectTimeout = 15
  package var totalTimeout = 3_600
  /// A transfer that stays below `minimumRate` bytes a second for `stallTimeout` is given up, and taken up again from there.
  package var minimumRate = 1_024
  package var stallTimeout = 30
  /// A file that changed less than so many seconds ago may still be being written; 0 for taking it as it is.
  package var quietSeconds = 2
  /// After decoding.
  package var byteLimit = 64 << 30
  /// `http://host:port`.
  package var proxy: String?

  package init() {}
}

/// Who is told, and how.
package struct Notifications: Sendable {
  package var mail: Mail?
  package var webhook: String?

  package struct Mail: Sendable {
    /// `smtp://host:port` (with STARTTLS where the server has it) or `smtps://host:port`.
    package let server: String
    package let from: String
    package let to: [String]
    package let user: String?
    /// Names of files in the private root: `tls/<name>.ca.pem`, `secrets/<name>`.
    package let authority: String?
    package let password: String?

    package init(server: String, from: String, to: [String], user: String?, authority: String?, password: String?) {
      self.server = server
      self.from = from
      self.to = to
      self.user = user
      self.authority = authority
      self.password = password
    }
  }

  package init() {}
}

/// How long private things are kept.
package struct Retention: Sendable {
  /// Deliveries of each dataset, the newest first.
  package var snapshotCount = 3
  /// Days for which the ledger remembers a run.
  package var runDays = 1_095

  package init() {}
}
