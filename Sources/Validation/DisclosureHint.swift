package import Publication
internal import Recognition

/// What a column could tell about somebody, as far as its name and its values say; a person decides.
///
/// - Source: GB/T 35273-2020 annexes A and B; privacy.md §1 and §2.
package struct DisclosureHint: Sendable {
  package let disclosure: Disclosure
  /// As `dataset.yaml` writes it; nil where the column may stay as it is.
  package let transform: String?
  package let reason: LocalizedText
  /// The column may be public if what is found in its texts is taken out: `on_find: redact`.
  package let redactsOnFind: Bool

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

  /// - Parameters:
  ///   - verdict: what recognisers say of the column.
  ///   - counts: in how many of its cells each identifier stands for certain.
  init?(label: String, hints: HeaderHints, verdict: ColumnVerdict, counts: [(Identifier, Int)], cellCount: Int) {
    let found = verdict.identifiers.sorted { $0.rawValue < $1.rawValue }
    if let first = found.first {
      func words(_ language: Language) -> String {
        found.map { identifier in
          let name = language == .zh ? ruleTitle(identifier.rawValue) : identifier.rawValue
          let count = counts.first { $0.0 == identifier }?.1 ?? 0
          guard count > 0 else { return language == .zh ? "像是\(name)" : "looks like \(name)" }
          return language == .zh ? "含\(name) \(count) 处" : "\(name) in \(count) cells"
        }.joined(separator: language == .zh ? "," : ", ")
      }
      let reason = LocalizedText(zh: words(.zh), en: words(.en))
      // Addresses among other things are those of a story, not of a column.
      let forms = verdict.possibleIdentifiers.subtracting(found.count > 1 ? [.homeAddress] : [])
      let isScattered =
        forms.isEmpty && counts.reduce(0) { $0 + $1.1 } < cellCount * 2 && found != [.secret]
        && !counts.contains { $0.1 * 2 > cellCount }
      if isScattered {
        // Texts in which somebody wrote a number now and then.
        self.init(.open, nil, reason, onFind: true)
      } else {
        let identifier = found.first(where: verdict.possibleIdentifiers.contains) ?? first
        self.init(Self.disclosure(of: identifier), Self.transform(for: identifier), reason)
      }
      return
    }
    if verdict.isOfOrganisations {
      self.init(
        .organisation, nil,
        LocalizedText(
          zh: "统一社会信用代码或注册号;个体工商户(92 开头)的经营者信息请用 suppress_when 去除",
          en: "codes of organisations; what tells of sole traders (92…) goes by suppress_when"))
      return
    }
    let name = label.lowercased()
    // 服务电话, 设施地址: of an office, not of somebody.
    if let entry = Self.words.first(where: { entry in
      (entry.disclosure.isPublic || !hints.speaksOfOffices) && entry.words.contains { name.contains($0.lowercased()) }
    }) {
      self.init(
        entry.disclosure, entry.transform,
        LocalizedText(zh: "列名像是\(entry.what[.zh])", en: "the name sounds like \(entry.what[.en])"))
    } else if let identifier = hints.identifiers.min(by: { $0.rawValue < $1.rawValue }), !identifier.isOfOrganisations,
      !hints.speaksOfOffices
    {
      self.init(
        Self.disclosure(of: identifier), Self.transform(for: identifier),
        LocalizedText(
          zh: "列名像是\(ruleTitle(identifier.rawValue))", en: "the name sounds like \(identifier.rawValue)"))
    } else {
      return nil
    }
  }

  private static func disclosure(of identifier: Identifier) -> Disclosure {
    switch identifier {
    case .homeAddress, .birthDate, .coordinates: .quasiIdentifier
    default: .directIdentifier
    }
  }

  private static func transform(for identifier: Identifier) -> String {
    switch identifier {
    case .homeAddress: "{generalise: {address: road}}"
    case .birthDate: "{generalise: {date: year}}"
    default: "drop"
    }
  }

  private init(
    _ disclosure: Disclosure, _ transform: String?, _ reason: LocalizedText, onFind: Bool = false
  ) {
    (self.disclosure, self.transform, self.reason, redactsOnFind) = (disclosure, transform, reason, onFind)
  }
}
