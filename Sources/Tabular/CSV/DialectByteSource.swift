package import Publication

/// A table in any dialect as canonical CSV: header rows first, then the data, without comments and footers.
///
/// Rare dialects are read here, one byte after the other, so that there is one fast reader for all. A record that is wrong in its own
/// dialect is wrong in the same way in what comes out.
///
/// - Source: Table Dialect v2.
package final class DialectByteSource: ByteSource {
  private let source: any ByteSource
  private let dialect: Source.Dialect
  private let marks: Marks
  private let maximumRecordByteCount: Int
  private var text: [UInt8] = []
  private var position = 0
  private var isAtEnd = false

  /// Records and lines of the file that were read.
  private var recordCount = 0
  private var lineCount = 0
  /// What is held back, because the footer may begin there: rewritten records.
  private var held: [(bytes: [UInt8], isBlank: Bool)] = []
  private var heldCount = 0
  private var headerLeft: [Int]
  /// Record of the file at which `footerStarts` ended the data.
  private var footerStart: Int?
  private var writtenCount = 0

  /// Where the records of the canonical text stand in the file.
  package private(set) var places = RecordPlaces()
  /// Records that are no data.
  package private(set) var commentCount = 0
  package private(set) var footerCount = 0
  /// The footer is longer than footers are.
  package private(set) var isFooterTooLong = false

  private struct Marks {
    let delimiter: [UInt8]
    let quote: [UInt8]
    let escape: [UInt8]
    let terminator: [UInt8]
    let comment: [UInt8]
    let footers: [[UInt8]]

    init(_ dialect: Source.Dialect) {
      delimiter = Array(dialect.delimiter.utf8)
      quote = Array((dialect.quote ?? "").utf8)
      escape = dialect.escape == dialect.quote ? [] : Array((dialect.escape ?? "").utf8)
      terminator = Array((dialect.lineTerminator ?? "").utf8)
      comment = Array((dialect.commentPrefix ?? "").utf8)
      footers = dialect.footerStarts.map { Array($0.utf8) }
    }

    var longest: Int { max(delimiter.count, quote.count, escape.count, terminator.count, comment.count, 4) }
  }

  /// - Parameter source: text in UTF-8.
  package init(_ source: any ByteSource, dialect: Source.Dialect, maximumRecordByteCount: Int) {
    self.source = source
    self.dialect = dialect
    self.maximumRecordByteCount = maximumRecordByteCount
    marks = Marks(dialect)
    headerLeft = dialect.hasHeader ? dialect.headerRows ?? [] : []
  }

  package func read(_ count: Int, appendingTo bytes: inout [UInt8]) throws -> Bool {
    let start = bytes.count
    while bytes.count - start < count {
      guard let record = try nextRecord() else {
        flush(appendingTo: &bytes)
        break
      }
      take(record, appendingTo: &bytes)
    }
    return bytes.count > start
  }

  private enum Record {
    case comment
    /// Rewritten, with the beginning of its first cell that is not empty.
    case cells([UInt8], isBlank: Bool, start: ArraySlice<UInt8>)
  }

  /// Decides what a record is: header, data, comment, footer.
  private func take(_ record: Record, appendingTo bytes: inout [UInt8]) {
    if footerStart != nil {
      if case .cells(_, false, _) = record { footerCount += 1 }
      isFooterTooLong = isFooterTooLong || footerCount > Source.Dialect.footerLimit
      return
    }
    guard case .cells(let cells, let isBlank, let start) = record, !dialect.commentRows.contains(recordCount) else {
      commentCount += 1
      return
    }
    if dialect.hasHeader && writtenCount < dialect.headerRowCount {
      if dialect.headerRows == nil {
        // A file may begin with blank lines: they are no header.
        guard !isBlank else { return }
      } else if headerLeft.first == recordCount {
        headerLeft.removeFirst()
      } else {
        commentCount += 1
        return
      }
      write(cells, appendingTo: &bytes)
      return
    }
    if marks.footers.contains(where: { start.starts(with: $0) }) {
      footerStart = recordCount
      footerCount = 1
      return
    }
    guard dialect.footerRowCount > 0 else { return write(cells, appendingTo: &bytes) }
    held.append((cells, isBlank))
    heldPlaces.append((recordCount, recordLine))
    if !isBlank { heldCount += 1 }
    // A blank line goes on when nothing before it is held back any more.
    while let first = held.first, heldCount > dialect.footerRowCount || (first.isBlank && heldCount == 0) {
      let place = heldPlaces.removeFirst()
      write(held.removeFirst().bytes, record: place.record, line: place.line, appendingTo: &bytes)
      if !first.isBlank { heldCount -= 1 }
    }
  }

  private var heldPlaces: [(record: Int, line: Int)] = []
  /// The line on which the record that was read last begins.
  private var recordLine = 1

  private func write(_ cells: [UInt8], appendingTo bytes: inout [UInt8]) {
    write(cells, record: recordCount, line: recordLine, appendingTo: &bytes)
  }

  private func write(_ cells: [UInt8], record: Int, line: Int, appendingTo bytes: inout [UInt8]) {
    writtenCount += 1
    places.add(record: writtenCount, line: canonicalLine, at: record, fileLine: line)
    canonicalLine += countLines(cells, cells.indices)
    bytes.append(contentsOf: cells)
  }

  private var canonicalLine = 1

  /// At the end: what is still held back is the footer, but for a table that is shorter than it.
  private func flush(appendingTo bytes: inout [UInt8]) {
    footerCount += heldCount
    held.removeAll()
    heldPlaces.removeAll()
    heldCount = 0
  }

  /// The next record of the file; nil at its end.
  private func nextRecord() throws -> Record? {
    var wanted = 1 << 16
    while true {
      if text.count - position < wanted && !isAtEnd {
        if position > 0 {
          text.removeSubrange(..<position)
          position = 0
        }
        while !isAtEnd && text.count < wanted {
          if try !source.read(wanted - text.count, appendingTo: &text) { isAtEnd = true }
        }
      }
      guard position < text.count else { return nil }
      if let record = parse() { return record }
      guard text.count - position <= maximumRecordByteCount else {
        throw FormatError(
          .recordTooLong(limit: maximumRecordByteCount), at: Location(line: lineCount + 1, record: recordCount + 1))
      }
      wanted = 2 * max(wanted, text.count - position)
    }
  }

  /// Reads one record; nil where the text ends before it does.
  private func parse() -> Record? {
    var i = position
    let n = text.count
    // Where a mark may be cut off by the end of what is there, more is asked for.
    func isCut(_ index: Int) -> Bool { !isAtEnd && index + marks.longest > n }
    func end(_ i: Int) -> Record? { nil }

    if isCut(i) { return nil }
    if !marks.comment.isEmpty && has(marks.comment, at: i) {
      while true {
        if isCut(i) { return nil }
        if i >= n || terminatorLength(at: i) > 0 { break }
        i += 1
      }
      finish(i)
      return .comment
    }
    var output: [UInt8] = []
    var cell: [UInt8] = []
    var start: ArraySlice<UInt8> = []
    var cellCount = 0
    var isStray = false
    var isUnclosed = false
    var isBlank = true
    while true {
      cell.removeAll(keepingCapacity: true)
      if dialect.skipsInitialSpace {
        while !isCut(i), i < n, text[i] == 0x20 { i += 1 }
      }
      if isCut(i) { return nil }
      var isQuoted = false
      if has(marks.quote, at: i) {
        isQuoted = true
        i += marks.quote.count
        while true {
          if isCut(i) { return nil }
          if i >= n {
            isUnclosed = true
            break
          }
          if has(marks.escape, at: i), i + marks.escape.count < n {
            i = copyCharacter(after: i + marks.escape.count, to: &cell)
          } else if has(marks.quote, at: i) {
            i += marks.quote.count
            guard dialect.doublesQuotes && has(marks.quote, at: i) else { break }
            cell.append(contentsOf: marks.quote)
            i += marks.quote.count
          } else {
            cell.append(text[i])
            i += 1
          }
        }
      }
      // What stands without quotes, or after them.
      let quotedCount = cell.count
      while true {
        if isCut(i) { return nil }
        if i >= n || has(marks.delimiter, at: i) || terminatorLength(at: i) > 0 { break }
        if has(marks.escape, at: i), i + marks.escape.count < n {
          i = copyCharacter(after: i + marks.escape.count, to: &cell)
          continue
        }
        if has(marks.quote, at: i) { isStray = true }
        cell.append(text[i])
        i += 1
      }
      if isQuoted && cell.count > quotedCount { isStray = true }
      if start.isEmpty { start = trimmed(cell[...]).prefix(64) }
      if cellCount > 0 { output.append(0x2c) }
      cellCount += 1
      if isQuoted || !cell.isEmpty {
        isBlank = false
        CanonicalRows.append(cell[...], to: &output)
      }
      guard i < n, has(marks.delimiter, at: i) else { break }
      i += marks.delimiter.count
    }
    if cellCount > 1 { isBlank = false }
    // Marks that say the same to the reader of what comes out.
    if isUnclosed {
      output = [0x22]
    } else {
      if isStray { output.append(contentsOf: [0x2c, 0x3f, 0x22]) }
      output.append(0x0a)
    }
    finish(i)
    return .cells(output, isBlank: isBlank, start: start)
  }

  /// Takes a record that ends at an index, with its line end.
  private func finish(_ end: Int) {
    recordLine = lineCount + 1
    recordCount += 1
    let next = end + (end < text.count ? terminatorLength(at: end) : 0)
    lineCount += countLines(text, position..<next)
    // Of a terminator of one's own, each is a line for people.
    if !marks.terminator.isEmpty && end < next && countLines(text, end..<next) == 0 { lineCount += 1 }
    position = next
  }

  /// An escape stands before a whole character.
  private func copyCharacter(after start: Int, to cell: inout [UInt8]) -> Int {
    var i = start
    repeat {
      cell.append(text[i])
      i += 1
    } while i < text.count && text[i] & 0xc0 == 0x80
    return i
  }

  private func has(_ mark: [UInt8], at index: Int) -> Bool {
    guard let first = mark.first, index < text.count, text[index] == first, index + mark.count <= text.count else {
      return false
    }
    var i = 1
    while i < mark.count {
      guard text[index + i] == mark[i] else { return false }
      i += 1
    }
    return true
  }

  /// Bytes of the line end at an index; 0 where there is none.
  private func terminatorLength(at index: Int) -> Int {
    guard index < text.count else { return 0 }
    if !marks.terminator.isEmpty { return has(marks.terminator, at: index) ? marks.terminator.count : 0 }
    if text[index] == 0x0a { return 1 }
    guard text[index] == 0x0d else { return 0 }
    return index + 1 < text.count && text[index + 1] == 0x0a ? 2 : 1
  }
}

/// Where the records of a text that was rewritten stand in the file.
package struct RecordPlaces: Sendable {
  private struct Place: Sendable {
    var record: Int
    var line: Int
    var fileRecord: Int
    var fileLine: Int
  }

  /// One for each record after which the distances are others; all begin there.
  private var places: [Place] = []

  mutating func add(record: Int, line: Int, at fileRecord: Int, fileLine: Int) {
    if let last = places.last, fileRecord - record == last.fileRecord - last.record,
      fileLine - line == last.fileLine - last.line
    {
      return
    }
    places.append(Place(record: record, line: line, fileRecord: fileRecord, fileLine: fileLine))
  }

  /// The place in the file of a record, from 1.
  package func place(ofRecord record: Int) -> Int? {
    last { $0.record <= record }.map { record - $0.record + $0.fileRecord }
  }

  /// The line in the file of a line, from 1.
  package func place(ofLine line: Int) -> Int? { last { $0.line <= line }.map { line - $0.line + $0.fileLine } }

  private func last(where isBefore: (Place) -> Bool) -> Place? {
    var (low, high) = (0, places.count)
    while low < high {
      let middle = (low + high) / 2
      if isBefore(places[middle]) { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? places[low - 1] : nil
  }
}
