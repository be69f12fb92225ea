import Hashing
import Publication
import TableSchema
import Tabular
import TestSupport
import Testing

@testable import Redaction

@Suite struct TransformTests {
  private func apply(
    _ transform: Transform, _ text: String, type: FieldType = .plainString, key: UInt8 = 1, column: String = "c",
    divisions: Divisions? = nil
  ) throws -> String? {
    let dataset = try DatasetID(department: DepartmentID("office"), name: "things")
    let policy = ColumnPolicy(
      field: column, label: column, disclosure: .directIdentifier, transform: transform, repairs: [])
    let column = try ColumnTransform(
      policy: policy, field: SchemaField(name: column, type: type), dataset: dataset,
      key: SymmetricKey([UInt8](repeating: key, count: 32)), divisions: divisions)
    var output = TextBuffer()
    let bytes = Array(text.utf8)
    return column.apply(bytes.span, appendingTo: &output) ? String(decoding: output.copy(), as: UTF8.self) : nil
  }

  @Test func masksNeverShowAllOfAValue() throws {
    #expect(try apply(.mask(keepFirst: 1, keepLast: 0), "王小明") == "王**")
    #expect(try apply(.mask(keepFirst: 3, keepLast: 4), "13800138000") == "138****8000")
    #expect(try apply(.mask(keepFirst: 1, keepLast: 1), "王明") == "**")
    #expect(try apply(.mask(keepFirst: 1, keepLast: 0), "王") == "**")
    #expect(try apply(.mask(keepFirst: 0, keepLast: 0), "👨‍👩‍👧a") == "**")
    // How long a name is tells, too.
    #expect(try apply(.mask(keepFirst: 1, keepLast: 0), "王明") == "王**")
    #expect(try apply(.mask(keepFirst: 1, keepLast: 0), "王小明明") == "王**")
    #expect(try apply(.mask(keepFirst: 2, keepLast: 0), "欧阳小明") == "欧阳**")
  }

  @Test func tokensDependOnKeyColumnAndEpochAndHoldNoDigits() throws {
    let token = try #require(try apply(.hash(epoch: "2026"), "13800138000"))
    #expect(token.count == 24 && token.utf8.allSatisfy { $0 >= 0x61 && $0 <= 0x70 })
    #expect(try apply(.hash(epoch: "2026"), "13800138000") == token)
    #expect(try apply(.hash(epoch: "2027"), "13800138000") != token)
    #expect(try apply(.hash(epoch: "2026"), "13800138000", key: 2) != token)
    #expect(try apply(.hash(epoch: "2026"), "13800138000", column: "d") != token)
    #expect(try apply(.hash(epoch: "2026"), "13800138001") != token)
  }

