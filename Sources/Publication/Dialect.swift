extension Source {
  /// How a delimited text is cut into records, and which of them are data.
  ///
  /// - Source: Table Dialect v2; `footerRowCount` and `footerStarts` are Daylight's extension: the standard has none for what stands
  ///   under a table.
  package struct Dialect: Sendable, Hashable {
    package var delimiter = ","
    package var quote: String? = "\""
    /// The character after it stands for itself.
    package var escape: String?
    /// Two quotes in a quoted field are one.
    package var doublesQuotes = true
    /// Nil: LF, CR LF or CR, whichever comes.
    package var lineTerminator: String?
    package var skipsInitialSpace = false
    /// False: the first record is data, and columns are called as the fields are.
    package var hasHeader = true
    /// Records of the file, from 1, of which the labels are joined to the header; nil: the first that is no comment.
    ///
    /// What stands before the last of them, and is none of them, is no data.
    package var headerRows: [Int]?
    package var headerJoin = " "
    /// Records of the file, from 1, that are no data.
    package var commentRows: Set<Int> = []
    /// A line that begins so is a comment.
    package var commentPrefix: String?
    /// So many records at the end are no data; blank lines do not count.
    package var footerRowCount = 0
    /// The first record that begins with one of these texts ends the data.
    package var footerStarts: [String] = []
    /// A text that stands for "no value" in every field.
    package var nullSequence: String?

    /// At most so many records may follow where `footerStarts` ends the data: more of them are no footer.
    package static let footerLimit = 20

    package init() {}

    package var headerRowCount: Int { hasHeader ? headerRows?.count ?? 1 : 0 }

    /// How the text is cut as it stands; nil where it must be rewritten before.
    package var layout: Layout? {
      guard lineTerminator == nil, !skipsInitialSpace, commentRows.isEmpty, commentPrefix == nil, footerRowCount == 0,
        footerStarts.isEmpty, doublesQuotes || quote == nil,
        !hasHeader || headerRows == nil || headerRows == Array(1...headerRowCount)
      else { return nil }
      func byte(_ text: String) -> UInt8? {
        text.utf8.count == 1 ? text.utf8.first.flatMap { $0 < 0x80 ? $0 : nil } : nil
      }
      var layout = Layout()
      guard let delimiter = byte(delimiter) else { return nil }
      layout.delimiter = delimiter
      layout.quote = quote.flatMap(byte)
      layout.escape = escape.flatMap(byte)
      return (quote == nil) == (layout.quote == nil) && (escape == nil) == (layout.escape == nil) ? layout : nil
    }
  }

  /// How the bytes of a text are cut into fields.
  package struct Layout: Sendable, Hashable {
    package var delimiter: UInt8 = UInt8(ascii: ",")
    package var quote: UInt8? = UInt8(ascii: "\"")
    package var escape: UInt8?

    package init() {}
  }
}
