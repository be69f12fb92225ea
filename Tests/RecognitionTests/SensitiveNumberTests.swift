import Recognition
import Testing

@Suite struct SensitiveNumberTests {
  private func found(_ text: String) -> [String] {
    var kinds: [String] = []
    findSensitiveNumbers(in: Array(text.utf8)[...]) { kinds.append($0.rawValue) }
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
    findSensitiveNumbers(in: Array(text.utf8)[...], isNumber: true) { kinds.append($0.rawValue) }
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
