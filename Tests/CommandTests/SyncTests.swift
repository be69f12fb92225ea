import Foundation
import TestSupport
import Testing

/// `daylight sync`, from a real server, and from one that lies.
@Suite struct SyncTests {
  private let now = "2026-11-23T07:00:00Z"

  func site() throws -> TestSite {
    let site = try TestSite()
    for name in ["things", "others"] {
      try site.addDataset(
        name, columns: ["id: {disclosure: public}"], fields: [#"{"name":"id","type":"integer"}"#],
        input: "id\n" + (1...2_000).map { "\($0)\n" }.joined(), more: "release: {key: [id]}")
    }
    #expect(try site.daylight("publish", now: "2026-11-22T06:00:00Z").code == 0)
    try site.write("id\n1\n2\n", "datasets/office/things/input.csv")
    #expect(try site.daylight("publish", now: "2026-11-23T06:00:00Z").code == 0)
    try FileManager.default.copyItem(
      atPath: "\(site.path)/public/metadata/1.root.json", toPath: "\(site.path)/root.json")
    return site
  }

  /// A lying mirror of a folder: arguments are the folder and, as JSON, what is done to which path.
  ///
  /// `{"path": {"do": "replace|append|cut|endless|slow|status|redirect|encode|once-cut", "with": …}}`
  func liar(_ folder: String, _ lies: [String: [String: Any]], function: String = #function) throws
    -> TestServer?
  {
    let json = String(decoding: try JSONSerialization.data(withJSONObject: lies), as: UTF8.self)
    return try TestServer.python(Self.liar, [folder, json], function: function)
  }

  private static let liar = """
    import base64, gzip, http.server, json, pathlib, sys, time, urllib.parse
    folder, lies, port_file = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
    done = set()
    class Handler(http.server.BaseHTTPRequestHandler):
      protocol_version = "HTTP/1.1"
      def log_message(self, *a): pass
      def do_GET(self):
        path = urllib.parse.unquote(self.path.split("?")[0]).lstrip("/")
        lie = next((l for p, l in lies.items() if path == p or p.endswith("*") and path.startswith(p[:-1])), {})
        what, value = lie.get("do"), lie.get("with")
        try: data = (folder / path).read_bytes()
        except OSError: data = None
        if what == "replace": data = base64.b64decode(value)
        if what == "append": data += b"x"
        if what == "cut": data = data[:-1]
        if what == "flip": data = bytes([data[0] ^ 1]) + data[1:]
        if what == "status": return self.send(int(value), b"")
        if what == "redirect": return self.send(302, b"", Location=value)
        if what in ("endless", "slow"):
          self.send_response(200); self.send_header("Transfer-Encoding", "chunked"); self.end_headers()
          try:
            while True:
              chunk = b"x" * (100_000 if what == "endless" else 1)
              self.wfile.write(b"%x\\r\\n%s\\r\\n" % (len(chunk), chunk))
              if what == "slow": time.sleep(0.2)
          except OSError: return
        if data is None: return self.send(404, b"")
        if what == "encode": return self.send(200, gzip.compress(data), Content_Encoding="gzip")
        start = 0
        if self.headers.get("Range") and what != "no-ranges":
          start = int(self.headers["Range"][6:].split("-")[0])
          if start >= len(data): return self.send(416, b"")
        fields = {"Content_Range": f"bytes {start}-{len(data)-1}/{len(data)}"} if start else {}
        if what == "once-cut" and path not in done:
          done.add(path)
          self.send(200, data[:len(data)//2], len(data)); self.close_connection = True; return
        self.send(206 if start else 200, data[start:], **fields)
      def send(self, status, body, length=None, **fields):
        self.send_response(status)
        for n, v in fields.items(): self.send_header(n.replace("_", "-"), v)
        self.send_header("Content-Length", str(len(body) if length is None else length)); self.end_headers()
        try: self.wfile.write(body)
        except OSError: pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler); server.daemon_threads = True
    pathlib.Path(port_file + ".tmp").write_text(f"{server.server_port}\\n"); pathlib.Path(port_file + ".tmp").rename(port_file)
    server.serve_forever()
    """

  func sync(
    _ site: TestSite, from address: String, to mirror: String = "mirror", _ more: String..., at time: String? = nil
  ) throws -> ProcessResult {
    try run(
      [
        executable, "sync", address, mirror, "--root", "root.json", "--as-of", time ?? now, "--stall-timeout", "2",
        "--quiet",
      ] + more,
      in: site.path)
  }

  /// Everything of a folder but the mirror's own.
  private func contents(_ site: TestSite, _ folder: String) throws -> [String: Data] {
    try site.tree(folder).filter { !$0.key.hasPrefix(".sync/") && !$0.key.hasPrefix("metadata/") }
  }

  private func expectInStep(_ site: TestSite, _ mirror: String, _ note: String = "") throws {
    let wanted = try contents(site, "public"), got = try contents(site, mirror)
    // The mirror never had the site's earlier states.
    let old = Set(wanted.keys).subtracting(got.keys)
    #expect(
      old.allSatisfy { $0.hasPrefix("targets/site/") } && Set(got.keys).isSubset(of: wanted.keys), "\(note) \(old)")
    for (path, data) in got where wanted[path] != data { Issue.record("\(note) \(path) differs") }
    let verdict = try run([executable, "verify", mirror, "--root", "root.json", "--as-of", now], in: site.path)
    #expect(verdict.code == 0, "\(note) \(verdict.error)")
  }

  @Test func aMirrorIsTheSiteAndCanBeMirrored() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    let first = try sync(site, from: served.address, to: "mirror", "--json")
    #expect(first.code == 0, "\(first.error)")
    let report = try #require(try JSONSerialization.jsonObject(with: Data(first.output.utf8)) as? [String: Any])
    #expect(report["timestamp_version"] as? Int == 2 && report["trial"] as? Bool == true)
    try expectInStep(site, "mirror")
    #expect(try sync(site, from: served.address).output.contains("already in step"))

    let second = try ServedSite("\(site.path)/mirror")
    #expect(try sync(site, from: second.address, to: "mirror of the mirror").code == 0)
    try expectInStep(site, "mirror of the mirror")
    #expect(try contents(site, "mirror of the mirror") == contents(site, "mirror"))

    // A client that we did not write reads the mirror.
    if let client = TUFClient(site) {
      #expect(try client.verify(["\(site.path)/mirror"], now: "2026-11-23 07:00:00").allSatisfy { $0.hasPrefix("ok ") })
    }
  }

