package import Export
package import Publication
package import Redaction
internal import TableSchema
internal import Tabular

/// Reads every file of a candidate again, as it lies on disk, and refuses it when anything is there that should not be.
///
/// The digests of what is promoted are taken here, while reading: what was checked is what goes out.
package struct CheckOutput: Stage {
  package static let name = StageName.outputCheck

  package init() {}

  package struct Input: Sendable {
    package let candidate: ReleaseCandidate
    package let rawValues: RawValues

    package init(_ candidate: ReleaseCandidate, _ rawValues: RawValues) {
      self.candidate = candidate
      self.rawValues = rawValues
    }
  }

  /// - Throws: `Refusal` with every finding.
  package func run(_ input: Input, in run: Run) async throws -> ClearedCandidate {
    let candidate = input.candidate
    var findings = FindingCollector()
    var table = TableRecheck(candidate, rawValues: input.rawValues, run: run)
    var checked = try await table.run(addingTo: &findings)
    for file in candidate.files where file.role != .data {
      let bytes = try InputFile.contents(of: file.file.path)
      checked[file.name] = Self.digest(of: bytes, path: file.file.path)
      try checkText(bytes, name: file.name, rawValues: input.rawValues, addingTo: &findings)
    }
    for file in candidate.files where checked[file.name]?.digest != file.file.digest {
      findings.add(Finding(.outputMismatch, field: file.name, rule: "digest"))
    }
    let report = Report(stage: Self.name, findings: findings.findings, rowCount: candidate.rowCount)
    guard !findings.hasErrors else { throw Refusal(report) }
    let files = candidate.files.compactMap { file in checked[file.name].map { (name: file.name, file: $0) } }
    return ClearedCandidate(
      dataset: candidate.dataset, record: candidate.record, files: files,
      summary: table.summary(candidate.summary))
  }
}

/// A candidate of which every byte was looked at.
///
/// Only the output check can make one.
package struct ClearedCandidate: Sendable {
  package let dataset: Dataset
  package let record: ReleaseRecord
  /// Names in the release's folder, and the files with the digests that were taken while checking.
  package let files: [(name: String, file: WorkFile)]
  package let summary: PrivacySummary

  init(dataset: Dataset, record: ReleaseRecord, files: [(name: String, file: WorkFile)], summary: PrivacySummary) {
    self.summary = summary
    self.dataset = dataset
    self.record = record
    self.files = files
  }
}
