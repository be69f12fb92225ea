internal import Publication
internal import TableSchema
internal import Tabular

/// What a pass may use, and whom it tells how far it is.
struct PassResources: Sendable {
  /// Where goes what does not fit in memory.
  let folder: String
  let memoryBudget: Int
  let parallelism: Parallelism
  /// Called with the bytes that are done.
  let progress: @Sendable (Int) -> Void
  /// For the columns' profiles; nil where nobody asks for them.
  var profileHash: KeyedHash?
  /// The tables that foreign keys refer to, by the name that the schema has for them.
  var references: [String: ReferencedTable] = [:]
}

/// What was found in a delivery.
struct CheckedRows: Sendable {
  fileprivate(set) var findings: FindingCollector
  /// Nil where the header stopped it.
  let rowCount: Int?
  /// Per field: whether some value needs more than a 64-bit floating point number holds.
  let exceedsDouble: [Bool]
  /// In canonical form, where they were to be kept and nothing is wrong with them.
  fileprivate(set) var rows: RowsFile?
  /// Nil where nothing answers to what is declared.
  fileprivate(set) var header: DeliveryHeader?
  /// By field, where they were asked for.
  fileprivate(set) var profiles: [ColumnProfile] = []
  /// Every row with a bad key, where they were to be noted.
  fileprivate(set) var keyProblems: KeyProblems?
  /// How many records are no data, with stable keys.
  fileprivate(set) var facts: [(key: String, value: String)] = []
}

extension Delivery {
  /// Checks header and rows against a schema.
  func check(
    _ schema: Schema, keepsRows: Bool, notesKeys: Bool = false, _ resources: PassResources
  ) async throws -> CheckedRows {
    var findings = FindingCollector()
    var text = try text()
    var checked: CheckedRows?
    do {
      if let header = try DeliveryHeader(of: &text, self, schema: schema, findings: &findings) {
        if let keys = try await referencedKeys(of: schema, in: resources.references, resources, &findings) {
          var pass = RowsPass(self, schema: schema, header: header, findings: findings, keys, resources)
          try await pass.checkRows(of: text, keepsRows: keepsRows)
          checked = try pass.finish(header, notesKeys ? KeyProblems() : nil)
        }
      }
    } catch let error as FormatError {
      findings.add(
        finding(for: FormatError(error.code, at: error.location.line == nil ? Location(line: 1) : error.location)))
    }
    let found = checked ?? CheckedRows(findings: findings, rowCount: nil, exceedsDouble: [], rows: nil)
    return text.rewritten.map { found.placed(by: $0, headerRowCount: form.dialect.headerRowCount) } ?? found
  }
}

extension CheckedRows {
  /// The same, in rows and lines of the file as it was before it was rewritten.
  fileprivate func placed(by source: DialectByteSource, headerRowCount: Int) -> CheckedRows {
    var found = self
    let places = source.places
    found.findings.move { location in
      var location = location
      // A place that the rewriting itself told is one of the file already.
      guard location.record == nil else { return location }
      location.record = location.row.flatMap { places.place(ofRecord: $0 + headerRowCount) }
      location.line = location.line.flatMap { places.place(ofLine: $0) }
      return location
    }
    if source.isFooterTooLong {
      found.findings.add(
        Finding(.footer, limit: String(Source.Dialect.footerLimit), detail: String(source.footerCount)))
      found.rows = nil
    }
    found.facts = [("comment-rows", String(source.commentCount)), ("footer-rows", String(source.footerCount))]
    return found
  }
}

/// One pass over the rows of a delivery: workers split, check and rewrite chunks of it; what they found and wrote is put together
/// in order.
private struct RowsPass: ~Copyable {
  private let delivery: Delivery
  private let schema: Schema
  private let header: DeliveryHeader
  private let resources: PassResources
  private var findings: FindingCollector
  private var check: TableCheck?
  private let repairs: [CellRepair]
  private var output: RowsOutput?
  private var rowCount = 0
  /// Rows and lines of the file before the next chunk, the header's lines included.
  private var rowsBefore = 0
  private var linesBefore: Int
  private var repairCounts: [Int]

