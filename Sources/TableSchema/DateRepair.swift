package import Publication
internal import Tabular

/// Writes a date that is delivered in another form as the standard has it: the repair `date`.
package struct DateRepair: Sendable {
  private enum Form: Sendable {
    case text(ValueReader)
    case excelSerial
  }

  private let form: Form

  /// - Parameter form: `any`, `excel` (a number of days as spreadsheets count them), or a pattern such as `%Y/%m/%d`.
  package init(_ form: String) throws(SchemaError) {
    switch form {
    case "excel": self.form = .excelSerial
    case "any": self.form = .text(ValueReader(.date(.any)))
    default: self.form = .text(ValueReader(.date(.pattern(try TimePattern(form, kind: .date, at: "")))))
    }
  }

  /// Nil where the text is not of that form.
  package func repaired(_ text: Span<UInt8>) -> [UInt8]? {
    switch form {
    case .text(let reader):
      var canonical: [UInt8] = []
      return reader.read(text, rewritingInto: &canonical) == .rewritten ? canonical : nil
    case .excelSerial:
      guard text.count <= 7, let serial = wholeNumber(text), (61...2_958_465).contains(serial) else { return nil }
      // 25569 is 1970-01-01. Serial 60 is a day that never was; before it counting differs from program to program.
      return Array("\(CivilDate(daysSince1970: serial - 25_569))".utf8)
    }
  }

  private func wholeNumber(_ text: Span<UInt8>) -> Int? {
    var value = 0
    for index in text.indices {
      guard text[index] >= 0x30, text[index] <= 0x39 else { return nil }
      value = value * 10 + Int(text[index] - 0x30)
    }
    return text.isEmpty ? nil : value
  }
}
