import Foundation
import TestSupport
import Testing

/// `daylight schedule`, with the clock moved by the test.
@Suite struct SchedulerTests {
  private let id = #"{"name":"id","type":"integer"}"#

  private struct Tick {
    let at: String
    let code: Int32
    let outcomes: [String: String]
    let late: [String]
    let renewed: [String]
    let next: String
  }

  private func tick(_ site: TestSite, at time: String) throws -> Tick {
    let result = try site.daylight("schedule", "run", "--once", "--json", now: time)
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any],
      "\(time): \(result.output)\(result.error)")
    let results = report["results"] as? [[String: Any]] ?? []
    return Tick(
      at: time, code: result.code,
      outcomes: Dictionary(
        results.map { ($0["dataset"] as? String ?? "", $0["outcome"] as? String ?? "") },
        uniquingKeysWith: { a, b in "\(a) and \(b)" }),
      late: report["late"] as? [String] ?? [],
      renewed: (report["renewed"] as? [[String: Any]] ?? []).compactMap { $0["role"] as? String },
      next: report["next"] as? String ?? "")
  }

  private let formatter: ISO8601DateFormatter = {
    let formatter = ISO8601DateFormatter()
    return formatter
  }()

  private func add(_ site: TestSite, _ name: String, schedule: String, frequency: String) throws {
    try site.addDataset(
      name, columns: ["id: {disclosure: public}"], fields: [id], input: "id\n1\n",
      more: "release: {formats: [csv]}\nschedule: \"\(schedule)\"")
    let file = "datasets/office/\(name)/dataset.yaml"
    try site.write(
      try site.text(file).replacingOccurrences(of: "frequency: monthly", with: "frequency: \(frequency)"), file)
  }

  /// A year of a site whose machine is switched off now and then, and whose departments fail to deliver: 2026, with the real
  /// holidays of that year.
  @Test func everyPromiseOfAYearIsKeptOrReported() throws {
    let site = try TestSite()
    guard let client = try YearClient(site) else { return }
    try FileManager.default.copyItem(
      atPath: "\(projectRoot)/datasets/calendar.yaml", toPath: "\(site.path)/datasets/calendar.yaml")
    try add(site, "daily", schedule: "0 6 * * *", frequency: "daily")
    try add(site, "monthly", schedule: "0 9 1W * *", frequency: "monthly")
    try add(site, "weekly", schedule: "30 8 * * 1", frequency: "weekly")
    func at(_ text: String) -> Date { formatter.date(from: "\(text):00+08:00") ?? .distantPast }
    func day(_ date: Date) -> String { String(formatter.string(from: date.addingTimeInterval(8 * 3_600)).prefix(10)) }
    // Switched off: an evening to the next noon, a whole day, and once for ten days.
    let outages = [
      (at("2026-03-10T20:00"), at("2026-03-11T12:00")), (at("2026-05-06T05:00"), at("2026-05-06T23:30")),
      (at("2026-08-01T01:00"), at("2026-08-11T10:00")),
    ]
    // The weekly department delivers nothing in June; what it delivers on 14 September is not what its schema says.
    let silence = at("2026-05-31T00:00")...at("2026-07-01T00:00")

    var now = at("2026-01-01T00:10")
    let end = at("2027-01-01T00:00")
    var runs: [String: [String]] = [:]
    var lateDays: [String: Set<String>] = [:]
    var delivered = ""
    var verified: Set<String> = []
    var count = 0
    while now < end {
      let today = day(now)
      if today != delivered {
        // Departments write their files anew each night; what is in the daily one changes every tenth day.
        delivered = today
        let number = Int(now.timeIntervalSince1970 / 864_000)
        try site.write("id\n\(number)\n", "datasets/office/daily/input.csv")
        try site.write(
          "id\n\(today.prefix(7).replacingOccurrences(of: "-", with: ""))\n", "datasets/office/monthly/input.csv")
        let weekly = "datasets/office/weekly/input.csv"
        if silence.contains(now) {
          try? FileManager.default.removeItem(atPath: "\(site.path)/\(weekly)")
        } else {
          try site.write(
            today == "2026-09-14" ? "id\nno number\n" : "id\n\(Int(now.timeIntervalSince1970) / 604_800)\n", weekly)
        }
      }
      let tick = try tick(site, at: formatter.string(from: now))
      count += 1
      #expect([0, 3, 4].contains(tick.code), "\(tick)")
      for (dataset, outcome) in tick.outcomes {
        runs[dataset, default: []].append("\(today) \(outcome)")
        #expect(!outcome.contains("and"), "two runs at a time: \(tick)")
      }
      for dataset in tick.late { lateDays[dataset, default: []].insert(today) }
      let next = try #require(formatter.date(from: tick.next), "there is always something to come: \(tick)")
      #expect(
        next > now && next.timeIntervalSince(now) <= 1.5 * 86_400 + 1, "no signature may pass half of its life: \(tick)"
      )
      if !verified.contains(today) {
        // A client that was there all the year, at the end of the day.
        let answer = try client.verify(at: day(now) + " 15:59:00")
        #expect(answer.hasPrefix("ok "), "\(today): \(answer)")
        verified.insert(today)
      }
      now = next
      for outage in outages where now >= outage.0 && now < outage.1 {
        if outage.1.timeIntervalSince(outage.0) > 5 * 86_400 {
          // A machine that is off cannot sign: clients are told so, and are not given old data.
          #expect(try client.verify(at: day(outage.1.addingTimeInterval(-7_200)) + " 00:00:00").contains("Expired"))
        }
        now = outage.1
      }
    }
    #expect(count > 500 && verified.count > 340, "\(count) \(verified.count)")

    // Daily: once a day, and once after each outage, whatever it missed.
    let daily = runs["office/daily"] ?? []
    let days = daily.map { String($0.prefix(10)) }
    #expect(Set(days).count == days.count, "never twice a day")
    #expect(days.count == 365 - 10, "once for each day but those of the long outage: \(days.count)")
    #expect(
      days.contains("2026-03-11") && days.contains("2026-05-06") && days.contains("2026-08-11")
        && !days.contains("2026-08-05"))
    #expect(
      daily.count { $0.hasSuffix("released") } >= 35
        && daily.allSatisfy { $0.hasSuffix("released") || $0.hasSuffix("unchanged") })
    // Monthly: the first working days of 2026, one of them a Sunday, and after the outage for August.
    #expect(
      (runs["office/monthly"] ?? []).map { String($0.prefix(10)) } == [
        "2026-01-04", "2026-02-02", "2026-03-02", "2026-04-01", "2026-05-06", "2026-06-01", "2026-07-01", "2026-08-11",
        "2026-09-01", "2026-10-08",
        "2026-11-02", "2026-12-01",
      ], "\(runs["office/monthly"] ?? [])")
    #expect(lateDays["office/monthly"] == nil, "a holiday makes nobody late")
    // Weekly: asked again while the source was missing; told late; refused once, and looked at again the next day.
    let weekly = runs["office/weekly"] ?? []
    let june = weekly.filter { $0.hasPrefix("2026-06") }
    #expect(june.count > 20 && june.allSatisfy { $0.hasSuffix("source-unavailable") }, "\(june)")
    #expect(weekly.contains("2026-09-14 refused") && weekly.contains("2026-09-15 released"))
    let late = (lateDays["office/weekly"] ?? []).sorted()
    #expect(late.first == "2026-06-03" || late.first == "2026-06-02", "\(late)")
    #expect(late.last == "2026-06-30" || late.last == "2026-07-01", "\(late)")
    #expect(
      weekly.contains { $0.hasPrefix("2026-07-01") && $0.hasSuffix("released") }, "retried when it was there again")
    let summer = Set((lateDays["office/daily"] ?? []).map { String($0.prefix(7)) })
    #expect(summer.isSubset(of: ["2026-08"]), "\(lateDays)")
  }

  @Test func aTroubledDatasetHoldsNobodyBack() throws {
    let site = try TestSite()
    for name in ["a", "b", "c"] { try add(site, name, schedule: "0 6 * * *", frequency: "daily") }
    try site.write("id\nx\n", "datasets/office/a/input.csv")
    #expect(try tick(site, at: "2026-11-23T00:00:00Z").outcomes.isEmpty, "seen for the first time: nothing is due yet")
    try site.write("nonsense: [", "datasets/office/c/dataset.yaml")
    let due = try tick(site, at: "2026-11-23T22:00:00Z")
    #expect(
      due.outcomes == ["office/a": "refused", "office/b": "released"] && due.code == 2,
      "a misconfigured one is told too: \(due)")
    #expect(try tick(site, at: "2026-11-23T22:05:00Z").outcomes.isEmpty, "no second run")
    let status = try site.daylight("status", "--json", now: "2026-11-23T22:05:00Z")
    #expect(status.output.contains("dataset.yaml") && status.output.contains("refused"))
    let page = try site.daylight("status", "--html", "status.html", now: "2026-11-23T22:05:00Z")
    let html = try site.text("status.html")
    #expect(
      page.code == 0 && html.contains("已拒绝") && html.contains("refused")
        && html.contains("Private: not for publication"))
    #expect(try site.daylight("status", "--html", "public/status.html").code == 2, "the page is private")
  }

  @Test func aKilledSchedulerLosesNothing() throws {
    guard let probe = try? run(["/usr/bin/strace", "-qq", "-o", "/dev/null", "/bin/true"]), probe.code == 0 else {
      return skip("aKilledScheduler: strace cannot be used")
    }
    let site = try TestSite()
    try add(site, "a", schedule: "0 6 * * *", frequency: "daily")
    _ = try tick(site, at: "2026-11-23T00:00:00Z")
    var killed = 0
    // Each day it is killed a little later, and looks again five minutes afterwards.
    for day in 1...25 {
      let date = "2026-12-\(day < 10 ? "0" : "")\(day)"
      try site.write("id\n\(day)\n", "datasets/office/a/input.csv")
      let calls = "rename,renameat,link,linkat,unlink,unlinkat,mkdir,mkdirat,pwrite64,fsync"
      let result = try run(
        [
          "/usr/bin/strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(calls)", "-e",
          "inject=\(calls):signal=KILL:when=\(day * 6)", executable, "schedule", "run", "--once", "--now",
          "\(date)T22:00:00Z",
        ], in: site.path)
      if result.code != 0 { killed += 1 }
      #expect(try site.daylight("schedule", "run", "--once", now: "\(date)T22:05:00Z").code == 0, "day \(day)")
      #expect(try site.unpacked("data/office/a/latest/data.csv.gz") == "id\n\(day)\n", "day \(day)")
      #expect(try tick(site, at: "\(date)T22:10:00Z").outcomes.isEmpty, "done is done")
      #expect(
        try run([executable, "verify", "public", "--as-of", "\(date)T22:10:00Z"], in: site.path).code == 0, "day \(day)"
      )
    }
    #expect(killed > 10, "\(killed)")
    let releases = try FileManager.default.contentsOfDirectory(atPath: "\(site.path)/public/data/office/a").filter {
      $0 != "latest"
    }
    #expect(releases.count == 25, "one release a day, whatever happened: \(releases.sorted())")
  }

  @Test func aHeldLockOnlyWaits() throws {
    let site = try TestSite()
    try add(site, "a", schedule: "0 6 * * *", frequency: "daily")
    _ = try tick(site, at: "2026-11-23T00:00:00Z")
    // flock(1) holds the lock as a publication would.
    let result = try run(
      ["/usr/bin/flock", "workspace/lock", executable, "schedule", "run", "--once", "--now", "2026-11-23T22:00:00Z"],
      in: site.path)
    #expect(result.code == 1 && result.error.contains("another publication is running"), "\(result.error)")
    #expect(try tick(site, at: "2026-11-23T22:05:00Z").outcomes == ["office/a": "released"], "due until it was run")
  }

  @Test func aClockSetBackIsNoticed() throws {
    let site = try TestSite()
    try site.addDataset(columns: ["id: {disclosure: public}"], fields: [id], input: "id\n1\n")
    #expect(try site.daylight("publish", now: "2026-11-23T06:00:00Z").code == 0)
    let before = try site.tree("public")
    for command in ["publish", "refresh"] {
      let result = try site.daylight(command, now: "2025-01-01T00:00:00Z")
      #expect(
        result.code == 1 && result.error.contains("the clock says 2025-01-01")
          && result.error.contains("--accept-clock"), "\(result.error)")
    }
    #expect(try site.tree("public") == before)
    try site.write("id\n2\n", "datasets/office/things/input.csv")
    #expect(try site.daylight("publish", "--accept-clock", now: "2025-01-01T00:00:00Z").code == 0)
    #expect(
      site.exists("public/data/office/things/2026.11.23.2/release.json"),
      "a release is never named before an earlier one")
    #expect(try site.daylight("publish", now: "2025-01-02T00:00:00Z").code == 0, "once is enough")

    // A schedule that ran in the wrong year goes on in the right one.
    let other = try TestSite()
    try add(other, "a", schedule: "0 6 * * *", frequency: "daily")
    _ = try tick(other, at: "2026-12-01T00:00:00Z")
    #expect(try tick(other, at: "2030-12-01T23:00:00Z").outcomes == ["office/a": "released"])
    #expect(try other.daylight("schedule", "run", "--once", "--accept-clock", now: "2026-12-03T23:00:00Z").code == 0)
    #expect(try tick(other, at: "2026-12-04T23:00:00Z").outcomes == ["office/a": "unchanged"])
  }

  @Test func signaturesAreRenewedAtHalfOfTheirLife() throws {
    let site = try TestSite()
    try site.addDataset(columns: ["id: {disclosure: public}"], fields: [id], input: "id\n1\n")
    #expect(try site.daylight("publish", now: "2026-11-23T06:00:00Z").code == 0)
    func renewed(_ time: String) throws -> [String] {
      let result = try site.daylight("refresh", "--json", now: time)
      let list =
        (try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])?["renewed"]
        as? [[String: Any]]
      return (list ?? []).compactMap { $0["role"] as? String }.sorted()
    }
    #expect(try renewed("2026-11-24T17:59:00Z").isEmpty)
    #expect(try renewed("2026-11-24T18:00:01Z") == ["snapshot", "timestamp"])
    #expect(try renewed("2026-12-01T06:00:00Z") == ["site", "snapshot", "timestamp"])
    // The root too, while its key lies here: its expiry would lock every client out.
    #expect(
      try renewed("2027-06-01T06:00:00Z") == ["department-office", "root", "site", "snapshot", "targets", "timestamp"])
    guard let client = TUFClient(site) else { return }
    #expect(try client.verify(now: "2027-06-02 06:00:00").hasPrefix("ok "))
  }

  @Test func unitsForSystemdAreWritten() throws {
    let site = try TestSite()
    try site.addDataset(columns: ["id: {disclosure: public}"], fields: [id], input: "id\n1\n")
    let folder = TemporaryFolder()
    let result = try site.daylight("schedule", "install", "--units", folder.path, "--user", "publisher")
    #expect(result.code == 0, "\(result.error)")
    let service = try String(contentsOfFile: "\(folder.path)/daylight.service", encoding: .utf8)
    #expect(
      service.contains("User=publisher") && service.contains("schedule run --once --datasets \"\(site.path)/datasets\"")
    )
    #expect(try String(contentsOfFile: "\(folder.path)/daylight.timer", encoding: .utf8).contains("Persistent=true"))
    if FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze") {
      let verdict = try run(["/usr/bin/systemd-analyze", "verify", "\(folder.path)/daylight.timer"])
      #expect(verdict.code == 0, "\(verdict.error)")
    }
    #expect(try site.daylight("schedule", "install", "--print", "--user", "a b").code == 2)
  }

  @Test func itStopsWhenAsked() throws {
    let site = try TestSite()
    try site.addDataset(columns: ["id: {disclosure: public}"], fields: [id], input: "id\n1\n")
    let result = try run(
      ["/usr/bin/timeout", "--signal=TERM", "--kill-after=20", "2", executable, "schedule", "run"], in: site.path)
    // timeout says 124 when its signal was what ended it, 137 when it had to kill.
    #expect(result.code == 124, "\(result.code) \(result.error)")
  }
}

