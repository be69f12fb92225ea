internal import Mustache
internal import Publication

/// What was found in deliveries as one page that needs nothing else, in Chinese and English: to be opened, printed and sent to the
/// department.
///
/// No values.
struct ReportPage {
  struct Subject {
    /// Of the dataset, or the file.
    let name: LocalizedText
    let detail: String
    let reports: [Report]
    var facts: [(key: String, value: String)] = []
    /// Why there is no report, or what it does not say.
    var message: LocalizedText?
    /// What was done for privacy.
    var privacy: PrivacySummary?
  }

  let subjects: [Subject]

  func bytes() throws -> [UInt8] {
    let template = try MustacheTemplate(string: pageTemplate(title: "数据校验报告 Report", section: reportSection))
    let page: [String: Any] = ["languages": Language.allCases.map(part), "style": pageStyle]
    return Array(template.render(page).utf8)
  }

  private func part(_ language: Language) -> [String: Any] {
    func word(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }
    return [
      "id": language.rawValue, "tag": language.tag, "name": language == .zh ? "中文" : "English",
      "checked": language == .zh ? "checked" : "",
      "heading": word("数据校验报告", "Report on deliveries"),
      "explanation": word(
        "除公开列中有误的内容外,本报告不含单元格的内容:只写明位置、数量、字符类别(9 为数字,a 为字母,字为汉字,９ 为全角数字,空为空格)和处理办法。“行”为数据行,不含表头;“文件行”为文件中的物理行。",
        "But for what is wrong in public columns, no cell's content is in this report: only places, counts, classes of characters (9 a digit, a a letter, 字 an ideograph, ９ a full-width digit, 空 a space) and what to do. Rows are those of data, the header not counted; lines are those of the file."
      ),
      "subjects": subjects.map { subject(of: $0, language) },
    ]
  }

  private func subject(of subject: Subject, _ language: Language) -> [String: Any] {
    func word(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }
    let findings = subject.reports.flatMap(\.findings)
    func count(_ severity: Severity) -> Int { findings.filter { $0.severity == severity }.reduce(0) { $0 + $1.count } }
    let isBad = findings.contains { $0.severity == .error }
    return [
      "title": subject.name[language], "detail": subject.detail,
      "message": subject.message.map { [$0[language]] } ?? [],
      "verdict": isBad || subject.message != nil
        ? word("未通过:请按下列各项更正后重新报送", "Refused: correct what is listed and deliver again") : word("通过", "Accepted"),
      "verdictClass": isBad || subject.message != nil ? "late" : "",
      "counts": [
        ["number": "\(subject.reports.map(\.rowCount).max() ?? 0)", "word": word("行已读", "rows read")],
        ["number": "\(count(.error))", "word": word("处错误", "errors")],
        ["number": "\(count(.warning))", "word": word("处提示", "notes")],
      ],
      "columns": [
        word("问题", "What"), word("列", "Column"), word("要求", "Wanted"), word("数量", "Count"), word("位置", "Where"),
        word("处理办法", "What to do"),
      ],
      "hasFindings": !findings.isEmpty,
      "findings": findings.map { row($0, language) },
      "facts": (subject.reports.flatMap(\.facts) + subject.facts).filter { !$0.key.hasSuffix("-file") }.map {
        "\($0.key) \($0.value)"
      }
      .joined(separator: word(";", "; ")),
      "factsHeading": word("文件:", "File: "),
      "privacy": subject.privacy.map { [privacy($0, language)] } ?? [],
    ]
  }

  private func privacy(_ summary: PrivacySummary, _ language: Language) -> [String: Any] {
    func word(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }
    return [
      "privacyHeading": word("个人信息处理", "What was done for privacy"),
      "privacyColumns": [
        word("列", "Column"), word("性质", "Disclosure"), word("处理", "What was done"),
        word("已改 / 有值", "Changed / values"), word("仍可得知", "What remains"),
      ],
      "rows": privacyRows(summary, language),
      "searched": word(
        "已在全部公开文件中查找 \(summary.searchedCount) 个去除值的各种写法,均未出现;虚构人员试运行、识别、同行核对均已通过。",
        "\(summary.searchedCount) forms of removed values were looked for in all public files, and none was found; the run with made-up persons, recognition and the look at each row passed."
      ),
    ]
  }

