package import Publication
internal import Recognition
internal import TableSchema
internal import Yams

/// `columns:` of a dataset: every column of the delivery, and what becomes of it.
extension ConfigurationReader {
  func columns(_ value: YAMLValue) throws -> [ColumnPolicy] {
    var policies: [ColumnPolicy] = []
    var labels: Set<String> = []
    for (name, column) in try value.mapping().allMembers() {
      let members = try column.mapping()
      let disclosure: Disclosure = try members.required("disclosure").choice()
      let label = try members["from"]?.text() ?? name
      guard labels.insert(label).inserted else {
        throw column.fail("has the same header text as another column: \(label)")
      }
      let transform: Transform
      if let written = members["transform"] {
        transform = try self.transform(written)
      } else if disclosure.isPublic {
        transform = .keep
      } else {
        throw column.fail("needs a transform, because it is \(disclosure.rawValue)", hint: "transform: drop")
      }
      if disclosure == .directIdentifier {
        if transform == .keep {
          throw column.fail("is a direct identifier and cannot be kept", hint: "transform: drop")
        }
        if case .mask(let first, let last) = transform, first > 3 || last > 4 {
          throw column.fail("is a direct identifier: a mask may show its first 3 and last 4 characters at most")
        }
      }
      policies.append(
        ColumnPolicy(
          field: name, label: label, disclosure: disclosure, transform: transform,
          repairs: try members["repair"]?.list().map(repair) ?? [],
          accepted: try members["accept"].map(accepted) ?? [:],
          onFind: try members["on_find"]?.choice() ?? .refuse,
          mayRepeat: try members["may_repeat"].map { try reasons($0, "why its values may stand there") } ?? [:],
          suppression: try members["suppress_when"].map(suppression)))
      try members.finish()
    }
    let names = Set(policies.map(\.field))
    for policy in policies {
      for other in [policy.suppression?.field].compactMap({ $0 }) + policy.mayRepeat.keys.sorted()
      where !names.contains(other) {
        throw value.fail("has \(policy.field), which names \(other), which is no column")
      }
    }
    for policy in policies {
      guard case .generaliseGrid(_, let pair, let least) = policy.transform else { continue }
      let other = policies.first { $0.field == pair }?.transform
      guard case .generaliseGrid(_, policy.field, least)? = other else {
        throw value.fail(
          "has \(policy.field) in a grid with \(pair), which says nothing of it",
          hint: "both coordinates need grid, each the other as pair, with the same at_least")
      }
    }
    guard !policies.isEmpty else { throw value.fail("must list every column of the delivery") }
    return policies
  }

  private func suppression(_ value: YAMLValue) throws -> ColumnPolicy.Suppression {
    let members = try value.mapping()
    let suppression = ColumnPolicy.Suppression(
      field: try members.required("column").text(), begins: try beginnings(members.required("begins")))
    try members.finish()
    return suppression
  }

  /// `suppress_records:` of a dataset: rows that are not published at all.
  func recordSuppressions(_ value: YAMLValue, _ columns: [ColumnPolicy]) throws -> [RecordSuppression] {
    try value.list().map { item in
      let members = try item.mapping()
      let field = try members.required("column")
      let rule = ColumnPolicy.Suppression(field: try field.text(), begins: try beginnings(members.required("begins")))
      guard columns.contains(where: { $0.field == rule.field }) else { throw field.fail("is no column") }
      let suppression = RecordSuppression(rule: rule, reason: try members.required("reason").localized())
      try members.finish()
      return suppression
    }
  }

  private func beginnings(_ value: YAMLValue) throws -> [String] {
    let texts = try (try? value.texts()) ?? [value.text()]
    guard !texts.isEmpty, texts.allSatisfy({ !$0.isEmpty }) else {
      throw value.fail("must say how the other column begins")
    }
    return texts
  }

  /// Identifiers that may stand in a column, each with the reason.
  private func accepted(_ value: YAMLValue) throws -> [String: String] {
    for (name, reason) in try value.mapping().allMembers() {
      guard let identifier = Identifier(rawValue: name) else {
        let all = Identifier.allCases.filter(\.mayBeAccepted).map(\.rawValue).joined(separator: ", ")
        throw reason.fail("is none of the identifiers: \(all)")
      }
      guard identifier.mayBeAccepted else { throw reason.fail("is never public: \(name)") }
    }
    return try reasons(value, "why it is public")
  }

