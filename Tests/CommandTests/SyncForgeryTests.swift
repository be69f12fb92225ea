import Foundation
import TestSupport
import Testing

/// `daylight sync` against metadata that were made to mislead.
extension SyncTests {
  // MARK: A publisher whose keys were stolen

  /// Changes what roles say, and signs it again with the site's own keys: the worst that a thief of keys can do.
  ///
  /// - Parameter change: Python that changes `roles`, by name, or `tree`.
  private func forge(_ site: TestSite, _ change: String, function: String = #function) throws -> Bool {
    guard let python = python(with: "cryptography", function: function) else { return false }
    let result = try run([python, "-c", Self.forger, site.path, change])
    #expect(result.code == 0, "\(result.error)")
    return result.code == 0
  }

  private static let forger = """
    import hashlib, json, pathlib, sys
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    site = pathlib.Path(sys.argv[1]); meta = site / "public/metadata"
    canonical = lambda x: json.dumps(x, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    def load(name): return Ed25519PrivateKey.from_private_bytes(bytes.fromhex((site / f"workspace/keys/{name}.ed25519").read_text().strip()))
    def key_object(name): return {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": load(name).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()}}
    def key_id(name): return hashlib.sha256(canonical(key_object(name))).hexdigest()
    def sign(signed, name): return canonical({"signatures": [{"keyid": key_id(name), "sig": load(name).sign(canonical(signed)).hex()}], "signed": signed})
    def entry(data): return {"length": len(data), "hashes": {"sha256": hashlib.sha256(data).hexdigest()}}
    def put(path, data):
      p = site / "public" / path; p.parent.mkdir(parents=True, exist_ok=True); p.write_bytes(data)
    def target(role, path, data=b"forged"):
      folder, _, name = path.rpartition("/")
      try: put(f"targets/{folder}/{entry(data)['hashes']['sha256']}.{name}", data)
      except (OSError, ValueError): pass
      roles[role]["targets"][path] = entry(data)
    def page(path, data=b"forged"):
      try: put(path, data)
      except (OSError, ValueError): pass
      tree["files"].append({"path": path, "length": len(data), "sha256": hashlib.sha256(data).hexdigest()})
    def delegate(role, name, paths, key="site"):
      d = roles[role].setdefault("delegations", {"keys": {}, "roles": []})
      d["keys"][key_id(key)] = key_object(key)
      d["roles"].append({"name": name, "keyids": [key_id(key)], "threshold": 1, "paths": paths, "terminating": True})
    def new(name): roles[name] = {**{k: roles["targets"][k] for k in ("_type", "spec_version", "expires")}, "version": 0, "targets": {}}
    timestamp = json.loads((meta / "timestamp.json").read_bytes())["signed"]
    snapshot = json.loads((meta / f"{timestamp['meta']['snapshot.json']['version']}.snapshot.json").read_bytes())["signed"]
    roles = {n[:-5]: json.loads((meta / f"{m['version']}.{n}").read_bytes())["signed"] for n, m in snapshot["meta"].items()}
    digest = roles["site"]["targets"]["site/tree.json"]["hashes"]["sha256"]
    tree = json.loads((site / f"public/targets/site/{digest}.tree.json").read_bytes())
    exec(sys.argv[2])
    data = json.dumps(tree).encode(); put(f"targets/site/{hashlib.sha256(data).hexdigest()}.tree.json", data)
    roles["site"]["targets"]["site/tree.json"] = entry(data)
    for name, signed in roles.items():
      signed["version"] += 1
      by = name
      while by and not (site / f"workspace/keys/{by}.ed25519").exists(): by = by.rpartition("-")[0]
      data = sign(signed, by or "site")
      (meta / f"{signed['version']}.{name}.json").write_bytes(data)
      snapshot["meta"][f"{name}.json"] = {"version": signed["version"], **entry(data)}
    snapshot["version"] += 1
    data = sign(snapshot, "snapshot"); (meta / f"{snapshot['version']}.snapshot.json").write_bytes(data)
    timestamp["version"] += 1; timestamp["meta"] = {"snapshot.json": {"version": snapshot["version"], **entry(data)}}
    (meta / "timestamp.json").write_bytes(sign(timestamp, "timestamp"))
    """

