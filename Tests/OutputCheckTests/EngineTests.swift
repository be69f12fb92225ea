import Foundation
import Hashing
import Publication
import TableSchema
import Tabular
import TestSupport
import Testing

@testable import Export
@testable import Ingest
@testable import OutputCheck
@testable import Redaction
@testable import Validation
@testable import Versioning

/// A table's journey from delivery to cleared files, with all numbers of workers and sizes of chunks.
@Suite struct EngineTests {
  private static let labels = ["id", "code", "name", "note", "amount", "phone"]

  /// Rows with everything that CSV can hold, or with one line each; ids without order.
  private func delivery(rows: Int, seed: UInt64, isPlain: Bool = false) -> [UInt8] {
    var random = SmallRandom(seed: seed)
    let notes = isPlain ? ["", "正常", "a,b", "x"] : ["", "正常", "a,b", "两行\n第二行", "引\"号\"", " 前后 ", "", "x"]
    let ids = (1...rows).shuffled(using: &random)
    var text = Array((Self.labels.joined(separator: ",") + "\n").utf8)
    for id in ids {
      let note = notes.randomElement(using: &random) ?? ""
      let isQuoted = note.contains { ",\n\"".contains($0) } || Bool.random(using: &random)
      let phone = "138\(String(Int.random(in: 10_000_000...99_999_999, using: &random)))"
      let amount = ["", "0", "12.50", "+7", "007.10", "99999"].randomElement(using: &random) ?? ""
      let shown = isQuoted ? "\"\(note.replacingOccurrences(of: "\"", with: "\"\""))\"" : note
      let name = ["王小明", "李四", "赵六六"].randomElement(using: &random) ?? ""
      text += Array(
        "\(id),C\(id % 97),\(name),\(shown),\(amount),\(phone)\(id % 3 == 0 && !isPlain ? "\r" : "")\n".utf8)
    }
    return text
  }

  private func dataset() throws -> Dataset {
    let text = LocalizedText(zh: "测试")
    let id = try DatasetID(department: DepartmentID("office"), name: "things")
    let transforms: [Transform] = [.keep, .keep, .mask(keepFirst: 1, keepLast: 0), .keep, .keep, .drop]
    let columns = zip(Self.labels, transforms).map { label, transform in
      ColumnPolicy(
        field: label, label: label, disclosure: transform == .keep ? .open : .directIdentifier, transform: transform,
        repairs: [])
    }
    return Dataset(
      id: id,
      department: Department(
        id: id.department, name: text, contact: Contact(name: text, email: nil, telephone: nil), history: []),
      title: text, description: text, subject: .none, access: .unconditional, isListed: true, conditions: nil,
      audience: [], domain: text, legalBasis: nil, frequency: .yearly, keywords: [:],
      license: License(name: "CC-BY-4.0", title: text, path: "https://license.example/"),
      source: Source(place: .file(path: "", root: ""), encoding: nil, dialect: .init()), schemaName: "things",
      columns: columns, assertions: Assertions(), releaseKey: ["id"], formats: RowFormat.allCases, approval: .none,
      schedule: nil)
  }

  private func schema() -> Schema {
    var fields = [
      SchemaField(name: "id", type: .canonicalInteger), SchemaField(name: "code", type: .plainString),
      SchemaField(name: "name", type: .plainString), SchemaField(name: "note", type: .plainString),
      SchemaField(name: "amount", type: .canonicalNumber), SchemaField(name: "phone", type: .plainString),
    ]
    fields[0].constraints.unique = true
    fields[4].constraints.minimum = "0"
    return Schema(fields: fields, primaryKey: ["id"], missingValues: [MissingValue("")])
  }

  private func stages(_ parallelism: Parallelism, _ folder: String) throws -> Run {
    for stage in StageName.allCases {
      try FileManager.default.createDirectory(atPath: "\(folder)/\(stage.rawValue)", withIntermediateDirectories: true)
    }
    let now = Instant(secondsSince1970: 1_795_413_600)
    return Run(
      id: "test", clock: Clock(now: now, today: now.date), workFolder: folder, memoryBudget: 1 << 16,
      parallelism: parallelism)
  }

  private func validate(_ bytes: [UInt8], _ parallelism: Parallelism, _ folder: String) async throws -> (
    ValidatedTable, Run
  ) {
    let run = try stages(parallelism, folder)
    let path = "\(folder)/delivery.csv"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let file = WorkFile(path: path, byteCount: bytes.count, digest: SHA256.hash(bytes))
    return (
      try await Validate(schema: schema()).run(Snapshot(dataset: dataset(), parts: [file], stamp: ""), in: run), run
    )
  }

  /// Digests of all files of the release, and its rows.
  private func release(_ bytes: [UInt8], _ parallelism: Parallelism, previous: PreviousRelease? = nil) async throws -> (
    [String], rows: [UInt8], changes: RowChanges?
  ) {
    let folder = TemporaryFolder()
    let (table, run) = try await validate(bytes, parallelism, folder.path)
    let key = SymmetricKey([UInt8](repeating: 7, count: 32))
    let redacted = try await Redact(dataset: dataset(), schema: schema(), key: key).run(table, in: run)
    guard case .changed(let versioned) = try await Compare(previous: previous).run(redacted.table, in: run) else {
      return ([], [], nil)
    }
    let text = LocalizedText(zh: "测试")
    let site = Site(
      title: text, description: text, identifierBase: "https://id.example", baseURL: "https://data.example",
      timeZone: "UTC", publisher: text, contact: Contact(name: text, email: nil, telephone: nil),
      license: try dataset().license, expiries: .init(), leastApproval: .none, sourceRoots: [], sourceHosts: [],
      transfer: TransferLimits(), notifications: Notifications(), retention: Retention())
    let candidate = try await Export(site: site, key: key, publishedAt: run.clock.now).run(versioned, in: run)
    let cleared = try await CheckOutput().run(.init(candidate, redacted.rawValues), in: run)
    let source = try InflatingByteSource(FileByteSource(path: "\(folder.path)/export/data.csv.gz"))
    var rows: [UInt8] = []
    while try source.read(1 << 16, appendingTo: &rows) {}
    return (cleared.files.map { "\($0.name) \($0.file.digest)" }, rows, versioned.change.rows)
  }

  /// The same, the slow and obvious way.
  private func oracle(_ bytes: [UInt8]) -> String {
    func published(_ amount: String) -> String { ["+7": "7", "007.10": "7.10"][amount] ?? amount }
    func field(_ text: String, isNull: Bool) -> String {
      if isNull { return "" }
      let needsQuotes = text.isEmpty || text.utf8.contains { ",\"\r\n".utf8.contains($0) }
      return needsQuotes ? "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\"" : text
    }
    let records = (OracleReader.records(bytes) ?? []).dropFirst().map { record in
      record.fields.map { String(decoding: $0, as: UTF8.self) }
    }
    let rows = records.sorted { (Int($0[0]) ?? 0) < (Int($1[0]) ?? 0) }.map { row in
      let mask = String(row[2].prefix(1)) + "**"
      return [row[0], row[1], mask, row[3], published(row[4])].map { field($0, isNull: $0.isEmpty) }.joined(
        separator: ",")
    }
    return (["id,code,name,note,amount"] + rows).joined(separator: "\n") + "\n"
  }

  @Test func theSameBytesWhateverTheNumberOfWorkersAndTheSizeOfChunks() async throws {
    let bytes = delivery(rows: 30_000, seed: 1)
    let first = try await release(bytes, Parallelism(workers: 1, chunkByteCount: 1 << 20))
    #expect(String(decoding: first.rows, as: UTF8.self) == oracle(bytes))
    for (workers, chunk) in [(2, 200_000), (3, 31_111), (5, 7_001)] {
      let other = try await release(bytes, Parallelism(workers: workers, chunkByteCount: chunk))
      #expect(other.0 == first.0, "\(workers) workers, \(chunk) bytes")
    }
  }

  @Test func smallTablesOfAllSizesGoThroughWhole() async throws {
    for rows in [1, 2, 3, 17] {
      let bytes = delivery(rows: rows, seed: UInt64(rows))
      for chunk in [1, 50, 1 << 20] {
        let found = try await release(bytes, Parallelism(workers: 2, chunkByteCount: chunk))
        #expect(String(decoding: found.rows, as: UTF8.self) == oracle(bytes), "\(rows) rows, \(chunk) bytes")
      }
    }
  }

  @Test func troubleIsFoundInTheSamePlacesWhateverTheChunks() async throws {
    let good = String(decoding: delivery(rows: 400, seed: 2, isPlain: true), as: UTF8.self)
    var lines = good.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    lines.insert("", at: 40)
    lines.insert("1,2", at: 80)
    lines.insert("x,C1,王小明,,1,13800000000", at: 120)
    lines.insert("500,C1,王小明,a\"b,1,13800000000", at: 160)
    lines.insert("501,C1,王小明,,-1,13800000000", at: 200)
    lines.insert(contentsOf: ["600,C,李四,,1,13800000000", "600,C,李四,,1,13800000000"], at: 240)
    lines.insert(",C,李四,,1,13800000000", at: 280)
    let bytes = Array(lines.joined(separator: "\n").utf8)
    func findings(_ parallelism: Parallelism) async throws -> [String] {
      let folder = TemporaryFolder()
      do {
        _ = try await validate(bytes, parallelism, folder.path)
        return []
      } catch let refusal as Refusal {
        return refusal.report.findings.map { finding in
          "\(finding.code.rawValue) \(finding.field ?? "-") \(finding.rule ?? "-") \(finding.detail ?? "-") \(finding.count) "
            + "\(finding.examples) \(finding.last)"
        }
      }
    }
    let expected = try await findings(Parallelism(workers: 1, chunkByteCount: 1 << 20))
    for code in [
      "blank-row", "missing-cell", "type-error id", "stray-quote", "constraint-error amount minimum",
      "primary-key id unique",
      "primary-key id required",
    ] {
      #expect(expected.contains { $0.hasPrefix(code) }, "\(code) in \(expected)")
    }
    for chunk in [1, 30, 333, 5_000] {
      #expect(try await findings(Parallelism(workers: 3, chunkByteCount: chunk)) == expected, "\(chunk) bytes")
    }
  }

  @Test func aKeyThatComesTwiceFarApartIsFoundAmongMoreThanFitInMemory() async throws {
    var bytes = delivery(rows: 8_000, seed: 4, isPlain: true)
    let rows = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { String($0.prefix { $0 != "," }) }
    // The ids of rows 10 and 4,000, in rows 8,001 and 8,002.
    bytes += Array("\(rows[10]),C,李四,,1,13800000000\n\(rows[4_000]),C,李四,,1,13800000000\n".utf8)
    let folder = TemporaryFolder()
    do {
      _ = try await validate(bytes, Parallelism(workers: 2, chunkByteCount: 20_000), folder.path)
      Issue.record("keys that come twice were let through")
    } catch let refusal as Refusal {
      let findings = refusal.report.errors
      #expect(findings.map(\.code) == [.primaryKey])
      #expect(findings.first?.count == 2 && findings.first?.others.first?.row == 10)
      #expect(findings.first?.examples.map(\.row) == [8_001, 8_002])
    }
  }

  @Test func comparisonCountsWhatChangedWhateverTheChunks() async throws {
    let folder = TemporaryFolder()
    let before = delivery(rows: 500, seed: 3, isPlain: true)
    let (table, run) = try await validate(before, Parallelism(), folder.path)
    let key = SymmetricKey([UInt8](repeating: 7, count: 32))
    let redacted = try await Redact(dataset: dataset(), schema: schema(), key: key).run(table, in: run)
    guard case .changed(let versioned) = try await Compare(previous: nil).run(redacted.table, in: run) else {
      Issue.record("a first release is a change")
      return
    }
    var writer = try GzipWriter(path: "\(folder.path)/before.gz")
    try writer.write(try InputFile.contents(of: versioned.rows.path))
    _ = try writer.finish()
    // Of 500 rows three are gone, two new, and all that held "x" as their note say "y" now.
    var lines = String(decoding: before, as: UTF8.self).components(separatedBy: "\n")
    let changed = lines.count { $0.contains(",x,") || $0.contains(",\"x\",") }
    lines = lines.map {
      $0.replacingOccurrences(of: ",x,", with: ",y,").replacingOccurrences(of: ",\"x\",", with: ",y,")
    }
    let whole = lines.indices.filter {
      !lines[$0].contains("y") && lines[$0].split(separator: ",").count == 6 && !lines[$0].contains("\"") && $0 > 0
    }
    for index in whole.prefix(3).reversed() { lines.remove(at: index) }
    lines.insert(contentsOf: ["1000,C,李四,,1,13800000000", "1001,C,李四,,1,13800000000"], at: 1)
    let after = Array(lines.joined(separator: "\n").utf8)
    for (chunk, segments) in [(1 << 20, writer.segments), (97, writer.segments), (1_000, [])] {
      let previous = PreviousRelease(
        release: versioned.release, version: versioned.version, content: versioned.content,
        schema: versioned.schema.schema, keyNames: ["id"], formats: RowFormat.allCases, rowCount: 500,
        issued: versioned.issued, rowsPath: "\(folder.path)/before.gz", segments: segments, metadata: .null)
      let found = try await release(after, Parallelism(workers: 2, chunkByteCount: chunk), previous: previous)
      #expect(
        found.changes?.added == 2 && found.changes?.removed == 3 && found.changes?.changed == changed,
        "\(String(describing: found.changes))")
    }
  }
}
