internal import ArgumentParser
internal import Logging
internal import Pipeline
internal import PrivateStore
internal import Publication
internal import SiteConfiguration
internal import Tabular

/// The command `daylight review`.
struct ReviewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "review",
    abstract: "Shows the candidates that wait for two officers, gives out the form to sign, takes in approvals.",
    discussion: """
      A dataset with `release: {approval: two-person}` is published once two different officers of site.yaml have signed exactly this
      candidate, after exactly this release, under exactly this configuration; where one of these changes, approvals lapse.
      Officers sign on their own machines with `daylight approve`: the publisher never has their keys.

      Examples:
        daylight review                                            what waits
        daylight review health/cases --html preview.html           what would be published: page, rows, differences by value
        daylight review health/cases --export form.json            the form for the officers
        daylight review --import wang.approval.json                an officer's approval
        daylight review health/cases --standing --until 2027-11-01 --rows 20 --export form.json
                                                                   the form for releases of that kind until that day
        daylight publish health/cases                              releases it once two have signed
      """)

  @Argument(help: ArgumentHelp("The dataset, as department/dataset; all when left out.", valueName: "dataset"))
  var dataset: String?

  @Option(help: ArgumentHelp("Write the form to sign to this file.", valueName: "file"))
  var export: String?

  @Option(
    help: ArgumentHelp(
      "Write what would be published to this private file: the page, twenty rows, every difference.", valueName: "file")
  )
  var html: String?

  @Option(name: .customLong("import"), help: ArgumentHelp("Take in an officer's approval.", valueName: "file"))
  var approval: String?

  @Flag(
    help:
      "The form to export is for such releases until a day: same configuration, no column lost or changed, about as many rows."
  )
  var standing = false

  @Option(help: ArgumentHelp("The last day of a standing approval, YYYY-MM-DD, within a year.", valueName: "date"))
  var until: String?

  @Option(help: ArgumentHelp("Rows more or fewer that a standing approval allows, in per cent.", valueName: "percent"))
  var rows = 10

  @Flag(help: "Print {candidates: […]} on standard output.")
  var json = false

  @OptionGroup var site: SiteOptions
  @OptionGroup var clock: ClockOptions

  func validate() throws {
    if export != nil && dataset == nil { throw ValidationError("--export needs the dataset") }
    if html != nil && dataset == nil { throw ValidationError("--html needs the dataset") }
    if standing && (export == nil || until.flatMap { CivilDate($0) } == nil) {
      throw ValidationError("--standing needs --until YYYY-MM-DD and --export FILE")
    }
    guard (0...1_000).contains(rows) else { throw ValidationError("--rows must be a percentage from 0 to 1000") }
  }

  func run() async throws {
    let publisher = try site.publisher(clock)
    let isChinese = site.language == .zh
    let export = try export.map { try site.privateFile($0, option: "--export") }
    let html = try html.map { try site.privateFile($0, option: "--html") }
    if let approval {
      let bytes = try officerFile(approval)
      let (dataset, count, needed) = try await publisher.accept(approval: bytes)
      writeOutput(
        isChinese
          ? "\(dataset):已有 \(count) 人签署,需要 \(needed) 人。\(count >= needed ? "下次 daylight publish 即发布。" : "")\n"
          : "\(dataset): \(count) of \(needed) have signed.\(count >= needed ? " The next daylight publish releases it." : "")\n"
      )
      return
    }
    if standing, let export, let day = until.flatMap({ CivilDate($0) }) {
      let reader = try site.reader()
      let plans = try await site.plans(reader, try reader.site())
      guard let plan = plans.first(where: { $0.id.description == dataset }) else {
        throw ValidationError("there is no dataset \(dataset ?? "")")
      }
      let form = try publisher.standingForm(of: plan, until: day, rowChangePercent: rows)
      try writeOfficerFile(form.prettyBytes, to: export)
      writeOutput(isChinese ? "已写入 \(export),请交审批人员签署。\n" : "Wrote \(export): hand it to the officers.\n")
      return
    }
    let waiting = try publisher.waitingCandidates().filter { dataset == nil || $0.dataset.description == dataset }
    if export != nil || html != nil {
      guard let candidate = waiting.first else {
        throw ValidationError("no candidate of \(dataset ?? "") waits for approval")
      }
      if let html {
        let preview = try await publisher.preview(of: candidate.dataset)
        try writeOfficerFile(CandidatePage(preview).bytes(), to: html)
        writeOutput(isChinese ? "已写入 \(html),请审批人员查看。\n" : "Wrote \(html) for the officers to look at.\n")
      }
      if let export {
        try writeOfficerFile(candidate.form.prettyBytes, to: export)
        writeOutput(isChinese ? "已写入 \(export),请交审批人员签署。\n" : "Wrote \(export): hand it to the officers.\n")
      }
      // From now on it waits for their word, however often the source changes.
      try publisher.noteShown(candidate.dataset)
      return
    }
    if json {
      let list = waiting.map { candidate in
        JSON.members([
          ("dataset", .string(candidate.dataset.description)), ("release", .string(candidate.release.description)),
          ("version", .string(candidate.version.description)), ("rows", .int(candidate.rowCount)),
          ("change", candidate.change), ("signed", .array(candidate.signed.map { .string($0) })),
          ("sign_again", candidate.unclear.isEmpty ? nil : .array(candidate.unclear.map { .string($0) })),
        ])
      }
      return writeOutput(String(decoding: JSON.members([("candidates", .array(list))]).prettyBytes, as: UTF8.self))
    }
    guard !waiting.isEmpty else { return writeOutput(isChinese ? "没有等待审批的发布。\n" : "Nothing waits for approval.\n") }
    let heading = isChinese ? ["数据集", "发布", "版本", "行数", "已签署"] : ["DATASET", "RELEASE", "VERSION", "ROWS", "SIGNED"]
    writeOutput(
      alignedTable(
        [heading]
          + waiting.map { candidate in
            [
              candidate.dataset.description, candidate.release.description, candidate.version.description,
              String(candidate.rowCount), candidate.signed.isEmpty ? "-" : candidate.signed.joined(separator: ", "),
            ]
          }))
    for candidate in waiting where !candidate.unclear.isEmpty {
      let names = candidate.unclear.joined(separator: ", ")
      let notSecret = SecrecyReview.notSecret.rawValue
      writeOutput(
        isChinese
          ? "\(candidate.dataset):\(names) 的保密审查结论不是“\(notSecret)”,须重新签署\n"
          : "\(candidate.dataset): the secrecy review of \(names) does not say \(notSecret); they must sign again\n")
    }
  }
}

