package import Publication
package import Tabular

/// What a file is, as far as its bytes say: encoding, dialect, columns.
package struct FileEvidence: Sendable {
  /// Nil where it is undetermined.
  package let encoding: TextEncoding?
  /// Nil where no delimiter gives records of equal width.
  package private(set) var delimiter: UInt8?
  /// Of most records.
  package private(set) var columnCount = 1
  /// How many of the records that were looked at have that many fields: 0…1.
  package private(set) var share = 1.0
  package private(set) var lineTerminator: String?
  /// Rules and counts that decided, with stable keys.
  package let facts: [(key: String, value: String)]

  private static let delimiters = [",", ";", "\t", "|"].map { Array($0.utf8)[0] }
  private static let sampleByteCount = 1 << 20
  private static let recordLimit = 10_000

  /// Looks at every byte for the encoding and at the first MiB for the dialect.
  ///
  /// - Parameter declared: the encoding, verified; nil where it is to be found out.
  package init(
    of path: String, encoding declared: TextEncoding? = nil, parallelism: Parallelism = Parallelism()
  ) async throws {
    let evidence = try await EncodingEvidence(of: path, declared: declared, parallelism)
    facts = evidence.facts
    guard case .encoding(let found, let markByteCount) = evidence.verdict else {
      encoding = nil
      return
    }
    encoding = found
    let text = try Self.sample(of: path, found, markByteCount)
    lineTerminator = Self.lineTerminator(of: text)
    for delimiter in Self.delimiters {
      let widths = try Self.widths(of: text, delimiter)
      let recordCount = widths.values.reduce(0, +)
      // The smaller width where two are as frequent, so that the outcome is one.
      guard let mode = widths.max(by: { ($0.value, -$0.key) < ($1.value, -$1.key) }), mode.key > 1 else { continue }
      let share = Double(mode.value) / Double(recordCount)
      guard self.delimiter == nil || share > self.share || (share == self.share && mode.key > columnCount) else {
        continue
      }
      (self.delimiter, self.share, columnCount) = (delimiter, share, mode.key)
    }
  }

  private static func sample(of path: String, _ encoding: TextEncoding, _ markByteCount: Int) throws -> [UInt8] {
    let source = DecodingByteSource(try FileByteSource(path: path), encoding: encoding, markByteCount: markByteCount)
    var text: [UInt8] = []
    while text.count < sampleByteCount, try source.read(64 << 10, appendingTo: &text) {}
    return text
  }

  /// How many records have so many fields; the last one, which the sample may cut, is not counted where there are others.
  private static func widths(of text: [UInt8], _ delimiter: UInt8) throws -> [Int: Int] {
    var layout = Source.Layout()
    layout.delimiter = delimiter
    var batch = RecordBatch(layout: layout)
    batch.fill { $0 = text }
    var widths: [Int: Int] = [:]
    var (last, count) = (0, 0)
    do {
      while try batch.next(), count < recordLimit {
        for record in batch.rows where !batch.isBlank(record) {
          if count > 0 { widths[last, default: 0] += 1 }
          last = batch.fieldCount(record)
          count += 1
        }
      }
    } catch {
      // A quote that the sample cuts: what came before it counts.
    }
    if count == 1 || text.count < sampleByteCount { widths[last, default: 0] += 1 }
    return widths
  }

  private static func lineTerminator(of text: [UInt8]) -> String? {
    guard let end = text.firstIndex(where: { $0 == 0x0a || $0 == 0x0d }) else { return nil }
    if text[end] == 0x0a { return "\n" }
    return end + 1 < text.count && text[end + 1] == 0x0a ? "\r\n" : "\r"
  }
}
