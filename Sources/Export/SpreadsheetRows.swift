internal import Publication
internal import Redaction
package import TableSchema
package import Tabular
internal import Versioning

/// How rows look in the CSV for spreadsheets: a byte order mark, CR LF, and no cell that a spreadsheet would run as a formula.
///
/// - Source: OWASP, "CSV Injection": cells that begin with = + - @ tab or CR, and the full-width forms of the signs.
package struct SpreadsheetForm: Sendable {
  package static let mark: [UInt8] = [0xef, 0xbb, 0xbf]
  private let isNumber: [Bool]

  package init(_ schema: Schema) { isNumber = schema.fields.map { $0.type.jsonKind == .number } }

  /// Appends one canonical record; of a header, every cell is text.
  package func append(_ batch: borrowing RecordBatch, _ record: Int, isHeader: Bool, to bytes: inout [UInt8]) {
    for column in 0..<batch.fieldCount(record) {
      if column > 0 { bytes.append(0x2c) }
      let field = batch.field(record, column)
      if CanonicalRows.isNull(field, columnCount: isNumber.count) {
        if isNumber.count == 1 { bytes.append(contentsOf: [0x22, 0x22]) }
        continue
      }
      let text = batch.text(field)
      let isText = isHeader || !(column < isNumber.count && isNumber[column])
      if isText && Self.startsFormula(text) {
        // An apostrophe is how spreadsheets themselves mark a cell as text.
        CanonicalRows.append(([0x27] + text)[...], to: &bytes)
      } else {
        CanonicalRows.append(text, to: &bytes)
      }
    }
    bytes.append(contentsOf: [0x0d, 0x0a])
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

/// The rows of a table in the form for spreadsheets.
final class SpreadsheetRows: ByteSource {
  private var reader: RecordReader
  private let form: SpreadsheetForm
  private var isFirst = true

  init(of table: VersionedTable) throws {
    reader = RecordReader(canonical: try FileByteSource(path: table.rows.path))
    form = SpreadsheetForm(table.schema.schema)
  }

  func read(_ count: Int, appendingTo bytes: inout [UInt8]) throws -> Bool {
    guard try reader.next() else { return false }
    for record in reader.batch.rows {
      if isFirst { bytes.append(contentsOf: SpreadsheetForm.mark) }
      form.append(reader.batch, record, isHeader: isFirst, to: &bytes)
      isFirst = false
    }
    return true
  }
}

/// Bytes in memory, once.
final class BytesSource: ByteSource {
  private var rest: [UInt8]?
  init(_ bytes: [UInt8]) { rest = bytes }

  func read(_ count: Int, appendingTo bytes: inout [UInt8]) -> Bool {
    guard let rest else { return false }
    bytes.append(contentsOf: rest)
    self.rest = nil
    return true
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
  return SpreadsheetForm.mark + Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
}
