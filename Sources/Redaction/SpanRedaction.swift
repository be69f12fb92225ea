internal import Publication
internal import Recognition
internal import Tabular

/// Takes identifiers out of the texts of a column that is public otherwise: each place where one stands is replaced by what it was.
///
/// - Source: privacy.md §2, redact span in free text.
struct SpanRedaction: Sendable {
  /// What the column holds as a whole: numbers that only look like those of persons stay.
  let verdict: ColumnVerdict
  let accepted: Set<Identifier>
  /// The column holds texts; of others the whole value goes.
  let isText: Bool

  /// Appends what must not be seen to a list: places in the text, the whole of it perhaps.
  func find(in text: Span<UInt8>, _ scanner: inout IdentifierScanner, _ found: inout [Recognition]) {
    if let identifier = verdict.holds(text), !accepted.contains(identifier) {
      return found.append(Recognition(identifier, 0..<text.count, .certain))
    }
    var places = found
    scanner.scan(text) {
      if verdict.confirms($0, in: text) && !accepted.contains($0.identifier) && !$0.identifier.isOfOrganisations {
        places.append($0)
      }
    }
    if isText && !accepted.contains(.linkedFile) {
      forEachLinkedFile(in: text) { places.append(Recognition(.linkedFile, $0, .certain)) }
    }
    found = places
  }

  /// Appends the text without what was found in it.
  ///
  /// - Parameter removed: called with each part that was taken out.
  /// - Returns: false for null.
  func redact(
    _ text: Span<UInt8>, _ found: inout [Recognition], _ output: inout TextBuffer, removed: (Span<UInt8>) -> Void
  ) -> Bool {
    guard isText else {
      removed(text)
      return false
    }
    found.sort {
      ($0.range.lowerBound, $1.range.upperBound, $0.identifier.rawValue)
        < ($1.range.lowerBound, $0.range.upperBound, $1.identifier.rawValue)
    }
    var position = 0
    for recognition in found {
      // One that begins inside the one before may still end after it.
      let start = max(position, recognition.range.lowerBound)
      guard recognition.range.upperBound > start else { continue }
      output.append(text.extracting(position..<start))
      if start == recognition.range.lowerBound { append(recognition.identifier, &output) }
      removed(text.extracting(recognition.range))
      position = recognition.range.upperBound
    }
    output.append(text.extracting(position..<text.count))
    return true
  }

  private func append(_ identifier: Identifier, _ output: inout TextBuffer) {
    output.append(Array("[\(ruleTitle(identifier.rawValue))]".utf8))
  }
}

/// Looks at the columns from which identifiers are to be taken out, before any of them is: what a number is, its column decides.
struct ColumnSurvey: ~Copyable {
  private let columns: [Int]
  private var batch = RecordBatch(layout: CanonicalRows.layout)
  private var scanner = IdentifierScanner()
  private(set) var evidence: [ColumnEvidence]

  init(columns: [Int]) {
    self.columns = columns
    evidence = columns.map { _ in ColumnEvidence() }
  }

  mutating func take(from chunks: RecordChunks) throws -> Int? {
    for index in evidence.indices { evidence[index] = ColumnEvidence() }
    guard let chunk = try batch.fill(from: chunks) else { return nil }
    var found: [Recognition] = []
    while try batch.next() {
      let bytes = batch.bytes
      for record in batch.rows {
        for (index, column) in columns.enumerated() {
          let field = batch.field(record, column)
          guard field.count > 0 else { continue }
          found.removeAll(keepingCapacity: true)
          scanner.scan(bytes.span.extracting(field.range)) { found.append($0) }
          evidence[index].add(bytes.span.extracting(field.range), found)
        }
      }
    }
    return chunk.number
  }
}
