package import Publication
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
    var dataset = Dataset(
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
    dataset.recordSuppressions =
      try members["suppress_records"].map { try recordSuppressions($0, dataset.columns) } ?? []
    dataset.divisions = site.divisions
    try members.finish()
    dataset.signOff = try signOff(of: id)
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
    let limit = try members["max_record"]?.integer(1...Source.longestRecord) ?? 16 << 20
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
      let name = error.path.pathParts.first { !$0.isEmpty }.map { ".\($0)" } ?? ""
      throw ConfigurationError(
        file: value.file, line: members.line, problem: "\(value.path)\(name) \(error.problem)")
    }
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
