/// How a column's values stand in JSON.
package enum JSONColumnKind: Sendable {
  case text, number, boolean
}

/// Renders rows as JSON objects, one a line, straight from bytes: prefixes are made once, numbers are copied.
package struct JSONRowRenderer: Sendable {
  private let prefixes: [[UInt8]]
  private let kinds: [JSONColumnKind]

  package init(columns: [(name: String, kind: JSONColumnKind)]) {
    prefixes = columns.enumerated().map { index, column in
      var prefix: [UInt8] = [index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ",")]
      appendJSONString(Array(column.name.utf8)[...], to: &prefix)
      prefix.append(UInt8(ascii: ":"))
      return prefix
    }
    kinds = columns.map(\.kind)
  }

  /// Appends one row of a batch of canonical rows, without a line end.
  package func append(_ batch: borrowing RecordBatch, _ record: Int, to bytes: inout [UInt8]) {
    for column in 0..<prefixes.count {
      bytes.append(contentsOf: prefixes[column])
      let field = batch.field(record, column)
      if CanonicalRows.isNull(field, columnCount: prefixes.count) {
        bytes.append(contentsOf: "null".utf8)
        continue
      }
      let text = batch.text(field)
      switch kinds[column] {
      case .boolean: bytes.append(contentsOf: text)
      // NaN and the infinities are no JSON numbers: they stand as text.
      case .number where text.last.map { $0 >= 0x30 && $0 <= 0x39 } ?? false: bytes.append(contentsOf: text)
      case .number, .text: appendJSONString(text, to: &bytes)
      }
    }
    bytes.append(UInt8(ascii: "}"))
  }
}
