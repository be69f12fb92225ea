import Publication
import TableSchema
import Tabular
import Testing

/// One cell against one field: the published form, `null`, or what is wrong.
func cast(_ text: String, _ field: String) throws -> String {
  let schema = try Schema(json: JSONParser.parse(Array("{\"fields\": [\(field)]}".utf8)))
  let check = try FieldCheck(schema.fields[0], missingValues: schema.missingValues, at: "/fields/0")
  var canonical: [UInt8] = []
  var broken: [String] = []
  let bytes = Array(text.utf8)
  switch check.read(bytes.span, appendingTo: &canonical, broken: { rule, _ in broken.append(rule.rawValue) }) {
  case .null: return (["null"] + broken).joined(separator: " ")
  case .wrongType: return "type"
  case .asWritten: return broken.isEmpty ? text : broken.joined(separator: " ")
  case .rewritten: return broken.isEmpty ? String(decoding: canonical, as: UTF8.self) : broken.joined(separator: " ")
  }
}

@Suite struct FieldCheckTests {
  @Test(arguments: [
    ("12", "12"), ("007", "7"), ("+7", "7"), ("-0", "-0"),
    ("999999999999999999999999999999", "999999999999999999999999999999"),
    ("1.0", "type"), ("１２", "type"), (" 1", "type"), ("1_000", "type"), ("", "null"), ("-", "type"), ("0x1", "type"),
  ])
  func integers(text: String, expected: String) throws {
    #expect(try cast(text, #"{"name":"a","type":"integer"}"#) == expected)
  }

  @Test(arguments: [
    ("1.50", "1.50"), (".5", "0.5"), ("5.", "5"), ("-.5", "-0.5"), ("00.10", "0.10"), ("1e5", "1E5"),
    ("1E-05", "1E-05"), ("nan", "NaN"),
    ("INF", "INF"), ("-inf", "-INF"), ("+INF", "type"), ("Infinity", "type"), (".", "type"), ("1e", "type"),
    ("0x1p3", "type"), ("1,5", "type"),
  ])
  func numbers(text: String, expected: String) throws {
    #expect(try cast(text, #"{"name":"a","type":"number"}"#) == expected)
  }

  @Test func numberOptions() throws {
    #expect(try cast("1.234,5", #"{"name":"a","type":"number","decimalChar":",","groupChar":"."}"#) == "1234.5")
    #expect(try cast("¥ -12.5 元", #"{"name":"a","type":"number","bareNumber":false}"#) == "-12.5")
    #expect(try cast("1,234", #"{"name":"a","type":"integer","groupChar":","}"#) == "1234")
    #expect(try cast(",1", #"{"name":"a","type":"integer","groupChar":","}"#) == "type")
  }

  @Test func limitsAreExact() throws {
    let field = #"{"name":"a","type":"number","constraints":{"maximum":"0.3"}}"#
    #expect(try cast("0.30", field) == "0.30")
    #expect(try cast("0.30000000000000001", field) == "maximum")
    #expect(try cast("-5", field) == "-5")
    #expect(try cast("INF", field) == "maximum")
    #expect(try cast("NaN", field) == "maximum")
    #expect(
      try cast(
        "100000000000000000000", #"{"name":"a","type":"integer","constraints":{"maximum":99999999999999999999}}"#)
        == "maximum")
    #expect(
      try cast("5", #"{"name":"a","type":"integer","constraints":{"exclusiveMinimum":5,"enum":[1,2]}}"#)
        == "enum exclusiveMinimum")
    #expect(try cast("01", #"{"name":"a","type":"integer","constraints":{"enum":[1,2]}}"#) == "1")
  }

  @Test(arguments: [
    ("2024-02-29", "2024-02-29"), ("2023-02-29", "type"), ("2024-1-6", "type"), ("24-01-06", "type"),
    ("2024-01-06 ", "type"), ("2024-13-01", "type"),
    ("0000-01-01", "0000-01-01"),
  ])
  func dates(text: String, expected: String) throws {
    #expect(try cast(text, #"{"name":"a","type":"date"}"#) == expected)
  }

