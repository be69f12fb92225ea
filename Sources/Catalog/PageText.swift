internal import Publication

/// The words of the pages, in both languages, said once.
struct PageText {
  let language: Language

  subscript(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }

  func access(_ access: Access) -> String {
    switch access {
    case .unconditional: self["无条件开放", "Open"]
    case .conditional: self["有条件开放", "Open under conditions"]
    case .closed: self["非开放", "Not open"]
    }
  }

  func frequency(_ frequency: Frequency) -> String {
    switch frequency {
    case .continuous: self["实时", "Continuous"]
    case .daily: self["每日", "Daily"]
    case .weekly: self["每周", "Weekly"]
    case .monthly: self["每月", "Monthly"]
    case .quarterly: self["每季度", "Quarterly"]
    case .halfYearly: self["每半年", "Half-yearly"]
    case .yearly: self["每年", "Yearly"]
    case .irregular: self["不定期", "Irregular"]
    case .never: self["静态", "Static"]
    }
  }

  func audience(_ audience: Audience) -> String {
    switch audience {
    case .naturalPerson: self["自然人", "natural persons"]
    case .legalPerson: self["法人", "legal persons"]
    case .unincorporatedOrganisation: self["非法人组织", "unincorporated organisations"]
    }
  }

  func type(_ name: String) -> String {
    switch name {
    case "string": self["文本", "text"]
    case "integer": self["整数", "whole number"]
    case "number": self["数值", "number"]
    case "boolean": self["是/否", "true or false"]
    case "date": self["日期", "date"]
    case "datetime": self["日期时间", "date and time"]
    case "year": self["年份", "year"]
    case "yearmonth": self["年月", "year and month"]
    default: name
    }
  }

  /// A reason of `release.json` in words.
  func reason(_ code: String, _ subject: String?) -> String {
    let name = subject ?? ""
    switch code {
    case "first-release": return self["首次发布", "first release"]
    case "reinstated": return self["撤回后重新发布", "published again after a withdrawal"]
    case "column-removed": return self["删除列 \(name)", "column \(name) removed"]
    case "column-retyped": return self["列 \(name) 类型改变", "column \(name) changed its type"]
    case "columns-reordered": return self["列顺序改变", "columns reordered"]
    case "key-changed": return self["主键改变", "key changed"]
    case "format-removed": return self["取消格式 \(name)", "format \(name) removed"]
    case "column-added": return self["新增列 \(name)", "column \(name) added"]
    case "format-added": return self["新增格式 \(name)", "format \(name) added"]
    case "rows-added": return self["新增行", "rows added"]
    case "rows-removed": return self["删除行", "rows removed"]
    case "values-changed": return self["内容更正", "values changed"]
    case "metadata-changed": return self["说明信息更新", "description changed"]
    default: return code
    }
  }

  /// Bytes as people read them.
  func size(_ byteCount: Int) -> String {
    if byteCount < 1_000 { return "\(byteCount) B" }
    var value = Double(byteCount)
    for unit in ["kB", "MB", "GB", "TB"] {
      value /= 1_000
      if value < 999.5 || unit == "TB" {
        let tenths = Int((value * 10).rounded())
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10) \(unit)" : "\(Int(value.rounded())) \(unit)"
      }
    }
    return ""
  }

  /// 1234567 as 1,234,567.
  func count(_ number: Int) -> String {
    let digits = Array(String(number))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return text
  }
}
