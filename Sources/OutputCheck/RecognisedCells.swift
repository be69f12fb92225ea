internal import Hashing
internal import Publication
internal import Recognition
internal import Redaction
internal import Tabular

/// What recognisers saw in the cells of a table, to be judged when all of them were looked at: single cells, columns as a whole, numbers
/// that lie in several columns.
struct RecognisedCells: Sendable {
  private(set) var evidence: [ColumnEvidence]
  var joins: JoinedCells
  /// Of each column, cells that say what others say in which there was nothing.
  private var repeatedCounts: [Int]
  /// Places by column, identifier, and what the verdict on long numbers asks for.
  private var places: [Place: Places] = [:]
  /// The first 64 bits of every digest in the table, and the column where it stands first.
  private(set) var digests: [UInt64: Int] = [:]
  /// There are more digests than can be compared.
  private(set) var hasTooManyDigests = false
  private static let digestLimit = 1_000_000

  private struct Place: Hashable {
    let column: Int
    let identifier: Identifier
    let isLongNumber: Bool
    let decade: Int
    let hasKnownArea: Bool
  }

  private struct Places {
    var finding: Finding
    /// One of the recognitions, and the shape of its cell: all others of the place are judged alike.
    let recognition: Recognition
    let cell: [UInt8]
  }

  init(columnCount: Int) {
    evidence = [ColumnEvidence](repeating: ColumnEvidence(), count: columnCount)
    joins = JoinedCells(columnCount: columnCount)
    repeatedCounts = [Int](repeating: 0, count: columnCount)
  }

  mutating func addRepetitions(_ count: Int, column: Int) { repeatedCounts[column] += count }

  mutating func removeAll() { self = RecognisedCells(columnCount: evidence.count) }

  mutating func add(_ found: [Recognition], in cell: Span<UInt8>, column: Int, field: String, row: Int) {
    evidence[column].add(cell, found)
    for recognition in found where recognition.identifier == .hashedValue {
      addDigest(prefix(of: cell, recognition.range), column)
    }
    for recognition in found where recognition.certainty == .certain {
      let isLong = ColumnVerdict.isLongNumber(cell)
      let place = Place(
        column: column, identifier: recognition.identifier, isLongNumber: isLong,
        decade: isLong ? recognition.year / 10 : 0, hasKnownArea: !isLong || recognition.hasKnownArea)
      let finding = Finding(
        .sensitiveValue, field: field, rule: recognition.identifier.rawValue, at: Location(row: row))
      if places[place] == nil {
        // What stands for a long number: its places without their digits.
        places[place] = Places(
          finding: finding, recognition: recognition,
          cell: [UInt8](repeating: UInt8(ascii: isLong ? "0" : "~"), count: isLong ? min(cell.count, 20) : 1))
      } else {
        places[place]?.finding.append(finding)
      }
    }
  }

  private mutating func addDigest(_ prefix: UInt64, _ column: Int) {
    if digests[prefix] != nil { return }
    if digests.count < Self.digestLimit { digests[prefix] = column } else { hasTooManyDigests = true }
  }

  private func prefix(of cell: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
    var value: UInt64 = 0
    for index in range.prefix(16) {
      let byte = cell[index]
      value = value << 4 | UInt64(byte <= 0x39 ? byte & 0x0f : (byte | 0x20) - 0x57)
    }
    return value
  }

  /// Takes over what the worker of the next block saw.
  mutating func add(_ other: RecognisedCells, rowsBefore: Int) {
    for column in evidence.indices { evidence[column].add(other.evidence[column]) }
    joins.add(other.joins)
    for column in repeatedCounts.indices { repeatedCounts[column] += other.repeatedCounts[column] }
    for (prefix, column) in other.digests { addDigest(prefix, column) }
    hasTooManyDigests = hasTooManyDigests || other.hasTooManyDigests
    for (place, more) in other.places {
      let moved = more.finding.shifted(byRows: rowsBefore)
      if places[place] == nil {
        places[place] = Places(finding: moved, recognition: more.recognition, cell: more.cell)
      } else {
        places[place]?.finding.append(moved)
      }
    }
  }

  /// Digests of values that were taken out: whoever guesses the value knows it.
  func digestFindings(of rawValues: RawValues, fields: [String]) throws -> [Finding] {
    guard !digests.isEmpty, !rawValues.isEmpty else { return [] }
    if hasTooManyDigests { return [Finding(.removedValue, rule: "digest", limit: String(Self.digestLimit))] }
    var found = FindingCollector()
    try rawValues.forEachStrong { value in
      let lower = value.map { $0 >= 0x41 && $0 <= 0x5a ? $0 | 0x20 : $0 }
      for text in lower == value ? [value] : [value, lower] {
        for algorithm in WeakDisguise.allCases {
          guard let prefix = algorithm.prefix(of: text), let column = digests[prefix] else { continue }
          found.add(Finding(.removedValue, field: fields[column], rule: "digest"))
        }
      }
    }
    return found.findings
  }

  /// What must not get out.
  ///
  /// - Parameters:
  ///   - isKept: of each column, whether its values are published as they came.
  ///   - labels: of each column, what it is called.
  ///   - accepted: of each column, what a person has said may stand there.
  func findings(
    labels: [[String]], fields: [String], isKept: [Bool], accepted: [Set<Identifier>], isAboutPersons: Bool
  ) -> [Finding] {
    var verdicts = zip(zip(evidence, repeatedCounts), labels).map { evidence, labels in
      evidence.0.verdict(HeaderHints(labels), repeatedCount: evidence.1)
    }
    for (column, identifier) in joins.columns { verdicts[column].add(joined: identifier) }
    var found: [Finding] = []
    let ordered = places.sorted {
      ($0.key.column, $0.key.identifier.rawValue, $0.key.decade, $0.value.finding.first.row ?? 0)
        < ($1.key.column, $1.key.identifier.rawValue, $1.key.decade, $1.value.finding.first.row ?? 0)
    }
    for (place, places) in ordered where !accepted[place.column].contains(place.identifier) {
      if verdicts[place.column].confirms(places.recognition, in: places.cell.span) { found.append(places.finding) }
    }
    // What a transform has made of a column is not what its header says.
    for column in verdicts.indices where isKept[column] {
      for identifier in verdicts[column].possible.sorted(by: { $0.rawValue < $1.rawValue })
      where !identifier.isOfOrganisations && !accepted[column].contains(identifier)
        && (isAboutPersons || identifier.tellsWhoOutsideTablesOfPersons)
      {
        guard !found.contains(where: { $0.field == fields[column] && $0.rule == identifier.rawValue }) else { continue }
        var finding = Finding(
          .sensitiveColumn, field: fields[column], rule: identifier.rawValue, count: evidence[column].cellCount)
        finding.examples = []
        found.append(finding)
      }
    }
    return found
  }
}
