package import Ingest
package import Publication
package import TableSchema
internal import Tabular

/// Checks a delivery against its schema, and writes its rows in canonical form to the work folder.
package struct Validate: Stage {
  package static let name = StageName.validation
  private let schema: Schema

  package init(schema: Schema) { self.schema = schema }

  /// - Throws: `Refusal` with every finding; nothing of the delivery is handed on then.
  package func run(_ snapshot: Snapshot, in run: Run) async throws -> ValidatedTable {
    let delivery = try await Delivery(snapshot, run.parallelism)
    var findings = FindingCollector()
    var text = try delivery.text()
    var header: DeliveryHeader?
    do {
      header = try DeliveryHeader(of: &text, dataset: delivery.dataset, schema: schema, findings: &findings)
    } catch let error as FormatError {
      findings.add(finding(for: FormatError(error.code, at: Location(line: 1))))
    }
    var pass = try RowsPass(delivery, schema: schema, header: header, findings: findings, run)
    if let header { try await pass.checkRows(of: text, header) }
    return try pass.finish()
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
  /// Warnings, and the evidence of what was read.
  package let report: Report

  init(dataset: Dataset, schema: Schema, rows: RowsFile, rowCount: Int, exceedsDouble: [Bool], report: Report) {
    self.dataset = dataset
    self.schema = schema
    self.rows = rows
    self.rowCount = rowCount
    self.exceedsDouble = exceedsDouble
    self.report = report
  }
}
