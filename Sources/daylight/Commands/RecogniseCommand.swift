internal import ArgumentParser
internal import Publication
internal import Recognition
internal import Tabular
internal import Validation

/// The command `daylight recognise`.
struct RecogniseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recognise",
    abstract: "Says what the columns of a table tell about persons.",
    discussion: """
      Every cell is looked at; no value is shown. With --labels, a JSON file {"columns": {label: {"class": "PII"|"QI"|"PUBLIC", "kind",
      "pii_rows"?, "needle_rows"?}}}, what was found is held against what is there: recall and false alarms for each kind, by cells and by
      columns, with 95 % Wilson intervals.

      Examples:
        daylight recognise --input residents.csv
        daylight recognise --input bench.csv --labels labels.json
        daylight recognise --input residents.csv --json
      """)

  @OptionGroup var file: TableFileOptions

  @Option(help: ArgumentHelp("What is in the table, a JSON file: measures the recognisers.", valueName: "file"))
  var labels: String?

  @Flag(
    help: "Print {rows, columns: [{label, identifiers, cells, rows}]}; with the numbers of the rows that were found.")
  var json = false

  @Option(help: ArgumentHelp("Language of messages: zh or en.", valueName: "language"))
  var lang: Language?

  func run() async throws {
    let language = lang ?? terminalLanguage()
    let table: RecognisedTable
    do {
      table = try await RecognisedTable(of: inputPath(file.input), form: file.form())
    } catch let refusal as Refusal {
      writeOutput(ReportText(language: language).findings(refusal.report))
      throw ExitCode(3)
    }
    if json { return writeOutput(String(decoding: value(of: table).prettyBytes, as: UTF8.self)) }
    guard let labels else { return writeOutput(text(of: table, language)) }
    do {
      let known = try RecognitionMeasure(JSONParser.parse(try InputFile.contents(of: labels, limit: 64 << 20)))
      writeOutput(known.text(for: table))
    } catch let error as FormatError {
      throw ValidationError("\(labels): is no JSON (\(error))")
    } catch let error as FileError {
      throw ValidationError(error.description)
    }
  }

  private func text(of table: RecognisedTable, _ language: Language) -> String {
    var text = ""
    for column in table.columns {
      let found = column.counts.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }.map {
        identifier, count in
        "\(ruleText(identifier.rawValue, language)) \(count)/\(column.cellCount)"
      }
      text += "\(column.label): \(found.isEmpty ? "—" : found.joined(separator: ", "))\n"
    }
    return text
  }

  private func value(of table: RecognisedTable) -> JSON {
    .members([
      ("rows", .int(table.rowCount)),
      (
        "columns",
        .array(
          table.columns.map { column in
            .members([
              ("label", .string(column.label)),
              ("cells", .int(column.cellCount)),
              (
                "identifiers",
                .members(column.counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { ($0.rawValue, .int($1)) })
              ),
              ("rows", .array(column.isFound.indices.filter { column.isFound[$0] }.map { .int($0) })),
            ])
          })
      ),
    ])
  }
}

/// What was found in a table beside what is there.
private struct RecognitionMeasure {
  private let columns: [(label: String, isPersonal: Bool, isQuasi: Bool, kind: String, rows: Set<Int>?)]

  init(_ json: JSON) {
    columns = (json["columns"]?.members ?? []).map { member in
      let rows = member.value["pii_rows"] ?? member.value["needle_rows"]
      return (
        member.name, member.value["class"]?.text == "PII", member.value["class"]?.text == "QI",
        member.value["kind"]?.text ?? "", rows?.elements.map { Set($0.compactMap(\.integer)) }
      )
    }
  }

  /// A table of lines, one a column, and sums.
  func text(for table: RecognisedTable) -> String {
    var text = ""
    var (found, there, false0, clean) = (0, 0, 0, 0)
    var (columnsRight, columnsThere, columnsFalse, columnsClean) = (0, 0, 0, 0)
    for label in columns {
      guard let column = table.columns.first(where: { $0.label == label.label }) else {
        text += "\(label.label): not in the table\n"
        continue
      }
      var (hits, positives, alarms, negatives) = (0, 0, 0, 0)
      for (row, isFound) in column.isFound.enumerated() {
        if label.rows?.contains(row) ?? label.isPersonal {
          positives += 1
          if isFound { hits += 1 }
        } else {
          negatives += 1
          if isFound { alarms += 1 }
        }
      }
      let kinds = column.counts.keys.map(\.rawValue).sorted().joined(separator: " ")
      if label.isQuasi {
        text += "QI      \(label.kind)  \(label.label)  \(kinds.isEmpty ? "-" : kinds)\n"
        continue
      }
      if positives > 0 {
        text += "recall  \(label.kind)  \(label.label)  \(share(hits, positives))  \(kinds)\n"
        columnsThere += 1
        if hits > 0 { columnsRight += 1 }
      }
      if negatives > 0 {
        text += "alarms  \(label.kind)  \(label.label)  \(share(alarms, negatives))  \(kinds)\n"
        if positives == 0 {
          columnsClean += 1
          if alarms > 0 { columnsFalse += 1 }
        }
      }
      found += hits
      there += positives
      false0 += alarms
      clean += negatives
    }
    text +=
      "cells: recall \(share(found, there)), precision \(share(found, found + false0)), false alarms \(share(false0, clean))\n"
    text += "columns: recall \(share(columnsRight, columnsThere)), false alarms \(share(columnsFalse, columnsClean))\n"
    return text
  }

  /// With the 95 % interval of Wilson (1927).
  private func share(_ count: Int, _ total: Int) -> String {
    guard total > 0 else { return "0/0" }
    let (n, p, z) = (Double(total), Double(count) / Double(total), 1.959964)
    let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot() / (1 + z * z / n)
    func percent(_ value: Double) -> String {
      let tenths = Int((max(0, min(1, value)) * 10_000).rounded())
      return "\(tenths / 100).\(tenths % 100 < 10 ? "0" : "")\(tenths % 100)"
    }
    return "\(count)/\(total) = \(percent(p)) % [\(percent(centre - half)), \(percent(centre + half))]"
  }
}
