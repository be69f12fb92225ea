import Foundation
import TestSupport
import Testing

/// Two officers, through the doors that they use.
///
/// All persons are made up.
@Suite struct ApprovalTests {
  private let clock = "2026-11-23T06:00:00Z"
  private let dataset = "office/things"

  private func site(approval: String = "two-person") throws -> TestSite {
    let site = try TestSite()
    try site.addDataset(
      columns: ["id: {disclosure: public}", "name: {disclosure: public}"],
      fields: [#"{"name":"id","type":"integer"}"#, #"{"name":"name","type":"string"}"#], input: "id,name\n1,甲\n2,乙\n",
      more: "release: {key: [id], approval: \(approval)}")
    var officers = "\nofficers:\n"
    for id in ["wang", "li", "zhao"] {
      let made = try site.daylight("officer", "new", id, "--key", "\(id).key")
      #expect(made.code == 0, "\(made.error)")
      officers += made.output.split(separator: "\n").last.map(String.init) ?? ""
      officers += "\n"
    }
    try site.write(try site.text("datasets/site.yaml") + officers, "datasets/site.yaml")
    return site
  }

  private func publish(_ site: TestSite, code: Int32 = 0, now: String? = nil) throws -> String {
    let result = try site.daylight("publish", "--json", now: now ?? clock)
    let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    let results = json?["results"] as? [[String: Any]] ?? []
    #expect(result.code == code, "\(result.output)\(result.error)")
    return results.compactMap { $0["outcome"] as? String }.joined(separator: " ")
  }

  /// A candidate that waits, with the two signatures that it needs.
  private func submitAndSign(_ site: TestSite) throws {
    #expect(try publish(site) == "waiting-for-approval")
    try export(site)
    #expect(try sign(site, "wang").code == 0 && sign(site, "li").code == 0)
  }

  private func sign(
    _ site: TestSite, _ officer: String, key: String? = nil, form: String = "form.json", secrecy: String = "不涉密"
  ) throws -> ProcessResult {
    let signed = try site.daylight(
      "approve", form, "--officer", officer, "--key", "\(key ?? officer).key", "--secrecy-review", secrecy,
      "--legal-basis",
      "沪府令21号", "--output", "\(officer).json")
    guard signed.code == 0 else { return signed }
    return try site.daylight("review", "--import", "\(officer).json", now: clock)
  }

  private func export(_ site: TestSite) throws {
    let result = try site.daylight("review", dataset, "--export", "form.json", now: clock)
    #expect(result.code == 0, "\(result.error)")
  }

  @Test func nothingGoesOutBeforeTwoHaveSigned() throws {
    let site = try site()
    #expect(try publish(site) == "waiting-for-approval")
    #expect(!site.exists("public/data") && !site.exists("public/metadata"))
    try export(site)
    #expect(try sign(site, "wang").code == 0)
    #expect(try publish(site) == "waiting-for-approval")
    // The same officer twice is one; somebody's key under another name is nobody's.
    #expect(try sign(site, "wang").output.contains("1 of 2"))
    let wrong = try sign(site, "li", key: "wang")
    #expect(wrong.code == 2 && wrong.error.contains("it is that of wang"), "\(wrong.error)")
    // Nor where the form does not say whose key is whose.
    var form = try site.json("form.json")
    form["officers"] = nil
    try site.write(try JSONSerialization.data(withJSONObject: form), "bare.json")
    #expect(try sign(site, "li", key: "wang", form: "bare.json").code == 1)
    #expect(try publish(site) == "waiting-for-approval")
    #expect(try sign(site, "li").code == 0)
    #expect(try publish(site) == "released")
    #expect(site.exists("public/data/office/things/latest/data.csv.gz"))
    #expect(try site.daylight("verify", "public", "--as-of", clock).code == 0)
    #expect(try publish(site) == "unchanged")
    #expect(try site.daylight("review", now: clock).output.contains("Nothing waits"))
  }

  @Test func whatIsReleasedIsWhatWasSigned() throws {
    let site = try site()
    try submitAndSign(site)
    // Somebody changes a file of the candidate after it was signed.
    let file = "workspace/approval/office/things/files/data.csv.gz"
    try site.write(try site.read(file) + Data([0]), file)
    let result = try site.daylight("publish", "--json", now: clock)
    #expect(result.code != 0 && !site.exists("public/data"), "\(result.output)")
  }

  @Test func approvalsLapseWithTheConfiguration() throws {
    for change in ["dataset", "site"] {
      let site = try site()
      _ = try publish(site)
      try export(site)
      _ = try sign(site, "wang")
      if change == "dataset" {
        let file = "datasets/office/things/dataset.yaml"
        try site.write(
          try site.text(file).replacingOccurrences(
            of: "name: {disclosure: public}", with: "name: {disclosure: organisation}"), file)
      } else {
        try site.write(try site.text("datasets/site.yaml") + "expiries: {timestamp: 2}\n", "datasets/site.yaml")
      }
      #expect(try publish(site) == "waiting-for-approval")
      #expect(try sign(site, "li").code == 1, "\(change): the form is of another candidate")
      try export(site)
      _ = try sign(site, "li")
      #expect(try publish(site) == "waiting-for-approval", "\(change): the first signature has lapsed")
      #expect(try sign(site, "wang").output.contains("2 of 2"))
      #expect(try publish(site) == "released")
    }
  }

  /// A comment, who is told, how long private things are kept: no release follows from these.
  @Test func whatNoReleaseFollowsFromVoidsNothing() throws {
    let site = try site()
    _ = try publish(site)
    try export(site)
    _ = try sign(site, "wang")
    try site.write(
      try site.text("datasets/site.yaml").replacingOccurrences(
        of: TestSite.takesFilesAtOnce, with: "transfer: {quiet_seconds: 0, attempts: 2}")
        + "# a comment\nretain: {snapshots: 5}\nnotify: {}\n",
      "datasets/site.yaml")
    let file = "datasets/office/things/dataset.yaml"
    try site.write("# another\n" + site.text(file).replacingOccurrences(of: "domain: 测试", with: "domain:   测试  "), file)
    #expect(try publish(site) == "waiting-for-approval")
    #expect(try sign(site, "li").output.contains("2 of 2"))
    #expect(try publish(site) == "released")
  }

  /// Who signs slower than a source changes releases what they looked at, and what is newer follows.
  @Test func aCandidateThatOfficersLookAtIsNotOvertaken() throws {
    let site = try site()
    _ = try publish(site)
    // One that nobody has seen yet is replaced by what is newer.
    try site.write("id,name\n1,甲\n2,丙\n", "datasets/office/things/input.csv")
    #expect(try publish(site) == "waiting-for-approval")
    try export(site)
    for row in ["丁", "戊"] {
      try site.write("id,name\n1,甲\n2,\(row)\n", "datasets/office/things/input.csv")
      #expect(try publish(site) == "waiting-for-approval")
    }
    _ = try sign(site, "wang")
    #expect(try sign(site, "li").output.contains("2 of 2"))
    #expect(try publish(site) == "released")
    #expect(try site.unpacked("data/office/things/latest/data.csv.gz").contains("2,丙"))
    #expect(try publish(site) == "waiting-for-approval")
    try export(site)
    _ = try sign(site, "wang")
    _ = try sign(site, "li")
    #expect(try publish(site) == "released")
    #expect(try site.unpacked("data/office/things/latest/data.csv.gz").contains("2,戊"))
  }

  /// Only 不涉密 lets a release go out; a signature that says anything else is named.
  @Test func onlyWhatIsNotSecretGoesOut() throws {
    let site = try site()
    _ = try publish(site)
    try export(site)
    for text in ["无", "涉密,不得公开", "不涉密。", ""] { #expect(try sign(site, "wang", secrecy: text).code == 2, "\(text)") }
    #expect(try sign(site, "wang").code == 0)
    #expect(try sign(site, "li", secrecy: "涉密").output.contains("1 of 2"))
    let waiting = try site.daylight("publish", "--json", now: clock)
    #expect(waiting.code == 0 && waiting.output.contains("waiting-for-approval") && waiting.output.contains("li"))
    #expect(!site.exists("public/data"))
    #expect(try site.daylight("review", "--lang", "zh", now: clock).output.contains("li 的保密审查结论不是“不涉密”"))
    #expect(try sign(site, "li").output.contains("2 of 2"))
    #expect(try publish(site) == "released")
  }

  /// Fewer than two are left of those who signed last: nobody could sign, and one command says so and mends it.
  @Test func officersCanChange() throws {
    let site = try site()
    try submitAndSign(site)
    #expect(try publish(site) == "released")
    func replace(_ old: [String], by new: [String]) throws {
      var lines = try site.text("datasets/site.yaml").split(separator: "\n").map(String.init)
      lines.removeAll { line in old.contains { line.contains("{id: \($0),") } }
      for id in new {
        let made = try site.daylight("officer", "new", id, "--key", "\(id).key")
        lines.append(made.output.split(separator: "\n").last.map(String.init) ?? "")
      }
      try site.write(lines.joined(separator: "\n") + "\n", "datasets/site.yaml")
    }
    try replace([], by: ["sun"])
    // Two are left: they sign, and then the new one counts.
    #expect(try site.daylight("officer", "admit", "--reason", "调动", now: clock).code == 2)
    try replace(["wang", "li", "zhao"], by: ["qian"])
    try site.write("id,name\n1,甲\n2,丁\n", "datasets/office/things/input.csv")
    #expect(try publish(site) == "waiting-for-approval")
    try export(site)
    #expect(try sign(site, "sun").code != 0 && sign(site, "qian").code != 0)
    let admitted = try site.daylight("officer", "admit", "--reason", "王、李、赵已调离", now: clock)
    #expect(admitted.code == 0 && admitted.output.contains(dataset), "\(admitted.error)")
    #expect(try site.daylight("status", "--lang", "zh", "--json", now: clock).output.contains("王、李、赵已调离"))
    try export(site)
    _ = try sign(site, "sun")
    #expect(try sign(site, "qian").output.contains("2 of 2"))
    #expect(try publish(site) == "released")
  }

  /// The record that officers signed names every file: a list beside it counts for nothing.
  @Test func filesAreHeldAgainstWhatWasSigned() throws {
    let site = try site()
    try submitAndSign(site)
    let folder = "workspace/approval/office/things"
    let forged = Data("forged".utf8)
    try site.write(forged, "\(folder)/files/data.csv.gz")
    // Whatever candidate.json says of it.
    var note = try site.json("\(folder)/candidate.json")
    note["files"] = [["name": "data.csv.gz", "sha256": sha256(forged), "length": forged.count]]
    try site.write(try JSONSerialization.data(withJSONObject: note), "\(folder)/candidate.json")
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 1 && !site.exists("public/data"), "\(result.output)")
  }

  /// Officers see what would be published before they sign: the page, rows, differences by value; and nobody else does.
  @Test func officersSeeWhatTheySign() throws {
    let site = try site()
    try submitAndSign(site)
    _ = try publish(site)
    try site.write("id,name\n1,甲\n2,丙<b>\n3,新来的\n", "datasets/office/things/input.csv")
    #expect(try publish(site) == "waiting-for-approval")
    #expect(try site.daylight("review", dataset, "--html", "public/preview.html", now: clock).code == 2)
    #expect(try site.daylight("review", dataset, "--export", "public/form.json", now: clock).code == 2)
    let shown = try site.daylight("review", dataset, "--html", "preview.html", now: clock)
    #expect(shown.code == 0, "\(shown.error)")
    let html = try site.text("preview.html")
    for text in ["新来的", "更正前", "更正后", "乙", "丙&lt;b&gt;", "共 2 行不同", "2 → 3", "srcdoc=", "事项"] {
      #expect(html.contains(text), "\(text)")
    }
    #expect(!html.contains("丙<b>"))
    let mode = try FileManager.default.attributesOfItem(atPath: "\(site.path)/preview.html")[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  /// Anybody can sign under a key of small order: such officers, and such keys of a repository, are refused.
  @Test(arguments: [
    String(repeating: "0", count: 64), "01" + String(repeating: "0", count: 62),
    "ec" + String(repeating: "f", count: 60) + "7f", "ed" + String(repeating: "f", count: 60) + "7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa", "02" + String(repeating: "0", count: 62),
  ])
  func keysThatAreNoneAreRefused(key: String) throws {
    let site = try site()
    try site.write(
      try site.text("datasets/site.yaml") + "  - {id: nobody, name: 某, key: \"\(key)\"}\n", "datasets/site.yaml")
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 2 && result.error.contains("officers[3].key"), "\(result.error)")
  }

  @Test func askingForNobodysWordAnyMoreNeedsTheTwoOnceMore() throws {
    let site = try site()
    try submitAndSign(site)
    #expect(try publish(site) == "released")
    let file = "datasets/office/things/dataset.yaml"
    try site.write(try site.text(file).replacingOccurrences(of: "two-person", with: "none"), file)
    // New officers of whoever runs the machine do not count before those that were there have signed.
    for id in ["evil-a", "evil-b"] {
      let made = try site.daylight("officer", "new", id, "--key", "\(id).key")
      try site.write(
        try site.text("datasets/site.yaml") + (made.output.split(separator: "\n").last.map { "\($0)\n" } ?? ""),
        "datasets/site.yaml")
    }
    try site.write("id,name\n1,甲\n2,丁\n", "datasets/office/things/input.csv")
    #expect(try publish(site) == "waiting-for-approval")
    try export(site)
    #expect(try sign(site, "evil-a").code == 2)
    #expect(try sign(site, "evil-b").code == 2)
    #expect(try publish(site) == "waiting-for-approval")
    _ = try sign(site, "wang")
    _ = try sign(site, "zhao")
    #expect(try publish(site) == "released")
    try site.write("id,name\n1,甲\n2,戊\n", "datasets/office/things/input.csv")
    #expect(try publish(site) == "released", "nobody's word is asked for now")
  }

  @Test func aRejectedCandidateIsGone() throws {
    let site = try site()
    let first = try site.read("datasets/office/things/input.csv")
    _ = try publish(site)
    try export(site)
    _ = try sign(site, "wang")
    #expect(try site.daylight("reject", dataset, "--reason", "需先核实", now: clock).code == 0)
    #expect(try site.daylight("review", now: clock).output.contains("Nothing waits"))
    #expect(try sign(site, "li").code == 1)
    // The very same does not come again, and says why.
    #expect(try publish(site, code: 3) == "refused")
    #expect(try site.daylight("status", "--lang", "zh", now: clock).output.contains("需先核实"))
    #expect(try site.daylight("review", now: clock).output.contains("Nothing waits"))
    // Something else does, and waits for both.
    try site.write("id,name\n1,甲\n2,丙\n", "datasets/office/things/input.csv")
    #expect(try publish(site) == "waiting-for-approval")
    let json = try site.daylight("review", "--json", now: clock).output
    #expect(json.contains("\"signed\": []"), "\(json)")
    // So does the same, once the word is taken back.
    #expect(try site.daylight("reject", dataset, "--reason", "再核", now: clock).code == 0)
    #expect(try publish(site, code: 3) == "refused")
    // Another word after it makes nobody forget the first.
    try site.write(first, "datasets/office/things/input.csv")
    #expect(try publish(site, code: 3) == "refused")
    #expect(try site.daylight("reject", dataset, "--undo", now: clock).code == 0)
    #expect(try site.daylight("reject", dataset, "--undo", now: clock).code == 2)
    #expect(try publish(site) == "waiting-for-approval")
  }

  @Test func anOfficersKeyIsNeverReplacedAndIsTheirsAlone() throws {
    let site = try site()
    let before = try site.read("wang.key")
    #expect(try site.daylight("officer", "new", "wang", "--key", "wang.key").code != 0)
    #expect(try site.read("wang.key") == before)
    let mode = try FileManager.default.attributesOfItem(atPath: "\(site.path)/wang.key")[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  /// Two officers sign for a year: what stays within goes out without them, what does not waits.
  @Test func aStandingApprovalHoldsWithinItsBounds() throws {
    let site = try site()
    func deliver(_ rows: Int) throws {
      try site.write(
        "id,name\n" + (1...rows).map { "\($0),甲\(rows)\n" }.joined(), "datasets/office/things/input.csv")
    }
    func standing(_ until: String) throws -> ProcessResult {
      try site.daylight(
        "review", dataset, "--standing", "--until", until, "--rows", "10", "--export", "standing.json", now: clock)
    }
    #expect(try standing("2027-12-31").code == 2)
    #expect(try standing("2026-01-01").code == 2)
    #expect(try standing("2027-11-01").code == 0)
    #expect(try sign(site, "wang", form: "standing.json").output.contains("1 of 2"))
    #expect(try sign(site, "li", key: "wang", form: "standing.json").code == 2)
    #expect(try sign(site, "li", form: "standing.json").output.contains("2 of 2"))
    // The first release is for officers to look at.
    try deliver(20)
    #expect(try publish(site) == "waiting-for-approval")
    try export(site)
    _ = try sign(site, "wang")
    _ = try sign(site, "zhao")
    #expect(try publish(site) == "released")
    // Two rows more or fewer of twenty are within, five are not.
    try deliver(22)
    #expect(try publish(site) == "released")
    try deliver(25)
    #expect(try publish(site) == "waiting-for-approval")
    // Many small steps are no large one: what counts is the release that was in force when it was signed.
    try deliver(23)
    #expect(try publish(site) == "waiting-for-approval")
    try deliver(21)
    #expect(try publish(site) == "released")
    // Another configuration was signed by nobody.
    let file = "datasets/office/things/dataset.yaml"
    try site.write(try site.text(file) + "\nkeywords: {zh: [新]}\n", file)
    #expect(try publish(site) == "waiting-for-approval")
    try site.write(try site.text(file).replacingOccurrences(of: "\nkeywords: {zh: [新]}\n", with: ""), file)
    try deliver(20)
    #expect(try publish(site) == "released")
    // What officers have said outlives the machine.
    try site.write("correct horse battery staple", "passphrase")
    #expect(try site.daylight("backup", "site.backup", "--passphrase-file", "passphrase").code == 0)
    try FileManager.default.removeItem(atPath: "\(site.path)/workspace")
    #expect(try site.daylight("restore", "site.backup", "--passphrase-file", "passphrase").code == 0)
    try deliver(22)
    #expect(try publish(site) == "released")
    // The day after.
    try deliver(21)
    let late = try site.daylight("publish", now: "2027-11-02T06:00:00Z")
    #expect(late.code == 0 && late.output.contains("1 of 2") == false && late.output.contains("wait"), "\(late.output)")
  }

  /// Somebody's word on the columns lapses with the day, with another policy, and with cells of another kind.
  @Test func columnsAreSignedOff() throws {
    let site = try TestSite()
    func deliver(_ notes: [String], policy: String = "note: {disclosure: public}", more: String = "") throws {
      try site.addDataset(
        columns: ["id: {disclosure: public}", policy],
        fields: ["{\"name\":\"id\",\"type\":\"integer\"}", "{\"name\":\"note\",\"type\":\"string\"}"],
        input: "id,note\n" + notes.enumerated().map { "\($0),\($1)\n" }.joined(), more: more)
    }
    func signOff(_ more: String...) throws -> ProcessResult {
      try run(
        [executable, "sign-off", dataset, "--steward", "王科长", "--approver", "李主任", "--now", clock] + more, in: site.path
      )
    }
    func refusals(now: String? = nil) throws -> [String] {
      let result = try site.daylight("publish", "--json", now: now ?? clock)
      let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
      let results = json?["results"] as? [[String: Any]] ?? []
      let findings = results.flatMap { (($0["report"] as? [String: Any])?["findings"] as? [[String: Any]]) ?? [] }
      #expect((result.code == 0) == findings.isEmpty)
      return findings.map { "\($0["code"] ?? "") \($0["field"] ?? "-") \($0["rule"] ?? "-")" }
    }
    let texts = (0..<40).map { "现场检查情况正常\($0 % 3)" }
    try deliver(texts)
    #expect(try signOff("--until", "2026-01-01").code != 0)
    #expect(try signOff("--until", "2099-01-01").code != 0)
    #expect(try signOff("--until", "2027-06-30").code == 0)
    let signed = try site.json("datasets/office/things/sign-off.json")
    #expect(signed["steward"] as? String == "王科长" && (signed["columns"] as? [Any])?.count == 2)
    #expect(try refusals() == [])
    // A few more of the same kind are no drift.
    try deliver(texts + ["现场检查情况正常9"])
    #expect(try refusals() == [])
    // Other texts in the same column.
    try deliver((0..<40).map { "AB-\(1000 + $0)" })
    #expect(try Set(refusals()) == ["sign-off note lengths", "sign-off note characters"])
    try deliver(texts, policy: "note: {disclosure: public, on_find: redact}")
    #expect(try refusals() == ["sign-off note policy"])
    try deliver(texts, more: "suppress_records: [{column: note, begins: 内部, reason: {zh: 内部}}]")
    #expect(try refusals() == ["sign-off note policy"])
    try deliver(texts, policy: "note: {disclosure: public, on_find: redact}")
    #expect(try signOff("--until", "2027-06-30").code == 0)
    #expect(try refusals() == [])
    try deliver(texts + ["现场检查情况正常8"], policy: "note: {disclosure: public, on_find: redact}")
    // The rules of the command hold in the file too, whoever wrote it.
    let file = "datasets/office/things/sign-off.json"
    let written = try site.text(file)
    try site.write(written.replacingOccurrences(of: "2027-06-30", with: "2099-01-01"), file)
    #expect(try refusals() == ["sign-off - expired"])
    try site.write(written.replacingOccurrences(of: "李主任", with: "王科长"), file)
    #expect(try site.daylight("publish", now: clock).code == 2)
    try site.write(written, file)
    #expect(try refusals(now: "2027-07-01T06:00:00Z") == ["sign-off - expired"])
  }
}
