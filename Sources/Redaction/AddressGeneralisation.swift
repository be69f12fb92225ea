internal import Publication
internal import Tabular

/// Cuts a Chinese address after its district, its subdistrict, its road, its lane or its house; false where it is not understood: that
/// is not published at all.
///
/// An address is 省 市 区 街道|镇|乡 路|街|大道|公路 弄 号 室, each part short and none of it a sentence: people write names and stories
/// into address columns, and a part that is too long or holds a word of such a story makes the whole not understood. With a table of
/// divisions a district or subdistrict that is none of them does so too, and what is published has their names as the table has them.
/// - Source: the parts of an address as Shanghai writes them.
func generaliseAddress(
  _ text: Span<UInt8>, to precision: Transform.AddressPrecision, _ divisions: DivisionTable?,
  appendingTo output: inout TextBuffer
) -> Bool {
  guard let address = ChineseAddress(text) else { return false }
  guard let divisions else {
    guard let end = address.end(of: precision) else { return false }
    output.append(text.extracting(0..<end))
    return true
  }
  // Of a subdistrict the table knows the district.
  guard let end = address.end(of: precision) ?? address.subdistrict?.upperBound else { return false }
  let district = address.district.map { divisions.district(in: text, $0) }
  if case .some(nil) = district { return false }
  let subdistrict = address.subdistrict.map { divisions.subdistrict(in: text, $0, district: district??.number) }
  if case .some(nil) = subdistrict { return false }
  if address.endsInDivision(end) {
    guard let number = district??.number ?? subdistrict??.place.district else { return false }
    output.append(divisions.name(ofDistrict: number))
    if precision != .district, let place = subdistrict??.place { output.append(place.name) }
  } else {
    output.append(text.extracting((district??.start ?? subdistrict??.start ?? 0)..<end))
  }
  return true
}

private struct ChineseAddress {
  /// Where district and subdistrict stand, with what stands before their names since the part before.
  private(set) var district: Range<Int>?
  private(set) var subdistrict: Range<Int>?
  /// Where each finer part ends, in bytes.
  private var road: Int?
  private var lane: Int?
  private var house: Int?

  /// Where the finest known part up to this precision ends.
  func end(of precision: Transform.AddressPrecision) -> Int? {
    let division = (precision == .district ? nil : subdistrict) ?? district
    return switch precision {
    case .district, .subdistrict: division?.upperBound
    case .road: road ?? division?.upperBound
    case .lane: lane ?? road ?? division?.upperBound
    case .number: house ?? lane ?? road ?? division?.upperBound
    }
  }

  /// Whether the part that ends there is a district or a subdistrict.
  func endsInDivision(_ end: Int) -> Bool { end == district?.upperBound || end == subdistrict?.upperBound }

