internal import Publication
internal import TableSchema
internal import Tabular
internal import Validation

/// Two columns that are a place together: each is rounded down to a grid, and a cell with few points in it is left out.
///
/// - Source: privacy.md §2, geographic grid; §3, at least 20 points.
struct Grid: Sendable {
  /// The two columns, from left to right.
  let columns: [Int]
  let steps: [NumberGeneralisation]
  let leastPointCount: Int
  /// Points by cell; empty before they were counted.
  var points: [[UInt8]: Int] = [:]

  /// More cells than this are no generalisation, and would not fit.
  static let largestCellCount = 1 << 20

  /// The edges of the cell in which a row's point lies: both, one after the other, with a comma between; nil where it has none.
  func cell(_ batch: borrowing RecordBatch, _ text: Span<UInt8>, _ record: Int) -> [UInt8]? {
    var cell: [UInt8] = []
    for place in 0..<2 {
      let field = batch.field(record, columns[place])
      guard field.count > 0 else { return nil }
      if place > 0 { cell.append(UInt8(ascii: ",")) }
      let value = [UInt8](copying: text.extracting(field.range))
      guard steps[place].apply(value[...], appendingTo: &cell) else { return nil }
    }
    return cell
  }

  /// Appends the edge that is published of one of the columns; false where the cell has too few points.
  func apply(_ column: Int, _ cell: [UInt8]?, appendingTo output: inout TextBuffer) -> Bool {
    guard let cell, let count = points[cell], count >= leastPointCount else { return false }
    let parts = cell.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    output.append(parts[column == columns[0] ? 0 : 1])
    return true
  }
}

extension Redact {
  /// The grids of the configuration, with the points in each of their cells.
  ///
  /// - Throws: `RedactionError` where there are too many cells.
  func grids(_ table: ValidatedTable, _ run: Run) async throws -> [Grid] {
    var grids = transforms.enumerated().compactMap { index, transform -> Grid? in
      guard let pair = transform.gridPair, let other = fields.firstIndex(where: { $0.name == pair.field }),
        index < other, let steps = transform.numberSteps, let otherSteps = transforms[other].numberSteps
      else { return nil }
      return Grid(columns: [index, other], steps: [steps, otherSteps], leastPointCount: pair.leastPointCount)
    }
    guard !grids.isEmpty else { return [] }
    let chunks = RecordChunks(
      try table.rows.source(), layout: CanonicalRows.layout, chunkByteCount: run.parallelism.chunkByteCount)
    let empty = grids
    let rules = suppressedRecords
    try await ordered(
      run.parallelism, make: { GridCount(grids: empty, suppressedRecords: rules) }, work: { try $0.take(from: chunks) },
      collect: { count in
        for place in grids.indices {
          grids[place].points.merge(count.grids[place].points, uniquingKeysWith: +)
          guard grids[place].points.count <= Grid.largestCellCount else {
            throw RedactionError(
              dataset: dataset.id, field: fields[grids[place].columns[0]].name, problem: "has a grid of too many cells")
          }
        }
      })
    return grids
  }
}

/// A worker's state: the points of one chunk.
private struct GridCount: ~Copyable {
  private var batch = RecordBatch(layout: CanonicalRows.layout)
  private(set) var grids: [Grid]

  private let suppressedRecords: [RowSuppression]

  init(grids: [Grid], suppressedRecords: [RowSuppression]) {
    self.grids = grids
    self.suppressedRecords = suppressedRecords
  }

  mutating func take(from chunks: RecordChunks) throws -> Int? {
    for place in grids.indices { grids[place].points.removeAll(keepingCapacity: true) }
    guard let chunk = try batch.fill(from: chunks) else { return nil }
    while try batch.next() {
      let bytes = batch.bytes
      for record in batch.rows where !suppressedRecords.contains(where: { $0.applies(to: batch, bytes.span, record) }) {
        for place in grids.indices {
          if let cell = grids[place].cell(batch, bytes.span, record) { grids[place].points[cell, default: 0] += 1 }
        }
      }
    }
    return chunk.number
  }
}
