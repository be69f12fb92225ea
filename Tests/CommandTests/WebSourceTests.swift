import Foundation
import TestSupport
import Testing

/// Deliveries that are fetched, from a real server with every fault that one can have.
@Suite struct WebSourceTests {
  private let clock = "2026-11-23T06:00:00Z"
  private let rows = "id,name\n" + (1...500).map { "\($0),thing \($0)\n" }.joined()

  /// A site whose one dataset is fetched from a path of the server.
  private func site(
    _ server: TestServer, _ path: String, scheme: String = "http", hosts: String? = nil, source: String = "",
    transfer: String = ""
  )
    throws -> TestSite
  {
    let site = try TestSite()
    site.keep(server)
    try site.addDataset(
      columns: ["id: {disclosure: public}", "name: {disclosure: public}"],
      fields: [#"{"name":"id","type":"integer"}"#, #"{"name":"name","type":"string"}"#], input: "",
      more: "release: {key: [id]}")
    try point(site, "\(scheme)://127.0.0.1:\(server.port)\(path)", source)
    try site.write(
      try site.text("datasets/site.yaml").replacingOccurrences(of: TestSite.takesFilesAtOnce, with: "")
        + "\nsource_hosts: [\(hosts ?? "\"127.0.0.1:\(server.port)\"")]\ntransfer: {wait_seconds: 0, attempts: 3, connect_seconds: 2, stall_seconds: 2, total_seconds: 20, max_bytes: 1000000\(transfer)}\n",
      "datasets/site.yaml")
    return site
  }

  private func point(_ site: TestSite, _ url: String, _ source: String = "") throws {
    let file = "datasets/office/things/dataset.yaml"
    let lines = try site.text(file).components(separatedBy: "\n").map { line in
      line.hasPrefix("  path: ") || line.hasPrefix("  url: ") ? "  url: \"\(url)\"\(source)" : line
    }
    try site.write(lines.joined(separator: "\n"), file)
  }

  private func server(_ more: String..., function: String = #function) throws -> (TestServer, TemporaryFolder)? {
    let folder = TemporaryFolder()
    try rows.write(toFile: "\(folder.path)/data.csv", atomically: true, encoding: .utf8)
    guard let server = try TestServer.python(faultServer, ["\(folder.path)/data.csv"] + more, function: function) else {
      return nil
    }
    server.kept.append(folder)
    return (server, folder)
  }

  /// What the server was asked.
  private func seen(_ server: TestServer) throws -> [(path: String, fields: [String: String])] {
    let data = try run([
      "/usr/bin/python3", "-c",
      "import urllib.request, sys; print(urllib.request.urlopen(sys.argv[1]).read().decode())",
      "\(server.address)/seen",
    ])
    let list = try JSONSerialization.jsonObject(with: Data(data.output.utf8)) as? [[String: Any]] ?? []
    return list.map { ($0["path"] as? String ?? "", $0["fields"] as? [String: String] ?? [:]) }
  }

  private func published(_ site: TestSite) throws -> String {
    try site.unpacked("data/office/things/latest/data.csv.gz")
  }

  @Test(arguments: ["/ok", "/dated", "/to-ok", "/gzip", "/flaky", "/patient"])
  func whatCanBeFetchedIsPublished(path: String) throws {
    guard let (server, _) = try server() else { return }
    let site = try site(server, path)
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 0, "\(result.output)\(result.error)")
    #expect(try published(site) == rows)
  }

  @Test(arguments: [("/ok", "if-none-match"), ("/dated", "if-modified-since")])
  func whatDidNotChangeIsNotFetchedAgain(path: String, field: String) throws {
    guard let (server, folder) = try server() else { return }
    let site = try site(server, path)
    #expect(try site.daylight("publish", now: clock).code == 0)
    let again = try site.daylight("publish", "--json", now: clock)
    #expect(again.code == 0 && again.output.contains("unchanged"))
    #expect(try seen(server).last?.fields[field] != nil)
    // A held copy that was damaged is fetched anew.
    let held = try site.tree("workspace/snapshots/office/things").keys.first { $0.count == 64 }
    try site.write("id,name\n", "workspace/snapshots/office/things/\(try #require(held))")
    let third = try site.daylight("publish", "--json", now: clock)
    #expect(third.code == 0 && third.output.contains("unchanged"), "\(third.output)")
    #expect(try seen(server).last?.fields[field] == nil)
    // New contents come through.
    try "id,name\n1,new\n".write(toFile: "\(folder.path)/data.csv", atomically: true, encoding: .utf8)
    if path == "/ok" {
      #expect(try site.daylight("publish", now: clock).code == 0)
      #expect(try published(site) == "id,name\n1,new\n")
    }
  }

  @Test func aCutTransferGoesOnFromThere() throws {
    guard let (server, _) = try server() else { return }
    let site = try site(server, "/cut-once")
    #expect(try site.daylight("publish", now: clock).code == 0)
    #expect(try published(site) == rows)
    let requests = try seen(server)
    #expect(requests.count == 2 && requests[1].fields["range"] == "bytes=\(rows.utf8.count / 2)-", "\(requests)")
    #expect(requests[1].fields["if-range"]?.hasPrefix("\"") == true)
  }

  @Test func aCutTransferOfAFileThatChangedBeginsAnew() throws {
    guard let (server, _) = try server() else { return }
    let site = try site(server, "/changes")
    let result = try site.daylight("publish", now: clock)
    // The server's second state is in capitals, header too: never a mixture of both.
    #expect(result.code == 3 && result.output.contains("missing-label"), "\(result.output)")
  }

  @Test(arguments: [
    ("/404", 4, "is not there (404)"), ("/403", 4, "refuses access (403)"), ("/500", 4, "failed (500)"),
    ("/tomorrow", 4, "failed (503)"), ("/cut-always", 4, "was cut off after"), ("/slow", 4, "is too slow"),
    ("/then-204", 4, "hint"), ("/then-202", 4, "hint"), ("/then-empty", 4, "was cut off"),
    ("/then-short", 4, "was cut off"),
    ("/then-other", 4, "was cut off"), ("/unasked", 4, "hint"), ("/gzip-cut", 4, "was cut off"),
    ("/silent", 4, "is too slow"), ("/garbage", 4, "hint"), ("/headers", 4, "hint"),
    ("/to-file", 1, "redirects to file:///etc/passwd, which is not allowed"),
    ("/to-other", 1, "redirects to http://other.example/data.csv"),
    ("/to-metadata", 1, "redirects to http://169.254.169.254/latest/"),
    ("/loop", 1, "redirects without end"), ("/endless", 1, "larger than the limit of 1000000 bytes"),
    ("/bomb", 1, "larger than the limit"), ("/large", 1, "larger than the limit"),
  ])
  func whatCannotBeFetchedLeavesTheSiteAsItWas(path: String, code: Int, message: String) throws {
    guard let (server, _) = try server() else { return }
    let site = try site(server, "/ok")
    #expect(try site.daylight("publish", now: clock).code == 0)
    let before = try site.tree("public")
    try point(site, "\(server.address)\(path)?token=geheim")
    let start = ContinuousClock().now
    let result = try site.daylight("publish", now: "2026-11-23T07:00:00Z")
    #expect(result.code == Int32(code), "\(path): \(result.output)\(result.error)")
    #expect(result.output.contains(message), "\(path): \(result.output)")
    #expect(!result.output.contains("geheim") && !result.error.contains("geheim"), "no query in a message")
    #expect(try site.tree("public") == before, "\(path)")
    #expect(ContinuousClock().now - start < .seconds(60), "\(path)")
    // In Chinese too.
    #expect(
      try site.daylight("status", "--lang", "zh", "--now", "2026-11-23T07:00:00Z").output.contains(
        path == "/404" ? "服务器上没有该文件" : "http://127.0.0.1"))
  }

  @Test func aPartOfACutTransferIsKeptForTheNextRun() throws {
    guard let (server, _) = try server() else { return }
    let site = try site(server, "/cut-always", transfer: "")
    #expect(try site.daylight("publish", now: clock).code == 4)
    let ranges = try seen(server).compactMap { $0.fields["range"] }
    #expect(try site.daylight("publish", now: clock).code == 4)
    let more = try seen(server).compactMap { $0.fields["range"] }
    // Three tries a run, each half of what is missing further.
    #expect(ranges.count == 2 && more.count == 5 && Set(more).count == 5, "\(more)")
  }

  @Test(arguments: [
    "http://127.0.0.1:1/x", "http://localhost/x", "ftp://127.0.0.1/x", "http://user:secret@127.0.0.1/x", "/etc/passwd",
    "http://other.example/x",
  ])
  func addressesThatAreNotListedAreConfigurationMistakes(url: String) throws {
    guard let (server, _) = try server() else { return }
    let site = try site(server, "/ok")
    try point(site, url)
    let result = try site.daylight("check")
    #expect(result.code == 2 && result.output.contains("source.url"), "\(result.output)")
    #expect(!result.output.contains("secret"))
  }

  @Test func aListedNameThatLeadsToThisMachineIsRefused() throws {
    guard let (server, _) = try server() else { return }
    // Of all names only localhost leads to loopback on any machine: with the name of this machine as it is in /etc/hosts.
    let hosts = try String(contentsOfFile: "/etc/hosts", encoding: .utf8)
    let name = hosts.split(separator: "\n").compactMap { line -> String? in
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      return words.first == "::1" || words.first?.hasPrefix("127.") == true
        ? words.dropFirst().first { $0 != "localhost" } : nil
    }.first
    guard let name else { return skip("no name but localhost leads to loopback here") }
    let site = try site(server, "/ok", hosts: "\"\(name):\(server.port)\"")
    try point(site, "http://\(name):\(server.port)/ok")
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 1 && result.output.contains("an address of this machine"), "\(result.output)")
    #expect(try seen(server).isEmpty)
  }

  @Test func oneSlowSourceHoldsNobodyBack() throws {
    guard let (server, _) = try server() else { return }
    let site = try site(server, "/silent")
    try site.addDataset(
      "others", columns: ["id: {disclosure: public}"], fields: [#"{"name":"id","type":"integer"}"#], input: "id\n1\n")
    let result = try site.daylight("publish", "--json", now: clock)
    #expect(result.code == 4)
    #expect(try site.unpacked("data/office/others/latest/data.csv.gz") == "id\n1\n")
  }

  // MARK: TLS

  /// A made-up authority, a server's certificate, a client's; nil, said aloud, without openssl.
  private func certificates(function: String = #function) throws -> TemporaryFolder? {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl") else {
      skip("\(function): openssl is not installed; `make setup-tests` installs it")
      return nil
    }
    let folder = TemporaryFolder()
    let script = """
      set -e; cd '\(folder.path)'
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj '/CN=Test authority' -days 3650 2>/dev/null
      for name in server client wrong; do
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name.key -out $name.csr -subj "/CN=$name" 2>/dev/null
        [ $name = wrong ] && san=DNS:other.example || san=IP:127.0.0.1
        printf "subjectAltName=$san\\n" > ext
        openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -extfile ext -out $name.pem 2>/dev/null
        cat $name.pem $name.key > $name.both.pem
      done
      """
    #expect(try run(["/bin/bash", "-c", script]).code == 0)
    return folder
  }

  @Test func certificatesAreVerified() throws {
    guard let keys = try certificates() else { return }
    guard let (server, _) = try server("\(keys.path)/server.both.pem") else { return }
    let unknown = try site(server, "/ok", scheme: "https")
    let refused = try unknown.daylight("publish", now: clock)
    #expect(refused.code == 4 && refused.output.contains("certificate cannot be trusted"), "\(refused.output)")
    #expect(!unknown.exists("public/index.html"))

    let named = try site(server, "/ok", scheme: "https", source: "\n  ca: city")
    let missing = try named.daylight("publish", now: clock)
    #expect(missing.code == 1 && missing.output.contains("tls/city.ca.pem is missing"), "\(missing.output)")
    try named.write(Data(contentsOf: URL(fileURLWithPath: "\(keys.path)/ca.pem")), "workspace/tls/city.ca.pem")
    let trusted = try named.daylight("publish", now: clock)
    #expect(trusted.code == 0, "\(trusted.output)")
    #expect(try published(named) == rows)

    guard let (other, _) = try self.server("\(keys.path)/wrong.both.pem") else { return }
    let wrong = try site(other, "/ok", scheme: "https", source: "\n  ca: city")
    try wrong.write(Data(contentsOf: URL(fileURLWithPath: "\(keys.path)/ca.pem")), "workspace/tls/city.ca.pem")
    let mismatch = try wrong.daylight("publish", now: clock)
    #expect(mismatch.code == 4 && mismatch.output.contains("certificate cannot be trusted"), "\(mismatch.output)")
  }

  @Test func aClientCertificateIsNamed() throws {
    guard let keys = try certificates() else { return }
    guard let (server, _) = try server("\(keys.path)/server.both.pem", "\(keys.path)/ca.pem") else { return }
    let site = try site(server, "/ok", scheme: "https", source: "\n  ca: city\n  client_certificate: ours")
    for (from, to) in [("ca.pem", "city.ca.pem"), ("client.pem", "ours.crt.pem"), ("client.key", "ours.key.pem")] {
      try site.write(Data(contentsOf: URL(fileURLWithPath: "\(keys.path)/\(from)")), "workspace/tls/\(to)")
    }
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 0, "\(result.output)")
    let without = try self.site(server, "/ok", scheme: "https", source: "\n  ca: city")
    try without.write(Data(contentsOf: URL(fileURLWithPath: "\(keys.path)/ca.pem")), "workspace/tls/city.ca.pem")
    #expect(try without.daylight("publish", now: clock).code == 4)
  }

  @Test func theProxyIsTheOneConfigured() throws {
    guard let (proxy, _) = try server() else { return }
    let site = try site(proxy, "/ok", hosts: "inside.example", transfer: ", proxy: \"http://127.0.0.1:\(proxy.port)\"")
    try point(site, "http://inside.example/ok")
    _ = try site.daylight("publish", now: clock)
    // The proxy is asked with the whole address; the environment's is not asked at all.
    #expect(try seen(proxy).first?.path == "http://inside.example/ok")
    let direct = try self.site(proxy, "/ok")
    #expect(try direct.daylight("publish", now: clock, environment: ["http_proxy": "http://127.0.0.1:1"]).code == 0)
  }
}