  /// Faults 12 to 14: nothing is written outside of the mirror or over what is the mirror's own, and nobody signs for others.
  @Test(arguments: [
    ("target('department-office', 'office/../../evil')", 5), ("target('department-office', 'office/.sync/x')", 5),
    ("target('department-office', 'office/a b')", 5), ("target('department-office', 'office/' + 'x' * 300)", 5),
    ("target('department-office', 'office/things/latest/data.csv.gz')", 5),
    ("target('department-office', 'office/C:' + chr(92) + 'x')", 5),
    ("page('../evil')", 5), ("page('.sync/root.json')", 5),
    // A slash after a prepended or before a combining character is a slash all the same.
    ("page('x\\u0600//y')", 5), ("page('x\\u0600/../metadata/1.root.json')", 5), ("page('metadata/\\u0301x')", 5),
    ("page('data/\\u200dx')", 5), ("target('department-office', 'office/x\\u0600/../y')", 5),
    // What contradicts itself, or cannot be read, is refused before anything of it is shown.
    ("page('datasets')", 5), ("page('index.html/x')", 5), ("page('twice', b'forged'); page('twice', b'forged too')", 5),
    ("roles['department-office']['targets']['office/things/x'] = {'length': 1, 'hashes': {'sha512': '00'}}", 5),
    ("roles['department-office']['targets']['office/things/x'] = {'length': 1, 'hashes': {}}", 5),
    ("roles['department-office']['targets']['office/things/x'] = {'length': 1, 'hashes': {'sha256': 5}}", 5),
    ("roles['department-office']['targets']['office/things/x'] = {'length': -1, 'hashes': {'sha256': '00' * 32}}", 5),
    (
      "roles['department-office']['targets']['office/things/x'] = {'length': 2**62, 'hashes': {'sha256': '00' * 32}}; roles['department-office']['targets']['office/things/y'] = {'length': 2**62, 'hashes': {'sha256': '00' * 32}}",
      5
    ), ("timestamp['version'] = 2**62", 5), ("page('metadata/9.root.json')", 5),
    ("page('data/office/x')", 5),
    // For others: what is signed counts for nothing.
    ("target('department-office', 'site/listed.json')", 0), ("target('site', 'office/things/2026.11.23.9/evil')", 0),
    (
      "delegate('department-office', 'more', ['*/*', '*/*/*/*']); new('more'); target('more', 'site/listed.json'); target('more', 'health/x/2026.11.23.1/evil')",
      0
    ),
    // A circle, a role that nobody delegates, a name that is a path.
    (
      "delegate('department-office', 'a', ['office/*']); new('a'); new('b'); delegate('a', 'b', ['office/*']); delegate('b', 'a', ['office/*'])",
      0
    ),
    ("new('orphan')", 5),
    ("delegate('targets', '../../evil', ['evil/*']); snapshot['meta']['../../evil.json'] = {'version': 1}", 5),
  ])
  func stolenKeysReachNothingElse(change: String, code: Int) throws {
    let site = try site()
    let honest = try ServedSite("\(site.path)/public")
    #expect(try sync(site, from: honest.address).code == 0)
    let before = try site.tree("mirror")
    guard try forge(site, change) else { return }
    guard let server = try liar("\(site.path)/public", [:]) else { return }
    let result = try sync(site, from: server.address)
    #expect(result.code == Int32(code), "\(result.code) \(result.output)\(result.error)")
    for (path, data) in try site.tree("mirror") {
      #expect(data != Data("forged".utf8), "\(path)")
      // What verified by itself is remembered, so that nothing older is believed; it is not shown.
      if code != 0 && !path.hasPrefix("targets/site/") && !path.hasPrefix(".sync/trusted/") {
        #expect(before[path] == data, "\(path)")
      }
    }
    for name in try FileManager.default.subpathsOfDirectory(atPath: site.path) where name.contains("evil") {
      #expect(name.hasPrefix("public/") || name == "evil" && change.hasPrefix("page"), "\(name)")
    }
  }

