package import Publication
internal import Tabular

/// Checks a table against its schema: workers check chunks of rows, and what they found is put together here, in order; keys and
/// uniqueness at the end.
///
/// Memory is bounded: findings are grouped, and keys that prove nothing by their order go to files.
package struct TableCheck: ~Copyable {
  let schema: Schema
  let hash = KeyedHash.random()
  private var keys: [KeysBox]
  package private(set) var findings = FindingCollector()
  /// Per field: whether some value needs more than a 64-bit floating point number holds.
  package private(set) var exceedsDouble: [Bool]

  private final class KeysBox {
    var keys: UniqueKeys?
    let fields: [Int]
    init(_ keys: consuming UniqueKeys) {
      fields = keys.fields
      self.keys = consume keys
    }
  }

  /// - Parameter folder: where keys go that do not fit in memory.
  package init(_ schema: Schema, folder: String, memoryBudget: Int) {
    self.schema = schema
    exceedsDouble = [Bool](repeating: false, count: schema.fields.count)
    var groups: [(fields: [Int], code: FindingCode)] = []
    if !schema.primaryKey.isEmpty {
      groups.append((schema.primaryKey.compactMap { schema.index(of: $0) }, .primaryKey))
    }
    // A key of one field says that the field is unique: once is enough.
    for (index, field) in schema.fields.enumerated()
    where field.constraints.unique && schema.primaryKey != [field.name] {
      groups.append(([index], .uniqueError))
    }
    let share = memoryBudget / max(groups.count, 1)
    keys = groups.map {
      KeysBox(UniqueKeys(fields: $0.fields, code: $0.code, folder: folder, memoryBudget: share))
    }
  }

  /// The fields of each key, by index.
  var keyFields: [[Int]] { keys.map(\.fields) }

  /// Takes over what a worker found in the next chunk.
  package mutating func add(_ chunk: borrowing ChunkCheck, rowsBefore: Int, linesBefore: Int) throws {
    for (index, exceeds) in chunk.exceedsDouble.enumerated() where exceeds { exceedsDouble[index] = true }
    for group in chunk.problems.groups {
      findings.add(finding(for: group), shiftedBy: rowsBefore, lines: linesBefore)
    }
    for index in keys.indices { try keys[index].keys?.add(chunk.keys[index].keys, rowsBefore: rowsBefore) }
  }

  private func finding(for group: PlaceTable.Group) -> Finding {
    let field = schema.fields[group.kind / CellProblem.count]
    let finding =
      switch CellProblem(index: group.kind % CellProblem.count) {
      case .wrongType: Finding(.typeError, field: field.name, rule: field.type.name)
      case .patternLimit:
        Finding(.patternLimit, field: field.name, rule: "pattern", limit: FieldCheck.limit(of: .pattern, in: field))
      case .nullInKey: Finding(.primaryKey, field: schema.primaryKey.joined(separator: ", "), rule: "required")
      case .constraint(let rule):
        Finding(.constraintError, field: field.name, rule: rule.rawValue, limit: FieldCheck.limit(of: rule, in: field))
      }
    return group.fill(finding)
  }

  /// Looks for values that occur twice, once all rows are in, and hands out everything that was found.
  ///
  /// - Parameter confirm: whether two rows, by their numbers, have the same key indeed, for the hashes say so; nil to believe them.
  package consuming func finish(
    confirm: ((_ fields: [Int], _ rows: [(row: Int, previous: Int)]) throws -> [Bool])? = nil
  ) throws -> FindingCollector {
    var findings = findings
    for box in keys {
      guard let keys = box.keys.take() else { continue }
      let (code, fields) = (keys.code, keys.fields)
      let duplicates = try keys.duplicates()
      guard duplicates.count > 0 else { continue }
      let isSame = try confirm?(fields, duplicates.first) ?? duplicates.first.map { _ in true }
      let shown = zip(duplicates.first, isSame).filter(\.1).map(\.0)
      let names = fields.map { schema.fields[$0].name }.joined(separator: ", ")
      for pair in shown {
        findings.add(
          Finding(
            code, field: names, rule: "unique", detail: String(pair.previous), at: Location(row: pair.row)))
      }
      // Those that are not shown are believed where those that are were confirmed.
      let rest = duplicates.count - duplicates.first.count
      guard rest > 0, let first = shown.first else { continue }
      var others = Finding(
        code, field: names, rule: "unique", detail: String(first.previous), at: Location(row: duplicates.last),
        count: rest)
      others.examples = []
      findings.add(others)
    }
    return findings
  }
}
