package import Publication

/// What a column could tell about somebody, as far as its name and its values say; a person decides.
///
/// - Source: GB/T 35273-2020 annexes A and B; privacy.md §1 and §2.
package struct DisclosureHint: Sendable {
  package let disclosure: Disclosure
  /// As `dataset.yaml` writes it; nil where the column may stay as it is.
  package let transform: String?
  package let reason: LocalizedText

  private static let words: [(words: [String], disclosure: Disclosure, transform: String?, what: LocalizedText)] = [
    (
      ["身份证", "证件号", "公民身份", "id_card", "identity_number", "passport", "护照"], .directIdentifier, "drop",
      LocalizedText(zh: "证件号码", en: "numbers of identity papers")
    ),
    (
      ["手机", "电话", "联系方式", "phone", "mobile", "telephone"], .directIdentifier, "drop",
      LocalizedText(zh: "电话号码", en: "telephone numbers")
    ),
    (
      ["邮箱", "电子邮件", "email", "e-mail", "微信", "QQ"], .directIdentifier, "drop",
      LocalizedText(zh: "网络联系方式", en: "addresses on the net")
    ),
    (
      ["银行账", "银行卡", "卡号", "账号", "account"], .directIdentifier, "drop",
      LocalizedText(zh: "账号", en: "account numbers")
    ),
    (
      ["车牌", "号牌", "plate"], .directIdentifier, "drop", LocalizedText(zh: "车辆号牌", en: "number plates")
    ),
    (
      ["姓名", "法定代表人", "负责人", "经营者", "联系人", "经办人", "检查人员", "户主", "representative"], .directIdentifier,
      "{mask: {keep_first: 1}}", LocalizedText(zh: "人名", en: "names of persons")
    ),
    (
      ["家庭住址", "住址", "居住地", "户籍地", "地址", "住所", "address"], .quasiIdentifier, "{generalise: {address: road}}",
      LocalizedText(zh: "地址", en: "addresses")
    ),
    (
      ["出生", "生日", "birth"], .quasiIdentifier, "{generalise: {date: year}}",
      LocalizedText(zh: "出生日期", en: "dates of birth")
    ),
    (
      ["年龄", "性别", "民族", "学历", "职业", "婚姻", "age", "gender", "sex"], .quasiIdentifier, "drop",
      LocalizedText(zh: "与其他列合起来可能识别个人的特征", en: "traits that may identify a person together with others")
    ),
    (
      ["诊断", "病", "残疾", "低保", "救助", "收入", "工资", "信仰", "犯罪", "diagnosis", "income"], .sensitive, "drop",
      LocalizedText(zh: "敏感个人信息", en: "sensitive personal information")
    ),
    (
      ["企业名称", "单位名称", "机构名称", "统一社会信用代码", "信用代码", "组织机构代码", "company", "credit_code"], .organisation, nil,
      LocalizedText(zh: "单位的名称或代码(个体工商户除外)", en: "names or codes of organisations, but not of sole traders")
    ),
  ]

  init?(label: String, found: [Proposal.SensitiveKind: Int]) {
    if !found.isEmpty {
      func words(_ language: Language) -> String {
        found.sorted { $0.key.rawValue < $1.key.rawValue }.map { kind, count in
          switch (kind, language) {
          case (.identityNumber, .zh): "含身份证号码 \(count) 处"
          case (.identityNumber, .en): "identity numbers in \(count) cells"
          case (.mobileNumber, .zh): "含手机号码 \(count) 处"
          case (.mobileNumber, .en): "mobile numbers in \(count) cells"
          }
        }.joined(separator: language == .zh ? "," : ", ")
      }
      self.init(.directIdentifier, "drop", LocalizedText(zh: words(.zh), en: words(.en)))
      return
    }
    let name = label.lowercased()
    guard let entry = Self.words.first(where: { $0.words.contains { name.contains($0.lowercased()) } }) else {
      return nil
    }
    self.init(
      entry.disclosure, entry.transform,
      LocalizedText(zh: "列名像是\(entry.what[.zh])", en: "the name sounds like \(entry.what[.en])"))
  }

  private init(_ disclosure: Disclosure, _ transform: String?, _ reason: LocalizedText) {
    (self.disclosure, self.transform, self.reason) = (disclosure, transform, reason)
  }
}
