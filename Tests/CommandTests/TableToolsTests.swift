import Foundation
import TestSupport
import Testing

/// The tools for any table: `validate`, `read`, `detect`, `schema check`.
@Suite struct TableToolsTests {
  private let folder = TemporaryFolder()

  private func file(_ name: String, _ bytes: Data) throws -> String {
    let path = "\(folder.path)/\(name)"
    try bytes.write(to: URL(fileURLWithPath: path))
    return path
  }

  private func file(_ name: String, _ text: String) throws -> String { try file(name, Data(text.utf8)) }

  private struct Outcome {
    let isValid: Bool
    /// `type row field` of each error.
    let errors: [String]
    let counts: [String: Int]
    let output: String
  }

  private func validate(_ schema: String, _ table: String, dialect: String? = nil) throws -> Outcome {
    try validate(schema, Data(table.utf8), dialect: dialect)
  }

  private func validate(_ schema: String, _ table: Data, dialect: String? = nil) throws -> Outcome {
    var arguments = [
      executable, "validate", "--schema", try file("s.json", schema), "--input", try file("t.csv", table),
    ]
    if let dialect { arguments += ["--dialect", try file("d.json", dialect)] }
    let result = try run(arguments + ["--report", "-"])
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.error)")
    let isValid = try #require(json["valid"] as? Bool)
    #expect(result.code == (isValid ? 0 : 3))
    let errors = (json["errors"] as? [[String: Any]] ?? []).map { error in
      [error["type"] as? String, (error["row"] as? Int).map(String.init), error["field"] as? String]
        .compactMap { $0 }.joined(separator: " ")
    }
    let counts = json["counts"] as? [String: Any] ?? [:]
    return Outcome(
      isValid: isValid, errors: errors, counts: counts.compactMapValues { $0 as? Int }, output: result.output)
  }

  /// Keys that rise are let go when there are many, and looked for again where the last ones do not.
  @Test func aKeyThatComesBackAfterManyThatRoseIsFound() throws {
    let schema = #"{"fields":[{"name":"id","type":"integer","constraints":{"unique":true}},{"name":"note"}]}"#
    let count = 400_000
    let rising = "id,note\n" + (1...count).map { "\($0),\n" }.joined()
    #expect(try validate(schema, rising).isValid)
    let outcome = try validate(schema, rising + "7,again\n\(count + 1),\n")
    #expect(outcome.errors == ["unique-error \(count + 2) id"])
  }

  @Test(arguments: [
    // The five ways in which columns answer to fields a, b.
    ("exact", "a,b", ""), ("exact", "b,a", "incorrect-label 2"), ("exact", "a", "missing-label b"),
    ("exact", "a,b,c", "extra-label 1"), ("equal", "b,a", ""), ("equal", "a", "missing-label b"),
    ("equal", "a,b,c", "extra-label 1"), ("subset", "c,b,a", ""), ("subset", "a,c", "missing-label b"),
    ("superset", "b", ""), ("superset", "b,c", "extra-label 1"), ("partial", "c,a", ""),
    ("partial", "c,d", "unmatched-header 1"),
  ])
  func columnsAnswerToFields(mode: String, header: String, expected: String) throws {
    let schema = #"{"fieldsMatch":"\#(mode)","fields":[{"name":"a"},{"name":"b"}]}"#
    let row = header.split(separator: ",").map { _ in "1" }.joined(separator: ",")
    let outcome = try validate(schema, "\(header)\n\(row)\n")
    #expect(outcome.isValid == expected.isEmpty, "\(outcome.output)")
    if let type = expected.split(separator: " ").first.map(String.init) {
      #expect(Set(outcome.errors.map { String($0.prefix(while: { $0 != " " })) }) == [type], "\(outcome.errors)")
      if type == "missing-label" {
        #expect(outcome.errors == [expected])
      } else {
        #expect(outcome.errors.count == (expected.hasSuffix("2") ? 2 : 1))
      }
    }
  }

  /// `exact` maps by order; where that cannot be, columns that are known by name are checked where they stand.
  @Test func exactMapsByOrderUnlessAColumnIsMissing() throws {
    let schema = #"{"fields":[{"name":"a","type":"integer"},{"name":"b","type":"string"}]}"#
    let swapped = try validate(schema, "b,a\n1,x\ny,z\n")
    #expect(swapped.errors == ["incorrect-label", "incorrect-label", "type-error 3 a"], "\(swapped.errors)")
    let shifted = try validate(schema, "c,a,b\nx,1,x\ny,z,x\n")
    #expect(shifted.errors.filter { !$0.hasSuffix("label") } == ["type-error 3 a"], "\(shifted.errors)")
  }

  @Test func schemaCheckNamesEveryMistake() throws {
    let schema = """
      {"fields":[{"name":"a","type":"number","constraints":{"minimum":"x","pattern":"a","maximum":3}},{"type":"nothing"},
      {"name":"c","categories":["1",{"value":"2"}]}],"primaryKey":["z"],"fieldsMatch":"some"}
      """
    let result = try run([executable, "schema", "check", try file("s.json", schema), "--json"])
    #expect(result.code == 2)
    let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    let paths = (json?["errors"] as? [[String: String]] ?? []).compactMap { $0["path"] }
    #expect(
      paths == [
        "/fields/0/constraints/minimum", "/fields/0/constraints/pattern", "/fields/1/name", "/fields/2/categories/1",
        "/primaryKey/0", "/fieldsMatch",
      ], "\(result.output)")
  }

  @Test func countsAreExactAndPlacesFew() throws {
    let schema = #"{"fields":[{"name":"a","type":"integer","constraints":{"minimum":10}},{"name":"b","type":"date"}]}"#
    let rows = (0..<5000).map { "\($0 % 20),2024-02-3\($0 % 2 == 0 ? "0" : "1")\n" }.joined()
    let outcome = try validate(schema, "a,b\n" + rows)
    #expect(outcome.counts["rows"] == 5000 && outcome.counts["errors"] == 2500 + 5000)
    #expect(outcome.errors.filter { $0.hasPrefix("constraint-error") }.count == 5)
    #expect(outcome.errors.contains("type-error 2 b"))
  }

  @Test func keys() throws {
    let fields = #""fields":[{"name":"id","type":"integer"},{"name":"parent","type":"integer"}]"#
    let own = #"{\#(fields),"primaryKey":"id","foreignKeys":[{"fields":"parent","reference":{"fields":"id"}}]}"#
    #expect(try validate(own, "id,parent\n1,\n2,1\n3,02\n").isValid)
    #expect(try validate(own, "id,parent\n1,\n2,9\n").errors == ["foreign-key 3 parent"])
    #expect(try validate(own, "id,parent\n1,\n01,1\n").errors == ["primary-key 3 id"])
    let unique = #"{\#(fields),"uniqueKeys":[["id","parent"]]}"#
    #expect(try validate(unique, "id,parent\n1,2\n2,1\n1,2\n").errors == ["unique-error 4 id, parent"])
    #expect(try validate(unique, "id,parent\n1,\n1,\n").isValid, "null is no value that could repeat")
  }

  @Test func keysOfAnotherTable() throws {
    let schema =
      #"{"fields":[{"name":"id"},{"name":"s","type":"integer"},{"name":"k"}],"foreignKeys":[{"fields":["s","k"],"reference":{"resource":"stations","fields":["no","kind"]}}]}"#
    let table = try file("t.csv", "id,s,k\n1,7,a\n2,08,b\n3,,c\n4,7,b\n5,9,a\n")
    let stations = try file("stations.csv", "name,kind,no\nx,a,07\ny,b,8\nz,,9\n")
    let arguments = [executable, "validate", "--schema", try file("s.json", schema), "--input", table, "--report", "-"]
    let result = try run(arguments + ["--reference", "stations=\(stations)"])
    let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    let errors = try #require(json?["errors"] as? [[String: Any]], "\(result.error)")
    #expect(errors.map { $0["row"] as? Int } == [5, 6] && errors[0]["type"] as? String == "foreign-key")
    let without = try run(arguments)
    #expect(without.code == 2 && without.error.contains("--reference stations=FILE"))
    let wrong = try run(arguments + ["--reference", "stations=\(try file("o.csv", "no,sort\n1,2\n"))"])
    #expect(wrong.code == 3 && wrong.output.contains("unreadable-reference"))
  }

  @Test func dialects() throws {
    let schema = #"{"fields":[{"name":"a b","type":"integer"},{"name":"c","type":"string"}]}"#
    let dialect = #"{"delimiter":";","quoteChar":"'","headerRows":[1,2],"nullSequence":"-"}"#
    #expect(try validate(schema, "a;c\nb;\n1;'x;y'\n-;z\n", dialect: dialect).isValid)
    #expect(try validate(schema, "1,x\n2,y\n", dialect: #"{"header":false}"#).isValid)
    for (text, path) in [
      (#"{"commentChar":""}"#, "/commentChar"), (#"{"delimiter":"a\nb"}"#, "/delimiter"),
      (#"{"unheard":1}"#, "/unheard"), (#"{"headerRows":[2,1]}"#, "/headerRows"),
      (#"{"headerRows":[2],"commentRows":[2]}"#, "/headerRows"), (#"{"quoteChar":","}"#, "two things"),
      (#"{"footerRows":-1}"#, "/footerRows"), (#"{"footerStart":[]}"#, "/footerStart"),
    ] {
      let result = try run([
        executable, "validate", "--schema", try file("s.json", schema), "--input", try file("t.csv", "a b,c\n"),
        "--dialect", try file("d.json", text),
      ])
      #expect(result.code == 2 && result.error.contains(path), "\(result.error)")
    }
  }

  /// Every property of the standard, and the extension for footers: the dialect, the text, its records.
  @Test(arguments: [
    (#"{"delimiter":","}"#, "甲，1\n", #"[["甲，1"]]"#), (#"{"delimiter":"，"}"#, "甲，1\n", #"[["甲","1"]]"#),
    (#"{"delimiter":"::"}"#, "a::b:c::\n", #"[["a","b:c",""]]"#),
    (#"{"lineTerminator":"|"}"#, "a,b|c\n,d|", #"[["a","b"],["c\n","d"]]"#),
    (#"{"lineTerminator":"\r\n"}"#, "a\nb\r\n", #"[["a"],["b"]]"#),
    (#"{"skipInitialSpace":true}"#, "a, \"b, c\",  d\n", #"[["a","b, c","d"]]"#),
    (#"{"doubleQuote":false,"escapeChar":"\\"}"#, #""a\"b","c\\""# + "\n", #"[["a\"b","c\\"]]"#),
    (#"{"quoteChar":"","escapeChar":"\\"}"#, ##"a\,b,"c""## + "\n", #"[["a,b","\"c\""]]"#),
    (#"{"quoteChar":"“"}"#, "“a,b“,c\n", #"[["a,b","c"]]"#),
    (##"{"commentChar":"#"}"##, "# a \"note\na,b\n#,x\nc,#d\n", ##"[["a","b"],["c","#d"]]"##),
    (#"{"commentRows":[1,3]}"#, "x\na\ny\nb\n", #"[["a"],["b"]]"#),
    (#"{"footerRows":2}"#, "a,1\nb,2\n\nSum,3\n注:x,\n\n", #"[["a","1"],["b","2"]]"#),
    (#"{"footerStart":["合计","注"]}"#, "a,1\n 合计,1\nb,2\n", #"[["a","1"]]"#),
    (#"{"sheetName":"x","property":"y","itemType":"array","commentRows":[9]}"#, "a,b\n", #"[["a","b"]]"#),
  ])
  func everyDialectProperty(dialect: String, text: String, records: String) throws {
    let json = try #require(try JSONSerialization.jsonObject(with: Data(dialect.utf8)) as? [String: Any])
    let headless = try JSONSerialization.data(withJSONObject: json.merging(["header": false]) { $1 })
    let result = try run([
      executable, "read", "--format", "jsonl", "--input", try file("t.csv", text), "--dialect",
      try file("d.json", headless),
    ])
    let lines = result.output.split(separator: "\n").map { try? JSONSerialization.jsonObject(with: Data($0.utf8)) }
    let expected = try JSONSerialization.jsonObject(with: Data(records.utf8)) as? [[String]]
    #expect(result.code == 0 && lines.compactMap { $0 as? [String] } == expected, "\(result.output)\(result.error)")
  }

  /// Text that was spoilt before it came is refused; what it looks like is said by row and column.
  @Test func damagedTextIsRefused() throws {
    let schema = #"{"fields":[{"name":"a"},{"name":"b"}]}"#
    let good = String(repeating: "长宁区,市场监督管理局\n", count: 20)
    #expect(try validate(schema, "a,b\n" + good).isValid)
    #expect(try validate(schema, "a,b\n\(good)x,张\u{fffd}\n").errors == ["damaged-text 22 b"])
    #expect(try validate(schema, "a,b\n锟斤拷锟斤拷,x\n").errors == ["damaged-text 2 a"])
    // 长宁区 and others in UTF-8, read as GB18030.
    let spoilt = "闀垮畞,1\n鏀垮簻,2\n缁熻,3\n涓婃捣,4\n"
    #expect(try validate(schema, "a,b\n" + spoilt).errors == ["damaged-text 2 a"])
    let strange = try validate(schema, "a,b\n\u{85}x,\u{e000}\n")
    #expect(strange.isValid && strange.output.contains("unusual-character"))
  }

  /// A title above, comments between, a sum below: rows and lines are told as they stand in the file.
  @Test func placesAreThoseOfTheFile() throws {
    let schema = #"{"primaryKey":"id","fields":[{"name":"id","type":"integer"},{"name":"n 1","type":"integer"}]}"#
    let table = "Title\n\"id\",n\n,1\n% note\n1,5\n2,\"x\ny\"\n%\n2,7\nsum,12\n"
    let dialect = #"{"headerRows":[2,3],"commentChar":"%","footerStart":"sum"}"#
    let outcome = try validate(schema, table, dialect: dialect)
    #expect(outcome.errors.sorted() == ["primary-key 8 id", "type-error 6 n 1"], "\(outcome.output)")
    let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
    let errors = try #require(json?["errors"] as? [[String: Any]])
    #expect(errors.first { $0["type"] as? String == "type-error" }?["line"] as? Int == 6)
    #expect(errors.first { $0["type"] as? String == "primary-key" }?["otherRow"] as? Int == 6)
    #expect((json?["file"] as? [String: String])?["footer-rows"] == "1" && outcome.counts["rows"] == 3)
  }

  /// What follows a footer is no data, but no second table either.
  @Test func aFooterThatIsTooLongIsRefused() throws {
    let schema = #"{"fields":[{"name":"id","type":"integer"}]}"#
    let rows = (1...30).map { "\($0)\n" }.joined()
    #expect(try validate(schema, "id\n1\nsum\n2\n", dialect: #"{"footerStart":"sum"}"#).isValid)
    let outcome = try validate(schema, "id\n1\nsum\n" + rows, dialect: #"{"footerStart":"sum"}"#)
    #expect(outcome.errors == ["footer-error"], "\(outcome.errors)")
  }

  /// No value of a table is in what is said of it.
  @Test func valuesAreNeverShown() throws {
    let schema =
      #"{"fields":[{"name":"a","type":"integer"},{"name":"b","type":"string","constraints":{"maxLength":1}}]}"#
    let table = try file("t.csv", "a,b\nsecret,hidden\n,\"unclosed\n")
    for report in [["--report", "-"], [], ["--lang", "zh"]] {
      let result = try run(
        [executable, "validate", "--schema", try file("s.json", schema), "--input", table] + report)
      #expect(result.code == 3)
      let text = result.output + result.error
      #expect(!text.contains("secret") && !text.contains("hidden") && text.contains("type-error"), "\(text)")
    }
  }

  /// Values are shown to whoever asks, and never below a public folder.
  @Test func valuesAreShownToWhoAsks() throws {
    let schema = try file("s.json", #"{"fields":[{"name":"a","type":"integer"}]}"#)
    let table = try file("t.csv", "a\nthis one\n")
    let arguments = [executable, "validate", "--schema", schema, "--input", table, "--show-values"]
    #expect(try run(arguments).output.contains("“this one”"))
    let page = try run(arguments + ["--html", "\(folder.path)/page.html"])
    let written = try String(contentsOfFile: "\(folder.path)/page.html", encoding: .utf8)
    #expect(page.code == 3 && written.contains("this one"))
    let site = "\(folder.path)/site"
    try FileManager.default.createDirectory(atPath: "\(site)/metadata", withIntermediateDirectories: true)
    try Data().write(to: URL(fileURLWithPath: "\(site)/metadata/timestamp.json"))
    let refused = try run(arguments + ["--report", "\(site)/sub/report.json"])
    #expect(refused.code == 2 && refused.error.contains("--show-values"), "\(refused.error)")
  }

  /// What would make each value right is said, and what it looks like; the value is not.
  @Test(arguments: [
    ("date", "2024/1/6", "date-form", "9×4 / 9 / 9"), ("date", "06/01/2024", "date-form", "9×2 / 9×2 / 9×4"),
    ("date", "2024-31-01", "day-month-swapped", "9×4 - 9×2 - 9×2"), ("date", "45318", "excel-serial", "9×5"),
    ("date", "２０２４-01-06", "full-width", "９×4 - 9×2 - 9×2"),
    ("date", " 2024-01-06", "outer-spaces", "空 9×4 - 9×2 - 9×2"),
    ("date", "soon", "", "a×4"), ("number", "1,234.5", "group-separators", "9 , 9×3 . 9"),
    ("number", "12元", "unit", "9×2 字"),
    ("integer", "1 ", "outer-spaces", "9 空"), ("number", "一二", "", "字×2"),
  ])
  func hints(type: String, text: String, hint: String, shape: String) throws {
    let schema = #"{"fields":[{"name":"a","type":"\#(type)"}]}"#
    let output = try validate(schema, "a\n\"\(text)\"\n").output
    let json = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
    let error = (json?["errors"] as? [[String: Any]])?.first
    #expect(error?["type"] as? String == "type-error" && error?["row"] as? Int == 2)
    #expect(error?["hint"] as? String ?? "" == hint && error?["shape"] as? String == shape, "\(output)")
    #expect(!output.contains(text))
  }

  @Test func aPageForPeople() throws {
    let page = "\(folder.path)/r.html"
    let result = try run([
      executable, "validate", "--schema", try file("s.json", #"{"fields":[{"name":"金额","type":"number"}]}"#), "--input",
      try file("t.csv", "金额\n一千二\n"), "--html", page,
    ])
    #expect(result.code == 3)
    let text = try String(contentsOfFile: page, encoding: .utf8)
    for part in ["未通过", "Refused", "金额", "type-error", "第 1 行", "字×3"] { #expect(text.contains(part), "\(part)") }
    #expect(!text.contains("一千二") && !text.contains("http"))
  }

  @Test func aLabelWhereItsCodeBelongs() throws {
    let schema =
      #"{"fields":[{"name":"a","type":"string","categories":[{"value":"1","label":"是"},{"value":"2","label":"否"}]}]}"#
    let outcome = try validate(schema, "a\n1\n否\n３\n１\n")
    #expect(outcome.counts["errors"] == 3)
    for text in [#""hint": "label""#, #""hint": "full-width""#] { #expect(outcome.output.contains(text)) }
  }

  @Test func hostileFilesEnd() throws {
    let schema = #"{"fields":[{"name":"a","type":"object"}]}"#
    let depth = String(repeating: "[", count: 100_000)
    #expect(try validate(schema, "a\n\(depth)\n").errors == ["type-error 2 a"])
    #expect(try validate(schema, String(repeating: "x,", count: 1_000_000) + "\n").counts["errors"] ?? 0 > 999_999)
    #expect(
      try validate(schema, "a\n\"" + String(repeating: "x", count: 20 << 20)).errors.first?.hasPrefix("record-too-long")
        == true)
    #expect(try !validate(schema, Data([0x61, 0x0a, 0x00, 0xff, 0x00, 0x0a])).isValid)
    let deep = #"{"fields":"# + String(repeating: "[", count: 100_000)
    let result = try run([executable, "schema", "check", try file("s.json", deep), "--json"])
    #expect(result.code == 2 && result.output.contains("\"valid\": false"))
  }

  @Test func read() throws {
    let bytes = Data([
      0x61, 0x3b, 0x62, 0x0d, 0x0a, 0xb3, 0xa4, 0xc4, 0xfe, 0x3b, 0x22, 0x31, 0x2c, 0x22, 0x22, 0x32, 0x22,
    ])
    let table = try file("t.csv", bytes)
    let dialect = try file("d.json", #"{"delimiter":";"}"#)
    let arguments = [executable, "read", "--input", table, "--dialect", dialect, "--encoding", "gb18030", "--format"]
    #expect(try run(arguments + ["csv"]).output == "a,b\n长宁,\"1,\"\"2\"\n")
    #expect(try run(arguments + ["jsonl"]).output == #"{"a":"长宁","b":"1,\"2"}"# + "\n")
    let uneven = try run([executable, "read", "--input", try file("u.csv", "a,b\n1,2\n3\n"), "--format", "jsonl"])
    #expect(uneven.code == 3 && uneven.output == #"{"a":"1","b":"2"}"# + "\n")
    #expect(uneven.error.contains("row 2, line 3"), "\(uneven.error)")
  }

  @Test(arguments: [("a;b;c\r\n1;2,5;3\r\n", ";", 3), ("a\tb\n1\t2\n", "\t", 2), ("a,b\n\"1;2\",3\n", ",", 2)])
  func detect(text: String, delimiter: String, columns: Int) throws {
    let result = try run([executable, "detect", "--input", try file("t.csv", text)])
    let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(result.code == 0 && json["encoding"] as? String == "utf-8" && json["columns"] as? Int == columns)
    let dialect = json["dialect"] as? [String: Any]
    #expect(dialect?["delimiter"] as? String == delimiter)
    #expect(dialect?["lineTerminator"] as? String == (text.contains("\r") ? "\r\n" : "\n"))
  }

  @Test func schemaCheckNamesThePlace() throws {
    let good = try run([executable, "schema", "check", try file("s.json", #"{"fields":[{"name":"a"}]}"#), "--json"])
    #expect(good.code == 0 && good.output.contains("\"valid\": true"))
    let bad = try run([
      executable, "schema", "check",
      try file("b.json", #"{"fields":[{"name":"a","type":"integer","constraints":{"minimum":"x"}}]}"#), "--json",
    ])
    #expect(bad.code == 2 && bad.output.contains("/fields/0/constraints/minimum"), "\(bad.output)")
    #expect(try run([executable, "schema", "check", "/nowhere.json"]).code == 2)
  }
}
