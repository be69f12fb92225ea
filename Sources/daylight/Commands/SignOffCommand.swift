internal import ArgumentParser
internal import Pipeline
internal import PrivateStore
internal import Publication
internal import SiteConfiguration
internal import Tabular

/// The command `daylight sign-off`.
struct SignOffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign-off",
    abstract:
      "Writes down who answers for what each column of a dataset may tell, until when, and what the columns are like.",
    discussion: """
      Writes sign-off.json beside dataset.yaml: every column's disclosure and transform, and a fingerprint of its cells (type, lengths,
      kinds of characters, shares of identifiers; no values). From then on a delivery is refused where the day is past, a column's
      policy was changed, or its cells have become something else. `sign_off: required` in site.yaml asks it of all datasets.

      Examples:
        daylight sign-off health/cases --steward 王科长 --approver 李主任 --until 2027-06-30
      """)

  @Argument(help: ArgumentHelp("The dataset, as department/dataset.", valueName: "dataset"))
  var dataset: String

  @Option(help: ArgumentHelp("Who answers for the data in the department.", valueName: "name"))
  var steward: String

  @Option(help: ArgumentHelp("Who agreed; not the same person.", valueName: "name"))
  var approver: String

  @Option(
    help: ArgumentHelp("The last day on which it holds, YYYY-MM-DD; two years from now at most.", valueName: "date"))
  var until: String

  @OptionGroup var site: SiteOptions
  @OptionGroup var clock: ClockOptions

  func run() async throws {
    let reader = try site.reader()
    let configuration = try reader.site()
    let now = try clock.clock(of: configuration)
    guard !steward.isEmpty, !approver.isEmpty, steward != approver else {
      throw ValidationError("--steward and --approver must be two persons")
    }
    guard let expires = CivilDate(until), expires >= now.today,
      expires.year <= now.today.year + ColumnSignOff.longestYearCount
    else {
      throw ValidationError("--until must be a day from today on, two years from now at most: 2027-06-30")
    }
    let plans = try await site.plans(reader, configuration)
    guard let plan = plans.first(where: { $0.id.description == dataset }) else {
      throw ValidationError("there is no dataset \(dataset)")
    }
    guard case .ready(let ready, _, _) = plan else {
      if case .misconfigured(_, let problem) = plan { throw ConfigurationError(file: dataset, problem: problem) }
      return
    }
    let publisher = try site.publisher(clock)
    let results = try await publisher.publish(plans, selected: [ready.id], isCheck: true, takesFingerprints: true)
    guard let result = results.first, let fingerprints = result.fingerprints else {
      writeOutput(Summary(language: site.language, isCheck: true, publicFolder: site.publicFolder).text(results))
      throw ExitCode(results.first.map { $0.exitCode == 0 ? 1 : $0.exitCode } ?? 1)
    }
    let signOff = ColumnSignOff(
      steward: steward, approver: approver, expires: expires,
      columns: fingerprints.compactMap { field, fingerprint in
        ready.columns.first { $0.field == field }.map {
          ColumnSignOff.Column(field: field, policy: ready.statement(of: $0), fingerprint: fingerprint)
        }
      })
    let path = reader.signOffPath(of: ready.id)
    try writeDurably(signOff.json.prettyBytes, to: path, mode: 0o644)
    writeOutput(
      site.language == .zh
        ? "已写入 \(path):\(signOff.columns.count) 列,有效至 \(expires)。\n"
        : "Wrote \(path): \(signOff.columns.count) columns, until \(expires).\n")
  }
}
