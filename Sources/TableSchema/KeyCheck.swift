internal import Publication
internal import Tabular

/// Values that must be unique: sorted with their row numbers, outside of memory where they do not fit, then
/// compared with their neighbours.
///
/// Exact: whole values are compared, never hashes.
final class KeyCheck {
  let fields: [Int]
  let code: FindingCode
  private var sorter: ExternalSorter?
  private var record: [UInt8] = []

  init(fields: [Int], code: FindingCode, folder: String, memoryBudget: Int) {
    self.fields = fields
    self.code = code
    sorter = ExternalSorter(folder: folder, memoryBudget: memoryBudget)
  }

  func names(in schema: Schema) -> String { fields.map { schema.fields[$0].name }.joined(separator: ", ") }

  func add(_ key: [UInt8], row: Int) throws {
    record.removeAll(keepingCapacity: true)
    record.append(contentsOf: key)
    withUnsafeBytes(of: UInt64(row).bigEndian) { record.append(contentsOf: $0) }
    try sorter?.add(record[...])
  }

  func findDuplicates(in schema: Schema, addingTo findings: inout FindingCollector) throws {
    guard let sorter = sorter.take() else { return }
    var sorted = try sorter.sorted()
    var previous: [UInt8] = []
    var current: [UInt8] = []
    while try sorted.read(&current) {
      if current.count == previous.count && !previous.isEmpty && current.dropLast(8) == previous.dropLast(8) {
        findings.add(
          Finding(
            code, field: names(in: schema), rule: "unique", detail: String(rowNumber(previous)),
            at: Location(row: rowNumber(current))))
      }
      swap(&previous, &current)
    }
  }

  private func rowNumber(_ record: [UInt8]) -> Int { record.suffix(8).reduce(0) { $0 << 8 | Int($1) } }
}