  /// What somebody gave a reason for, by name.
  private func reasons(_ value: YAMLValue, _ wanted: String) throws -> [String: String] {
    var reasons: [String: String] = [:]
    for (name, reason) in try value.mapping().allMembers() {
      let text = try reason.text()
      guard !text.isEmpty else { throw reason.fail("needs the reason \(wanted)") }
      reasons[name] = text
    }
    return reasons
  }

  private func repair(_ value: YAMLValue) throws -> Repair {
    guard let members = try? value.mapping() else {
      switch try value.text() {
      case "trim": return .trim
      case "half-width": return .halfWidth
      default: throw value.fail("must be one of trim, half-width, {date: …}")
      }
    }
    let form = try members.required("date")
    let text = try form.text()
    try members.finish()
    do throws(SchemaError) { _ = try DateRepair(text) } catch {
      throw form.fail("is no form of date: \(error.problem)", hint: "any, excel, or a pattern such as \"%Y/%m/%d\"")
    }
    return .date(text)
  }

  private func transform(_ value: YAMLValue) throws -> Transform {
    if case .scalar = value.node {
      switch try value.text() {
      case "keep": return .keep
      case "drop": return .drop
      default: throw value.fail("must be keep, drop, or a mapping with mask, replace, hash or generalise")
      }
    }
    let members = try value.mapping()
    let all = ["mask", "replace", "hash", "generalise"].compactMap { members[$0] }
    try members.finish()
    guard all.count == 1, let only = all.first else {
      throw value.fail("must name one of mask, replace, hash, generalise")
    }
    switch only.path.split(separator: ".").last {
    case "replace": return .replace(with: try only.text())
    case "mask":
      let options = try only.mapping()
      let mask = Transform.mask(
        keepFirst: try options["keep_first"]?.integer(0...16) ?? 0,
        keepLast: try options["keep_last"]?.integer(0...16) ?? 0)
      try options.finish()
      return mask
    case "hash":
      let options = try only.mapping()
      let epoch = try options.required("epoch").text()
      try options.finish()
      return .hash(epoch: epoch)
    default: return try generalisation(only)
    }
  }

  private func decimal(_ value: YAMLValue?) throws -> String? {
    guard let value else { return nil }
    let text = try value.text()
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } }),
      digits.count <= 15
    else {
      throw value.fail("must be a decimal number of at most 15 digits")
    }
    return text
  }

  private func grid(_ value: YAMLValue) throws -> Transform {
    let members = try value.mapping()
    let step = try decimal(members.required("step"))
    guard let step, !step.hasPrefix("-"), step.contains(where: { $0 != "0" && $0 != "." }) else {
      throw value.fail("needs a step over 0")
    }
    let pair = try members.required("pair").text()
    let least = try members["at_least"]?.integer(1...1_000_000) ?? PrivacySummary.smallestToldCount
    try members.finish()
    return .generaliseGrid(step: step, pair: pair, atLeast: least)
  }

  private func generalisation(_ value: YAMLValue) throws -> Transform {
    let options = try value.mapping()
    let number = options["number"], date = options["date"], address = options["address"], grid = options["grid"]
    try options.finish()
    guard [number, date, address, grid].compactMap({ $0 }).count == 1 else {
      throw value.fail("must name one of number, date, address, grid")
    }
    if let grid { return try self.grid(grid) }
    if let date { return .generaliseDate(try date.choice()) }
    if let address { return .generaliseAddress(try address.choice()) }
    guard let number else { throw value.fail("must name one of number, date, address") }
    let bounds = try number.mapping()
    guard let step = try decimal(bounds.required("step")), !step.hasPrefix("-"),
      step.contains(where: { $0 != "0" && $0 != "." })
    else {
      throw number.fail("needs a step over 0")
    }
    let least = try decimal(bounds["at_least"]), most = try decimal(bounds["at_most"])
    let rounding: Transform.Rounding = try bounds["rounding"]?.choice() ?? .down
    try bounds.finish()
    if let least, let most,
      ExactDecimal(canonical: Array(most.utf8)[...]) < ExactDecimal(canonical: Array(least.utf8)[...])
    {
      throw number.fail("has at_least over at_most")
    }
    return .generaliseNumber(step: step, atLeast: least, atMost: most, rounding: rounding)
  }
}
