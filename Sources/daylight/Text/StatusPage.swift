internal import Mustache
internal import Pipeline
internal import PrivateStore
internal import Publication

/// A status as one page that needs nothing else, in Chinese and English, for officers' eyes only.
struct StatusPage {
  let site: Site
  let zone: CivilZone

  func bytes(_ status: SiteStatus) throws -> [UInt8] {
    let template = try MustacheTemplate(string: pageTemplate(title: "{{title}}", section: statusSection))
    let page: [String: Any] = [
      "languages": Language.allCases.map { part(status, $0) }, "title": site.title.zh, "style": pageStyle,
    ]
    return Array(template.render(page).utf8)
  }

  private func part(_ status: SiteStatus, _ language: Language) -> [String: Any] {
    let words = StatusWords(language: language, zone: zone)
    func word(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }
    let rows = status.rows.map { row -> [String: Any] in
      let isBad = row.configurationProblem != nil || [.refused, .failed].contains(row.lastRun?.outcome)
      return [
        "dataset": row.dataset, "title": row.title?[language] ?? "", "department": row.department?[language] ?? "",
        "promise": words.promise(row), "delivered": words.delivered(row), "state": words.state(row),
        "stateClass": row.isLate ? "late" : "", "next": words.next(row), "result": words.result(row),
        "resultClass": isBad ? "bad" : "", "version": row.lastRun?.version ?? "-",
        "reason": words.reason(row).split(separator: "\n").map(String.init),
      ]
    }
    let lateByDepartment = Dictionary(grouping: status.late, by: { $0.department?[language] ?? "" })
    return [
      "id": language.rawValue, "tag": language.tag, "name": language == .zh ? "中文" : "English",
      "checked": language == .zh ? "checked" : "",
      "heading": word("发布情况", "Publication status"), "site": site.title[language],
      "at": word("截至 \(zone.text(status.at))", "as of \(zone.text(status.at))"),
      "trial": status.isTrial ? word("试用密钥:仅供测试。", "Trial keys: for testing only.") : "",
      "private": word("内部页面,请勿公开。", "Private: not for publication."),
      "counts": [
        ["number": "\(status.rows.count)", "word": word("数据集", "datasets"), "class": ""],
        ["number": "\(status.late.count)", "word": word("逾期", "late"), "class": status.late.isEmpty ? "" : "late"],
        [
          "number": "\(status.rows.count { [.refused, .failed].contains($0.lastRun?.outcome) })",
          "word": word("未通过或失败", "refused or failed"), "class": "",
        ],
        [
          "number": "\(status.rows.count { $0.lastRun?.outcome == .waiting })",
          "word": word("等待审批", "waiting for approval"),
          "class": "",
        ],
      ],
      "lateHeading": word("谁逾期了", "Who is late"),
      "late": lateByDepartment.sorted { $0.key < $1.key }.map { department, rows in
        [
          "department": department,
          "datasets": rows.map { $0.title?[language] ?? $0.dataset }.joined(separator: word("、", ", ")),
        ]
      },
      "columns": [
        word("数据集", "Dataset"), word("承诺", "Promise"), word("最近收到", "Last delivery"), word("状态", "State"),
        word("下次运行", "Next run"), word("最近结果", "Last result"), word("原因与处理", "Why, and what to do"),
      ],
      "rows": rows,
      "signatureHeading": word("签名有效期", "Signatures"),
      "signatureColumns": [word("角色", "Role"), word("版本", "Version"), word("有效期至", "Expires")],
      "signatures": status.signatures.map { signature in
        [
          "role": signature.role.role, "version": "\(signature.role.version)",
          "expires": zone.text(signature.role.expires),
          "class": signature.isExpired || signature.isOverdue ? "late" : "",
        ]
      },
    ]
  }
}

private let statusSection = """
  <h1>{{heading}}</h1>
  <p class="soft">{{site}} · {{at}} · {{private}} {{trial}}</p>
  <ul class="counts">{{#counts}}<li class="{{class}}"><b>{{number}}</b>{{word}}</li>{{/counts}}</ul>
  {{#late}}{{#first()}}<h2>{{lateHeading}}</h2>{{/first()}}
  <p><b class="late">{{department}}</b> {{datasets}}</p>
  {{/late}}
  <div class="scroll"><table>
  <thead><tr>{{#columns}}<th scope="col">{{.}}</th>{{/columns}}</tr></thead>
  <tbody>
  {{#rows}}
  <tr><td>{{title}}<br><small>{{dataset}}<br>{{department}}</small></td><td>{{promise}}</td><td class="when">{{delivered}}</td><td class="when {{stateClass}}">{{state}}</td><td class="when">{{next}}</td><td class="when {{resultClass}}">{{result}}<br><small>{{version}}</small></td><td>{{#reason}}<p>{{.}}</p>{{/reason}}</td></tr>
  {{/rows}}
  </tbody>
  </table></div>
  <h2>{{signatureHeading}}</h2>
  <div class="scroll"><table>
  <thead><tr>{{#signatureColumns}}<th scope="col">{{.}}</th>{{/signatureColumns}}</tr></thead>
  <tbody>
  {{#signatures}}
  <tr class="{{class}}"><td>{{role}}</td><td>{{version}}</td><td class="when">{{expires}}</td></tr>
  {{/signatures}}
  </tbody>
  </table></div>
  """
