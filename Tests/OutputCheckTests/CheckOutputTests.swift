import Foundation
import Hashing
import Publication
import TableSchema
import Tabular
import TestSupport
import Testing

@testable import Export
@testable import OutputCheck
@testable import Redaction
@testable import Versioning

/// What lies on disk is what is checked: a file that is changed after it was written is refused, however it was changed.
@Suite struct CheckOutputTests {
  private let folder = TemporaryFolder()

  /// - Parameters:
  ///   - accepted: what somebody has said may stand in the column note.
  ///   - primaryKey: of the public schema.
  private func candidate(
    _ rows: [String], accepted: [String: String] = [:], primaryKey: [String] = [], memoryBudget: Int = 64 << 20
  ) async throws -> (ReleaseCandidate, Run) {
    for stage in StageName.allCases {
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/\(stage.rawValue)", withIntermediateDirectories: true)
    }
    let now = Instant(secondsSince1970: 1_795_413_600)
    let run = Run(
      id: "test", clock: Clock(now: now, today: now.date), workFolder: folder.path, memoryBudget: memoryBudget)
    let columns = ["id", "note"].map { name in
      ColumnPolicy(
        field: name, label: name, disclosure: .open, transform: .keep, repairs: [],
        accepted: name == "note" ? accepted : [:])
    }
    let sample = SampleDataset(columns: columns)
    let dataset = try sample.dataset()
    let id = dataset.id
    let (text, contact, license) = (sample.text, sample.contact, sample.license)
    let site = Site(
      title: text, description: text, identifierBase: "https://id.example", baseURL: "https://data.example",
      timeZone: "UTC", publisher: text,
      contact: contact, license: license, expiries: .init(), leastApproval: .none, sourceRoots: [],
      sourceHosts: [], transfer: TransferLimits(), notifications: Notifications(), retention: Retention())
    let key = SymmetricKey([UInt8](repeating: 7, count: 32))
    let source = Schema(
      fields: [SchemaField(name: "id", type: .canonicalInteger), SchemaField(name: "note", type: .plainString)],
      primaryKey: primaryKey)
    let transforms = try zip(columns, source.fields).map { policy, field in
      try ColumnTransform(policy: policy, field: field, dataset: id, key: key)
    }
    let schema = PublicSchema(transforms: transforms, source: source, exceedsDouble: [false, false])
    var file = try OutputFile(path: "\(folder.path)/versioning/data.csv")
    try file.write(Array(("id,note\n" + rows.map { "\($0)\n" }.joined()).utf8))
    let table = VersionedTable(
      dataset: dataset, schema: schema, rows: try file.finish(), rowCount: rows.count,
      release: ReleaseID(date: now.date, number: 1),
      version: Version(1, 0, 0),
      change: Change(level: .first, reasons: [.first], rowsBefore: nil, rowsAfter: rows.count, rows: nil),
      content: SHA256.hash("x"), previous: nil, issued: now, summary: PrivacySummary())
    return (try await Export(site: site, key: key, publishedAt: run.clock.now).run(table, in: run), run)
  }

  private func rawValues(_ values: [String] = []) throws -> RawValues {
    var builder = RawValuesBuilder(folder: folder.path, memoryBudget: 1 << 20)
    var work = RemovedValues(byteCount: 4_096)
    for value in values {
      let bytes = Array(value.utf8)
      work.add(bytes.span)
    }
    try builder.add(work)
    return try builder.finish()
  }

  /// The rules that were broken; empty where the candidate is cleared.
  private func check(_ candidate: ReleaseCandidate, _ run: Run, removed: [String] = []) async throws -> Set<String> {
    do {
      let cleared = try await CheckOutput().run(CheckOutput.Input(candidate, rawValues(removed)), in: run)
      #expect(cleared.files.map(\.name) == candidate.files.map(\.name))
      #expect(cleared.files.map(\.file.digest) == candidate.files.map(\.file.digest))
      return []
    } catch let refusal as Refusal {
      return Set(refusal.report.findings.map { "\($0.code.rawValue) \($0.field ?? "-") \($0.rule ?? "-")" })
    }
  }

  /// Puts other text into a packed file, packed as before.
  private func repack(_ name: String, _ change: (String) -> String) throws {
    let path = "\(folder.path)/export/\(name)"
    let source = try InflatingByteSource(FileByteSource(path: path))
    var bytes: [UInt8] = []
    while try source.read(1 << 16, appendingTo: &bytes) {}
    var writer = try GzipWriter(path: path)
    try writer.write(Array(change(String(decoding: bytes, as: UTF8.self)).utf8))
    _ = try writer.finish()
  }