  @Test(arguments: [
    ("37", "30"), ("30", "30"), ("-1", "-10"), ("-10", "-10"), ("0", "0"), ("29.99", "20"), ("-0.5", "-10"),
    ("999", "90"), ("-999", "-20"),
  ])
  func numbersAreRoundedDownWithinBounds(text: String, expected: String) throws {
    #expect(
      try apply(.generaliseNumber(step: "10", atLeast: "-20", atMost: "90"), text, type: .canonicalNumber) == expected)
  }

  @Test func decimalsAreExactAndWhatIsNotUnderstoodIsNull() throws {
    let step = Transform.generaliseNumber(step: "0.1", atLeast: nil, atMost: nil)
    #expect(try apply(step, "0.3", type: .canonicalNumber) == "0.3")
    #expect(try apply(step, "0.29999999", type: .canonicalNumber) == "0.2")
    #expect(try apply(step, "-0.01", type: .canonicalNumber) == "-0.1")
    #expect(try apply(step, "7", type: .canonicalNumber) == "7.0")
    for text in ["NaN", "INF", "1E5", "99999999999999999999", "-922337203685477580", "922337203685477580"] {
      #expect(try apply(step, text, type: .canonicalNumber) == nil)
    }
    #expect(throws: RedactionError.self) { try apply(step, "1", type: .plainString) }
  }

  @Test func dates() throws {
    #expect(try apply(.generaliseDate(.year), "2024-05-06", type: .date(.default)) == "2024")
    #expect(try apply(.generaliseDate(.month), "2024-05-06T07:08:09Z", type: .datetime(.default)) == "2024-05")
    #expect(try apply(.generaliseDate(.quarter), "2024-12", type: .yearmonth) == "2024-Q4")
    #expect(throws: RedactionError.self) { try apply(.generaliseDate(.year), "2024", type: .plainString) }
  }

  @Test(arguments: [
    ("长宁区仙霞路1922弄51号1455室", "长宁区仙霞路", "长宁区", "长宁区"), ("上海市长宁区华阳路街道长宁路1弄2号", "上海市长宁区华阳路街道长宁路", "上海市长宁区华阳路街道", "上海市长宁区"),
    ("长宁区新泾镇福泉路99号", "长宁区新泾镇福泉路", "长宁区新泾镇", "长宁区"), ("延安西路2299号", "延安西路", nil, nil), ("愚园路", "愚园路", nil, nil),
    ("长宁区", "长宁区", "长宁区", "长宁区"), ("世纪大道8号", "世纪大道", nil, nil), ("幸福小区3号楼", nil, nil, nil), ("2号", nil, nil, nil),
    ("Room 5", nil, nil, nil), ("沪青平公路1号", "沪青平公路", nil, nil),
    ("长宁区程家桥街道虹桥路1号", "长宁区程家桥街道虹桥路", "长宁区程家桥街道", "长宁区"),
    ("王小明家住愚园路1号", nil, nil, nil), ("张三转李四上海市长宁区仙霞路1号", nil, nil, nil), ("张路", nil, nil, nil), ("张大道", nil, nil, nil),
    ("王小明愚园路1号", nil, nil, nil), ("王小明长宁区", nil, nil, nil),
    ("静安区石门二路街道北京西路1号", "静安区石门二路街道北京西路", "静安区石门二路街道", "静安区"),
    ("住在张大爷隔壁的王小明家旁边那条路", nil, nil, nil), ("我们村里最东边的那一户人家门前的路", nil, nil, nil),
  ])
  func addresses(text: String, road: String?, subdistrict: String?, district: String?) throws {
    #expect(try apply(.generaliseAddress(.road), text) == road)
    #expect(try apply(.generaliseAddress(.subdistrict), text) == subdistrict)
    #expect(try apply(.generaliseAddress(.district), text) == district)
  }

  @Test(arguments: [
    ("长宁区江苏路1141弄39号1654室", "长宁区江苏路1141弄39号", "长宁区江苏路1141弄"), ("延安西路2299号3楼", "延安西路2299号", "延安西路"),
    ("愚园路12-3号甲", "愚园路12-3号", "愚园路"), ("愚园路弄", "愚园路", "愚园路"), ("长宁区", "长宁区", "长宁区"),
    ("仙霞路王小明家12号", "仙霞路", "仙霞路"), ("幸福小区3号楼", nil, nil),
  ])
  func addressesDownToTheHouse(text: String, number: String?, lane: String?) throws {
    #expect(try apply(.generaliseAddress(.number), text) == number)
    #expect(try apply(.generaliseAddress(.lane), text) == lane)
  }

  /// Names as the table has them, and nothing of what is in no table.
  @Test(arguments: [
    ("上海市长宁区华阳路街道长宁路1弄2号", "长宁区", "长宁区华阳路街道", "长宁区华阳路街道长宁路"),
    ("上海长宁区仙霞路1号", "长宁区", "长宁区", "长宁区仙霞路"), ("天山路街道茅台路5号", "长宁区", "长宁区天山路街道", "天山路街道茅台路"),
    ("长宁区南京东路街道1号", nil, nil, nil), ("长安区仙霞路1号", nil, nil, nil), ("城厢镇2号", nil, nil, nil), ("新虹街道", nil, nil, nil),
    ("仙霞路2号", nil, nil, "仙霞路"), ("静安区新虹街道", "静安区", "静安区新虹街道", "静安区新虹街道"),
  ])
  func addressesBesideDivisions(text: String, district: String?, subdistrict: String?, road: String?) throws {
    let divisions = Divisions([
      .init(name: "长宁区", subdistricts: ["华阳路街道", "天山路街道", "新泾镇", "新虹街道"]),
      .init(name: "静安区", subdistricts: ["新虹街道"]), .init(name: "黄浦区", subdistricts: ["南京东路街道"]),
    ])
    #expect(try apply(.generaliseAddress(.district), text, divisions: divisions) == district)
    #expect(try apply(.generaliseAddress(.subdistrict), text, divisions: divisions) == subdistrict)
    #expect(try apply(.generaliseAddress(.road), text, divisions: divisions) == road)
  }

  @Test(arguments: [
    ("14", "10"), ("15", "20"), ("-15", "-10"), ("-16", "-20"), ("14.999", "10"), ("-14.999", "-10"),
    ("-15.001", "-20"), ("0", "0"),
    ("95", "90"), ("4.99999999999999", "0"),
  ])
  func numbersAreRoundedToTheNearest(text: String, expected: String) throws {
    let transform = Transform.generaliseNumber(step: "10", atLeast: nil, atMost: "90", rounding: .nearest)
    #expect(try apply(transform, text, type: .canonicalNumber) == expected)
    let odd = Transform.generaliseNumber(step: "3", atLeast: nil, atMost: nil, rounding: .nearest)
    for (text, rounded) in [("1.4", "0"), ("1.5", "3"), ("-1.5", "0"), ("-1.51", "-3"), ("4.49", "3"), ("4.5", "6")] {
      #expect(try apply(odd, text, type: .canonicalNumber) == rounded, "\(text)")
    }
  }

  @Test func removedValuesAreFoundAnywhereAndOnlyThey() throws {
    let folder = TemporaryFolder()
    var builder = RawValuesBuilder(folder: folder.path, memoryBudget: 1 << 20)
    let removed = [
      "138 0013 8000", "44052418800101001X", "王小明", "zhang.san@mail.example", "li@sh.cn", "short1", "不详", " 李 四 ",
      "买买提·吐尔逊", "JOHN SMITH",
      "沪A12345", "长宁餐饮有限公司", "王知行", "77", "62345678",
    ]
    var work = RemovedValues(byteCount: 4_096)
    for value in removed {
      let bytes = Array(value.utf8)
      work.add(bytes.span)
    }
    try builder.add(work)
    let values = try builder.finish()
    func count(_ text: String) throws -> Int { try values.countStrong(in: Array(text.utf8)[...]) }
    #expect(try count("见13800138000。") == 1)
    #expect(try count("id=44052418800101001x;") == 1)
    #expect(try count("x99138001380007") == 1)
    #expect(try count("ZHANG.SAN@mail.example") == 1)
    #expect(try count("13800138001, 4405241880010100, short1, 138 0013, 8000") == 0)
    // Short numbers count where they stand alone, not inside longer ones.
    #expect(try count("座机 6234-5678") == 1)
    #expect(try count("121.96234567812, 99623456780") == 0)
    // A long text with many short words takes time in proportion.
    #expect(try count(String(repeating: "a b ", count: 100_000) + "6234 5678") == 1)
    #expect(try count("写信到 li@sh.cn") == 1)
  }

  /// A name is looked for in what is published of its own row, however it is written there; "unknown" and organisations are not.
  @Test func namesAreFoundInTheirOwnRow() {
    var row = OwnRow()
    func found(_ value: String, _ text: String) -> Bool {
      row.removeAll()
      let (bytes, published) = (Array(value.utf8), Array(text.utf8))
      row.add(bytes.span, column: 3)
      var comparable = TextBuffer()
      comparable.append(comparable: published.span)
      var isFound = false
      comparable.withBytes { row.forEachPlace(in: $0) { column, _ in isFound = isFound || column == 3 } }
      return isFound
    }
    for (name, text) in [
      ("王小明", "联系人王小明来电"), (" 王小明", "王 小 明"), ("王小明", "1,\"a,王小\u{200b}明\",2"), ("买买提·吐尔逊", "买买提•吐尔逊,x"),
      ("买买提・吐尔逊", "买买提吐尔逊"), ("JOHN SMITH", "by John  Smith."), ("沪A12345", "车牌沪Ａ12345号"), ("short1", "x,SHORT1,y"),
      ("王知行", "王知行"), ("𠮷田一", "见𠮷田一"),
    ] {
      #expect(found(name, text), "\(name)")
    }
    for (name, text) in [
      ("王小明", "王小"), ("王小明", "王小 李明"), ("不详", "不详"), ("Unknown", "unknown"), ("长宁餐饮有限公司", "长宁餐饮有限公司"), ("77", "77"),
      ("short1", "ashort1"), ("short1", "short12"), ("12345", "12345"), ("13800138000", "13800138000"), ("", ""),
      ("王", "王"),
    ] {
      #expect(!found(name, text), "\(name)")
    }
  }

  /// A transform that lets values through is seen without any delivery.
  @Test func theControlRunSeesABrokenTransform() throws {
    func redact(_ transform: Transform) throws -> Redact {
      let site = SampleDataset(columns: [
        ColumnPolicy(field: "id", label: "编号", disclosure: .open, transform: .keep, repairs: []),
        ColumnPolicy(field: "phone", label: "电话", disclosure: .directIdentifier, transform: transform, repairs: []),
      ])
      let schema = Schema(fields: [
        SchemaField(name: "id", type: .canonicalInteger), SchemaField(name: "phone", type: .plainString),
      ])
      return try Redact(
        dataset: try site.dataset(), schema: schema, key: SymmetricKey([UInt8](repeating: 7, count: 32)))
    }
    for transform in [Transform.drop, .mask(keepFirst: 3, keepLast: 4), .hash(epoch: "1"), .replace(with: "x")] {
      try redact(transform).controlRun()
    }
    // No configuration can say so: it is what a transform does that is broken.
    let broken = try redact(.keep)
    let refusal = try #require(throws: Refusal.self) { try broken.controlRun() }
    #expect(refusal.report.findings.map { "\($0.code.rawValue) \($0.field ?? "")" } == ["control-run phone"])
  }

  @Test(arguments: [
    ("数据已匿名化处理", true), ("不含姓名。已匿名。", true), ("All records are anonymised.", true), ("Fully anonymous data", true),
    ("经脱敏处理,无法识别个人", true),
    ("匿名举报电话", false), ("遮盖是显示方式,不是匿名化", false), ("数据并未匿名化", false), ("The data are not anonymised.", false),
    ("已脱敏、去标识化", false), ("Anonymous tip line", false),
  ])
  func claimsOfAnonymity(text: String, isOne: Bool) {
    #expect(claimsAnonymity(text) == isOne, "\(text)")
  }
}
