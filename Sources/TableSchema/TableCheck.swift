package import Publication
package import Tabular

/// Checks a table against its schema, a batch at a time, column by column; keys and uniqueness at the end.
///
/// Memory is bounded: findings are grouped, keys are sorted outside of memory where they do not fit.
package struct TableCheck: ~Copyable {
  private let schema: Schema
  private let checks: [CheckBox]
  /// For each field, its column in the delivery.
  private let columns: [Int]
  private var keys: [KeyCheck]
  package private(set) var findings = FindingCollector()
  /// Per field: whether some value needs more than a 64-bit floating point number holds.
  package private(set) var exceedsDouble: [Bool]

  /// The published form of the batch's values, row-major, one cell a field.
  package private(set) var cells: [Cell] = []
  private var arena: [UInt8] = []
  private var canonical: [UInt8] = []
  private var problems: [Problem] = []
  private var key: [UInt8] = []

  /// A value of the current batch: in the batch's own bytes, or in the check's where reading it changed it.
  package struct Cell: Sendable {
    var start: UInt32
    var count: UInt32
    package let isNull: Bool
    let isInArena: Bool
  }

  private struct Problem {
    let row: Int
    let finding: Finding
  }

  /// Non-copyable checks cannot be array elements; they are used by one thread only, through this class.
  private final class CheckBox {
    let check: FieldCheck
    init(_ check: consuming FieldCheck) { self.check = check }
  }

  /// - Parameters:
  ///   - columns: for each field of the schema, the column that holds it.
  ///   - folder: where keys go that do not fit in memory.
  package init(_ schema: Schema, columns: [Int], folder: String, memoryBudget: Int) throws(SchemaError) {
    precondition(columns.count == schema.fields.count)
    self.schema = schema
    self.columns = columns
    var checks: [CheckBox] = []
    for (index, field) in schema.fields.enumerated() {
      checks.append(CheckBox(try FieldCheck(field, missingValues: schema.missingValues, at: "/fields/\(index)")))
    }
    self.checks = checks
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
    keys = groups.map { KeyCheck(fields: $0.fields, code: $0.code, folder: folder, memoryBudget: share) }
  }

  package func text(_ cell: Cell, in batch: borrowing RecordBatch) -> ArraySlice<UInt8> {
    let range = Int(cell.start)..<Int(cell.start + cell.count)
    return cell.isInArena ? arena[range] : batch.bytes[range]
  }

  /// Checks the given records of a batch and fills `cells`.
  ///
  /// - Parameters:
  ///   - records: whole records; each has at least as many fields as `columns` asks for.
  ///   - rows: the data row number, from 1, of each of `records`.
  ///   - lines: gives the physical line of a record; asked only where something is wrong.
  ///   - repair: changes a cell's text before it is read; nil leaves it as it is. Called with the field's index.
  package mutating func check(
    _ batch: borrowing RecordBatch, records: [Int], rows: [Int], lines: (borrowing RecordBatch, Int) -> Int,
    repair: ((_ field: Int, _ text: ArraySlice<UInt8>) -> [UInt8]?)? = nil
  ) throws {
    let width = columns.count
    cells.removeAll(keepingCapacity: true)
    cells.append(
      contentsOf: repeatElement(Cell(start: 0, count: 0, isNull: true, isInArena: false), count: records.count * width))
    arena.removeAll(keepingCapacity: true)
    problems.removeAll(keepingCapacity: true)
    for field in 0..<width { checkColumn(field, batch, records: records, repair: repair) }
    if !problems.isEmpty {
      for problem in problems {
        var finding = problem.finding
        let location = Location(row: rows[problem.row], line: lines(batch, records[problem.row]))
        finding.first = location
        finding.last = location
        finding.examples = [location]
        findings.add(finding)
      }
    }
    for index in keys.indices { try addKeys(index, batch, rows: rows, lines: lines, records: records) }
  }

  private mutating func checkColumn(
    _ field: Int, _ batch: borrowing RecordBatch, records: [Int], repair: ((Int, ArraySlice<UInt8>) -> [UInt8]?)?
  ) {
    let width = columns.count
    let column = columns[field]
    let box = checks[field]
    let isNumeric =
      switch box.check.field.type {
      case .integer, .number: true
      default: false
      }
    for (row, record) in records.enumerated() {
      let source = batch.field(record, column)
      var text = batch.text(source)
      var isRepaired = false
      if let repair, let repaired = repair(field, text) {
        text = repaired[...]
        isRepaired = true
      }
      canonical.removeAll(keepingCapacity: true)
      let verdict = box.check.read(text, appendingTo: &canonical) { rule, isLimitReached in
        problems.append(
          Problem(
            row: row,
            finding: Finding(
              isLimitReached ? .patternLimit : .constraintError, field: box.check.field.name, rule: rule.rawValue,
              limit: box.check.limit(of: rule))))
      }
      switch verdict {
      case .null: break
      case .wrongType:
        problems.append(
          Problem(row: row, finding: Finding(.typeError, field: box.check.field.name, rule: box.check.field.type.name)))
      case .value:
        if isNumeric && !exceedsDouble[field] && (canonical.count > 15 || canonical.contains(UInt8(ascii: "E"))) {
          exceedsDouble[field] = !ExactDecimal(canonical: canonical[...]).survivesDouble
        }
        let isUnchanged =
          !isRepaired && canonical.count == source.count && (!isNumeric || canonical.elementsEqual(text))
        if isUnchanged, case .boolean = box.check.field.type {
          cells[row * width + field] = store(canonical)
        } else if isUnchanged {
          cells[row * width + field] = Cell(
            start: UInt32(source.range.lowerBound), count: UInt32(source.count), isNull: false, isInArena: false)
        } else {
          cells[row * width + field] = store(canonical)
        }
      }
    }
  }

  private mutating func store(_ text: [UInt8]) -> Cell {
    let start = arena.count
    arena.append(contentsOf: text)
    return Cell(start: UInt32(start), count: UInt32(text.count), isNull: false, isInArena: true)
  }

  private mutating func addKeys(
    _ index: Int, _ batch: borrowing RecordBatch, rows: [Int], lines: (borrowing RecordBatch, Int) -> Int,
    records: [Int]
  ) throws {
    let width = columns.count
    for row in rows.indices {
      key.removeAll(keepingCapacity: true)
      var hasNull = false
      for field in keys[index].fields {
        let cell = cells[row * width + field]
        if cell.isNull {
          hasNull = true
          continue
        }
        let value = FieldCheck.key(of: text(cell, in: batch), type: schema.fields[field].type)
        // Length first: ("a,b", "c") and ("a", "b,c") are two keys.
        withUnsafeBytes(of: UInt32(value.count).bigEndian) { key.append(contentsOf: $0) }
        key.append(contentsOf: value)
      }
      if hasNull {
        if keys[index].code == .primaryKey {
          let location = Location(row: rows[row], line: lines(batch, records[row]))
          findings.add(Finding(.primaryKey, field: keys[index].names(in: schema), rule: "required", at: location))
        }
        continue
      }
      try keys[index].add(key, row: rows[row])
    }
  }

  /// Looks for values that occur twice, once all rows are in, and hands out everything that was found.
  package consuming func finish() throws -> FindingCollector {
    var findings = findings
    for key in keys { try key.findDuplicates(in: schema, addingTo: &findings) }
    return findings
  }
}
