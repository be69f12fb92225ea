internal import ArgumentParser
internal import Logging
internal import Pipeline
internal import PrivateStore
internal import Publication
internal import SiteConfiguration
internal import Tabular

/// The command `daylight withdraw DATASET`.
struct Withdraw: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Takes all releases of a dataset back, and says why.",
    discussion: """
      Its files leave the public folder, its page says when and why, mirrors remove their copies with their next sync, and `serve`
      answers 410. It is not published again until --undo. What others downloaded before is theirs: call them, where it matters.

      Examples:
        daylight withdraw health/epidemic-2022-by-district --reason 数据有误,正在核实 --reason-en "wrong figures, being looked into"
        daylight withdraw health/epidemic-2022-by-district --undo
      """)

  @Argument(help: ArgumentHelp("The dataset, as department/dataset.", valueName: "dataset"))
  var dataset: String

  @Option(help: ArgumentHelp("Why, in Chinese; it is published.", valueName: "text"))
  var reason: String?

  @Option(help: ArgumentHelp("Why, in English.", valueName: "text"))
  var reasonEn: String?

  @Flag(help: "Let it be published again.")
  var undo = false

  @OptionGroup var site: SiteOptions
  @OptionGroup var clock: ClockOptions

  func validate() throws {
    if undo == (reason != nil) { throw ValidationError("either --reason TEXT or --undo is needed") }
    if let reason, reason.allSatisfy(\.isWhitespace) { throw ValidationError("--reason must say why") }
    for text in [reason, reasonEn].compactMap(\.self) {
      guard !text.hasControlCharacters, !text.contains("\n") else {
        throw ValidationError("--reason must be one line without control characters: it is published")
      }
      guard text.count <= 1_000 else {
        throw ValidationError("--reason has \(text.count) characters: 1000 at most are published")
      }
    }
  }

  func run() async throws {
    guard let id = DatasetID(dataset) else { throw ValidationError("\(dataset) must be department/dataset") }
    let publisher = try site.publisher(clock)
    let isChinese = site.language == .zh
    if let reason {
      _ = try await publisher.withdraw(id, reason: LocalizedText(zh: reason, en: reasonEn))
      writeOutput(isChinese ? "\(id) 已撤回。\n" : "\(id) is withdrawn.\n")
    } else {
      _ = try await publisher.reinstate(id)
      writeOutput(isChinese ? "\(id) 可以重新发布。\n" : "\(id) may be published again.\n")
    }
  }
}

extension SiteOptions {
  /// Tells people something about the site as a whole, in their language.
  var announce: @Sendable (LocalizedText) -> Void {
    let language = language
    return { writeError("daylight: \($0[language])\n") }
  }

  /// For what is done to the site as a whole, outside a publication.
  func publisher(_ clock: ClockOptions) throws -> Publisher {
    let configuration = try reader().site()
    return Publisher(
      site: configuration, privateStore: try privateStore(), publicRoot: try Self.absolute(publicFolder),
      clock: try clock.clock(of: configuration), acceptsClock: clock.acceptClock, logger: startLogging(.notice),
      announce: announce)
  }
}
