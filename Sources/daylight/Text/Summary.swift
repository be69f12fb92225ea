internal import Pipeline
internal import PrivateStore
internal import Publication
internal import Tabular

/// What a run did, for people: a short table, then what is wrong and what to do.
struct Summary {
  let language: Language
  let isCheck: Bool
  let publicFolder: String

  private func word(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }

  func text(_ results: [DatasetResult]) -> String {
    var rows = [
      [word("数据集", "DATASET"), word("结果", "RESULT"), word("版本", "VERSION"), word("发布号", "RELEASE"), word("行数", "ROWS")]
    ]
    for result in results {
      rows.append([
        result.dataset.description, outcome(result.outcome), result.version?.description ?? "-",
        result.release?.description ?? "-",
        result.rowCount.map(String.init) ?? "-",
      ])
    }
    var text = alignedTable(rows)
    for result in results {
      let details = ReportText(language: language)
      if let message = result.message { text += "\n\(result.dataset): \(message[language])\n" }
      if let report = result.report, !report.findings.isEmpty {
        text += "\n\(result.dataset):\n" + details.findings(report)
        if !report.errors.isEmpty { text += details.facts(report) }
      }
    }
    return text + "\n" + closing(results)
  }

  func outcome(_ outcome: Outcome) -> String {
    switch outcome {
    case .released: isCheck ? word("可以发布", "would be released") : word("已发布", "released")
    case .unchanged: word("无变化", "unchanged")
    case .listed: word("仅列目录", "listed only")
    case .refused: word("已拒绝", "refused")
    case .withdrawn: word("已撤回", "withdrawn")
    case .failed: word("失败", "failed")
    case .waiting: word("等待审批", "waiting for approval")
    case .sourceUnavailable: word("源文件不可用", "source unavailable")
    }
  }

  private func closing(_ results: [DatasetResult]) -> String {
    func count(_ outcome: Outcome) -> Int { results.count { $0.outcome == outcome } }
    var parts = [
      isCheck
        ? word("可以发布 \(count(.released))", "\(count(.released)) would be released")
        : word("已发布 \(count(.released))", "\(count(.released)) released"),
      word("无变化 \(count(.unchanged))", "\(count(.unchanged)) unchanged"),
      word("已拒绝 \(count(.refused))", "\(count(.refused)) refused"),
    ]
    let others = results.count - count(.released) - count(.unchanged) - count(.refused)
    if others > 0 { parts.append(word("其他 \(others)", "\(others) other")) }
    var text = parts.joined(separator: word(",", ", ")) + word("。\n", ".\n")
    guard !isCheck else { return text }
    if count(.released) == 0 { text += word("没有新的发布。\n", "Nothing new was released.\n") }
    return text
      + word(
        "查看:用浏览器打开 \(publicFolder)/index.html,或运行 daylight serve --public \(publicFolder) 后访问 http://localhost:8000/\n",
        "To look at it: open \(publicFolder)/index.html in a browser, or run daylight serve --public \(publicFolder) and go to http://localhost:8000/\n"
      )
  }
}

/// Results for scripts.
///
/// The members are stable.
func resultsJSON(_ results: [DatasetResult], exitCode: Int32) -> JSON {
  func location(_ location: Location) -> JSON {
    .members([
      ("row", location.row.map { .int($0) }), ("line", location.line.map { .int($0) }),
      ("byte", location.byte.map { .int($0) }),
    ])
  }
  func finding(_ finding: Finding) -> JSON {
    .members([
      ("code", .string(finding.code.rawValue)), ("severity", .string(finding.severity.rawValue)),
      ("field", finding.field.map { .string($0) }),
      ("rule", finding.rule.map { .string($0) }), ("limit", finding.limit.map { .string($0) }),
      ("detail", finding.detail.map { .string($0) }),
      ("count", .int(finding.count)), ("first", location(finding.first)), ("last", location(finding.last)),
      ("examples", .array(finding.examples.map(location))),
      ("others", finding.others.isEmpty ? nil : .array(finding.others.map(location))),
      ("shapes", finding.remarks.isEmpty ? nil : .array(finding.remarks.map { .string($0.shape) })),
      (
        "values",
        finding.remarks.contains { $0.value != nil }
          ? .array(finding.remarks.map { $0.value.map { .string($0) } ?? .null }) : nil
      ),
      ("hints", finding.hints.isEmpty ? nil : .array(finding.hints.map { .string($0.rawValue) })),
    ])
  }
  return .members([
    ("exit_code", .int(Int(exitCode))),
    (
      "results",
      .array(
        results.map { result in
          .members([
            ("dataset", .string(result.dataset.description)), ("outcome", .string(result.outcome.rawValue)),
            ("exit_code", .int(Int(result.exitCode))), ("release", result.release.map { .string($0.description) }),
            ("version", result.version.map { .string($0.description) }),
            ("row_count", result.rowCount.map { .int($0) }),
            ("message", result.message.map { .string($0[.en]) }),
            ("privacy", result.privacy.map(privacyJSON)),
            (
              "report",
              result.report.map { report in
                .members([
                  ("stage", .string(report.stage.rawValue)), ("row_count", .int(report.rowCount)),
                  ("facts", .members(report.facts.map { ($0.key, .string($0.value)) })),
                  ("findings", .array(report.findings.map(finding))),
                ])
              }
            ),
          ])
        })
    ),
  ])
}