  @Test func timesYearsAndMonths() throws {
    #expect(
      try cast("2024-01-02T03:04:05.60+08:00", #"{"name":"a","type":"datetime"}"#) == "2024-01-02T03:04:05.60+08:00")
    #expect(try cast("2024-01-02T24:00:00Z", #"{"name":"a","type":"datetime"}"#) == "2024-01-02T24:00:00Z")
    for text in [
      "2024-01-02 03:04:05", "2024-01-02T3:04:05", "2024-01-02T03:04:05.", "2024-01-02T03:04:05+8",
      "2024-01-02T25:00:00",
    ] {
      #expect(try cast(text, #"{"name":"a","type":"datetime"}"#) == "type")
    }
    let after = #"{"name":"a","type":"datetime","constraints":{"minimum":"2024-01-01T00:00:00Z"}}"#
    #expect(try cast("2024-01-01T08:00:00+08:00", after) == "2024-01-01T08:00:00+08:00")
    #expect(try cast("2024-01-01T07:59:59+08:00", after) == "minimum")
    // With and without a zone: more than 14 hours apart decides, and what cannot be decided is no pass.
    #expect(try cast("2024-01-01T14:00:01", after) == "2024-01-01T14:00:01")
    #expect(try cast("2024-01-01T13:59:59", after) == "minimum")
    #expect(try cast("24", #"{"name":"a","type":"year"}"#) == "type")
    #expect(try cast("-0044", #"{"name":"a","type":"year"}"#) == "-0044")
    #expect(try cast("2024-1", #"{"name":"a","type":"yearmonth"}"#) == "type")
    #expect(try cast("2024-12", #"{"name":"a","type":"yearmonth","constraints":{"maximum":"2024-11"}}"#) == "maximum")
  }

  @Test func textsAndPatterns() throws {
    #expect(try cast("dogs", #"{"name":"a","type":"string","constraints":{"pattern":"dog|cat"}}"#) == "pattern")
    #expect(try cast("cat", #"{"name":"a","type":"string","constraints":{"pattern":"dog|cat"}}"#) == "cat")
    #expect(try cast("12345", #"{"name":"a","type":"string","constraints":{"pattern":"[0-9]{4}"}}"#) == "pattern")
    #expect(try cast("abc", #"{"name":"a","type":"string","constraints":{"pattern":"^a.*$"}}"#) == "abc")
    // Lengths count code points: é as one and as two.
    #expect(try cast("長\u{65}\u{301}", #"{"name":"a","type":"string","constraints":{"maxLength":2}}"#) == "maxLength")
    #expect(try cast("", #"{"name":"a","type":"string","constraints":{"required":true}}"#) == "null required")
    #expect(try cast("", #"{"name":"a","type":"string","missingValues":["-"]}"#) == "")
    #expect(try cast("-", #"{"name":"a","type":"string","missingValues":["-"]}"#) == "null")
    // A long value is matched too.
    let long = String(repeating: "ab", count: 30_000)
    #expect(try cast(long, #"{"name":"a","type":"string","constraints":{"pattern":"(a|b)*"}}"#) == long)
    // A hostile pattern stops at its limit instead of hanging.
    #expect(
      try cast(
        String(repeating: "a", count: 40) + "!", #"{"name":"a","type":"string","constraints":{"pattern":"(a+)+"}}"#)
        == "pattern")
  }

  @Test func booleans() throws {
    #expect(try cast("1", #"{"name":"a","type":"boolean"}"#) == "true")
    #expect(try cast("tRUE", #"{"name":"a","type":"boolean"}"#) == "type")
    #expect(try cast("是", #"{"name":"a","type":"boolean","trueValues":["是"],"falseValues":["否"]}"#) == "true")
  }

  @Test(arguments: [
    (#"{"fields":[]}"#, "/fields"), (#"{"fields":[{"type":"string"}]}"#, "/fields/0/name"),
    (#"{"fields":[{"name":"a","type":"text"}]}"#, "/fields/0/type"),
    (#"{"fields":[{"name":"a","type":"geopoint","format":"wkt"}]}"#, "/fields/0/format"),
    (#"{"fields":[{"name":"a","type":"date","format":"%Q"}]}"#, "/fields/0/format"),
    (#"{"fields":[{"name":"a","type":"list","itemType":"object"}]}"#, "/fields/0/itemType"),
    (#"{"fields":[{"name":"a","type":"integer","categories":["x","x"]}]}"#, "/fields/0/categories/1"),
    (#"{"fields":[{"name":"a"}],"fieldsMatch":"some"}"#, "/fieldsMatch"),
    (#"{"fields":[{"name":"a","type":"string","constraints":{"minimum":1}}]}"#, "/fields/0/constraints/minimum"),
    (#"{"fields":[{"name":"a","type":"integer","constraints":{"pattern":"1"}}]}"#, "/fields/0/constraints/pattern"),
    (#"{"fields":[{"name":"a","type":"string","constraints":{"unheard":1}}]}"#, "/fields/0/constraints/unheard"),
    (#"{"fields":[{"name":"a","type":"string"}],"primaryKey":["b"]}"#, "/primaryKey/0"),
    (#"{"fields":[{"name":"a"}],"foreignKeys":[{"fields":["a"]}]}"#, "/foreignKeys/0/reference"),
    (
      #"{"fields":[{"name":"a"}],"foreignKeys":[{"fields":["b"],"reference":{"resource":"","fields":["a"]}}]}"#,
      "/foreignKeys/0/fields/0"
    ),
  ])
  func descriptorMistakesNameTheirPath(descriptor: String, path: String) throws {
    #expect { try Schema(json: JSONParser.parse(Array(descriptor.utf8))) } throws: {
      ($0 as? SchemaError)?.path == path
    }
  }

  @Test func limitsAndPatternsOfTheWrongFormAreDescriptorMistakes() {
    #expect(throws: SchemaError.self) { try cast("1", #"{"name":"a","type":"integer","constraints":{"minimum":"x"}}"#) }
    #expect(throws: SchemaError.self) {
      try cast("1", #"{"name":"a","type":"date","constraints":{"enum":["2024-02-30"]}}"#)
    }
    #expect(throws: SchemaError.self) { try cast("1", #"{"name":"a","type":"string","constraints":{"pattern":"["}}"#) }
  }
}

@Suite struct ExactDecimalTests {
  private func decimal(_ text: String) -> ExactDecimal { ExactDecimal(canonical: Array(text.utf8)[...]) }

  @Test func orderAndEquality() {
    let ascending = [
      "-INF", "-1E3", "-10.5", "-10", "-0.001", "0", "0.0009", "0.001", "9.99", "10", "1E2",
      "123456789012345678901234567890", "INF",
    ]
    for (i, a) in ascending.enumerated() {
      for (j, b) in ascending.enumerated() { #expect((decimal(a) < decimal(b)) == (i < j), "\(a) \(b)") }
    }
    for (a, b) in [("1", "1.0"), ("0", "-0.00"), ("100", "1E2"), ("0.10", "1E-1")] {
      #expect(decimal(a) == decimal(b) && decimal(a).key == decimal(b).key)
    }
  }

  @Test(arguments: [
    ("9007199254740992", true), ("9007199254740993", false), ("123456789012345", true), ("0.123456789012345", true),
    ("0.1234567890123456", false),
    ("1000000000000000000", false), ("12.50", true), ("1E400", false), ("1E9223372036854775807", false),
  ])
  func whatSurvivesFloatingPoint(text: String, survives: Bool) { #expect(decimal(text).survivesDouble == survives) }
}
