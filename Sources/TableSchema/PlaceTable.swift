package import Publication
package import Tabular

/// Places of a chunk where something is wrong: exact counts per kind of trouble, and few places, however many there are.
package struct PlaceTable: Sendable {
  /// One kind of trouble.
  package struct Group: Sendable {
    /// As the caller numbers them.
    package let kind: Int
    package private(set) var count = 0
    /// Rows and lines, counted from the beginning of the chunk.
    package fileprivate(set) var examples: [Location] = []
    package fileprivate(set) var last = Location()
    /// As many as `examples`, where there are any.
    package fileprivate(set) var remarks: [CellRemark] = []
    /// The number that came with the first one.
    package let detail: Int
    /// Records of the current batch of which the place is not known yet.
    fileprivate var waiting: [Int] = []
    fileprivate var lastRecord = -1

    fileprivate mutating func add(_ record: Int) {
      count += 1
      lastRecord = record
      if examples.count + waiting.count < Finding.exampleLimit { waiting.append(record) }
    }

    /// The finding that says so.
    package func fill(_ finding: Finding) -> Finding {
      var finding = finding
      finding.count = count
      finding.examples = examples
      finding.remarks = remarks
      finding.first = examples.first ?? Location()
      finding.last = last
      return finding
    }
  }

  /// By kind; -1 where there was none yet.
  private var positions: [Int]
  package private(set) var groups: [Group] = []

  package init(kindCount: Int) { positions = [Int](repeating: -1, count: kindCount) }

  package mutating func removeAll() {
    for group in groups { positions[group.kind] = -1 }
    groups.removeAll(keepingCapacity: true)
  }

  /// Whether a remark on the next place of this kind would be kept.
  func keepsRemark(_ kind: Int) -> Bool {
    positions[kind] < 0 || groups[positions[kind]].remarks.count < Finding.exampleLimit
  }

  /// Says something of the place that was added last.
  mutating func remark(_ kind: Int, _ remark: CellRemark) { groups[positions[kind]].remarks.append(remark) }

  package mutating func add(_ kind: Int, record: Int, detail: Int = 0) {
    if positions[kind] < 0 {
      positions[kind] = groups.count
      groups.append(Group(kind: kind, detail: detail))
    }
    groups[positions[kind]].add(record)
  }

  /// Finds out where the records of this batch are that were added.
  package mutating func locate(_ batch: borrowing RecordBatch, rowsBefore: Int, linesBefore: Int) {
    guard groups.contains(where: { $0.lastRecord >= 0 }) else { return }
    // Trouble comes in rows: the lines up to one of them are counted once.
    var known = (record: -1, line: 0)
    for index in groups.indices where groups[index].lastRecord >= 0 {
      for record in groups[index].waiting + [groups[index].lastRecord] {
        if known.record != record { known = (record, linesBefore + batch.lineCount(before: record) + 1) }
        groups[index].last = Location(row: rowsBefore + record + 1, line: known.line)
        if groups[index].examples.count < Finding.exampleLimit && groups[index].examples.last != groups[index].last {
          groups[index].examples.append(groups[index].last)
        }
      }
      groups[index].waiting.removeAll(keepingCapacity: true)
      groups[index].lastRecord = -1
    }
  }
}

/// What can be wrong with a cell.
enum CellProblem: Sendable {
  case wrongType, patternLimit, jsonSchemaLimit, nullInKey
  case constraint(FieldCheck.Rule)

  var index: Int {
    switch self {
    case .wrongType: 0
    case .patternLimit: 1
    case .nullInKey: 2
    case .jsonSchemaLimit: 3
    case .constraint(let rule): 4 + rule.index
    }
  }

  init(index: Int) {
    switch index {
    case 0: self = .wrongType
    case 1: self = .patternLimit
    case 2: self = .nullInKey
    case 3: self = .jsonSchemaLimit
    default: self = .constraint(FieldCheck.Rule.allCases[index - 4])
    }
  }

  static let count = 4 + FieldCheck.Rule.allCases.count
}

extension FieldCheck.Rule {
  fileprivate var index: Int { FieldCheck.Rule.allCases.firstIndex(of: self) ?? 0 }
}