/// python-tuf as a client that keeps its state over a year, and reads the files of a site.
private final class YearClient {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private let folder = TemporaryFolder()

  init?(_ site: TestSite, function: String = #function) throws {
    guard let python = python(with: "tuf.ngclient", function: function) else { return nil }
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-c", Self.script, "\(site.path)/public", folder.path]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  deinit {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  func verify(at time: String) throws -> String {
    try input.fileHandleForWriting.write(contentsOf: Data("\(time)\n".utf8))
    var line = Data()
    while let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty, byte[0] != 0x0a { line += byte }
    return String(decoding: line, as: UTF8.self)
  }

  private static let script = """
    import datetime, json, pathlib, sys
    public, work = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    import tuf.ngclient._internal.trusted_metadata_set as trusted
    from tuf.api.exceptions import DownloadHTTPError
    from tuf.ngclient import Updater
    from tuf.ngclient.fetcher import FetcherInterface
    class Files(FetcherInterface):
      def _fetch(self, url):
        path = public / url[len("file:///"):]
        if not path.exists(): raise DownloadHTTPError("missing", 404)
        yield path.read_bytes()
    for name in ("m", "t"): (work / name).mkdir()
    bootstrap = None
    for line in sys.stdin:
      now = datetime.datetime.fromisoformat(line.strip()).replace(tzinfo=datetime.timezone.utc)
      class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz=None): return now
      trusted.datetime = type("module", (), {"datetime": Clock, "timezone": datetime.timezone})
      try:
        if not (public / "metadata/timestamp.json").exists(): print("ok 0", flush=True); continue
        bootstrap = bootstrap or (public / "metadata/1.root.json").read_bytes()
        u = Updater(str(work / "m"), "file:///metadata/", str(work / "t"), "file:///targets/", fetcher=Files(), bootstrap=bootstrap)
        u.refresh()
        count = 0
        for name, meta in u._trusted_set.snapshot.meta.items():
          for path in json.loads((public / f"metadata/{meta.version}.{name}").read_bytes())["signed"]["targets"]:
            info = u.get_targetinfo(path)
            assert info is not None, path
            u.find_cached_target(info) or u.download_target(info)
            count += 1
        print("ok", count, flush=True)
      except Exception as error: print(f"{type(error).__name__}: {error}".replace("\\n", " "), flush=True)
    """
}
