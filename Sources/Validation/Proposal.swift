package import Publication
internal import Recognition
package import TableSchema
package import Tabular

/// What a table seems to be: a proposal for people to correct, made from all of its rows.
package struct Proposal: Sendable {
  package struct Column: Sendable {
    /// The header's text.
    package let label: String
    package let guess: ColumnGuess
    /// Something in it identifies persons.
    package let isSensitive: Bool
    package fileprivate(set) var isUnique = false
    package let hint: DisclosureHint?
  }

  package let encoding: TextEncoding
  package let dialect: Source.Dialect
  package let rowCount: Int
  package private(set) var columns: [Column]
  /// Field names that tell rows apart; empty where no column does.
  package private(set) var key: [String] = []

  /// - Parameters:
  ///   - form: what is known of the file; the dialect is found out where it is nil.
  ///   - folder: where goes what does not fit in memory.
  /// - Throws: `Refusal` where the file cannot be read, or has no header that could be declared.
  package init(
    of path: String, encoding declared: TextEncoding?, dialect: Source.Dialect?, folder: String,
    parallelism: Parallelism = Parallelism()
  ) async throws {
    var form = DeliveryForm(encoding: declared, dialect: dialect ?? Source.Dialect())
    // The encoding comes first: an undetermined one is refused with its place.
    encoding = try await Delivery(path: path, form: form, parallelism).encoding
    if dialect == nil {
      let evidence = try await FileEvidence(of: path, encoding: declared, parallelism: parallelism)
      if let delimiter = evidence.delimiter { form.dialect.delimiter = String(Character(Unicode.Scalar(delimiter))) }
      try await Delivery(path: path, form: form, parallelism).findTable(
        width: evidence.columnCount, dialect: &form.dialect)
    }
    self.dialect = form.dialect
    let delivery = try await Delivery(path: path, form: form, parallelism)
    (columns, rowCount) = try delivery.guessColumns()
    try await findKeys(delivery, folder, parallelism)
  }

  /// The Table Schema that the columns seem to have.
  package var schema: Schema {
    Schema(
      fields: columns.map { column in
        var field = SchemaField(name: column.name, type: column.type)
        field.constraints.required = column.guess.nullCount == 0 && column.guess.valueCount > 0
        // In a few rows many things differ by chance.
        field.constraints.unique = column.isUnique && key != [column.name] && column.isLikeKey && rowCount >= 20
        if column.hint == nil && !column.isSensitive { field.constraints.enumeration = column.guess.enumeration }
        let missing = column.guess.missingTexts
        if !missing.isEmpty { field.missingValues = ([""] + missing).map { MissingValue($0) } }
        return field
      }, primaryKey: key)
  }

  /// Tries which columns have no value twice, by the check that deliveries go through.
  private mutating func findKeys(_ delivery: Delivery, _ folder: String, _ parallelism: Parallelism) async throws {
    var trial = schema
    trial.fieldsMatch = .subset
    for (index, column) in columns.enumerated() {
      let guess = column.guess
      let isCandidate =
        guess.nullCount == 0 && guess.placeholders.isEmpty && rowCount > 1
        && guess.distinctCount.map { $0 == rowCount } ?? true
      trial.fields[index].constraints = Constraints()
      trial.fields[index].constraints.unique = isCandidate
    }
    let resources = PassResources(
      folder: folder, memoryBudget: 24 << 20, parallelism: parallelism, progress: { _ in })
    let findings = try await delivery.check(trial, keepsRows: false, resources).findings.findings
    let repeated = Set(findings.filter { $0.code == .uniqueError }.compactMap(\.field))
    for index in columns.indices where trial.fields[index].constraints.unique {
      columns[index].isUnique = !repeated.contains(columns[index].name)
    }
    // What persons are known by is no key for the public.
    let keys = columns.filter { column in
      column.isUnique && column.isLikeKey && !column.isSensitive && column.hint?.disclosure.isPublic ?? true
    }
    key = keys.first.map { [$0.name] } ?? []
  }
}

