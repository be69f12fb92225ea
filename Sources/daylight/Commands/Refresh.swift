internal import ArgumentParser
internal import Pipeline
internal import Logging
internal import Publication
internal import SiteConfiguration
internal import Tabular

/// The command `daylight refresh`.
struct Refresh: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Renews the signatures of which half of the life is over. Nothing else changes.",
    discussion: """
      `daylight schedule run` does this by itself. A signature that runs out stops every mirror: see `daylight status`.

      Examples:
        daylight refresh
        daylight refresh --json
      """)

  @OptionGroup var site: SiteOptions
  @OptionGroup var clock: ClockOptions

  @Flag(help: "Print as JSON on standard output.")
  var json = false

  func run() async throws {
    let configuration = try site.reader().site()
    let publisher = Publisher(
      site: configuration, privateStore: try site.privateStore(),
      publicRoot: try SiteOptions.absolute(site.publicFolder), clock: try clock.clock(of: configuration),
      acceptsClock: clock.acceptClock, logger: startLogging(.notice), announce: site.announce)
    let renewed = try await publisher.refresh()
    if json {
      writeOutput(String(decoding: JSON.members([("renewed", .array(renewed.map(\.json)))]).prettyBytes, as: UTF8.self))
      return
    }
    let isChinese = site.language == .zh
    guard !renewed.isEmpty else {
      writeOutput(isChinese ? "签名都还有一半以上的有效期,无需更新。\n" : "Every signature has more than half of its life left.\n")
      return
    }
    let heading = isChinese ? ["角色", "版本", "有效期至"] : ["ROLE", "VERSION", "EXPIRES"]
    writeOutput(alignedTable([heading] + renewed.map { [$0.role, "\($0.version)", $0.expires.description] }))
  }
}

extension RoleExpiry {
  var json: JSON {
    .members([("role", .string(role)), ("version", .int(version)), ("expires", .string(expires.description))])
  }
}