  /// Reads parts from the left up to the road, or up to the first character that is not Han; nil where one is no part of an address.
  init?(_ text: Span<UInt8>) {
    guard let end = endOfLeadingHan(text) else { return nil }
    var name = PartName()
    var partStart = 0
    var index = 0
    var previous: UInt32 = 0
    scan: while index < end {
      let character = han(text, index)
      var next = index + hanLength(text, index)
      let following = next < end ? han(text, next) : 0
      switch character {
      case "省", "市":
        // 市 also stands inside names (菜市路): only a short name ends a part here.
        if district == nil && subdistrict == nil && name.isName(2...5) {
          partStart = next
          name = PartName()
          (index, previous) = (next, character)
          continue
        }
      case "区", "县":
        guard district == nil && subdistrict == nil else { break scan }
        guard index > 0, !noDistrict.contains(previous), name.isName(1...5) else { return nil }
        district = partStart..<next
        partStart = next
        name = PartName()
        (index, previous) = (next, character)
        continue
      case "街" where following == "道":
        guard name.isName(2...8, personFrom: 5) else { return nil }
        next += hanLength(text, next)
        subdistrict = partStart..<next
        partStart = next
        name = PartName()
        (index, previous) = (next, following)
        continue
      case "镇" where following != "路" && following != "街", "乡" where following != "路" && following != "街":
        guard name.isName(1...5) else { return nil }
        subdistrict = partStart..<next
        partStart = next
        name = PartName()
        (index, previous) = (next, character)
        continue
      case "路", "街":
        // 华阳路街道 is a subdistrict.
        let afterNext = following == "街" ? next + hanLength(text, next) : end
        if afterNext < end && han(text, afterNext) == "道" { break }
        guard name.isName(2...7) else { return nil }
        road = next
        break scan
      case "道" where previous == "大":
        guard name.isName(3...8) else { return nil }
        road = next
        break scan
      case _ where storyWords.contains(character): return nil
      case "弄", "号", "室", "楼", "幢", "栋", "层": break scan
      default: break
      }
      name.add(character)
      (index, previous) = (next, character)
    }
    guard let road else { return }
    // 1141弄39号, 2299号, 12号甲: numbers right after the road, and nothing else.
    lane = endOfNumber(text, from: road, endings: ["弄", "巷", "里"])
    house = endOfNumber(text, from: lane ?? road, endings: ["号"])
  }
}

/// Where a number ends that is followed by one of the endings; nil where there is none right at `start`.
private func endOfNumber(_ text: Span<UInt8>, from start: Int, endings: [Unicode.Scalar]) -> Int? {
  var index = start
  while index < text.count, index - start < 9,
    (text[index] >= 0x30 && text[index] <= 0x39) || (index > start && text[index] == UInt8(ascii: "-"))
  { index += 1 }
  guard index > start, index + 2 < text.count, text[index] >= 0xe3, text[index] <= 0xe9,
    endings.contains(where: { $0.value == han(text, index) })
  else { return nil }
  return index + 3
}

/// The name of the current part of an address, without its ending.
private struct PartName {
  private var count = 0
  private var first: UInt32 = 0

  mutating func add(_ character: UInt32) {
    if count == 0 { first = character }
    count += 1
  }

  /// Whether it is the name of a place: 王小明愚园 is somebody's before that of a road, for few roads have a long name that begins
  /// with a surname.
  func isName(_ lengths: ClosedRange<Int>, personFrom: Int = 4) -> Bool {
    lengths.contains(count) && !(count >= personFrom && surnames.contains(first))
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

/// Where the first character stands that is not Han (U+3400…9FFF, U+20000…3FFFF); nil where there are more than any address has.
private func endOfLeadingHan(_ text: Span<UInt8>) -> Int? {
  var count = 0
  var index = 0
  while index + 2 < text.count, text[index] >= 0xe3, index + hanLength(text, index) <= text.count,
    isHan(han(text, index))
  {
    guard count < longestAddress else { return nil }
    count += 1
    index += hanLength(text, index)
  }
  return index
}

/// Characters of an address that stand before its numbers.
private let longestAddress = 64

private func hanLength(_ text: Span<UInt8>, _ index: Int) -> Int { text[index] < 0xf0 ? 3 : 4 }

/// The character of three or four bytes that begins at a place.
private func han(_ text: Span<UInt8>, _ index: Int) -> UInt32 {
  func low(_ place: Int) -> UInt32 { UInt32(text[index + place] & 0x3f) }
  return text[index] < 0xf0
    ? UInt32(text[index] & 0x0f) << 12 | low(1) << 6 | low(2)
    : UInt32(text[index] & 0x07) << 18 | low(1) << 12 | low(2) << 6 | low(3)
}

private func ~= (pattern: Unicode.Scalar, value: UInt32) -> Bool { pattern.value == value }
private func == (a: UInt32, b: Unicode.Scalar) -> Bool { a == b.value }
private func != (a: UInt32, b: Unicode.Scalar) -> Bool { a != b.value }