  @Test func whatWasWrittenAsItShouldBeIsCleared() async throws {
    let (candidate, run) = try await candidate(["1,a", "2,\"b, \"\"c\"\"\"", "3,"])
    #expect(try await check(candidate, run, removed: ["13800138000", "王小明"]) == [])
  }

  @Test(arguments: [
    ("data.json.gz", "\"id\":1", "\"id\":9", "output-mismatch data.json.gz row"),
    ("data.json.gz", "\"id\":1", "\"id\":\"1\"", "output-mismatch data.json.gz row"),
    ("data.json.gz", "\"note\":null", "\"note\":\"\"", "output-mismatch data.json.gz row"),
    ("data.json.gz", "{\"id\":2,\"note\":\"b\"},\n", "", "output-mismatch data.json.gz row"),
    ("data.json.gz", "\n]", ",\n{\"id\":4,\"note\":null}\n]", "output-mismatch data.json.gz row-count"),
    ("data.json.gz", "[\n", "\n", "output-mismatch data.json.gz array"),
    ("data.csv.gz", "2,b", "x,b", "output-mismatch id type-error integer"),
    ("data.csv.gz", "2,b\n", "", "output-mismatch data.csv.gz row-count"),
    ("data.csv.gz", "id,note", "id,nota", "output-mismatch data.csv.gz header"),
    ("data.csv.gz", "2,b", "2,b,c", "output-mismatch data.csv.gz row"),
    ("data.csv.gz", "2,b", "2,电话13800138000", "sensitive-value note mobile-number"),
  ])
  func aChangedTableIsRefused(file: String, from: String, to: String, finding: String) async throws {
    let (candidate, run) = try await candidate(["1,a", "2,b", "3,"])
    try repack(file) { $0.replacingOccurrences(of: from, with: to) }
    let findings = try await check(candidate, run)
    #expect(findings.contains(finding), "\(findings)")
    #expect(findings.contains("output-mismatch \(file) digest"))
  }

  /// A transform let telephone numbers through: whichever of the two looks is off, the other refuses.
  @Test func eachLookAtTheOutputStandsAlone() async throws {
    let rows = (0..<12).map { "\($0),199999900\(10 + $0)" }
    let numbers = rows.map { String($0.split(separator: ",")[1]) }
    let accepted = ["mobile-number": "the test turns recognition off"]
    let (blind, first) = try await candidate(rows, accepted: accepted)
    #expect(try await check(blind, first) == [])
    #expect(try await check(blind, first, removed: numbers) == ["removed-value note -"])
    let (candidate, run) = try await candidate(rows)
    #expect(try await check(candidate, run) == ["sensitive-value note mobile-number"])
  }

  /// Keys that rise are let go; where the last ones do not, the rows are read again for them.
  @Test func aKeyThatComesTwiceIsFoundAfterManyThatRise() async throws {
    let rising = (1...9_000).map { "\($0),x" }
    let (good, first) = try await candidate(rising + ["5,y"], memoryBudget: 1 << 16)
    #expect(try await check(good, first) == [])
    let (bad, second) = try await candidate(rising + ["5,y"], primaryKey: ["id"], memoryBudget: 1 << 16)
    #expect(try await check(bad, second) == ["output-mismatch id primary-key unique"])
    let (falling, third) = try await candidate(rising + ["0,y"], primaryKey: ["id"], memoryBudget: 1 << 16)
    #expect(try await check(falling, third) == [])
  }

  /// What a column says again and again is looked at once: of what must not get out every place is told all the same.
  @Test(arguments: [3, 700, 30_000])
  func everyPlaceIsToldAmongCellsThatRepeat(textCount: Int) async throws {
    var rows = (0..<40_000).map { "\($0),办理情况第\($0 * 7919 % textCount)类已归档" }
    let places = [0, 1, 512, 20_000, 20_001, 39_999]
    for place in places { rows[place] = "\(place),联系13800138000办理" }
    let (candidate, run) = try await candidate(rows)
    do {
      _ = try await CheckOutput().run(CheckOutput.Input(candidate, rawValues(["沪A12345号牌70112233"])), in: run)
      Issue.record("telephone numbers were let through")
    } catch let refusal as Refusal {
      let findings = refusal.report.errors
      #expect(findings.map(\.code) == [.sensitiveValue])
      #expect(findings.first?.count == places.count)
      #expect(findings.first?.examples.map(\.row) == Array(places.prefix(5).map { $0 + 1 }))
    }
  }

