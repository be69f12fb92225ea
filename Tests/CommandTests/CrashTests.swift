import Foundation
import TestSupport
import Testing

/// The publisher is killed (SIGKILL, by strace, at a chosen system call that changes the disk).
///
/// A client that we did not write sees the old state or the new one each time; the next run completes the work.
@Suite struct CrashTests {
  private let id = #"{"name":"id","type":"integer"}"#
  private let name = #"{"name":"name","type":"string"}"#
  private let clock = "2026-11-23T06:00:00Z"

  private func site() throws -> TestSite {
    let site = try TestSite()
    try site.addDataset(
      columns: ["id: {disclosure: public}", "name: {disclosure: public}"], fields: [id, name], primaryKey: "[\"id\"]",
      input: "id,name\n1,a\n",
      more: "release: {key: [id]}")
    #expect(try site.daylight("publish", now: "2026-11-22T06:00:00Z").code == 0)
    try site.write("id,name\n1,b\n2,c\n", "datasets/office/things/input.csv")
    return site
  }

  private func copy(_ site: TestSite) throws -> TestSite {
    let copy = try TestSite()
    try FileManager.default.removeItem(atPath: "\(copy.path)/datasets")
    for folder in ["datasets", "schemas", "workspace", "public"] {
      // cp keeps hard links, modes and times.
      #expect(try run(["/bin/cp", "-a", "\(site.path)/\(folder)", "\(copy.path)/\(folder)"]).code == 0)
    }
    return copy
  }

  private let calls = "rename,renameat,link,linkat,unlink,unlinkat,mkdir,mkdirat"

  /// Publishes, killed at the n-th call; true when it was killed.
  private func publishKilled(_ site: TestSite, at call: Int) throws -> Bool {
    let result = try run(
      [
        "/usr/bin/strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(calls)", "-e",
        "inject=\(calls):signal=KILL:when=\(call)", executable,
        "publish", "--quiet", "--now", clock,
      ], in: site.path)
    return result.code != 0
  }

