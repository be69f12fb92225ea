package import Publication
package import TableSchema
internal import Tabular

/// A table that foreign keys of another refer to: where it is, and how it is read.
package struct ReferencedTable: Sendable {
  package let path: String
  private let form: DeliveryForm
  /// Nil where the types are those of the fields that refer to it.
  private let schema: Schema?

  /// A delivery of a dataset.
  package init(path: String, of dataset: Dataset, schema: Schema) {
    self.path = path
    form = DeliveryForm(dataset)
    self.schema = schema
  }

  /// Any table with a header.
  package init(path: String, form: DeliveryForm) {
    self.path = path
    self.form = form
    schema = nil
  }

  /// Gives the keys that a foreign key may refer to.
  ///
  /// - Returns: what is wrong with the table as such; nil where its keys were taken.
  fileprivate func collect(
    _ number: Int, of referring: Schema, into keys: inout ReferencedKeys, _ resources: PassResources
  ) async throws -> FindingCode? {
    let key = referring.foreignKeys[number]
    var known = schema ?? Schema(fields: [], fieldsMatch: .subset)
    if schema == nil {
      known.fields = zip(key.fields, key.referencedFields).compactMap { own, other in
        referring.index(of: own).map { SchemaField(name: other, type: referring.fields[$0].type) }
      }
    }
    do {
      let delivery = try await Delivery(path: path, form: form, resources.parallelism)
      var text = try delivery.text()
      var findings = FindingCollector()
      guard let header = try DeliveryHeader(of: &text, delivery, schema: known, findings: &findings),
        let narrowed = header.narrowed(to: key.referencedFields, of: known)
      else { return .missingLabel }
      let wanted = Schema(fields: narrowed.fields, missingValues: known.missingValues)
      guard
        let check = keys.collect(
          number, of: key, in: wanted, folder: resources.folder, memoryBudget: resources.memoryBudget)
      else { return .missingLabel }
      try await delivery.collectKeys(of: text, wanted, narrowed.header, check, resources)
      return nil
    } catch let refusal as Refusal {
      return refusal.report.errors.first?.code ?? .sourceMissing
    } catch let error as FormatError {
      return finding(for: error).code
    } catch is FileError {
      return .sourceMissing
    }
  }
}

extension Delivery {
  /// Reads the keys of all rows; what is wrong with the rows is said where they are checked themselves.
  func collectKeys(
    of text: DeliveryText, _ schema: Schema, _ header: DeliveryHeader, _ check: consuming TableCheck,
    _ resources: PassResources
  ) async throws {
    var check = check
    let chunks = text.chunks(resources.parallelism)
    let decode = text.decode
    let repairs = schema.fields.map { CellRepair(form.repairs[$0.name] ?? []) }
    let (layout, limit) = (layout, form.maximumRecordByteCount)
    var rowsBefore = 0
    try await ordered(
      resources.parallelism,
      make: {
        RowsWork(
          try ChunkCheck(for: check, columns: header.columns, layout: layout), header, layout, repairs, limit,
          keepsRows: false)
      },
      work: { try $0.take(from: chunks, decode: decode) },
      collect: { work in
        try check.add(work.check, rowsBefore: rowsBefore, linesBefore: 0)
        rowsBefore += work.recordCount
      })
  }
}

/// The keys of the tables that a schema's foreign keys refer to.
///
/// - Returns: nil, with findings, where a table is not there or cannot be read.
func referencedKeys(
  of schema: Schema, in tables: [String: ReferencedTable], _ resources: PassResources,
  _ findings: inout FindingCollector
) async throws -> ReferencedKeys? {
  var keys = ReferencedKeys()
  var isComplete = true
  for (number, key) in schema.foreignKeys.enumerated() {
    guard let resource = key.resource else { continue }
    var problem: FindingCode? = .sourceMissing
    if let table = tables[resource] {
      problem = try await table.collect(number, of: schema, into: &keys, resources)
    }
    guard let problem else { continue }
    isComplete = false
    findings.add(
      Finding(
        .unreadableReference, field: key.fields.joined(separator: ", "), rule: problem.rawValue,
        limit: "\(resource)(\(key.referencedFields.joined(separator: ", ")))"))
  }
  if isComplete { return keys }
  return nil
}
