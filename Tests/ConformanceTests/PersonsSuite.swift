import Foundation
import TestSupport
import Testing

/// `../shared/suites/pii`: 50 columns of made-up persons and of what only looks like them.
@Suite struct PersonsSuite {
  /// Every column public, as far as the recognisers know: what they find, cell by cell.
  @Test func blind() throws {
    guard let table = sharedFile("suites/pii/bench.csv"), let labels = sharedFile("suites/pii/labels.json") else {
      return
    }
    let result = try run([executable, "recognise", "--input", table, "--labels", labels])
    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(lines.contains { $0.hasPrefix("cells: recall 97221/97221 ") && $0.contains("false alarms 0/86779 ") })
    #expect(
      lines.contains { $0.hasPrefix("columns: recall 27/27 ") && $0.contains("false alarms 0/19 ") }, "\(result.output)"
    )
  }

  /// A fitting policy: nothing of the persons is in what is published, and what is no person's is as it was.
  @Test func working() throws {
    guard let table = sharedFile("suites/pii/bench.csv"), let labels = sharedFile("suites/pii/labels.json") else {
      return
    }
    let site = try TestSite()
    let made = try run(["/usr/bin/python3", "-c", make, table, labels, site.path])
    #expect(made.code == 0, "\(made.error)")
    let published = try site.daylight("publish", now: "2026-11-24T06:00:00Z")
    #expect(published.code == 0, "\(published.output)\(published.error)")
    let compared = try run(["/usr/bin/python3", "-c", compare, table, labels, site.path])
    #expect(
      compared.output == "leaked 0, needles 0, changed 0 of 86779\n", "\(compared.output)\(compared.error.suffix(800))")
  }

  private let make = #"""
    import csv, json, pathlib, sys
    table, labels, site = sys.argv[1:4]
    columns = json.load(open(labels))["columns"]
    rows = list(csv.reader(open(table, encoding="utf-8")))
    direct = "disclosure: direct-identifier, transform: "
    own = {
        "申请人": direct + "{mask: {keep_first: 1}}", "联系电话": direct + "{hash: {epoch: a}}", "邮箱": direct + "{hash: {epoch: a}}",
        "车牌": direct + "{hash: {epoch: a}}", "编号A": direct + "{hash: {epoch: a}}",
        "住址": "disclosure: quasi-identifier, transform: {generalise: {address: road}}",
        "经度": "disclosure: quasi-identifier, transform: {generalise: {grid: {step: 0.1, pair: 纬度}}}",
        "纬度": "disclosure: quasi-identifier, transform: {generalise: {grid: {step: 0.1, pair: 经度}}}",
        "出生日期": "disclosure: quasi-identifier, transform: {generalise: {date: year}}",
        "诉求内容": "disclosure: public, on_find: redact", "备注_针": "disclosure: public, on_find: redact",
        "设备编号_针": "disclosure: public, on_find: redact",
    }
    numbers = {"经度", "纬度"}
    policy = ["row: {disclosure: public}"]
    fields = [{"name": "row", "type": "integer"}]
    for name in rows[0]:
        kind = columns[name]["class"]
        policy.append(f"{name}: {{{own.get(name) or (direct + 'drop' if kind == 'PII' else 'disclosure: public')}}}")
        fields.append({"name": name, "type": "number" if name in numbers else "date" if name == "出生日期" else "string"})
    site = pathlib.Path(site)
    folder = site / "datasets/office/persons"
    folder.mkdir(parents=True)
    (site / "datasets/office/department.yaml").write_text(
        "name: {zh: 测试办, en: Test office}\ncontact: {name: 测试办, email: office@data.example}\n")
    (folder / "dataset.yaml").write_text("title: {zh: 人, en: Persons}\ndescription: {zh: 虚构, en: Made up}\nsubject: none\n"
        "access: unconditional\ndomain: 测试\nfrequency: monthly\nsource: {path: input.csv}\nschema: persons\ncolumns:\n"
        + "".join(f"  {line}\n" for line in policy) + "release: {key: [row], formats: [csv]}\n")
    (site / "schemas").mkdir(exist_ok=True)
    (site / "schemas/persons.tableschema.json").write_text(json.dumps({"fields": fields}, ensure_ascii=False))
    with open(folder / "input.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["row"] + rows[0])
        writer.writerows([str(n)] + row for n, row in enumerate(rows[1:]))
    """#

  private let compare = #"""
    import csv, gzip, io, json, sys
    table, labels, site = sys.argv[1:4]
    columns = json.load(open(labels))["columns"]
    given = list(csv.DictReader(open(table, encoding="utf-8")))
    text = gzip.open(site + "/public/data/office/persons/latest/data.csv.gz").read().decode()
    published = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [int(row["row"]) for row in published] == list(range(len(given)))
    persons = [name for name, column in columns.items() if column["class"] == "PII"]
    # Free text holds persons in some rows only, a column with a needle in one.
    texts = {n: set(c["pii_rows" if "pii_rows" in c else "needle_rows"]) for n, c in columns.items()
             if "pii_rows" in c or "needle_rows" in c}
    removed = {row[name] for row in given for name in persons if name not in texts and len(row[name]) >= 2}
    leaked = needles = changed = 0
    for number, (row, seen) in enumerate(zip(given, published)):
        joined = "\x00".join(seen.values())
        leaked += sum(1 for name in persons if name not in texts and len(row[name]) >= 2 and row[name] in joined)
        leaked += sum(1 for name, value in seen.items() if name != "row" and len(value) >= 6 and value in removed)
        needles += sum(1 for name, rows in texts.items() if number in rows and seen[name] == row[name])
        for name, column in columns.items():
            if (column["class"] == "PUBLIC" or name in texts) and number not in texts.get(name, ()):
                changed += seen[name] != row[name]
    total = sum(len(given) - len(texts.get(n, ())) for n, c in columns.items() if c["class"] == "PUBLIC" or n in texts)
    print(f"leaked {leaked}, needles {needles}, changed {changed} of {total}")
    """#
}
