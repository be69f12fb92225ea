internal import ArgumentParser
internal import SiteConfiguration
internal import PrivateStore
internal import Publication
internal import Tabular

/// The command `daylight status`.
struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows each dataset's last run: what became of it, when, and why.",
    discussion: """
      Examples:
        daylight status
        daylight status --json
      """)

  @OptionGroup var site: SiteOptions

  @Flag(help: "Print as JSON on standard output.")
  var json = false

  func run() throws {
    let runs = Dictionary(uniqueKeysWithValues: try site.privateStore().ledger.newestRuns().map { ($0.dataset, $0) })
    let configured = try site.reader().datasetIDs().map(\.description)
    let names = (configured + runs.keys.filter { !configured.contains($0) }).sorted()
    if json {
      let list = names.map { name -> JSON in
        let run = runs[name]
        return .members([
          ("dataset", .string(name)), ("configured", .bool(configured.contains(name))),
          ("outcome", run.map { .string($0.outcome.rawValue) }),
          ("at", run.map { .string($0.at.description) }), ("release", run?.release.map { .string($0) }),
          ("version", run?.version.map { .string($0) }), ("row_count", run?.rowCount.map { .int($0) }),
          ("reason", run?.reason.map { .string($0) }),
        ])
      }
      writeOutput(String(decoding: JSON.members([("datasets", .array(list))]).prettyBytes, as: UTF8.self))
      return
    }
    let summary = Summary(language: site.language, isCheck: false, publicFolder: site.publicFolder)
    let isChinese = site.language == .zh
    var rows = [
      isChinese
        ? ["数据集", "最近一次", "结果", "版本", "行数", "原因"] : ["DATASET", "LAST RUN", "RESULT", "VERSION", "ROWS", "REASON"]
    ]
    for name in names {
      guard let run = runs[name] else {
        rows.append([name, "-", isChinese ? "从未运行" : "never run", "-", "-", ""])
        continue
      }
      rows.append([
        name, run.at.description, summary.outcome(run.outcome), run.version ?? "-",
        run.rowCount.map(String.init) ?? "-",
        run.reason?.split(separator: "\n").first.map(String.init) ?? "",
      ])
    }
    writeOutput(alignedTable(rows))
  }
}
