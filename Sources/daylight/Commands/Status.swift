internal import ArgumentParser
internal import Pipeline
internal import PrivateStore
internal import Publication
internal import SiteConfiguration
internal import Tabular

/// The command `daylight status`.
struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what was promised and what came, what is due, what went wrong and why, what runs out.",
    discussion: """
      Promise: the dataset's `frequency`. A delivery counts when it was accepted and is not the one before, whether or not its rows
      differ. Late: nothing new for a tenth more than was promised, at least a day.

      Examples:
        daylight status
        daylight status --lang zh
        daylight status --json
        daylight status --html status.html     a private page in Chinese and English, for officers
      """)

  @OptionGroup var site: SiteOptions
  @OptionGroup var clock: ClockOptions

  @Flag(help: "Print as JSON on standard output.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Write a page for people to this file, which must not lie below the public folder.", valueName: "file"))
  var html: String?

  func run() async throws {
    let reader = try site.reader()
    let configuration = try reader.site()
    let zone = try ClockOptions.zone(of: configuration)
    let publicRoot = try SiteOptions.absolute(site.publicFolder)
    let status = try SiteStatus(
      await site.plans(reader, configuration), site: configuration, privateStore: try site.privateStore(),
      publicRoot: publicRoot,
      now: try clock.clock(of: configuration).now, zone: zone)
    if let html {
      let path = try site.privateFile(html, option: "--html")
      try writeDurably(StatusPage(site: configuration, zone: zone).bytes(status), to: path, mode: 0o600)
      writeOutput(site.language == .zh ? "已写入 \(html)\n" : "wrote \(html)\n")
      return
    }
    writeOutput(json ? String(decoding: statusJSON(status).prettyBytes, as: UTF8.self) : text(status, zone))
  }

  private func text(_ status: SiteStatus, _ zone: CivilZone) -> String {
    let words = StatusWords(language: site.language, zone: zone)
    let isChinese = site.language == .zh
    var rows = [
      isChinese
        ? ["数据集", "承诺", "最近收到", "状态", "下次运行", "最近结果", "版本", "原因"]
        : ["DATASET", "PROMISE", "LAST DELIVERY", "STATE", "NEXT RUN", "LAST RESULT", "VERSION", "REASON"]
    ]
    for row in status.rows {
      rows.append([
        row.dataset, words.promise(row), words.delivered(row), words.state(row), words.next(row), words.result(row),
        row.lastRun?.version ?? "-", words.reason(row).split(separator: "\n").first.map(String.init) ?? "",
      ])
    }
    var text = alignedTable(rows)
    for signature in status.expiring {
      let role = signature.role
      text += "\n" + words.expiry(signature) + "\n"
      if role.role == "root" && !status.isTrial {
        text += isChinese ? "提示:根密钥离线保存,需要线下更新\n" : "hint: the root's keys are offline; renew it in a ceremony\n"
      } else {
        text += isChinese ? "提示:运行 daylight refresh\n" : "hint: run daylight refresh\n"
      }
    }
    return text
  }

  private func statusJSON(_ status: SiteStatus) -> JSON {
    func moment(_ instant: Instant?) -> JSON? { instant.map { .string($0.description) } }
    let rows = status.rows.map { row -> JSON in
      .members([
        ("dataset", .string(row.dataset)), ("configured", .bool(row.isConfigured)),
        ("problem", row.configurationProblem.map { .string($0) }),
        ("frequency", row.frequency.map { .string($0.rawValue) }), ("delivered", moment(row.promise?.delivered)),
        ("due", moment(row.promise?.due)), ("late", .bool(row.isLate)), ("schedule", row.schedule.map { .string($0) }),
        ("next_run", moment(row.nextRun)), ("outcome", row.lastRun.map { .string($0.outcome.rawValue) }),
        ("at", moment(row.lastRun?.at)), ("release", row.lastRun?.release.map { .string($0) }),
        ("version", row.lastRun?.version.map { .string($0) }), ("row_count", row.lastRun?.rowCount.map { .int($0) }),
        ("reason", row.lastRun?.reason.map { .string($0[.en]) }),
        ("reason_zh", row.lastRun?.reason.map { .string($0.zh) }),
        ("newest_release", row.release.map { .string($0.description) }),
      ])
    }
    let signatures = status.signatures.map { signature in
      JSON.object(
        (signature.role.json.members ?? [])
          + (JSON.members([("overdue", .bool(signature.isOverdue)), ("expired", .bool(signature.isExpired))]).members
            ?? []))
    }
    return .members([
      ("at", .string(status.at.description)), ("trial", .bool(status.isTrial)), ("late", .int(status.late.count)),
      ("datasets", .array(rows)), ("signatures", .array(signatures)),
    ])
  }
}

/// The words of a status, in one language.
struct StatusWords {
  let language: Language
  let zone: CivilZone

  private func word(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }

  func promise(_ row: SiteStatus.Row) -> String { row.frequency?.text[language] ?? "-" }

  func delivered(_ row: SiteStatus.Row) -> String { row.promise?.delivered.map(zone.text) ?? "-" }

  func state(_ row: SiteStatus.Row) -> String {
    guard row.isConfigured else { return word("未配置", "not configured") }
    guard row.configurationProblem == nil else { return word("配置有误", "misconfigured") }
    guard let due = row.promise?.due else { return word("无时限", "no term") }
    let day = zone.time(at: due).date
    return row.isLate ? word("逾期(应于 \(day))", "late (due \(day))") : word("按时(\(day) 前)", "in time (by \(day))")
  }

  func next(_ row: SiteStatus.Row) -> String { row.nextRun.map(zone.text) ?? word("手动", "by hand") }

  func result(_ row: SiteStatus.Row) -> String {
    guard let run = row.lastRun else { return word("从未运行", "never run") }
    return Summary(language: language, isCheck: false, publicFolder: "").outcome(run.outcome) + " " + zone.text(run.at)
  }

  func reason(_ row: SiteStatus.Row) -> String {
    if let problem = row.configurationProblem { return problem }
    return row.lastRun?.reason?[language] ?? ""
  }

  func expiry(_ signature: SiteStatus.Signature) -> String {
    let role = signature.role
    return signature.isExpired
      ? word(
        "签名已过期:\(role.role),\(zone.text(role.expires))",
        "expired: the signature of \(role.role), at \(zone.text(role.expires))")
      : word(
        "签名即将过期:\(role.role),\(zone.text(role.expires))",
        "about to expire: the signature of \(role.role), at \(zone.text(role.expires))")
  }
}
