package import Publication
internal import Tabular

/// Checks a table against its schema: workers check chunks of rows, and what they found is put together here, in order; keys and
/// uniqueness at the end.
///
/// Memory is bounded: findings are grouped, and keys that prove nothing by their order go to files.
package struct TableCheck: ~Copyable {
  let schema: Schema
  let hash: KeyedHash
  /// Whose values workers hash; each is put into the group of that number.
  let keys: [TableKey]
  private var groups: [KeyGroupBox]
  package private(set) var findings = FindingCollector()
  /// Per field: whether some value needs more than a 64-bit floating point number holds.
  package private(set) var exceedsDouble: [Bool]
  /// By field; empty where chunks have none.
  package private(set) var profiles: [ColumnProfile] = []

  /// - Parameters:
  ///   - folder: where keys go that do not fit in memory.
  ///   - references: the keys of the other tables that foreign keys refer to.
  ///   - canReadAgain: whether the caller asks for `lostKeys`, so that keys that rise need not be kept.
  package init(
    _ schema: Schema, folder: String, memoryBudget: Int, references: consuming ReferencedKeys? = nil,
    canReadAgain: Bool = false
  ) {
    self.schema = schema
    exceedsDouble = [Bool](repeating: false, count: schema.fields.count)
    func indices(_ names: [String]) -> [Int] { names.compactMap { schema.index(of: $0) } }
    var uses: [(fields: [Int], use: TableKey.Use)] = []
    if !schema.primaryKey.isEmpty { uses.append((indices(schema.primaryKey), .primary)) }
    // A key of one field says that the field is unique: once is enough.
    for (index, field) in schema.fields.enumerated()
    where field.constraints.unique && schema.primaryKey != [field.name] {
      uses.append(([index], .unique))
    }
    for key in schema.uniqueKeys { uses.append((indices(key), .unique)) }
    for (number, key) in schema.foreignKeys.enumerated() { uses.append((indices(key.fields), .references(number))) }
    let share = memoryBudget / max(uses.count, 1)
    groups = uses.map { use in
      var isUnique: Bool { if case .references = use.use { false } else { true } }
      return KeyGroupBox(KeyGroup(folder: folder, memoryBudget: share, mayLetGo: canReadAgain && isUnique))
    }
    var keys = uses.enumerated().map { TableKey(fields: $1.fields, use: $1.use, group: $0) }
    for key in keys {
      guard case .references(let number) = key.use else { continue }
      if schema.foreignKeys[number].resource == nil {
        let fields = indices(schema.foreignKeys[number].referencedFields)
        keys.append(TableKey(fields: fields, use: .referenced, group: key.group))
      } else if let group = references?.groups[number] {
        groups[key.group] = group
      }
    }
    self.keys = keys
    hash = references?.hash ?? KeyedHash.random()
  }

  /// Collects keys of a table that foreign keys of another refer to; nothing else of it is checked.
  init(_ schema: Schema, hash: KeyedHash, keys: [TableKey], groups: [KeyGroupBox]) {
    self.schema = schema
    self.hash = hash
    self.keys = keys
    self.groups = groups
    exceedsDouble = [Bool](repeating: false, count: schema.fields.count)
  }

  /// What the table must be read again for, all rows of it, before `finish`: keys that rose for so long that they were let go, and
  /// then did not.
  package borrowing func lostKeys() -> TableCheck? {
    var lost: [TableKey] = []
    for key in keys {
      guard let group = groups[key.group].keys.take() else { continue }
      if group.hasLostKeys {
        lost.append(key)
        groups[key.group].keys = group.keepingAll()
      } else {
        groups[key.group].keys = consume group
      }
    }
    return lost.isEmpty ? nil : TableCheck(schema, hash: hash, keys: lost, groups: groups)
  }

  /// Takes over what a worker found in the next chunk.
  package mutating func add(_ chunk: borrowing ChunkCheck, rowsBefore: Int, linesBefore: Int) throws {
    for (index, exceeds) in chunk.exceedsDouble.enumerated() where exceeds { exceedsDouble[index] = true }
    if profiles.isEmpty && !chunk.profiles.isEmpty { profiles = schema.fields.map { ColumnProfile($0.type) } }
    for (index, profile) in chunk.profiles.enumerated() { profiles[index].add(profile, rowsBefore: rowsBefore) }
    for group in chunk.problems.groups {
      findings.add(finding(for: group), shiftedBy: rowsBefore, lines: linesBefore)
    }
    for (index, key) in keys.enumerated() {
      if case .referenced = key.use {
        try groups[key.group].keys?.addReferenced(chunk.keyEntries[index].keys)
      } else {
        try groups[key.group].keys?.add(chunk.keyEntries[index].keys, rowsBefore: rowsBefore)
      }
    }
  }

  private func finding(for group: PlaceTable.Group) -> Finding { group.fill(schema.finding(ofKind: group.kind)) }

  /// Looks for values that occur twice, once all rows are in, and hands out everything that was found.
  ///
  /// - Parameters:
  ///   - problems: where every row with a bad key is noted, where that is wanted.
  ///   - confirm: whether two rows, by their numbers, have the same key indeed, for the hashes say so; nil to believe them.
  package consuming func finish(
    notingRowsIn problems: inout KeyProblems?,
    confirm: ((_ fields: [Int], _ rows: [(row: Int, previous: Int)]) throws -> [Bool])? = nil
  ) throws -> FindingCollector {
    func note(_ code: FindingCode, _ names: String, _ row: Int) { problems?.add(code, names, row: row) }
    var findings = findings
    for key in keys {
      if case .referenced = key.use { continue }
      guard let group = groups[key.group].keys.take() else { continue }
      let names = key.fields.map { schema.fields[$0].name }.joined(separator: ", ")
      if case .references(let number) = key.use {
        add(
          orphans: try group.orphans { note(.foreignKey, names, $0) }, of: schema.foreignKeys[number], names,
          to: &findings)
        continue
      }
      let (code, fields) = (key.code, key.fields)
      let duplicates = try group.duplicates { note(code, names, $0) }
      guard duplicates.count > 0 else { continue }
      let isSame = try confirm?(fields, duplicates.first) ?? duplicates.first.map { _ in true }
      let shown = zip(duplicates.first, isSame).filter(\.1).map(\.0)
      for pair in shown {
        var finding = Finding(code, field: names, rule: "unique", at: Location(row: pair.row))
        finding.others = [Location(row: pair.previous)]
        findings.add(finding)
      }
      // Those that are not shown are believed where those that are were confirmed.
      let rest = duplicates.count - duplicates.first.count
      guard rest > 0, !shown.isEmpty else { continue }
      var others = Finding(code, field: names, rule: "unique", at: Location(row: duplicates.last), count: rest)
      others.examples = []
      findings.add(others)
    }
    return findings
  }

  package consuming func finish() throws -> FindingCollector {
    var problems: KeyProblems?
    return try finish(notingRowsIn: &problems)
  }

  private func add(
    orphans: KeyRows, of key: ForeignKey, _ names: String, to findings: inout FindingCollector
  ) {
    guard orphans.count > 0 else { return }
    let target = "\(key.resource ?? "")(\(key.referencedFields.joined(separator: ", ")))"
    var finding = Finding(
      .foreignKey, field: names, rule: "foreignKey", limit: target, at: Location(row: orphans.first[0].row),
      count: orphans.count)
    finding.examples = orphans.first.map { Location(row: $0.row) }
    finding.last = Location(row: orphans.last)
    findings.add(finding)
  }
}

