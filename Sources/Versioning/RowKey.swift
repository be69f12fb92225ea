internal import TableSchema
internal import Tabular

/// The columns that rows are ordered by and told apart by, and the bytes that put them in order.
///
/// Numbers come in the order of their values, other values in that of their bytes, null first.
struct RowKey: Sendable {
  private let columns: [(index: Int, isNumeric: Bool)]
  private let columnCount: Int

  init(_ names: [String], schema: Schema) {
    columns = names.compactMap { name in
      schema.index(of: name).map { index in
        (index, schema.fields[index].type.jsonKind == .number)
      }
    }
    columnCount = schema.fields.count
  }

  var isEmpty: Bool { columns.isEmpty }

  /// Whether both order by as many columns of the same kinds: else two orders cannot be merged.
  func isSame(as other: RowKey) -> Bool { columns.map(\.isNumeric) == other.columns.map(\.isNumeric) }

  /// Appends bytes of which the order is that of the keys; for a table without a key those of the row.
  ///
  /// No key's bytes begin another's.
  func append(_ batch: borrowing RecordBatch, _ text: Span<UInt8>, _ record: Int, to bytes: inout TextBuffer) {
    if columns.isEmpty { return bytes.append(text.extracting(batch.recordRange(record))) }
    for column in columns {
      let field = batch.field(record, column.index)
      if CanonicalRows.isNull(field, columnCount: columnCount) {
        bytes.append(0)
        continue
      }
      bytes.append(1)
      let value = text.extracting(field.range)
      if column.isNumeric {
        appendNumber(value, to: &bytes)
      } else {
        for index in value.indices {
          bytes.append(value[index])
          if value[index] == 0 { bytes.append(0xff) }
        }
        bytes.append(0)
        bytes.append(0)
      }
    }
  }

  /// Sign, power of ten, digits: what is larger has larger bytes.
  private func appendNumber(_ text: Span<UInt8>, to bytes: inout TextBuffer) {
    // A whole number over zero, as most keys are, says all that itself.
    if text.count > 0 && text[0] >= 0x31 && text[0] <= 0x39 {
      var last = text.count - 1
      var isWhole = true
      for index in text.indices where text[index] < 0x30 || text[index] > 0x39 { isWhole = false }
      if isWhole {
        bytes.append(5)
        appendExponent(text.count, turn: 0, to: &bytes)
        while text[last] == 0x30 { last -= 1 }
        for index in 0...last { bytes.append(text[index] &- 0x2f) }
        return bytes.append(0)
      }
    }
    let number = ExactDecimal(canonical: [UInt8](copying: text)[...])
    // Negative numbers: the larger the smaller, so all bits are turned.
    let turn: UInt8 = number.sign < 0 ? 0xff : 0
    bytes.append(UInt8(number.sign + 4))
    guard number.isFinite, number.sign != 0 else { return }
    appendExponent(number.exponent, turn: turn, to: &bytes)
    for digit in number.digits { bytes.append((digit + 1) ^ turn) }
    bytes.append(0 ^ turn)
  }

  private func appendExponent(_ exponent: Int, turn: UInt8, to bytes: inout TextBuffer) {
    let shifted = UInt64(exponent + (1 << 42))
    for shift in stride(from: 40, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: shifted >> UInt64(shift)) ^ turn)
    }
  }
}

/// The columns that two schemas share, by name and type, in the order of the current one.
struct CommonColumns {
  let previousColumns: [Int]
  let currentColumns: [Int]
  /// All columns are shared and in the same order: whole rows can be compared.
  let isWhole: Bool

  init(previous: Schema, current: Schema) {
    var pairs: [(Int, Int)] = []
    for (index, field) in current.fields.enumerated() {
      if let before = previous.index(of: field.name), previous.fields[before].type == field.type {
        pairs.append((before, index))
      }
    }
    previousColumns = pairs.map(\.0)
    currentColumns = pairs.map(\.1)
    isWhole =
      pairs.count == current.fields.count && pairs.count == previous.fields.count && pairs.allSatisfy { $0.0 == $0.1 }
  }
}
