internal import ArgumentParser
internal import SiteConfiguration
internal import Glibc
internal import Logging
internal import Pipeline
internal import PrivateStore
internal import Publication
internal import Tabular

/// Where things are, and the language: the same for every command.
struct SiteOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Folder with site.yaml and the departments' datasets.", valueName: "dir"))
  var datasets = "datasets"

  @Option(help: ArgumentHelp("Folder with the Table Schemas.", valueName: "dir"))
  var schemas = "schemas"

  @Option(help: ArgumentHelp("Private folder: deliveries, keys, ledger.", valueName: "dir"))
  var workspace = "workspace"

  @Option(name: .customLong("public"), help: ArgumentHelp("Public folder, for any web server.", valueName: "dir"))
  var publicFolder = "public"

  @Option(
    help: ArgumentHelp(
      "Language of messages: zh or en. The terminal's locale decides when it is left out.", valueName: "language"))
  var lang: Language?

  var language: Language { lang ?? terminalLanguage() }

  /// The absolute path of a folder that need not be there yet.
  static func absolute(_ path: String) throws -> String {
    let full = path.beginsWith("/") ? path : "\(try resolvedPath("."))/\(path)"
    // Resolve what exists, so that one folder has one name; what is missing is kept as it is written.
    var existing = full
    var missing: [String] = []
    while fileKind(existing) == nil, let parent = existing.parentPath, !parent.isEmpty {
      missing.insert(existing.lastPathPart, at: 0)
      existing = parent
    }
    guard !missing.contains("..") else { throw ConfigurationError(file: path, problem: "there is no such folder") }
    let tail = missing.filter { $0 != "." && !$0.isEmpty }.map { "/\($0)" }.joined()
    return try resolvedPath(existing) + tail
  }

  /// The absolute path of a file that is to be written: a link in its last place is not followed.
  static func absoluteFile(_ path: String) throws -> String {
    let full = path.beginsWith("/") ? path : "\(try resolvedPath("."))/\(path)"
    guard let parent = full.parentPath, !full.lastPathPart.isEmpty, ![".", ".."].contains(full.lastPathPart) else {
      throw ValidationError("\(path) must be the name of a file")
    }
    return try absolute(parent.isEmpty ? "/" : parent) + "/" + full.lastPathPart
  }

  /// The absolute path of a file for officers: below the public folder anybody could read it.
  func privateFile(_ path: String, option: String) throws -> String {
    let file = try Self.absoluteFile(path)
    let publicRoot = try Self.absolute(publicFolder)
    guard file != publicRoot, !file.isBelow(publicRoot) else {
      throw ValidationError(
        language == .zh
          ? "\(option) \(path) 位于公开目录之下:该文件不能公开"
          : "\(option) \(path) lies below the public folder: this file is private")
    }
    guard fileKind(file) != .folder else {
      throw ValidationError(language == .zh ? "\(option) \(path) 是一个目录" : "\(option) \(path) is a folder")
    }
    return file
  }

  func reader() throws -> ConfigurationReader {
    try ConfigurationReader(
      datasetsFolder: datasets, schemasFolder: schemas,
      forbiddenFolders: [Self.absolute(workspace), Self.absolute(publicFolder)])
  }

  func privateStore() throws -> PrivateStore {
    try PrivateStore(root: Self.absolute(workspace), publicRoot: Self.absolute(publicFolder))
  }
}

extension SiteOptions {
  /// Every dataset that is configured, or why it cannot be worked on.
  func plans(_ reader: ConfigurationReader, _ site: Site) async throws -> [DatasetPlan] {
    let calendar = try reader.calendar()
    let ids = try reader.datasetIDs()
    var departments: [DepartmentID: Result<Department, ConfigurationError>] = [:]
    for department in Set(ids.map(\.department)) {
      departments[department] = try configured { () throws in try reader.department(department) }
    }
    // Reading many files' YAML takes longer than anything else of a run in which nothing changed.
    return try await inParallel(ids) { [departments] id in
      guard let department = departments[id.department] else { preconditionFailure("just read") }
      return try plan(id, department, reader, site, calendar)
    }
  }