/// Fields of a table of which the values are looked at together.
struct TableKey: Sendable {
  enum Use: Sendable {
    case primary, unique
    /// A foreign key, by its number in the schema.
    case references(Int)
    /// What a foreign key of this table refers to.
    case referenced
  }

  /// By index.
  let fields: [Int]
  let use: Use
  let group: Int

  var mustBeThere: Bool { if case .primary = use { true } else { false } }
  var code: FindingCode { mustBeThere ? .primaryKey : .uniqueError }
}

final class KeyGroupBox {
  var keys: KeyGroup?
  init(_ keys: consuming KeyGroup) { self.keys = consume keys }
}

/// Keys of other tables, for the foreign keys of one.
package struct ReferencedKeys: ~Copyable {
  let hash = KeyedHash.random()
  /// By the number of the foreign key.
  fileprivate(set) var groups: [Int: KeyGroupBox] = [:]

  package init() {}

  /// Begins to collect the keys of a table that a foreign key refers to.
  ///
  /// - Parameter schema: of that table.
  /// - Returns: what its rows are to be given to; nil where the table lacks a field that is referred to.
  package mutating func collect(
    _ number: Int, of key: ForeignKey, in schema: Schema, folder: String, memoryBudget: Int
  ) -> TableCheck? {
    let fields = key.referencedFields.compactMap { schema.index(of: $0) }
    guard fields.count == key.referencedFields.count else { return nil }
    let group = KeyGroupBox(KeyGroup(folder: folder, memoryBudget: memoryBudget))
    groups[number] = group
    return TableCheck(
      schema, hash: hash, keys: [TableKey(fields: fields, use: .referenced, group: 0)], groups: [group])
  }
}

extension Schema {
  /// What is wrong with a cell, as `PlaceTable` numbers it.
  func finding(ofKind kind: Int) -> Finding {
    let field = fields[kind / CellProblem.count]
    switch CellProblem(index: kind % CellProblem.count) {
    case .wrongType: return Finding(.typeError, field: field.name, rule: field.type.name)
    case .patternLimit:
      return Finding(
        .patternLimit, field: field.name, rule: "pattern", limit: FieldCheck.limit(of: .pattern, in: field))
    case .jsonSchemaLimit: return Finding(.patternLimit, field: field.name, rule: "jsonSchema")
    case .nullInKey: return Finding(.primaryKey, field: primaryKey.joined(separator: ", "), rule: "required")
    case .constraint(let rule):
      return Finding(
        .constraintError, field: field.name, rule: rule.rawValue, limit: FieldCheck.limit(of: rule, in: field))
    }
  }
}
