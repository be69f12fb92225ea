internal import Publication

/// Cuts a Chinese address after its district, its subdistrict or its road; false where it has none of the wanted precision:
/// what is not understood is not published.
///
/// - Source: the parts of an address as Shanghai writes them: 省 市 区 街道|镇|乡 路|街|大道|公路 弄 号 室.
func generaliseAddress(
  _ text: ArraySlice<UInt8>, to precision: Transform.AddressPrecision, appendingTo output: inout [UInt8]
) -> Bool {
  let characters = Array(String(decoding: text, as: UTF8.self).unicodeScalars)
  var ends: [Transform.AddressPrecision: Int] = [:]
  var index = 0
  /// Where the current part begins: a part needs at least one character before its ending.
  var partStart = 0
  scan: while index < characters.count {
    let scalar = characters[index]
    // A number, a letter or a bracket begins what is finer than a road.
    guard isHan(scalar) else { break }
    let next = index + 1 < characters.count ? characters[index + 1] : " "
    let hasName = index > partStart
    switch scalar {
    case "省" where hasName, "市" where hasName:
      partStart = index + 1
    case "区" where hasName && ends[.district] == nil && ends[.road] == nil,
      "县" where hasName && ends[.district] == nil && ends[.road] == nil:
      // 小区, 园区, 社区 and 景区 are no districts.
      if index > 0, ["小", "园", "社", "景", "厂", "校"].contains(characters[index - 1]) { break scan }
      ends[.district] = index + 1
      partStart = index + 1
    case "街" where hasName && next == "道":
      ends[.subdistrict] = index + 2
      partStart = index + 2
      index += 1
    case "镇" where hasName && next != "路" && next != "街", "乡" where hasName && next != "路" && next != "街":
      ends[.subdistrict] = index + 1
      partStart = index + 1
    case "路" where hasName, "街" where hasName, "道" where hasName && index > 0 && characters[index - 1] == "大":
      // 华阳路街道 is a subdistrict.
      if next == "街" && index + 2 < characters.count && characters[index + 2] == "道" { break }
      ends[.road] = index + 1
      break scan
    case "弄", "号", "室", "楼", "幢", "栋", "层":
      break scan
    default: break
    }
    index += 1
  }
  let end: Int?
  switch precision {
  case .road: end = ends[.road] ?? ends[.subdistrict] ?? ends[.district]
  case .subdistrict: end = ends[.subdistrict] ?? ends[.district]
  case .district: end = ends[.district]
  }
  guard let end else { return false }
  for scalar in characters[..<end] { output.append(contentsOf: String(Character(scalar)).utf8) }
  return true
}

private func isHan(_ scalar: Unicode.Scalar) -> Bool {
  (0x3400...0x9fff).contains(scalar.value) || (0x20000...0x3ffff).contains(scalar.value)
}
