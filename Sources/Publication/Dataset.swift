/// What a dataset's rows are about; privacy gates follow from it.
package enum Subject: String, Sendable, CaseIterable { case person, organisation, place, none }

/// Shanghai's three classes of openness (portals.md §3.3).
package enum Access: String, Sendable, CaseIterable {
  /// 无条件开放: rows are published.
  case unconditional
  /// 有条件开放: the record, the public schema and the conditions are published, and nothing of the data.
  case conditional
  /// 非开放: nothing is published, or title and reason where the dataset is listed.
  case closed
}

/// Who the data are for.
package enum Audience: String, Sendable, CaseIterable {
  case naturalPerson = "natural-person"
  case legalPerson = "legal-person"
  case unincorporatedOrganisation = "unincorporated-organisation"
}

/// How often a department promises an update; freshness is measured against it.
package enum Frequency: String, Sendable, CaseIterable {
  case continuous, daily, weekly, monthly, quarterly
  case halfYearly = "half-yearly"
  case yearly, irregular, never
}

/// Whose word a release needs.
package enum ApprovalPolicy: String, Sendable, CaseIterable, Comparable {
  case none
  case twoPerson = "two-person"

  package static func < (a: Self, b: Self) -> Bool { a == .none && b == .twoPerson }
}

/// The formats that rows are written in.
package enum RowFormat: String, Sendable, CaseIterable {
  case csv, json
  /// For people who open tables in Excel: CSV with a byte order mark and a read-me, in a zip file.
  case zip

  /// The name in the release's folder.
  package var fileName: String { self == .zip ? "data.zip" : "data.\(rawValue).gz" }
}

/// A licence: SPDX id or local name, and the address of its text.
package struct License: Hashable, Sendable {
  package let name: String
  package let title: LocalizedText
  package let path: String

  package init(name: String, title: LocalizedText, path: String) {
    self.name = name
    self.title = title
    self.path = path
  }
}

/// Where to ask.
package struct Contact: Hashable, Sendable {
  package let name: LocalizedText
  package let email: String?
  package let telephone: String?

  package init(name: LocalizedText, email: String?, telephone: String?) {
    self.name = name
    self.email = email
    self.telephone = telephone
  }
}

/// A department, as `department.yaml` describes it.
package struct Department: Sendable {
  package let id: DepartmentID
  package let name: LocalizedText
  package let contact: Contact
  /// What became of the department: renamed, merged; newest last.
  package let history: [LocalizedText]

  package init(id: DepartmentID, name: LocalizedText, contact: Contact, history: [LocalizedText]) {
    self.id = id
    self.name = name
    self.contact = contact
    self.history = history
  }
}

/// Where the department's bytes come from and how they are laid out.
package struct Source: Sendable {
  package let place: Place
  /// The name in configuration; nil when it is to be found out with evidence.
  package let encoding: String?
  package let dialect: Dialect
  /// A record of more bytes than this is refused.
  package let maximumRecordByteCount: Int
  /// What it may be at most: checks keep the length of a cell in 29 bits.
  package static let longestRecord = (1 << 29) - 1

  /// Where a delivery is found.
  package enum Place: Sendable {
    /// A file: its absolute path, already checked to lie below `root`; a link on the way is refused when it is opened.
    case file(path: String, root: String)
    case web(WebSource)
  }

  /// A delivery that is fetched.
  package struct WebSource: Sendable {
    /// An http or https address at an allowed host.
    package let url: String
    /// Names of PEM files in the private root: `tls/<name>.ca.pem`, `tls/<name>.crt.pem` and `tls/<name>.key.pem`.
    package let authority: String?
    package let clientCertificate: String?

    package init(url: String, authority: String?, clientCertificate: String?) {
      self.url = url
      self.authority = authority
      self.clientCertificate = clientCertificate
    }
  }

  package init(place: Place, encoding: String?, dialect: Dialect, maximumRecordByteCount: Int = 16 << 20) {
    self.place = place
    self.encoding = encoding
    self.dialect = dialect
    self.maximumRecordByteCount = maximumRecordByteCount
  }
}