  init(
    _ delivery: Delivery, schema: Schema, header: DeliveryHeader, findings: FindingCollector,
    _ references: consuming ReferencedKeys, _ resources: PassResources
  ) {
    self.delivery = delivery
    self.schema = schema
    self.header = header
    self.resources = resources
    self.findings = findings
    check = TableCheck(
      schema, folder: resources.folder, memoryBudget: resources.memoryBudget, references: references, canReadAgain: true
    )
    linesBefore = header.lineCount
    repairs = schema.fields.map { CellRepair(delivery.form.repairs[$0.name] ?? []) }
    repairCounts = [Int](repeating: 0, count: schema.fields.count)
  }

  mutating func checkRows(of text: DeliveryText, keepsRows: Bool) async throws {
    guard var check = check.take() else { return }
    let (header, resources) = (header, resources)
    let chunks = text.chunks(resources.parallelism)
    let decode = text.decode
    let repairs = repairs
    let layout = delivery.layout
    let shownNames = delivery.form.shownFields
    let shown = Set(schema.fields.indices.filter { shownNames?.contains(schema.fields[$0].name) ?? true })
    let limit = delivery.form.maximumRecordByteCount
    var doneByteCount = 0
    var output = RowsOutput(path: "\(resources.folder)/rows.csv", delivery: delivery.rawRows(of: text))
    var (findings, rowCount, rowsBefore, linesBefore) = (findings, rowCount, rowsBefore, linesBefore)
    var repairCounts = repairCounts
    try await ordered(
      resources.parallelism,
      make: {
        RowsWork(
          try ChunkCheck(
            for: check, columns: header.columns, layout: layout, shownFields: shown, profileHash: resources.profileHash),
          header, layout, repairs, limit,
          keepsRows: keepsRows)
      },
      work: { try $0.take(from: chunks, decode: decode) },
      collect: { work in
        try check.add(work.check, rowsBefore: rowsBefore, linesBefore: linesBefore)
        for finding in work.structureFindings { findings.add(finding, shiftedBy: rowsBefore, lines: linesBefore) }
        for (index, count) in work.repairCounts.enumerated() { repairCounts[index] += count }
        rowCount += work.rowCount
        rowsBefore += work.recordCount
        linesBefore += work.lineCount
        doneByteCount += work.byteCount
        // Once something is wrong, nothing will be handed on: the rest is only checked.
        if keepsRows && !findings.hasErrors && !check.findings.hasErrors {
          try output.write(work.rows.text, isAsDelivered: work.isAsDelivered)
        }
        resources.progress(doneByteCount)
      })
    if keepsRows { self.output = consume output }
    if let lost = check.lostKeys() {
      var ignored = FindingCollector()
      var again = try delivery.text()
      if let header = try DeliveryHeader(of: &again, delivery, schema: schema, findings: &ignored) {
        try await delivery.collectKeys(of: again, schema, header, lost, resources)
      }
    }
    self.check = consume check
    (self.findings, self.rowCount, self.rowsBefore, self.linesBefore) = (findings, rowCount, rowsBefore, linesBefore)
    self.repairCounts = repairCounts
  }

  /// Keys, repairs and the verdict.
  consuming func finish(_ header: DeliveryHeader, _ problems: KeyProblems?) throws -> CheckedRows {
    var problems = problems
    var findings = findings
    var exceedsDouble: [Bool] = []
    var profiles: [ColumnProfile] = []
    if let check = check.take() {
      exceedsDouble = check.exceedsDouble
      profiles = check.profiles
      let (delivery, schema) = (delivery, schema)
      let found = try check.finish(notingRowsIn: &problems) { fields, pairs in
        try isSameKey(fields, pairs, in: delivery, schema, header)
      }
      for finding in found.findings { findings.add(finding) }
    }
    for (index, count) in repairCounts.enumerated() where count > 0 {
      findings.add(Finding(.repaired, field: schema.fields[index].name, count: count))
    }
    var rows: RowsFile?
    if !findings.hasErrors, let output = output.take() { rows = try output.finish() }
    return CheckedRows(
      findings: findings, rowCount: rowCount, exceedsDouble: exceedsDouble, rows: rows, header: header,
      profiles: profiles, keyProblems: problems)
  }
}
