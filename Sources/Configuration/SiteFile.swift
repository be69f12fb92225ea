package import Publication

extension ConfigurationReader {
  /// `datasets/site.yaml`.
  package func site() throws -> Site {
    let file = try yaml("\(datasetsFolder)/site.yaml")
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
      guard path.hasPrefix("/") else { throw root.fail("must be an absolute folder") }
      roots.append(path)
    }
    let site = Site(
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
      sourceRoots: roots)
    try members.finish()
    return site
  }

  /// An http or https address; a base, to which paths are added, has no slash at its end.
  func webAddress(_ value: YAMLValue, isBase: Bool) throws -> String {
    let text = try value.text()
    // What an IRI may not hold would break every catalogue.
    let isPlain = text.utf8.allSatisfy { byte in
      byte > 0x20 && byte < 0x7f
        && !["\"", "<", ">", "\\", "^", "`", "{", "|", "}"].contains(Character(Unicode.Scalar(byte)))
    }
    let hasHost = text.split(separator: "/").count >= 2
    guard text.hasPrefix("https://") || text.hasPrefix("http://"), !(isBase && text.hasSuffix("/")), isPlain, hasHost
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
