internal import Publication
internal import Tabular

/// The text after the repairs that the dataset declares; nil where they change nothing.
func repairedText(_ text: Span<UInt8>, _ repairs: [Repair]) -> [UInt8]? {
  guard !repairs.isEmpty, needsLook(text) else { return nil }
  let text = [UInt8](copying: text)
  var repaired = text[...]
  for repair in repairs {
    switch repair {
    case .trim: repaired = trimmed(repaired)
    case .halfWidth: repaired = halfWidth(repaired)[...]
    }
  }
  return repaired.elementsEqual(text) ? nil : Array(repaired)
}

/// Whether a repair can change anything: every character that one takes away or replaces is white space or beyond ASCII.
private func needsLook(_ text: Span<UInt8>) -> Bool {
  for index in text.indices where text[index] <= 0x20 || text[index] >= 0x80 { return true }
  return false
}
