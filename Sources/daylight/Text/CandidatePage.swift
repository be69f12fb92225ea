internal import Mustache
internal import Pipeline
internal import Publication
internal import Versioning

/// What waits for approval as one private page that needs nothing else: what changes and how, the first rows, and the page that everybody
/// would see, in Chinese and English.
struct CandidatePage {
  private let preview: CandidatePreview

  init(_ preview: CandidatePreview) { self.preview = preview }

  func bytes() throws -> [UInt8] {
    let template = try MustacheTemplate(
      string: pageTemplate(title: "待审批的发布 / Release that waits for approval", section: candidateSection))
    let page: [String: Any] = [
      "languages": Language.allCases.map(part), "style": pageStyle + candidateStyle,
    ]
    return Array(template.render(page).utf8)
  }

  private func part(_ language: Language) -> [String: Any] {
    func word(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }
    let differences = preview.differences
    let before = preview.previous.map(\.description) ?? word("无(首次发布)", "none (first release)")
    return [
      "id": language.rawValue, "tag": language.tag, "name": language == .zh ? "中文" : "English",
      "checked": language == .zh ? "checked" : "",
      "heading": preview.title[language], "detail": preview.dataset.description,
      "explanation": word(
        "待审批的发布。以下就是公众将看到的内容;请核对后再签署。本页仅供审批人员使用,请勿公开。",
        "A release that waits for approval. This is what everybody would see; look at it before you sign. For officers only."
      ),
      "facts": [
        ["name": word("发布编号", "Release"), "value": preview.release.description],
        ["name": word("版本", "Version"), "value": preview.version.description],
        ["name": word("现行发布", "In force"), "value": before],
        [
          "name": word("行数", "Rows"),
          "value": preview.rowCountBefore.map { "\($0) → \(preview.rowCount)" } ?? "\(preview.rowCount)",
        ],
      ],
      "changesHeading": word("与现行发布的差异", "Differences from the release in force"),
      "changesNote": note(differences, language),
      "columns": [""] + preview.columns,
      "hasChanges": !differences.rows.isEmpty,
      "changes": differences.rows.flatMap { rows(of: $0, language) },
      "rowsHeading": word(
        "前 \(differences.firstRows.count) 行", "The first \(differences.firstRows.count) rows"),
      "rowColumns": preview.columns,
      "rows": differences.firstRows.map { ["cells": $0.map { ["text": $0 ?? "", "class": $0 == nil ? "null" : ""] }] },
      "pageHeading": word("公众将看到的页面", "The page that everybody would see"),
      "page": preview.pages.first { $0.language == language }.map { String(decoding: $0.html, as: UTF8.self) } ?? "",
    ]
  }

  private func note(_ differences: RowDifferences, _ language: Language) -> String {
    func word(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }
    if preview.previous == nil {
      return word("首次发布,没有可比较的内容。", "This is the first release: there is nothing to compare it with.")
    }
    guard differences.isCompared else {
      return word(
        "主键或数据项已改变,无法逐行比较;请对照下面的内容核对。",
        "Key or columns have changed, so rows cannot be compared one by one; look at the contents below.")
    }
    if differences.count == 0 { return word("没有一行内容不同;改变的是说明信息。", "No row differs; what changed is the description.") }
    let shown = differences.rows.count
    return shown < differences.count
      ? word(
        "共 \(differences.count) 行不同,列出前 \(shown) 行。", "\(differences.count) rows differ; the first \(shown) are listed."
      )
      : word("共 \(differences.count) 行不同。", "\(differences.count) rows differ.")
  }

  private func rows(of row: RowDifferences.Row, _ language: Language) -> [[String: Any]] {
    func word(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }
    func cells(_ values: RowDifferences.Cells, besides other: RowDifferences.Cells?) -> [[String: Any]] {
      values.enumerated().map { index, value in
        let isOther = other.map { $0[index] != value } ?? false
        return ["text": value ?? "", "class": (value == nil ? "null" : "") + (isOther ? " changed" : "")]
      }
    }
    switch row {
    case .added(let values):
      return [["kind": word("新增", "added"), "class": "added", "cells": cells(values, besides: nil)]]
    case .removed(let values):
      return [["kind": word("删除", "removed"), "class": "removed", "cells": cells(values, besides: nil)]]
    case .changed(let before, let after):
      return [
        ["kind": word("更正前", "before"), "class": "before", "cells": cells(before, besides: after)],
        ["kind": word("更正后", "after"), "class": "after", "cells": cells(after, besides: before)],
      ]
    }
  }
}

private let candidateSection = """
  <h1>{{heading}} <small>{{detail}}</small></h1>
  <p>{{explanation}}</p>
  <dl class="facts">{{#facts}}<div><dt>{{name}}</dt><dd>{{value}}</dd></div>{{/facts}}</dl>
  <h2>{{changesHeading}}</h2>
  <p>{{changesNote}}</p>
  {{#hasChanges}}
  <div class="scroll"><table class="rows"><thead><tr>{{#columns}}<th>{{.}}</th>{{/columns}}</tr></thead><tbody>
  {{#changes}}
  <tr class="{{class}}"><th>{{kind}}</th>{{#cells}}<td class="{{class}}">{{text}}</td>{{/cells}}</tr>
  {{/changes}}
  </tbody></table></div>
  {{/hasChanges}}
  <h2>{{rowsHeading}}</h2>
  <div class="scroll"><table class="rows"><thead><tr>{{#rowColumns}}<th>{{.}}</th>{{/rowColumns}}</tr></thead><tbody>
  {{#rows}}
  <tr>{{#cells}}<td class="{{class}}">{{text}}</td>{{/cells}}</tr>
  {{/rows}}
  </tbody></table></div>
  <h2>{{pageHeading}}</h2>
  <iframe sandbox title="{{pageHeading}}" srcdoc="{{page}}"></iframe>
  """

private let candidateStyle = """
  .rows td, .rows th { white-space: pre-wrap; min-width: 3rem; max-width: 24rem; vertical-align: top; text-align: left; }
  .rows .null::after { content: "∅"; opacity: .4; }
  .rows .added th { color: #0a7a3c; } .rows .removed th { color: #b3261e; }
  .rows .removed td { text-decoration: line-through; }
  .rows .before .changed { background: #b3261e22; text-decoration: line-through; }
  .rows .after .changed { background: #0a7a3c22; font-weight: 600; }
  iframe { width: 100%; height: 48rem; border: 1px solid #8886; border-radius: .4rem; background: #fff; }
  .facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: .5rem; }
  .facts dt { opacity: .7; } .facts dd { margin: 0; font-weight: 600; }
  """
