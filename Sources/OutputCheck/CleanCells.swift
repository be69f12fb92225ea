internal import Tabular

/// Texts that were looked at lately and have nothing in them, by column: most columns say the same few things again and again.
///
/// Exact: a text is kept whole. A column that seldom repeats itself is not asked for a while.
struct CleanCells: ~Copyable {
  /// Of each place, the length of its text and the text; a column's places lie together.
  private var places: [UInt8] = []
  private var columns: [Column]
  private static let placeCount = 1 << 10
  private static let placeByteCount = 64
  private static let trial = 2_048

  private struct Column {
    /// Where its places begin; nil before it is asked for the first time.
    var start: Int?
    var lookups = 0
    var hits = 0
    var pause = 0
  }

  init(columnCount: Int) { columns = [Column](repeating: Column(), count: columnCount) }

  /// Where a text is kept, or will be; nil where it is too long or the column is not asked.
  mutating func place(of text: Span<UInt8>, column: Int) -> Int? {
    guard text.count < Self.placeByteCount else { return nil }
    if columns[column].pause > 0 {
      columns[column].pause &-= 1
      return nil
    }
    if columns[column].lookups == Self.trial {
      if columns[column].hits < Self.trial / 4 { columns[column].pause = 16 * Self.trial }
      columns[column].lookups = 0
      columns[column].hits = 0
    }
    columns[column].lookups &+= 1
    let start = columns[column].start ?? makePlaces(column)
    return start &+ Int(truncatingIfNeeded: mixedHash(text) & UInt64(Self.placeCount - 1)) &* Self.placeByteCount
  }

  private mutating func makePlaces(_ column: Int) -> Int {
    let start = places.count
    columns[column].start = start
    places.append(contentsOf: repeatElement(0, count: Self.placeCount * Self.placeByteCount))
    return start
  }

  mutating func contains(_ text: Span<UInt8>, at place: Int, column: Int) -> Bool {
    guard Int(places[place]) == text.count,
      areEqual(places.span.extracting(place &+ 1..<place &+ 1 &+ text.count), text)
    else { return false }
    columns[column].hits &+= 1
    return true
  }

  mutating func insert(_ text: Span<UInt8>, at place: Int) {
    places[place] = UInt8(text.count)
    for index in text.indices { places[place &+ 1 &+ index] = text[index] }
  }
}
