import Foundation
import TestSupport
import Testing

/// Bad input: the right exit code, a message that says what and where, no cell values, and the site as it was.
@Suite struct BadInputTests {
  private let clock = "2026-11-23T06:00:00Z"
  private let columns = ["id: {disclosure: public}", "phone: {disclosure: direct-identifier, transform: drop}"]
  private let fields = [
    #"{"name":"id","type":"integer"}"#, #"{"name":"phone","type":"string","constraints":{"pattern":"1\\d{10}"}}"#,
  ]

  private func refusal(_ input: Data, source: String = "", more: String = "") throws -> (ProcessResult, TestSite) {
    let site = try TestSite()
    try site.addDataset(columns: columns, fields: fields, primaryKey: "[\"id\"]", input: "", source: source, more: more)
    try site.write(input, "datasets/office/things/input.csv")
    let result = try site.daylight("publish", now: clock)
    #expect(!site.exists("public/metadata"), "nothing is published")
    return (result, site)
  }

  @Test(arguments: [
    ("", "source-error", "source-error"), ("id,phone\nx,13800138000\n", "type-error", "row 1"),
    ("id,phone\n1,13800138000\n1,13800138001\n", "primary-key", "row 2"),
    ("id,phone\n,13800138000\n", "primary-key", "row 1"), ("id\n1\n", "missing-label", "column phone"),
    ("id,phone,more\n1,13800138000,x\n", "extra-label", "column 3 (C)"),
    ("id,phone,\n1,13800138000,x\n", "blank-label", "3 (C)"),
    ("id,phone,id\n1,13800138000,2\n", "duplicate-label", "column 3 (C)"),
    ("id,phone\n1,13800138000,9\n", "extra-cell", "row 1"), ("id,phone\n1\n", "missing-cell", "line 2"),
    ("id,phone\n1,\"13800138000\n", "unclosed-quote", "row 1"),
    ("id,phone\n1,13\"800138000\n", "stray-quote", "row 1"),
    ("id,phone\n1,9990001112\n", "constraint-error", "rule pattern"),
    ("13800138000,1\n2,3\n", "missing-label", "column id"),
    ("id;phone\n1;13800138000\n", "missing-label", "column phone"),
  ])
  func refused(input: String, code: String, place: String) throws {
    let (result, _) = try refusal(Data(input.utf8))
    #expect(result.code == 3)
    #expect(
      result.output.contains("error \(code):") && result.output.contains(place) && result.output.contains("→"),
      "\(result.output)")
    for value in ["13800138000", "9990001112"] { #expect(!(result.output + result.error).contains(value)) }
  }

