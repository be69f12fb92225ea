package import Publication
package import Tabular

/// How a delivered text is to be read, and what its columns are called.
package struct DeliveryForm: Sendable {
  /// Verified, not believed; nil where it is to be found out.
  package var encoding: TextEncoding?
  package var dialect: Source.Dialect
  /// A record of more bytes is refused.
  package var maximumRecordByteCount: Int
  let header: HeaderRule
  /// Fields of which wrong values may be shown; nil for all of them.
  package var shownFields: Set<String>? = []
  /// By field, in their order.
  let repairs: [String: [Repair]]

  enum HeaderRule: Sendable {
    /// Every column is declared by its label, in any order, and there is no other.
    case declared(labels: [String: String])
    /// Labels are the fields' names, and match as the schema says.
    case fieldNames
  }

  /// A file of which nothing is declared but, perhaps, its dialect.
  package init(encoding: TextEncoding? = nil, dialect: Source.Dialect = Source.Dialect()) {
    self.encoding = encoding
    self.dialect = dialect
    maximumRecordByteCount = 16 << 20
    header = .fieldNames
    repairs = [:]
  }

  init(_ dataset: Dataset) {
    encoding = dataset.source.encoding.flatMap(TextEncoding.init(name:))
    dialect = dataset.source.dialect
    maximumRecordByteCount = dataset.source.maximumRecordByteCount
    header = .declared(
      labels: Dictionary(dataset.columns.map { ($0.field, $0.label) }, uniquingKeysWith: { first, _ in first }))
    shownFields = Set(dataset.columns.filter(\.disclosure.isPublic).map(\.field))
    repairs = Dictionary(dataset.columns.map { ($0.field, $0.repairs) }, uniquingKeysWith: { first, _ in first })
  }
}