  /// Writes the zip file anew, with other rows and read-me, so that nothing but its contents is wrong.
  private func rezip(_ candidate: ReleaseCandidate, rows: String, readMe: String) throws -> ReleaseCandidate {
    let path = "\(folder.path)/export/data.zip"
    var deflater = SegmentDeflater()
    let segment = PackedSegment(Array(rows.utf8), 0..<rows.utf8.count, with: &deflater)
    var sheet = try ZipMember("things.csv", folder: folder.path)
    try sheet.append(SpreadsheetText.mark, with: &deflater)
    try sheet.append(segment)
    var text = try ZipMember("README.txt", folder: folder.path)
    try text.append(Array(readMe.utf8), with: &deflater)
    var zip = try ZipWriter(path: path)
    try zip.add(sheet)
    try zip.add(text)
    let file = try zip.finish()
    let packed = GzipSegment(packedByteCount: segment.packed.count, byteCount: segment.byteCount)
    return ReleaseCandidate(
      dataset: candidate.dataset, schema: candidate.schema, record: candidate.record,
      files: candidate.files.map {
        $0.name == "data.zip"
          ? ReleaseFile(name: $0.name, role: .data, mediaType: $0.mediaType, file: file, raw: nil) : $0
      },
      rowCount: candidate.rowCount,
      blocks: candidate.blocks.map {
        RowBlock(rowCount: $0.rowCount, jsonSegmentCount: $0.jsonSegmentCount, sheet: packed)
      }, summary: candidate.summary)
  }

  @Test(arguments: [
    ("id,note\n1,a\n2,'=1+1\n3,\n", "read me", ""),
    // The formula as it is in the other files, another cell, a row less, other line ends.
    ("id,note\n1,a\n2,=1+1\n3,\n", "read me", "output-mismatch data.zip row"),
    ("id,note\n1,b\n2,'=1+1\n3,\n", "read me", "output-mismatch data.zip row"),
    ("id,note\n1,a\n2,'=1+1\n", "read me", "output-mismatch data.zip row"),
    ("id,note\r\n1,a\r\n2,'=1+1\r\n3,\r\n", "read me", "output-mismatch data.zip row"),
    ("id,note\n1,a\n2,'=1+1\n3,\n", "电话13800138000", "sensitive-value data.zip/README.txt mobile-number"),
  ])
  func aChangedZipFileIsRefused(rows: String, readMe: String, finding: String) async throws {
    let (candidate, run) = try await candidate(["1,a", "2,=1+1", "3,"])
    let findings = try await check(try rezip(candidate, rows: rows, readMe: readMe), run)
    #expect(findings == (finding.isEmpty ? [] : [finding]), "\(findings)")
  }

  @Test func aZipFileThatSaysOtherThanItHoldsIsRefused() async throws {
    let (candidate, run) = try await candidate(["1,a"])
    let path = "\(folder.path)/export/data.zip"
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    // The checksum stands at byte 14 of the member and byte 16 of its entry in the directory: both are wrong in the same way.
    let directory = try #require(whole.range(of: Data([0x50, 0x4b, 1, 2]))).lowerBound
    for (offsets, finding) in [
      ([14, directory + 16], "output-mismatch data.zip digest"), ([14], "output-mismatch data.zip readable"),
      ([whole.count - 1], "output-mismatch data.zip readable"), ([31], "output-mismatch data.zip readable"),
    ] {
      var changed = whole
      for offset in offsets { changed[offset] ^= 1 }
      try changed.write(to: URL(fileURLWithPath: path))
      let findings = try await check(candidate, run)
      #expect(findings.contains(finding), "\(offsets): \(findings)")
    }
  }

  @Test func damagedAndCutFilesAreRefused() async throws {
    for cut in [1, 20] {
      let (candidate, run) = try await candidate(["1,a"])
      let path = "\(folder.path)/export/data.csv.gz"
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      try data.dropLast(cut).write(to: URL(fileURLWithPath: path))
      await #expect(throws: (any Error).self) {
        try await CheckOutput().run(CheckOutput.Input(candidate, rawValues()), in: run)
      }
    }
  }

  @Test func descriptorsAndRecordsAreLookedThrough() async throws {
    for name in ["datapackage.json", "croissant.json", "release.json"] {
      let (candidate, run) = try await candidate(["1,a"])
      let path = "\(folder.path)/export/\(name)"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try text.replacingOccurrences(of: "测试", with: "问13800138000或EA1234567").write(
        toFile: path, atomically: true, encoding: .utf8)
      let findings = try await check(candidate, run, removed: ["EA1234567"])
      #expect(
        findings.contains("sensitive-value \(name) mobile-number") && findings.contains("removed-value \(name) -"),
        "\(findings)")
      #expect(findings.contains("output-mismatch \(name) digest"))
    }
  }

  @Test func removedValuesAndNamesInOtherColumnsAreRefused() async throws {
    let (candidate, run) = try await candidate(["1,证件 EA 123-4567 号", "2,王小明", "3,王小明先生"])
    let findings = try await check(candidate, run, removed: ["EA1234567"])
    #expect(Set(findings) == ["removed-value note -", "sensitive-value note personal-name"], "\(findings)")
  }
}
