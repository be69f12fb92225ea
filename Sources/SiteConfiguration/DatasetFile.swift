package import Publication
internal import Recognition
internal import TableSchema
internal import Tabular
internal import Transport
internal import Yams

extension ConfigurationReader {
  /// `datasets/<department>/department.yaml`.
  package func department(_ id: DepartmentID) throws -> Department {
    let members = try yaml("\(datasetsFolder)/\(id)/department.yaml").mapping()
    let department = Department(
      id: id, name: try members.required("name").localized(), contact: try contact(members.required("contact")),
      history: try members["history"]?.list().map { try $0.localized() } ?? [])
    try members.finish()
    return department
  }

  /// `datasets/<department>/<dataset>/dataset.yaml`.
  ///
  /// - Throws: `ConfigurationError`, also where the file says yes to something that the site does not allow.
  package func dataset(_ id: DatasetID, department: Department, site: Site, calendar: WorkCalendar) throws -> Dataset {
    let folder = "\(datasetsFolder)/\(id)"
    let members = try yaml("\(folder)/dataset.yaml").mapping()
    let access: Access = try members.required("access").choice()
    let conditions = members["conditions"]
    if access == .conditional && conditions == nil {
      throw ConfigurationError(
        file: "\(folder)/dataset.yaml", problem: "access is conditional, but conditions is missing")
    }
    let release = try releaseMembers(members["release"], site: site)
    let dataset = Dataset(
      id: id,
      department: department,
      title: try members.required("title").localized(),
      description: try members.required("description").localized(),
      subject: try members.required("subject").choice(),
      access: access,
      isListed: try members["listed"]?.flag() ?? (access != .closed),
      conditions: try conditions?.localized(),
      audience: try members["audience"]?.list().map { try $0.choice() } ?? Audience.allCases,
      domain: try members.required("domain").localized(),
      legalBasis: try members["legal_basis"]?.localized(),
      frequency: try members.required("frequency").choice(),
      keywords: try keywords(members["keywords"]),
      license: try members["license"].map(license) ?? site.license,
      source: try source(members.required("source"), folder: folder, site: site),
      schemaName: try schemaName(members.required("schema")),
      columns: try columns(members.required("columns")),
      assertions: try assertions(members["assertions"]),
      releaseKey: release.key,
      formats: release.formats ?? RowFormat.allCases,
      zipsOnlySmall: release.formats == nil,
      approval: release.approval,
      schedule: try members["schedule"].map { try schedule($0, calendar) })
    if let derive = members["derive"], try !derive.mapping().allMembers().isEmpty {
      throw derive.fail("is not available in this version of Daylight", hint: "leave it out")
    }
    try members.finish()
    return dataset
  }

  private func keywords(_ value: YAMLValue?) throws -> [Language: [String]] {
    guard let members = try value?.mapping() else { return [:] }
    var keywords: [Language: [String]] = [:]
    for language in Language.allCases { keywords[language] = try members[language.rawValue]?.texts() ?? [] }
    try members.finish()
    return keywords
  }

  private func schemaName(_ value: YAMLValue) throws -> String {
    let name = try value.text()
    guard name.utf8.allSatisfy({ ($0 >= 0x61 && $0 <= 0x7a) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2d }) else {
      throw value.fail("must be a name of a-z, 0-9 and - : schemas/<name>.tableschema.json")
    }
    return name
  }

  private func source(_ value: YAMLValue, folder: String, site: Site) throws -> Source {
    let members = try value.mapping()
    if let format = members["format"], try format.text() != "csv" { throw format.fail("must be csv") }
    let encoding = members["encoding"]
    if let encoding { try checkEncoding(encoding) }
    let dialect = try members["dialect"].map(dialect) ?? Source.Dialect()
    let limit = try members["max_record"]?.integer(1...(1 << 30)) ?? 16 << 20
    let place = try sourcePlace(members, value, folder: folder, site: site)
    try members.finish()
    return Source(place: place, encoding: try encoding?.text(), dialect: dialect, maximumRecordByteCount: limit)
  }

  private func sourcePlace(_ members: YAMLMapping, _ value: YAMLValue, folder: String, site: Site) throws
    -> Source.Place
  {
    let authority = members["ca"], certificate = members["client_certificate"]
    guard let url = members["url"] else {
      for member in [authority, certificate] { if let member { throw member.fail("goes with url only") } }
      let path = try sourcePath(members.required("path"), folder: folder, site: site)
      return .file(path: path.path, root: path.root)
    }
    if let path = members["path"] { throw path.fail("goes not with url: a delivery has one place") }
    let text = try url.text()
    guard let address = WebAddress(text) else {
      throw url.fail(
        "must be an http:// or https:// address without user and password",
        hint: "a client certificate is named by client_certificate")
    }
    guard AllowedHosts(site.sourceHosts).allows(address) else {
      throw url.fail(
        "is at \(address.host):\(address.port), which is not listed in source_hosts of site.yaml",
        hint: "add it there once it is known to be right")
    }
    return .web(
      Source.WebSource(
        url: text, authority: try authority.map(fileName), clientCertificate: try certificate.map(fileName)))
  }

