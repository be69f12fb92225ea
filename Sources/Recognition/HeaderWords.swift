internal import Tabular

/// What the label of a column says of its values.
package struct HeaderHints: Sendable {
  /// What it says they are.
  package let identifiers: Set<Identifier>
  /// Its words belong to things that only look like identifiers: permits, orders, devices.
  package let speaksOfThings: Bool
  /// It speaks of an organisation's place or line: 经营场所, 服务电话.
  package let speaksOfOffices: Bool
  /// It says no more than that they are names, which things have too: name, stop_name.
  let namesAnything: Bool
  /// It says of what they are the days: 成立日期, created_at, but not 日期.
  let speaksOfDates: Bool
  /// It says that they are numbers or codes of whatever kind: 物品编号.
  let speaksOfNumbers: Bool
  /// It says that they are numbers of persons, or digests of them: sfzh_sha256.
  var namesPersonsNumber: Bool {
    !identifiers.isDisjoint(with: [
      .hashedValue, .residentIdentityNumber, .mobileNumber, .bankCardNumber, .passportNumber,
    ])
  }

  /// - Parameter labels: the label in the delivery and the field's name.
  package init(_ labels: [String]) {
    // （必填） and the like say nothing.
    let labels = labels.map { label in
      var text = label.lowercased()
      if let bracket = text.firstIndex(where: { "（([【".contains($0) }), bracket > text.startIndex {
        text = String(text[..<bracket])
      }
      return text.trimmingSpaces
    }
    let texts = labels.map { Array($0.utf8) }
    let words =
      texts
      + labels.flatMap { label in
        label.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }.map { Array($0.utf8) }
      }
    func holds(_ phrase: HeaderPhrase) -> Bool { phrase.stands(in: texts, words: words) }
    speaksOfThings = thingPhrases.contains(where: holds)
    speaksOfOffices = officePhrases.contains(where: holds)
    var found: Set<Identifier> = []
    for (identifier, means, meansNot) in Self.phrases
    where means.contains(where: holds) && !meansNot.contains(where: holds) { found.insert(identifier) }
    if found.contains(.residentIdentityNumber) { found.insert(.formerIdentityNumber) }
    identifiers = found
    namesAnything =
      found.contains(.personalName)
      && Self.phrases.first { $0.0 == .personalName }?.1.filter(holds).map(\.text) == [Array("name".utf8)]
    speaksOfNumbers = ["编号", "编码", "代码", "序号", "code", "no", "number", "bh", "bm"].contains { number in
      labels.contains { $0.hasSuffix(number) }
    }
    speaksOfDates = labels.contains { label in dateEndings.contains { label.hasSuffix($0) && label != $0 } }
  }

  private static let phrases: [(Identifier, [HeaderPhrase], [HeaderPhrase])] = headerPhrases.map {
    identifier, means, meansNot in
    func list(_ text: String) -> [HeaderPhrase] {
      text.split { $0 == "," || $0 == "\n" }.map { HeaderPhrase(String($0)) }
    }
    return (identifier, list(means), list(meansNot))
  }
}

/// A phrase of labels: Latin words count as whole ones, age is not in page.
private struct HeaderPhrase: Sendable {
  let text: [UInt8]
  private let isLatin: Bool

  init(_ phrase: String) {
    text = Array(phrase.utf8)
    isLatin = text.allSatisfy { $0 < 0x80 }
  }

  func stands(in labels: [[UInt8]], words: [[UInt8]]) -> Bool {
    isLatin ? words.contains(text) : labels.contains { indexOf(text.span, in: $0.span, from: 0) != nil }
  }
}

extension String {
  fileprivate var trimmingSpaces: String {
    var text = self[...]
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}

private let thingPhrases = [
  "许可证", "订单", "单号", "流水", "文号", "案号", "批号", "商品", "设备", "发票", "物料", "工单", "快递", "注册号", "执照", "型号", "条码", "编码",
  "统一社会信用代码", "路名",
  "品牌", "街道", "公司", "单位名称", "企业名称", "机构名称", "建成", "竣工", "修建", "commit", "etag", "digest", "checksum", "sha256", "sha1",
  "固件", "firmware", "校验值", "file", "key32", "rowkey", "permit", "order", "invoice",
  "serial", "sku", "barcode", "device",
].map(HeaderPhrase.init)

private let officePhrases = [
  "经营场所", "经营地址", "办公地址", "注册地址", "单位地址", "设施地址", "机构地址", "企业地址", "场所地址", "站点", "公园", "station", "facility", "park",
  "store", "shop", "office", "车站", "公厕", "网点", "设施", "zcdz", "bgdz", "jydz", "服务电话", "咨询电话", "投诉电话", "办公电话", "热线", "门店",
  "站点",
].map(HeaderPhrase.init)

private let dateEndings = ["日期", "时间", "年月", "日", "date", "time", "_at", "_on", "year", "rq", "sj"]
