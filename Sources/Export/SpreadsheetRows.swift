internal import Publication
internal import Redaction
package import TableSchema
package import Tabular
internal import Versioning

/// Rows as the CSV for spreadsheets has them: after a byte order mark, and with no cell that a spreadsheet would run as a formula.
///
/// Most blocks of rows have no such cell: they are the rows as they are, and their packed bytes serve for both files.
///
/// - Source: OWASP, "CSV Injection": cells that begin with = + - @ tab or CR, and the full-width forms of the signs.
package struct SpreadsheetText: ~Copyable {
  package static let mark: [UInt8] = [0xef, 0xbb, 0xbf]
  private let isNumber: [Bool]
  /// The rows; none while they are those of the block, as they are.
  package private(set) var bytes: [UInt8] = []
  /// Whether a cell had to be changed.
  package private(set) var isChanged = false

  package init(_ schema: Schema) { isNumber = schema.fields.map { $0.type.jsonKind == .number } }

  /// Goes on to another block.
  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    isChanged = false
  }

  /// Adds the block's next record; of a header, every cell is text.
  package mutating func add(_ batch: borrowing RecordBatch, _ record: Int, isHeader: Bool) {
    let start = batch.recordRange(record).lowerBound
    guard hasFormula(batch, record, isHeader: isHeader) else {
      if isChanged { bytes.append(contentsOf: batch.bytes[start..<start + batch.recordByteCount(record)]) }
      return
    }
    if !isChanged { bytes.append(contentsOf: batch.bytes[..<start]) }
    isChanged = true
    for column in 0..<batch.fieldCount(record) {
      if column > 0 { bytes.append(0x2c) }
      let field = batch.field(record, column)
      if isText(column, isHeader: isHeader) && Self.startsFormula(batch.text(field)) {
        // An apostrophe is how spreadsheets themselves mark a cell as text.
        CanonicalRows.append(([0x27] + batch.text(field))[...], to: &bytes)
      } else if !CanonicalRows.isNull(field, columnCount: isNumber.count) {
        CanonicalRows.append(batch.text(field), to: &bytes)
      } else if isNumber.count == 1 {
        bytes.append(contentsOf: [0x22, 0x22])
      }
    }
    bytes.append(0x0a)
  }

  private func isText(_ column: Int, isHeader: Bool) -> Bool {
    isHeader || !(column < isNumber.count && isNumber[column])
  }

  private func hasFormula(_ batch: borrowing RecordBatch, _ record: Int, isHeader: Bool) -> Bool {
    for column in 0..<batch.fieldCount(record) where isText(column, isHeader: isHeader) {
      let field = batch.field(record, column)
      if field.count > 0 && Self.mayStartFormula(batch.bytes[field.lowerBound])
        && Self.startsFormula(batch.text(field))
      {
        return true
      }
    }
    return false
  }

  /// False for the first byte of nearly every text: letters, digits, other signs, and hanzi.
  private static func mayStartFormula(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x00...0x20, 0x2b, 0x2d, 0x3d, 0x40, 0x7f: true
    case 0xe4...0xe9: false
    default: byte >= 0x80
    }
  }

  /// Spreadsheets pass over blanks before a sign, and so do we: a text that begins with a control character is marked in any case.
  private static func startsFormula(_ text: ArraySlice<UInt8>) -> Bool {
    guard let first = text.first else { return false }
    if first < 0x20 { return true }
    let rest = String(decoding: text.prefix(64), as: UTF8.self).unicodeScalars.first { scalar in
      !(scalar.value <= 0x20 || scalar.properties.isWhitespace || scalar.properties.generalCategory == .format)
    }
    return rest.map { ["=", "+", "-", "@", "＝", "＋", "－", "＠"].contains($0) } ?? false
  }
}

/// What people should know who open the table in a spreadsheet, in both languages.
func readMe(of table: VersionedTable, site: Site) -> [UInt8] {
  let dataset = table.dataset
  func part(_ language: Language) -> [String] {
    func word(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }
    let columns = (table.schema.schema.json["fields"]?.elements ?? []).map { field -> String in
      let title = field["title"]?.text
      return "  \(field["name"]?.text ?? "")\(title.map { word("(\($0))", " (\($0))") } ?? "")"
    }
    return [
      dataset.title[language], "", dataset.description[language], "",
      word("部门:", "Department: ") + dataset.department.name[language],
      word("版本:", "Version: ") + "\(table.version) (\(table.release))",
      word("许可:", "Licence: ") + "\(dataset.license.title[language]) \(dataset.license.path)",
      word("网页:", "Page: ") + "\(site.baseURL)/\(language == .zh ? "" : "en/")datasets/\(dataset.id)/", "",
      word("列:", "Columns:"),
    ] + columns + [
      "",
      word(
        "\(dataset.id.name).csv 供 Excel 等电子表格直接打开:带 UTF-8 标记;以 = + - @ 开头的文字前加了一个撇号('),以免被当作公式执行。",
        "\(dataset.id.name).csv is for Excel and other spreadsheets: it has a UTF-8 mark, and a text that begins with = + - @ has an "
          + "apostrophe (') before it, so that it is not run as a formula."),
      word(
        "代码类的列(如编号、行政区划代码)请用“数据 → 自文本/CSV”导入并设为文本,否则前导零会丢失、长数字会失真。",
        "Import columns of codes as text (Data → From Text/CSV): a spreadsheet drops leading zeros and rounds long numbers otherwise."
      ),
      word(
        "程序请使用同目录下的 data.csv.gz 或 data.json.gz,内容未作上述改动。",
        "Programs should use data.csv.gz or data.json.gz beside it, which are not changed in this way."),
    ]
  }
  let lines = part(.zh) + ["", String(repeating: "-", count: 40), ""] + part(.en)
  return SpreadsheetText.mark + Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
}
