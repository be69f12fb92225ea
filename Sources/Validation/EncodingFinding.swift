internal import Publication
internal import TableSchema
internal import Tabular

extension EncodingEvidence {
  /// What is wrong with a file's encoding, and where: only the code that is none, one to four bytes of it, and the classes of what
  /// stands beside it.
  func finding(of path: String, _ form: DeliveryForm) -> Finding {
    switch verdict {
    case .encoding: preconditionFailure("nothing is wrong")
    case .mismatch(let stated, let likely): return Finding(.encodingMismatch, rule: stated.rawValue, detail: likely)
    case .mixed(let most, let other, let lines):
      var finding = Finding(.mixedEncodings, rule: most.rawValue, detail: other.rawValue, count: lines.count)
      finding.examples = lines.first.map { Location(line: $0) }
      finding.first = finding.examples.first ?? Location()
      finding.last = Location(line: lines.last)
      return finding
    case .undetermined(_, _, let likely?):
      return Finding(.encodingUndetermined, detail: likely)
    case .undetermined(let nearest, let firstInvalid, nil):
      return Self.finding(.encodingUndetermined, nearest, firstInvalid, path, form)
    case .invalid(let stated, let firstInvalid):
      return Self.finding(.encodingError, stated, firstInvalid, path, form)
    }
  }

  /// Finds row, column and neighbours of the first code that is none, by reading what comes before it.
  private static func finding(
    _ code: FindingCode, _ encoding: TextEncoding, _ firstInvalid: Int?, _ path: String, _ form: DeliveryForm
  ) -> Finding {
    guard let firstInvalid else { return Finding(code, rule: encoding.rawValue) }
    var location = Location(byte: firstInvalid)
    var column: Int?
    var before = ""
    if let prefix = try? FileByteSource(path: path, limit: firstInvalid) {
      let text = DecodingByteSource(prefix, encoding: encoding, markByteCount: 0)
      var reader = RecordReader(
        text, layout: form.dialect.layout ?? CanonicalRows.layout,
        maximumRecordByteCount: form.maximumRecordByteCount)
      while (try? reader.next()) == true {
        let last = reader.batch.recordCount - 1
        location.row = dataRow(reader.recordsBefore + last + 1, form.dialect)
        location.line = reader.line(of: last)
        column = reader.batch.fieldCount(last)
        let cell = reader.batch.text(reader.batch.field(last, (column ?? 1) - 1))
        let end = Array(cell.suffix(16).drop { $0 & 0xc0 == 0x80 })
        before = characterClasses(of: end.span)
      }
    }
    var bytes: [UInt8] = []
    if let input = try? InputFile(path: path) { _ = try? input.read(16, at: firstInvalid, appendingTo: &bytes) }
    let bad = invalidCode(in: bytes, at: 0, encoding)
    let rest = bytes[bad.endIndex...].prefix { $0 != 0x0a && $0 != 0x0d }.map { $0 < 0x80 ? $0 : 0x3f }
    let parts = [before, bad.isEmpty ? "" : "[\(encodeHex(bad))]", characterClasses(of: rest.span)]
    return Finding(
      code, field: column.map { columnName($0 - 1) }, rule: encoding.rawValue,
      detail: bad.isEmpty ? nil : parts.filter { !$0.isEmpty }.joined(separator: " "), at: location)
  }
}
