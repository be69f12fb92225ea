import Foundation
import TestSupport
import Testing

/// The road, through the door that a data officer uses.
@Suite struct PublishTests {
  private let name = #"{"name":"name","type":"string"}"#
  private let id = #"{"name":"id","type":"integer","constraints":{"required":true}}"#
  private let clock = "2026-11-23T06:00:00Z"

  private func site(_ input: String, more: String = "release: {key: [id]}") throws -> TestSite {
    let site = try TestSite()
    try site.addDataset(
      columns: ["id: {disclosure: public}", "name: {disclosure: public}"], fields: [id, name], primaryKey: "[\"id\"]",
      input: input, more: more)
    return site
  }

  private func results(_ result: ProcessResult) throws -> [[String: Any]] {
    let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    return json?["results"] as? [[String: Any]] ?? []
  }

  @Test func theProjectsOwnDatasetsArePublishedAndASecondRunChangesNothing() throws {
    let site = try TestSite(copyOfProject: true)
    let first = try site.daylight("publish", "--json", now: clock)
    #expect(first.code == 0, "\(first.error)")
    #expect(try results(first).compactMap { $0["outcome"] as? String } == Array(repeating: "released", count: 5))
    #expect(try results(first).compactMap { $0["row_count"] as? Int } == [234, 144, 35, 1_024, 320])
    let before = try site.tree("public")
    let second = try site.daylight("publish", "--json", now: "2026-11-23T07:00:00Z")
    #expect(second.code == 0)
    #expect(try results(second).compactMap { $0["outcome"] as? String } == Array(repeating: "unchanged", count: 5))
    #expect(try site.tree("public") == before)
    #expect(try site.daylight("publish", now: "2026-11-23T08:00:00Z").output.contains("Nothing new was released."))
  }