/// The command `daylight approve FORM`.
struct ApproveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve",
    abstract: "Signs the form of a candidate, on the officer's own machine.",
    discussion: """
      Needs the form and the officer's key only: no workspace, no network. What the secrecy review (保密审查) came to and the legal basis
      are signed with it; only 不涉密 (nothing in it is secret) lets a release go out.

      Examples:
        daylight approve form.json --officer wang --key wang.key --secrecy-review 不涉密 --legal-basis 沪府令21号 --output wang.approval.json
      """)

  @Argument(help: ArgumentHelp("The form: what daylight review --export wrote.", valueName: "form"))
  var form: String

  @Option(help: ArgumentHelp("The officer's id in site.yaml.", valueName: "id"))
  var officer: String

  @Option(help: ArgumentHelp("The officer's secret key: what daylight officer new wrote.", valueName: "file"))
  var key: String

  @Option(help: ArgumentHelp("What the secrecy review came to: 不涉密 (nothing is secret) or 涉密.", valueName: "result"))
  var secrecyReview: String

  @Option(help: ArgumentHelp("The legal basis of the release.", valueName: "text"))
  var legalBasis: String

  @Option(help: ArgumentHelp("Where the approval goes.", valueName: "file"))
  var output: String

  func run() throws {
    let isChinese = terminalLanguage() == .zh
    guard SecrecyReview(rawValue: secrecyReview) != nil else {
      let (notSecret, secret) = (SecrecyReview.notSecret.rawValue, SecrecyReview.secret.rawValue)
      throw ValidationError(
        isChinese
          ? "--secrecy-review 只能是“\(notSecret)”或“\(secret)”;只有“\(notSecret)”才能发布"
          : "--secrecy-review must be \(notSecret) (nothing is secret) or \(secret); only the first lets a release go out"
      )
    }
    guard !legalBasis.allSatisfy(\.isWhitespace), !legalBasis.hasControlCharacters else {
      throw ValidationError(isChinese ? "--legal-basis 必须写明依据" : "--legal-basis must say something")
    }
    let text = String(decoding: try officerFile(key), as: UTF8.self).filter { !$0.isWhitespace }
    guard let seed = decodeHex(text), seed.count == 32 else {
      throw ValidationError("\(key) is not a key: daylight officer new makes one")
    }
    guard let json = try? JSONParser.parse(try officerFile(form)),
      let approval = try signApproval(
        form: json, officer: officer, secrecyReview: secrecyReview, legalBasis: legalBasis, seed: seed)
    else { throw ValidationError("\(form) is not a form: daylight review DATASET --export FILE writes one") }
    try writeOfficerFile(approval.prettyBytes, to: output)
    writeOutput(terminalLanguage() == .zh ? "已写入 \(output)。\n" : "Wrote \(output).\n")
  }
}

