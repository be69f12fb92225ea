internal import ArgumentParser
internal import Glibc
internal import Logging
internal import Pipeline
internal import PrivateStore
internal import Publication
internal import SiteConfiguration
internal import Tabular

/// The command `daylight schedule`.
struct ScheduleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedule", abstract: "Publishes by itself: what is due, when it is due.",
    subcommands: [Run.self, List.self, Install.self])

  /// The command `daylight schedule run`.
  struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Publishes what is due, in the site's time zone, and renews signatures, until it is stopped.",
      discussion: """
        What was missed while the machine was off is run once. A source that cannot be reached is asked again after 15 minutes,
        then less and less often; what was refused is looked at again after a day. Configuration is read anew each time.

        Examples:
          daylight schedule run              run until SIGTERM or Ctrl-C
          daylight schedule run --once       do what is due now, and end (a systemd timer does this)
          daylight schedule run --once --json
        """)

    @OptionGroup var site: SiteOptions
    @OptionGroup var clock: ClockOptions

    @Flag(help: "Do what is due now, and end.")
    var once = false

    @Flag(help: "Print what was done as JSON, one object a line.")
    var json = false

    func validate() throws {
      if clock.now != nil && !once { throw ValidationError("--now goes with --once only") }
    }

    func run() async throws {
      let logger = startLogging(.notice)
      if once {
        let (tick, zone) = try await tick(logger)
        show(tick, zone)
        let code = worstExitCode(tick.results.map(\.exitCode) + (tick.misconfigured.isEmpty ? [] : [2]))
        if code != 0 { throw ExitCode(code) }
        return
      }
      for signal in [SIGTERM, SIGINT] { Glibc.signal(signal) { _ in stopRequested.store(1) } }
      while stopRequested.load() == 0 {
        var next: Instant?
        do {
          let (tick, zone) = try await tick(logger)
          show(tick, zone)
          next = tick.next
        } catch {
          // A mistake in configuration or a publication that runs already: the next look may find it gone.
          writeError("daylight: \(error)\n")
        }
        let wait = min(max((next?.secondsSince1970 ?? .max) - time(nil), 1), 60)
        for _ in 0..<wait * 4 where stopRequested.load() == 0 { try await Task.sleep(for: .milliseconds(250)) }
      }
    }

    private func tick(_ logger: Logger) async throws -> (Scheduler.Tick, CivilZone) {
      let reader = try site.reader()
      let configuration = try reader.site()
      let zone = try ClockOptions.zone(of: configuration)
      let publisher = Publisher(
        site: configuration, privateStore: try site.privateStore(),
        publicRoot: try SiteOptions.absolute(site.publicFolder), clock: try clock.clock(of: configuration),
        acceptsClock: clock.acceptClock, logger: logger, announce: site.announce)
      return (try await Scheduler(publisher: publisher, zone: zone)(await site.plans(reader, configuration)), zone)
    }

    private func show(_ tick: Scheduler.Tick, _ zone: CivilZone) {
      if json {
        let report = JSON.members([
          ("results", resultsJSON(tick.results, exitCode: worstExitCode(tick.results.map(\.exitCode)))["results"]),
          ("renewed", .array(tick.renewed.map(\.json))), ("late", .array(tick.late.map { .string($0.description) })),
          (
            "misconfigured",
            .array(
              tick.misconfigured.map {
                .members([("dataset", .string($0.dataset.description)), ("problem", .string($0.problem))])
              })
          ),
          ("purged_snapshots", .int(tick.purgedSnapshotCount)), ("purged_runs", .int(tick.purgedRunCount)),
          ("next", tick.next.map { .string($0.description) }),
        ])
        writeOutput(String(decoding: report.compactBytes, as: UTF8.self) + "\n")
        return
      }
      let isChinese = site.language == .zh
      if !tick.results.isEmpty {
        let summary = Summary(language: site.language, isCheck: false, publicFolder: site.publicFolder)
        writeOutput(summary.text(tick.results))
      }
      for entry in tick.misconfigured {
        writeOutput(isChinese ? "配置有误:\(entry.problem)\n" : "misconfigured: \(entry.problem)\n")
      }
      for role in tick.renewed {
        writeOutput(
          isChinese
            ? "已更新签名:\(role.role),有效期至 \(zone.text(role.expires))\n"
            : "renewed: \(role.role), expires \(zone.text(role.expires))\n")
      }
      for dataset in tick.late { writeOutput(isChinese ? "未按时更新:\(dataset)\n" : "late: \(dataset)\n") }
      if once, let next = tick.next {
        writeOutput(isChinese ? "下一次:\(zone.text(next))\n" : "next: \(zone.text(next))\n")
      }
    }
  }

  /// The command `daylight schedule list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows when each dataset is next due.",
      discussion: """
        Examples:
          daylight schedule list
          daylight schedule list --count 5
        """)

    @OptionGroup var site: SiteOptions
    @OptionGroup var clock: ClockOptions

    @Option(help: "How many moments of each dataset.")
    var count = 1

    func run() async throws {
      let reader = try site.reader()
      let configuration = try reader.site()
      let zone = try ClockOptions.zone(of: configuration)
      let now = try clock.clock(of: configuration).now
      let isChinese = site.language == .zh
      var rows = [isChinese ? ["数据集", "计划", "下一次"] : ["DATASET", "SCHEDULE", "NEXT"]]
      let calendar = try reader.calendar()
      var unknownYears: Set<Int> = []
      for plan in try await site.plans(reader, configuration) {
        guard case .ready(let dataset, _, _) = plan else {
          rows.append([plan.id.description, isChinese ? "配置有误" : "misconfigured", ""])
          continue
        }
        var moment = now
        var moments: [String] = []
        while moments.count < max(count, 1), let next = dataset.schedule?.next(after: moment, in: zone) {
          moments.append(zone.text(next))
          moment = next
          if dataset.schedule?.needsCalendar == true { unknownYears.insert(zone.time(at: next).date.year) }
        }
        rows.append([
          dataset.id.description, dataset.schedule?.description ?? (isChinese ? "(手动)" : "(by hand)"),
          moments.joined(separator: "  "),
        ])
      }
      writeOutput(alignedTable(rows))
      for year in unknownYears.subtracting(calendar.years).sorted() {
        writeError(
          isChinese
            ? "提示:datasets/calendar.yaml 没有 \(year) 年的节假日安排,暂按周一至周五计算\n"
            : "note: datasets/calendar.yaml has no \(year): Monday to Friday are taken as working days\n")
      }
    }
  }

  /// The command `daylight schedule install`.
  struct Install: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes a systemd service and timer that run `daylight schedule run --once` every five minutes.",
      discussion: """
        A run that was missed while the machine was off is made up for at the next start.

        Examples:
          sudo daylight schedule install --datasets /srv/daylight/datasets --schemas /srv/daylight/schemas \\
            --workspace /var/lib/daylight --public /srv/open-data --user daylight
          daylight schedule install --print
        """)

    @OptionGroup var site: SiteOptions

    @Option(help: ArgumentHelp("The account that publishes.", valueName: "name"))
    var user = "daylight"

    @Option(help: ArgumentHelp("Where the units are written.", valueName: "dir"))
    var units = "/etc/systemd/system"

    @Flag(help: "Print the units instead of writing them.")
    var print = false

    func run() throws {
      guard !user.isEmpty, user.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) }) else {
        throw ValidationError("--user must be the name of an account")
      }
      _ = try site.reader().site()
      let program = try resolvedPath("/proc/self/exe")
      let folders = try [
        ("datasets", site.datasets), ("schemas", site.schemas), ("workspace", site.workspace),
        ("public", site.publicFolder),
      ].map { ($0, try SiteOptions.absolute($1)) }
      func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("%", with: "%%").replacing("$", with: "$$"))\""
      }
      let arguments = folders.map { "--\($0.0) \(quoted($0.1))" }.joined(separator: " ")
      let writable = folders.suffix(2).map { "ReadWritePaths=-\(quoted($0.1))" }.joined(separator: "\n")
      let service = """
        [Unit]
        Description=Daylight: publishes what is due
        Wants=network-online.target
        After=network-online.target time-sync.target

        [Service]
        Type=oneshot
        User=\(user)
        ExecStart=\(quoted(program)) schedule run --once \(arguments)
        # 3: a delivery was refused, 4: a source was not there. Both are told in `daylight status`, and are no failure of this service.
        SuccessExitStatus=3 4
        TimeoutStartSec=12h
        Nice=5
        NoNewPrivileges=yes
        ProtectSystem=full
        PrivateTmp=yes
        \(writable)

        """
      let timer = """
        [Unit]
        Description=Daylight: looks every five minutes whether something is due

        [Timer]
        OnCalendar=*:0/5
        Persistent=true
        RandomizedDelaySec=30

        [Install]
        WantedBy=timers.target

        """
      if print {
        writeOutput("# daylight.service\n\(service)\n# daylight.timer\n\(timer)")
        return
      }
      let folder = try SiteOptions.absolute(units)
      guard fileKind(folder) == .folder else {
        throw ValidationError("there is no folder \(folder); --print shows the units")
      }
      try writeDurably(Array(service.utf8), to: "\(folder)/daylight.service", mode: 0o644)
      try writeDurably(Array(timer.utf8), to: "\(folder)/daylight.timer", mode: 0o644)
      writeOutput(
        site.language == .zh
          ? "已写入 \(folder)/daylight.service 和 daylight.timer。启用:systemctl daemon-reload && systemctl enable --now daylight.timer\n"
          : "Wrote \(folder)/daylight.service and daylight.timer. To start: systemctl daemon-reload && systemctl enable --now daylight.timer\n"
      )
    }
  }
}
