internal import ArgumentParser
internal import SiteConfiguration
internal import Logging
internal import Pipeline
internal import PrivateStore
internal import Publication
internal import Tabular

/// The command `daylight publish [DATASET…]`.
struct Publish: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Pulls, checks, strips, versions, exports, signs and promotes datasets.",
    discussion: """
      Everything new is seen at once, when the signed timestamp is replaced; whatever goes wrong before leaves the site as it was.
      A dataset is released only when its public rows, its public schema or its description changed.

      Examples:
        daylight publish
        daylight publish market-regulation/inspections --lang zh
        daylight publish --json > result.json
        daylight publish health/cases --from-dir deliveries-of-2020    with cases-2020-03-01.csv, cases-2020-03-02.csv, …
        daylight publish --public /srv/open-data --workspace /var/lib/daylight
      """)

  @OptionGroup var run_: RunOptions

  @Option(help: ArgumentHelp("Write what was found and done as a page for people to this file.", valueName: "file"))
  var html: String?

  @Option(
    help: ArgumentHelp(
      "Publish past deliveries of the one dataset named, oldest first, each as a release of the day in its file's name.",
      valueName: "dir"))
  var fromDir: String?

  @Flag(
    help:
      "Begin anew although this workspace has published before and the public folder is empty: under names that were never used."
  )
  var firstRun = false

  func run() async throws {
    if let fromDir {
      try await run_.backfill(fromDir)
    } else {
      try await run_.run(isCheck: false, firstRun: firstRun, html: html)
    }
  }
}

/// The command `daylight check [DATASET…]`.
struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Does everything that publish does, up to the door: nothing public is written.",
    discussion: """
      Tells whether a delivery would be released, and if not, why and what to do.

      Examples:
        daylight check
        daylight check health/epidemic-2022-by-district --lang zh
        daylight check health/cases --html report.html    a page to print and send to the department, zh and en
        daylight check health/cases --split    workspace/split/health/cases/accepted.csv and rejected.csv, with reasons
      """)

  @OptionGroup var run_: RunOptions

  @Flag(help: "Write the rows that can be accepted, and those that cannot with the reasons, to the workspace.")
  var split = false

  @Option(help: ArgumentHelp("Write what was found as a page for people to this file.", valueName: "file"))
  var html: String?

  func run() async throws { try await run_.run(isCheck: true, splitsRows: split, html: html) }
}

