import Foundation
import TestSupport
import Testing

/// What happens to a site over the years: lost machines, full disks, two publishers, past deliveries, people who must be told.
@Suite struct OperationsTests {
  private let id = #"{"name":"id","type":"integer"}"#
  private let name = #"{"name":"name","type":"string"}"#
  private let clock = "2026-11-23T06:00:00Z"

  private func site(_ input: String = "id,name\n1,a\n", more: String = "") throws -> TestSite {
    let site = try TestSite()
    try site.addDataset(
      columns: ["id: {disclosure: public}", "name: {disclosure: public}"], fields: [id, name], input: input,
      more: "release: {key: [id]}\n\(more)")
    return site
  }

  // MARK: Backup

  @Test func aLostMachineIsMadeAgain() throws {
    let site = try site()
    #expect(try site.daylight("publish", now: "2026-11-22T06:00:00Z").code == 0)
    try site.write("correct horse battery staple\n", "passphrase")
    try site.write("wrong horse battery staple\n", "wrong")
    try FileManager.default.copyItem(
      atPath: "\(site.path)/public/metadata/1.root.json", toPath: "\(site.path)/root.json")
    let served = try ServedSite("\(site.path)/public")
    #expect(
      try site.daylight("sync", served.address, "mirror", "--root", "root.json", "--as-of", clock, "--quiet").code == 0)
    let backup = try site.daylight("backup", "site.backup", "--passphrase-file", "passphrase")
    #expect(backup.code == 0, "\(backup.error)")
    // Nothing in it can be read without the passphrase.
    let sealed = try site.read("site.backup")
    let key = try site.read("workspace/keys/root.ed25519")
    #expect(
      sealed.range(of: key.prefix(64)) == nil && sealed.range(of: Data("SQLite format".utf8)) == nil
        && sealed.range(of: Data("ed25519".utf8)) == nil)
    let mode = try FileManager.default.attributesOfItem(atPath: "\(site.path)/site.backup")[.posixPermissions] as? Int
    #expect(mode == 0o600)

    for folder in ["workspace", "public"] { try FileManager.default.removeItem(atPath: "\(site.path)/\(folder)") }
    let mirror = try ServedSite("\(site.path)/mirror")
    #expect(
      try site.daylight("sync", mirror.address, "public", "--root", "root.json", "--as-of", clock, "--quiet").code == 0)
    // Without the keys nothing is published, and none are made in their place.
    #expect(try site.daylight("publish", now: clock).code == 1)
    #expect(try site.daylight("restore", "site.backup", "--passphrase-file", "wrong").code == 1)
    #expect(try site.tree("workspace/keys").isEmpty)
    #expect(try site.daylight("restore", "site.backup", "--passphrase-file", "passphrase").code == 0)
    #expect(try site.read("workspace/keys/root.ed25519") == key)
    #expect(
      try site.daylight("status", "--json", now: clock).output.contains("2026-11-22T06:00:00Z"),
      "the ledger is there again")
    let same = try site.daylight("publish", "--json", now: clock)
    #expect(same.code == 0 && same.output.contains("unchanged"), "\(same.output)\(same.error)")
    try site.write("id,name\n1,b\n", "datasets/office/things/input.csv")
    #expect(try site.daylight("publish", now: clock).code == 0)
    #expect(try site.daylight("verify", "public", "--root", "root.json", "--as-of", clock).code == 0)
    // A mirror of before goes on with it.
    let again = try ServedSite("\(site.path)/public")
    #expect(try site.daylight("sync", again.address, "mirror", "--as-of", clock, "--quiet").code == 0)
    let over = try site.daylight("restore", "site.backup", "--passphrase-file", "passphrase")
    #expect(over.code == 2 && over.error.contains("has keys already"))
  }

  @Test func damagedBackupsAreRefusedWhole() throws {
    let site = try site()
    #expect(try site.daylight("publish", now: clock).code == 0)
    try site.write("correct horse battery staple", "passphrase")
    #expect(try site.daylight("backup", "site.backup", "--passphrase-file", "passphrase").code == 0)
    let whole = try site.read("site.backup")
    func attempt(_ data: Data) throws -> Int32 {
      try site.write(data, "bad.backup")
      let result = try site.daylight("restore", "bad.backup", "--passphrase-file", "passphrase", "--workspace", "other")
      #expect(!site.exists("other/keys") && !site.exists("other/ledger.sqlite") && !site.exists("other/.restore"))
      return result.code
    }
    #expect(try attempt(whole.dropLast(1)) == 1)
    #expect(try attempt(whole + Data([0])) == 1)
    #expect(try attempt(whole.prefix(30)) == 1)
    #expect(try attempt(Data()) == 1)
    for place in [20, 40, whole.count / 2, whole.count - 3] {
      var changed = whole
      changed[place] ^= 1
      #expect(try attempt(changed) == 1, "\(place)")
    }
    #expect(
      try site.daylight("restore", "site.backup", "--passphrase-file", "passphrase", "--workspace", "public/w").code
        == 2)
    #expect(!site.exists("public/w"))
    try site.write("short", "short")
    #expect(try site.daylight("backup", "x.backup", "--passphrase-file", "short").code == 2)
    #expect(try site.daylight("backup", "public/x.backup", "--passphrase-file", "passphrase").code == 2)
    #expect(try site.daylight("backup", "x.backup").code == 2, "nobody is there to be asked")
  }

  @Test func anOldPromotionFromABackupIsNotCarriedOut() throws {
    let site = try site()
    #expect(try site.daylight("publish", now: "2026-11-20T06:00:00Z").code == 0)
    guard let probe = try? run(["/usr/bin/strace", "-qq", "-o", "/dev/null", "/bin/true"]), probe.code == 0 else {
      return skip("anOldPromotion: strace cannot be used")
    }
    // A promotion that is sealed, and cut off at its first public file.
    try site.write("id,name\n1,b\n", "datasets/office/things/input.csv")
    var call = 1
    while !site.exists("workspace/staged/promotion.json") {
      _ = try run(
        [
          "/usr/bin/strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename,renameat", "-e",
          "inject=rename,renameat:signal=KILL:when=\(call)", executable, "publish", "--quiet", "--now",
          "2026-11-21T06:00:00Z",
        ], in: site.path)
      call += 1
      #expect(call < 200)
    }
    try site.write("correct horse battery staple", "passphrase")
    #expect(try site.daylight("backup", "site.backup", "--passphrase-file", "passphrase").code == 0)
    // The machine goes on, and publishes more; then it is lost.
    #expect(try site.daylight("publish", now: "2026-11-22T06:00:00Z").code == 0)
    try site.write("id,name\n1,c\n", "datasets/office/things/input.csv")
    #expect(try site.daylight("publish", now: clock).code == 0)
    let before = try site.tree("public")
    try FileManager.default.removeItem(atPath: "\(site.path)/workspace")
    #expect(try site.daylight("restore", "site.backup", "--passphrase-file", "passphrase").code == 0)
    #expect(site.exists("workspace/staged/promotion.json"))
    let result = try site.daylight("publish", "--json", now: clock)
    #expect(result.code == 0 && result.output.contains("unchanged"), "\(result.output)\(result.error)")
    #expect(try site.tree("public") == before, "no older timestamp comes back")
  }

  // MARK: Two at once, full and read-only disks

  @Test func ofTwoPublishersOneIsTold() throws {
    let site = try site()
    #expect(try site.daylight("publish", now: clock).code == 0)
    // Another workspace with the same keys, on the same public folder.
    #expect(try run(["/bin/cp", "-a", "\(site.path)/workspace", "\(site.path)/other"]).code == 0)
    let before = try site.tree("public")
    try site.write("id,name\n1,b\n", "datasets/office/things/input.csv")
    for (lock, workspace) in [("workspace/lock", "workspace"), ("public", "other")] {
      let result = try run(
        ["/usr/bin/flock", lock, executable, "publish", "--workspace", workspace, "--now", clock], in: site.path)
      #expect(result.code == 1 && result.error.contains("another publication is running"), "\(lock): \(result.error)")
    }
    #expect(try site.tree("public") == before)
    // One after the other, from two workspaces: each begins with what is there.
    #expect(try site.daylight("publish", "--workspace", "other", now: clock).code == 0)
    let second = try site.daylight("publish", "--json", now: clock)
    #expect(second.code == 0 && second.output.contains("unchanged"))
    #expect(try site.daylight("verify", "public", "--as-of", clock).code == 0)
  }

  /// Mounts a small file system on a folder of the site; nil, said aloud, where that is not allowed.
  private func mount(_ site: TestSite, _ folder: String, size: String, function: String = #function) throws -> Mounted?
  {
    try FileManager.default.createDirectory(atPath: "\(site.path)/\(folder)", withIntermediateDirectories: true)
    let path = "\(site.path)/\(folder)"
    guard getuid() == 0, try run(["/bin/mount", "-t", "tmpfs", "-o", "size=\(size)", "tmpfs", path]).code == 0 else {
      skip("\(function): this machine does not let tests mount a file system")
      return nil
    }
    return Mounted(path: path)
  }

  private final class Mounted: Sendable {
    let path: String
    init(path: String) { self.path = path }
    deinit { _ = try? run(["/bin/umount", "-l", path]) }
  }

  private func large(_ seed: Int) -> String {
    var random = SmallRandom(seed: UInt64(seed))
    return "id,name\n" + (1...20_000).map { "\($0),\(String(random.next(), radix: 36))\n" }.joined()
  }

  @Test(arguments: ["public", "workspace"])
  func aFullDiskLeavesTheSiteAsItWas(folder: String) throws {
    let site = try site(large(1))
    try site.write(try site.text("datasets/site.yaml") + "\nretain: {snapshots: 1000}\n", "datasets/site.yaml")
    // Room for one release, not for two.
    guard let mounted = try mount(site, folder, size: folder == "public" ? "3m" : "4m") else { return }
    try withExtendedLifetime(mounted) {
      #expect(try site.daylight("publish", now: "2026-11-22T06:00:00Z").code == 0)
      for round in 2...20 {
        try site.write(large(round), "datasets/office/things/input.csv")
        let result = try site.daylight("publish", now: clock)
        if result.code == 0 { continue }
        #expect(
          result.code == 1
            && ["No space left on device", "is full"].contains { (result.output + result.error).contains($0) },
          "\(result.output)\(result.error)")
        guard let client = TUFClient(site) else { return }
        #expect(try client.verify(now: "2026-11-23 07:00:00").hasPrefix("ok "))
        // With more room it goes on from there.
        #expect(try run(["/bin/mount", "-o", "remount,size=100m", "\(site.path)/\(folder)"]).code == 0)
        let again = try site.daylight("publish", now: clock)
        #expect(again.code == 0, "\(again.output)\(again.error)")
        #expect(try client.verify(now: "2026-11-23 07:00:00").hasPrefix("ok "))
        #expect(try site.unpacked("data/office/things/latest/data.csv.gz") == large(round))
        #expect(try site.tree("public").keys.allSatisfy { !$0.contains(".tmp-") })
        return
      }
      Issue.record("the disk was never full")
    }
  }

  @Test func aReadOnlyDiskLeavesTheSiteAsItWas() throws {
    let site = try site()
    guard let mounted = try mount(site, "public", size: "20m") else { return }
    try withExtendedLifetime(mounted) {
      #expect(try site.daylight("publish", now: "2026-11-22T06:00:00Z").code == 0)
      let before = try site.tree("public")
      #expect(try run(["/bin/mount", "-o", "remount,ro", "\(site.path)/public"]).code == 0)
      try site.write("id,name\n1,b\n", "datasets/office/things/input.csv")
      let result = try site.daylight("publish", now: clock)
      #expect(
        result.code == 1 && (result.output + result.error).contains("Read-only file system"),
        "\(result.output)\(result.error)")
      #expect(try site.tree("public") == before)
      #expect(try run(["/bin/mount", "-o", "remount,rw", "\(site.path)/public"]).code == 0)
      #expect(try site.daylight("publish", now: clock).code == 0)
      #expect(try site.unpacked("data/office/things/latest/data.csv.gz") == "id,name\n1,b\n")
    }
  }

  // MARK: After the fact

  @Test func aFolderThatIsGoneIsAnErrorThatNamesWithdraw() throws {
    let site = try site()
    try site.addDataset("others", columns: ["id: {disclosure: public}"], fields: [id], input: "id\n1\n")
    #expect(try site.daylight("publish", now: clock).code == 0)
    try FileManager.default.removeItem(atPath: "\(site.path)/datasets/office/things")
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 1 && result.output.contains("daylight withdraw office/things --reason"), "\(result.output)")
    #expect(try site.daylight("withdraw", "office/things", "--reason", "部门改组", now: clock).code == 0)
    #expect(try site.daylight("publish", now: clock).code == 0)
    let catalog = try site.text("public/catalog.jsonld")
    #expect(!catalog.contains("office/things") && catalog.contains("office/others"))
    #expect(try site.text("public/datasets/office/things/index.html").contains("部门改组"))
    #expect(
      try site.daylight("withdraw", "office/things", "--reason", "再次", now: clock).code == 2, "it is gone already")
    #expect(
      try site.daylight("withdraw", "office/others", "--reason", "联系13800138000", now: clock).code == 3,
      "a reason is published too")
    #expect(try site.daylight("withdraw", "office/others", now: clock).code == 2)
  }

  @Test func oldDeliveriesAndRunsArePurged() throws {
    let site = try site(more: "schedule: \"0 6 * * *\"")
    try site.write(
      try site.text("datasets/site.yaml") + "\nretain: {snapshots: 2, run_days: 30}\n", "datasets/site.yaml")
    for day in 1...5 {
      try site.write("id,name\n1,day \(day)\n", "datasets/office/things/input.csv")
      #expect(try site.daylight("publish", now: "2026-11-0\(day)T06:00:00Z").code == 0)
    }
    // A publication by hand purges too: refused deliveries may be full of persons.
    #expect(try site.tree("workspace/snapshots/office/things").count == 2)
    let tick = try site.daylight("schedule", "run", "--once", "--json", now: "2026-12-03T12:00:00Z")
    #expect(
      tick.output.contains("\"purged_snapshots\":0") && tick.output.contains("\"purged_runs\":3"), "\(tick.output)")
    #expect(try site.tree("workspace/snapshots/office/things").count == 2)
  }

  @Test func pastDeliveriesBecomeReleasesOfTheirDays() throws {
    let site = try site(more: "")
    for (day, row) in [("2020-03-01", "a"), ("20200302", "b"), ("2020-03-03", "b"), ("2020-03-04", "c")] {
      try site.write("id,name\n1,\(row)\n", "past/cases-\(day).csv")
    }
    let first = try site.daylight("publish", "office/things", "--from-dir", "past", "--json", now: clock)
    let results =
      (try JSONSerialization.jsonObject(with: Data(first.output.utf8)) as? [String: Any])?["results"]
      as? [[String: Any]] ?? []
    #expect(
      results.map { "\($0["outcome"] ?? "") \($0["release"] ?? "")" } == [
        "released 2020.03.01.1", "released 2020.03.02.1", "unchanged 2020.03.02.1", "released 2020.03.04.1",
      ])
    #expect(
      try site.json("public/data/office/things/2020.03.02.1/release.json")["modified"] as? String
        == "2020-03-02T04:00:00Z")
    #expect(try site.daylight("verify", "public", "--as-of", clock).code == 0)
    // Again: nothing; one more: that one; then a delivery of today; then none of the past.
    #expect(
      try site.daylight("publish", "office/things", "--from-dir", "past", now: clock).output.contains(
        "4 had been published before"))
    try site.write("id,name\n1,x,y\n", "past/cases-2020-03-05.csv")
    try site.write("id,name\n1,e\n", "past/cases-2020-03-06.csv")
    let stopped = try site.daylight("publish", "office/things", "--from-dir", "past", now: clock)
    #expect(
      stopped.code == 3 && stopped.output.contains("stopped at") && stopped.output.contains("2020-03-05.csv")
        && !site.exists("public/data/office/things/2020.03.06.1"))
    try site.write("id,name\n1,d\n", "past/cases-2020-03-05.csv")
    #expect(try site.daylight("publish", "office/things", "--from-dir", "past", now: clock).code == 0)
    #expect(site.exists("public/data/office/things/2020.03.06.1/release.json"))
    #expect(try site.daylight("publish", now: clock).code == 0)
    let tooLate = try site.daylight("publish", "office/things", "--from-dir", "past", now: clock)
    #expect(
      tooLate.code == 2 && tooLate.error.contains("lies before the newest release that there was"), "\(tooLate.error)")
    #expect(try site.daylight("withdraw", "office/things", "--reason", "核实", now: clock).code == 0)
    #expect(try site.daylight("withdraw", "office/things", "--undo", now: clock).code == 0)
    #expect(
      try site.daylight("publish", "office/things", "--from-dir", "past", now: clock).code == 2,
      "no id comes twice, nor before one that there was")
    for bad in ["nodate.csv", "two-2020-03-01-2020-03-02.csv"] {
      try site.write("id,name\n1,a\n", "bad/\(bad)")
      let result = try site.daylight("publish", "office/things", "--from-dir", "bad", now: clock)
      #expect(result.code == 2 && result.error.contains(bad), "\(result.error)")
      try FileManager.default.removeItem(atPath: "\(site.path)/bad/\(bad)")
    }
    try site.write("id,name\n1,a\n", "future/2030-01-01.csv")
    #expect(try site.daylight("publish", "office/things", "--from-dir", "future", now: clock).code == 2)
    #expect(try site.daylight("publish", "--from-dir", "past", now: clock).code == 2, "one dataset must be named")
  }

  /// Fourteen real editions of one table; parts of its key are empty.
  @Test func fourteenRealDaysArePublishedInOrder() throws {
    guard let folder = sharedFile("data/cases-by-day") else { return }
    let site = try TestSite()
    let texts = ["country", "countryCode", "province", "provinceCode", "city", "cityCode"]
    let numbers = ["confirmed", "suspected", "cured", "dead"]
    try site.addDataset(
      "cases", columns: (["date"] + texts + numbers).map { "\($0): {disclosure: public}" },
      fields: [#"{"name":"date","type":"date"}"#] + texts.map { "{\"name\":\"\($0)\",\"type\":\"string\"}" }
        + numbers.map { "{\"name\":\"\($0)\",\"type\":\"integer\",\"constraints\":{\"required\":true,\"minimum\":0}}" },
      input: "", more: "release: {key: [country, province, city], formats: [csv]}", subject: "place")
    let result = try site.daylight("publish", "office/cases", "--from-dir", folder, "--quiet", now: clock)
    #expect(result.code == 0, "\(result.output)\(result.error)")
    var rows: [[String: String]] = []
    for day in 1...14 {
      let release = try site.json("public/data/office/cases/2020.03.\(day < 10 ? "0" : "")\(day).1/release.json")
      let source = try String(contentsOfFile: "\(folder)/2020-03-\(day < 10 ? "0" : "")\(day).csv", encoding: .utf8)
      let lines = source.split(whereSeparator: \.isNewline).dropFirst().map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
      let keyed = Dictionary(
        uniqueKeysWithValues: lines.map { ("\($0[1])/\($0[3])/\($0[5])", $0.joined(separator: ",")) })
      // What changed, by an independent count over the sources.
      if let before = rows.last, let counts = (release["change"] as? [String: Any])?["rows"] as? [String: Int] {
        #expect(
          counts["added"] == keyed.keys.count { before[$0] == nil }
            && counts["removed"] == before.keys.count { keyed[$0] == nil }, "day \(day)")
        #expect(counts["changed"] == keyed.count { before[$0.key] != nil && before[$0.key] != $0.value }, "day \(day)")
      }
      rows.append(keyed)
      #expect(release["row_count"] as? Int == lines.count)
    }
    #expect(try site.daylight("verify", "public", "--as-of", clock).code == 0)
  }

  // MARK: Telling people

  private static let mailServer = """
    import json, pathlib, socketserver, sys
    mails, port_file = pathlib.Path(sys.argv[1]), sys.argv[2]
    class Handler(socketserver.StreamRequestHandler):
      def handle(self):
        say = lambda t: self.wfile.write((t + "\\r\\n").encode())
        say("220 test"); to = []
        while line := self.rfile.readline().decode():
          word = line.split()[0].upper() if line.split() else ""
          if word == "EHLO": say("250 test")
          elif word == "MAIL": sender = line.strip(); say("250 ok")
          elif word == "RCPT": to.append(line.strip()); say("250 ok")
          elif word == "DATA":
            say("354 go"); data = b""
            while (l := self.rfile.readline()) != b".\\r\\n": data += l
            n = len(list(mails.glob("*.eml")))
            (mails / f"{n}.eml").write_bytes(data); (mails / f"{n}.to").write_text(sender + "\\n" + "\\n".join(to)); say("250 ok")
          elif word == "QUIT": say("221 bye"); return
          else: say("250 ok")
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler); server.daemon_threads = True
    pathlib.Path(port_file + ".tmp").write_text(f"{server.server_address[1]}\\n"); pathlib.Path(port_file + ".tmp").rename(port_file)
    server.serve_forever()
    """

  @Test func peopleAreToldOnceByMailAndWebhook() throws {
    let site = try site("id,name\nx,机密值\n", more: "schedule: \"0 6 * * *\"")
    let mails = TemporaryFolder()
    guard let mail = try TestServer.python(Self.mailServer, [mails.path]) else { return }
    guard let hook = try TestServer.python(faultServer, ["\(site.path)/datasets/site.yaml"]) else { return }
    site.keep(hook)
    site.keep(mail)
    site.keep(mails)
    func configure(_ mailPort: Int, _ path: String) throws {
      let base = try site.text("datasets/site.yaml").components(separatedBy: "\nnotify:")[0]
      try site.write(
        base
          + "\nnotify: {mail: {server: \"smtp://127.0.0.1:\(mailPort)\", from: daylight@data.example, to: [officer@data.example, head@data.example]}, webhook: \"\(hook.address)\(path)\"}\n",
        "datasets/site.yaml")
    }
    func mailCount() throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: mails.path).count { $0.hasSuffix(".eml") }
    }
    func calls() throws -> [[String: Any]] {
      let data = try run([
        "/usr/bin/python3", "-c",
        "import urllib.request, sys; print(urllib.request.urlopen(sys.argv[1]).read().decode())",
        "\(hook.address)/seen",
      ])
      return (try JSONSerialization.jsonObject(with: Data(data.output.utf8)) as? [[String: Any]] ?? []).filter {
        $0["path"] as? String == "/hook"
      }
    }
    // The mail server is down, the webhook fails: nothing is lost, and the run is what it is.
    try configure(1, "/broken-hook")
    let refused = try site.daylight("publish", now: clock)
    #expect(refused.code == 3 && refused.error.contains("kept for the next try"), "\(refused.error)")
    try configure(mail.port, "/hook")
    for time in ["2026-11-23T06:10:00Z", "2026-11-23T06:20:00Z"] {
      #expect(try site.daylight("publish", now: time).code == 3)
    }
    #expect(try mailCount() == 1, "the same refusal is told once")
    #expect(try calls().count == 1)
    let text = try run([
      "/usr/bin/python3", "-c",
      "import email, email.policy, sys; m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default); print(m['Subject'], m['To'], m['Date']); print(m.get_content()); print(m.defects)",
      "\(mails.path)/0.eml",
    ]).output
    #expect(
      text.hasPrefix("[测试站点] 数据未通过检查:office/things") && text.contains("officer@data.example")
        && text.contains("23 Nov 2026"), "\(text)")
    #expect(text.contains("office/things") && text.contains("→") && text.hasSuffix("[]\n") && !text.contains("机密值"))
    #expect(try String(contentsOfFile: "\(mails.path)/0.to", encoding: .utf8).contains("head@data.example"))
    let notice = try #require(
      (try JSONSerialization.jsonObject(with: Data((try calls()[0]["body"] as? String ?? "").utf8)) as? [String: Any])?[
        "notices"] as? [[String: Any]])
    #expect(
      notice.count == 1 && notice[0]["kind"] as? String == "refused"
        && notice[0]["dataset"] as? String == "office/things")

    // Well again, and refused again: that is news. A missed promise is told by the scheduler.
    try site.write("id,name\n1,a\n", "datasets/office/things/input.csv")
    #expect(try site.daylight("publish", now: "2026-11-24T06:00:00Z").code == 0)
    try site.write("id,name\nx,b\n", "datasets/office/things/input.csv")
    #expect(try site.daylight("publish", now: "2026-11-24T07:00:00Z").code == 3)
    #expect(try mailCount() == 2)
    #expect(try site.daylight("schedule", "run", "--once", now: "2027-01-20T00:00:00Z").code == 0)
    #expect(try mailCount() == 3)
    let late = try run([
      "/usr/bin/python3", "-c",
      "import email, email.policy, sys; m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default); print(m['Subject']); print(m.get_content())",
      "\(mails.path)/2.eml",
    ]).output
    #expect(late.contains("未按时更新") && late.contains("测试办"), "\(late)")
  }

  // MARK: data.zip

  @Test func theZipFileIsForSpreadsheets() throws {
    let site = try TestSite()
    try site.addDataset(
      columns: ["id: {disclosure: public}", "text: {disclosure: public}", "amount: {disclosure: public}"],
      fields: [id, #"{"name":"text","title":"说明","type":"string"}"#, #"{"name":"amount","type":"number"}"#],
      input:
        "id,text,amount\n1,=1+1,-5\n2,\"@SUM(A1)\",+3\n3,-x,0\n4,＝HYPERLINK(),1\n5,\"a,\"\"b\"\"\nc\",\n6,,2\n7,普通,3\n8,\" =1\",4\n9,　@x,5\n",
      more: "release: {key: [id]}")
    #expect(try site.daylight("publish", now: clock).code == 0)
    let script = """
      import csv, io, sys, zipfile
      z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None
      print(z.namelist(), [i.date_time for i in z.infolist()][0])
      data = z.read("things.csv"); assert data.startswith(b"\\xef\\xbb\\xbf")
      for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")): print(row)
      readme = z.read("README.txt").decode("utf-8-sig"); print("说明" in readme, "Columns:" in readme, "\\r\\n" in readme)
      """
    let result = try run(["/usr/bin/python3", "-c", script, "\(site.path)/public/data/office/things/latest/data.zip"])
    #expect(
      result.output == """
        ['things.csv', 'README.txt'] (1980, 1, 1, 0, 0, 0)
        ['id', 'text', 'amount']
        ['1', "'=1+1", '-5']
        ['2', "'@SUM(A1)", '3']
        ['3', "'-x", '0']
        ['4', "'＝HYPERLINK()", '1']
        ['5', 'a,"b"\\nc', '']
        ['6', '', '2']
        ['7', '普通', '3']
        ['8', "' =1", '4']
        ['9', "'\\u3000@x", '5']
        True True True

        """, "\(result.output)\(result.error)")
    #expect(
      try site.unpacked("data/office/things/latest/data.csv.gz").contains("1,=1+1,-5"),
      "for programs nothing is changed")
    // Formats that are given are what they are; without zip there is none.
    let file = "datasets/office/things/dataset.yaml"
    try site.write(try site.text(file).replacingOccurrences(of: "key: [id]", with: "key: [id], formats: [csv]"), file)
    #expect(try site.daylight("publish", now: clock).code == 0)
    #expect(!site.exists("public/data/office/things/latest/data.zip"))
  }
}
