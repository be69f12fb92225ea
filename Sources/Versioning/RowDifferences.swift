package import Publication
package import TableSchema
internal import Tabular

/// Which rows of two releases differ, by value, for people to look at: both are read once, side by side, in the order of their keys.
package struct RowDifferences: Sendable {
  /// Cells in the order of the columns; nil for null.
  package typealias Cells = [String?]

  package enum Row: Sendable {
    case added(Cells), removed(Cells), changed(before: Cells, after: Cells)
  }

  /// One release's rows.
  package struct Table: Sendable {
    package let path: String
    package let schema: Schema

    /// - Parameter path: of its `data.csv.gz`.
    package init(path: String, schema: Schema) {
      self.path = path
      self.schema = schema
    }
  }

  /// The first of those that differ, at most as many as were asked for.
  package private(set) var rows: [Row] = []
  /// All that differ.
  package private(set) var count = 0
  /// The first rows of the current table.
  package private(set) var firstRows: [Cells] = []
  /// Whether rows could be told apart: not where key or columns are others, nor where an earlier release has another order.
  package private(set) var isCompared = false

  /// - Parameters:
  ///   - previous: nil for a first release.
  ///   - key: the columns that order the rows and tell them apart; none where the whole row does.
  ///   - limit: differences that are kept.
  ///   - shown: first rows that are kept.
  package init(previous: Table?, current: Table, key: [String], limit: Int, shown: Int) throws {
    let stream = try RowStream(current, key)
    while firstRows.count < shown, try stream.next() { firstRows.append(stream.cells) }
    guard let previous, previous.schema.fields.map(\.name) == current.schema.fields.map(\.name),
      RowKey(key, schema: previous.schema).isSame(as: RowKey(key, schema: current.schema))
    else { return }
    let before = try RowStream(previous, key), after = try RowStream(current, key)
    var (hasBefore, hasAfter) = (try before.next(), try after.next())
    while hasBefore || hasAfter {
      guard before.isOrdered && after.isOrdered else {
        (rows, count) = ([], 0)
        return
      }
      let order = !hasBefore ? 1 : !hasAfter ? -1 : compareBytes(before.key[...], after.key[...])
      if order < 0 {
        note(.removed(before.cells), limit)
        hasBefore = try before.next()
      } else if order > 0 {
        note(.added(after.cells), limit)
        hasAfter = try after.next()
      } else {
        if before.record != after.record { note(.changed(before: before.cells, after: after.cells), limit) }
        hasBefore = try before.next()
        hasAfter = try after.next()
      }
    }
    isCompared = true
  }

  private mutating func note(_ row: @autoclosure () -> Row, _ limit: Int) {
    count += 1
    if rows.count < limit { rows.append(row()) }
  }
}

/// Rows of a packed table, one at a time.
private final class RowStream {
  private var reader: RecordReader
  private let rowKey: RowKey
  private let columnCount: Int
  private var index = -1
  private var isHeader = true
  private var bytes = TextBuffer()
  private(set) var key: [UInt8] = []
  private(set) var isOrdered = true

  init(_ table: RowDifferences.Table, _ key: [String]) throws {
    reader = RecordReader(canonical: try InflatingByteSource(FileByteSource(path: table.path)))
    rowKey = RowKey(key, schema: table.schema)
    columnCount = table.schema.fields.count
  }

  /// Goes to the next row; false at the end.
  func next() throws -> Bool {
    index += 1
    while index >= reader.batch.recordCount {
      guard try reader.next() else { return false }
      index = isHeader ? 1 : 0
      isHeader = false
    }
    bytes.removeAll()
    rowKey.append(reader.batch, reader.batch.bytes.span, index, to: &bytes)
    let next = bytes.copy()
    if !key.isEmpty && compareBytes(key[...], next[...]) > 0 { isOrdered = false }
    key = next
    return true
  }

  var record: ArraySlice<UInt8> { reader.batch.recordBytes(index) }

  var cells: RowDifferences.Cells {
    (0..<columnCount).map { column in
      let field = reader.batch.field(index, column)
      return CanonicalRows.isNull(field, columnCount: columnCount)
        ? nil : String(decoding: reader.batch.text(field), as: UTF8.self)
    }
  }
}
