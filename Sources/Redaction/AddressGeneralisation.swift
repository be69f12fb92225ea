internal import Publication
internal import Tabular

/// Cuts a Chinese address after its district, its subdistrict or its road; false where it is not understood: that is not
/// published at all.
///
/// An address is 省 市 区 街道|镇|乡 路|街|大道|公路, each part short and none of it a sentence: people write names and stories
/// into address columns, and a part that is too long or holds a word of such a story makes the whole not understood.
/// - Source: the parts of an address as Shanghai writes them.
func generaliseAddress(
  _ text: Span<UInt8>, to precision: Transform.AddressPrecision, appendingTo output: inout TextBuffer
) -> Bool {
  guard let address = ChineseAddress(text), let end = address.end(of: precision) else { return false }
  output.append(text.extracting(0..<address.byteCount(of: end)))
  return true
}

private struct ChineseAddress {
  private let characters: HanCharacters
  private var district: Int?
  private var subdistrict: Int?
  private var road: Int?

  /// Where the finest known part up to this precision ends.
  func end(of precision: Transform.AddressPrecision) -> Int? {
    switch precision {
    case .road: road ?? subdistrict ?? district
    case .subdistrict: subdistrict ?? district
    case .district: district
    }
  }

  /// Of the first characters, as UTF-8.
  func byteCount(of count: Int) -> Int { (0..<count).reduce(0) { $0 + (characters[$1] < 0x10000 ? 3 : 4) } }

  /// Reads parts from the left up to the road, or up to the first character that is not Han; nil where one is no part of an address.
  init?(_ text: Span<UInt8>) {
    guard let (characters, characterCount) = leadingHan(text) else { return nil }
    var district: Int?
    var subdistrict: Int?
    var road: Int?
    var index = 0
    var partStart = 0
    /// The name of the current part, without its ending.
    func hasName(_ lengths: ClosedRange<Int>, personFrom: Int = 4) -> Bool {
      let count = index - partStart
      guard lengths.contains(count) else { return false }
      // 王小明愚园: somebody's name before that of the road. Few roads have a long name that begins with a surname.
      if count >= personFrom && surnames.contains(characters[partStart]) { return false }
      for place in partStart..<index where storyWords.contains(characters[place]) { return false }
      return true
    }
    scan: while index < characterCount {
      let next = index + 1 < characterCount ? characters[index + 1] : 0
      switch characters[index] {
      case "省", "市":
        // 市 also stands inside names (菜市路): only a short name ends a part here.
        if district == nil && subdistrict == nil && hasName(2...5) { partStart = index + 1 }
      case "区", "县":
        guard district == nil && subdistrict == nil else { break scan }
        guard index > 0, !noDistrict.contains(characters[index - 1]), hasName(1...5) else {
          return nil
        }
        district = index + 1
        partStart = index + 1
      case "街" where next == "道":
        guard hasName(2...8, personFrom: 5) else { return nil }
        subdistrict = index + 2
        partStart = index + 2
        index += 1
      case "镇" where next != "路" && next != "街", "乡" where next != "路" && next != "街":
        guard hasName(1...5) else { return nil }
        subdistrict = index + 1
        partStart = index + 1
      case "路", "街":
        // 华阳路街道 is a subdistrict.
        if next == "街" && index + 2 < characterCount && characters[index + 2] == "道" { break }
        guard hasName(2...7) else { return nil }
        road = index + 1
        break scan
      case "道" where index > 0 && characters[index - 1] == "大":
        guard hasName(3...8) else { return nil }
        road = index + 1
        break scan
      case let character where storyWords.contains(character): return nil
      case "弄", "号", "室", "楼", "幢", "栋", "层": break scan
      default: break
      }
      index += 1
    }
    self.characters = characters
    (self.district, self.subdistrict, self.road) = (district, subdistrict, road)
  }
}

/// Before 区: 小区, 园区, 社区 and the like are no districts.
private let noDistrict = HanSet("小园社景厂校街")

/// Characters of stories (住, 转, 隔壁, 的) that stand in hardly any name of a road or district; 家 does: 周家桥, 徐家汇.
private let storyWords = HanSet("住转宅隔壁的旁边在爷奶叔姐某户妈爸找收我他她")

/// The hundred surnames that nine in ten people of China have.
private let surnames = HanSet(
  "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛"
    + "闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常")

/// The characters before the first one that is not Han (U+3400…9FFF, U+20000…3FFFF), and how many there are; nil for more than
/// any address has.
private func leadingHan(_ text: Span<UInt8>) -> (characters: HanCharacters, count: Int)? {
  var characters = HanCharacters(repeating: 0)
  var count = 0
  var index = 0
  while index + 2 < text.count, text[index] >= 0xe3 {
    func low(_ place: Int) -> UInt32 { UInt32(text[index + place] & 0x3f) }
    let character: UInt32
    if text[index] < 0xf0 {
      character = UInt32(text[index] & 0x0f) << 12 | low(1) << 6 | low(2)
    } else {
      guard index + 3 < text.count else { break }
      character = UInt32(text[index] & 0x07) << 18 | low(1) << 12 | low(2) << 6 | low(3)
    }
    guard isHan(character) else { break }
    guard count < characters.count else { return nil }
    characters[count] = character
    count += 1
    index += character < 0x10000 ? 3 : 4
  }
  return (characters, count)
}

/// Room for the characters of an address that stand before its numbers.
private typealias HanCharacters = InlineArray<64, UInt32>

private func ~= (pattern: Unicode.Scalar, value: UInt32) -> Bool { pattern.value == value }
private func == (a: UInt32, b: Unicode.Scalar) -> Bool { a == b.value }
private func != (a: UInt32, b: Unicode.Scalar) -> Bool { a != b.value }
