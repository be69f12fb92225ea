internal import Publication

/// Cuts a Chinese address after its district, its subdistrict or its road; false where it is not understood: that is not
/// published at all.
///
/// An address is 省 市 区 街道|镇|乡 路|街|大道|公路, each part short and none of it a sentence: people write names and stories
/// into address columns, and a part that is too long or holds a word of such a story makes the whole not understood.
/// - Source: the parts of an address as Shanghai writes them.
func generaliseAddress(
  _ text: ArraySlice<UInt8>, to precision: Transform.AddressPrecision, appendingTo output: inout [UInt8]
) -> Bool {
  guard let address = ChineseAddress(String(decoding: text, as: UTF8.self)), let end = address.end(of: precision) else {
    return false
  }
  for scalar in address.characters[..<end] { output.append(contentsOf: String(Character(scalar)).utf8) }
  return true
}

private struct ChineseAddress {
  let characters: [Unicode.Scalar]
  private let ends: [Transform.AddressPrecision: Int]

  /// Where the finest known part up to this precision ends.
  func end(of precision: Transform.AddressPrecision) -> Int? {
    switch precision {
    case .road: ends[.road] ?? ends[.subdistrict] ?? ends[.district]
    case .subdistrict: ends[.subdistrict] ?? ends[.district]
    case .district: ends[.district]
    }
  }

  /// Reads parts from the left up to the road, or up to the first character that is not Han; nil where one is no part of an address.
  init?(_ text: String) {
    let characters = Array(text.unicodeScalars)
    var ends: [Transform.AddressPrecision: Int] = [:]
    var index = 0
    var partStart = 0
    /// The name of the current part, without its ending.
    func hasName(_ lengths: ClosedRange<Int>, personFrom: Int = 4) -> Bool {
      let name = characters[partStart..<index]
      // 王小明愚园: somebody's name before that of the road. Few roads have a long name that begins with a surname.
      let mayHoldPerson = name.count >= personFrom && name.first.map(surnames.contains) == true
      return lengths.contains(name.count) && !mayHoldPerson && !name.contains(where: storyWords.contains)
    }
    scan: while index < characters.count, isHan(characters[index]) {
      let next = index + 1 < characters.count ? characters[index + 1] : " "
      switch characters[index] {
      case "省", "市":
        // 市 also stands inside names (菜市路): only a short name ends a part here.
        if ends.isEmpty && hasName(2...5) { partStart = index + 1 }
      case "区", "县":
        guard ends[.district] == nil && ends[.subdistrict] == nil else { break scan }
        // 小区, 园区, 社区 and the like are no districts.
        guard index > 0, !["小", "园", "社", "景", "厂", "校", "街"].contains(characters[index - 1]), hasName(1...5) else {
          return nil
        }
        ends[.district] = index + 1
        partStart = index + 1
      case "街" where next == "道":
        guard hasName(2...8, personFrom: 5) else { return nil }
        ends[.subdistrict] = index + 2
        partStart = index + 2
        index += 1
      case "镇" where next != "路" && next != "街", "乡" where next != "路" && next != "街":
        guard hasName(1...5) else { return nil }
        ends[.subdistrict] = index + 1
        partStart = index + 1
      case "路", "街":
        // 华阳路街道 is a subdistrict.
        if next == "街" && index + 2 < characters.count && characters[index + 2] == "道" { break }
        guard hasName(2...7) else { return nil }
        ends[.road] = index + 1
        break scan
      case "道" where index > 0 && characters[index - 1] == "大":
        guard hasName(3...8) else { return nil }
        ends[.road] = index + 1
        break scan
      case let scalar where storyWords.contains(scalar): return nil
      case "弄", "号", "室", "楼", "幢", "栋", "层": break scan
      default: break
      }
      index += 1
    }
    self.characters = characters
    self.ends = ends
  }
}

/// Characters of stories (住, 转, 隔壁, 的) that stand in hardly any name of a road or district; 家 does: 周家桥, 徐家汇.
private let storyWords: Set<Unicode.Scalar> = [
  "住", "转", "宅", "隔", "壁", "的", "旁", "边", "在", "爷", "奶", "叔", "姐", "某", "户", "妈", "爸", "找", "收", "我", "他", "她",
]

/// The hundred surnames that nine in ten people of China have.
private let surnames = Set(
  ("王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛"
    + "闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常").unicodeScalars)

private func isHan(_ scalar: Unicode.Scalar) -> Bool {
  (0x3400...0x9fff).contains(scalar.value) || (0x20000...0x3ffff).contains(scalar.value)
}
