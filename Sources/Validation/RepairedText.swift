internal import Publication
internal import TableSchema
internal import Tabular

/// The repairs that a dataset declares for a column, ready to be applied to many cells.
struct CellRepair: Sendable {
  private enum Step: Sendable {
    case trim, halfWidth
    case date(DateRepair)
  }

  private let steps: [Step]
  private let changesPlainText: Bool

  /// - Precondition: patterns that were checked when the configuration was read.
  init(_ repairs: [Repair]) {
    steps = repairs.compactMap { repair in
      switch repair {
      case .trim: .trim
      case .halfWidth: .halfWidth
      case .date(let form): (try? DateRepair(form)).map(Step.date)
      }
    }
    precondition(steps.count == repairs.count, "checked when read")
    changesPlainText = repairs.contains { if case .date = $0 { true } else { false } }
  }

  var isEmpty: Bool { steps.isEmpty }

  /// The text after the repairs; nil where they change nothing.
  func callAsFunction(_ text: Span<UInt8>) -> [UInt8]? {
    guard !steps.isEmpty, changesPlainText || needsLook(text) else { return nil }
    let text = [UInt8](copying: text)
    var repaired = text[...]
    for step in steps {
      switch step {
      case .trim: repaired = trimmed(repaired)
      case .halfWidth: repaired = halfWidth(repaired)[...]
      case .date(let date):
        let current = Array(repaired)
        if let written = date.repaired(current.span) { repaired = written[...] }
      }
    }
    return repaired.elementsEqual(text) ? nil : Array(repaired)
  }
}

/// Whether a repair of characters can change anything: every character that one takes away or replaces is white space or beyond ASCII.
private func needsLook(_ text: Span<UInt8>) -> Bool {
  for index in text.indices where text[index] <= 0x20 || text[index] >= 0x80 { return true }
  return false
}
