internal import Publication
internal import Recognition
internal import TableSchema
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
  /// Columns of which the values are looked for in every byte afterwards.
  let removedColumns: [Int]
  /// Columns of texts that say who somebody is: looked for in what is published of the row.
  let ownColumns: [Int]
  /// Columns that say nothing in some rows.
  let suppressedColumns: [Int]
  /// Columns from whose texts identifiers are taken out.
  let textColumns: [Int]
  /// Columns that are places together, and for each column, which of these it belongs to.
  let grids: [Grid]
  let gridOfColumn: [Int?]
  /// For each published column, which column it is; for each column, where its values may stand all the same.
  let publishedColumns: [Int]
  let mayRepeatIn: [Set<Int>]
  /// Rows that are not published at all.
  let suppressedRecords: [RowSuppression]
  var publishedCount: Int { publishedColumns.count }

  init(_ transforms: [ColumnTransform], grids: [Grid] = [], suppressedRecords: [RowSuppression] = []) {
    self.transforms = transforms
    self.suppressedRecords = suppressedRecords
    self.grids = grids
    gridOfColumn = transforms.indices.map { column in grids.firstIndex { $0.columns.contains(column) } }
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
    ownColumns = transforms.indices.filter { transforms[$0].isRemoved && transforms[$0].isDirectIdentifier }
    suppressedColumns = transforms.indices.filter { transforms[$0].suppression != nil }
    textColumns = transforms.indices.filter { transforms[$0].spans != nil }
    publishedColumns = transforms.indices.filter { transforms[$0].isPublished }
    let names = transforms.map(\.publishedField.name)
    mayRepeatIn = transforms.enumerated().map { column, transform in
      var places = Set(names.indices.filter { transform.mayRepeat.contains(names[$0]) })
      // What is left on purpose of a value may be all of it.
      if transform.mayLeaveWhole { places.insert(column) }
      return places
    }
  }
}

/// A worker's state: one chunk of canonical rows, what may be seen of it, and what was taken out.
struct RedactionWork: ~Copyable {
  private let plan: RedactionPlan
  private var batch = RecordBatch(layout: CanonicalRows.layout)
  private var scratch = TextBuffer()
  private var scanner = IdentifierScanner()
  private var ownRow = OwnRow()
  /// For each column of texts, what was found in the record's cell.
  private var found: [[Recognition]]
  private var comparable = TextBuffer()
  /// Values of a row that stand in what is published of it; rows are counted from the beginning of the chunk.
  private(set) var findings = FindingCollector()
  /// By column, cells that have a value, and cells that are not published as they came.
  private(set) var counts: [RedactionCount]
  /// By rule, rows that are not published at all.
  private(set) var suppressedCounts: [Int]
  private(set) var rows: CanonicalRowBuilder
  private(set) var removed: RemovedValues
  private(set) var byteCount = 0
  private(set) var rowCount = 0
  private var places: [Int] = []

  /// - Parameter tableByteCount: of the whole table.
  init(_ plan: RedactionPlan, tableByteCount: Int) {
    self.plan = plan
    removed = RemovedValues(byteCount: tableByteCount)
    rows = CanonicalRowBuilder(columnCount: plan.publishedCount)
    counts = [RedactionCount](repeating: RedactionCount(), count: plan.transforms.count)
    suppressedCounts = [Int](repeating: 0, count: plan.suppressedRecords.count)
    found = plan.textColumns.map { _ in [] }
  }

  mutating func take(from chunks: RecordChunks) throws -> Int? {
    rows.removeAll()
    removed.removeAll()
    findings = FindingCollector()
    for column in counts.indices { counts[column] = RedactionCount() }
    for rule in suppressedCounts.indices { suppressedCounts[rule] = 0 }
    guard let chunk = try batch.fill(from: chunks) else { return nil }
    byteCount = batch.limit
    rowCount = 0
    while try batch.next() {
      for column in plan.removedColumns { removed.add(batch, column: column, columnCount: plan.transforms.count) }
      let bytes = batch.bytes
      for record in batch.rows {
        rowCount += 1
        if let rule = plan.suppressedRecords.firstIndex(where: { $0.applies(to: batch, bytes.span, record) }) {
          suppressedCounts[rule] += 1
          continue
        }
        let start = rows.text.count
        collectOwnValues(bytes.span, record)
        for place in plan.steps.indices {
          switch plan.steps[place] {
          case .copy(let columns): copy(columns, bytes.span, record)
          case .transform(let column): transform(column, bytes.span, record)
          }
        }
        rows.endRow()
        checkOwnRow(from: start)
      }
    }
    return chunk.number
  }

