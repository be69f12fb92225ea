package import Publication
package import Tabular

// `sign-off.json` beside `dataset.yaml`: written by `daylight sign-off`, read here.
extension ColumnSignOff {
  /// - Returns: nil where a member is missing or of another form.
  package init?(json: JSON) {
    guard json["format"]?.text == Self.format, let steward = json["steward"]?.text,
      let approver = json["approver"]?.text, !steward.isEmpty, !approver.isEmpty, steward != approver,
      let expires = json["expires"]?.text.flatMap(CivilDate.init), let elements = json["columns"]?.elements
    else { return nil }
    var columns: [Column] = []
    for element in elements {
      guard let field = element["field"]?.text, let policy = element["policy"]?.text, let type = element["type"]?.text,
        let lengths = element["lengths"]?.elements?.compactMap(\.integer),
        let characters = element["characters"]?.elements?.compactMap(\.integer),
        case .object(let members)? = element["identifiers"]
      else { return nil }
      var identifiers: [String: Int] = [:]
      for member in members { identifiers[member.name] = member.value.integer }
      columns.append(
        Column(
          field: field, policy: policy,
          fingerprint: ColumnFingerprint(
            type: type, lengths: lengths, characters: characters, identifiers: identifiers)))
    }
    self.init(steward: steward, approver: approver, expires: expires, columns: columns)
  }

  package var json: JSON {
    func numbers(_ values: [Int]) -> JSON { .array(values.map { .int($0) }) }
    return .members([
      ("format", .string(Self.format)), ("steward", .string(steward)), ("approver", .string(approver)),
      ("expires", .string(expires.description)),
      (
        "columns",
        .array(
          columns.map { column in
            .members([
              ("field", .string(column.field)), ("policy", .string(column.policy)),
              ("type", .string(column.fingerprint.type)), ("lengths", numbers(column.fingerprint.lengths)),
              ("characters", numbers(column.fingerprint.characters)),
              (
                "identifiers",
                .members(column.fingerprint.identifiers.sorted { $0.key < $1.key }.map { ($0.key, .int($0.value)) })
              ),
            ])
          })
      ),
    ])
  }

  private static let format = "daylight-sign-off-1"
}
