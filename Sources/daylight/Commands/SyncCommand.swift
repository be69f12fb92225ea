internal import ArgumentParser
internal import Glibc
internal import Manifest
internal import Publication
internal import Sync
internal import Tabular
internal import Transport

/// The command `daylight sync URL DIR`.
struct SyncCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync",
    abstract: "Mirrors a site: verifies what is signed, fetches what changed, and nothing else.",
    discussion: """
      The first time, --root names root metadata that you got from the publisher and trust; after that the mirror remembers it.
      A mirror has the layout of the site, and can be served and mirrored in turn. Whatever goes wrong leaves it as it was; a
      transfer that was cut off goes on from there. Exit code 5: something is not what was signed. 4: no place can be reached, or the
      site is being published just now.

      Examples:
        daylight sync https://data.changning.example mirror --root changning-root.json
        daylight sync https://data.changning.example mirror --mirror https://mirror.example/changning
        daylight sync https://data.changning.example inspections --only market-regulation/inspections --root root.json
        daylight sync https://data.changning.example mirror --dry-run --json
      """)

  @Argument(help: ArgumentHelp("Where the site is served.", valueName: "url"))
  var url: String

  @Argument(help: ArgumentHelp("The mirror's folder.", valueName: "dir"))
  var folder: String

  @Option(help: ArgumentHelp("Root metadata that you trust; needed the first time.", valueName: "file"))
  var root: String?

  @Option(
    help: ArgumentHelp("Another place that the same site is served from; may be given several times.", valueName: "url")
  )
  var mirror: [String] = []

  @Option(
    help: ArgumentHelp("Only this dataset, as department/dataset; may be given several times.", valueName: "dataset"))
  var only: [String] = []

  @Flag(help: "Verify the metadata and say what would be done; write nothing.")
  var dryRun = false

  @Flag(help: "Look at the bytes of every file again, and fetch those that are damaged.")
  var checkAll = false

  @Option(
    help: ArgumentHelp(
      "At most so many bytes a second, all transfers together; k and M are understood.", valueName: "rate"))
  var rate: String?

  @Option(
    help: ArgumentHelp("PEM file of the authority to trust for https, instead of the system's.", valueName: "file"))
  var ca: String?

  @Option(help: ArgumentHelp("http://host:port.", valueName: "url"))
  var proxy: String?

  @Option(help: ArgumentHelp("Give a transfer up that stays below 1 kB/s for so long.", valueName: "seconds"))
  var stallTimeout = 30

  @Option(
    help: ArgumentHelp("The time at which signatures must hold; now when left out.", valueName: "YYYY-MM-DDTHH:MM:SSZ"))
  var asOf: String?

  @Option(help: ArgumentHelp("Language of messages: zh or en.", valueName: "language"))
  var lang: Language?

  @Flag(help: "Print the result as JSON on standard output.")
  var json = false

  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  func run() async throws {
    let addresses = try ([url] + mirror).map { text in
      guard let address = WebAddress(text) else { throw ValidationError("\(text) is no http:// or https:// address") }
      return address
    }
    var settings = TransferSettings(hosts: AllowedHosts(of: addresses))
    settings.authorityFile = ca
    settings.proxy = proxy
    settings.stallTimeout = stallTimeout
    settings.totalTimeout = 86_400
    settings.maximumRate = try rate.map(bytesPerSecond)
    for dataset in only where DatasetID(dataset) == nil {
      throw ValidationError("--only \(dataset) must be department/dataset")
    }
    let trusted: [UInt8]?
    do {
      trusted = try root.map { try InputFile.contents(of: $0, limit: 512_000) }
    } catch let error as FileError {
      throw ValidationError(error.description)
    }
    let view = SyncProgress(isQuiet: quiet)
    let sync = SyncMirror(
      folder: try SiteOptions.absolute(folder), addresses: addresses, settings: settings,
      now: try ClockOptions.moment(asOf, option: "--as-of"), only: Set(only), isDryRun: dryRun, checksAll: checkAll,
      progress: { view.show($0) })
    let outcome: SyncMirror.Outcome
    do {
      outcome = try await sync(trustedRoot: trusted)
    } catch {
      view.finish()
      try fail(error)
    }
    view.finish()
    for complaint in outcome.complaints { writeError("daylight: passed over: \(complaint)\n") }
    writeOutput(json ? text(of: outcome) : summary(outcome))
    for expired in outcome.expired {
      writeError("daylight: \(expired); what is here of it was left as it was, the rest is in step\n")
    }
    if !outcome.expired.isEmpty { throw ExitCode(5) }
  }

  private func fail(_ error: any Error) throws -> Never {
    let code: Int32
    let problem: String
    switch error {
    case let error as VerificationError: (code, problem) = (5, error.description)
    case let error as TransferError:
      // Its hints are for who publishes.
      let text = error.text[lang ?? terminalLanguage()].split(separator: "\n").first ?? ""
      (code, problem) = (error.isRefusal ? 1 : 4, "sync: \(text)")
    case let error as SyncError:
      (code, problem) = (error.kind == .usage ? 2 : error.kind == .transient ? 4 : 1, error.description)
    default: (code, problem) = (1, String(describing: error))
    }
    if json {
      let report = JSON.members([("synced", false), ("exit_code", .int(Int(code))), ("problem", .string(problem))])
      writeOutput(String(decoding: report.prettyBytes, as: UTF8.self))
    }
    writeError("daylight: \(problem)\n")
    throw ExitCode(code)
  }

  private func text(of outcome: SyncMirror.Outcome) -> String {
    let report = JSON.members([
      ("synced", .bool(!dryRun)), ("unchanged", .bool(outcome.isUnchanged)),
      ("root_version", .int(outcome.rootVersion)),
      ("timestamp_version", .int(outcome.timestampVersion)), ("trial", .bool(outcome.isTrial)),
      ("fetched", .array(outcome.fetched.map { .string($0) })), ("fetched_bytes", .int(outcome.fetchedByteCount)),
      ("held", .int(outcome.heldFileCount)), ("removed", .array(outcome.removed.map { .string($0) })),
      ("expired", .array(outcome.expired.map { .string($0.subject) })),
      ("passed_over", .array(outcome.complaints.map { .string($0) })),
    ])
    return String(decoding: report.prettyBytes, as: UTF8.self)
  }

  private func summary(_ outcome: SyncMirror.Outcome) -> String {
    let isChinese = (lang ?? terminalLanguage()) == .zh
    if outcome.isUnchanged { return isChinese ? "已是最新。\n" : "already in step.\n" }
    let count = outcome.fetched.count, bytes = outcome.fetchedByteCount, removed = outcome.removed.count
    var text: String
    if dryRun {
      text =
        outcome.fetched.map { "+ \($0)\n" }.joined() + outcome.removed.map { "- \($0)\n" }.joined()
        + (isChinese
          ? "将下载 \(count) 个文件共 \(bytes) 字节,删除 \(removed) 个。\n"
          : "would fetch \(count) files of \(bytes) bytes and remove \(removed).\n")
    } else {
      text =
        isChinese
        ? "已同步:下载 \(count) 个文件共 \(bytes) 字节,已有 \(outcome.heldFileCount) 个,删除 \(removed) 个。\n"
        : "in step: fetched \(count) files of \(bytes) bytes, had \(outcome.heldFileCount), removed \(removed)\n"
    }
    if outcome.isTrial { text += isChinese ? "注意:该站点使用试用密钥。\n" : "note: the site has trial keys\n" }
    return text
  }

  private func bytesPerSecond(_ text: String) throws -> Int {
    let units: [Character: Int] = ["k": 1_000, "K": 1_000, "m": 1_000_000, "M": 1_000_000]
    let unit = text.last.flatMap { units[$0] }
    guard let number = Int(unit == nil ? text : String(text.dropLast())), number > 0,
      case (let rate, false) = number.multipliedReportingOverflow(by: unit ?? 1)
    else { throw ValidationError("--rate must be a number of bytes a second: 500k, 2M") }
    return rate
  }
}
