package import Publication

/// Records of a table, a batch at a time, from any stack of byte sources that gives UTF-8.
///
/// One thread drives it; memory is the chunk, or the longest record where that is longer.
package struct RecordReader: ~Copyable {
  package private(set) var batch: RecordBatch
  private let source: any ByteSource
  private let chunkByteCount: Int
  private let maximumRecordByteCount: Int
  private var isLast = false

  /// Records before this batch, header included.
  package private(set) var recordsBefore = 0
  /// Line ends before this batch.
  package private(set) var linesBefore = 0

  package init(
    _ source: any ByteSource, layout: Source.Layout, chunkByteCount: Int = 1 << 20,
    maximumRecordByteCount: Int = 16 << 20
  ) {
    self.source = source
    self.chunkByteCount = chunkByteCount
    self.maximumRecordByteCount = maximumRecordByteCount
    batch = RecordBatch(layout: layout)
  }

  /// Reads canonical rows, which were checked when they were made: a record may be as long as it was let in.
  package init(canonical source: any ByteSource) {
    self.init(source, layout: CanonicalRows.layout, maximumRecordByteCount: 1 << 31)
  }

  /// Goes to the next batch; false at the end.
  ///
  /// - Throws: `FormatError` for an unclosed quote and for a record over the limit, with its record number and line.
  package mutating func next() throws -> Bool {
    recordsBefore += batch.recordCount
    if batch.recordCount > 0 { linesBefore += batch.lineCount }
    while true {
      do {
        if try batch.next(isLast: isLast) {
          guard let long = batch.firstRecord(over: maximumRecordByteCount) else { return true }
          throw FormatError(
            .recordTooLong(limit: maximumRecordByteCount),
            at: Location(row: long + 1, line: batch.lineCount(before: long) + 1))
        }
      } catch let error as FormatError {
        throw FormatError(
          error.code,
          at: Location(row: recordsBefore + (error.location.row ?? 1), line: linesBefore + (error.location.line ?? 1)))
      }
      if isLast { return false }
      guard batch.remainder <= maximumRecordByteCount else {
        throw FormatError(
          .recordTooLong(limit: maximumRecordByteCount), at: Location(row: recordsBefore + 1, line: linesBefore + 1))
      }
      // Doubling keeps the cost of a long record linear.
      isLast = try !batch.refill(max(chunkByteCount, batch.remainder), from: source)
    }
  }

  /// The physical line, from 1, on which a record of this batch begins.
  package func line(of record: Int) -> Int { linesBefore + batch.lineCount(before: record) + 1 }
}
