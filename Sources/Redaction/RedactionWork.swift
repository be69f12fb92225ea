internal import Recognition
internal import Tabular

/// What is done to each row: columns that are published as they are, side by side, are one step.
struct RedactionPlan: Sendable {
  enum Step: Sendable {
    case copy(Range<Int>)
    case transform(Int)
  }

  let transforms: [ColumnTransform]
  /// The published columns, from left to right.
  let steps: [Step]
  /// Columns of which the values are looked for afterwards; and of every column whether it names persons.
  let removedColumns: [Int]
  let namesPersons: [Bool]
  let publishedCount: Int

  init(_ transforms: [ColumnTransform]) {
    self.transforms = transforms
    var steps: [Step] = []
    for (index, transform) in transforms.enumerated() where transform.isPublished {
      if !transform.keepsText {
        steps.append(.transform(index))
      } else if case .copy(let range)? = steps.last, range.upperBound == index {
        steps[steps.count - 1] = .copy(range.lowerBound..<index + 1)
      } else {
        steps.append(.copy(index..<index + 1))
      }
    }
    self.steps = steps
    removedColumns = transforms.indices.filter { transforms[$0].isRemoved }
    namesPersons = transforms.map(\.isDirectIdentifier)
    publishedCount = transforms.count(where: \.isPublished)
  }
}

/// A worker's state: one chunk of canonical rows, what may be seen of it, and what was taken out.
struct RedactionWork: ~Copyable {
  private let plan: RedactionPlan
  private var batch = RecordBatch(layout: CanonicalRows.layout)
  private var scratch = TextBuffer()
  private var scanner = IdentifierScanner()
  /// Cells from which something was taken out, by column.
  private(set) var redactedCounts: [Int]
  private(set) var rows: CanonicalRowBuilder
  private(set) var removed: RemovedValues
  private(set) var byteCount = 0

  /// - Parameter tableByteCount: of the whole table.
  init(_ plan: RedactionPlan, tableByteCount: Int) {
    self.plan = plan
    removed = RemovedValues(byteCount: tableByteCount)
    rows = CanonicalRowBuilder(columnCount: plan.publishedCount)
    redactedCounts = [Int](repeating: 0, count: plan.transforms.count)
  }

  mutating func take(from chunks: RecordChunks) throws -> Int? {
    rows.removeAll()
    removed.removeAll()
    guard let chunk = try batch.fill(from: chunks) else { return nil }
    byteCount = batch.limit
    while try batch.next() {
      for column in plan.removedColumns {
        removed.add(
          batch, column: column, columnCount: plan.transforms.count, namesPersons: plan.namesPersons[column])
      }
      let bytes = batch.bytes
      for record in batch.rows {
        for place in plan.steps.indices {
          switch plan.steps[place] {
          case .copy(let columns): copy(columns, bytes.span, record)
          case .transform(let column): transform(column, bytes.span, record)
          }
        }
        rows.endRow()
      }
    }
    return chunk.number
  }

  /// A row is canonical: what is kept of it is copied as it is written, unless quotes in it were undone or it is the only column.
  private mutating func copy(_ columns: Range<Int>, _ text: Span<UInt8>, _ record: Int) {
    guard batch.marks(record).contains(.escaped) || plan.publishedCount == 1 || plan.transforms.count == 1 else {
      let first = batch.field(record, columns.lowerBound)
      let last = batch.field(record, columns.upperBound - 1)
      let start = first.lowerBound - (first.isQuoted ? 1 : 0)
      return rows.append(
        fields: columns.count, asWritten: text.extracting(start..<last.upperBound + (last.isQuoted ? 1 : 0)))
    }
    for column in columns {
      let field = batch.field(record, column)
      if isNull(field) { rows.appendNull() } else { rows.append(text.extracting(field.range)) }
    }
  }

  private mutating func transform(_ column: Int, _ text: Span<UInt8>, _ record: Int) {
    let field = batch.field(record, column)
    scratch.removeAll()
    if let suppression = plan.transforms[column].suppression,
      suppression.applies(to: text.extracting(batch.field(record, suppression.column).range))
    {
      if !isNull(field) { removed.add(text.extracting(field.range), namesPersons: true) }
      return rows.appendNull()
    }
    if let spans = plan.transforms[column].spans {
      var isChanged = false
      let isThere =
        !isNull(field)
        && spans.apply(text.extracting(field.range), &scanner, &scratch, isChanged: &isChanged) {
          removed.add($0, namesPersons: true)
        }
      if isChanged { redactedCounts[column] += 1 }
      return isThere ? rows.append(scratch) : rows.appendNull()
    }
    guard !isNull(field), plan.transforms[column].apply(text.extracting(field.range), appendingTo: &scratch) else {
      return rows.appendNull()
    }
    rows.append(scratch)
  }

  private func isNull(_ field: Field) -> Bool { CanonicalRows.isNull(field, columnCount: plan.transforms.count) }
}
