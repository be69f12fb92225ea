import TableSchema
import Tabular
import Testing

/// A cell of a type, with members of its field besides.
private func cast(_ text: String, as type: String, _ members: String = "") throws -> String {
  try cast(text, #"{"name":"a","type":"\#(type)"\#(members.isEmpty ? "" : ",")\#(members)}"#)
}

/// The types and formats that are neither numbers nor plain dates: what is a value, and what is none.
@Suite struct FieldTypeTests {
  @Test(arguments: [
    ("email", "a.b+c@example.org", true), ("email", "a@b", true), ("email", "a b@c.org", false),
    ("email", "@c.org", false),
    ("email", "a@", false), ("email", "a@-b.org", false),
    ("uri", "https://changning.gov.cn/a?b=c#d", true), ("uri", "urn:isbn:0451450523", true), ("uri", "no uri", false),
    ("uri", "//host/path", false), ("uri", "http://a/%zz", false), ("uri", "", true),
    ("binary", "dGVzdA==", true), ("binary", "dGVzdA=", false), ("binary", "dGVz dA==", false),
    ("uuid", "6f1c9d3e-2a4b-4c5d-8e9f-0a1b2c3d4e5f", true), ("uuid", "6F1C9D3E-2A4B-4C5D-8E9F-0A1B2C3D4E5F", true),
    ("uuid", "6f1c9d3e2a4b4c5d8e9f0a1b2c3d4e5f", false),
  ])
  func strings(format: String, text: String, isValue: Bool) throws {
    let result = try cast(text, as: "string", #""format":"\#(format)""#)
    #expect(result == (text.isEmpty ? "null" : isValue ? text : "type"))
  }

  @Test(arguments: [
    ("P1Y2M3DT4H5M6.7S", true), ("-P5D", true), ("PT0S", true), ("P", false), ("P1YT", false), ("1Y", false),
    ("P1S", false), ("P1.5Y", false), ("PT1H1H", false), ("P1W", false),
  ])
  func durations(text: String, isValue: Bool) throws {
    #expect(try cast(text, as: "duration") == (isValue ? text : "type"))
  }

  /// A month is between 28 and 31 days: what cannot be compared is no pass.
  @Test func durationsAreOrderedInPart() throws {
    let limit = #""constraints":{"minimum":"P1M"}"#
    #expect(try cast("P32D", as: "duration", limit) == "P32D")
    #expect(try cast("P27D", as: "duration", limit) == "minimum")
    #expect(try cast("P30D", as: "duration", limit) == "minimum")
    #expect(try cast("P1Y", as: "duration", #""constraints":{"enum":["P12M"]}"#) == "P1Y")
  }

  @Test(arguments: [
    ("default", "121.42,31.22", true), ("default", "121.42, 31.22", true), ("default", "181,0", false),
    ("default", "0,-90.1", false), ("default", "1", false), ("default", "1,2,3", false), ("default", "a,b", false),
    ("array", "[121.42, 31.22]", true), ("array", "[121.42]", false), ("array", #"["a","b"]"#, false),
    ("object", #"{"lon": 121.42, "lat": 31.22}"#, true), ("object", #"{"lon": 121.42}"#, false),
    ("object", #"{"lon": 200, "lat": 0}"#, false),
  ])
  func geopoints(format: String, text: String, isValue: Bool) throws {
    #expect(try cast(text, as: "geopoint", #""format":"\#(format)""#) == (isValue ? text : "type"))
  }

  @Test(arguments: [
    (#"{"type":"Point","coordinates":[121.4,31.2]}"#, true), (#"{"type":"Point","coordinates":[121.4]}"#, false),
    (#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#, true),
    (#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}"#, false),
    (#"{"type":"Feature","geometry":null,"properties":{}}"#, true), (#"{"type":"Circle"}"#, false), (#"[]"#, false),
    (#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}"#, true),
  ])
  func geoJSON(text: String, isValue: Bool) throws {
    #expect(try cast(text, as: "geojson") == (isValue ? text : "type"))
  }

  @Test func lists() throws {
    #expect(try cast("1,2,3", as: "list", #""itemType":"integer""#) == "1,2,3")
    #expect(try cast("1,x", as: "list", #""itemType":"integer""#) == "type")
    #expect(try cast("1、2", as: "list", #""itemType":"integer","delimiter":"、""#) == "1、2")
    #expect(try cast("a,b,c", as: "list", #""constraints":{"maxLength":2}"#) == "maxLength")
    #expect(try cast("01,2", as: "list", #""itemType":"integer","constraints":{"enum":["1,2"]}"#) == "01,2")
  }

  @Test func objectsAndArrays() throws {
    #expect(try cast(#"{"a": 1}"#, as: "object") == #"{"a": 1}"#)
    #expect(try cast("[1]", as: "object") == "type")
    #expect(try cast("{", as: "object") == "type")
    #expect(try cast("[1,2,3]", as: "array", #""constraints":{"maxLength":2}"#) == "maxLength")
    #expect(
      try cast(#"{"b":1,"a":2.0}"#, as: "object", #""constraints":{"enum":[{"a":2,"b":1}]}"#) == #"{"b":1,"a":2.0}"#)
    let schema = #""constraints":{"jsonSchema":{"items":{"type":"integer","minimum":2}}}"#
    #expect(try cast("[2,3]", as: "array", schema) == "[2,3]")
    #expect(try cast("[1]", as: "array", schema) == "jsonSchema")
    // A schema that refers to itself ends at its limits.
    let endless = ##""constraints":{"jsonSchema":{"$ref":"#"}}"##
    #expect(try cast("[1]", as: "array", endless) == "jsonSchema")
    #expect(throws: SchemaError.self) {
      try cast("[1]", as: "array", #""constraints":{"jsonSchema":{"unevaluatedItems":false}}"#)
    }
  }

  @Test(arguments: [
    ("date", "%Y年%m月%d日", "2024年01月06日", "2024-01-06"), ("date", "%d/%m/%y", "06/01/24", "2024-01-06"),
    ("date", "%Y年%m月%d日", "2024年13月06日", "type"), ("date", "%Y年%m月%d日", "2024-01-06", "type"),
    ("date", "any", "2024年1月6日", "2024-01-06"), ("date", "any", "31/31/2024", "type"),
    ("time", "%H时%M分", "08时05分", "08:05:00"), ("time", "any", "8:05", "08:05:00"), ("time", "any", "25:00", "type"),
    ("datetime", "%Y/%m/%d %H:%M", "2024/01/06 08:05", "2024-01-06T08:05:00"),
    ("datetime", "any", "2024-01-06 08:05:00", "2024-01-06T08:05:00"), ("datetime", "any", "yesterday", "type"),
  ])
  func writtenTimes(type: String, format: String, text: String, expected: String) throws {
    #expect(try cast(text, as: type, #""format":"\#(format)""#) == expected)
  }

  @Test func categories() throws {
    let labelled = #""categories":[{"value":1,"label":"一"},{"value":2,"label":"二"}]"#
    #expect(try cast("1", as: "integer", labelled) == "1")
    #expect(try cast("01", as: "integer", labelled) == "1")
    #expect(try cast("3", as: "integer", labelled) == "categories")
    // What is allowed lies within the categories, or the descriptor is wrong.
    #expect(throws: SchemaError.self) { try cast("1", as: "integer", #""categories":[1],"constraints":{"enum":[2]}"#) }
  }

  @Test func missingValuesOfAFieldReplaceTheTables() throws {
    let labelled = #""missingValues":[{"value":"-","label":"未填"}]"#
    #expect(try cast("-", as: "integer", labelled) == "null")
    #expect(try cast("", as: "integer", labelled) == "type")
  }
}

/// Patterns of XML Schema, which are not those of other tools.
@Suite struct PatternTests {
  private func matches(_ pattern: String, _ text: String) throws -> Bool {
    let bytes = Array(text.utf8)
    return try Pattern(pattern, at: "/").match(bytes.span) == .matches
  }

  @Test(arguments: [
    // Subtraction, blocks, categories and names: what XML Schema has and others lack.
    (#"[a-z-[aeiou]]+"#, "bcd", true), (#"[a-z-[aeiou]]+"#, "bad", false), (#"[\d-[5-9]]"#, "4", true),
    (#"[\d-[5-9]]"#, "7", false), (#"\p{IsCJKUnifiedIdeographs}+"#, "长宁", true),
    (#"\p{IsCJKUnifiedIdeographs}+"#, "kana", false), (#"\P{IsBasicLatin}"#, "é", true), (#"\p{Lu}\p{Ll}"#, "Ab", true),
    (#"\i\c*"#, "a-b.c", true), (#"\i\c*"#, "1a", false), (#"[^\d]"#, "x", true), (#"[\D]"#, "5", false),
    // \d is any decimal digit, and a dot is anything but a line end.
    (#"\d"#, "３", true), (#"."#, "\n", false), (#"[\w]+"#, "字1", true), (#"\w"#, "-", false),
    // Whole values; what anchors elsewhere and begins or ends the whole does nothing.
    (#"a|b"#, "ab", false), (#"^ab$"#, "ab", true), (#"a^b"#, "a^b", true), (#"a$b"#, "a$b", true), (#""#, "", true),
    (#"a{2,3}"#, "aaa", true), (#"a{2,3}"#, "aaaa", false), (#"[\-x]"#, "-", true), (#"[x-]"#, "-", true),
    (#"[.]"#, "a", false),
    (#"(ab)+"#, "abab", true), (#"\."#, "x", false), (#"[a\]]"#, "]", true), (#"a/b#c"#, "a/b#c", true),
  ])
  func means(pattern: String, text: String, isMatch: Bool) throws {
    #expect(try matches(pattern, text) == isMatch, "\(pattern) \(text)")
  }

  /// What other kinds of patterns have besides would be read as something else: it is a mistake of the descriptor.
  @Test(arguments: [
    #"[]a]"#, #"(?i)a"#, #"(?=a)"#, #"a*?"#, #"a++"#, #"\bword"#, #"(a)\1"#, #"[a"#, #"(a"#, #"a)"#, #"*a"#, #"a{3,2}"#,
    #"\p{IsNowhere}"#, #"\p{Xx}"#, #"[z-a]"#, #"a{99999}"#, #"\q"#, #"a\"#, #"[[:alpha:]]"#,
  ])
  func isRefused(pattern: String) { #expect(throws: SchemaError.self, "\(pattern)") { try Pattern(pattern, at: "/") } }

  @Test func bracketsWithoutEndAreRefused() {
    #expect(throws: SchemaError.self) { try Pattern(String(repeating: "(", count: 100_000), at: "/") }
    #expect(throws: SchemaError.self) { try Pattern(String(repeating: "[a-", count: 100_000), at: "/") }
  }
}
