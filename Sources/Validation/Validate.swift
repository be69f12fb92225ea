package import Ingest
package import Publication
internal import Recognition
package import TableSchema
package import Tabular

/// Checks a delivery against its schema, and writes its rows in canonical form to the work folder.
package struct Validate: Stage {
  package static let name = StageName.validation
  private let schema: Schema
  private let splitFolder: String?
  private let past: TableProfile?
  private let profileHash: KeyedHash?
  private let references: [String: ReferencedTable]

  /// - Parameters:
  ///   - splitFolder: a private folder to which rows that can be accepted and rows that cannot are written, each to its own
  ///   file; nil where nobody asks for them.
  ///   - past: what the last accepted delivery was like.
  ///   - profileHash: how values are hashed in profiles; nil to make none.
  ///   - references: the tables that foreign keys refer to, by the name that the schema has for them.
  package init(
    schema: Schema, splitFolder: String? = nil, past: TableProfile? = nil, profileHash: KeyedHash? = nil,
    references: [String: ReferencedTable] = [:]
  ) {
    self.schema = schema
    self.splitFolder = splitFolder
    self.past = past
    self.profileHash = profileHash
    self.references = references
  }

  /// - Throws: `Refusal` with every finding; nothing of the delivery is handed on then.
  package func run(_ snapshot: Snapshot, in run: Run) async throws -> ValidatedTable {
    let dataset = snapshot.dataset
    guard let file = snapshot.parts.first, snapshot.parts.count == 1 else {
      preconditionFailure("a delivery of one part")
    }
    let delivery = try await Delivery(path: file.path, form: DeliveryForm(dataset), run.parallelism)
    let resources = PassResources(
      folder: run.folder(of: .validation), memoryBudget: run.memoryBudget, parallelism: run.parallelism,
      progress: { run.progress(.advanced(.validation, dataset.id, byteCount: $0, total: file.byteCount)) },
      profileHash: profileHash, references: references)
    let checked = try await delivery.check(schema, keepsRows: true, notesKeys: splitFolder != nil, resources)
    let split = try splitFolder.map { try delivery.split(checked, schema, into: $0, resources) } ?? []
    var findings = FindingCollector()
    for finding in checked.findings.findings { findings.add(shown(finding, of: dataset)) }
    if let count = checked.rowCount { assertRowCount(count, dataset.assertions, &findings) }
    let rowCount = checked.rowCount ?? 0
    let profile =
      checked.profiles.isEmpty
      ? nil : TableProfile(rowCount: rowCount, schema, checked.profiles, showsRange: { showsRange(of: $0, dataset) })
    // A delivery that is wrong in itself is not compared with one that was right.
    if let past, let profile, !findings.hasErrors {
      let drift = Drift(before: past, now: profile, assertions: dataset.assertions)
      for finding in drift.findings { findings.add(finding) }
    }
    let report = Report(
      stage: .validation, findings: findings.findings, rowCount: rowCount,
      facts: delivery.readingFacts + checked.facts + split)
    guard !findings.hasErrors, let rows = checked.rows else { throw Refusal(report) }
    return ValidatedTable(
      dataset: dataset, schema: schema, rows: rows, rowCount: rowCount, exceedsDouble: checked.exceedsDouble,
      profile: profile, report: report)
  }

  /// Whether the range of a column's values may be kept and shown.
  private func showsRange(of field: String, _ dataset: Dataset) -> Bool {
    dataset.columns.first { $0.field == field }?.disclosure.isPublic == true
  }

  private func assertRowCount(_ count: Int, _ expected: Assertions, _ findings: inout FindingCollector) {
    if let least = expected.minimumRowCount, count < least {
      findings.add(Finding(.rowCount, rule: "min", limit: String(least), detail: String(count)))
    }
    if let most = expected.maximumRowCount, count > most {
      findings.add(Finding(.rowCount, rule: "max", limit: String(most), detail: String(count)))
    }
  }

  /// An enumeration lists values: of a column that is not public it is not shown; nor is a value that holds somebody's number.
  private func shown(_ finding: Finding, of dataset: Dataset) -> Finding {
    var finding = finding
    finding.remarks = finding.remarks.map { remark in
      var isSensitive = false
      if let value = remark.value { findIdentifiers(in: Array(value.utf8)[...]) { _ in isSensitive = true } }
      return isSensitive ? remark.withoutValue : remark
    }
    guard finding.rule == "enum",
      dataset.columns.first(where: { $0.field == finding.field })?.disclosure.isPublic != true
    else {
      return finding
    }
    return finding.withoutLimit
  }
}

/// Checks a file against a schema, without a dataset: what is wrong with it, grouped.
///
/// - Parameters:
///   - folder: where goes what does not fit in memory.
///   - progress: called with the bytes that are done.
package func validate(
  _ path: String, form: DeliveryForm, against schema: Schema, references: [String: ReferencedTable] = [:],
  folder: String,
  parallelism: Parallelism = Parallelism(), progress: @escaping @Sendable (Int) -> Void = { _ in }
) async throws -> Report {
  do {
    let delivery = try await Delivery(path: path, form: form, parallelism)
    let resources = PassResources(
      folder: folder, memoryBudget: 24 << 20, parallelism: parallelism, progress: progress,
      references: references)
    let checked = try await delivery.check(schema, keepsRows: false, resources)
    return Report(
      stage: .validation, findings: checked.findings.findings, rowCount: checked.rowCount ?? 0,
      facts: delivery.readingFacts + checked.facts)
  } catch let refusal as Refusal {
    return refusal.report
  }
}

extension Delivery {
  /// What was found out about the file, and how it was read.
  fileprivate var readingFacts: [(key: String, value: String)] {
    [("encoding", encoding.rawValue)] + facts
      + [("delimiter", form.dialect.delimiter)]
  }
}

/// A delivery that is what its schema says.
package struct ValidatedTable: Sendable {
  package let dataset: Dataset
  package let schema: Schema
  /// Canonical rows without a header, fields in the schema's order.
  package let rows: RowsFile
  package let rowCount: Int
  /// Per field: whether some value needs more than a 64-bit floating point number holds.
  package let exceedsDouble: [Bool]
  /// What its values are like as a whole; nil where nobody asked.
  package let profile: TableProfile?
  /// Warnings, and the evidence of what was read.
  package let report: Report

  init(
    dataset: Dataset, schema: Schema, rows: RowsFile, rowCount: Int, exceedsDouble: [Bool],
    profile: TableProfile?, report: Report
  ) {
    self.dataset = dataset
    self.schema = schema
    self.rows = rows
    self.rowCount = rowCount
    self.exceedsDouble = exceedsDouble
    self.profile = profile
    self.report = report
  }
}