  private func plan(
    _ id: DatasetID, _ department: Result<Department, ConfigurationError>, _ reader: ConfigurationReader, _ site: Site,
    _ calendar: WorkCalendar
  ) throws -> DatasetPlan {
    let plan = try configured { () throws in
      let dataset = try reader.dataset(id, department: department.get(), site: site, calendar: calendar)
      return DatasetPlan.ready(
        dataset, try reader.schema(of: dataset), configuration: reader.configuration(of: dataset))
    }
    switch plan {
    case .success(let plan): return plan
    case .failure(let error): return .misconfigured(id, error.description)
    }
  }

  /// A mistake in one dataset's configuration is that dataset's trouble; any other error is everybody's.
  private func configured<Value>(_ read: () throws -> Value) throws -> Result<Value, ConfigurationError> {
    do { return .success(try read()) } catch let error as ConfigurationError { return .failure(error) }
  }
}

extension Language: ExpressibleByArgument {}

/// Sends the log to standard error; once a process.
func startLogging(_ level: Logger.Level) -> Logger {
  LoggingSystem.bootstrap { label in
    var handler = StreamLogHandler.standardError(label: label)
    handler.logLevel = level
    return handler
  }
  return Logger(label: "daylight")
}

/// The one clock of a run.
struct ClockOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The time of this run, instead of the clock's (also: SOURCE_DATE_EPOCH).", valueName: "YYYY-MM-DDTHH:MM:SSZ"))
  var now: String?

  @Flag(help: "Go on although the clock stands before the last run: it is right now, and was wrong then.")
  var acceptClock = false

  /// The time given, or SOURCE_DATE_EPOCH, or the clock's.
  static func moment(_ given: String?, option: String) throws -> Instant {
    if let given {
      guard let instant = Instant(given) else {
        throw ValidationError("\(option) must be written as 2026-11-23T06:00:00Z")
      }
      return instant
    }
    if let epoch = environmentVariable("SOURCE_DATE_EPOCH") {
      guard let seconds = Int(epoch), seconds >= 0 else {
        throw ValidationError("SOURCE_DATE_EPOCH must be a number of seconds")
      }
      return Instant(secondsSince1970: seconds)
    }
    return Instant(secondsSince1970: time(nil))
  }

  /// The moment, and the day that it is in the site's time zone.
  func clock(of site: Site) throws -> Clock {
    let instant = try Self.moment(now, option: "--now")
    guard (2000...9000).contains(instant.date.year) else {
      throw ValidationError("the time \(instant) is no time to publish at: it must lie from 2000 to 9000")
    }
    return Clock(now: instant, today: try Self.zone(of: site).time(at: instant).date)
  }

  /// What clocks show in the site's time zone.
  static func zone(of site: Site) throws -> CivilZone {
    let zone = site.timeZone
    guard zone.utf8.allSatisfy({ ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a) || $0 == 0x2f || $0 == 0x5f || $0 == 0x2d }),
      !zone.beginsWith("/"),
      fileKind("/usr/share/zoneinfo/\(zone)") != nil
    else {
      throw ConfigurationError(
        file: "site.yaml", problem: "time_zone \(zone) is not known to this system",
        hint: "Asia/Shanghai; the package tzdata must be installed")
    }
    setenv("TZ", zone, 1)
    tzset()
    return CivilZone(
      show: { instant in
        var seconds = time_t(instant.secondsSince1970)
        var parts = tm()
        localtime_r(&seconds, &parts)
        guard
          let date = CivilDate(year: Int(parts.tm_year) + 1_900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday))
        else {
          preconditionFailure("localtime gave no day")
        }
        return (date, Int(parts.tm_hour) * 60 + Int(parts.tm_min))
      },
      find: { date, minute in
        var parts = tm()
        parts.tm_year = Int32(date.year - 1_900)
        parts.tm_mon = Int32(date.month - 1)
        parts.tm_mday = Int32(date.day)
        parts.tm_hour = Int32(minute / 60)
        parts.tm_min = Int32(minute % 60)
        parts.tm_isdst = -1
        return Instant(secondsSince1970: Int(mktime(&parts)))
      })
  }
}
