import Foundation
import TestSupport
import Testing

/// Each way round the wall must fail to compile, for the right reason; a control beside it must compile.
@Suite struct WallTests {
  private let imports = """
    import Publication
    import TableSchema
    import Tabular
    import Redaction
    import Versioning
    import Export
    import OutputCheck
    import Approval

    """

  /// The compiler's complaints about a file of this package; empty where it compiles.
  private func compile(_ code: String) throws -> String {
    let folder = TemporaryFolder()
    try code.write(toFile: "\(folder.path)/attempt.swift", atomically: true, encoding: .utf8)
    let build = URL(fileURLWithPath: executable).deletingLastPathComponent().path
    let folders = ["CCurl", "CDeflate", "CMalloc", "CZlib", "CCrypto", "CPCRE2", "CVectors"]
      .map { "\(projectRoot)/Sources/\($0)" }
    let modules = (folders + ["\(projectRoot)/.build/checkouts/GRDB.swift/Sources/GRDBSQLite"]).flatMap { ["-I", $0] }
    let identity = URL(fileURLWithPath: projectRoot).lastPathComponent.lowercased()
    let result = try run(
      [
        "/usr/bin/env", "swiftc", "-typecheck", "-package-name", identity, "-swift-version", "6", "-I",
        "\(build)/Modules",
      ] + modules + ["\(folder.path)/attempt.swift"])
    return result.code == 0 ? "" : result.error + result.output
  }

  @Test func whatMayBeUsedCompiles() throws {
    let complaints = try compile(
      imports + """
        func names(_ table: PublicTable, _ release: Release) -> [String] {
          table.schema.schema.fields.map(\\.name) + release.files.map(\\.name)
        }
        """)
    #expect(complaints == "", "the control must compile, or the refusals below say nothing")
  }

  @Test(arguments: [
    ("PublicTable", "_ = PublicTable(dataset: dataset, schema: schema, rows: file, rowCount: 1)"),
    (
      "VersionedTable",
      "_ = VersionedTable(dataset: dataset, schema: schema, rows: file, rowCount: 1, release: release, version: version, change: change, content: digest, previous: nil, issued: instant, summary: PrivacySummary())"
    ),
    (
      "ReleaseCandidate",
      "_ = ReleaseCandidate(dataset: dataset, schema: schema, record: record, files: [], rowCount: 1, blocks: [])"
    ),
    ("ClearedCandidate", "_ = ClearedCandidate(dataset: dataset, record: record, files: [])"),
    ("Release", "_ = Release(dataset: dataset, record: record, files: [])"),
    ("PublicSchema", "_ = PublicSchema(transforms: [], source: source, exceedsDouble: [])"),
  ])
  func noGatesProductCanBeMadeElsewhere(type: String, attempt: String) throws {
    let complaints = try compile(
      imports + """
        func attempt(
          dataset: Dataset, schema: PublicSchema, file: WorkFile, release: ReleaseID, version: Version, change: Change, digest: Digest,
          instant: Instant, record: ReleaseRecord, source: Schema
        ) {
          \(attempt)
        }
        """)
    #expect(
      complaints.contains("initializer is inaccessible due to 'internal' protection level"), "\(type): \(complaints)")
  }

  @Test(arguments: ["PublicTable", "VersionedTable", "ReleaseCandidate", "ClearedCandidate", "Release"])
  func noGatesProductCanBeDecoded(type: String) throws {
    let complaints = try compile(
      imports + "func decodes<T: Decodable>(_: T.Type) {}\nfunc attempt() { decodes(\(type).self) }\n")
    #expect(complaints.contains("requires that '\(type)' conform to 'Decodable'"), "\(complaints)")
  }

  @Test func aFinishedProductCannotBeChanged() throws {
    let complaints = try compile(
      imports + "func attempt(_ table: PublicTable, file: WorkFile) { var table = table; table.rows = file }\n")
    #expect(complaints.contains("'rows' is a 'let' constant"), "\(complaints)")
  }

  @Test(arguments: [
    ("Sources/Versioning/Bad.swift", "import PrivateStore\n", "imports PrivateStore"),
    ("Sources/Export/Bad.swift", "@testable import Redaction\n", "@testable"),
    ("Sources/Catalog/Bad.swift", "func f() { _ = open(\"x\", 0) }\n", "opens files itself"),
    ("Sources/Manifest/Bad.swift", "func f(_ x: Int) { _ = unsafeBitCast(x, to: UInt.self) }\n", "unsafeBitCast"),
    ("Sources/Redaction/Bad.swift", "func f() { print(1) }\n", "prints"),
    ("Sources/Tabular/Bad.swift", "import Foundation\n", "imports Foundation"),
    ("Sources/Sync/Bad.swift", "import Ingest\n", "imports Ingest"),
    ("Sources/Export/Bad.swift", String(repeating: "\n", count: 601), "over 600"),
  ])
  func lintRefusesWhatTheCompilerCannot(file: String, text: String, complaint: String) throws {
    let site = TemporaryFolder()
    let path = "\(site.path)/\(file)"
    try FileManager.default.createDirectory(
      atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: "\(projectRoot)/Package.swift", toPath: "\(site.path)/Package.swift")
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    let result = try run(["/usr/bin/env", "python3", "\(projectRoot)/.ci/lint", site.path])
    #expect(result.code == 1 && result.error.contains(complaint), "\(result.error)")
  }

  @Test func thePublicHalfMayNotImportThePrivateStore() throws {
    let manifest = try String(contentsOfFile: "\(projectRoot)/Package.swift", encoding: .utf8)
    let site = TemporaryFolder()
    try manifest.replacingOccurrences(
      of: "target(\"Versioning\", [", with: "target(\"Versioning\", [\"PrivateStore\", "
    )
    .write(toFile: "\(site.path)/Package.swift", atomically: true, encoding: .utf8)
    let result = try run(["/usr/bin/env", "python3", "\(projectRoot)/.ci/lint", site.path])
    #expect(result.code == 1 && result.error.contains("Versioning may not import PrivateStore"))
  }
}