  @Test func onlyWhatChangedIsFetchedAndWhatIsGoneGoes() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    #expect(try sync(site, from: served.address).code == 0)
    try site.write("id\n7\n", "datasets/office/things/input.csv")
    #expect(try site.daylight("publish", now: "2026-11-23T06:30:00Z").code == 0)
    Thread.sleep(forTimeInterval: 1.1)
    let before = try site.tree("mirror")
    let planned = try sync(site, from: served.address, to: "mirror", "--dry-run")
    #expect(
      planned.code == 0 && planned.output.contains("+ office/things/2026.11.23.2/data.csv.gz")
        && !planned.output.contains("others"), "\(planned.output)")
    #expect(try site.tree("mirror") == before, "a dry run writes nothing")
    let result = try sync(site, from: served.address, to: "mirror", "--json")
    let fetched =
      (try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])?["fetched"] as? [String]
      ?? []
    #expect(
      fetched.count < 20
        && fetched.allSatisfy { !$0.hasPrefix("office/others") && !$0.hasPrefix("office/things/2026.11.22") },
      "\(fetched)")
    try expectInStep(site, "mirror")

    #expect(try site.daylight("withdraw", "office/things", "--reason", "数据有误", now: "2026-11-23T06:40:00Z").code == 0)
    Thread.sleep(forTimeInterval: 1.1)
    #expect(try sync(site, from: served.address).code == 0)
    #expect(try site.tree("mirror").keys.allSatisfy { !$0.contains("office/things/2026") })
    try expectInStep(site, "mirror", "after a withdrawal")
    // It comes again, and its release ids go on.
    #expect(try site.daylight("withdraw", "office/things", "--undo", now: "2026-11-23T06:45:00Z").code == 0)
    #expect(try site.daylight("publish", now: "2026-11-23T06:50:00Z").code == 0)
    Thread.sleep(forTimeInterval: 1.1)
    #expect(try sync(site, from: served.address).code == 0)
    #expect(site.exists("mirror/data/office/things/2026.11.23.3/data.csv.gz"))
    try expectInStep(site, "mirror", "after it came again")
  }

  @Test func oneDatasetCanBeMirrored() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    #expect(try sync(site, from: served.address, to: "part", "--only", "office/others").code == 0)
    #expect(site.exists("part/data/office/others/latest/data.csv.gz") && !site.exists("part/data/office/things"))
    let part = ["verify", "part", "--root", "root.json", "--as-of", now]
    #expect(try run([executable] + part + ["--only", "office/others"], in: site.path).code == 0)
    #expect(try run([executable] + part, in: site.path).code == 5, "the rest is not there")
    #expect(try site.daylight("withdraw", "office/others", "--reason", "核实", now: "2026-11-23T06:30:00Z").code == 0)
    #expect(try sync(site, from: served.address, to: "part", "--only", "office/others").code == 0)
    #expect(
      try site.tree("part").keys.allSatisfy { !$0.contains("office/others/") },
      "what was taken back goes from a part too")
    #expect(
      try sync(site, from: served.address, to: "part", "--only", "office/others").code == 0, "and is no mistake later")
    let unknown = try sync(site, from: served.address, to: "part", "--only", "office/nothing")
    #expect(unknown.code == 2 && unknown.error.contains("has no dataset office/nothing"))
    #expect(
      try run([executable, "sync", served.address, "fresh"], in: site.path).code == 2, "the first time a root is needed"
    )
  }

  @Test func cutTransfersGoOnAndRangesAreNotNeeded() throws {
    let site = try site()
    for what in ["once-cut", "no-ranges", "encode"] {
      guard let server = try liar("\(site.path)/public", ["targets/*": ["do": what], "index.html": ["do": what]]) else {
        return
      }
      let result = try sync(site, from: server.address, to: what)
      #expect(result.code == 0, "\(what) \(result.error)")
      try expectInStep(site, what, what)
    }
  }

  /// Faults 1 to 4, 7, 24, 30 and 34 of the field: each ends with exit code 5 or 4, and the mirror as it was.
  @Test(arguments: [
    ("targets", "flip", "", 5, "another digest"), ("targets", "append", "", 5, "longer than"),
    ("targets", "cut", "", 5, "instead of"),
    ("targets", "endless", "", 5, "longer than"), ("targets", "slow", "", 4, "too slow"),
    ("targets", "status", "404", 4, "404"),
    ("targets", "redirect", "file:///etc/passwd", 1, "not allowed"),
    ("targets", "redirect", "http://169.254.169.254/", 1, "not allowed"),
    ("index.html", "flip", "", 5, "another digest"), ("catalog.jsonld", "append", "", 5, "longer than"),
    ("timestamp", "flip", "", 5, "verification"), ("timestamp", "endless", "", 5, "longer than 16384"),
    ("timestamp", "slow", "", 4, "too slow"),
    ("timestamp", "status", "404", 4, "is not there (404)"), ("snapshot", "flip", "", 5, "verification"),
    ("snapshot", "endless", "", 5, "longer than"),
    ("snapshot", "status", "404", 5, "is missing"), ("department", "cut", "", 5, "verification"),
    ("department", "endless", "", 5, "longer than"),
    ("root", "endless", "", 5, "longer than 512000"), ("root", "append", "", 5, "verification"),
  ])
  func whatIsNotWhatWasSignedIsRefused(subject: String, what: String, value: String, code: Int, message: String) throws
  {
    let site = try site()
    let honest = try ServedSite("\(site.path)/public")
    #expect(try sync(site, from: honest.address).code == 0)
    try site.write("id\n8\n", "datasets/office/things/input.csv")
    #expect(try site.daylight("publish", now: "2026-11-23T06:30:00Z").code == 0)
    let before = try site.tree("mirror")
    let target = try #require(
      try site.tree("public").keys.first {
        $0.hasPrefix("targets/office/things/2026.11.23.2/") && $0.hasSuffix("data.csv.gz")
      })
    let path =
      [
        "targets": target, "timestamp": "metadata/timestamp.json", "snapshot": "metadata/3.snapshot.json",
        "department": "metadata/3.department-office.json", "root": "metadata/2.root.json",
      ][subject] ?? subject
    if subject == "root" {
      // What would be the next root.
      try FileManager.default.copyItem(atPath: "\(site.path)/public", toPath: "\(site.path)/lies")
      try FileManager.default.copyItem(
        atPath: "\(site.path)/public/metadata/1.root.json", toPath: "\(site.path)/lies/\(path)")
    }
    let folder = subject == "root" ? "lies" : "public"
    guard let server = try liar("\(site.path)/\(folder)", [path: ["do": what, "with": value]]) else { return }
    let start = ContinuousClock().now
    let result = try sync(site, from: server.address)
    #expect(result.code == Int32(code) && result.error.contains(message), "\(result.code) \(result.error)")
    #expect(ContinuousClock().now - start < .seconds(60))
    // Nothing that is not verified is left, but for the beginning of a transfer that may go on.
    // Metadata that verified by themselves are remembered, so that nothing older is believed; they are not shown.
    let after = try site.tree("mirror").filter { !$0.key.hasPrefix(".sync/trusted/") }
    for (path, data) in before where !path.hasPrefix(".sync/trusted/") { #expect(after[path] == data, "\(path)") }
    let added = Set(after.keys).subtracting(before.keys)
    for path in added where !path.hasPrefix("targets/") {
      #expect(path.hasPrefix(".sync/partial/") && code != 5, "\(path)")
    }
    for path in added where path.hasPrefix("targets/") {
      #expect(try after[path] == site.read("public/\(path)"), "\(path)")
    }
    // An honest place beside it is enough.
    let both = try sync(site, from: server.address, to: "mirror", "--mirror", honest.address)
    if code != 1 && subject != "root" || subject == "root" { #expect(both.code == 0, "\(both.error)") }
    try expectInStep(site, "mirror")
  }

  @Test func olderStatesAreRefused() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    try FileManager.default.copyItem(atPath: "\(site.path)/public", toPath: "\(site.path)/old")
    #expect(try site.daylight("refresh", now: "2026-11-25T06:00:00Z").code == 0)
    let late = "2026-11-25T07:00:00Z"
    Thread.sleep(forTimeInterval: 1.1)
    #expect(try sync(site, from: served.address, at: late).code == 0)
    let before = try site.tree("mirror")
    let old = try ServedSite("\(site.path)/old")
    let result = try sync(site, from: old.address, at: late)
    #expect(result.code == 5 && result.error.contains("older than one seen before"), "\(result.error)")
    #expect(try site.tree("mirror") == before)
    // A mirror that lags is passed over where another one does not.
    let both = try sync(site, from: old.address, to: "mirror", "--mirror", served.address, at: late)
    #expect(both.code == 0 && both.error.contains("passed over"), "\(both.error)")
    // An old timestamp with the new snapshot, and the other way round.
    for (stale, at) in [("metadata/timestamp.json", "old"), ("metadata/3.snapshot.json", "old")] {
      let bytes = try site.read("\(at)/\(stale == "metadata/timestamp.json" ? stale : "metadata/2.snapshot.json")")
        .base64EncodedString()
      guard let server = try liar("\(site.path)/public", [stale: ["do": "replace", "with": bytes]]) else { return }
      #expect(
        try sync(site, from: server.address, to: "mixed \(stale.count)", at: late).code
          == (stale.contains("timestamp") ? 0 : 5), "\(stale)")
    }
  }

  @Test func expiryIsJudgedByOneClock() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    let late = try sync(site, from: served.address, at: "2026-11-27T00:00:00Z")
    #expect(late.code == 5 && late.error.contains("timestamp expired at 2026-11-26T06:00:00Z"), "\(late.error)")
    #expect(!site.exists("mirror/metadata"))
    let early = try sync(site, from: served.address, at: "2026-11-20T00:00:00Z")
    #expect(early.code == 0, "a clock that is behind hides nothing")
  }

  @Test func aStrangersSiteIsRefused() throws {
    let site = try self.site()
    let other = try self.site()
    let served = try ServedSite("\(other.path)/public")
    let result = try sync(site, from: served.address)
    #expect(result.code == 5 && !site.exists("mirror/metadata"), "\(result.error)")
  }

  @Test func aLinkInTheMirrorIsNotFollowed() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    #expect(try sync(site, from: served.address).code == 0)
    try FileManager.default.createDirectory(atPath: "\(site.path)/outside", withIntermediateDirectories: true)
    try FileManager.default.removeItem(atPath: "\(site.path)/mirror/data/office/things")
    try FileManager.default.createSymbolicLink(
      atPath: "\(site.path)/mirror/data/office/things", withDestinationPath: "\(site.path)/outside")
    let result = try sync(site, from: served.address, to: "mirror", "--check-all")
    #expect(result.code == 1 && result.error.contains("data/office/things is a link"), "\(result.error)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(site.path)/outside").isEmpty)
  }

  @Test func aRateIsKept() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    let start = ContinuousClock().now
    let result = try sync(site, from: served.address, to: "slow", "--rate", "30k", "--json")
    let seconds = (ContinuousClock().now - start) / .seconds(1)
    let bytes =
      (try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])?["fetched_bytes"] as? Int
      ?? 0
    // Never faster; how much slower is the machine's matter.
    #expect(result.code == 0 && bytes > 60_000 && Double(bytes) / seconds <= 33_000, "\(bytes) bytes in \(seconds) s")
  }

  @Test func aDamagedMirrorIsMended() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    #expect(try sync(site, from: served.address).code == 0)
    let target = try #require(
      try site.tree("mirror").keys.first { $0.hasPrefix("targets/office/things") && $0.hasSuffix("data.csv.gz") })
    var bytes = try site.read("mirror/\(target)")
    bytes[5] ^= 1
    // In place, as a failing disk would: the readable copy is the same file.
    let handle = try #require(FileHandle(forWritingAtPath: "\(site.path)/mirror/\(target)"))
    try handle.write(contentsOf: bytes)
    try handle.close()
    try site.write("rubbish", "mirror/metadata/timestamp.json")
    #expect(try run([executable, "verify", "mirror", "--root", "root.json", "--as-of", now], in: site.path).code == 5)
    let mended = try sync(site, from: served.address, to: "mirror", "--check-all")
    #expect(mended.code == 0, "\(mended.error)")
    try expectInStep(site, "mirror")
  }

  @Test func aKilledSyncIsOldOrNewAndIsCompleted() throws {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"),
      let probe = try? run(["/usr/bin/strace", "-qq", "-o", "/dev/null", "/bin/true"]),
      probe.code == 0
    else { return skip("aKilledSync: strace cannot be used") }
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    #expect(try sync(site, from: served.address, to: "old").code == 0)
    try site.write("id\n9\n", "datasets/office/things/input.csv")
    #expect(try site.daylight("publish", now: "2026-11-23T06:30:00Z").code == 0)
    Thread.sleep(forTimeInterval: 1.1)
    var call = 1
    var killed = 0
    while true {
      #expect(try run(["/bin/cp", "-a", "\(site.path)/old", "\(site.path)/m\(call)"]).code == 0)
      let calls = "rename,renameat,link,linkat,unlink,unlinkat,mkdir,mkdirat"
      let result = try run(
        [
          "/usr/bin/strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(calls)", "-e",
          "inject=\(calls):signal=KILL:when=\(call)", executable, "sync", served.address, "m\(call)", "--root",
          "root.json", "--as-of", now, "--quiet",
        ], in: site.path)
      guard result.code != 0 else { break }
      killed += 1
      let metadata = try run(
        [executable, "verify", "m\(call)", "--root", "root.json", "--as-of", now, "--json"], in: site.path)
      // Pages follow the commit; what is signed of releases is always whole.
      #expect([0, 4].contains(metadata.code), "\(call): \(metadata.output)")
      #expect(try sync(site, from: served.address, to: "m\(call)").code == 0)
      try expectInStep(site, "m\(call)", "killed at \(call)")
      #expect(try site.tree("m\(call)").keys.allSatisfy { !$0.contains(".tmp-") }, "\(call)")
      call += 3
    }
    #expect(killed > 8, "\(killed)")
  }
}
