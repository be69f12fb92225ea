import Foundation
import TestSupport
import Testing

/// What an officer is given to act on: a page, rows that can be accepted and rows that cannot, and what changed since the last time.
@Suite struct DeliveryReportTests {
  private let clock = "2026-11-23T06:00:00Z"

  private func site(_ input: String, more: String = "", source: String = "") throws -> TestSite {
    let site = try TestSite()
    try site.addDataset(
      columns: [
        "id: {disclosure: public}", "kind: {disclosure: public}", "amount: {disclosure: public}",
        "phone: {disclosure: direct-identifier, transform: drop}",
      ],
      fields: [
        #"{"name":"id","type":"integer"}"#, #"{"name":"kind","type":"string"}"#,
        #"{"name":"amount","type":"number","constraints":{"minimum":0}}"#,
        #"{"name":"phone","type":"string","constraints":{"pattern":"1\\d{10}"}}"#,
      ],
      primaryKey: "[\"id\"]", input: input, source: source, more: more)
    return site
  }

  private func lines(_ site: TestSite, _ file: String) throws -> [String] {
    try site.text("workspace/split/office/things/\(file)").split(separator: "\n").map(String.init)
  }

  /// Every row is in one of the two files; what can be accepted is accepted when it is delivered.
  @Test func rowsAreSplitIntoAcceptedAndRejected() throws {
    let input = """
      id,kind,amount,phone
      1,a,1,13800138000
      2,b,x,13800138001
      2,"c,d",-1,13800138002
      4,e,4
      ,f,5,13800138003

      6,g,6,1380013800
      7,"h
      h",7,
      8,"i"i,8,
      7,j,9,
      11,k\u{fffd},9,

      """
    let site = try site(input)
    let result = try site.daylight("check", "--split", now: clock)
    #expect(result.code == 3 && result.output.contains("accepted-rows 2") && result.output.contains("rejected-rows 8"))
    #expect(
      try site.text("workspace/split/office/things/accepted.csv")
        == "id,kind,amount,phone\n1,a,1,13800138000\n7,\"h\nh\",7,\n")
    let rejected = try lines(site, "rejected.csv")
    #expect(rejected[0] == "行,文件行,原因,id,kind,amount,phone")
    let expected = [
      ("2,3,", "type-error number"), ("3,4,", "constraint-error minimum 0"), ("3,4,", "primary-key"),
      ("4,5,", "missing-cell"), ("5,6,", "primary-key required"), ("7,8,", "constraint-error pattern"),
      ("9,11,", "stray-quote"), ("10,12,", "primary-key"), ("11,13,", "damaged-text"),
    ]
    for (place, reason) in expected {
      #expect(rejected.contains { $0.hasPrefix(place) && $0.contains(reason) }, "\(place) \(reason) \(rejected)")
    }
    #expect(rejected.count == 9)
    let attributes = try FileManager.default.attributesOfItem(
      atPath: "\(site.path)/workspace/split/office/things/rejected.csv")
    #expect((attributes[.posixPermissions] as? Int) == 0o600)
    try site.write(try site.read("workspace/split/office/things/accepted.csv"), "datasets/office/things/input.csv")
    #expect(try site.daylight("check", now: clock).code == 0)
    #expect(!site.exists("public/metadata"))
  }

  @Test func aPageOfADeliveryToSendToTheDepartment() throws {
    let site = try site("id,kind,amount,phone\n1,a,１２,13800138000\n1,a,1,13900139000\n")
    let result = try site.daylight("check", "--html", "\(site.path)/report.html", now: clock)
    #expect(result.code == 3)
    let page = try site.text("report.html")
    for part in ["未通过", "type-error", "全角", "primary-key", "office/things", "“１２”", "与第 1 行相同"] {
      #expect(page.contains(part), "\(part)")
    }
    #expect(!page.contains("13800138000") && !page.contains("http"))
  }

  /// Of public columns what is wrong is shown, but for somebody's number; of others its shape.
  @Test func whatIsWrongInPublicColumnsIsShown() throws {
    let site = try site("id,kind,amount,phone\n1,a,about 5,x1\n2,a,13800138000元,x2\n")
    let result = try site.daylight("check", "--lang", "en", now: clock)
    #expect(
      result.output.contains("“about 5”") && !result.output.contains("13800138000") && !result.output.contains("x1"))
    let json = try site.daylight("check", "--json", now: clock)
    #expect(json.output.contains("about 5") && !json.output.contains("13800138000") && !json.output.contains("x2"))
  }

  /// Dates that were agreed on in another form are rewritten and counted; others are errors.
  @Test(arguments: [
    ("\"%Y/%m/%d\"", "2024/01/26", 0), ("any", "2024年1月26日", 0), ("excel", "45317", 0), ("excel", "60", 3),
    ("\"%Y/%m/%d\"", "26/01/2024", 3), ("any", "2024-01-26", 0),
  ])
  func datesAreRepaired(form: String, text: String, code: Int32) throws {
    let site = try TestSite()
    try site.addDataset(
      columns: ["day: {disclosure: public, repair: [trim, {date: \(form)}]}"],
      fields: [#"{"name":"day","type":"date"}"#],
      input: "day\n \(text)\n")
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == code, "\(result.output)")
    if code == 0 {
      #expect(result.output.contains("repaired"))
      let table = try run(["/bin/sh", "-c", "zcat public/data/office/things/latest/data.csv.gz"], in: site.path)
      #expect(table.output == "day\n2024-01-26\n", "\(table.output)")
    }
  }

  private func rows(_ count: Int, _ row: (Int) -> String) -> String {
    "id,kind,amount,phone\n" + (1...count).map { "\($0),\(row($0))\n" }.joined()
  }

  /// One thing changed at a time, each against its own limit; at the limit is not over it.
  @Test(arguments: [
    ("nulls: 10%", 10, "", 0, ""), ("nulls: 10%", 11, "", 0, "null-share-change"), ("range: 50%", 0, "149", 0, ""),
    ("range: 50%", 0, "150", 0, "range-change"), ("range: 50%", 0, "-0", 0, ""), ("new_values: 1", 0, "", 1, ""),
    ("new_values: 1", 0, "", 2, "new-values"), ("lost_values: 0", 0, "", 1, ""),
    ("columns: {amount: {nulls: 50%}}\nnulls: 10%", 40, "", 0, ""),
  ])
  func driftIsStoppedOverWhatIsAgreed(limits: String, nulls: Int, amount: String, kinds: Int, code: String) throws {
    let more = "assertions:\n" + limits.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
    let site = try site(rows(100) { "k\($0 % 3),\($0),13800138000" }, more: more)
    #expect(try site.daylight("publish", now: clock).code == 0)
    let changed = rows(100) { row in
      let value = row <= nulls ? "" : row == 100 && !amount.isEmpty ? amount : "\(row)"
      return "k\(row > 100 - kinds ? row : row % 3),\(value),13800138000"
    }
    try site.write(changed, "datasets/office/things/input.csv")
    let result = try site.daylight("publish", now: "2026-11-24T06:00:00Z")
    #expect(result.code == (code.isEmpty ? 0 : 3), "\(result.output)")
    if !code.isEmpty {
      #expect(result.output.contains("error \(code):") && result.output.contains("→"), "\(result.output)")
      #expect(try site.daylight("check", now: "2026-11-24T07:00:00Z").code == 3, "what was refused is no measure")
    }
  }

  /// The comparison is shown whole, and says nothing of values that are not public.
  @Test func theComparisonIsShown() throws {
    let site = try site(
      rows(50) { "k\($0 % 2),\($0),13800138000" }, more: "assertions:\n  range: 10%\n  lost_values: 0")
    #expect(try site.daylight("publish", now: clock).code == 0)
    try site.write(rows(60) { "z,\($0 * 100),\($0 % 2 == 0 ? "13900139000" : "")" }, "datasets/office/things/input.csv")
    let result = try site.daylight("publish", "--lang", "en", now: "2026-11-24T06:00:00Z")
    #expect(result.code == 3)
    for part in [
      "range-change", "1…50 → 100…6000", "lost-values", "50 → 60", "rule new_values", "column phone, rule nulls",
      "0% → 50%",
    ] {
      #expect(result.output.contains(part), "\(part): \(result.output)")
    }
    for secret in ["13800138000", "13900139000"] { #expect(!result.output.contains(secret)) }
    let ledger = String(decoding: try site.read("workspace/ledger.sqlite"), as: UTF8.self)
    #expect(!ledger.contains("13800138000"))
  }

  /// A proposal from a messy file: once a person has answered what is asked, it is checked as it stands.
  @Test func aProposalBecomesADataset() throws {
    let site = try TestSite()
    let rows = (1...30).map { row in
      "\(String(format: "%03d", row)),2024年1月\(row)日,苏州河,\(row % 7 == 0 ? "-" : "7.\(row % 10)"),\(row % 2 == 0 ? "是" : "否"),139001390\(String(format: "%02d", row)),\"1,0\(row + 10)\""
    }
    let text = "水质,,,,,,\n编号,日期,河道,PH值,是否达标,电话,流量\n" + rows.joined(separator: "\n") + "\n合计,30,,,,,\n注:虚构,,,,,,\n"
    try site.write(text, "datasets/water/river/river.csv")
    let result = try site.daylight("new", "water/river", "--from", "\(site.path)/datasets/water/river/river.csv")
    #expect(result.code == 0, "\(result.error)")
    let schema = try site.json("schemas/river.tableschema.json")
    let fields = try #require(schema["fields"] as? [[String: Any]])
    #expect(
      fields.map { $0["type"] as? String } == ["string", "date", "string", "number", "boolean", "string", "number"])
    #expect(fields[1]["format"] as? String == "%Y年%m月%d日" && fields[3]["missingValues"] as? [String] == ["", "-"])
    #expect((fields[2]["constraints"] as? [String: Any])?["enum"] as? [String] == ["苏州河"])
    #expect(fields[6]["groupChar"] as? String == "," && schema["primaryKey"] as? [String] == ["编号"])
    var yaml = try site.text("datasets/water/river/dataset.yaml")
    for part in ["path: river.csv", "headerRows: [2]", "合计", "disclosure: direct-identifier, transform: drop", "139"] {
      #expect(yaml.contains(part) == (part != "139"), "\(part)")
    }
    // Nothing goes before every question is answered.
    #expect(try site.daylight("check", now: clock).code == 2)
    try site.write(
      "name: {zh: 水务局}\ncontact: {name: {zh: 专员}, email: water@data.example}\n", "datasets/water/department.yaml")
    for (blank, answer) in [
      ("title: {zh: }", "title: {zh: 水质}"), ("description: {zh: }", "description: {zh: 水质}"),
      ("subject:\n", "subject: place\n"), ("domain: {zh: }", "domain: {zh: 环境}"),
      ("frequency:\n", "frequency: monthly\n"),
    ] { yaml = yaml.replacingOccurrences(of: blank, with: answer) }
    try site.write(yaml, "datasets/water/river/dataset.yaml")
    let undecided = try site.daylight("check", now: clock)
    #expect(undecided.code == 2 && (undecided.output + undecided.error).contains("disclosure"), "\(undecided.output)")
    var parts = yaml.components(separatedBy: "disclosure: decide")
    let answers = (0..<7).map { $0 == 5 ? "disclosure: direct-identifier\n    transform: drop" : "disclosure: public" }
    yaml = parts.removeFirst() + zip(answers, parts).map { $0 + $1 }.joined()
    try site.write(yaml, "datasets/water/river/dataset.yaml")
    let checked = try site.daylight("check", now: clock)
    #expect(checked.code == 0, "\(checked.output)\(checked.error)")
    // What is there is never changed.
    let again = try site.daylight("new", "water/river", "--from", "\(site.path)/datasets/water/river/river.csv")
    #expect(again.code != 0 && again.error.contains("is there already"))
    #expect(try site.text("datasets/water/river/dataset.yaml") == yaml)
  }
}
