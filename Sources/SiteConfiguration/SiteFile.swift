internal import Hashing
package import Publication
internal import Transport

extension ConfigurationReader {
  /// `datasets/site.yaml`.
  package func site() throws -> Site {
    // Who is told, and how long what is private is kept, changes no release.
    let file = try yaml("\(datasetsFolder)/site.yaml", ignoring: ["notify", "retain", "transfer"])
    let members = try file.mapping()
    let base = try members.required("identifier_base")
    let url = try members.required("base_url")
    var expiries = Site.Expiries()
    if let written = try members["expiries"]?.mapping() {
      if let days = written["root"] { expiries.root = try days.integer(1...3_650) }
      if let days = written["targets"] { expiries.targets = try days.integer(1...3_650) }
      if let days = written["department"] { expiries.department = try days.integer(1...365) }
      if let days = written["site"] { expiries.site = try days.integer(1...365) }
      if let days = written["snapshot"] { expiries.snapshot = try days.integer(1...365) }
      if let days = written["timestamp"] { expiries.timestamp = try days.integer(1...30) }
      try written.finish()
    }
    var roots: [String] = []
    for root in try members["source_roots"]?.list() ?? [] {
      let path = try root.text()
      guard path.beginsWith("/") else { throw root.fail("must be an absolute folder") }
      roots.append(path)
    }
    let hosts = try members["source_hosts"]?.list().map { host in
      let text = try host.text()
      guard AllowedHosts.isEntry(text) else { throw host.fail("must be a host, or host:port") }
      return text
    }
    var site = Site(
      title: try members.required("title").localized(),
      description: try members.required("description").localized(),
      identifierBase: try webAddress(base, isBase: true),
      baseURL: try webAddress(url, isBase: true),
      timeZone: try members.required("time_zone").text(),
      publisher: try members.required("publisher").localized(),
      contact: try contact(members.required("contact")),
      license: try license(members.required("license")),
      expiries: expiries,
      leastApproval: try members["least_approval"]?.choice() ?? .none,
      sourceRoots: roots,
      sourceHosts: hosts ?? [],
      transfer: try transferLimits(members["transfer"]),
      notifications: try notifications(members["notify"]),
      retention: try retention(members["retain"]))
    if let signOff = members["sign_off"] {
      guard ["required", "optional"].contains(try signOff.text()) else {
        throw signOff.fail("must be one of required, optional")
      }
      site.requiresSignOff = try signOff.text() == "required"
    }
    site.divisions = try members["divisions"].map(divisions)
    if let officers = members["officers"] {
      site.officers = try officers.list().map(officer)
      let keys = Set(site.officers.map(\.publicKey)), ids = Set(site.officers.map(\.id))
      guard keys.count == site.officers.count, ids.count == site.officers.count else {
        throw officers.fail("has an officer, or an officer's key, twice")
      }
    }
    site.configuration = digests["\(datasetsFolder)/site.yaml"]?.meaning
    try members.finish()
    return site
  }

  private func divisions(_ value: YAMLValue) throws -> Divisions {
    let districts = try value.mapping().allMembers().map { name, subdistricts in
      let names = try subdistricts.texts()
      guard Set(names).count == names.count else { throw subdistricts.fail("has a name twice") }
      for part in [name] + names where !part.unicodeScalars.allSatisfy({ (0x3400...0x9fff).contains($0.value) }) {
        throw subdistricts.fail("has a name that is not written in Chinese characters only: \(part)")
      }
      return Divisions.District(name: name, subdistricts: names)
    }
    guard !districts.isEmpty else { throw value.fail("must name a district") }
    return Divisions(districts)
  }

  private func officer(_ value: YAMLValue) throws -> Officer {
    let members = try value.mapping()
    let key = try members.required("key")
    guard let bytes = decodeHex(try key.text()), bytes.count == 32 else {
      throw key.fail("must be an officer's public key: 64 hexadecimal digits", hint: "daylight officer new prints it")
    }
    // Under such a key anybody can make signatures.
    guard isSigningPublicKey(bytes) else {
      throw key.fail("is not a public key that one person alone can sign for", hint: "daylight officer new makes one")
    }
    let officer = Officer(
      id: try fileName(members.required("id")), name: try members.required("name").localized(), publicKey: bytes)
    try members.finish()
    return officer
  }