  /// A Table Dialect in YAML; there `headerRows` may be their number too.
  private func dialect(_ value: YAMLValue) throws -> Source.Dialect {
    let members = try value.mapping()
    var json: [(String, JSON?)] = []
    for name in Source.Dialect.memberNames {
      guard let member = members[name] else { continue }
      switch name {
      case "headerRows":
        let count = try? member.integer(1...16)
        json.append((name, try count.map { .array((1...$0).map { .int($0) }) } ?? member.json()))
      // In YAML a tab needs double quotes to be one.
      case "delimiter": json.append((name, .string(try member.rawText() == "\\t" ? "\t" : member.rawText())))
      default: json.append((name, try member.json()))
      }
    }
    try members.finish()
    let descriptor = JSON.members(json)
    do throws(SchemaError) {
      return try Source.Dialect(json: descriptor)
    } catch {
      let name = error.path.split(separator: "/").first.map { ".\($0)" } ?? ""
      throw ConfigurationError(
        file: value.file, line: members.line, problem: "\(value.path)\(name) \(error.problem)")
    }
  }

  private func columns(_ value: YAMLValue) throws -> [ColumnPolicy] {
    var policies: [ColumnPolicy] = []
    var labels: Set<String> = []
    for (name, column) in try value.mapping().allMembers() {
      let members = try column.mapping()
      let disclosure: Disclosure = try members.required("disclosure").choice()
      let label = try members["from"]?.text() ?? name
      guard labels.insert(label).inserted else {
        throw column.fail("has the same header text as another column: \(label)")
      }
      let transform: Transform
      if let written = members["transform"] {
        transform = try self.transform(written)
      } else if disclosure.isPublic {
        transform = .keep
      } else {
        throw column.fail("needs a transform, because it is \(disclosure.rawValue)", hint: "transform: drop")
      }
      if disclosure == .directIdentifier {
        if transform == .keep {
          throw column.fail("is a direct identifier and cannot be kept", hint: "transform: drop")
        }
        if case .mask(let first, let last) = transform, first > 3 || last > 4 {
          throw column.fail("is a direct identifier: a mask may show its first 3 and last 4 characters at most")
        }
      }
      policies.append(
        ColumnPolicy(
          field: name, label: label, disclosure: disclosure, transform: transform,
          repairs: try members["repair"]?.list().map(repair) ?? [],
          accepted: try members["accept"].map(accepted) ?? [:],
          onFind: try members["on_find"]?.choice() ?? .refuse,
          suppression: try members["suppress_when"].map(suppression)))
      try members.finish()
    }
    for policy in policies {
      guard let other = policy.suppression?.field, !policies.contains(where: { $0.field == other }) else { continue }
      throw value.fail("has \(policy.field), which is suppressed by \(other), which is no column")
    }
    guard !policies.isEmpty else { throw value.fail("must list every column of the delivery") }
    return policies
  }

  private func suppression(_ value: YAMLValue) throws -> ColumnPolicy.Suppression {
    let members = try value.mapping()
    let begins = try members.required("begins")
    let texts = try (try? begins.texts()) ?? [begins.text()]
    guard texts.allSatisfy({ !$0.isEmpty }) else { throw begins.fail("must say how the other column begins") }
    let suppression = ColumnPolicy.Suppression(field: try members.required("column").text(), begins: texts)
    try members.finish()
    return suppression
  }

  /// Identifiers that may stand in a column, each with the reason.
  private func accepted(_ value: YAMLValue) throws -> [String: String] {
    var accepted: [String: String] = [:]
    for (name, reason) in try value.mapping().allMembers() {
      guard let identifier = Identifier(rawValue: name) else {
        let all = Identifier.allCases.filter(\.mayBeAccepted).map(\.rawValue).joined(separator: ", ")
        throw reason.fail("is none of the identifiers: \(all)")
      }
      guard identifier.mayBeAccepted else { throw reason.fail("is never public: \(name)") }
      let text = try reason.text()
      guard !text.isEmpty else { throw reason.fail("needs the reason why it is public") }
      accepted[name] = text
    }
    return accepted
  }

  private func repair(_ value: YAMLValue) throws -> Repair {
    guard let members = try? value.mapping() else {
      switch try value.text() {
      case "trim": return .trim
      case "half-width": return .halfWidth
      default: throw value.fail("must be one of trim, half-width, {date: …}")
      }
    }
    let form = try members.required("date")
    let text = try form.text()
    try members.finish()
    do throws(SchemaError) { _ = try DateRepair(text) } catch {
      throw form.fail("is no form of date: \(error.problem)", hint: "any, excel, or a pattern such as \"%Y/%m/%d\"")
    }
    return .date(text)
  }

