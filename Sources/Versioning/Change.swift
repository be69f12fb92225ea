package import Publication
internal import Redaction
internal import TableSchema
package import Tabular

/// What a release changes, decided by the machine, with every reason.
package struct Change: Sendable {
  package enum Level: String, Sendable, Comparable {
    case patch, minor, major, first

    package static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
    private var rank: Int {
      switch self {
      case .patch: 0
      case .minor: 1
      case .major: 2
      case .first: 3
      }
    }

    func next(after version: Version) -> Version {
      switch self {
      case .first: Version(1, 0, 0)
      case .major: Version(version.major + 1, 0, 0)
      case .minor: Version(version.major, version.minor + 1, 0)
      case .patch: Version(version.major, version.minor, version.patch + 1)
      }
    }
  }

  /// Why: the kind of change, and the column or format that it concerns.
  package enum Reason: Sendable, Hashable {
    case first
    /// Published again after it had been taken back.
    case reinstated
    case columnRemoved(String), columnRetyped(String), columnsReordered, keyChanged, formatRemoved(String)
    case columnAdded(String), formatAdded(String), rowsAdded, rowsRemoved
    case valuesChanged, metadataChanged

    var level: Level {
      switch self {
      case .first: .first
      case .reinstated, .columnRemoved, .columnRetyped, .columnsReordered, .keyChanged, .formatRemoved: .major
      case .columnAdded, .formatAdded, .rowsAdded, .rowsRemoved: .minor
      case .valuesChanged, .metadataChanged: .patch
      }
    }

    var isAboutColumns: Bool {
      switch self {
      case .columnAdded, .columnRemoved, .columnRetyped, .columnsReordered, .keyChanged: true
      default: false
      }
    }

    /// Code and subject as `release.json` holds them: `column-removed`, `phone`.
    package var code: (code: String, subject: String?) {
      switch self {
      case .first: ("first-release", nil)
      case .reinstated: ("reinstated", nil)
      case .columnRemoved(let name): ("column-removed", name)
      case .columnRetyped(let name): ("column-retyped", name)
      case .columnsReordered: ("columns-reordered", nil)
      case .keyChanged: ("key-changed", nil)
      case .formatRemoved(let name): ("format-removed", name)
      case .columnAdded(let name): ("column-added", name)
      case .formatAdded(let name): ("format-added", name)
      case .rowsAdded: ("rows-added", nil)
      case .rowsRemoved: ("rows-removed", nil)
      case .valuesChanged: ("values-changed", nil)
      case .metadataChanged: ("metadata-changed", nil)
      }
    }
  }

  package let level: Level
  package let reasons: [Reason]
  package let rowsBefore: Int?
  package let rowsAfter: Int
  /// Nil where rows cannot be told apart: in the first release, and where the key changed.
  package let rows: RowChanges?

  init(level: Level, reasons: [Reason], rowsBefore: Int?, rowsAfter: Int, rows: RowChanges?) {
    self.level = level
    self.reasons = reasons
    self.rowsBefore = rowsBefore
    self.rowsAfter = rowsAfter
    self.rows = rows
  }

  /// The rules of the design: MAJOR column removed, renamed, retyped, reordered or key changed; MINOR column
  /// appended, rows added or removed; PATCH values or descriptive metadata changed.
  ///
  /// A renamed column is one removed and one added.
  init(previous: PreviousRelease, current: PublicTable, keyNames: [String], rows: RowChanges?) {
    let schema = current.schema.schema
    var reasons: [Reason] = []
    for field in previous.schema.fields {
      guard let index = schema.index(of: field.name) else {
        reasons.append(.columnRemoved(field.name))
        continue
      }
      if schema.fields[index].type != field.type { reasons.append(.columnRetyped(field.name)) }
    }
    let before = previous.schema.fields.map(\.name).filter { schema.index(of: $0) != nil }
    let after = schema.fields.map(\.name).filter { previous.schema.index(of: $0) != nil }
    if before != after { reasons.append(.columnsReordered) }
    let added = schema.fields.filter { previous.schema.index(of: $0.name) == nil }
    reasons.append(contentsOf: added.map { .columnAdded($0.name) })
    // A column that is not put last moves those after it.
    if let first = added.first, let index = schema.index(of: first.name), index < schema.fields.count - added.count,
      !reasons.contains(.columnsReordered)
    {
      reasons.append(.columnsReordered)
    }
    if keyNames != previous.keyNames || schema.primaryKey != previous.schema.primaryKey { reasons.append(.keyChanged) }
    let formats = current.dataset.formats(rowByteCount: current.rows.byteCount)
    for format in previous.formats where !formats.contains(format) {
      reasons.append(.formatRemoved(format.rawValue))
    }
    for format in formats where !previous.formats.contains(format) {
      reasons.append(.formatAdded(format.rawValue))
    }
    if let rows {
      if rows.added > 0 { reasons.append(.rowsAdded) }
      if rows.removed > 0 { reasons.append(.rowsRemoved) }
      if rows.changed > 0 { reasons.append(.valuesChanged) }
    } else if current.rowCount != previous.rowCount {
      reasons.append(current.rowCount > previous.rowCount ? .rowsAdded : .rowsRemoved)
    }
    // Titles, units, limits: what is said of the columns, where the columns are the same.
    let isSameShape = !reasons.contains { $0.isAboutColumns }
    let isDescribedOtherwise =
      previous.metadata != descriptiveMetadata(of: current.dataset)
      || (isSameShape && previous.schema.json != schema.json)
    if isDescribedOtherwise || reasons.isEmpty { reasons.append(.metadataChanged) }
    self.init(
      level: reasons.map(\.level).max() ?? .patch, reasons: reasons, rowsBefore: previous.rowCount,
      rowsAfter: current.rowCount, rows: rows)
  }

  /// As `release.json` holds it.
  package var json: JSON {
    .members([
      ("level", .string(level.rawValue)),
      (
        "reasons",
        .array(
          reasons.map { reason in
            .members([("code", .string(reason.code.code)), ("subject", reason.code.subject.map { .string($0) })])
          })
      ),
      (
        "rows",
        .members([
          ("before", rowsBefore.map { .int($0) }), ("after", .int(rowsAfter)), ("added", rows.map { .int($0.added) }),
          ("removed", rows.map { .int($0.removed) }), ("changed", rows.map { .int($0.changed) }),
        ])
      ),
    ])
  }
}