/// What `publish` and `check` share.
struct RunOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("Datasets as department/dataset; all when none is named.", valueName: "dataset"))
  var selection: [String] = []

  @OptionGroup var site: SiteOptions
  @OptionGroup var clock: ClockOptions

  @Flag(help: "Print the results as JSON on standard output.")
  var json = false

  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Log every stage to standard error.")
  var verbose = false

  func run(isCheck: Bool, firstRun: Bool = false, splitsRows: Bool = false, html: String? = nil) async throws {
    let page = try html.map { try site.privateFile($0, option: "--html") }
    let reader = try site.reader()
    let configuration = try reader.site()
    let now = try clock.clock(of: configuration)
    let plans = try await site.plans(reader, configuration)
    let selected = try selectedIDs(among: plans.map(\.id))
    let logger = startLogging(verbose ? .info : .notice)
    let store = try site.privateStore()
    let progress = ProgressView(total: selected?.count ?? plans.count, isQuiet: quiet)
    let publisher = Publisher(
      site: configuration, privateStore: store, publicRoot: try SiteOptions.absolute(site.publicFolder), clock: now,
      acceptsClock: clock.acceptClock, beginsAnew: firstRun, logger: logger, announce: site.announce,
      progress: { progress.show($0) })
    let results: [DatasetResult]
    do {
      results = try await publisher.publish(plans, selected: selected, isCheck: isCheck, splitsRows: splitsRows)
    } catch {
      progress.finish()
      throw error
    }
    progress.finish()
    if !isCheck { await Messenger(site: configuration, store: store, logger: logger)(now: now.now) }
    let code = worstExitCode(results.map(\.exitCode))
    if let page {
      let report = ReportPage(subjects: results.map { ReportPage.Subject($0, among: plans) })
      try writeDurably(report.bytes(), to: page, mode: 0o600)
    }
    if json {
      writeOutput(String(decoding: resultsJSON(results, exitCode: code).prettyBytes, as: UTF8.self))
    } else {
      let summary = Summary(language: site.language, isCheck: isCheck, publicFolder: site.publicFolder)
      writeOutput(summary.text(results))
    }
    if code != 0 { throw ExitCode(code) }
  }

  /// Past deliveries of one dataset, each a release of its own day.
  func backfill(_ folder: String) async throws {
    let reader = try site.reader()
    let configuration = try reader.site()
    let now = try clock.clock(of: configuration)
    let plans = try await site.plans(reader, configuration)
    guard let id = try selectedIDs(among: plans.map(\.id)), id.count == 1,
      let plan = plans.first(where: { id.contains($0.id) })
    else { throw ValidationError("--from-dir needs the name of one dataset") }
    guard case .ready(let dataset, let schema, _) = plan else {
      if case .misconfigured(_, let problem) = plan {
        throw ConfigurationError(file: plan.id.description, problem: problem)
      }
      return
    }
    guard fileKind(try SiteOptions.absolute(folder)) == .folder else {
      throw ValidationError("there is no folder \(folder)")
    }
    let deliveries = try PastDelivery.list(
      in: SiteOptions.absolute(folder), zone: ClockOptions.zone(of: configuration))
    let progress = ProgressView(total: deliveries.count, isQuiet: quiet)
    let publisher = Publisher(
      site: configuration, privateStore: try site.privateStore(),
      publicRoot: try SiteOptions.absolute(site.publicFolder), clock: now, acceptsClock: clock.acceptClock,
      logger: startLogging(verbose ? .info : .notice), announce: site.announce, progress: { progress.show($0) })
    let results: [(delivery: PastDelivery, result: DatasetResult)]
    do {
      results = try await publisher.backfill(deliveries, of: dataset, schema: schema, plans)
    } catch {
      progress.finish()
      throw error
    }
    progress.finish()
    let code = worstExitCode(results.map(\.result.exitCode))
    if json {
      writeOutput(String(decoding: resultsJSON(results.map(\.result), exitCode: code).prettyBytes, as: UTF8.self))
    } else {
      let isChinese = site.language == .zh
      let passed = deliveries.count - results.count
      if !results.isEmpty {
        let summary = Summary(language: site.language, isCheck: false, publicFolder: site.publicFolder)
        writeOutput(summary.text(results.map(\.result)))
      }
      if let last = results.last, last.result.exitCode != 0 {
        writeOutput(
          isChinese
            ? "停在 \(last.delivery.path)。更正后重新运行即可继续。\n"
            : "stopped at \(last.delivery.path); once it is put right, run again to go on.\n")
      } else if passed > 0 {
        writeOutput(isChinese ? "其中 \(passed) 份此前已发布。\n" : "\(passed) had been published before.\n")
      }
    }
    if code != 0 { throw ExitCode(code) }
  }

  /// The datasets that were named; nil where none was.
  private func selectedIDs(among all: [DatasetID]) throws -> Set<DatasetID>? {
    guard !selection.isEmpty else { return nil }
    return Set(
      try selection.map { name in
        guard let id = all.first(where: { $0.description == name }) else {
          throw ValidationError(
            "there is no dataset \(name); there are: \(all.map(\.description).joined(separator: ", "))")
        }
        return id
      })
  }
}

extension ReportPage.Subject {
  fileprivate init(_ result: DatasetResult, among plans: [DatasetPlan]) {
    var name = LocalizedText(zh: result.dataset.description)
    if case .ready(let dataset, _, _) = plans.first(where: { $0.id == result.dataset }) { name = dataset.title }
    self.init(
      name: name, detail: result.dataset.description, reports: result.report.map { [$0] } ?? [],
      message: result.message, privacy: result.privacy)
  }
}