  private var canKill: Bool {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/strace") else {
      skip("CrashTests: strace is not installed; `make setup-tests` installs it")
      return false
    }
    guard let probe = try? run(["/usr/bin/strace", "-qq", "-o", "/dev/null", "/bin/true"]), probe.code == 0 else {
      skip("CrashTests: this machine does not let one process trace another")
      return false
    }
    return true
  }

  @Test func aKilledPublicationIsOldOrNewAndIsCompletedByTheNextRun() throws {
    guard canKill else { return }
    let start = try site()
    guard let client = TUFClient(start) else { return }
    let undisturbed = try copy(start)
    #expect(try undisturbed.daylight("publish", now: clock).code == 0)
    let expected = try undisturbed.tree("public")
    let old = try start.tree("public")

    // Coarse steps first find how many calls there are; every call around the commit is tried.
    var killed: [(call: Int, site: TestSite)] = []
    var call = 1
    while true {
      let victim = try copy(start)
      guard try publishKilled(victim, at: call) else { break }
      killed.append((call, victim))
      call += 3
    }
    #expect(killed.count > 18, "there are many points to be killed at")
    let answers = try client.verify(killed.map { "\($0.site.path)/public" }, now: "2026-11-23 07:00:00")
    #expect(answers.count == killed.count, "\(answers)")
    // Six files of a release, and three of the site role.
    #expect(Set(answers) == ["ok 9", "ok 15"], "\(answers)")

    for (index, (call, victim)) in killed.enumerated() {
      // No file with a fixed name ever changes.
      for (path, data) in try victim.tree("public") where old[path] != nil && !isReplaceable(path) {
        #expect(data == old[path], "killed at \(call): \(path)")
      }
      // A check between the two neither trips over what is there nor touches it.
      if index % 5 == 0 {
        let before = try victim.tree("public")
        let check = try victim.daylight("check", now: clock)
        let after = try victim.tree("public")
        #expect(check.code == 0 && after == before, "killed at \(call): \(check.output)\(check.error)")
      }
      if index % 2 == 0 {
        // Run again: the tree is that of an undisturbed run.
        let again = try victim.daylight("publish", now: clock)
        #expect(again.code == 0, "killed at \(call): \(again.error)")
        let tree = try victim.tree("public")
        #expect(tree.keys.sorted() == expected.keys.sorted(), "killed at \(call)")
        for (path, data) in expected where tree[path] != data { Issue.record("killed at \(call): \(path) differs") }
      } else {
        // Run again with other input: what was certain comes first, then the new release; no name has two digests.
        let before = try victim.tree("public")
        try victim.write("id,name\n1,z\n", "datasets/office/things/input.csv")
        let again = try victim.daylight("publish", now: "2026-11-23T08:00:00Z")
        #expect(again.code == 0, "killed at \(call): \(again.error)")
        let after = try victim.tree("public")
        for (path, data) in before where !isReplaceable(path) && !path.contains(".tmp-") {
          #expect(after[path] == data, "killed at \(call): \(path)")
        }
        #expect(try victim.unpacked("data/office/things/latest/data.csv.gz") == "id,name\n1,z\n")
      }
      #expect(!victim.exists("workspace/staged"))
      #expect(try victim.tree("public").keys.filter { $0.contains(".tmp-") }.isEmpty, "killed at \(call)")
    }
    let final = try client.verify(killed.map { "\($0.site.path)/public" }, now: "2026-11-23 09:00:00")
    #expect(final.allSatisfy { $0.hasPrefix("ok ") }, "\(final)")
  }

  @Test func aFirstPublicationThatIsKilledShowsNothingOrAll() throws {
    guard canKill else { return }
    let start = try TestSite()
    try start.addDataset(columns: ["id: {disclosure: public}"], fields: [id], input: "id\n1\n")
    guard let client = TUFClient(start) else { return }
    var killed: [TestSite] = []
    var call = 1
    while true {
      let victim = try TestSite()
      try victim.addDataset(columns: ["id: {disclosure: public}"], fields: [id], input: "id\n1\n")
      guard try publishKilled(victim, at: call) else { break }
      killed.append(victim)
      call += 7
    }
    let answers = try client.verify(killed.map { "\($0.path)/public" }, now: "2026-11-23 07:00:00")
    #expect(
      Set(answers).isSubset(of: ["empty", "ok 9"]) && answers.contains("empty") && killed.count > 10, "\(answers)")
    for victim in killed { #expect(try victim.daylight("publish", now: clock).code == 0) }
    #expect(
      try client.verify(killed.map { "\($0.path)/public" }, now: "2026-11-23 07:00:00").allSatisfy { $0 == "ok 9" })
  }

  /// Two officers have signed: whenever the publisher is killed, the candidate and both signatures are there until it is out.
  @Test func aKilledPublicationLosesNoSignature() throws {
    guard canKill else { return }
    let start = try TestSite()
    var officers = "\nofficers:\n"
    for officer in ["wang", "li"] {
      let made = try start.daylight("officer", "new", officer, "--key", "\(officer).key")
      officers += "\(made.output.split(separator: "\n").last ?? "")\n"
    }
    try start.write(try start.text("datasets/site.yaml") + officers, "datasets/site.yaml")
    for (name, approval) in [("things", ", approval: two-person"), ("others", "")] {
      try start.addDataset(
        name, columns: ["id: {disclosure: public}", "name: {disclosure: public}"], fields: [id, self.name],
        input: "id,name\n1,a\n", more: "release: {key: [id]\(approval)}")
    }
    #expect(try start.daylight("publish", now: "2026-11-22T06:00:00Z").code == 0)
    #expect(try start.daylight("review", "office/things", "--export", "form.json", now: clock).code == 0)
    for officer in ["wang", "li"] {
      #expect(
        try start.daylight(
          "approve", "form.json", "--officer", officer, "--key", "\(officer).key", "--secrecy-review", "不涉密",
          "--legal-basis", "沪府令21号", "--output", "\(officer).json"
        ).code == 0)
      #expect(try start.daylight("review", "--import", "\(officer).json", now: clock).code == 0)
    }
    // Both datasets have something new, and only the signed candidate of the first may go out.
    for name in ["things", "others"] { try start.write("id,name\n1,b\n", "datasets/office/\(name)/input.csv") }
    var call = 1
    var killed = 0
    while true {
      let victim = try copy(start)
      guard try publishKilled(victim, at: call) else { break }
      killed += 1
      let isOut = victim.exists("public/data/office/things/latest/release.json")
      if !isOut && !victim.exists("workspace/staged/promotion.json") {
        let waiting = try victim.daylight("review", "--json", now: clock).output
        #expect(waiting.contains("\"wang\"") && waiting.contains("\"li\""), "killed at \(call): \(waiting)")
      }
      let again = try victim.daylight("publish", now: clock)
      #expect(again.code == 0, "killed at \(call): \(again.output)\(again.error)")
      #expect(
        try victim.unpacked("data/office/things/2026.11.22.1/data.csv.gz") == "id,name\n1,a\n", "killed at \(call)")
      #expect(try victim.daylight("verify", "public", "--strict", "--as-of", clock).code == 0, "killed at \(call)")
      call += 3
    }
    #expect(killed > 10, "\(killed)")
  }

  private func isReplaceable(_ path: String) -> Bool {
    path == "metadata/timestamp.json" || path.contains("/latest/")
      || !(path.hasPrefix("metadata/") || path.hasPrefix("targets/") || path.hasPrefix("data/"))
  }
}