  private func transform(_ value: YAMLValue) throws -> Transform {
    if case .scalar = value.node {
      switch try value.text() {
      case "keep": return .keep
      case "drop": return .drop
      default: throw value.fail("must be keep, drop, or a mapping with mask, replace, hash or generalise")
      }
    }
    let members = try value.mapping()
    let all = ["mask", "replace", "hash", "generalise"].compactMap { members[$0] }
    try members.finish()
    guard all.count == 1, let only = all.first else {
      throw value.fail("must name one of mask, replace, hash, generalise")
    }
    switch only.path.split(separator: ".").last {
    case "replace": return .replace(with: try only.text())
    case "mask":
      let options = try only.mapping()
      let mask = Transform.mask(
        keepFirst: try options["keep_first"]?.integer(0...16) ?? 0,
        keepLast: try options["keep_last"]?.integer(0...16) ?? 0)
      try options.finish()
      return mask
    case "hash":
      let options = try only.mapping()
      let epoch = try options.required("epoch").text()
      try options.finish()
      return .hash(epoch: epoch)
    default: return try generalisation(only)
    }
  }

  private func generalisation(_ value: YAMLValue) throws -> Transform {
    let options = try value.mapping()
    let number = options["number"], date = options["date"], address = options["address"]
    try options.finish()
    guard [number, date, address].compactMap({ $0 }).count == 1 else {
      throw value.fail("must name one of number, date, address")
    }
    if let date { return .generaliseDate(try date.choice()) }
    if let address { return .generaliseAddress(try address.choice()) }
    guard let number else { throw value.fail("must name one of number, date, address") }
    let bounds = try number.mapping()
    func decimal(_ value: YAMLValue?) throws -> String? {
      guard let value else { return nil }
      let text = try value.text()
      let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
      let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } }),
        digits.count <= 15
      else {
        throw value.fail("must be a decimal number of at most 15 digits")
      }
      return text
    }
    guard let step = try decimal(bounds.required("step")), !step.hasPrefix("-"),
      step.contains(where: { $0 != "0" && $0 != "." })
    else {
      throw number.fail("needs a step over 0")
    }
    let least = try decimal(bounds["at_least"]), most = try decimal(bounds["at_most"])
    try bounds.finish()
    if let least, let most,
      ExactDecimal(canonical: Array(most.utf8)[...]) < ExactDecimal(canonical: Array(least.utf8)[...])
    {
      throw number.fail("has at_least over at_most")
    }
    return .generaliseNumber(step: step, atLeast: least, atMost: most)
  }

  private func assertions(_ value: YAMLValue?) throws -> Assertions {
    var assertions = Assertions()
    guard let members = try value?.mapping() else { return assertions }
    if let rows = try members["rows"]?.mapping() {
      assertions.minimumRowCount = try rows["min"]?.integer(0...Int.max)
      assertions.maximumRowCount = try rows["max"]?.integer(0...Int.max)
      assertions.rowCountChangePercent = try rows["change"].map { try percentage($0, atMost: 10_000) }
      try rows.finish()
    }
    assertions.drift = try driftLimits(members)
    for (field, value) in try members["columns"]?.mapping().allMembers() ?? [] {
      let limits = try value.mapping()
      assertions.columnDrift[field] = try driftLimits(limits)
      try limits.finish()
    }
    try members.finish()
    return assertions
  }

  private func driftLimits(_ members: YAMLMapping) throws -> Assertions.DriftLimits {
    var limits = Assertions.DriftLimits()
    limits.nulls = try members["nulls"].map { try percentage($0, atMost: 100) }
    limits.range = try members["range"].map { try percentage($0, atMost: 1_000_000) }
    limits.newValues = try members["new_values"]?.integer(0...Int.max)
    limits.lostValues = try members["lost_values"]?.integer(0...Int.max)
    return limits
  }

  private func percentage(_ value: YAMLValue, atMost limit: Int) throws -> Int {
    let text = try value.text()
    guard text.hasSuffix("%"), let percent = Int(text.dropLast()), (0...limit).contains(percent) else {
      throw value.fail("must be a percentage: 20%")
    }
    return percent
  }

  private func releaseMembers(_ value: YAMLValue?, site: Site) throws -> (
    key: [String], formats: [RowFormat]?, approval: ApprovalPolicy
  ) {
    guard let value else { return ([], nil, site.leastApproval) }
    let members = try value.mapping()
    let formats: [RowFormat]? = try members["formats"]?.list().map { try $0.choice() }
    guard formats?.contains(.csv) ?? true else { throw value.fail("must have csv among its formats") }
    let approval: ApprovalPolicy = try members["approval"]?.choice() ?? site.leastApproval
    guard approval >= site.leastApproval else {
      throw value.fail("asks for less approval than the site: \(site.leastApproval.rawValue)")
    }
    let key = try members["key"]?.texts() ?? []
    try members.finish()
    return (key, formats.map { formats in RowFormat.allCases.filter(formats.contains) }, approval)
  }

  private func schedule(_ value: YAMLValue, _ calendar: WorkCalendar) throws -> Schedule {
    do {
      return try Schedule(try value.text(), calendar: calendar)
    } catch let error as ScheduleError {
      throw value.fail(
        error.description,
        hint: "\"0 6 1 * *\" is 06:00 on the first of each month, \"0 6 1W * *\" on its first working day")
    }
  }
}