  /// Fault 32.
  @Test func aDepartmentThatDoesNotSignAnyMoreStopsNobodyElse() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    #expect(try sync(site, from: served.address).code == 0)
    let things = try site.tree("mirror").filter { $0.key.contains("office/things/2026") }
    try site.write(
      "name: {zh: 卫生办, en: Health}\ncontact: {name: 卫生办, email: health@data.example}\n",
      "datasets/health/department.yaml")
    try FileManager.default.copyItem(
      atPath: "\(site.path)/datasets/office/others", toPath: "\(site.path)/datasets/health/cases")
    #expect(try site.daylight("publish", now: "2026-11-23T06:30:00Z").code == 0)
    guard
      try forge(
        site,
        "roles['department-office']['expires'] = '2026-11-01T00:00:00Z'; roles['department-office']['targets'] = {}")
    else { return }
    let result = try sync(site, from: served.address)
    #expect(result.code == 5 && result.error.contains("department-office expired at 2026-11-01"), "\(result.error)")
    #expect(site.exists("mirror/data/health/cases/latest/data.csv.gz"), "others are in step")
    let after = try site.tree("mirror")
    for (path, data) in things { #expect(after[path] == data, "what was there of it stays: \(path)") }
  }

  /// The site's own signature has run out: its pages and catalogues stay, as what a department signed does.
  @Test func aSiteThatDoesNotSignAnyMoreLosesNothing() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    #expect(try sync(site, from: served.address).code == 0)
    let before = try site.tree("mirror").filter { !$0.key.hasPrefix(".sync/") && !$0.key.hasPrefix("metadata/") }
    try site.write("id\n7\n", "datasets/office/things/input.csv")
    #expect(try site.daylight("publish", now: "2026-11-23T06:30:00Z").code == 0)
    guard try forge(site, "roles['site']['expires'] = '2026-11-01T00:00:00Z'") else { return }
    let result = try sync(site, from: served.address)
    #expect(result.code == 5 && result.error.contains("site expired at 2026-11-01"), "\(result.error)")
    let after = try site.tree("mirror")
    for path in before.keys where !path.contains("/latest/") { #expect(after[path] == before[path], "\(path)") }
    #expect(site.exists("mirror/data/office/things/2026.11.23.2/data.csv.gz"), "departments go on")
  }

