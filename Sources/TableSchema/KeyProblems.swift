package import Publication

/// Every row whose key occurs twice or refers to nothing: an eighth of a byte for each row of the table and each kind of trouble.
package struct KeyProblems: Sendable {
  private var bits: [(code: FindingCode, field: String, rows: [UInt64])] = []

  package init() {}

  mutating func add(_ code: FindingCode, _ field: String, row: Int) {
    var place = bits.firstIndex { $0.code == code && $0.field == field }
    if place == nil {
      place = bits.count
      bits.append((code, field, []))
    }
    guard let place else { return }
    let word = row >> 6
    if word >= bits[place].rows.count {
      bits[place].rows.append(contentsOf: repeatElement(0, count: word + 1 - bits[place].rows.count))
    }
    bits[place].rows[word] |= 1 << UInt64(row & 63)
  }

  /// What is wrong with the keys of a row, from 1.
  package func problems(ofRow row: Int) -> [Finding] {
    bits.filter { row >> 6 < $0.rows.count && $0.rows[row >> 6] >> UInt64(row & 63) & 1 == 1 }
      .map { Finding($0.code, field: $0.field) }
  }
}