  private func transferLimits(_ value: YAMLValue?) throws -> TransferLimits {
    var limits = TransferLimits()
    guard let members = try value?.mapping() else { return limits }
    if let value = members["attempts"] { limits.attempts = try value.integer(1...20) }
    if let value = members["wait_seconds"] { limits.firstWait = try value.integer(0...600) }
    if let value = members["connect_seconds"] { limits.connectTimeout = try value.integer(1...600) }
    if let value = members["total_seconds"] { limits.totalTimeout = try value.integer(1...86_400) }
    if let value = members["stall_seconds"] { limits.stallTimeout = try value.integer(1...3_600) }
    if let value = members["min_rate"] { limits.minimumRate = try value.integer(1...(1 << 30)) }
    if let value = members["quiet_seconds"] { limits.quietSeconds = try value.integer(0...3_600) }
    if let value = members["max_bytes"] { limits.byteLimit = try value.integer(1...(1 << 40)) }
    if let value = members["proxy"] {
      let text = try value.text()
      guard let proxy = WebAddress(text), proxy.scheme == "http" else { throw value.fail("must be http://host:port") }
      limits.proxy = text
    }
    try members.finish()
    return limits
  }

  private func notifications(_ value: YAMLValue?) throws -> Notifications {
    var notifications = Notifications()
    guard let members = try value?.mapping() else { return notifications }
    if let webhook = members["webhook"] {
      notifications.webhook = try webAddress(webhook, isBase: false)
      guard WebAddress(try webhook.text()) != nil else {
        throw webhook.fail("must be an address without user and password")
      }
    }
    if let mail = try members["mail"]?.mapping() {
      let server = try mail.required("server")
      guard MailServer(try server.text()) != nil else {
        throw server.fail("must be smtp://host:port or smtps://host:port")
      }
      notifications.mail = Notifications.Mail(
        server: try server.text(), from: try mailAddress(mail.required("from")),
        to: try mail.required("to").list().map(mailAddress), user: try mail["user"]?.text(),
        authority: try mail["ca"].map(fileName), password: try mail["password"].map(fileName))
      try mail.finish()
    }
    try members.finish()
    return notifications
  }

  private func retention(_ value: YAMLValue?) throws -> Retention {
    var retention = Retention()
    guard let members = try value?.mapping() else { return retention }
    if let value = members["snapshots"] { retention.snapshotCount = try value.integer(1...1_000) }
    if let value = members["run_days"] { retention.runDays = try value.integer(1...36_500) }
    try members.finish()
    return retention
  }

  /// A name of a file in the private root, which is no path.
  func fileName(_ value: YAMLValue) throws -> String {
    let name = try value.text()
    guard name.utf8.allSatisfy({ ($0 >= 0x61 && $0 <= 0x7a) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2d }) else {
      throw value.fail("must be a name of a-z, 0-9 and -")
    }
    return name
  }

  private func mailAddress(_ value: YAMLValue) throws -> String {
    let text = try value.text()
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty,
      text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "@._+-".contains($0)) })
    else { throw value.fail("must be an e-mail address") }
    return text
  }

  /// An http or https address; a base, to which paths are added, has no slash at its end.
  func webAddress(_ value: YAMLValue, isBase: Bool) throws -> String {
    let text = try value.text()
    // What an IRI may not hold would break every catalogue.
    let isPlain = text.utf8.allSatisfy { byte in
      byte > 0x20 && byte < 0x7f
        && !["\"", "<", ">", "\\", "^", "`", "{", "|", "}"].contains(Character(Unicode.Scalar(byte)))
    }
    let hasHost = text.pathParts.count { !$0.isEmpty } >= 2
    guard text.beginsWith("https://") || text.beginsWith("http://"), !(isBase && text.endsWith("/")), isPlain, hasHost
    else {
      throw value.fail(
        "must be an address that begins with https:// or http://\(isBase ? " and does not end with /" : "")")
    }
    return text
  }

  func contact(_ value: YAMLValue) throws -> Contact {
    let members = try value.mapping()
    let contact = Contact(
      name: try members.required("name").localized(), email: try members["email"]?.text(),
      telephone: try members["telephone"]?.text())
    if let email = contact.email {
      // Stricter than for notifications: this one is published.
      let parts = email.split(separator: "@", omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, parts[1].contains("."),
        email.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "@._+-".contains($0)) })
      else { throw value.fail("has an email that is no address") }
    }
    if let telephone = contact.telephone {
      guard telephone.allSatisfy({ $0.isASCII && ($0.isNumber || "+- ()".contains($0)) }),
        telephone.contains(where: \.isNumber)
      else { throw value.fail("has a telephone that is no number") }
    }
    try members.finish()
    return contact
  }

  func license(_ value: YAMLValue) throws -> License {
    let members = try value.mapping()
    let license = License(
      name: try members.required("name").text(), title: try members.required("title").localized(),
      path: try webAddress(members.required("path"), isBase: false))
    try members.finish()
    return license
  }
}
