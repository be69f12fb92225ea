import Recognition
import Testing

@Suite struct IdentifierScannerTests {
  private func found(_ text: String) -> [String] {
    var kinds: [String] = []
    findIdentifiers(in: Array(text.utf8)[...]) { kinds.append($0.rawValue) }
    return kinds
  }

  private let identity = ["resident-identity-number"]
  private let mobile = ["mobile-number"]

  // Made up; the check digits are right by ISO 7064 MOD 11-2, worked out by hand from the weights.
  @Test(arguments: [
    "11010519491231002X", "身份证11010519491231002X。", "110105 19491231 002x", "1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X",
    "110105-19491231-002-X",
    "１１０１０５１９４９１２３１００２Ｘ", "11010519491231\u{200b}002X", "11010519491231002Х", "440524188001010014",
    "34052419800101001X",
    // A disability certificate is an identity number and two digits; a student number a letter and one.
    "34052419800101001X", "44052418800101001443", "G440524188001010014",
  ])
  func identityNumbers(text: String) { #expect(found(text) == identity, "\(text)") }

  @Test(arguments: [
    "110105194912310021", "110105194913310026", "11010519491231002", "91310105MA0UPYMY16", "20240102030405060",
    "310105", "2022-03-19 13:45:00",
  ])
  func noIdentityNumbers(text: String) { #expect(found(text).filter { $0 == identity[0] }.isEmpty, "\(text)") }

  @Test(arguments: [
    "联系人1.13800138000", "013800138000", "(138)00138000", "1380-013-8000", "138001-38000",
    "138-0013 8000", "138  0013  8000",
    "138 - 0013 - 8000", "138\t0013\t8000", "138/0013/8000", "138\u{3000}0013\u{3000}8000",
    "138\u{2009}0013\u{202f}8000", "138•0013•8000",
    "138\u{2212}0013\u{2212}8000", "138\u{202d}0013\u{2066}8000", "138&nbsp;0013&nbsp;8000", "1.3800138E10",
    "1.3800138000E+10",
    "一三八零零一三八零零零", "幺三八〇〇一三八〇〇〇", "1 3 8 0 0 1 3 8 0 0 0", "1380013800013900139000138001380001390013900013800138000",
    "１３８〇〇１３８０００", "138零零一三8000", "١٣٨٠٠١٣٨٠٠٠", "13 8001 38000", "138_0013_8000",
    "13800138000", "电话13800138000联系", "138 0013 8000", "138-0013-8000", "+86 13800138000", "8613800138000",
    "008613800138000", "１３８００１３８０００",
    "14912345678", "19412345678", "13800138000.0", "tel:13800138000,", "86-138-0013-8000",
  ])
  func mobileNumbers(text: String) { #expect(found(text) == mobile, "\(text)") }

  @Test(arguments: [
    "131.47123456", "195-2021-2024", "D13112345678", "0.013800138000", "0630 0715 0730 1345 1400 1415 1430",
    "86013800138000",
    "121.31234567 31.12345678 121.41234567 31.22345678", "一二三四五六七八九", "1.38E10", "2.3800138E10", "二〇二四年三月",
    "面积138.00平方米", "12.13.800",
    "12800138000", "138001380001", "1609459200000", "0.13800138000", "021-62345678", "12345", "2024-03-19,135,8,127",
    "152 2022-03-19", "31.2304,121.47",
    "4008123123", "1380013800",
  ])
  func noMobileNumbers(text: String) { #expect(found(text).isEmpty, "\(text)") }

  @Test func everyTypoAndSwapOfNeighboursBreaksTheCheckDigit() {
    let digits = Array("440524188001010014".utf8)
    for place in 14..<18 {
      for digit in UInt8(ascii: "0")...UInt8(ascii: "9") where digit != digits[place] {
        var typo = digits
        typo[place] = digit
        #expect(found(String(decoding: typo, as: UTF8.self)).isEmpty)
      }
    }
  }

  private func foundInNumber(_ text: String) -> [String] {
    var kinds: [String] = []
    findIdentifiers(in: Array(text.utf8)[...], isNumber: true) { kinds.append($0.rawValue) }
    return kinds
  }

  @Test(arguments: ["13800138000", "-13800138000", "13800138000.0", "1.3800138E10", "13800138E3", "138001380e2"])
  func wholeNumbersOfNumericColumns(text: String) { #expect(foundInNumber(text) == mobile) }

  @Test(arguments: [
    "1.13800138000", "13800138000.55", "0.013800138000", "3.8613800138000", "66.31010519491231002712", "13800138E-1",
    "1E99999999999", "138",
  ])
  func measurementsAndAmounts(text: String) { #expect(foundInNumber(text).isEmpty) }

  @Test func partsOfDifferentNumbersAreNotOne() {
    // The end of one group and the beginning of the next would be somebody's number.
    #expect(found("99440524188001 01001477").isEmpty)
    #expect(found("440524188001 010014") == identity)
    #expect(found("9 1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X").isEmpty)
  }

  @Test func aListOfCoordinatesTakesTimeInProportion() {
    // Found by attack: the cost once grew with the square of the length. A megabyte must not take minutes.
    let text = String(repeating: "31.2304 121.4712 ", count: 60_000)
    #expect(found(text).isEmpty)
    #expect(found(text + "13800138000") == mobile)
  }
}

/// Made-up numbers with the check digits of their kinds.
@Suite struct IdentifierKindTests {
  private func scan(_ text: String) -> [(Identifier, String, Certainty)] {
    var scanner = IdentifierScanner()
    let bytes = Array(text.utf8)
    var found: [(Identifier, String, Certainty)] = []
    scanner.scan(bytes.span) {
      found.append(($0.identifier, String(decoding: bytes[$0.range], as: UTF8.self), $0.certainty))
    }
    return found
  }

  @Test(arguments: [
    ("卡号6222021234567890128收", Identifier.bankCardNumber, "6222021234567890128"),
    ("卡 6222 0212 3456 7890 128", .bankCardNumber, "6222 0212 3456 7890 128"),
    ("护照号E12345678", .passportNumber, "E12345678"), ("持EB1234567护照", .passportNumber, "EB1234567"),
    ("回乡证H1234567801", .travelPermitNumber, "H1234567801"),
    ("A123456(3)", .hongKongIdentityCard, "A123456(3)"), ("A１23456（3）", .hongKongIdentityCard, "A１23456（3）"),
    ("台湾身份证A123456789", .taiwanIdentityCard, "A123456789"),
    ("车沪A12345驶过", .licensePlate, "沪A12345"), ("沪A·D12345", .licensePlate, "沪A·D12345"),
    ("粤Z1234港", .licensePlate, "粤Z1234港"),
    ("军字第12345678号", .officerCardNumber, "军字第12345678号"),
    ("请回复li808@qq.com谢谢", .emailAddress, "li808@qq.com"),
    ("LTAI5tCwbzb86a2DC4Dd7kp6，备注", .secret, "LTAI5tCwbzb86a2DC4Dd7kp6"),
    ("jdbc:mysql://10.1.2.3/db?user=root&password=Abc2568", .secret, "password=Abc2568"),
    ("redis://u:geheim@10.0.0.1:6379/0", .secret, "redis://u:geheim@10.0.0.1:6379"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.a-b_c1", .secret, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.a-b_c1"),
    ("市民易涛来电反映噪声", .personalName, "易涛"), ("市民阿依古丽·买买提来电", .personalName, "阿依古丽·买买提"),
    ("投诉人邵刚涵（称）", .personalName, "邵刚涵"), ("司马海丽女士要求回复", .personalName, "司马海丽"),
    ("家住上海市长宁区安顺路1428弄42号368室", .homeAddress, "上海市长宁区安顺路1428弄42号368室"),
    ("退款至余坤华，13327861424", .personalName, "余坤华"), ("何颖13145754422", .personalName, "何颖"),
    ("电瓶车被盗，邵国平 19355896866", .personalName, "邵国平"),
    ("余坤华反映噪声", .personalName, "余坤华"), ("经查，何颖(女，1944年生)", .personalName, "何颖"),
    ("由余坤华称其", .personalName, "余坤华"), ("承租人何颖已搬离", .personalName, "何颖"),
    ("微信号：zhang_jun6566，请加", .messagingAccount, "zhang_jun6566"), ("加微信 lv_chun6307", .messagingAccount, "lv_chun6307"),
    ("QQ：904605206", .messagingAccount, "904605206"),
    ("何某,1950年5月6日出生", .birthDate, "1950年5月6日"), ("出生日期：2002-05-06，", .birthDate, "2002-05-06"),
    ("生于1980.05", .birthDate, "1980.05"),
    ("投诉人張鳳強來電", .personalName, "張鳳強"),
  ])
  func isFoundAtItsPlace(text: String, kind: Identifier, place: String) {
    let found = scan(text).filter { $0.2 == .certain }
    #expect(found.contains { $0.0 == kind && $0.1 == place }, "\(text): \(found)")
  }

  @Test(arguments: [
    "沪长府〔2023〕12号", "工单编号2025050212835314", "请拨打021-22050000或12345咨询", "处理时限5个工作日，责任单位：区绿化市容局", "道路施工围挡整改完成",
    "32264f95-a709-543d-a2aa-acce13800138", "6222021234567890129", "设备A123456789012", "张杨路与黄兴路口",
    "办公室信箱 office@shcn.gov.cn",
    "市民可拨打热线", "负责人：区环保局", "市民方便", "苏州市姑苏区", "version 1.2.10.3", "文字第12号", "云南A级景区",
    "居民反映楼道堆物", "商户称已整改", "单位表示将整改", "微信公众号：shanghaifabu", "微信支付", "出生人口1950年5月6日统计", "QQ群已建",
    "新生儿出生日期为准", "高桥镇投诉处理", "经营者称无异议", "向社区反映", "家长反映学校门口拥堵", "房东称已退租", "管理员来电确认",
  ])
  func isNothing(text: String) {
    let found = scan(text).filter { $0.2 == .certain }
    #expect(found.isEmpty, "\(text): \(found)")
  }

  private func verdict(_ label: String, _ cells: [String]) -> ColumnVerdict {
    var evidence = ColumnEvidence()
    var scanner = IdentifierScanner()
    for cell in cells {
      let bytes = Array(cell.utf8)
      var found: [Recognition] = []
      scanner.scan(bytes.span) { found.append($0) }
      evidence.add(bytes.span, found)
    }
    return evidence.verdict(HeaderHints([label]))
  }

  /// 18 places, a valid check digit where wanted.
  private func number(_ area: String, _ date: String, _ serial: Int, isValid: Bool) -> String {
    let body = Array((area + date + String(1000 + serial % 1000).dropFirst()).utf8)
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    let sum = zip(body, weights).reduce(0) { $0 + (Int($1.0) - 48) * $1.1 }
    let place = (sum + (isValid ? 0 : 1 + serial % 10)) % 11
    return String(decoding: body, as: UTF8.self) + ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][place]
  }

  @Test func permitsAreToldFromPersonsByHowManyPass() {
    func date(_ year: Int, _ day: Int) -> String { "\(year)\(["0115", "0620", "1103"][day % 3])" }
    // One in eleven passes, as chance has it.
    let permits = (0..<1_100).map { number("310105", date(2015 + $0 % 9, $0), $0, isValid: $0 % 11 == 0) }
    #expect(!verdict("编号", permits).identifiers.contains(.residentIdentityNumber))
    // One person among them, told by the year.
    let needle = verdict("编号", permits + [number("310105", "19620304", 7, isValid: true)])
    #expect(needle.certain.contains(.residentIdentityNumber))
    // Many persons among them.
    let persons = (0..<300).map { number("310104", date(2016, $0), $0, isValid: true) }
    #expect(verdict("编号", permits + persons).certain.contains(.residentIdentityNumber))
  }

  @Test func aColumnsFormAndHeaderDecideWhatOneCellCannot() {
    let codes = (0..<200).map { "E\(12_345_678 + $0)" }
    #expect(verdict("护照号", codes).possible.contains(.passportNumber))
    #expect(!verdict("设备编号", codes).possible.contains(.passportNumber))
    let names = (0..<100).map {
      "王\(["伟", "芳", "秀英", "建国", "丽", "军", "洋", "艳", "杰", "磊", "涛", "明", "超", "勇", "静", "敏", "强", "霞", "平", "刚"][$0 % 20])"
    }
    #expect(verdict("列1", names).possible.contains(.personalName))
    #expect(!verdict("路名", names.map { $0 + "路" }).possible.contains(.personalName))
  }

  @Test func columnsOfNamesHoldMoreThanOneName() {
    let lists = (0..<40).map { "石雅秀、邹宇\(["斌", "明", "华", "强"][$0 % 4])、苏黎明" }
    #expect(verdict("评审专家", lists).possible.contains(.personalName))
    #expect(verdict("监护人姓名", lists.map { "母亲—" + $0.prefix(3) }).possible.contains(.personalName))
    #expect(verdict("姓名", lists.map { "\($0.prefix(3))(194596)" }).possible.contains(.personalName))
    let latin = (0..<40).map { ["ZHANG San", "Lixin Deng", "Wang, Xiaoming", "Yuki Patel"][$0 % 4] }
    #expect(verdict("拼音姓名", latin).possible.contains(.personalName))
    // Names of places are written so too, and no header says that they are persons.
    #expect(!verdict("stop_name", latin).possible.contains(.personalName))
    #expect(!verdict("主管部门", lists.map { _ in "市场监管局、绿化市容局" }).possible.contains(.personalName))
  }

  @Test func datesAndNumbersOfOtherThings() {
    let days = (0..<60).map { "19\(60 + $0 % 40)-0\(1 + $0 % 9)-15" }
    #expect(verdict("出生日期", days).possible.contains(.birthDate))
    #expect(!verdict("成立日期", days).possible.contains(.birthDate))
    // Says no more than that they are days.
    #expect(verdict("日期", days).possible.contains(.birthDate))
    #expect(!verdict("启用日期", days).possible.contains(.birthDate))
    let papers = (0..<60).map { ["E1234567", "S0186272", "H6920987", "C0123456"][$0 % 4] + "\($0 % 10)" }
    #expect(verdict("证件号码", papers).possible.contains(.passportNumber))
    #expect(verdict("列20", papers).possible.contains(.travelPermitNumber))
    #expect(!verdict("物品编号", papers).possible.contains(.passportNumber))
  }
}
