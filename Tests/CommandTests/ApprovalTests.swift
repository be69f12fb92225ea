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

  private func publish(_ site: TestSite) throws -> String {
    let result = try site.daylight("publish", "--json", now: clock)
    let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    let results = json?["results"] as? [[String: Any]] ?? []
    #expect(result.code == 0, "\(result.output)\(result.error)")
    return results.compactMap { $0["outcome"] as? String }.joined(separator: " ")
  }

  private func sign(_ site: TestSite, _ officer: String, key: String? = nil, form: String = "form.json") throws
    -> ProcessResult
  {
    let signed = try site.daylight(
      "approve", form, "--officer", officer, "--key", "\(key ?? officer).key", "--secrecy-review", "不涉密",
      "--legal-basis",
      "沪府令21号", "--output", "\(officer).json")
    #expect(signed.code == 0, "\(signed.error)")
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
    #expect(try sign(site, "li", key: "wang").code == 1)
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
    _ = try publish(site)
    try export(site)
    _ = try sign(site, "wang")
    _ = try sign(site, "li")
    // Somebody changes a file of the candidate after it was signed.
    let file = "workspace/approval/office/things/files/data.csv.gz"
    try site.write(try site.read(file) + Data([0]), file)
    let result = try site.daylight("publish", "--json", now: clock)
    #expect(result.code != 0 && !site.exists("public/data"), "\(result.output)")
  }

  @Test func approvalsLapseWithTheDataTheConfigurationAndTheOfficers() throws {
    for change in ["data", "dataset", "site"] {
      let site = try site()
      _ = try publish(site)
      try export(site)
      _ = try sign(site, "wang")
      switch change {
      case "data": try site.write("id,name\n1,甲\n2,丙\n", "datasets/office/things/input.csv")
      case "dataset":
        let file = "datasets/office/things/dataset.yaml"
        try site.write(
          try site.text(file).replacingOccurrences(
            of: "name: {disclosure: public}", with: "name: {disclosure: organisation}"), file)
      default:
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

  @Test func askingForNobodysWordAnyMoreNeedsTheTwoOnceMore() throws {
    let site = try site()
    _ = try publish(site)
    try export(site)
    _ = try sign(site, "wang")
    _ = try sign(site, "li")
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
    #expect(try sign(site, "evil-a").code == 1)
    #expect(try sign(site, "evil-b").code == 1)
    #expect(try publish(site) == "waiting-for-approval")
    _ = try sign(site, "wang")
    _ = try sign(site, "zhao")
    #expect(try publish(site) == "released")
    try site.write("id,name\n1,甲\n2,戊\n", "datasets/office/things/input.csv")
    #expect(try publish(site) == "released", "nobody's word is asked for now")
  }

  @Test func aRejectedCandidateIsGone() throws {
    let site = try site()
    _ = try publish(site)
    try export(site)
    _ = try sign(site, "wang")
    #expect(try site.daylight("reject", dataset, "--reason", "需先核实", now: clock).code == 0)
    #expect(try site.daylight("review", now: clock).output.contains("Nothing waits"))
    #expect(try sign(site, "li").code == 1)
    // Made anew, it waits for both.
    #expect(try publish(site) == "waiting-for-approval")
    let json = try site.daylight("review", "--json", now: clock).output
    #expect(json.contains("\"signed\": []"), "\(json)")
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
    #expect(try sign(site, "li", key: "wang", form: "standing.json").code == 1)
    #expect(try sign(site, "li", form: "standing.json").output.contains("2 of 2"))
    // The first release is for officers to look at.
    try deliver(20)
    #expect(try publish(site) == "waiting-for-approval")
    try export(site)
    _ = try sign(site, "wang")
    _ = try sign(site, "zhao")
    #expect(try publish(site) == "released")
    // Two rows more of twenty are within, three of 22 are not.
    try deliver(22)
    #expect(try publish(site) == "released")
    try deliver(25)
    #expect(try publish(site) == "waiting-for-approval")
    try deliver(23)
    #expect(try publish(site) == "released")
    // Another configuration was signed by nobody.
    let file = "datasets/office/things/dataset.yaml"
    try site.write(try site.text(file) + "\nkeywords: {zh: [新]}\n", file)
    #expect(try publish(site) == "waiting-for-approval")
    try site.write(try site.text(file).replacingOccurrences(of: "\nkeywords: {zh: [新]}\n", with: ""), file)
    try deliver(24)
    #expect(try publish(site) == "released")
    // What officers have said outlives the machine.
    try site.write("correct horse battery staple", "passphrase")
    #expect(try site.daylight("backup", "site.backup", "--passphrase-file", "passphrase").code == 0)
    try FileManager.default.removeItem(atPath: "\(site.path)/workspace")
    #expect(try site.daylight("restore", "site.backup", "--passphrase-file", "passphrase").code == 0)
    try deliver(23)
    #expect(try publish(site) == "released")
    // The day after.
    try deliver(25)
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
    #expect(try refusals(now: "2027-07-01T06:00:00Z") == ["sign-off - expired"])
  }
}
