import Foundation
import TestSupport
import Testing

/// No name is given twice, whatever became of the public root or of the machine, and none is taken from what merely lies there.
extension ProofTests {
  // MARK: Absence is no beginning

  @Test func aPublicFolderThatIsNotThereIsNotBegunAnew() throws {
    let site = try site()
    let before = try site.json("public/metadata/timestamp.json")
    #expect(try run(["/bin/cp", "-a", "\(site.path)/public", "\(site.path)/kept"]).code == 0)
    for isEmpty in [false, true] {
      try? FileManager.default.removeItem(atPath: "\(site.path)/public")
      if isEmpty {
        try FileManager.default.createDirectory(atPath: "\(site.path)/public", withIntermediateDirectories: true)
      }
      for arguments in [["publish"], ["check"], ["refresh"], ["withdraw", "office/things", "--reason", "核实"]] {
        let result = try run([executable] + arguments + ["--now", later], in: site.path)
        #expect(
          result.code == 1 && result.error.contains("--first-run"), "\(arguments): \(result.code) \(result.error)")
      }
      #expect(try site.tree("public").isEmpty)
    }
    #expect(before["signed"] != nil)
    // Begun anew on purpose: the same root, and no name twice.
    let anew = try site.daylight("publish", "--first-run", now: later)
    #expect(anew.code == 0, "\(anew.error)")
    let tree = try site.tree("public")
    for (path, data) in try site.tree("kept") where tree[path] != nil && !isReplaceable(path) {
      #expect(tree[path] == data, "\(path)")
    }
    #expect(site.exists("public/data/office/things/2026.11.23.2/release.json"))
    #expect(try verify(site, "--strict", "--root", "kept/metadata/1.root.json").code == 0)
    let record = try site.json("public/data/office/things/2026.11.23.2/release.json")
    #expect(record["version"] as? String == "2.0.0", "no version stands for two tables")
  }

  /// A site that is restored from a mirror of an hour ago goes on above what it had published, and says what is missing.
  @Test func aMirrorThatIsBehindForksNothing() throws {
    let site = try site()
    try FileManager.default.copyItem(atPath: "\(site.path)/public", toPath: "\(site.path)/behind")
    try deliver(site, "1,b\n2,c\n")
    #expect(try site.daylight("publish", now: "2026-11-23T06:30:00Z").code == 0)
    let newest = try site.tree("public")
    // Somebody who saw the newest state.
    let served = try ServedSite("\(site.path)/public")
    let sync = ["sync", served.address, "mirror", "--root", "behind/metadata/1.root.json", "--as-of", later, "--quiet"]
    #expect(try run([executable] + sync, in: site.path).code == 0)
    try FileManager.default.removeItem(atPath: "\(site.path)/public")
    try FileManager.default.moveItem(atPath: "\(site.path)/behind", toPath: "\(site.path)/public")
    let result = try site.daylight("publish", now: later)
    #expect(result.code == 0 && result.error.contains("office/things/2026.11.23.2"), "\(result.error)")
    let after = try site.tree("public")
    for (path, data) in newest where after[path] != nil && !isReplaceable(path) {
      #expect(after[path] == data, "\(path)")
    }
    #expect(after["data/office/things/2026.11.23.3/release.json"] != nil)
    let restored = try ServedSite("\(site.path)/public")
    let again = try run([executable, "sync", restored.address, "mirror", "--as-of", later, "--quiet"], in: site.path)
    #expect(again.code == 0, "\(again.error)")
    guard let client = TUFClient(site) else { return }
    #expect(try client.verify(now: "2026-11-23 07:00:00").hasPrefix("ok "))
  }

  /// What was taken back stays taken back, whatever mirror the site is restored from.
  @Test func aMirrorFromBeforeAWithdrawalBringsNothingBack() throws {
    let site = try site()
    try FileManager.default.copyItem(atPath: "\(site.path)/public", toPath: "\(site.path)/behind")
    #expect(try site.daylight("withdraw", "office/things", "--reason", "核实", now: "2026-11-23T06:30:00Z").code == 0)
    try FileManager.default.removeItem(atPath: "\(site.path)/public")
    try FileManager.default.moveItem(atPath: "\(site.path)/behind", toPath: "\(site.path)/public")
    _ = try site.daylight("publish", now: later)
    #expect(!site.exists("\(things)/latest/data.csv.gz") && !site.exists("public/targets/office/things"))
    #expect(try verify(site, "--strict").code == 0)
  }

  /// A promotion that cannot be carried out does not stop signatures and withdrawals for good.
  @Test func aPromotionThatCannotBeCarriedOutIsSetAside() throws {
    let site = try site()
    guard let probe = try? run(["/usr/bin/strace", "-qq", "-o", "/dev/null", "/bin/true"]), probe.code == 0 else {
      return skip("aPromotionThatCannotBeCarriedOut: strace cannot be used")
    }
    try deliver(site, "1,b\n")
    var call = 1
    while !site.exists("workspace/staged/promotion.json"), call < 400 {
      _ = try run(
        [
          "/usr/bin/strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename,renameat", "-e",
          "inject=rename,renameat:signal=KILL:when=\(call)", executable, "publish", "--quiet", "--now", later,
        ], in: site.path)
      call += 1
    }
    #expect(site.exists("workspace/staged/promotion.json"))
    // What was staged is lost.
    let files = "\(site.path)/workspace/staged/files"
    for name in try FileManager.default.contentsOfDirectory(atPath: files) {
      try FileManager.default.removeItem(atPath: "\(files)/\(name)")
    }
    let refreshed = try site.daylight("refresh", now: later)
    #expect(refreshed.code == 0 && refreshed.error.contains("set-aside"), "\(refreshed.code) \(refreshed.error)")
    let published = try site.daylight("publish", "--json", now: later)
    #expect(published.code == 0, "\(published.output)\(published.error)")
    let verified = try verify(site)
    #expect(verified.code == 0, "\(verified.error)")
    #expect(try site.unpacked("data/office/things/latest/data.csv.gz") == "id,name\n1,b\n")
  }

  // MARK: Names of others

  /// Names that anybody could put there are passed over, and neither end a run nor drive versions up.
  @Test(arguments: [
    "metadata/9223372036854775806.snapshot.json", "metadata/9223372036854775807.snapshot.json",
    "metadata/9007199254740995.timestamp.json", "metadata/9223372036854775807.department-office-2026.json",
    "metadata/1.department-office-2026.json", "metadata/2.snapshot.json", "metadata/2.department-office.json",
    "data/office/things/2026.11.23.9223372036854775807/x", "data/office/things/2026.11.23.999999999/x",
  ])
  func strayNamesDriveNothing(path: String) throws {
    let site = try site()
    try site.write("", "public/\(path)")
    for (hour, row) in [("07", "1,b\n"), ("08", "1,c\n")] {
      try deliver(site, row)
      let time = "2026-11-23T\(hour):00:00Z"
      let result = try site.daylight("publish", now: time)
      #expect(result.code == 0 && result.output.contains("1 released"), "\(result.output)\(result.error)")
      #expect(try verify(site, at: time).code == 0)
    }
    try FileManager.default.removeItem(atPath: "\(site.path)/public/\(path)")
    #expect(try site.daylight("refresh", now: "2026-11-23T08:00:00Z").code == 0)
    let record = try site.text("workspace/published/published.json")
    #expect(!record.contains("00000") && !record.contains("99999") && !record.contains("22337"), "\(record)")
  }

  /// One file put back makes no state of yesterday that of today.
  @Test func aTimestampThatIsPutBackIsNotSignedAnew() throws {
    let site = try site()
    let timestamp = "public/metadata/timestamp.json"
    let earlier = try site.read(timestamp)
    try deliver(site, "1,b\n")
    #expect(try site.daylight("publish", now: later).code == 0)
    let newest = try site.read(timestamp)
    try replace(site, timestamp, earlier)
    for command in ["refresh", "publish"] {
      let result = try site.daylight(command, now: "2026-11-23T08:00:00Z")
      #expect(result.code == 5 && result.error.contains("timestamp.json"), "\(command): \(result.error)")
    }
    #expect(try site.read(timestamp) == earlier)
    // A check signs nothing, and cannot tell it from a publication that was cut off.
    #expect(try site.daylight("check", now: "2026-11-23T08:00:00Z").code == 0)
    try replace(site, timestamp, newest)
    #expect(try site.daylight("publish", now: "2026-11-23T08:00:00Z").code == 0)
  }

  /// Other bytes under a name of another state are nobody's.
  @Test func aNameOfAnotherStateIsHeldAgainstItsDigest() throws {
    let site = try site()
    let tree = try #require(site.tree("public").keys.first { $0.hasSuffix(".tree.json") })
    try deliver(site, "1,b\n")
    #expect(try site.daylight("publish", now: later).code == 0)
    let whole = try site.read("public/\(tree)")
    try replace(site, "public/\(tree)", Data("evil".utf8))
    let forged = try verify(site, "--strict")
    #expect(forged.code == 5 && forged.error.contains(tree), "\(forged.error)")
    let served = try ServedSite("\(site.path)/public")
    #expect(try run(["/usr/bin/curl", "-s", "\(served.address)/\(tree)"], in: site.path).output != "evil")
    try replace(site, "public/\(tree)", whole)
    #expect(try verify(site, "--strict").code == 0)
    #expect(try site.daylight("withdraw", "office/things", "--reason", "核实", now: later).code == 0)
    for path in ["latest", "2026.11.23.2"] {
      try site.write("evil", "\(things)/\(path)/data.csv.gz")
      #expect(try verify(site, "--strict").code == 5, "\(path)")
      #expect(try verify(site).error.contains(path))
      try FileManager.default.removeItem(atPath: "\(site.path)/\(things)/\(path)")
    }
  }

  /// A root that merely lies there is not taken for ours when a site is begun anew.
  @Test func aFoundRootIsNotAdopted() throws {
    let site = try site()
    let first = try site.read("public/metadata/1.root.json")
    try FileManager.default.removeItem(atPath: "\(site.path)/public")
    try site.write("{\"evil\":1}", "public/metadata/2.root.json")
    _ = try site.daylight("publish", "--first-run", now: later)
    #expect(!site.exists("workspace/published/2.root.json"))
    try FileManager.default.removeItem(atPath: "\(site.path)/public/metadata/2.root.json")
    #expect(try site.daylight("publish", now: later).code == 0)
    #expect(try site.read("public/metadata/1.root.json") == first)
    #expect(try verify(site, "--strict").code == 0)
  }

  /// A machine that was lost with its disk may have published after the backup, under names that nobody here knows of.
  @Test func aRestoredMachineGivesNoNameTwice() throws {
    let site = try site()
    try site.write("correct horse battery staple", "passphrase")
    #expect(try site.daylight("backup", "b", "--passphrase-file", "passphrase", now: clock).code == 0)
    try FileManager.default.copyItem(atPath: "\(site.path)/public", toPath: "\(site.path)/behind")
    try deliver(site, "1,b\n")
    // The role of the year is new since the backup.
    #expect(try site.daylight("publish", now: later).code == 0)
    let lost = try site.tree("public")
    #expect(lost["metadata/1.department-office-2026.json"] != nil)
    for folder in ["workspace", "public"] { try FileManager.default.removeItem(atPath: "\(site.path)/\(folder)") }
    try FileManager.default.moveItem(atPath: "\(site.path)/behind", toPath: "\(site.path)/public")
    let restored = "2026-11-23T07:30:00Z"
    #expect(
      try site.daylight("restore", "b", "--passphrase-file", "passphrase", now: restored).code == 0)
    try deliver(site, "1,c\n")
    let before = try site.read("public/catalog.jsonld")
    let result = try site.daylight("publish", now: "2026-11-23T08:00:00Z")
    #expect(result.code == 0, "\(result.error)")
    let after = try site.tree("public")
    for (path, data) in lost where after[path] != nil && !isReplaceable(path) {
      #expect(after[path] == data, "\(path)")
    }
    #expect(after["metadata/1.department-office-2026.json"] == nil)
    #expect(after.keys.contains { $0.hasSuffix(".department-office-2026.json") })
    // Whoever looks while it is on its way finds pages of the state before, however far its versions are.
    let newest = try site.read("public/catalog.jsonld")
    #expect(newest != before)
    try replace(site, "public/catalog.jsonld", before)
    #expect(try verify(site, "--strict", at: "2026-11-23T08:00:00Z").code == 4)
    try replace(site, "public/catalog.jsonld", newest)
    #expect(try verify(site, "--strict", at: "2026-11-23T08:00:00Z").code == 0)
    // From here on names follow each other again.
    try deliver(site, "1,d\n")
    #expect(try site.daylight("publish", now: "2026-11-23T08:30:00Z").code == 0)
    #expect(try verify(site, "--strict", at: "2026-11-23T08:30:00Z").code == 0)
  }
}
