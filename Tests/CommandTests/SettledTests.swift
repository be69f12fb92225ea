import Foundation
import TestSupport
import Testing

/// What was worked through once is not worked through again, as long as nothing that it follows from has changed.
@Suite struct SettledTests {
  private func site() throws -> TestSite {
    let site = try TestSite()
    try site.addDataset(
      columns: ["id: {disclosure: public}", "name: {disclosure: public, repair: [trim]}"],
      fields: [#"{"name":"id","type":"integer"}"#, #"{"name":"name","type":"string"}"#], primaryKey: "[\"id\"]",
      input: "id,name\n1, a \n2,b\n", more: "release: {key: [id]}")
    return site
  }

  /// The outcome, and the stages that ran.
  private func run(_ site: TestSite, _ command: String = "publish") throws -> (outcome: String, stages: Set<String>) {
    let result = try site.daylight(command, "--json", "--verbose", now: "2026-11-23T06:00:00Z")
    let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    let results = json?["results"] as? [[String: Any]] ?? []
    let stages = result.error.split(separator: "\n").compactMap { line in
      line.split(separator: " ").first { $0.hasPrefix("stage=") }.map { String($0.dropFirst(6)) }
    }
    return (results.first?["outcome"] as? String ?? "none", Set(stages))
  }

  @Test func whatWasLostOfPagesAndCataloguesIsPutBack() throws {
    let site = try site()
    #expect(try run(site).outcome == "released")
    let whole = try site.tree("public")
    for path in ["datasets/office/things/index.html", "en/index.html", "catalog.ttl"] {
      try FileManager.default.removeItem(atPath: "\(site.path)/public/\(path)")
    }
    #expect(try site.daylight("verify", "public", "--as-of", "2026-11-23T06:00:00Z").code != 0)
    #expect(try run(site).outcome == "unchanged")
    #expect(try site.tree("public") == whole)
  }

  @Test func theSameDeliveryIsNotWorkedThroughAgain() throws {
    let site = try site()
    let first = try run(site)
    #expect(first.outcome == "released")
    #expect(first.stages.isSuperset(of: ["ingest", "validation", "output-check"]))
    for command in ["check", "publish", "check"] {
      let again = try run(site, command)
      #expect(again.outcome == "unchanged")
      #expect(again.stages.isEmpty, "\(command)")
    }
    // What was found is said again, though nobody looked again.
    let text = try site.daylight("check", "--json", now: "2026-11-23T07:00:00Z").output
    let json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    let result = try #require((json?["results"] as? [[String: Any]])?.first)
    #expect(result["row_count"] as? Int == 2)
    let findings = try #require((result["report"] as? [String: Any])?["findings"] as? [[String: Any]])
    #expect(findings.map { $0["count"] as? Int } == [1])
    // The same bytes, written anew.
    try site.write("id,name\n1, a \n2,b\n", "datasets/office/things/input.csv")
    #expect(try run(site).stages.isEmpty)
  }

  @Test func whateverTheResultFollowsFromIsWorkedThrough() throws {
    let site = try site()
    #expect(try run(site).outcome == "released")
    let file = "datasets/office/things/dataset.yaml"
    let configuration = try site.text(file)
    // A column that is not to be published any more must go out with the next run.
    try site.write(
      configuration.replacingOccurrences(
        of: "name: {disclosure: public, repair: [trim]}", with: "name: {disclosure: sensitive, transform: drop}"), file)
    let stripped = try run(site)
    #expect(stripped.outcome == "released")
    #expect(stripped.stages.contains("redaction"))
    // Other bytes of the same length.
    try site.write("id,name\n1, a \n3,b\n", "datasets/office/things/input.csv")
    #expect(try run(site).outcome == "released")
    // The schema, the department and the site count as well.
    for (file, old, new) in [
      ("schemas/things.tableschema.json", "\"primaryKey\"", "\"title\": \"t\", \"primaryKey\""),
      ("datasets/office/department.yaml", "Test office", "Trial office"),
      ("datasets/site.yaml", "For tests", "For trials"),
    ] {
      let text = try site.text(file)
      #expect(text.contains(old))
      try site.write(text.replacingOccurrences(of: old, with: new), file)
      #expect(try run(site).stages.contains("validation"), "\(file)")
      #expect(try run(site).stages.isEmpty, "\(file)")
    }
    // So does the delivery that is held, and the release that is published.
    let snapshots = "workspace/snapshots/office/things"
    for name in try FileManager.default.contentsOfDirectory(atPath: "\(site.path)/\(snapshots)") {
      try FileManager.default.removeItem(atPath: "\(site.path)/\(snapshots)/\(name)")
    }
    #expect(try run(site, "check").stages.contains("ingest"))
    #expect(try run(site, "check").stages.isEmpty)
    let releases = "\(site.path)/public/data/office/things"
    for name in try FileManager.default.contentsOfDirectory(atPath: releases) {
      try FileManager.default.removeItem(atPath: "\(releases)/\(name)/data.csv.gz")
    }
    #expect(try run(site, "check").stages.contains("ingest"))
  }

  /// A text that a column repeats is looked at once where it is clean, and each time where it is not.
  @Test func whatMustNotGetOutIsCountedHoweverOftenAColumnRepeatsItself() throws {
    let site = try TestSite()
    // A made-up number with a valid check digit.
    let rows = (1...9_000).map { "\($0),\($0 % 3_000 == 0 ? "证 11010519491231002X" : "无异常情况 \($0 % 7)")\n" }
    try site.addDataset(
      columns: ["id: {disclosure: public}", "note: {disclosure: public}"],
      fields: [#"{"name":"id","type":"integer"}"#, #"{"name":"note","type":"string"}"#],
      input: "id,note\n" + rows.joined(), more: "release: {key: [id]}")
    let result = try site.daylight("check", "--json", now: "2026-11-23T06:00:00Z")
    #expect(result.code == 3)
    let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    let report = (json?["results"] as? [[String: Any]])?.first?["report"] as? [String: Any]
    let findings = report?["findings"] as? [[String: Any]] ?? []
    #expect(findings.first { $0["code"] as? String == "sensitive-value" }?["count"] as? Int == 3)
  }

  @Test func pagesOfDatasetsThatStayAreNotMadeAgainAndAreStillThere() throws {
    let site = try site()
    try site.addDataset(
      "others", columns: ["id: {disclosure: public}"], fields: [#"{"name":"id","type":"integer"}"#],
      input: "id\n1\n", more: "release: {key: [id]}")
    #expect(try site.daylight("publish", now: "2026-11-23T06:00:00Z").code == 0)
    try site.write("id\n1\n2\n", "datasets/office/others/input.csv")
    #expect(try site.daylight("publish", now: "2026-11-24T06:00:00Z").code == 0)
    let quick = try site.tree("public")
    // From nothing but the signed metadata and the releases, the same pages come out.
    for name in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"] {
      try? FileManager.default.removeItem(atPath: "\(site.path)/workspace/\(name)")
    }
    #expect(try site.daylight("publish", now: "2026-11-24T07:00:00Z").code == 0)
    #expect(try site.tree("public") == quick)
    #expect(quick["datasets/office/things/index.html"] != nil)
    #expect(try site.daylight("verify", "public", "--as-of", "2026-11-24T07:00:00Z").code == 0)
  }
}