/// The command `daylight reject DATASET`.
struct RejectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reject",
    abstract: "Sends a candidate that waits for approval back, and says why.",
    discussion: """
      It does not come again before the data, the release in force or the configuration have changed, or until --undo.

      Examples:
        daylight reject health/cases --reason 需先核实第三列
        daylight reject health/cases --undo                  the same candidate may be submitted again
      """)

  @Argument(help: ArgumentHelp("The dataset, as department/dataset.", valueName: "dataset"))
  var dataset: String

  @Option(help: ArgumentHelp("Why; it stays in the ledger.", valueName: "text"))
  var reason: String?

  @Flag(help: "Take the last rejection back.")
  var undo = false

  @OptionGroup var site: SiteOptions
  @OptionGroup var clock: ClockOptions

  func run() async throws {
    guard let id = DatasetID(dataset) else { throw ValidationError("\(dataset) must be department/dataset") }
    guard undo != (reason != nil) else { throw ValidationError("either --reason TEXT or --undo is needed") }
    guard let reason else {
      try await site.publisher(clock).undoRejection(id)
      writeOutput(site.language == .zh ? "\(id) 的退回已撤销,下次运行重新送审。\n" : "The rejection of \(id) is taken back.\n")
      return
    }
    guard !reason.allSatisfy(\.isWhitespace), !reason.hasControlCharacters, reason.count <= 1_000 else {
      throw ValidationError("--reason must say why, in at most 1000 characters")
    }
    try await site.publisher(clock).reject(id, reason: LocalizedText(zh: "审批未通过:\(reason)", en: "rejected: \(reason)"))
    writeOutput(site.language == .zh ? "\(id) 的待审批发布已退回。\n" : "The candidate of \(id) was rejected.\n")
  }
}

/// The command `daylight officer`.
struct OfficerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "officer", abstract: "Those who approve releases: their keys, and who of them counts.",
    subcommands: [New.self, Admit.self])

  /// The command `daylight officer admit`.
  struct Admit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes the officers of site.yaml count, where fewer than two are left of those who signed last.",
      discussion: """
        New officers count once two of the earlier ones have signed a release. Where fewer than two of them are left, nobody could ever
        sign again: this command lets the present list count from now on. It is written into the ledger, and shown in `daylight status`.

        Examples:
          daylight officer admit --reason 王、李已调离,依人事令2027-15号
          daylight officer admit health/cases --reason 王、李已调离
        """)

    @Argument(help: ArgumentHelp("Datasets as department/dataset; all when none is named.", valueName: "dataset"))
    var selection: [String] = []

    @Option(help: ArgumentHelp("Why; it stays in the ledger.", valueName: "text"))
    var reason: String

    @OptionGroup var site: SiteOptions
    @OptionGroup var clock: ClockOptions

    func run() async throws {
      guard !reason.allSatisfy(\.isWhitespace), !reason.hasControlCharacters, reason.count <= 1_000 else {
        throw ValidationError("--reason must say why, in at most 1000 characters")
      }
      let publisher = try site.publisher(clock)
      let named = try selection.map { name in
        guard let id = DatasetID(name) else { throw ValidationError("\(name) must be department/dataset") }
        return id
      }
      let isChinese = site.language == .zh
      let admitted = try await publisher.admitOfficers(
        try named.isEmpty ? publisher.datasetsWithApproval() : named,
        reason: LocalizedText(zh: "审批人员变更:\(reason)", en: "officers changed: \(reason)"))
      guard !admitted.isEmpty else {
        return writeOutput(isChinese ? "没有需要变更的数据集。\n" : "There is no dataset of which that is needed.\n")
      }
      for dataset in admitted {
        writeOutput(
          isChinese ? "\(dataset):现任审批人员从现在起有效。\n" : "\(dataset): the officers of site.yaml count from now on.\n")
      }
    }
  }

  /// The command `daylight officer new`.
  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes an officer's key, on the officer's own machine.",
      discussion: """
        The secret stays in the file, mode 0600; what is printed goes into `officers` of site.yaml.

        Examples:
          daylight officer new wang --key wang.key
        """)

    @Argument(help: ArgumentHelp("The officer's id: a-z, 0-9 and -.", valueName: "id"))
    var id: String

    @Option(help: ArgumentHelp("Where the secret key goes; a file that is there is never replaced.", valueName: "file"))
    var key: String

    func run() throws {
      guard !id.isEmpty, id.utf8.allSatisfy({ ($0 >= 0x61 && $0 <= 0x7a) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2d })
      else { throw ValidationError("\(id) must be of a-z, 0-9 and -") }
      guard fileKind(key) == nil else { throw ValidationError("\(key) is there already; it is not changed") }
      let pair = newOfficerKey()
      try writeOfficerFile(Array((pair.secret + "\n").utf8), to: key)
      writeOutput("officers:\n  - {id: \(id), name: \(id), key: \(pair.publicKey)}\n")
    }
  }
}

private func officerFile(_ path: String) throws -> [UInt8] {
  do { return try InputFile.contents(of: path, limit: 64 << 20) } catch { throw ValidationError(error.description) }
}

private func writeOfficerFile(_ bytes: [UInt8], to path: String) throws {
  do { try writeDurably(bytes, to: path, mode: 0o600) } catch { throw ValidationError(error.description) }
}