  @Test func theSameInputClockAndKeysGiveTheSameBytes() throws {
    let site = try TestSite(copyOfProject: true)
    #expect(try site.daylight("publish", now: clock).code == 0)
    let first = try site.tree("public")
    // A site that never published, with the same keys.
    for name in try FileManager.default.contentsOfDirectory(atPath: "\(site.path)/workspace") where name != "keys" {
      try FileManager.default.removeItem(atPath: "\(site.path)/workspace/\(name)")
    }
    try FileManager.default.removeItem(atPath: "\(site.path)/public")
    #expect(try site.daylight("publish", "--first-run", environment: ["SOURCE_DATE_EPOCH": "1795413600"]).code == 0)
    let second = try site.tree("public")
    #expect(first.keys.sorted() == second.keys.sorted())
    for (path, data) in first { #expect(second[path] == data, "\(path)") }
    #expect(first.count > 60)
  }

  @Test func nothingPersonalOfTheRegisterIsInAnyPublicByteLogOrError() throws {
    let site = try TestSite(copyOfProject: true)
    let encoding = String.Encoding(rawValue: 0x8000_0632)  // GB18030
    let raw = try #require(
      String(data: try site.read("datasets/market-regulation/inspections/inspections.csv"), encoding: encoding))
    var secrets: Set<String> = []
    for line in raw.split(separator: "\n").dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      guard cells.count > 9, cells[8].count == 18 else { continue }
      secrets.formUnion([String(cells[6]), String(cells[7]), String(cells[8])])
    }
    #expect(secrets.count > 500)
    let result = try site.daylight("publish", "--verbose", now: clock)
    var places = ["output": result.output, "error": result.error]
    for (path, data) in try site.tree("public") {
      places[path] = path.hasSuffix(".gz") ? try site.unpacked(path) : String(decoding: data, as: UTF8.self)
    }
    for (place, text) in places {
      for secret in secrets where text.contains(secret) { Issue.record("\(place) holds a value that was removed") }
    }
  }

  @Test func aPhoneColumnWronglySetToPublicIsRefusedByTheOutputCheck() throws {
    let site = try TestSite(copyOfProject: true)
    let file = "datasets/market-regulation/inspections/dataset.yaml"
    let text = try site.text(file)
    try site.write(
      text.replacingOccurrences(
        of: "phone:                {disclosure: direct-identifier, transform: drop}",
        with: "phone: {disclosure: public}"), file)
    let result = try site.daylight("publish", "market-regulation/inspections", "--json", now: clock)
    #expect(result.code == 3)
    let report = try results(result).first?["report"] as? [String: Any]
    let findings = report?["findings"] as? [[String: Any]] ?? []
    #expect(report?["stage"] as? String == "output-check")
    #expect(
      findings.contains {
        $0["code"] as? String == "sensitive-value" && $0["field"] as? String == "phone" && $0["count"] as? Int == 320
      })
    #expect(!site.exists("public/data"))
    #expect(result.output.range(of: #"1[3-9]\d{9}"#, options: .regularExpression) == nil)
  }

  @Test func aRemovedValueInAnotherColumnIsRefused() throws {
    let site = try TestSite()
    try site.addDataset(
      columns: [
        "id: {disclosure: public}", "passport: {disclosure: direct-identifier, transform: drop}",
        "name: {disclosure: public}",
      ],
      fields: [id, #"{"name":"passport","type":"string"}"#, name],
      input: "id,passport,name\n1,EA1234567,\n2,EB7654321,see ea 1234567\n")
    let result = try site.daylight("publish", "--json", now: clock)
    #expect(result.code == 3)
    #expect(result.output.contains("removed-value") && result.output.contains("\"field\": \"name\""))
    #expect(!result.output.contains("1234567"))
  }

  @Test func versionsFollowWhatChanged() throws {
    let site = try site("id,name\n10,b\n9,a\n", more: "release: {key: [id]}\nassertions: {rows: {change: 200%}}")
    func publish(_ now: String) throws -> (String?, String?, [String: Any]) {
      let result = try results(try site.daylight("publish", "--json", now: now)).first ?? [:]
      let record = try site.json("public/data/office/things/latest/release.json")
      return (result["outcome"] as? String, record["version"] as? String, record["change"] as? [String: Any] ?? [:])
    }
    func change(_ input: String) throws { try site.write(input, "datasets/office/things/input.csv") }
    func rows(_ change: [String: Any]) -> [Int?] {
      let rows = change["rows"] as? [String: Any] ?? [:]
      return ["added", "removed", "changed"].map { rows[$0] as? Int }
    }
    var (outcome, version, what) = try publish("2026-11-23T01:00:00Z")
    #expect((outcome, version) == ("released", "1.0.0"))
    // Numbers in the order of their values.
    #expect(try site.unpacked("data/office/things/latest/data.csv.gz") == "id,name\n9,a\n10,b\n")

    try change("name,id\na,9\nb,10\n")
    (outcome, version, what) = try publish("2026-11-23T02:00:00Z")
    #expect(outcome == "unchanged", "columns come by name, rows by key")

    try change("id,name\n9,a\n10,B\n")
    (outcome, version, what) = try publish("2026-11-23T03:00:00Z")
    #expect((outcome, version) == ("released", "1.0.1"))
    #expect(rows(what) == [0, 0, 1])

    try change("id,name\n9,a\n11,c\n12,d\n")
    (outcome, version, what) = try publish("2026-11-23T04:00:00Z")
    #expect(version == "1.1.0")
    #expect(rows(what) == [2, 1, 0])

    let yaml = try site.text("datasets/office/things/dataset.yaml")
    try site.write(yaml.replacingOccurrences(of: "测试数据集", with: "另一说明"), "datasets/office/things/dataset.yaml")
    (outcome, version, what) = try publish("2026-11-23T05:00:00Z")
    #expect(version == "1.1.1")
    #expect(((what["reasons"] as? [[String: Any]])?.first?["code"] as? String) == "metadata-changed")

    try site.write(
      "{\"fields\": [\(id), {\"name\":\"name\",\"type\":\"string\"}, {\"name\":\"more\",\"type\":\"integer\"}], \"primaryKey\": [\"id\"]}",
      "schemas/things.tableschema.json")
    try site.write(
      try site.text("datasets/office/things/dataset.yaml").replacingOccurrences(
        of: "  name: {disclosure: public}", with: "  name: {disclosure: public}\n  more: {disclosure: public}"),
      "datasets/office/things/dataset.yaml")
    try change("id,name,more\n9,a,1\n11,c,2\n12,x,\n")
    (outcome, version, what) = try publish("2026-11-23T06:00:00Z")
    #expect(version == "1.2.0")
    #expect(rows(what) == [0, 0, 1])

    try site.write(
      "{\"fields\": [\(id), {\"name\":\"name\",\"type\":\"string\"}, {\"name\":\"more\",\"type\":\"string\"}], \"primaryKey\": [\"id\"]}",
      "schemas/things.tableschema.json")
    (outcome, version, what) = try publish("2026-11-24T06:00:00Z")
    #expect(version == "2.0.0")
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(site.path)/public/data/office/things").sorted()
    #expect(
      names == [
        "2026.11.23.1", "2026.11.23.2", "2026.11.23.3", "2026.11.23.4", "2026.11.23.5", "2026.11.24.1", "latest",
      ])
  }

  @Test func pastReleasesStaySignedInTheRoleOfTheirYear() throws {
    let site = try site("id,name\n1,a\n")
    #expect(try site.daylight("publish", now: "2025-05-01T00:00:00Z").code == 0)
    try site.write("id,name\n1,b\n", "datasets/office/things/input.csv")
    #expect(try site.daylight("publish", now: "2025-05-02T00:00:00Z").code == 0)
    let role = try site.json("public/metadata/1.department-office-2025.json")
    let past = ((role["signed"] as? [String: Any])?["targets"] as? [String: Any])?.keys.sorted() ?? []
    #expect(past.first == "office/things/2025.05.01.1/croissant.json" && past.count == 6)
    guard let client = TUFClient(site) else { return }
    #expect(try client.verify(now: "2025-05-02 01:00:00") == "ok 15")
  }

  @Test func signaturesAreRenewedWhenHalfOfTheirLifeIsOver() throws {
    let site = try site("id,name\n1,a\n")
    #expect(try site.daylight("publish", now: "2026-01-01T00:00:00Z").code == 0)
    #expect(try site.daylight("publish", now: "2026-01-02T00:00:00Z").code == 0)
    #expect(!site.exists("public/metadata/2.snapshot.json"))
    #expect(try site.daylight("publish", now: "2026-01-02T13:00:00Z").code == 0)
    #expect(site.exists("public/metadata/2.snapshot.json") && !site.exists("public/metadata/2.site.json"))
    #expect(try site.daylight("publish", now: "2026-01-09T00:00:00Z").code == 0)
    #expect(site.exists("public/metadata/2.site.json"))
  }

  @Test func aForeignOrLostKeySignsNothing() throws {
    let site = try site("id,name\n1,a\n")
    #expect(try site.daylight("publish", now: clock).code == 0)
    let before = try site.tree("public")
    try site.write("id,name\n1,b\n", "datasets/office/things/input.csv")
    let keys = "\(site.path)/workspace/keys"
    for name in ["timestamp.ed25519", "department-office.ed25519", "workspace.key"] {
      // Lost: nothing is made in its place.
      try FileManager.default.moveItem(atPath: "\(keys)/\(name)", toPath: "\(site.path)/\(name)")
      let lost = try site.daylight("publish", now: clock)
      #expect(
        lost.code == 1 && (lost.error + lost.output).contains("\(name) is missing"), "\(lost.error)\(lost.output)")
      #expect(!site.exists("workspace/keys/\(name)"))
      try FileManager.default.moveItem(atPath: "\(site.path)/\(name)", toPath: "\(keys)/\(name)")
    }
    // Another one: clients would be locked out.
    try site.write(String(repeating: "ab", count: 32) + "\n", "workspace/keys/timestamp.ed25519")
    let foreign = try site.daylight("publish", now: clock)
    #expect(foreign.code == 1 && foreign.error.contains("the key of timestamp"))
    #expect(try site.tree("public") == before)
  }

  @Test func aReleasedDatasetWhoseFolderIsGoneIsToldAndStays() throws {
    let site = try site("id,name\n1,a\n")
    try site.addDataset("other", columns: ["id: {disclosure: public}"], fields: [id], input: "id\n1\n")
    #expect(try site.daylight("publish", now: clock).code == 0)
    try FileManager.default.removeItem(atPath: "\(site.path)/datasets/office/other")
    let all = try site.daylight("publish", now: clock)
    #expect(all.code == 1 && all.output.contains("office/other: has releases, but its folder"), "\(all.output)")
    #expect(try site.text("public/catalog.ttl").contains("office/other"))
    // Who names another dataset is not told of it.
    #expect(try site.daylight("publish", "office/things", now: clock).code == 0)
  }

  @Test func conditionalAndClosedDatasetsShowNothingOfTheirData() throws {
    let site = try site("id,name\n1,secretvalue\n")
    let yaml = try site.text("datasets/office/things/dataset.yaml")
    try site.write(
      yaml.replacingOccurrences(
        of: "access: unconditional", with: "access: conditional\nconditions: {zh: 签订协议, en: sign an agreement}"),
      "datasets/office/things/dataset.yaml")
    #expect(try site.daylight("publish", now: clock).output.contains("listed only"))
    let page = try site.text("public/en/datasets/office/things/index.html")
    #expect(page.contains("sign an agreement") && page.contains("<code>name</code>"))
    #expect(!site.exists("public/data") && !site.exists("workspace/snapshots/office"))
    #expect(try site.text("public/catalog.ttl").contains("RESTRICTED"))
    for (_, data) in try site.tree("public") { #expect(!String(decoding: data, as: UTF8.self).contains("secretvalue")) }

    try site.write(
      yaml.replacingOccurrences(of: "access: unconditional", with: "access: closed"),
      "datasets/office/things/dataset.yaml")
    #expect(try site.daylight("publish", now: clock).code == 0)
    #expect(!(try site.text("public/index.html")).contains("事项"))
  }

  @Test func closingADatasetTakesNothingBackAndSaysSo() throws {
    let site = try site("id,name\n1,a\n")
    #expect(try site.daylight("publish", now: clock).code == 0)
    let yaml = try site.text("datasets/office/things/dataset.yaml")
    try site.write(
      yaml.replacingOccurrences(of: "access: unconditional", with: "access: closed"),
      "datasets/office/things/dataset.yaml")
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 1 && result.output.contains("still published"))
  }

  @Test func aConditionalDatasetInTroubleHoldsNoOtherOneBack() throws {
    let site = try site("id,name\n1,a\n")
    try site.addDataset("other", columns: ["id: {disclosure: public}"], fields: [id], input: "id\n1\n")
    let file = "datasets/office/other/dataset.yaml"
    let open = try site.text(file).replacingOccurrences(
      of: "access: unconditional", with: "access: conditional\nconditions: 签订协议")
    try site.write(open, file)
    #expect(try site.daylight("publish", now: clock).code == 0)
    #expect(try site.text("public/catalog.ttl").contains("office/other"))
    // A private telephone in the conditions, then a transform that cannot be: the record stays as it was, the others go on.
    for (text, code) in [
      (open.replacingOccurrences(of: "签订协议", with: "致电13800138000"), Int32(3)),
      (
        open.replacingOccurrences(
          of: "id: {disclosure: public}",
          with: "id: {disclosure: quasi-identifier, transform: {generalise: {date: year}}}"), 2
      ),
    ] {
      try site.write(text, file)
      try site.write("id,name\n1,\(code)\n", "datasets/office/things/input.csv")
      let result = try site.daylight("publish", "--json", now: clock)
      let outcomes = try results(result).map { $0["outcome"] as? String }
      #expect(result.code == code && outcomes == [code == 3 ? "refused" : "failed", "released"], "\(result.output)")
      #expect(try site.text("public/catalog.ttl").contains("office/other"))
      #expect(!(try site.text("public/datasets/office/other/index.html")).contains("13800138000"))
    }
  }

  @Test func whatPagesWouldShowIsCheckedWithTheDataset() throws {
    let site = try site("id,name\n1,a\n")
    try site.addDataset("other", columns: ["id: {disclosure: public}"], fields: [id], input: "id\n1\n")
    let file = "datasets/office/other/dataset.yaml"
    // In JSON the line breaks are escaped, on a page they are not.
    try site.write(
      try site.text(file).replacingOccurrences(of: "zh: 测试数据集", with: #"zh: "热线\n138\n0013\n8000""#), file)
    let result = try site.daylight("publish", "--json", now: clock)
    #expect(result.code == 3)
    #expect(try results(result).map { $0["outcome"] as? String } == ["refused", "released"], "\(result.output)")
  }

  @Test func everyReasonIsGiven() throws {
    let site = try site("id,name\n1,a\n")
    #expect(try site.daylight("publish", now: clock).code == 0)
    let file = "datasets/office/things/dataset.yaml"
    try site.write(try site.text(file).replacingOccurrences(of: "测试数据集", with: "另一说明"), file)
    try site.write("id,name\n1,b\n2,c\n", "datasets/office/things/input.csv")
    #expect(try site.daylight("publish", now: clock).code == 0)
    let change = try site.json("public/data/office/things/latest/release.json")["change"] as? [String: Any]
    let codes = (change?["reasons"] as? [[String: Any]] ?? []).compactMap { $0["code"] as? String }
    #expect(codes == ["rows-added", "values-changed", "metadata-changed"])
  }

  @Test func longRecordsThatAreAllowedGoAllTheWay() throws {
    let site = try TestSite()
    try site.addDataset(
      columns: ["name: {disclosure: public}"], fields: [name],
      input: "name\n\(String(repeating: "x", count: 17 << 20))\n",
      source: "max_record: 100000000")
    #expect(try site.daylight("publish", now: clock).code == 0)
  }

  @Test func checksLeaveOneWorkFolder() throws {
    let site = try site("id,name\n1,a\n")
    for _ in 0..<3 { #expect(try site.daylight("check", now: clock).code == 0) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(site.path)/workspace/work/office/things").count == 1)
  }

  @Test func tabsMayDelimit() throws {
    let site = try TestSite()
    for delimiter in [#"delimiter: "\t""#, #"delimiter: '\t'"#] {
      try site.addDataset(
        columns: ["id: {disclosure: public}", "name: {disclosure: public}"], fields: [id, name],
        input: "id\tname\n1\ta,b\n",
        source: "dialect: {\(delimiter)}")
      #expect(try site.daylight("check", now: clock).code == 0, "\(delimiter)")
    }
  }

  @Test func aTableAboutPersonsIsOrderedByItsRowsAndKeepsItsVersionLine() throws {
    let site = try TestSite()
    try site.addDataset(
      columns: ["id: {disclosure: public}", "name: {disclosure: public}"], fields: [id, name],
      input: "id,name\n2,b\n10,a\n",
      more: "release: {key: [id]}", subject: "person")
    #expect(try site.daylight("publish", now: "2026-11-23T01:00:00Z").code == 0)
    #expect(try site.unpacked("data/office/things/latest/data.csv.gz") == "id,name\n10,a\n2,b\n")
    try site.write("id,name\n2,c\n10,a\n", "datasets/office/things/input.csv")
    #expect(try site.daylight("publish", now: "2026-11-23T02:00:00Z").code == 0)
    #expect(try site.json("public/data/office/things/latest/release.json")["version"] as? String == "1.1.0")
  }

  @Test func numbersOfAnySizeHarmNobody() throws {
    let site = try site("id,name\n1,a\n")
    try site.addDataset(
      "huge", columns: ["n: {disclosure: public}"],
      fields: [#"{"name":"n","type":"number","constraints":{"minimum":0}}"#],
      input: "n\n1e9223372036854775807\n1e400\n", more: "release: {key: [n]}")
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 0, "\(result.output)\(result.error)")
    #expect(
      try site.unpacked("data/office/huge/latest/data.json.gz")
        == "[\n{\"n\":\"1E400\"},\n{\"n\":\"1E9223372036854775807\"}\n]\n")
  }

  @Test func oneDatasetsTroubleHoldsNoOtherOneBack() throws {
    let site = try site("id,name\n1,a\n")
    try site.addDataset("broken", columns: ["id: {disclosure: public}"], fields: [id], input: "id\nx\n")
    try site.addDataset("gone", columns: ["id: {disclosure: public}"], fields: [id], input: "id\n1\n")
    try FileManager.default.removeItem(atPath: "\(site.path)/datasets/office/gone/input.csv")
    let result = try site.daylight("publish", "--json", now: clock)
    #expect(result.code == 3)
    #expect(
      try results(result).map { "\($0["outcome"] ?? "") \($0["exit_code"] ?? "")" } == [
        "refused 3", "source-unavailable 4", "released 0",
      ])
    let status = try site.daylight("status")
    #expect(status.output.contains("(column id)") && status.output.contains("there is no file"))
  }

  @Test func aRefusedDatasetStaysInTheCatalogueAsItWas() throws {
    let site = try site("id,name\n1,a\n")
    try site.addDataset("other", columns: ["id: {disclosure: public}"], fields: [id], input: "id\n1\n")
    #expect(try site.daylight("publish", now: clock).code == 0)
    try site.write("nonsense: [", "datasets/office/things/dataset.yaml")
    try site.write("id\n2\n", "datasets/office/other/input.csv")
    #expect(try site.daylight("publish", now: "2026-11-24T06:00:00Z").code == 2)
    #expect(try site.text("public/index.html").contains("事项"))
    #expect(try site.text("public/catalog.ttl").contains("dataset/office/things"))
    #expect(try site.json("public/data/office/other/latest/release.json")["release"] as? String == "2026.11.24.1")
  }

  @Test func checkWritesNothingPublic() throws {
    let site = try site("id,name\n1,a\n")
    let result = try site.daylight("check", now: clock)
    #expect(result.code == 0 && result.output.contains("would be released"))
    #expect(try site.tree("public").isEmpty)
    #expect(!site.exists("workspace/keys/root.ed25519"))
  }

  @Test func aDatasetThatAsksForTwoOfficersWaits() throws {
    let site = try site("id,name\n1,a\n", more: "release: {key: [id], approval: two-person}")
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 0 && result.output.contains("waiting for approval"))
    #expect(!site.exists("public/data"))
  }

  @Test func twoPublishersDoNotRunAtOnce() throws {
    let site = try site("id,name\n1,a\n")
    #expect(try site.daylight("publish", now: clock).code == 0)
    let lock = open("\(site.path)/workspace/lock", O_RDWR)
    defer { close(lock) }
    #expect(flock(lock, LOCK_EX) == 0)
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 1 && result.error.contains("another publication is running"))
  }

  @Test func numbersThatReadersWouldRoundAreTextThroughout() throws {
    let site = try TestSite()
    try site.addDataset(
      columns: ["id: {disclosure: public}", "amount: {disclosure: public}"],
      fields: [id, #"{"name":"amount","type":"number","constraints":{"minimum":0}}"#],
      input: "id,amount\n1,0.12345678901234567\n2,3\n")
    #expect(try site.daylight("publish", now: clock).code == 0)
    #expect(
      try site.unpacked("data/office/things/latest/data.json.gz")
        == "[\n{\"id\":1,\"amount\":\"0.12345678901234567\"},\n{\"id\":2,\"amount\":\"3\"}\n]\n")
    let schema = try site.json("public/data/office/things/latest/release.json")["schema"] as? [String: Any]
    let fields = schema?["fields"] as? [[String: Any]] ?? []
    #expect(fields.last?["type"] as? String == "string" && fields.last?["constraints"] == nil)
  }

  @Test func emptyTablesAndSingleColumnsWithNullsAreReadTheSameEverywhere() throws {
    let site = try TestSite()
    try site.addDataset("empty", columns: ["id: {disclosure: public}"], fields: [id], input: "id\n")
    try site.addDataset("single", columns: ["name: {disclosure: public}"], fields: [name], input: "name\na\n\nb\n")
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 0, "\(result.output)\(result.error)")
    #expect(try site.unpacked("data/office/empty/latest/data.json.gz") == "[\n]\n")
    #expect(try site.unpacked("data/office/single/latest/data.csv.gz") == "name\n\"\"\na\nb\n")
    #expect(
      try site.unpacked("data/office/single/latest/data.json.gz")
        == "[\n{\"name\":null},\n{\"name\":\"a\"},\n{\"name\":\"b\"}\n]\n")
  }
}

/// Two datasets of the same content, in one promotion and over several.
@Suite struct TwinDatasetTests {
  @Test func equalFilesOfTwoDatasetsDoNotGetInEachOthersWay() throws {
    let site = try TestSite()
    for name in ["one", "two"] {
      try site.addDataset(
        name, columns: ["id: {disclosure: public}"], fields: [#"{"name":"id","type":"integer"}"#], input: "id\n1\n")
    }
    #expect(try site.daylight("publish", now: "2026-11-23T06:00:00Z").code == 0)
    #expect(
      try site.read("public/data/office/one/latest/data.csv.gz")
        == site.read("public/data/office/two/2026.11.23.1/data.csv.gz"))
    guard let client = TUFClient(site) else { return }
    #expect(try client.verify(now: "2026-11-23 07:00:00") == "ok 15")
  }
}