/// What must hold of a delivery as a whole.
package struct Assertions: Sendable {
  package var minimumRowCount: Int?
  package var maximumRowCount: Int?
  /// The row count may differ from the last release's by so many per cent.
  package var rowCountChangePercent: Int?
  /// For all columns.
  package var drift = DriftLimits()
  /// By field; what one does not say is as for all.
  package var columnDrift: [String: DriftLimits] = [:]

  /// By how much a column may differ from the last accepted delivery; nil for any.
  package struct DriftLimits: Sendable {
    /// Percentage points that the share of missing values may change by.
    package var nulls: Int?
    /// Per cent of its width that the range may grow by.
    package var range: Int?
    /// How many values may be new, or gone, in a column of at most a hundred different ones.
    package var newValues: Int?
    package var lostValues: Int?

    package init() {}
  }

  package func drift(of field: String) -> DriftLimits {
    guard let own = columnDrift[field] else { return drift }
    var limits = drift
    limits.nulls = own.nulls ?? limits.nulls
    limits.range = own.range ?? limits.range
    limits.newValues = own.newValues ?? limits.newValues
    limits.lostValues = own.lostValues ?? limits.lostValues
    return limits
  }

  package init() {}
}

/// A dataset, as its folder describes it, without its Table Schema.
package struct Dataset: Sendable {
  package let id: DatasetID
  package let department: Department
  package let title: LocalizedText
  package let description: LocalizedText
  package let subject: Subject
  package let access: Access
  /// For a closed dataset: whether title and reason are listed.
  ///
  /// For a conditional one: the conditions.
  package let isListed: Bool
  package let conditions: LocalizedText?
  package let audience: [Audience]
  /// 数据领域.
  package let domain: LocalizedText
  package let legalBasis: LocalizedText?
  package let frequency: Frequency
  package let keywords: [Language: [String]]
  package let license: License
  package private(set) var source: Source
  /// File name of the Table Schema of the source, without `.tableschema.json`.
  package let schemaName: String
  package let columns: [ColumnPolicy]
  /// Whose word it is what they may tell; nil where nobody gave it.
  package var signOff: ColumnSignOff?
  /// Of the site: what addresses are held against; nil where it has none.
  package var divisions: Divisions?
  /// Rows that are not published at all.
  package var recordSuppressions: [RecordSuppression] = []
  package let assertions: Assertions
  package let releaseKey: [String]
  private let formats: [RowFormat]
  /// The zip file was not asked for: it is left out where the table is too large for a spreadsheet to be of use.
  private let zipsOnlySmall: Bool
  package let approval: ApprovalPolicy
  package let schedule: Schedule?

  /// The columns that order the rows and tell them apart: none for a table about persons, which is ordered by its own bytes,
  /// because an order by key could tell who came first.
  package var orderingKey: [String] { subject == .person ? [] : releaseKey }

  /// The same dataset, with another delivery.
  package func from(_ source: Source) -> Dataset {
    var dataset = self
    dataset.source = source
    return dataset
  }

  /// The formats that rows of so many bytes of CSV are written in.
  package func formats(rowByteCount: Int) -> [RowFormat] {
    formats.filter { $0 != .zip || !zipsOnlySmall || rowByteCount < 50_000_000 }
  }

  package init(
    id: DatasetID, department: Department, title: LocalizedText, description: LocalizedText, subject: Subject,
    access: Access, isListed: Bool, conditions: LocalizedText?, audience: [Audience], domain: LocalizedText,
    legalBasis: LocalizedText?, frequency: Frequency, keywords: [Language: [String]], license: License, source: Source,
    schemaName: String, columns: [ColumnPolicy], assertions: Assertions, releaseKey: [String], formats: [RowFormat],
    zipsOnlySmall: Bool = false, approval: ApprovalPolicy, schedule: Schedule?
  ) {
    self.id = id
    self.department = department
    self.title = title
    self.description = description
    self.subject = subject
    self.access = access
    self.isListed = isListed
    self.conditions = conditions
    self.audience = audience
    self.domain = domain
    self.legalBasis = legalBasis
    self.frequency = frequency
    self.keywords = keywords
    self.license = license
    self.source = source
    self.schemaName = schemaName
    self.columns = columns
    self.assertions = assertions
    self.releaseKey = releaseKey
    self.formats = formats
    self.zipsOnlySmall = zipsOnlySmall
    self.approval = approval
    self.schedule = schedule
  }
}
