internal import Approval
internal import Export
internal import Hashing
internal import PrivateStore
package import Publication
package import Tabular

/// A candidate that waits for its officers, as they are shown it.
package struct WaitingCandidate: Sendable {
  package let dataset: DatasetID
  package let release: ReleaseID
  package let version: Version
  package let rowCount: Int
  /// What the record says changed since the release before.
  package let change: JSON
  /// The ids of the officers who have signed.
  package let signed: [String]
  /// What is handed to the officers: a file to sign.
  package let form: JSON
}

extension Publisher {
  /// The candidates that wait.
  package func waitingCandidates() throws -> [WaitingCandidate] {
    try privateStore.datasetsWithApproval().compactMap { dataset in
      guard let held = try HeldCandidate.waiting(in: privateStore.approvalFolder(of: dataset)) else { return nil }
      let record = held.record
      return WaitingCandidate(
        dataset: dataset, release: record.release, version: record.version, rowCount: record.rowCount,
        change: record.json["change"] ?? .null,
        signed: try held.approvals(by: eligibleOfficers(of: dataset)).map(\.officer),
        form: .members(
          [("format", .string(candidateFormFormat))] + held.statement.members + [
            ("version", .string(record.version.description)), ("row_count", .int(record.rowCount)),
            ("change", record.json["change"]), ("metadata", record.json["metadata"]), ("schema", record.json["schema"]),
            ("files", record.json["files"]),
          ]))
    }
  }

  /// Takes in an officer's approval, of a candidate or a standing one.
  ///
  /// - Returns: the dataset, and how many signatures it has now.
  /// - Throws: `StoreError` where the approval does not hold.
  package func accept(approval bytes: [UInt8]) throws -> (dataset: DatasetID, count: Int, needed: Int) {
    let json = try? JSONParser.parse(bytes)
    let locks = try begin()
    defer { _ = locks }
    if let standing = json.flatMap(SignedApproval<StandingStatement>.init(json:)) {
      let dataset = standing.statement.dataset
      do {
        let count = try StandingApprovals.add(
          standing, officers: eligibleOfficers(of: dataset), folder: privateStore.approvalFolder(of: dataset),
          today: clock.today)
        return (dataset, count, HeldCandidate.neededCount)
      } catch let error as ApprovalError {
        throw StoreError(
          error.description,
          hint: "daylight review \(dataset) --standing --until DATE --export FILE gives the present form")
      }
    }
    guard let approval = json.flatMap(SignedApproval<ApprovalStatement>.init(json:)) else {
      throw StoreError("this is no approval", hint: "daylight approve FORM --key FILE writes one")
    }
    let dataset = approval.statement.dataset
    guard let held = try HeldCandidate.waiting(in: privateStore.approvalFolder(of: dataset)) else {
      throw StoreError("no candidate of \(dataset) waits for approval")
    }
    let officers = try eligibleOfficers(of: dataset)
    do { try held.add(approval, officers: officers) } catch let error as ApprovalError {
      throw StoreError(error.description, hint: "daylight review \(dataset) --export FILE gives the present form")
    }
    return (dataset, try held.approvals(by: officers).count, HeldCandidate.neededCount)
  }

  /// The form of a standing approval, for the officers to sign.
  ///
  /// - Throws: `StoreError` for a day that is past or more than a year away, and for a configuration that is not known.
  package func standingForm(
    of plan: DatasetPlan, until: CivilDate, rowChangePercent: Int
  ) throws -> JSON {
    guard case .ready(let dataset, _, let configuration?) = plan else {
      throw StoreError(kind: .configuration, "\(plan.id) is misconfigured")
    }
    guard until >= clock.today, until <= clock.today.advanced(days: StandingStatement.longestDayCount) else {
      throw StoreError(kind: .configuration, "--until must be a day within a year")
    }
    let statement = StandingStatement(
      dataset: dataset.id, policy: configuration, until: until, rowChangePercent: rowChangePercent)
    return .members(
      [("format", .string(standingFormFormat))] + statement.members + [
        (
          "columns",
          .array(
            dataset.columns.map { column in
              .members([("field", .string(column.field)), ("policy", .string(dataset.statement(of: column)))])
            })
        )
      ])
  }

  private func eligibleOfficers(of dataset: DatasetID) throws -> [Officer] {
    try Approve.eligible(site.officers, folder: privateStore.approvalFolder(of: dataset))
  }

  /// Drops the candidate that waits, with its approvals: the next run makes another, where there still is something to release.
  package func reject(_ dataset: DatasetID, reason: LocalizedText) throws {
    let locks = try begin()
    defer { _ = locks }
    let folder = privateStore.approvalFolder(of: dataset)
    guard try HeldCandidate.waiting(in: folder) != nil else {
      throw StoreError("no candidate of \(dataset) waits for approval")
    }
    try HeldCandidate.discard(folder)
    // Who sends one back wants to see the next.
    try StandingApprovals.discard(folder)
    try privateStore.ledger.add([
      RunRecord(
        run: newRunID(), dataset: dataset, at: clock.now, outcome: .refused, release: nil, version: nil, rowCount: nil,
        reason: reason)
    ])
  }
}

/// Signs the form of a candidate: on the officer's own machine, with a key that the publisher does not have.
///
/// - Parameters:
///   - form: what `waitingCandidates` gave.
///   - seed: the officer's secret, 32 bytes.
/// - Returns: the approval; nil where the form is none.
package func signApproval(
  form: JSON, officer: String, secrecyReview: String, legalBasis: String, seed: [UInt8]
) -> JSON? {
  guard seed.count == 32 else { return nil }
  func signed<Subject: ApprovalSubject>(_ statement: Subject?) -> JSON? {
    statement.map {
      SignedApproval(
        $0, officer: officer, secrecyReview: secrecyReview, legalBasis: legalBasis, key: SigningKey(seed: seed)
      ).json
    }
  }
  return switch form["format"]?.text {
  case candidateFormFormat: signed(ApprovalStatement(json: form))
  case standingFormFormat: signed(StandingStatement(json: form))
  default: nil
  }
}

private let candidateFormFormat = "daylight-review-1"
private let standingFormFormat = "daylight-standing-review-1"

/// A new key pair of an officer: the secret, and what goes into `site.yaml`, both in hexadecimal digits.
package func newOfficerKey() -> (secret: String, publicKey: String) {
  let key = SigningKey.random()
  return (encodeHex(key.seed), encodeHex(key.publicKey))
}
