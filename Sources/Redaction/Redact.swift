package import Hashing
package import Publication
package import TableSchema
package import Validation
internal import Recognition
internal import Tabular

/// Removes or transforms what must not be seen: the only door from the private half to the public half.
package struct Redact: Stage {
  package static let name = StageName.redaction
  let dataset: Dataset
  let fields: [SchemaField]
  private let key: SymmetricKey
  let transforms: [ColumnTransform]
  private let takesFingerprints: Bool

  /// - Parameters:
  ///   - key: the workspace key, from which each hashed column gets its own.
  ///   - takesFingerprints: the columns are to be signed off anew: what they are like is told, and no earlier word counts.
  /// - Throws: `RedactionError` where a transform does not fit its column's type.
  package init(dataset: Dataset, schema: Schema, key: SymmetricKey, takesFingerprints: Bool = false) throws {
    self.takesFingerprints = takesFingerprints
    self.dataset = dataset
    fields = schema.fields
    self.key = key
    transforms = try Self.transforms(of: schema.fields, dataset, key, [:])
  }

  private static func transforms(
    of fields: [SchemaField], _ dataset: Dataset, _ key: SymmetricKey, _ verdicts: [Int: ColumnVerdict]
  ) throws -> [ColumnTransform] {
    try fields.enumerated().map { index, field in
      guard let policy = dataset.columns.first(where: { $0.field == field.name }) else {
        throw RedactionError(dataset: dataset.id, field: field.name, problem: "is not declared")
      }
      return try ColumnTransform(
        policy: policy, field: field, dataset: dataset.id, key: key, verdict: verdicts[index] ?? ColumnVerdict(),
        names: fields.map(\.name), divisions: dataset.divisions)
    }
  }

  package func run(_ table: ValidatedTable, in run: Run) async throws -> Redacted {
    // First on persons who do not exist.
    try controlRun()
    let fingerprints = try await signedFingerprints(table, run)
    let folder = run.folder(of: Self.name)
    var output = try OutputFile(path: "\(folder)/rows.csv")
    let published = transforms.filter(\.isPublished).map(\.publishedField.name)
    try output.write(CanonicalRows.header(published))
    var removed = RawValuesBuilder(folder: folder, memoryBudget: run.memoryBudget)
    let verdicts = try await survey(table, run)
    let grids = try await grids(table, run)
    let chunks = RecordChunks(
      try table.rows.source(), layout: CanonicalRows.layout,
      chunkByteCount: run.parallelism.chunkByteCount)
    var doneByteCount = 0
    var (rowCount, findings) = (0, FindingCollector())
    var counts = [RedactionCount](repeating: RedactionCount(), count: transforms.count)
    let rules = suppressedRecords
    var suppressedCounts = [Int](repeating: 0, count: rules.count)
    try await ordered(
      run.parallelism,
      // Each worker has transforms of its own: counting who uses a shared one would make the cores wait for one another.
      make: {
        RedactionWork(
          RedactionPlan(
            try Self.transforms(of: fields, dataset, key, verdicts), grids: grids, suppressedRecords: rules),
          tableByteCount: table.rows.byteCount)
      },
      work: { try $0.take(from: chunks) },
      collect: { work in
        try output.write(work.rows.text)
        try removed.add(work.removed)
        for finding in work.findings.findings { findings.add(finding, shiftedBy: rowCount, lines: 0) }
        rowCount += work.rowCount
        for column in counts.indices { counts[column].add(work.counts[column]) }
        for rule in rules.indices { suppressedCounts[rule] += work.suppressedCounts[rule] }
        doneByteCount += work.byteCount
        run.progress(.advanced(Self.name, table.dataset.id, byteCount: doneByteCount, total: table.rows.byteCount))
      })
    guard findings.findings.isEmpty else {
      throw Refusal(Report(stage: Self.name, findings: findings.findings, rowCount: rowCount))
    }
    let schema = PublicSchema(transforms: transforms, source: table.schema, exceedsDouble: table.exceedsDouble)
    let claims = anonymityFindings(schema)
    guard claims.isEmpty else {
      throw Refusal(Report(stage: Self.name, findings: claims, rowCount: rowCount))
    }
    let rawValues = try removed.finish()
    return Redacted(
      table: PublicTable(
        dataset: table.dataset, schema: schema, rows: try output.finish(),
        rowCount: table.rowCount - suppressedCounts.reduce(0, +),
        summary: summary(counts, suppressedCounts, rawValues)),
      rawValues: rawValues, fingerprints: takesFingerprints ? fingerprints : nil)
  }

  /// What the columns are like, where somebody has signed them off or will.
  ///
  /// - Throws: `Refusal` where a word that was given does not hold any more.
  private func signedFingerprints(_ table: ValidatedTable, _ run: Run) async throws -> [(
    field: String, fingerprint: ColumnFingerprint
  )] {
    guard takesFingerprints || dataset.signOff != nil else { return [] }
    let fingerprints = try await fingerprints(of: table, run)
    if let signOff = dataset.signOff, !takesFingerprints {
      let findings = findings(signOff, fingerprints, today: run.clock.today)
      guard findings.isEmpty else {
        throw Refusal(Report(stage: Self.name, findings: findings, rowCount: table.rowCount))
      }
    }
    return zip(fields, fingerprints).map { ($0.name, $1) }
  }

  /// Rows that are not published at all, by the rules of the configuration, in its order.
  var suppressedRecords: [RowSuppression] {
    dataset.recordSuppressions.compactMap { RowSuppression($0.rule, names: fields.map(\.name)) }
  }

  private func summary(_ counts: [RedactionCount], _ suppressedCounts: [Int], _ rawValues: RawValues)
    -> PrivacySummary
  {
    let columns = zip(fields, transforms).enumerated().compactMap { index, column -> ColumnTreatment? in
      let (field, transform) = column
      guard let policy = dataset.columns.first(where: { $0.field == field.name }) else { return nil }
      let hints = HeaderHints([field.name, policy.label, field.title?.zh ?? ""])
      let isCounted = transform.isPublished && !transform.keepsText
      return ColumnTreatment(
        policy: policy, identifier: hints.identifiers.map(\.rawValue).min(),
        valueCount: isCounted ? counts[index].valueCount : nil,
        changedCount: isCounted ? counts[index].changedCount : nil)
    }
    return PrivacySummary(
      columns: columns, searchedCount: rawValues.count,
      suppressedRecords: zip(dataset.recordSuppressions, suppressedCounts).map { .init(reason: $0.reason, count: $1) })
  }

  /// What the columns hold from which identifiers are to be taken out.
  private func survey(_ table: ValidatedTable, _ run: Run) async throws -> [Int: ColumnVerdict] {
    let columns = transforms.indices.filter { transforms[$0].spans != nil }
    guard !columns.isEmpty else { return [:] }
    let chunks = RecordChunks(
      try table.rows.source(), layout: CanonicalRows.layout, chunkByteCount: run.parallelism.chunkByteCount)
    var evidence = columns.map { _ in ColumnEvidence() }
    try await ordered(
      run.parallelism, make: { ColumnSurvey(columns: columns) }, work: { try $0.take(from: chunks) },
      collect: { survey in
        for index in evidence.indices { evidence[index].add(survey.evidence[index]) }
      })
    return Dictionary(
      uniqueKeysWithValues: zip(columns, evidence).map { column, evidence in
        let label = dataset.columns.first { $0.field == fields[column].name }?.label ?? ""
        return (column, evidence.verdict(HeaderHints([fields[column].name, fields[column].title?.zh ?? "", label])))
      })
  }

  /// The public schema without any rows, for a dataset of which only the record is published.
  package func publicSchema(source: Schema) -> PublicSchema {
    PublicSchema(
      transforms: transforms, source: source, exceedsDouble: [Bool](repeating: false, count: source.fields.count))
  }
}

