internal import Publication

/// A report in words: what, where, how often, and what to do.
///
/// No values.
struct ReportText {
  let language: Language

  private func word(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }

  func findings(_ report: Report) -> String {
    report.findings.map { finding in
      let text = finding.code.text
      let mark = finding.severity == .error ? word("错误", "error") : word("提示", "note")
      var line = "  \(mark) \(finding.code.rawValue): \(text.meaning[language])"
      var details: [String] = []
      if let field = finding.field { details.append(word("列 \(field)", "column \(field)")) }
      if let rule = finding.rule {
        details.append(word("要求 \(ruleText(rule, language))", "rule \(rule)") + (finding.limit.map { " \($0)" } ?? ""))
      }
      if finding.rule == nil, let limit = finding.limit { details.append(limit) }
      if let detail = finding.detail { details.append(self.detail(detail, of: finding.code)) }
      if let other = finding.others.first?.row { details.append(word("与第 \(other) 行相同", "same as row \(other)")) }
      if finding.count > 1 { details.append(word("共 \(finding.count) 处", "\(finding.count) times")) }
      if let place = place(finding) { details.append(place) }
      if !details.isEmpty { line += word("(", " (") + details.joined(separator: word(",", ", ")) + word(")", ")") }
      if finding.severity == .error { line += "\n    → \(text.advice[language])" }
      let values = finding.values
      if !values.isEmpty {
        line += "\n    \(word("例如", "such as")) " + values.map { "“\($0)”" }.joined(separator: word("、", ", "))
      }
      for hint in finding.hints { line += "\n    → \(hint.text[language])" }
      return line + "\n"
    }.joined()
  }

  private func detail(_ text: String, of code: FindingCode) -> String {
    switch code {
    case .rowCount, .rowCountChange: word("\(text) 行", "\(text) rows")
    case .extraCell, .missingCell: word("有 \(text) 列", "\(text) cells")
    case .encodingError,
      .encodingUndetermined where text.contains("["):
      word("字节 \(text)", "bytes \(text)")
    case .encodingUndetermined: word("像是 \(text),请另存为 UTF-8", "looks like \(text): save it as UTF-8")
    case .encodingMismatch: word("像是 \(text)", "looks like \(text)")
    case .mixedEncodings: word("其余为 \(text)", "others are \(text)")
    default: text
    }
  }

  /// The evidence of how the file was read.
  func facts(_ report: Report) -> String {
    guard !report.facts.isEmpty else { return "" }
    return "  " + word("文件:", "file: ")
      + report.facts.map { "\($0.key) \($0.value)" }.joined(separator: word(";", "; ")) + "\n"
  }

  private func place(_ finding: Finding) -> String? {
    var parts: [String] = []
    if let row = finding.first.row {
      parts.append(finding.count > 1 ? word("首次在第 \(row) 行", "first in row \(row)") : word("第 \(row) 行", "row \(row)"))
    }
    if let line = finding.first.line { parts.append(word("文件第 \(line) 行", "line \(line) of the file")) }
    if let byte = finding.first.byte { parts.append(word("第 \(byte) 字节", "byte \(byte)")) }
    return parts.isEmpty ? nil : parts.joined(separator: word(",", ", "))
  }
}
