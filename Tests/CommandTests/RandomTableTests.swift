import Foundation
import TestSupport
import Testing

/// Random tables in every encoding and dialect go in; Python's csv, gzip, json and zipfile must read the same rows, in the order of
/// the key, from every format that comes out.
@Suite struct RandomTableTests {
  /// Shared by both scripts: the rows of a table, from its seed.
  private let tables = #"""
    import csv, gzip, io, json, os, random, sys, unicodedata, zipfile
    csv.field_size_limit(1 << 30)
    HANZI = [bytes([a, b]).decode("gb2312") for a in range(0xb0, 0xd7) for b in range(0xa1, 0xff)]
    # Characters of four bytes, and those of which the second byte is a bar, a backslash or a tilde.
    RARE = "㐀䶮𠀀€丂鎱誠乗亊"
    SIGNS = ["=", "+", "-", "@", " =", "　@", "＝", "＋", "\t", "\n", "\r\n", '"', "|", "\\", ",", ";", 'a"b', "\ufeff"]

    def cell(dice, kind):
        if kind == "number": return str(dice.randint(-10**6, 10**6))
        text = "".join(dice.choice(HANZI) for _ in range(dice.randint(0, 8)))
        if dice.random() < 0.05: text = dice.choice(RARE) + text
        if dice.random() > 0.97: text = dice.choice(SIGNS) + text
        if dice.random() > 0.99: text += dice.choice(SIGNS)
        return text

    KINDS = ["integer", "string", "number", "string"]

    def table(seed, count):
        dice = random.Random(seed)
        rows = [[str(n + 1)] + [cell(dice, kind) for kind in KINDS[1:]] for n in range(count)]
        if seed % 2: dice.shuffle(rows)
        return rows

    HEADER = ["id", "a", "b", "c"]
    seed, count, encoding, delimiter = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]

    """#

  private let make = #"""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n" if seed % 3 else "\n")
    writer.writerow(HEADER)
    writer.writerows(table(seed, count))
    open(sys.argv[5], "wb").write(text.getvalue().encode(encoding))
    """#

  private let compare = #"""
    def marked(text, kind, is_header):
        if kind != "string" and not is_header or not text: return text
        if ord(text[0]) < 0x20: return "'" + text
        first = next((c for c in text if not (ord(c) <= 0x20 or c.isspace() or unicodedata.category(c) == "Cf")), "")
        return "'" + text if first and first in "=+-@＝＋－＠" else text

    def read(text): return list(csv.reader(io.StringIO(text, newline="")))

    folder, name = sys.argv[5], sys.argv[6]
    expected = [HEADER] + sorted(table(seed, count), key=lambda row: int(row[0]))
    assert read(gzip.open(folder + "/data.csv.gz").read().decode()) == expected, "CSV"
    rows = json.loads(gzip.open(folder + "/data.json.gz").read())
    assert [list(row) for row in rows] == [HEADER] * count, "names"
    said = [["" if v is None else str(v) for v in row.values()] for row in rows]
    assert said == expected[1:], "JSON"
    archive = zipfile.ZipFile(folder + "/data.zip")
    assert archive.testzip() is None
    sheet = archive.read(name + ".csv")
    assert sheet.startswith(b"\xef\xbb\xbf")
    wanted = [[marked(c, kind, n == 0) for c, kind in zip(row, KINDS)] for n, row in enumerate(expected)]
    assert read(sheet[3:].decode()) == wanted, "zip"
    print("same rows")
    """#

  @Test func everyFormatHasTheRowsThatCameIn() throws {
    let site = try TestSite()
    // 30,000 rows are several chunks and several blocks.
    let tables: [(seed: Int, count: Int, encoding: String, delimiter: String)] = [
      (1, 1, "utf-8", ","), (2, 300, "utf-16-le", ";"), (3, 30_000, "gb18030", "|"), (4, 30_000, "utf-8", ","),
      (5, 300, "utf-16-be", "\t"), (6, 3_000, "gb18030", ","), (7, 30_000, "utf-8-sig", ";"),
      (8, 3_000, "utf-16-be", "|"),
    ]
    func script(_ body: String, _ index: Int, _ more: String...) throws -> ProcessResult {
      let (seed, count, encoding, delimiter) = tables[index]
      return try run(
        ["/usr/bin/python3", "-c", self.tables + body, "\(seed)", "\(count)", encoding, delimiter] + more)
    }
    for (index, table) in tables.enumerated() {
      let name = "table-\(table.seed)"
      let declared = ["utf-16-le": "encoding: utf-16le", "utf-16-be": "encoding: utf-16be"][table.encoding]
      let delimiter = table.delimiter == "\t" ? "\\t" : table.delimiter
      try site.addDataset(
        name, columns: ["id", "a", "b", "c"].map { "\($0): {disclosure: public}" },
        fields: [("id", "integer"), ("a", "string"), ("b", "number"), ("c", "string")].map {
          #"{"name":"\#($0.0)","type":"\#($0.1)"}"#
        }, input: "",
        source: ["dialect: {delimiter: \"\(delimiter)\"}", declared].compactMap { $0 }.joined(separator: "\n"),
        more: "release: {key: [id]}")
      let made = try script(make, index, "\(site.path)/datasets/office/\(name)/input.csv")
      #expect(made.code == 0, "\(made.error)")
    }
    let published = try site.daylight("publish", now: "2026-11-24T06:00:00Z")
    #expect(published.code == 0, "\(published.output)\(published.error)")
    for (index, table) in tables.enumerated() {
      let name = "table-\(table.seed)"
      let compared = try script(compare, index, "\(site.path)/public/data/office/\(name)/latest", name)
      #expect(compared.output == "same rows\n", "\(table): \(compared.error.suffix(400))")
    }
  }
}
