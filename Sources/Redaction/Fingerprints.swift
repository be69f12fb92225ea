internal import Publication
internal import Recognition
internal import TableSchema
internal import Tabular
internal import Validation

extension Redact {
  /// What the columns of a delivery are like.
  func fingerprints(of table: ValidatedTable, _ run: Run) async throws -> [ColumnFingerprint] {
    let chunks = RecordChunks(
      try table.rows.source(), layout: CanonicalRows.layout, chunkByteCount: run.parallelism.chunkByteCount)
    var counts = fields.map { _ in FingerprintCounts() }
    try await ordered(
      run.parallelism, make: { FingerprintWork(columnCount: fields.count) }, work: { try $0.take(from: chunks) },
      collect: { work in for column in counts.indices { counts[column].add(work.counts[column]) } })
    return zip(fields, counts).map { field, counts in counts.fingerprint(type: field.type.name) }
  }

  /// What is wrong with the word that was given on the columns: nothing where it holds.
  func findings(_ signOff: ColumnSignOff, _ fingerprints: [ColumnFingerprint], today: CivilDate) -> [Finding] {
    var findings: [Finding] = []
    // The rules of the command hold in the file too, whoever wrote it.
    if today > signOff.expires || signOff.expires.year > today.year + ColumnSignOff.longestYearCount {
      findings.append(Finding(.signOff, rule: "expired", limit: signOff.expires.description))
    }
    for (field, fingerprint) in zip(fields, fingerprints) {
      guard let signed = signOff.columns.first(where: { $0.field == field.name }) else {
        findings.append(Finding(.signOff, field: field.name, rule: "unsigned"))
        continue
      }
      let policy = dataset.columns.first { $0.field == field.name }
      if policy.map(dataset.statement) != signed.policy {
        findings.append(Finding(.signOff, field: field.name, rule: "policy", limit: signed.policy))
      }
      for what in signed.fingerprint.drift(to: fingerprint) {
        findings.append(Finding(.signOff, field: field.name, rule: what))
      }
    }
    return findings
  }
}

/// Counts of which a fingerprint is made.
private struct FingerprintCounts: Sendable {
  var cellCount = 0
  var lengths = [Int](repeating: 0, count: ColumnFingerprint.lengthBounds.count + 1)
  var characters = [Int](repeating: 0, count: ColumnFingerprint.characterClassCount)
  var identifiers = [Int](repeating: 0, count: Identifier.allCases.count)

  mutating func add(_ other: FingerprintCounts) {
    cellCount += other.cellCount
    for index in lengths.indices { lengths[index] += other.lengths[index] }
    for index in characters.indices { characters[index] += other.characters[index] }
    for index in identifiers.indices { identifiers[index] += other.identifiers[index] }
  }

  mutating func add(_ cell: Span<UInt8>, _ found: [Recognition]) {
    cellCount += 1
    var count = 0
    for index in cell.indices {
      let byte = cell[index]
      guard byte & 0xc0 != 0x80 else { continue }
      count += 1
      switch byte {
      case 0x30...0x39: characters[0] += 1
      case 0x41...0x5a, 0x61...0x7a: characters[1] += 1
      case 0xe3...0xe9, 0xf0: characters[2] += 1
      default: characters[3] += 1
      }
    }
    let place = ColumnFingerprint.lengthBounds.firstIndex { count <= $0 }
    lengths[place ?? ColumnFingerprint.lengthBounds.count] += 1
    for (index, identifier) in Identifier.allCases.enumerated()
    where found.contains(where: { $0.identifier == identifier && $0.certainty == .certain }) { identifiers[index] += 1 }
  }

  func fingerprint(type: String) -> ColumnFingerprint {
    func thousandths(_ count: Int, of total: Int) -> Int { total > 0 ? (count * 1_000 + total / 2) / total : 0 }
    let characterCount = characters.reduce(0, +)
    var rates: [String: Int] = [:]
    for (identifier, count) in zip(Identifier.allCases, identifiers) {
      let rate = thousandths(count, of: cellCount)
      if rate > 0 { rates[identifier.rawValue] = rate }
    }
    return ColumnFingerprint(
      type: type, lengths: lengths.map { thousandths($0, of: cellCount) },
      characters: characters.map { thousandths($0, of: characterCount) }, identifiers: rates)
  }
}

/// A worker's state: counts of one chunk.
private struct FingerprintWork: ~Copyable {
  private var batch = RecordBatch(layout: CanonicalRows.layout)
  private var scanner = IdentifierScanner()
  private(set) var counts: [FingerprintCounts]

  init(columnCount: Int) { counts = [FingerprintCounts](repeating: FingerprintCounts(), count: columnCount) }

  mutating func take(from chunks: RecordChunks) throws -> Int? {
    for column in counts.indices { counts[column] = FingerprintCounts() }
    guard let chunk = try batch.fill(from: chunks) else { return nil }
    var found: [Recognition] = []
    while try batch.next() {
      let bytes = batch.bytes
      for record in batch.rows {
        for column in counts.indices {
          let field = batch.field(record, column)
          guard field.count > 0 else { continue }
          let cell = bytes.span.extracting(field.range)
          found.removeAll(keepingCapacity: true)
          scanner.scan(cell) { found.append($0) }
          counts[column].add(cell, found)
        }
      }
    }
    return chunk.number
  }
}