extension Proposal.Column {
  /// Nobody reckons with numbers of persons.
  package var type: FieldType { isSensitive ? .plainString : guess.type }

  fileprivate var isLikeKey: Bool {
    switch type {
    case .string, .integer: true
    default: false
    }
  }

  /// The label on one line.
  package var name: String { label.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}

extension Delivery {
  private static let footerWords = [
    "合计", "总计", "小计", "共计", "注:", "注：", "说明", "备注:", "备注：", "数据来源", "资料来源", "填表人", "Total", "Note",
    "Source",
  ]

  /// Finds the header under titles, and where the table ends over sums and notes.
  fileprivate func findTable(width: Int, dialect: inout Source.Dialect) throws {
    var reader = try reopen()
    var header: Int?
    var last: [(start: String, filled: Int)] = []
    while try reader.next() {
      for record in reader.batch.rows where !reader.batch.isBlank(record) {
        let cells = (0..<reader.batch.fieldCount(record)).map {
          String(decoding: trimmed(reader.batch.text(reader.batch.field(record, $0))), as: UTF8.self)
        }
        let filled = cells.filter { !$0.isEmpty }
        if header == nil && cells.count == width && (Set(filled).count >= 2 || width == 1) {
          header = reader.recordsBefore + record + 1
        }
        last.append((filled.first ?? "", cells.count == width ? filled.count : min(filled.count, 1)))
        if last.count > 5 { last.removeFirst() }
      }
    }
    if let header, header > 1 { dialect.headerRows = [header] }
    let footers = last.compactMap { line in
      Self.footerWords.first { line.start.hasPrefix($0) && (line.filled <= max(1, width / 2) || $0.hasSuffix("计")) }
    }
    dialect.footerStarts = footers.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// Looks at every value once.
  ///
  /// - Throws: `Refusal` where the header is missing, or has a blank or repeated label.
  fileprivate func guessColumns() throws -> (columns: [Proposal.Column], rowCount: Int) {
    var text = try text()
    var findings = FindingCollector()
    // A schema without fields: only blank and repeated labels are found.
    let header = try DeliveryHeader(
      of: &text, self, schema: Schema(fields: [], fieldsMatch: .subset), findings: &findings)
    guard let header, !findings.hasErrors else {
      throw Refusal(Report(stage: .validation, findings: findings.findings, rowCount: 0, facts: facts))
    }
    var guesses = header.labels.map { _ in ColumnGuess() }
    var evidence = header.labels.map { _ in ColumnEvidence() }
    var scanner = IdentifierScanner()
    var found: [Recognition] = []
    var rowCount = 0
    var reader = try reopen()
    do {
      while try reader.next() {
        for record in reader.batch.rows
        where reader.recordsBefore + record >= form.dialect.headerRowCount && !reader.batch.isBlank(record) {
          guard reader.batch.fieldCount(record) == header.columnCount else { continue }
          rowCount += 1
          for column in guesses.indices {
            let cell = reader.batch.text(reader.batch.field(record, column))
            let value = Array(trimmed(cell))
            guesses[column].add(value.span)
            guard !value.isEmpty else { continue }
            found.removeAll(keepingCapacity: true)
            scanner.scan(value.span) { found.append($0) }
            evidence[column].add(value.span, found)
          }
        }
      }
    } catch let error as FormatError {
      throw Refusal(
        Report(stage: .validation, findings: [finding(for: error)], rowCount: rowCount, facts: facts))
    }
    let columns = zip(header.labels, zip(guesses, evidence)).map { label, found in
      let hints = HeaderHints([label])
      let verdict = found.1.verdict(hints)
      return Proposal.Column(
        label: label, guess: found.0, isSensitive: !verdict.identifiers.isEmpty,
        hint: DisclosureHint(
          label: label, hints: hints, verdict: verdict,
          counts: Identifier.allCases.map { ($0, found.1.certainCount(of: $0)) }, cellCount: found.1.cellCount))
    }
    return (columns, rowCount)
  }
}
