internal import Publication
internal import TableSchema
internal import Tabular
internal import Validation

/// A proposal as configuration files, with the evidence in comments, and as a table for the terminal.
///
/// No values but those of enumerations.
struct ProposalText {
  let proposal: Proposal
  let id: DatasetID
  /// Of the table, and of the folder where `dataset.yaml` will be: absolute.
  let path: String
  let folder: String
  let language: Language

  private func word(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }

  var datasetFile: String {
    var lines = [
      word(
        "# 由 daylight new 根据 \(proposal.rowCount) 行数据提出。留空的项请填写;每列的 disclosure 请由人决定,全部答完之前不会发布。",
        "# Proposed by daylight new from \(proposal.rowCount) rows. Fill in what is empty; decide each column's disclosure: nothing is"
          + " published before."
      ), "title: {zh: }", "description: {zh: }",
      word(
        "# 内容涉及:person 个人,organisation 单位,place 地点,none 都不涉及",
        "# what rows are about: person, organisation, place, none"),
      "subject:", "access: unconditional", "domain: {zh: }",
      word(
        "# 更新频率:daily weekly monthly quarterly half-yearly yearly irregular never",
        "# how often it is updated: daily weekly monthly quarterly half-yearly yearly irregular never"), "frequency:",
      "source:", "  path: \(yamlText(sourcePath))", "  format: csv", "  encoding: \(proposal.encoding.rawValue)",
    ]
    let dialect = dialectMembers
    if !dialect.isEmpty { lines.append("  dialect: {\(dialect.joined(separator: ", "))}") }
    lines += [
      "schema: \(id.name)",
      word(
        "# disclosure 可以是:public 公开,organisation 单位信息,direct-identifier 直接标识,quasi-identifier 准标识,sensitive 敏感",
        "# disclosure is one of: public, organisation, direct-identifier, quasi-identifier, sensitive"), "columns:",
    ]
    for column in proposal.columns {
      lines.append("  \(yamlText(column.name)):")
      lines += evidence(of: column).map { "    # \($0)" }
      if column.name != column.label { lines.append("    from: \(yamlText(column.label))") }
      lines.append("    disclosure: decide")
    }
    let least = proposal.rowCount / 2
    lines.append("assertions: {rows: {min: \(least), change: 50%}, nulls: 20%}")
    lines.append(
      proposal.key.isEmpty
        ? word(
          "# 没有一列能区分每一行:请在 release.key 列出合起来能区分的列",
          "# no column tells all rows apart: list those that do together as release.key")
        : "release: {key: [\(proposal.key.map(yamlText).joined(separator: ", "))]}")
    return lines.joined(separator: "\n") + "\n"
  }

  var departmentFile: String {
    "name: {zh: }\ncontact:\n  name: {zh: }\n  email:\n"
  }

  /// From the dataset's folder, where it lies below it.
  private var sourcePath: String { path.relativePath(below: folder) ?? path }

  private var dialectMembers: [String] {
    let dialect = proposal.dialect, plain = Source.Dialect()
    var members: [String] = []
    if dialect.delimiter != plain.delimiter { members.append("delimiter: \(yamlText(dialect.delimiter))") }
    if let rows = dialect.headerRows {
      members.append("headerRows: [\(rows.map(String.init).joined(separator: ", "))]")
    }
    if let prefix = dialect.commentPrefix { members.append("commentChar: \(yamlText(prefix))") }
    if !dialect.footerStarts.isEmpty {
      members.append("footerStart: [\(dialect.footerStarts.map(yamlText).joined(separator: ", "))]")
    }
    return members
  }

  private func evidence(of column: Proposal.Column) -> [String] {
    let guess = column.guess
    var facts = [column.type.name + (guess.isCode ? word("(像代码)", " (a code, it seems)") : "")]
    let count = guess.valueCount + guess.emptyCount + guess.placeholders.values.reduce(0, +)
    facts.append(word("空 \(guess.nullCount)/\(count)", "\(guess.nullCount) of \(count) empty"))
    if column.isUnique {
      facts.append(word("各行不同", "different in every row"))
    } else if let distinct = guess.distinctCount {
      facts.append(word("\(distinct) 个不同值", "\(distinct) different values"))
    }
    if !guess.commonShapes.isEmpty {
      facts.append(word("形如 ", "like ") + guess.commonShapes.joined(separator: word(" 或 ", " or ")))
    }
    var lines = [facts.joined(separator: word(";", "; "))]
    if let hint = column.hint {
      let transform =
        (hint.transform.map { ", transform: \($0)" } ?? "") + (hint.redactsOnFind ? ", on_find: redact" : "")
      lines.append(
        word("建议", "suggestion") + ": disclosure: \(hint.disclosure.rawValue)\(transform) (\(hint.reason[language]))")
    }
    return lines
  }

  func summary(_ files: ProposedFiles) -> String {
    var rows = [[word("列", "COLUMN"), word("类型", "TYPE"), word("依据", "EVIDENCE")]]
    for column in proposal.columns {
      let lines = evidence(of: column)
      rows.append([column.name, column.type.name, lines.dropFirst().first ?? lines[0]])
    }
    return alignedTable(rows)
      + word(
        "\n已写出:\n  \(files.dataset)\n  \(files.schema)\n接下来:填写留空的项,逐列决定 disclosure,然后运行 daylight check \(id)\n",
        "\nWritten:\n  \(files.dataset)\n  \(files.schema)\nNext: fill in what is empty, decide each column's disclosure, then run daylight check \(id)\n"
      )
  }

  /// Plain where it is a word; else in double quotes, which JSON and YAML read alike.
  private func yamlText(_ text: String) -> String {
    let isWord =
      text.unicodeScalars.allSatisfy {
        $0.properties.isAlphabetic || ("0"..."9").contains($0) || "_-./".unicodeScalars.contains($0)
      }
      && text.unicodeScalars.first.map { $0.properties.isAlphabetic || $0 == "/" } == true
      && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
    return isWord ? text : String(decoding: JSON.string(text).compactBytes, as: UTF8.self)
  }
}