  private func row(_ finding: Finding, _ language: Language) -> [String: Any] {
    func word(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }
    let text = finding.code.text
    let isError = finding.severity == .error
    let wanted = [finding.rule.map { ruleText($0, language) }, finding.limit].compactMap { $0 }.joined(separator: " ")
    return [
      "code": finding.code.rawValue, "meaning": text.meaning[language], "class": isError ? "bad" : "",
      "mark": isError ? word("错误", "error") : word("提示", "note"),
      "field": finding.field ?? "", "wanted": wanted, "count": "\(finding.count)",
      "places": places(finding, language),
      "advice": (isError ? [text.advice[language]] : []) + finding.hints.map { $0.text[language] },
    ]
  }

  private func places(_ finding: Finding, _ language: Language) -> [String] {
    func word(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }
    var lines = finding.examples.enumerated().compactMap { index, place -> String? in
      var parts: [String] = []
      if let row = place.row { parts.append(word("第 \(row) 行", "row \(row)")) }
      if let line = place.line { parts.append(word("文件行 \(line)", "line \(line)")) }
      if let byte = place.byte { parts.append(word("字节 \(byte)", "byte \(byte)")) }
      if index < finding.remarks.count, !finding.remarks[index].shape.isEmpty {
        parts.append(
          finding.remarks[index].value.flatMap { $0.isEmpty ? nil : $0 }.map { word("内容 ", "value ") + "“\($0)”" }
            ?? word("形如 ", "like ") + finding.remarks[index].shape)
      }
      if index < finding.others.count, let other = finding.others[index].row {
        parts.append(word("与第 \(other) 行相同", "same as row \(other)"))
      }
      return parts.isEmpty ? nil : parts.joined(separator: word(",", ", "))
    }
    let rest = finding.count - finding.examples.count
    if rest > 0, let last = finding.last.row {
      lines.append(word("…… 另有 \(rest) 处,最后在第 \(last) 行", "… and \(rest) more, the last in row \(last)"))
    }
    return lines
  }
}

private let reportSection = """
  <h1>{{heading}}</h1>
  {{#subjects}}
  <h2>{{title}} <small>{{detail}}</small></h2>
  <p class="{{verdictClass}}">{{verdict}}</p>
  {{#message}}<p>{{.}}</p>{{/message}}
  <ul class="counts">{{#counts}}<li><b>{{number}}</b>{{word}}</li>{{/counts}}</ul>
  {{#hasFindings}}<div class="scroll"><table>
  <thead><tr>{{#columns}}<th scope="col">{{.}}</th>{{/columns}}</tr></thead>
  <tbody>
  {{#findings}}
  <tr><td><span class="{{class}}">{{mark}}</span> {{meaning}}<br><small>{{code}}</small></td><td>{{field}}</td><td>{{wanted}}</td><td class="when">{{count}}</td><td>{{#places}}<p>{{.}}</p>{{/places}}</td><td>{{#advice}}<p>{{.}}</p>{{/advice}}</td></tr>
  {{/findings}}
  </tbody>
  </table></div>{{/hasFindings}}
  <p class="soft">{{factsHeading}}{{facts}}</p>
  {{#privacy}}
  <h3>{{privacyHeading}}</h3>
  <div class="scroll"><table>
  <thead><tr>{{#privacyColumns}}<th scope="col">{{.}}</th>{{/privacyColumns}}</tr></thead>
  <tbody>
  {{#rows}}<tr><td>{{column}}</td><td>{{disclosure}}</td><td>{{done}}</td><td class="when">{{changed}}</td><td>{{#remains}}<p>{{.}}</p>{{/remains}}</td></tr>
  {{/rows}}
  </tbody>
  </table></div>
  <p class="soft">{{searched}}</p>
  {{/privacy}}
  {{/subjects}}
  <p class="soft">{{explanation}}</p>
  """
