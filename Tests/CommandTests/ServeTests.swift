import Foundation
import TestSupport
import Testing

/// `daylight serve`, asked as clients ask.
@Suite struct ServeTests {
  private func site(subject: String = "none") throws -> TestSite {
    let site = try TestSite()
    try site.addDataset(
      columns: ["id: {disclosure: public}", "name: {disclosure: public}"],
      fields: [#"{"name":"id","type":"integer"}"#, #"{"name":"name","type":"string"}"#],
      input: "id,name\n" + (1...3_000).map { "\($0),事项\($0)\n" }.joined(), more: "release: {key: [id]}",
      subject: subject)
    #expect(try site.daylight("publish", now: "2026-11-23T06:00:00Z").code == 0)
    return site
  }

  private let latest = "/data/office/things/latest/data.csv.gz"

  @Test func aFileIsServedWithItsDigest() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    let stored = try site.read("public/data/office/things/latest/data.csv.gz")
    let digest = try #require(
      (try site.json("public/data/office/things/latest/release.json")["files"] as? [[String: Any]])?
        .first { $0["path"] as? String == "data.csv.gz" }?["sha256"] as? String)
    for path in [
      latest, "/data/office/things/2026.11.23.1/data.csv.gz",
      "/targets/office/things/2026.11.23.1/\(digest).data.csv.gz",
    ] {
      let answer = try fetch(path, served)
      #expect(answer.status == 200 && answer.body == stored, "\(path)")
      #expect(answer.fields["etag"] == "\"\(digest)\"")
      #expect(answer.fields["content-type"] == "application/gzip" && answer.fields["content-encoding"] == nil)
      #expect(answer.fields["repr-digest"] == "sha-256=:\(Data(hex: digest).base64EncodedString()):")
      #expect(answer.fields["accept-ranges"] == "bytes" && answer.fields["access-control-allow-origin"] == "*")
      #expect(answer.fields["last-modified"] == "Mon, 23 Nov 2026 06:00:00 GMT")
      let isLatest = path == latest
      #expect(
        answer.fields["cache-control"]
          == (isLatest ? "public, max-age=60, must-revalidate" : "public, max-age=31536000, immutable"))
      #expect(
        answer.fields["content-disposition"]
          == "attachment; filename=\"things-2026.11.23.1.csv.gz\"; filename*=UTF-8''%E4%BA%8B%E9%A1%B9-2026.11.23.1.csv.gz"
      )
      let head = try fetch(path, served, method: "HEAD")
      #expect(
        head.status == 200 && head.body.isEmpty && head.fields["content-length"] == "\(stored.count)"
          && head.fields["etag"] == answer.fields["etag"])
    }
    for (path, type) in [
      ("/", "text/html; charset=utf-8"), ("/en/", "text/html; charset=utf-8"),
      ("/catalog.jsonld", "application/ld+json"),
      ("/catalog.ttl", "text/turtle; charset=utf-8"), ("/metadata/timestamp.json", "application/json"),
      ("/data/office/things/latest/data.zip", "application/zip"),
      ("/data/office/things/latest/croissant.json", "application/ld+json"),
      ("/style.css", "text/css; charset=utf-8"),
    ] {
      let answer = try fetch(path, served)
      #expect(
        answer.status == 200 && answer.fields["content-type"] == type && answer.fields["etag"] != nil,
        "\(path) \(answer.fields)")
    }
    #expect(try fetch("/metadata/1.root.json", served).fields["cache-control"]?.contains("immutable") == true)
    let missing = try fetch("/metadata/2.root.json", served)
    #expect(missing.status == 404 && missing.fields["cache-control"] == "public, max-age=60")
    let folder = try fetch("/datasets/office/things", served)
    #expect(folder.status == 301 && folder.fields["location"] == "/datasets/office/things/")
  }

  @Test func personDataAreNeverImmutable() throws {
    let site = try site(subject: "person")
    let served = try ServedSite("\(site.path)/public")
    for path in ["/data/office/things/2026.11.23.1/data.csv.gz", "/data/office/things/2026.11.23.1/data.csv"] {
      #expect(try fetch(path, served).fields["cache-control"] == "public, max-age=300, must-revalidate")
    }
  }

  @Test func conditionsAreKept() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    let tag = try #require(try fetch(latest, served).fields["etag"])
    let same = try fetch(latest, served, ["If-None-Match": "\"x\", W/\(tag)"])
    #expect(
      same.status == 304 && same.body.isEmpty && same.fields["etag"] == tag && same.fields["content-length"] == nil)
    #expect(try fetch(latest, served, ["If-None-Match": "\"x\""]).status == 200)
    #expect(try fetch(latest, served, ["If-Modified-Since": "Mon, 23 Nov 2026 06:00:00 GMT"]).status == 304)
    #expect(try fetch(latest, served, ["If-Modified-Since": "Mon, 23 Nov 2026 05:59:59 GMT"]).status == 200)
    // A tag counts more than a date.
    #expect(
      try fetch(latest, served, ["If-None-Match": "\"x\"", "If-Modified-Since": "Mon, 23 Nov 2026 06:00:00 GMT"]).status
        == 200)
    #expect(try fetch(latest, served, ["If-Match": "\"x\""]).status == 412)
    #expect(try fetch(latest, served, ["If-Match": tag]).status == 200)
    #expect(try fetch(latest, served, ["If-Unmodified-Since": "Mon, 23 Nov 2026 05:59:59 GMT"]).status == 412)
  }

  @Test func rangesAreServed() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    let stored = try site.read("public/data/office/things/latest/data.csv.gz")
    let tag = try #require(try fetch(latest, served).fields["etag"])
    let count = stored.count
    for (range, expected) in [
      ("0-9", 0..<10), ("5-", 5..<count), ("-7", count - 7..<count), ("10-999999999999999999999", 10..<count),
    ] {
      let part = try fetch(latest, served, ["Range": "bytes=\(range)"])
      #expect(part.status == 206 && part.body == stored[expected], "\(range)")
      #expect(part.fields["content-range"] == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/\(count)")
    }
    let head = try fetch(latest, served, method: "HEAD", ["Range": "bytes=0-3"])
    #expect(head.status == 200 && head.fields["content-length"] == "\(count)", "a range is a matter of GET")
    let beyond = try fetch(latest, served, ["Range": "bytes=\(count)-"])
    #expect(beyond.status == 416 && beyond.fields["content-range"] == "bytes */\(count)")
    for odd in [
      "bytes=", "bytes=9-3", "bytes=a-b", "lines=1-2", "bytes=0-5,3-9",
      "bytes=" + (0..<40).map { "\($0 * 2)-\($0 * 2)" }.joined(separator: ","),
    ] {
      let whole = try fetch(latest, served, ["Range": odd])
      #expect(whole.status == 200 && whole.body == stored, "\(odd)")
    }
    #expect(try fetch(latest, served, ["Range": "bytes=0-1", "If-Range": tag]).status == 206)
    #expect(try fetch(latest, served, ["Range": "bytes=0-1", "If-Range": "\"x\""]).status == 200)

    let several = try fetch(latest, served, ["Range": "bytes=0-3, -4"])
    #expect(several.status == 206 && several.body.count == Int(several.fields["content-length"] ?? ""))
    let type = try #require(several.fields["content-type"])
    // Python's reader of MIME says what the parts are.
    let folder = TemporaryFolder()
    try (Data("Content-Type: \(type)\r\n\r\n".utf8) + several.body).write(
      to: URL(fileURLWithPath: "\(folder.path)/mime"))
    let parts = try run([
      "/usr/bin/python3", "-c",
      "import email, sys; m = email.message_from_bytes(open(sys.argv[1], 'rb').read()); print([(p['Content-Range'], p.get_payload(decode=True).hex()) for p in m.walk() if not p.is_multipart()])",
      "\(folder.path)/mime",
    ])
    let first = stored[0..<4].map { String(format: "%02x", $0) }.joined()
    #expect(
      parts.output.contains("bytes 0-3/\(count)', '\(first)'")
        && parts.output.contains("bytes \(count - 4)-\(count - 1)/\(count)"), "\(parts.output)")
  }

  @Test func tablesAreUnpackedOnTheWay() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    let rows = try site.unpacked("data/office/things/latest/data.csv.gz")
    let plain = try fetch("/data/office/things/latest/data.csv", served)
    #expect(plain.status == 200 && plain.body == Data(rows.utf8))
    #expect(plain.fields["content-type"] == "text/csv; charset=utf-8; header=present")
    let marked = try fetch("/data/office/things/2026.11.23.1/data.csv?bom=true", served)
    #expect(marked.body == Data([0xef, 0xbb, 0xbf]) + Data(rows.utf8) && marked.fields["etag"] != plain.fields["etag"])
    #expect(marked.fields["content-length"] == "\(marked.body.count)")
    #expect(
      try fetch("/data/office/things/latest/data.csv", served, ["If-None-Match": try #require(plain.fields["etag"])])
        .status == 304)
    #expect(try fetch("/data/office/things/latest/data.json", served).body.starts(with: Data("[\n{\"id\":1,".utf8)))
  }

  @Test func noPathEscapes() throws {
    let site = try site()
    try site.write("secret", "public/.hidden")
    try site.write("secret", "outside.txt")
    try FileManager.default.createSymbolicLink(
      atPath: "\(site.path)/public/link.txt", withDestinationPath: "../outside.txt")
    try FileManager.default.createSymbolicLink(atPath: "\(site.path)/public/up", withDestinationPath: "..")
    // A file of a promotion on its way: nobody has signed it.
    try site.write("unsigned", "public/data/office/things/2026.11.24.1/data.csv.gz")
    let served = try ServedSite("\(site.path)/public")
    for path in [
      "/../outside.txt", "/%2e%2e/outside.txt", "/..%2foutside.txt", "/data/../../outside.txt", "/.hidden", "/link.txt",
      "/up/outside.txt",
      "//etc/passwd", "/%00", "/%ff", "/data/office/things/2026.11.24.1/data.csv.gz", "/metadata/",
      "/data/office/things/latest/",
      "/\\..\\outside.txt", "/targets/office/things/2026.11.23.1/data.csv.gz", "/workspace/ledger.sqlite", "/%zz", "*",
      "http://x/..",
    ] {
      let answer = try fetch(path, served)
      #expect([400, 404].contains(answer.status), "\(path): \(answer.status)")
      #expect(!String(decoding: answer.body, as: UTF8.self).contains("secret"), "\(path)")
    }
    #expect(!served.log.contains("outside") && !served.log.contains("passwd"), "paths that are none are not logged")
  }

  @Test func onlyReadingIsAllowed() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE"] {
      let answer = try fetch("/", served, method: method)
      #expect(answer.status == 405 && answer.fields["allow"] == "GET, HEAD, OPTIONS", "\(method) \(answer.status)")
    }
    let preflight = try fetch(
      "/catalog.jsonld", served, method: "OPTIONS",
      ["Origin": "https://x.example", "Access-Control-Request-Headers": "range"])
    #expect(preflight.status == 204 && preflight.fields["access-control-allow-headers"]?.contains("Range") == true)
    let nameless = try exchange("GET / HTTP/1.1\r\n\r\n", port: served.port)
    #expect(String(decoding: nameless.prefix(12), as: UTF8.self) == "HTTP/1.1 400", "and the connection is closed")
    let body = try exchange("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\nxxxx", port: served.port)
    #expect(String(decoding: body.prefix(40), as: UTF8.self).contains("413"), "and the connection is closed")
  }

  @Test func slowAndGreedyClientsAreLimited() throws {
    let site = try site()
    let served = try ServedSite(
      "\(site.path)/public", "--head-timeout", "1", "--write-timeout", "1", "--requests-by-address", "3")
    let start = ContinuousClock().now
    let half = try exchange("GET / HT", port: served.port, seconds: 20)
    #expect(!String(decoding: half, as: UTF8.self).contains("timeout") && ContinuousClock().now - start < .seconds(10))
    let long = try exchange(
      "GET / HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "x", count: 100_000))\r\n\r\n", port: served.port)
    #expect(String(decoding: long.prefix(40), as: UTF8.self).contains("400"))
    // Clients that ask and never read: the server gives them up, and others are served meanwhile.
    try Data(repeating: 0x20, count: 30_000_000).write(to: URL(fileURLWithPath: "\(site.path)/public/big.txt"))
    // Its digest is taken once, and remembered.
    #expect(try fetch("/big.txt", served, method: "HEAD").status == 200)
    let script = """
      import socket, sys, time
      def ask():
        s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096); s.connect(("127.0.0.1", int(sys.argv[1])))
        s.sendall(b"GET /big.txt HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"); return s
      greedy = [ask() for _ in range(3)]
      time.sleep(0.4)
      s = ask(); print(s.recv(12).decode())
      time.sleep(3)
      s = ask(); print(s.recv(12).decode())
      """
    let result = try run(["/usr/bin/python3", "-c", script, "\(served.port)"])
    #expect(result.output == "HTTP/1.1 429\nHTTP/1.1 200\n", "\(result.output)\(result.error)")
    Thread.sleep(forTimeInterval: 0.2)
    #expect(served.log.contains("\"complete\":false"))
  }

  @Test func clientsThatGoAwayTakeNothingWithThem() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public", "--requests-by-address", "4")
    let script = """
      import socket, struct, sys, time
      for i in range(300):
        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.sendall(b"GET /style.css HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
        if i % 3: time.sleep(0.001 * (i % 3))
        s.close()
      """
    #expect(try run(["/usr/bin/python3", "-c", script, "\(served.port)"]).code == 0)
    Thread.sleep(forTimeInterval: 0.5)
    for _ in 0..<8 { #expect(try fetch("/style.css", served).status == 200, "no place is lost") }
  }

  @Test func theLogSaysNothingOfWhoAsked() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    _ = try fetch(
      "\(latest)?name=%E7%8E%8B%E5%BB%BA%E5%9B%BD", served,
      ["User-Agent": "somebody", "Referer": "https://where.example/", "X-Forwarded-For": "192.0.2.7"])
    _ = try fetch("/13800138000", served)
    Thread.sleep(forTimeInterval: 0.2)
    let lines = try served.log.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(lines.count == 2)
    #expect(lines.first?.keys.sorted() == ["at", "bytes", "complete", "method", "milliseconds", "path", "status"])
    #expect(lines.first?["path"] as? String == latest && lines.last?["path"] as? String == "-")
    for word in ["%E7%8E%8B", "somebody", "where.example", "192.0.2.7", "127.0.0.1", "13800138000"] {
      #expect(!served.log.contains(word))
    }
  }

  /// What is said of a file is true of the bytes that are sent.
  @Test func damagedFilesAreNotServedUnderASignedDigest() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    let path = "data/office/things/2026.11.23.1/data.csv.gz"
    #expect(try fetch("/\(path)", served).status == 200)
    // In place, as a failing disk would.
    let handle = try #require(FileHandle(forUpdatingAtPath: "\(site.path)/public/\(path)"))
    var bytes = try site.read("public/\(path)")
    bytes[5] ^= 1
    try handle.write(contentsOf: bytes)
    try handle.close()
    for path in [path, "data/office/things/latest/data.csv.gz", "data/office/things/latest/data.csv"] {
      let answer = try fetch("/\(path)", served)
      #expect(answer.status == 500 && answer.fields["repr-digest"] == nil && answer.fields["etag"] == nil, "\(path)")
    }
    #expect(try fetch("/data/office/things/latest/data.json.gz", served).status == 200)
    // Metadata that somebody else wrote say nothing.
    let role = try #require(
      try site.tree("public/metadata").keys.filter { $0.hasSuffix(".department-office.json") }.max())
    let text = try site.text("public/metadata/\(role)")
    try site.write(text.replacingOccurrences(of: "data.json.gz", with: "evil.json.gz"), "public/metadata/\(role)")
    let again = try ServedSite("\(site.path)/public")
    #expect(try fetch("/data/office/things/latest/data.json.gz", again).status == 503)
    #expect(try fetch("/", again).status == 200, "pages need no metadata")
    try site.write("rubbish", "public/metadata/timestamp.json")
    #expect(try fetch("/style.css", again).status == 200)
  }

  @Test func addressesAreReadAsTheStandardsSay() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    for path in ["/sty%6Ce.css", "/sty%6ce.css", "/%73tyle.css"] {
      #expect(try fetch(path, served).status == 200, "\(path)")
    }
    for path in ["/sty%+6e.css", "/sty%6", "/sty%"] { #expect(try fetch(path, served).status == 404, "\(path)") }
    func status(_ request: String) throws -> String {
      String(decoding: try exchange(request, port: served.port, seconds: 3).prefix(12), as: UTF8.self)
    }
    #expect(try status("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n") == "HTTP/1.1 400")
    #expect(try status("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\nConnection: close\r\n\r\n") == "HTTP/1.1 400")
    #expect(try status("GET / HTTP/1.0\r\n\r\n") == "HTTP/1.1 200")
    #expect(try status("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n") == "HTTP/1.1 400")
  }

  /// One address cannot take every connection, and one that is slow takes no memory.
  @Test func oneAddressLeavesRoomForOthers() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public", "--connections", "60", "--connections-by-address", "20")
    let script = """
      import socket, sys
      port = int(sys.argv[1])
      def connect(source):
        s = socket.socket(); s.settimeout(5); s.bind((source, 0)); s.connect(("127.0.0.1", port)); return s
      idle = [connect("127.0.0.1") for _ in range(200)]
      s = connect("127.0.0.2"); s.sendall(b"GET /style.css HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"); print(s.recv(12).decode())
      """
    let result = try run(["/usr/bin/python3", "-c", script, "\(served.port)"])
    #expect(result.output == "HTTP/1.1 200\n", "\(result.output)\(result.error)")
  }

  /// Whoever asks for what is unpacked on its way, and goes at once, leaves its place to others.
  @Test func clientsThatGoLeaveTheirPlaces() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    let script = """
      import http.client, socket, struct, sys, time
      port, path = int(sys.argv[1]), "/data/office/things/latest/data.csv"
      for i in range(1500):
        s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); s.connect(("127.0.0.1", port))
        s.sendall(f"GET {path} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n".encode()); s.close()
      time.sleep(1)
      c = http.client.HTTPConnection("127.0.0.1", port, timeout=10); c.request("GET", path); print(c.getresponse().status)
      """
    let result = try run(["/usr/bin/python3", "-c", script, "\(served.port)"])
    #expect(result.output == "200\n", "\(result.output)\(result.error)")
  }

  /// A reader of the log that stands still stops nobody, and not the end either.
  @Test func aLogThatIsNotReadStopsNobody() throws {
    let site = try site()
    let pipe = Pipe()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = ["serve", "--public", "\(site.path)/public", "--port", "0", "--host", "127.0.0.1"]
    process.standardOutput = pipe
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let line = String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self)
    let port = try #require(Int(line.split(separator: ":").last?.filter(\.isNumber) ?? ""))
    let script = """
      import http.client, sys
      c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=10)
      for i in range(3000):
        c.request("GET", "/style.css"); r = c.getresponse(); r.read()
        assert r.status == 200
      print("ok")
      """
    let result = try run(["/usr/bin/python3", "-c", script, "\(port)"])
    #expect(result.output == "ok\n", "\(result.error)")
    let start = ContinuousClock().now
    process.terminate()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && ContinuousClock().now - start < .seconds(10))
    withExtendedLifetime(pipe) {}
  }

  @Test func itEndsGracefully() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    #expect(try fetch("/", served).status == 200)
    #expect(served.stop() == 0)
  }

  @Test func aNewReleaseIsServedAndAWithdrawnOneIsGone() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    let before = try fetch(latest, served)
    try site.write("id,name\n1,x\n", "datasets/office/things/input.csv")
    #expect(try site.daylight("publish", now: "2026-11-23T07:00:00Z").code == 0)
    Thread.sleep(forTimeInterval: 1.2)
    #expect(try fetch("/data/office/things/latest/data.csv", served).body == Data("id,name\n1,x\n".utf8))
    #expect(try fetch("/data/office/things/2026.11.23.1/data.csv.gz", served).body == before.body)

    #expect(
      try site.daylight(
        "withdraw", "office/things", "--reason", "数据有误", "--reason-en", "wrong", now: "2026-11-23T08:00:00Z"
      ).code == 0)
    Thread.sleep(forTimeInterval: 1.2)
    for path in [latest, "/data/office/things/2026.11.23.1/data.csv.gz", "/data/office/things/latest/data.csv"] {
      let gone = try fetch(path, served)
      #expect(
        gone.status == 410 && String(decoding: gone.body, as: UTF8.self).contains("数据有误"), "\(path) \(gone.status)")
    }
    let page = try fetch("/en/datasets/office/things/", served)
    #expect(page.status == 200 && String(decoding: page.body, as: UTF8.self).contains("This dataset was withdrawn"))
  }

  /// A client that we did not write, as any third party has it, by the clock on the wall.
  @Test func pythonTUFMirrorsTheServedSite() throws {
    guard let python = python(with: "tuf.ngclient") else { return }
    let site = try TestSite(copyOfProject: true)
    #expect(try site.daylight("publish", "--quiet").code == 0)
    let served = try ServedSite("\(site.path)/public")
    let script = """
      import json, pathlib, sys, tempfile, urllib.request
      from tuf.ngclient import Updater
      base, public = sys.argv[1], pathlib.Path(sys.argv[2])
      with tempfile.TemporaryDirectory() as work:
        for name in ("m", "t"): (pathlib.Path(work) / name).mkdir()
        root = urllib.request.urlopen(base + "/metadata/1.root.json").read()
        u = Updater(work + "/m", base + "/metadata/", work + "/t", base + "/targets/", bootstrap=root)
        u.refresh()
        count = 0
        for name, meta in u._trusted_set.snapshot.meta.items():
          signed = json.loads(urllib.request.urlopen(f"{base}/metadata/{meta.version}.{name}").read())["signed"]
          for path in signed["targets"]:
            data = pathlib.Path(u.download_target(u.get_targetinfo(path))).read_bytes()
            if path.count("/") == 3: assert urllib.request.urlopen(f"{base}/data/{path}").read() == data, path
            count += 1
        print(count)
      """
    let result = try run([python, "-c", script, served.address, "\(site.path)/public"])
    // Five datasets of six files, and three files of the site role.
    #expect(result.output == "33\n", "\(result.output)\(result.error)")
  }

  @Test func ipv6IsServedToo() throws {
    let site = try site()
    guard FileManager.default.fileExists(atPath: "/proc/net/if_inet6") else { return skip("this machine has no IPv6") }
    let served = try ServedSite("\(site.path)/public", "--host", "::1")
    // Two addresses, two ports that were free: the second line says which.
    let answer = try exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", port: served.port)
    #expect(String(decoding: answer.prefix(12), as: UTF8.self) == "HTTP/1.1 200")
    let six = try #require(served.addresses.first { $0.contains("[::1]") })
    let port = try #require(Int(six.split(separator: ":").last?.dropLast() ?? ""))
    let other = try exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", port: port, host: "::1")
    #expect(String(decoding: other.prefix(12), as: UTF8.self) == "HTTP/1.1 200")
  }
}

extension Data {
  init(hex: String) {
    let digits = Array(hex)
    self.init(stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) })
  }
}
