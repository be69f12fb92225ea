/// Somebody whose signature a release may need.
package struct Officer: Hashable, Sendable {
  package let id: String
  package let name: LocalizedText
  /// Ed25519, 32 bytes.
  package let publicKey: [UInt8]

  package init(id: String, name: LocalizedText, publicKey: [UInt8]) {
    self.id = id
    self.name = name
    self.publicKey = publicKey
  }
}

/// The site that publishes, as `site.yaml` describes it.
package struct Site: Sendable {
  package let title: LocalizedText
  package let description: LocalizedText
  /// Permanent prefix of every identifier, without a slash at its end; never derived from where the site is served.
  package let identifierBase: String
  /// Where the public root is served, without a slash at its end.
  package let baseURL: String
  package let timeZone: String
  package let publisher: LocalizedText
  package let contact: Contact
  package let license: License
  package let expiries: Expiries
  package let leastApproval: ApprovalPolicy
  /// Absolute folders below which sources may lie, besides each dataset's own.
  package let sourceRoots: [String]
  /// Hosts that sources may be fetched from: `host` (ports 80 and 443), `host:port`.
  package let sourceHosts: [String]
  package let transfer: TransferLimits
  package let notifications: Notifications
  package let retention: Retention
  /// Who may approve releases.
  package var officers: [Officer] = []
  /// Every dataset's columns must be signed off.
  package var requiresSignOff = false
  /// What addresses are held against; nil where the site has none.
  package var divisions: Divisions?
  /// Of all that the file says that a release could follow from; nil where there is no file.
  package var configuration: Digest?

  /// How long each TUF role's signature holds, in days.
  package struct Expiries: Sendable {
    package var root = 365
    package var targets = 365
    package var department = 90
    package var site = 14
    package var snapshot = 14
    package var timestamp = 3

    package init() {}
  }

  package init(
    title: LocalizedText, description: LocalizedText, identifierBase: String, baseURL: String, timeZone: String,
    publisher: LocalizedText, contact: Contact, license: License, expiries: Expiries, leastApproval: ApprovalPolicy,
    sourceRoots: [String], sourceHosts: [String], transfer: TransferLimits, notifications: Notifications,
    retention: Retention
  ) {
    self.title = title
    self.description = description
    self.identifierBase = identifierBase
    self.baseURL = baseURL
    self.timeZone = timeZone
    self.publisher = publisher
    self.contact = contact
    self.license = license
    self.expiries = expiries
    self.leastApproval = leastApproval
    self.sourceRoots = sourceRoots
    self.sourceHosts = sourceHosts
    self.transfer = transfer
    self.notifications = notifications
    self.retention = retention
  }
}

/// What tells how a dataset is configured from everything else.
package struct ConfigurationDigest: Sendable, Equatable {
  /// Of what the files say, comments and what no release follows from left out.
  package let meaning: Digest
  /// Of the files' bytes: what officers signed before meanings were told apart.
  package let bytes: Digest

  package init(meaning: Digest, bytes: Digest) {
    self.meaning = meaning
    self.bytes = bytes
  }

  /// Whether something that was signed was signed under this configuration.
  package func isMeant(by digest: Digest) -> Bool { digest == meaning || digest == bytes }
}