  @Test func undecodableBytesAreNamedByRowColumnAndByte() throws {
    let (result, _) = try refusal(Data("id,phone\n1,13800138000\n2,138".utf8) + Data([0xe9, 0x31]) + Data("\n".utf8))
    #expect(result.code == 3)
    #expect(
      result.output.contains("encoding-undetermined") && result.output.contains("column 2 (B)")
        && result.output.contains("row 2"), "\(result.output)")
    #expect(result.output.contains("byte 28"))
    let (declared, _) = try refusal(
      Data("id,phone\n1,".utf8) + Data([0xff]) + Data("\n".utf8), source: "encoding: gb18030")
    #expect(
      declared.code == 3 && declared.output.contains("encoding-error") && declared.output.contains("byte 11"),
      "\(declared.output)")
  }

  @Test func aRecordWithoutEndIsOneFindingInBoundedMemory() throws {
    let endless = Data("id,phone\n1,\"".utf8) + Data(repeating: 0x78, count: 40_000)
    let (result, _) = try refusal(endless, source: "max_record: 10000")
    #expect(
      result.code == 3 && result.output.contains("record-too-long") && result.output.contains("10000 bytes"),
      "\(result.output)")
  }

  @Test func aHeaderWithoutEndIsRefusedToo() throws {
    let (unclosed, _) = try refusal(Data("id,\"phone\n1,13800138000\n".utf8))
    #expect(unclosed.code == 3 && unclosed.output.contains("unclosed-quote"), "\(unclosed.output)\(unclosed.error)")
    let endless = Data("id,\"phone\n".utf8) + Data(repeating: 0x78, count: 400_000)
    let (long, _) = try refusal(endless, source: "max_record: 10000")
    #expect(long.code == 3 && long.output.contains("record-too-long"), "\(long.output)\(long.error)")
    for encoding in [String.Encoding.utf16LittleEndian, .utf16BigEndian] {
      let wide = try #require("\u{feff}id,\"phone\n1,13800138000\n".data(using: encoding))
      let (result, _) = try refusal(wide)
      #expect(result.code == 3 && result.output.contains("unclosed-quote"), "\(result.output)\(result.error)")
    }
  }

  @Test func manyErrorsAreOneLineWithAnExactCount() throws {
    let rows = (1...5_000).map { "\($0),abc\($0)\n" }.joined()
    let (result, _) = try refusal(Data("id,phone\n\(rows)".utf8))
    #expect(result.output.contains("5000 times, first in row 1, line 2 of the file"), "\(result.output)")
    #expect(result.output.count < 2_000 && !result.output.contains("abc77"))
  }

  @Test func assertionsOnRowsHold() throws {
    let (result, _) = try refusal(Data("id,phone\n1,13800138000\n".utf8), more: "assertions: {rows: {min: 2}}")
    #expect(result.code == 3 && result.output.contains("row-count"))
  }

  @Test func aSuddenLossOfRowsStopsTheRelease() throws {
    let site = try TestSite()
    let rows = (1...10).map { "\($0),13800138000\n" }.joined()
    try site.addDataset(
      columns: columns, fields: fields, input: "id,phone\n\(rows)", more: "assertions: {rows: {change: 20%}}")
    #expect(try site.daylight("publish", now: clock).code == 0)
    let before = try site.tree("public")
    try site.write("id,phone\n1,13800138000\n", "datasets/office/things/input.csv")
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 3 && result.output.contains("10 → 1"))
    #expect(try site.tree("public") == before)
  }

  @Test func linksAndPathsThatLeadElsewhereAreRefused() throws {
    let (_, site) = try refusal(Data("id,phone\nx,y\n".utf8))
    let folder = "\(site.path)/datasets/office/things"
    try site.write("id,phone\n1,13800138000\n", "elsewhere.csv")
    try FileManager.default.removeItem(atPath: "\(folder)/input.csv")
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder)/input.csv", withDestinationPath: "\(site.path)/elsewhere.csv")
    let link = try site.daylight("publish", now: clock)
    #expect(link.code == 1 && link.output.contains("leads through a link"), "\(link.output)")
    let yaml = try site.text("datasets/office/things/dataset.yaml")
    for (path, complaint) in [
      ("../../../elsewhere.csv", "must not hold"), ("/etc/passwd", "source_roots"), ("a//b", "must not hold"),
    ] {
      try site.write(
        yaml.replacingOccurrences(of: "path: input.csv", with: "path: \(path)"), "datasets/office/things/dataset.yaml")
      let result = try site.daylight("publish", now: clock)
      #expect(result.code == 2 && result.output.contains(complaint), "\(path): \(result.output)")
    }
    // A listed root that holds the workspace does not open it.
    try site.write(try site.text("datasets/site.yaml") + "\nsource_roots: [\(site.path)]\n", "datasets/site.yaml")
    try site.write(
      yaml.replacingOccurrences(of: "path: input.csv", with: "path: \(site.path)/workspace/ledger.sqlite"),
      "datasets/office/things/dataset.yaml")
    #expect(try site.daylight("publish", now: clock).output.contains("workspace or public folder"))
    try site.write(
      yaml.replacingOccurrences(of: "path: input.csv", with: "path: \(site.path)/elsewhere.csv"),
      "datasets/office/things/dataset.yaml")
    #expect(try site.daylight("publish", now: clock).code == 0)
  }

  @Test(arguments: [
    ("colour: red", "unknown key colour"), ("title: {zh: 再, en: Twice}", "occurs twice"),
    ("keywords: &a {zh: [x]}", "not allowed"),
    ("keywords: !!map {zh: [x]}", "not allowed"), ("release: {key: [phone]}", "is not published"),
    ("release: {key: [nothing]}", "is not published"),
    ("release: {formats: [json]}", "must have csv"), ("schedule: often", "five fields"),
    ("assertions: {rows: {min: few}}", "whole number"),
    ("release: {approval: everybody}", "must be one of none, two-person"), ("keywords: {zh: x}", "must be a list"),
    ("derive: {a: b}", "not available"),
    ("licence: {}", "did you mean license?"), (#"legal_basis: "a\x01b""#, "control characters"),
    (#"license: {name: x, title: y, path: "https://"}"#, "must be an address"),
    (#"license: {name: x, title: y, path: "https://a/{b}"}"#, "must be an address"), ("\tbad", "is no valid YAML"),
  ])
  func configurationMistakesNameFileLineAndKey(line: String, complaint: String) throws {
    let site = try TestSite()
    try site.addDataset(columns: columns, fields: fields, input: "id,phone\n1,13800138000\n", more: line)
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 2, "\(result.output)\(result.error)")
    #expect(
      result.output.contains(complaint) && result.output.contains("datasets/office/things/dataset.yaml"),
      "\(result.output)")
    #expect(!site.exists("public/metadata"))
  }

  @Test(arguments: [
    ("phone: {disclosure: direct-identifier}", "needs a transform"),
    ("phone: {disclosure: direct-identifier, transform: keep}", "cannot be kept"),
    ("phone: {disclosure: sensitive}", "needs a transform"), ("phone: {transform: drop}", "disclosure is missing"),
    ("phone: {disclosure: secret}", "must be one of"),
    ("phone: {disclosure: direct-identifier, transform: {mask: {keep_frist: 1}}}", "did you mean"),
    ("phone: {disclosure: public, from: id}", "same header text"),
    ("phone: {disclosure: quasi-identifier, transform: {generalise: {number: {step: 0}}}}", "step over 0"),
    (
      "phone: {disclosure: sensitive, transform: {generalise: {number: {step: 1, at_least: 5, at_most: 4}}}}",
      "at_least over at_most"
    ),
    ("phone: {disclosure: direct-identifier, transform: {mask: {keep_first: 16}}}", "first 3 and last 4"),
    ("phone: {disclosure: quasi-identifier, transform: {generalise: {date: year}}}", "needs date"),
    ("other: {disclosure: public}", "does not list phone"),
  ])
  func columnsAreDeniedByDefault(column: String, complaint: String) throws {
    let site = try TestSite()
    try site.addDataset(
      columns: ["id: {disclosure: public}", column], fields: fields, input: "id,phone\n1,13800138000\n")
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 2 && result.output.contains(complaint), "\(result.output)\(result.error)")
  }

  @Test func aYAMLBombIsRefusedAtOnce() throws {
    let site = try TestSite()
    try site.addDataset(columns: columns, fields: fields, input: "id,phone\n")
    var bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for (name, of) in zip("bcdefghi", "abcdefgh") {
      bomb += "\(name): &\(name) [\(Array(repeating: "*\(of)", count: 9).joined(separator: ", "))]\n"
    }
    try site.write(bomb, "datasets/site.yaml")
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 2 && result.error.contains("not allowed"))
    try site.write("# \(String(repeating: "x", count: 300_000))\ntitle: y", "datasets/site.yaml")
    #expect(try site.daylight("publish", now: clock).error.contains("256 KiB"))
  }

  /// Two keys that are deeply nested, and the same: the parser compares them level by level, twice at each (found by fuzzing).
  @Test(arguments: [
    (String(repeating: "{", count: 40) + "a" + String(repeating: "}", count: 40), "{KEY: 1, KEY: 2}"),
    (String(repeating: "[", count: 40) + "a" + String(repeating: "]", count: 40), "? KEY\n: 1\n? KEY\n: 2"),
    (String(repeating: "{", count: 40) + "a" + String(repeating: "}", count: 40), "KEY: 1\nKEY: 2"),
    // What looks like a quote is none in a text that goes on.
    (String(repeating: "{", count: 40) + "a" + String(repeating: "}", count: 40), "a: b\n  \"c\nd: {KEY : 1, KEY: 1}"),
  ])
  func collectionsAsKeysAreRefused(key: String, text: String) throws {
    let site = try TestSite()
    try site.addDataset(columns: columns, fields: fields, input: "id,phone\n1,13800138000\n")
    try site.write(text.replacingOccurrences(of: "KEY", with: key), "datasets/office/department.yaml")
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 2 && result.output.contains("a key must be a word"), "\(result.output)")
  }

  @Test(arguments: [
    "title: {zh: \"区间 [0, 10]: 说明\", en: '[a]: it''s?'}", "title:\n  zh: 甲 [乙] 丙\n  en: a-[b]c",
    "title: {\"zh\": 甲, 'en': b}",
    "title:\n  zh: >\n    甲?\n    乙 [丙]\n  en: x # {a}: b",
  ])
  func textsThatLookLikeCollectionsAreTexts(line: String) throws {
    let site = try TestSite()
    try site.addDataset(columns: columns, fields: fields, input: "id,phone\n1,13800138000\n")
    let file = "datasets/office/things/dataset.yaml"
    try site.write(
      try site.text(file).replacingOccurrences(of: "title: {zh: 事项, en: Things}", with: line), file)
    let result = try site.daylight("check", now: clock)
    #expect(result.code == 0, "\(result.output)")
  }

  @Test func theBanOnAnchorsHoldsForEveryLineEndAndForKeys() throws {
    let site = try TestSite()
    try site.addDataset(columns: columns, fields: fields, input: "id,phone\n", more: "legal_basis: &t {zh: x}")
    let file = "datasets/office/things/dataset.yaml"
    try site.write(try site.text(file).replacingOccurrences(of: "\n", with: "\r\n"), file)
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 2 && result.output.contains("not allowed"), "\(result.output)")
    var bomb = "a0: &a0 [x, x]\n"
    for index in 1...27 { bomb += "a\(index): &a\(index) [*a\(index - 1), *a\(index - 1)]\n" }
    try site.write(bomb + "? *a27\n: 1\n", file)
    #expect(try site.daylight("publish", now: clock).code == 2)
  }

  @Test func whatIsNoFileIsRefusedAtOnce() throws {
    let (_, site) = try refusal(Data("id,phone\nx,y\n".utf8))
    let source = "\(site.path)/datasets/office/things/input.csv"
    try FileManager.default.removeItem(atPath: source)
    #expect(mkfifo(source, 0o600) == 0)
    let pipe = try site.daylight("publish", now: clock)
    #expect(pipe.code == 1 && pipe.output.contains("no regular file"), "\(pipe.output)")
    try FileManager.default.removeItem(atPath: source)
    try FileManager.default.createDirectory(atPath: source, withIntermediateDirectories: true)
    #expect(try site.daylight("publish", now: clock).code == 1)
  }

  @Test func namesAreNotShownAsBytesNorEnumerationsOfWhatIsDropped() throws {
    let site = try TestSite()
    try site.addDataset(
      columns: columns, fields: [fields[0], #"{"name":"phone","type":"string","constraints":{"enum":["张三丰","李四光"]}}"#],
      input: "id,phone\n1,王五\n")
    let result = try site.daylight("publish", "--json", now: clock)
    #expect(result.code == 3 && result.output.contains("\"rule\": \"enum\""))
    // 张三 in GBK, where UTF-8 is declared.
    try site.write(
      Data("id,phone\n1,".utf8) + Data([0xd5, 0xc5, 0xc8, 0xfd]) + Data("\n".utf8), "datasets/office/things/input.csv")
    let yaml = try site.text("datasets/office/things/dataset.yaml")
    try site.write(
      yaml.replacingOccurrences(of: "path: input.csv", with: "path: input.csv\n  encoding: utf-8"),
      "datasets/office/things/dataset.yaml")
    let bytes = try site.daylight("publish", "--json", now: clock)
    #expect(bytes.code == 3 && bytes.output.contains("[d5]"), "\(bytes.output)")
    let ledger = String(decoding: try site.read("workspace/ledger.sqlite"), as: UTF8.self)
    for secret in ["张三丰", "王五", "d5c5"] { #expect(!(result.output + bytes.output + ledger).contains(secret)) }
  }

  @Test func aHeaderOfManyColumnsIsAFewLines() throws {
    let (result, _) = try refusal(
      Data(("id,phone," + (1...20_000).map { "c\($0)" }.joined(separator: ",") + "\n").utf8))
    #expect(
      result.code == 3 && result.output.count < 8_000 && result.output.contains("19980 times"),
      "\(result.output.prefix(300))")
  }

  @Test func usageMistakes() throws {
    let site = try TestSite()
    try site.addDataset(columns: columns, fields: fields, input: "id,phone\n1,13800138000\n")
    for arguments in [
      ["publish", "--colour"], ["fly"], ["publish", "office/nothing"], ["publish", "--now", "yesterday"],
      ["publish", "--now", "9999-12-31T23:59:59Z"],
      ["publish", "--datasets", "nowhere"],
    ] {
      let result = try run([executable] + arguments, in: site.path)
      #expect(result.code == 2 && !result.error.isEmpty, "\(arguments): \(result.code)")
    }
    let nested = try run([executable, "publish", "--public", "workspace/public"], in: site.path)
    #expect(nested.code == 2 && nested.error.contains("must not lie within one another"))
    for command in [
      [], ["publish"], ["check"], ["status"], ["keys", "show"], ["withdraw"], ["schedule", "run"],
      ["schedule", "list"],
      ["schedule", "install"], ["refresh"], ["serve"], ["sync"], ["verify"], ["backup"], ["restore"],
      ["validate"], ["new"], ["read"], ["detect"], ["schema", "check"], ["recognise"], ["review"], ["approve"],
      ["reject"], ["officer", "new"], ["sign-off"],
    ] {
      let result = try run([executable] + command + ["--help"], in: site.path)
      #expect(result.code == 0 && result.output.contains("Examples:"), "\(command)")
      // README names every command.
      let readme = try String(contentsOfFile: "\(projectRoot)/README.md", encoding: .utf8)
      #expect(
        readme.contains("daylight \(command.first ?? "publish")") || readme.contains("`\(command.first ?? "")`"),
        "\(command)")
    }
    // No command is left out of this list.
    let help = try run([executable, "--help"], in: site.path).output
    let names =
      help.components(separatedBy: "SUBCOMMANDS:").last?.split(separator: "\n").filter {
        $0.hasPrefix("  ") && !$0.hasPrefix("   ")
      }
      .compactMap { $0.split(separator: " ").first.map(String.init) } ?? []
    #expect(
      Set(names).subtracting(["See"]) == [
        "publish", "check", "withdraw", "status", "schedule", "refresh", "serve", "sync", "verify", "keys", "backup",
        "restore", "validate", "new", "read", "detect", "schema", "recognise", "review", "approve", "reject", "officer",
        "sign-off",
      ])
  }

  @Test(arguments: [
    "email: a>b@c.example", "email: 'a\"<x>@c.example'", "email: a{b}@c.example", "email: nobody", "telephone: 1<2>3",
  ])
  func contactsThatWouldBreakCataloguesAreRefused(line: String) throws {
    let site = try TestSite()
    try site.addDataset(columns: columns, fields: fields, input: "id,phone\n1,13800138000\n")
    try site.write("name: 测试\ncontact:\n  name: 测试\n  \(line)\n", "datasets/office/department.yaml")
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 2 && result.output.contains("department.yaml"), "\(result.output)")
  }

  @Test func badDirectoriesAreNamed() throws {
    let site = try TestSite()
    try site.addDataset(columns: columns, fields: fields, input: "id,phone\n")
    try FileManager.default.createDirectory(atPath: "\(site.path)/datasets/Bad_Name", withIntermediateDirectories: true)
    let result = try site.daylight("publish", now: clock)
    #expect(result.code == 2 && result.error.contains("Bad_Name") && result.error.contains("must match"))
  }

  @Test func aDiskThatCannotBeWrittenLeavesTheSiteAsItWas() throws {
    let site = try TestSite()
    try site.addDataset(columns: columns, fields: fields, input: "id,phone\n1,13800138000\n")
    #expect(try site.daylight("publish", now: clock).code == 0)
    let before = try site.tree("public")
    try site.write("id,phone\n2,13800138000\n", "datasets/office/things/input.csv")
    // A limit on file sizes stands for a full disk: the system refuses the write.
    let result = try run(
      ["/bin/bash", "-c", "ulimit -f 1; trap '' XFSZ; exec \(executable) publish --quiet --now \(clock)"], in: site.path
    )
    #expect(result.code == 1, "\(result.output)\(result.error)")
    #expect(try site.tree("public") == before)
    #expect(try site.daylight("publish", now: clock).code == 0)
  }

  @Test func messagesComeInChineseToo() throws {
    let (_, site) = try refusal(Data("id,phone\nx,13800138000\n".utf8))
    for result in [
      try site.daylight("publish", "--lang", "zh", now: clock),
      try site.daylight("publish", now: clock, environment: ["LANG": "zh_CN.UTF-8"]),
    ] {
      #expect(result.output.contains("已拒绝") && result.output.contains("内容与列的类型不符") && result.output.contains("第 1 行"))
    }
  }
}