/// What redaction gives: the table that goes on, and what was taken out of it, to be looked for in the final bytes.
package struct Redacted: Sendable {
  package let table: PublicTable
  package let rawValues: RawValues
  /// What the columns of the delivery are like; nil where nobody asked.
  package let fingerprints: [(field: String, fingerprint: ColumnFingerprint)]?
}

/// A table of which every cell may be seen by anyone.
///
/// Only redaction can make one.
package struct PublicTable: Sendable {
  package let dataset: Dataset
  package let schema: PublicSchema
  /// Canonical rows after a header, in the order of the delivery.
  package let rows: WorkFile
  package let rowCount: Int
  package let summary: PrivacySummary

  init(dataset: Dataset, schema: PublicSchema, rows: WorkFile, rowCount: Int, summary: PrivacySummary) {
    self.summary = summary
    self.dataset = dataset
    self.schema = schema
    self.rows = rows
    self.rowCount = rowCount
  }
}

/// The Table Schema of the published rows: derived from the transforms, never written by hand.
package struct PublicSchema: Sendable {
  package let schema: Schema

  init(transforms: [ColumnTransform], source: Schema, exceedsDouble: [Bool]) {
    var fields: [SchemaField] = []
    for (index, transform) in transforms.enumerated() where transform.isPublished {
      var field = transform.publishedField
      if field.type.jsonKind == .number && transform.keepsText && exceedsDouble[index] {
        // More digits than JSON readers keep: text throughout, and the schema says so.
        let isYear = field.type == .year
        field.type = .plainString
        // Limits and enumerations speak of numbers.
        var rules = Constraints()
        rules.required = field.constraints.required
        rules.unique = field.constraints.unique
        field.constraints = rules
        let note =
          isYear
          ? LocalizedText(zh: "含四位数以外的年份,按文本发布。", en: "Years of other than four digits: published as text.")
          : LocalizedText(zh: "数字位数超过 15 位,按文本发布。", en: "Numbers of more than 15 digits: published as text.")
        field.description =
          field.description.map { LocalizedText(zh: $0.zh + note.zh, en: ($0.en ?? $0.zh) + " " + note[.en]) } ?? note
      }
      fields.append(field)
    }
    // A key survives only where all of it is published as it was.
    let kept = Set(transforms.filter(\.keepsText).map(\.publishedField.name))
    schema = Schema(
      fields: fields, primaryKey: source.primaryKey.allSatisfy(kept.contains) ? source.primaryKey : [],
      uniqueKeys: source.uniqueKeys.filter { $0.allSatisfy(kept.contains) },
      // Other tables have other names where they are published, or are not.
      foreignKeys: source.foreignKeys.filter {
        $0.resource == nil && ($0.fields + $0.referencedFields).allSatisfy(kept.contains)
      })
  }
}

/// A transform that cannot work.
package struct RedactionError: Error, Sendable, CustomStringConvertible {
  package let dataset: DatasetID
  package let field: String
  package let problem: String

  package var description: String { "redaction: \(dataset): column \(field) \(problem)" }
}
