package import Tabular

/// Numbers that lie in several columns side by side: area, date and place of an identity number; the halves of a telephone number.
///
/// - Source: privacy.md §4, case 26.
package struct JoinedCells: Sendable {
  /// By first column and how many are joined (2 or 3).
  private var numbers: [Tally]
  private let columnCount: Int
  /// Room that is used again.
  private var digits: [UInt8] = []
  /// Of each row, whether the column before has a short number.
  private var before: [Bool] = []

  private struct Tally: Sendable {
    var rows = 0
    var identity = 0
    var mobile = 0
  }

  package init(columnCount: Int) {
    self.columnCount = columnCount
    numbers = [Tally](repeating: Tally(), count: max(0, columnCount) * 2)
  }

  /// Takes over what another worker saw.
  package mutating func add(_ other: JoinedCells) {
    for index in numbers.indices {
      numbers[index].rows += other.numbers[index].rows
      numbers[index].identity += other.numbers[index].identity
      numbers[index].mobile += other.numbers[index].mobile
    }
  }

  /// Takes some rows, one column after the other.
  package mutating func add(_ batch: borrowing RecordBatch, _ text: Span<UInt8>, records: [Int]) {
    before.removeAll(keepingCapacity: true)
    before.append(contentsOf: repeatElement(false, count: records.count))
    for column in 0..<columnCount {
      var place = 0
      for record in records {
        // Most cells are no short numbers, which two of their bytes tell.
        let isNumber = column < batch.fieldCount(record) && isShortNumber(batch.field(record, column), text)
        if isNumber && before[place] {
          join(batch, text, batch.firstField(record), column - 1, min(columnCount, batch.fieldCount(record)))
        }
        before[place] = isNumber
        place += 1
      }
    }
  }

  private func isShortNumber(_ field: Field, _ text: Span<UInt8>) -> Bool {
    guard field.count > 0, field.count <= 14, isDigit(text[field.lowerBound]) else { return false }
    let last = text[field.upperBound - 1]
    return isDigit(last) || last | 0x20 == UInt8(ascii: "x")
  }

  private mutating func join(
    _ batch: borrowing RecordBatch, _ text: Span<UInt8>, _ firstField: Int, _ first: Int, _ count: Int
  ) {
    digits.removeAll(keepingCapacity: true)
    guard append(text.extracting(batch.fields[firstField + first].range)) else { return }
    for more in 1...2 where first + more < count {
      guard append(text.extracting(batch.fields[firstField + first + more].range)) else { return }
      guard digits.count <= 18 else { return }
      let place = first * 2 + more - 1
      if digits.count == 18 {
        numbers[place].rows += 1
        if birthYear(digits.dropFirst(6).prefix(8)) != nil, digits[..<17].allSatisfy({ $0 < 10 }),
          hasIdentityCheckDigit(digits.prefix(17), check: Int(digits[17]))
        {
          numbers[place].identity += 1
        }
      } else if digits.count == 11 {
        numbers[place].rows += 1
        if digits[0] == 1 && digits[1] >= 3 { numbers[place].mobile += 1 }
      }
    }
  }

  /// Columns that are a part of such a number.
  package var columns: [(column: Int, identifier: Identifier)] {
    var found: [(column: Int, identifier: Identifier)] = []
    for (place, tally) in numbers.enumerated() where tally.rows > 0 {
      let (first, more) = (place / 2, place % 2 + 1)
      let identifier: Identifier? =
        tally.identity * 2 > tally.rows
        ? .residentIdentityNumber : tally.mobile * 10 > tally.rows * 9 && tally.rows >= 10 ? .mobileNumber : nil
      if let identifier { for column in first...first + more { found.append((column, identifier)) } }
    }
    return found
  }

  /// Appends the digits of a short number, an X at its end as 10.
  ///
  /// - Returns: false for other cells.
  private mutating func append(_ cell: Span<UInt8>) -> Bool {
    guard cell.count > 0, cell.count <= 14 else { return false }
    for place in cell.indices {
      let byte = cell[place]
      if isDigit(byte) {
        digits.append(byte - 0x30)
      } else if byte | 0x20 == UInt8(ascii: "x") && place == cell.count - 1 && place > 0 {
        digits.append(10)
      } else if byte == UInt8(ascii: "-") && cell.count == 10 {
        // A date.
        continue
      } else {
        return false
      }
    }
    return true
  }
}
