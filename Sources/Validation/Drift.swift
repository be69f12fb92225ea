internal import Publication
internal import TableSchema

/// A delivery beside the last accepted one: what changed by more than is agreed, and then all that changed.
struct Drift {
  let before: TableProfile
  let now: TableProfile
  let assertions: Assertions

  /// Empty where nothing goes over what is agreed; else what does, and what else is different.
  var findings: [Finding] {
    var over: [Finding] = []
    var others: [Finding] = []
    func add(
      _ code: FindingCode, _ field: String?, _ rule: String, limit: String?, isOver: Bool, _ detail: String,
      rows: [Int] = [], count: Int = 1
    ) {
      var finding = Finding(
        isOver ? code : .drift, field: field, rule: rule, limit: limit, detail: detail, count: count)
      if let first = rows.first {
        finding.examples = rows.prefix(Finding.exampleLimit).map { Location(row: $0) }
        finding.first = Location(row: first)
        finding.last = Location(row: rows.last)
      }
      if isOver { over.append(finding) } else { others.append(finding) }
    }
    if before.rowCount != now.rowCount {
      add(.drift, nil, "rows", limit: nil, isOver: false, "\(before.rowCount) → \(now.rowCount)")
    }
    for column in now.columns {
      guard let past = before.columns.first(where: { $0.name == column.name }) else {
        add(.drift, column.name, "columns", limit: nil, isOver: false, "– → \(column.type)")
        continue
      }
      if past.type != column.type {
        add(.drift, column.name, "columns", limit: nil, isOver: false, "\(past.type) → \(column.type)")
      }
      let limits = assertions.drift(of: column.name)
      let (share, pastShare) = (nullShare(column), nullShare(past))
      if percent(share) != percent(pastShare) {
        add(
          .nullShareChange, column.name, "nulls", limit: limits.nulls.map { "\($0)%" },
          isOver: limits.nulls.map { abs(share - pastShare) * 100 > Double($0) } ?? false,
          "\(percent(pastShare)) → \(percent(share))")
      }
      if let range = column.range, let pastRange = past.range, range != pastRange {
        let growth = widening(from: pastRange, to: range)
        add(
          .rangeChange, column.name, "range", limit: limits.range.map { "\($0)%" },
          isOver: limits.range.flatMap { limit in growth.map { $0 * 100 > Double(limit) } } ?? false,
          "\(pastRange.least)…\(pastRange.most) → \(range.least)…\(range.most)")
      }
      guard let pastValues = past.values.map(Set.init) else { continue }
      // Too many different values now: each over the limit is a new one.
      let values = column.values.map(Set.init)
      let new = values.map { $0.subtracting(pastValues).count } ?? ColumnProfile.fewValues
      let lost = values.map { pastValues.subtracting($0).count } ?? 0
      if new > 0 {
        let rows = values?.subtracting(pastValues).compactMap { column.firstRows[$0] }.sorted() ?? []
        add(
          .newValues, column.name, "new_values", limit: limits.newValues.map(String.init),
          isOver: limits.newValues.map { new > $0 } ?? false,
          "\(pastValues.count) → \(column.values.map { String($0.count) } ?? "> \(ColumnProfile.fewValues)")",
          rows: rows,
          count: new)
      }
      if lost > 0 {
        add(
          .lostValues, column.name, "lost_values", limit: limits.lostValues.map(String.init),
          isOver: limits.lostValues.map { lost > $0 } ?? false,
          "\(pastValues.count) → \(pastValues.count - lost)", count: lost)
      }
    }
    for past in before.columns where !now.columns.contains(where: { $0.name == past.name }) {
      add(.drift, past.name, "columns", limit: nil, isOver: false, "\(past.type) → –")
    }
    return over.isEmpty ? [] : over + others
  }

  private func nullShare(_ column: TableProfile.Column) -> Double {
    let count = column.nullCount + column.valueCount
    return count == 0 ? 0 : Double(column.nullCount) / Double(count)
  }

  private func percent(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)%" : "\(tenths / 10).\(tenths % 10)%"
  }

  /// By how much of its old width a range grew at its two ends.
  ///
  /// Nil where it cannot be told. Dates are counted in days.
  private func widening(from past: (least: String, most: String), to range: (least: String, most: String)) -> Double? {
    guard let a = position(past.least), let b = position(past.most), let c = position(range.least),
      let d = position(range.most)
    else { return nil }
    let growth = max(0, a - c) + max(0, d - b)
    // One value has no width: its own size stands for it.
    return growth == 0 ? 0 : growth / max(b - a, b == a ? max(abs(a), 1) : b - a)
  }

  private func position(_ text: String) -> Double? {
    if let number = Double(text), number.isFinite { return number }
    let parts = text.prefix(10).split(separator: "-").map { Int($0) }
    guard let year = parts.first ?? nil, text.count >= 7, parts.count >= 2, let month = parts[1] else { return nil }
    let day = parts.count > 2 ? parts[2] ?? 1 : 1
    return CivilDate(year: year, month: month, day: day).map { Double($0.daysSince1970) }
  }
}
