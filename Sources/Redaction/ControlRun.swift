package import Publication
internal import Recognition
internal import TableSchema
internal import Tabular

extension Redact {
  /// Takes made-up persons through the transforms of this configuration: recognisers must see them before, and none of what identifies
  /// them may be there after.
  ///
  /// Nothing of it is stored. It does not depend on the delivery: a transform that lets values through is told on its own.
  ///
  /// - Throws: `Refusal` where a value came through, or the recognisers do not see what they should.
  /// - Source: privacy.md §4, canaries.
  package func controlRun() throws {
    var findings = FindingCollector()
    var scanner = IdentifierScanner()
    let hints = fields.map { field in
      let label = dataset.columns.first { $0.field == field.name }?.label ?? ""
      return HeaderHints([field.name, label, field.title?.zh ?? ""])
    }
    for number in 0..<Self.controlRowCount {
      let person = ControlPerson(number)
      checkRecognisers(person, &scanner, &findings)
      let row = try controlRow(person, number, hints)
      for finding in check(row) { findings.add(finding) }
    }
    guard findings.findings.isEmpty else {
      throw Refusal(Report(stage: Self.name, findings: findings.findings, rowCount: Self.controlRowCount))
    }
  }

  private static let controlRowCount = 5

  private func checkRecognisers(
    _ person: ControlPerson, _ scanner: inout IdentifierScanner, _ findings: inout FindingCollector
  ) {
    for (identifier, text) in person.numbers {
      var isSeen = false
      let bytes = Array(text.utf8)
      scanner.scan(bytes.span) { if $0.identifier == identifier && $0.certainty == .certain { isSeen = true } }
      if !isSeen { findings.add(Finding(.controlRun, rule: identifier.rawValue)) }
    }
  }

  private struct ControlRow {
    /// As the source has them.
    var values: [[UInt8]?]
    /// As they would be published; nil where nothing is.
    var published: [[UInt8]?]
  }

  private func controlRow(_ person: ControlPerson, _ number: Int, _ hints: [HeaderHints]) throws -> ControlRow {
    var row = ControlRow(values: [], published: [])
    var scanner = IdentifierScanner()
    for (index, field) in fields.enumerated() {
      let transform = transforms[index]
      // Columns that say nothing of persons are given nothing of them.
      let isPersonal = transform.isDirectIdentifier || (!transform.keepsText && transform.spans == nil)
      let value = field.controlValue(number, candidates: isPersonal ? person.values(for: hints[index]) : [])
      row.values.append(value)
      guard let value, transform.isPublished else {
        row.published.append(nil)
        continue
      }
      var output = TextBuffer()
      let isThere =
        transform.spans.map { spans in
          var found: [Recognition] = []
          spans.find(in: value.span, &scanner, &found)
          return spans.redact(value.span, &found, &output) { _ in }
        } ?? transform.apply(value.span, appendingTo: &output)
      row.published.append(isThere ? output.copy() : nil)
    }
    return row
  }

  /// Values of direct identifiers that came through, anywhere in the row.
  private func check(_ row: ControlRow) -> [Finding] {
    var found: [Finding] = []
    for (index, value) in row.values.enumerated() where transforms[index].isDirectIdentifier {
      guard let value, value.count >= 4 else { continue }
      for (place, text) in row.published.enumerated() {
        guard let text, holds(text, value) else { continue }
        // Another column that is given the same made-up person is not at fault.
        guard place == index || !transforms[place].keepsText else { continue }
        found.append(Finding(.controlRun, field: fields[place].name, rule: fields[index].name))
      }
    }
    return found
  }

  private func holds(_ text: [UInt8], _ value: [UInt8]) -> Bool {
    guard text.count >= value.count else { return false }
    return (0...(text.count - value.count)).contains { text[$0..<$0 + value.count].elementsEqual(value) }
  }
}

/// Somebody who does not exist.
private struct ControlPerson {
  let name: String
  let identityNumber: String
  let mobile: String
  let card: String
  let email: String
  let plate: String
  let address: String

  init(_ number: Int) {
    name = ["王明华", "李秀英", "欧阳建国", "张伟", "陈静"][number % 5]
    // Born before anybody who lives; the area 999999 was never given out, so that no number is anybody's.
    let body = Array("9999991900010\(1 + number % 9)00\(number % 10)".utf8)
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    let sum = zip(body, weights).reduce(0) { $0 + (Int($1.0) - 0x30) * $1.1 }
    identityNumber =
      String(decoding: body, as: UTF8.self) + ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][sum % 11]
    mobile = "1999999000\(number % 10)"
    let start = "621700000000000000\(number % 10)"
    card = start.dropLast() + Self.luhn(String(start.dropLast()))
    email = "control\(number)@mail.example"
    plate = "沪A0000\(number % 10)"
    address = "上海市长宁区试验路\(number + 1)弄2号301室"
  }

  /// What recognisers must see.
  var numbers: [(Identifier, String)] {
    [
      (.residentIdentityNumber, identityNumber), (.mobileNumber, mobile), (.bankCardNumber, card),
      (.emailAddress, email),
      (.licensePlate, plate), (.personalName, "联系人\(name)，"),
    ]
  }

  /// What a column may be given, the likeliest first.
  func values(for hints: HeaderHints) -> [String] {
    let all: [(Identifier, String)] = [
      (.residentIdentityNumber, identityNumber), (.mobileNumber, mobile), (.personalName, name),
      (.bankCardNumber, card),
      (.emailAddress, email), (.licensePlate, plate), (.homeAddress, address), (.passportNumber, "E00000000"),
    ]
    return all.filter { hints.identifiers.contains($0.0) }.map(\.1)
      + all.filter { !hints.identifiers.contains($0.0) }.map(\.1)
  }

  private static func luhn(_ digits: String) -> String {
    var sum = 0
    for (place, digit) in digits.utf8.reversed().enumerated() {
      let value = place % 2 == 0 ? 2 * (Int(digit) - 0x30) : Int(digit) - 0x30
      sum += value > 9 ? value - 9 : value
    }
    return "\((10 - sum % 10) % 10)"
  }
}
