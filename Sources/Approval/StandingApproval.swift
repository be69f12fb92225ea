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
  /// How many rows more or fewer than the release before, in per cent of it.
  package let rowChangePercent: Int

  package static let format = "daylight-standing-approval-1"
  package static let longestDayCount = 366

  package init(dataset: DatasetID, policy: Digest, until: CivilDate, rowChangePercent: Int) {
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
    self.init(dataset: dataset, policy: policy, until: until, rowChangePercent: percent)
  }

  package var members: [(String, JSON?)] {
    [
      ("dataset", .string(dataset.description)), ("policy_sha256", .string(policy.hex)),
      ("until", .string(until.description)), ("row_change_percent", .int(rowChangePercent)),
    ]
  }

  /// Whether a candidate is within what was signed.
  func allows(_ record: ReleaseRecord, policy: Digest, today: CivilDate) -> Bool {
    guard policy == self.policy, today <= until, record.dataset == dataset else { return false }
    let change = record.json["change"]
    // A first release, a lost or changed column: officers look at these themselves.
    guard let level = change?["level"]?.text, level == "minor" || level == "patch",
      let before = change?["rows"]?["before"]?.integer
    else { return false }
    return abs(record.rowCount - before) * 100 <= rowChangePercent * before
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
    try writeDurably(approval.json.prettyBytes, to: "\(folder)/standing/\(officer.id).json", mode: 0o600)
    return try approvals(folder, officers: officers).filter { $0.statement == approval.statement }.count
  }

  package static func discard(_ folder: String) throws { try removeTree("\(folder)/standing") }

  /// Whether two officers have signed the same, and the candidate is within it.
  static func allow(
    _ record: ReleaseRecord, officers: [Officer], folder: String, policy: Digest, today: CivilDate
  ) throws -> Bool {
    let approvals = try approvals(folder, officers: officers)
    return approvals.contains { approval in
      approval.statement.allows(record, policy: policy, today: today)
        && approvals.count { $0.statement == approval.statement } >= HeldCandidate.neededCount
    }
  }

  /// Each by another officer and another key.
  private static func approvals(_ folder: String, officers: [Officer]) throws -> [SignedApproval<StandingStatement>] {
    try SignedApproval.all(below: "\(folder)/standing", officers: officers)
  }
}
