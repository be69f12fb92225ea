package import Export
package import Hashing
package import Publication
package import Tabular

/// What two officers sign for a year at most: this dataset may go out without them while its configuration is this one, no column is lost
/// or changed, and about as many rows come as before.
package struct StandingStatement: ApprovalSubject {
  package let dataset: DatasetID
  /// Of the configuration: site, department, dataset, schema.
  package let policy: Digest
  /// The last day on which it holds.
  package let until: CivilDate
  /// How many rows more or fewer than the release that was in force when it was written, in per cent of it.
  package let rowChangePercent: Int
  /// The rows of that release; nil in a statement of an earlier version of Daylight, and before the first release.
  package let rowCount: Int?

  package static let format = "daylight-standing-approval-1"
  package static let longestDayCount = 366

  package init(dataset: DatasetID, policy: Digest, until: CivilDate, rowChangePercent: Int, rowCount: Int?) {
    self.rowCount = rowCount
    self.dataset = dataset
    self.policy = policy
    self.until = until
    self.rowChangePercent = rowChangePercent
  }

  package init?(json: JSON) {
    guard let dataset = json["dataset"]?.text.flatMap(DatasetID.init),
      let policy = json["policy_sha256"]?.text.flatMap(Digest.init(hex:)),
      let until = json["until"]?.text.flatMap(CivilDate.init(_:)), let percent = json["row_change_percent"]?.integer,
      (0...1_000).contains(percent)
    else { return nil }
    let rowCount = json["row_count"]?.integer
    guard rowCount == nil || (0...(1 << 48)).contains(rowCount ?? 0) else { return nil }
    self.init(dataset: dataset, policy: policy, until: until, rowChangePercent: percent, rowCount: rowCount)
  }

  package var members: [(String, JSON?)] {
    [
      ("dataset", .string(dataset.description)), ("policy_sha256", .string(policy.hex)),
      ("until", .string(until.description)), ("row_change_percent", .int(rowChangePercent)),
      ("row_count", rowCount.map { .int($0) }),
    ]
  }

  /// Whether a candidate is within what was signed: held against the release that officers knew, so that many small steps are no large one.
  func allows(_ record: ReleaseRecord, policy: ConfigurationDigest, basis: Int?, today: CivilDate) -> Bool {
    guard policy.isMeant(by: self.policy), today <= until, record.dataset == dataset else { return false }
    // A first release, a lost or changed column: officers look at these themselves.
    guard let level = record.json["change"]?["level"]?.text, level == "minor" || level == "patch",
      let before = rowCount ?? basis
    else { return false }
    return abs(record.rowCount - before) <= before / 100 * rowChangePercent + before % 100 * rowChangePercent / 100
  }
}

/// The standing approvals of a dataset, in its own folder of the private root.
package enum StandingApprovals {
  /// Takes in an officer's.
  ///
  /// - Returns: how many officers have signed the same.
  /// - Throws: `ApprovalError` where it is by nobody who may give it, or for longer than a year.
  package static func add(
    _ approval: SignedApproval<StandingStatement>, officers: [Officer], folder: String, today: CivilDate
  ) throws -> Int {
    let officer = try approval.signer(among: officers)
    guard approval.statement.until >= today,
      approval.statement.until <= today.advanced(days: StandingStatement.longestDayCount)
    else { throw ApprovalError("it must end within a year, and not before today") }
    try makeFolder("\(folder)/standing")
    // What it is held against is the release of today.
    try removeTree("\(folder)/basis.json")
    try writeDurably(approval.json.prettyBytes, to: "\(folder)/standing/\(officer.id).json", mode: 0o600)
    return try approvals(folder, officers: officers).filter { $0.statement == approval.statement }.count
  }

  package static func discard(_ folder: String) throws {
    try removeTree("\(folder)/standing")
    try removeTree("\(folder)/basis.json")
  }

  /// What statements are held against that do not say it themselves: the release that was in force when they first counted.
  struct Basis: Sendable {
    let rowCount: Int
  }

  /// - Parameter rowCount: of the release in force; it is kept from the first look on.
  static func basis(in folder: String, rowCount: Int?) throws -> Basis? {
    guard fileKind("\(folder)/standing") == .folder else { return nil }
    let path = "\(folder)/basis.json"
    if fileKind(path) == .file {
      let json = try JSONParser.parse(InputFile.contents(of: path, limit: 4_096))
      guard let count = json["row_count"]?.integer, (0...(1 << 48)).contains(count) else {
        throw ApprovalError("\(path) cannot be read")
      }
      return Basis(rowCount: count)
    }
    guard let rowCount else { return nil }
    try writeDurably(JSON.members([("row_count", .int(rowCount))]).prettyBytes, to: path, mode: 0o600)
    return Basis(rowCount: rowCount)
  }

  /// Whether two officers have signed the same, and the candidate is within it.
  static func allow(
    _ record: ReleaseRecord, officers: [Officer], folder: String, policy: ConfigurationDigest, basis: Basis?,
    today: CivilDate
  ) throws -> Bool {
    let approvals = try approvals(folder, officers: officers)
    return approvals.contains { approval in
      approval.statement.allows(record, policy: policy, basis: basis?.rowCount, today: today)
        && approvals.count { $0.statement == approval.statement } >= HeldCandidate.neededCount
    }
  }

  /// Each by another officer and another key.
  private static func approvals(_ folder: String, officers: [Officer]) throws -> [SignedApproval<StandingStatement>] {
    try SignedApproval.all(below: "\(folder)/standing", officers: officers).filter(\.isNotSecret)
  }
}