/// How many rows are new, gone, and other than before.
package struct RowChanges: Sendable, Hashable {
  package var added = 0
  package var removed = 0
  package var changed = 0
}

/// What people read about a dataset, as far as it makes a new release when it changes.
package func descriptiveMetadata(of dataset: Dataset) -> JSON {
  func both(_ text: LocalizedText) -> JSON {
    .members([("zh", .string(text.zh)), ("en", text.en.map { .string($0) })])
  }
  let department = dataset.department
  return .members([
    ("title", both(dataset.title)),
    ("description", both(dataset.description)),
    ("subject", .string(dataset.subject.rawValue)),
    ("access", .string(dataset.access.rawValue)),
    ("conditions", dataset.conditions.map(both)),
    ("audience", .array(dataset.audience.map { .string($0.rawValue) })),
    ("domain", both(dataset.domain)),
    ("legal_basis", dataset.legalBasis.map(both)),
    ("frequency", .string(dataset.frequency.rawValue)),
    (
      "keywords",
      .members(
        Language.allCases.map { language in
          (language.rawValue, .array((dataset.keywords[language] ?? []).map { .string($0) }))
        })
    ),
    (
      "license",
      .members([
        ("name", .string(dataset.license.name)), ("title", both(dataset.license.title)),
        ("path", .string(dataset.license.path)),
      ])
    ),
    (
      "department",
      .members([
        ("id", .string(department.id.name)), ("name", both(department.name)),
        (
          "contact",
          .members([
            ("name", both(department.contact.name)), ("email", department.contact.email.map { .string($0) }),
            ("telephone", department.contact.telephone.map { .string($0) }),
          ])
        ),
      ])
    ),
  ])
}
