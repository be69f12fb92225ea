package import Publication

/// The grammar of delimited text, one byte at a time and one case a line: slow, obvious, and what the fast splitter must equal.
package struct OracleReader {
  package struct Record: Equatable {
    package var fields: [[UInt8]] = []
    package var quoted: [Bool] = []
    package var stray = false

    package init(fields: [[UInt8]] = [], quoted: [Bool] = [], stray: Bool = false) {
      self.fields = fields
      self.quoted = quoted
      self.stray = stray
    }
  }

  /// Nil where a quote is never closed.
  package static func records(_ text: [UInt8], _ layout: Source.Layout = .init()) -> [Record]? {
    var records: [Record] = []
    var record = Record()
    var field: [UInt8] = []
    var isQuoted = false
    enum State { case fieldStart, unquoted, quoted, quoteInQuoted }
    var state = State.fieldStart
    var hasRecord = false
    func endField() {
      record.fields.append(field)
      record.quoted.append(isQuoted)
      (field, isQuoted, state) = ([], false, .fieldStart)
    }
    func endRecord() {
      endField()
      records.append(record)
      (record, hasRecord) = (Record(), false)
    }
    var i = 0
    while i < text.count {
      let byte = text[i]
      hasRecord = true
      switch state {
      case .quoted:
        if byte == layout.escape, i + 1 < text.count {
          field.append(text[i + 1])
          i += 1
        } else if byte == layout.quote {
          state = .quoteInQuoted
        } else {
          field.append(byte)
        }
      case .quoteInQuoted where byte == layout.quote:
        field.append(byte)
        state = .quoted
      case .fieldStart where byte == layout.quote:
        isQuoted = true
        state = .quoted
      default:
        if byte == layout.delimiter {
          endField()
          // After a delimiter there is one more field, even at the end of the input.
        } else if byte == 0x0a {
          endRecord()
        } else if byte == 0x0d {
          endRecord()
          if i + 1 < text.count && text[i + 1] == 0x0a { i += 1 }
        } else if byte == layout.escape, i + 1 < text.count {
          if state == .quoteInQuoted { record.stray = true }
          field.append(text[i + 1])
          state = .unquoted
          i += 1
        } else {
          if byte == layout.quote || state == .quoteInQuoted { record.stray = true }
          field.append(byte)
          state = .unquoted
        }
      }
      i += 1
    }
    if state == .quoted { return nil }
    if hasRecord { endRecord() }
    return records
  }
}