  /// TUF §5.3.8: a root that was verified counts from then on, whatever fails afterwards; a key that it revokes signs nothing any more.
  @Test func aNewRootIsRememberedWhateverFailsAfterwards() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    #expect(try sync(site, from: served.address).code == 0)
    // The thief has the old timestamp and snapshot keys; root 2 has others.
    #expect(try run(["/bin/cp", "-a", "\(site.path)/public", "\(site.path)/theirs"]).code == 0)
    guard let python = python(with: "cryptography") else { return }
    let rotate = """
      import json
      root = json.loads((meta / "1.root.json").read_bytes())["signed"]
      root["version"] = 2
      for name in ("timestamp", "snapshot"):
        key = Ed25519PrivateKey.generate()
        (site / f"workspace/keys/{name}.ed25519").write_text(key.private_bytes_raw().hex())
        root["keys"][key_id(name)] = key_object(name); root["roles"][name]["keyids"] = [key_id(name)]
      (meta / "2.root.json").write_bytes(sign(root, "root"))
      """
    let forged = try run([python, "-c", Self.forger, site.path, rotate])
    #expect(forged.code == 0, "\(forged.error)")
    // Everything but a target is there.
    let lie = ["do": "status", "with": "404"]
    try site.write("id\n8\n", "datasets/office/things/input.csv")
    guard let broken = try liar("\(site.path)/public", ["targets/site/*": lie]) else { return }
    let first = try sync(site, from: broken.address)
    #expect(first.code == 4, "\(first.code) \(first.error)")
    // The old keys are worth nothing now, though the thief hides root 2.
    guard let thief = try liar("\(site.path)/theirs", [:]) else { return }
    let second = try sync(site, from: thief.address)
    #expect(second.code == 5, "\(second.code) \(second.output)\(second.error)")
    #expect(try sync(site, from: served.address).code == 0)
  }

  /// TUF §5.4.3: of two timestamps of one version the first that was seen counts.
  @Test func aVersionHasOneContent() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    #expect(try sync(site, from: served.address).code == 0)
    let before = try site.tree("mirror")
    guard let python = python(with: "cryptography") else { return }
    let again = try run(
      [
        python, "-c", Self.forger, site.path,
        "timestamp['expires'] = '2026-11-25T00:00:00Z'; (meta / 'timestamp.json').write_bytes(sign(timestamp, 'timestamp')); sys.exit()",
      ])
    #expect(again.code == 0, "\(again.error)")
    let result = try sync(site, from: served.address)
    #expect(result.code == 0 && result.error.contains("of the same version"), "\(result.code) \(result.error)")
    #expect(try site.tree("mirror") == before)
  }

  /// Pages have fixed names: one of the state before is no forgery, while a publication is on its way or was cut off.
  @Test func aPageOfTheStateBeforeIsNoForgery() throws {
    let site = try site()
    let old = try site.read("public/index.html")
    try site.write("id\n7\n", "datasets/office/things/input.csv")
    #expect(try site.daylight("publish", now: "2026-11-23T06:30:00Z").code == 0)
    let new = try site.read("public/index.html")
    #expect(old != new)
    try site.write(old, "public/index.html")
    func codes() throws -> [Int32] {
      let served = try ServedSite("\(site.path)/public")
      return [
        try run([executable, "verify", "public", "--as-of", "2026-11-23T07:00:00Z"], in: site.path).code,
        try run([executable, "verify", "public", "--strict", "--as-of", "2026-11-23T07:00:00Z"], in: site.path).code,
        try sync(site, from: served.address, to: "m").code,
      ]
    }
    #expect(try codes() == [4, 4, 4])
    try site.write("forged", "public/index.html")
    #expect(try codes() == [5, 5, 5])
    try FileManager.default.removeItem(atPath: "\(site.path)/public/index.html")
    #expect(try codes().first == 5)
    try site.write(new, "public/index.html")
    #expect(try codes() == [0, 0, 0])
  }

  /// A length that is no length is a lie, of metadata and of targets alike.
  @Test func absurdLengthsAreLies() throws {
    let site = try site()
    let script = """
      import http.server, pathlib, sys
      folder, wanted, port_file = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
      class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *a): pass
        def do_GET(self):
          path = self.path.lstrip("/")
          try: data = (folder / path).read_bytes()
          except OSError: return self.send_error(404)
          self.send_response(200)
          self.send_header("Content-Length", "1000000000000000" if path.startswith(wanted) else str(len(data)))
          self.end_headers(); self.wfile.write(data)
      server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
      open(port_file, "w").write(f"{server.server_port}\\n")
      server.serve_forever()
      """
    for wanted in ["metadata/timestamp", "metadata/1.targets", "targets/office"] {
      guard let server = try TestServer.python(script, ["\(site.path)/public", wanted]) else { return }
      let result = try sync(site, from: server.address, to: "m")
      #expect(result.code == 5, "\(wanted) \(result.code) \(result.error)")
    }
  }

  /// Fault 15: metadata that two readers could read in two ways are none.
  @Test(arguments: [
    "\u{feff}{}", "{\"signed\":{},\"signed\":{}}", "{\"signed\":1e400}", "[[[[", "", "\u{0}", "{\"a\":\"\\ud800\"}",
  ])
  func oddMetadataAreRefused(text: String) throws {
    let site = try site()
    let bytes = text == "[[[[" ? Data(repeating: 0x5b, count: 16_000) : Data(text.utf8)
    let lie = ["do": "replace", "with": bytes.base64EncodedString()]
    guard let server = try liar("\(site.path)/public", ["metadata/timestamp.json": lie]) else { return }
    let result = try sync(site, from: server.address)
    #expect(result.code == 5 && !site.exists("mirror/metadata"), "\(result.code) \(result.error)")
  }
}
