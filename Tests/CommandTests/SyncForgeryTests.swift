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
    ("page('../evil')", 5), ("page('.sync/root.json')", 5), ("page('metadata/9.root.json')", 5),
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
      if code != 0 && !path.hasPrefix("targets/site/") { #expect(before[path] == data, "\(path)") }
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