  /// What the record loses of names and short codes, and what is found in its texts.
  private mutating func collectOwnValues(_ text: Span<UInt8>, _ record: Int) {
    ownRow.removeAll()
    for column in plan.ownColumns {
      let field = batch.field(record, column)
      if !isNull(field) { ownRow.add(text.extracting(field.range), column: column) }
    }
    for (place, column) in plan.textColumns.enumerated() {
      found[place].removeAll(keepingCapacity: true)
      let field = batch.field(record, column)
      guard !isNull(field), let spans = plan.transforms[column].spans else { continue }
      let cell = text.extracting(field.range)
      spans.find(in: cell, &scanner, &found[place])
      for recognition in found[place] { ownRow.add(cell.extracting(recognition.range), column: column) }
    }
    for column in plan.suppressedColumns {
      guard let rule = plan.transforms[column].suppression, isSuppressed(rule, text, record) else { continue }
      ownRow.add(text.extracting(batch.field(record, column).range), column: column)
    }
  }

  private func isSuppressed(_ rule: RowSuppression, _ text: Span<UInt8>, _ record: Int) -> Bool {
    rule.applies(to: batch, text, record)
  }

  /// Nothing that the row lost may stand in what is published of it.
  private mutating func checkOwnRow(from start: Int) {
    guard !ownRow.isEmpty, rows.text.withBytes({ ownRow.mayStand(in: $0.extracting(start..<$0.count)) }) else { return }
    comparable.removeAll()
    rows.text.withBytes { comparable.append(comparable: $0.extracting(start..<$0.count)) }
    var leaks: [(column: Int, place: Range<Int>)] = []
    comparable.withBytes { row in ownRow.forEachPlace(in: row) { leaks.append(($0, $1)) } }
    for (column, place) in leaks {
      let published = plan.publishedColumns[comparable.withBytes { publishedColumn(of: place.lowerBound, in: $0) }]
      guard !plan.mayRepeatIn[column].contains(published) else { continue }
      findings.add(
        Finding(
          .removedValue, field: plan.transforms[published].publishedField.name, rule: "own-row",
          limit: plan.transforms[column].publishedField.name, at: Location(row: rowCount)))
    }
  }

  /// In which of the published columns a place of a row lies.
  private func publishedColumn(of place: Int, in row: Span<UInt8>) -> Int {
    var (column, isQuoted) = (0, false)
    for index in 0..<place {
      if row[index] == UInt8(ascii: "\"") { isQuoted.toggle() }
      if row[index] == UInt8(ascii: ",") && !isQuoted { column += 1 }
    }
    return column
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
    guard !isNull(field) else { return rows.appendNull() }
    let cell = text.extracting(field.range)
    scratch.removeAll()
    counts[column].valueCount += 1
    if let suppression = plan.transforms[column].suppression, isSuppressed(suppression, text, record) {
      counts[column].changedCount += 1
      removed.add(cell)
      return rows.appendNull()
    }
    if let spans = plan.transforms[column].spans, let place = plan.textColumns.firstIndex(of: column) {
      addKnownValues(column, cell, place)
      guard !found[place].isEmpty else { return rows.append(cell) }
      counts[column].changedCount += 1
      let isThere = spans.redact(cell, &found[place], &scratch) { removed.add($0) }
      return isThere ? rows.append(scratch) : rows.appendNull()
    }
    let isThere =
      plan.gridOfColumn[column].map { place in
        plan.grids[place].apply(column, plan.grids[place].cell(batch, text, record), appendingTo: &scratch)
      } ?? plan.transforms[column].apply(cell, appendingTo: &scratch)
    guard isThere else {
      counts[column].changedCount += 1
      return rows.appendNull()
    }
    if !scratch.withBytes({ areEqual($0, cell) }) { counts[column].changedCount += 1 }
    rows.append(scratch)
  }

  /// Names that the row loses elsewhere are taken out of its texts too, though nothing there says that they are names.
  private mutating func addKnownValues(_ column: Int, _ cell: Span<UInt8>, _ place: Int) {
    guard !ownRow.isEmpty else { return }
    comparable.removeAll()
    places.removeAll(keepingCapacity: true)
    comparable.append(comparable: cell, places: &places)
    places.append(cell.count)
    var known: [Range<Int>] = []
    let (places, plan) = (places, plan)
    comparable.withBytes { text in
      ownRow.forEachPlace(in: text) { owner, range in
        guard !plan.mayRepeatIn[owner].contains(column) else { return }
        // To the end of the last character, not to the next one: spaces after it stay.
        let last = places[range.upperBound - 1]
        known.append(places[range.lowerBound]..<min(last + characterLength(cell[last]), cell.count))
      }
    }
    for range in known
    where !found[place].contains(where: {
      $0.range.lowerBound <= range.lowerBound && $0.range.upperBound >= range.upperBound
    }) {
      found[place].append(Recognition(.personalName, range, .certain))
    }
  }

  private func isNull(_ field: Field) -> Bool { CanonicalRows.isNull(field, columnCount: plan.transforms.count) }
}

/// What was done to a column's cells.
struct RedactionCount: Sendable {
  /// Cells with a value, of columns that are not published as they are.
  var valueCount = 0
  /// Of these, cells whose value is not what is published.
  var changedCount = 0

  mutating func add(_ other: RedactionCount) {
    valueCount += other.valueCount
    changedCount += other.changedCount
  }
}
