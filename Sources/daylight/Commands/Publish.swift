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
        daylight publish --public /srv/open-data --workspace /var/lib/daylight
      """)

  @OptionGroup var run_: RunOptions

  func run() async throws { try await run_.run(isCheck: false) }
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
      """)

  @OptionGroup var run_: RunOptions

  func run() async throws { try await run_.run(isCheck: true) }
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

  func run(isCheck: Bool) async throws {
    let reader = try site.reader()
    let configuration = try reader.site()
    let now = try clock.clock(of: configuration)
    let plans = try site.plans(reader, configuration)
    let selected = try selectedIDs(among: plans.map(\.id))
    let logger = startLogging(verbose ? .info : .notice)
    let store = try site.privateStore()
    let progress = ProgressView(total: selected?.count ?? plans.count, isQuiet: quiet)
    let publisher = Publisher(
      site: configuration, privateStore: store, publicRoot: try SiteOptions.absolute(site.publicFolder), clock: now,
      acceptsClock: clock.acceptClock, logger: logger, progress: { progress.show($0) })
    let results: [DatasetResult]
    do {
      results = try await publisher.publish(plans, selected: selected, isCheck: isCheck)
    } catch {
      progress.finish()
      throw error
    }
    progress.finish()
    if !isCheck { await Messenger(site: configuration, store: store, logger: logger)(now: now.now) }
    let code = worstExitCode(results.map(\.exitCode))
    if json {
      writeOutput(String(decoding: resultsJSON(results, exitCode: code).prettyBytes, as: UTF8.self))
    } else {
      let summary = Summary(language: site.language, isCheck: isCheck, publicFolder: site.publicFolder)
      writeOutput(summary.text(results))
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
