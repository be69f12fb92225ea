internal import Hashing
package import Publication
internal import Recognition
internal import Redaction
package import Tabular

extension CheckOutput {
  static func digest(of bytes: [UInt8], path: String) -> WorkFile {
    WorkFile(path: path, byteCount: bytes.count, digest: SHA256.hash(bytes))
  }

  /// Looks through a descriptor or record: it must be JSON, and hold nothing sensitive.
  func checkText(_ bytes: [UInt8], name: String, rawValues: RawValues, addingTo findings: inout FindingCollector) throws
  {
    guard let json = try? JSONParser.parse(bytes) else {
      findings.add(Finding(.outputMismatch, field: name, rule: "json"))
      return
    }
    // Pages show texts without their escapes: so they are looked at that way too.
    addSensitiveNumbers(in: withoutDigests(texts(of: json)), name: name, to: &findings)
    try Self.checkPlainText(withoutDigests(bytes), name: name, rawValues: rawValues, addingTo: &findings)
  }

  /// Looks through a text for people: it must hold nothing sensitive.
  static func checkPlainText(
    _ text: [UInt8], name: String, rawValues: RawValues, addingTo findings: inout FindingCollector
  ) throws {
    if findings.findings.isEmpty { addSensitiveNumbers(in: text, name: name, to: &findings) }
    let removed = try rawValues.countStrong(in: text[...])
    if removed > 0 { findings.add(Finding(.removedValue, field: name, count: removed)) }
  }

  /// Looks through a record that goes out with the site: as it is written, and as pages show it.
  package static func findings(inRecord record: JSON, name: String) -> [Finding] {
    var findings = FindingCollector()
    addSensitiveNumbers(in: withoutDigests(texts(of: record)), name: name, to: &findings)
    return findings.findings
  }

  /// Looks through a page or catalogue that spans datasets, before it is promoted.
  package static func findings(inPage bytes: [UInt8], name: String) -> [Finding] {
    var findings = FindingCollector()
    addSensitiveNumbers(in: withoutDigests(bytes), name: name, to: &findings)
    return findings.findings
  }
}

private func addSensitiveNumbers(in text: [UInt8], name: String, to findings: inout FindingCollector) {
  findIdentifiers(in: text[...]) { kind in
    // Contacts stand in descriptions because somebody wrote them there: names, mailboxes, lines of offices.
    guard kind.isNeverAContact else { return }
    findings.add(Finding(.sensitiveValue, field: name, rule: kind.rawValue))
  }
}

/// Every text in a JSON value, unescaped, parted by NUL.
private func texts(of json: JSON) -> [UInt8] {
  switch json {
  case .string(let text): Array(text.utf8) + [0]
  case .array(let elements): elements.flatMap(texts)
  case .object(let members): members.flatMap { Array($0.name.utf8) + [0] + texts(of: $0.value) }
  case .null, .bool, .number: []
  }
}

/// The text with every SHA-256 digest in it (64 hexadecimal digits between others) blanked: digests hold runs of
/// digits that mean nothing.
///
/// Used for metadata only; data files are read as they are.
private func withoutDigests(_ bytes: [UInt8]) -> [UInt8] {
  var text = bytes
  var start: Int?
  for index in 0...bytes.count {
    let isHex = index < bytes.count && (isDigit(bytes[index]) || (bytes[index] >= 0x61 && bytes[index] <= 0x66))
    if isHex {
      start = start ?? index
    } else {
      if let first = start, index - first == 64 { for position in first..<index { text[position] = UInt8(ascii: "~") } }
      start = nil
    }
  }
  return text
}

private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
