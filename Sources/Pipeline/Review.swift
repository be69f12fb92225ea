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
  /// The ids of officers who must sign again: they did not say that nothing in it is secret.
  package let unclear: [String]
  /// What is handed to the officers: a file to sign.
  package let form: JSON
}

extension Publisher {
  /// The candidates that wait.
  package func waitingCandidates() throws -> [WaitingCandidate] {
    try privateStore.datasetsWithApproval().compactMap { dataset in
      guard let held = try HeldCandidate.waiting(in: privateStore.approvalFolder(of: dataset)) else { return nil }
      let record = held.record
      let officers = try eligibleOfficers(of: dataset)
      return WaitingCandidate(
        dataset: dataset, release: record.release, version: record.version, rowCount: record.rowCount,
        change: record.json["change"] ?? .null,
        signed: try held.approvals(by: officers).map(\.officer), unclear: try held.unclearApprovals(by: officers),
        form: .members(
          [("format", .string(candidateFormFormat))] + held.statement.members + [
            ("version", .string(record.version.description)), ("row_count", .int(record.rowCount)),
            ("change", record.json["change"]), ("metadata", record.json["metadata"]), ("schema", record.json["schema"]),
            ("files", record.json["files"]), ("officers", Self.officerList(officers)),
          ]))
    }
  }

  /// Whose key is whose, so that nobody signs in another's name by mistake.
  private static func officerList(_ officers: [Officer]) -> JSON {
    .array(officers.map { .members([("id", .string($0.id)), ("key", .string(encodeHex($0.publicKey)))]) })
  }

  /// Notes that officers are given a candidate to look at: from then on it waits for their word.
  package func noteShown(_ dataset: DatasetID) throws {
    try privateStore.withLock {
      try HeldCandidate.waiting(in: privateStore.approvalFolder(of: dataset))?.noteShown()
    }
  }

  /// Makes the officers of `site.yaml` those who count, for datasets of which fewer than two are left of those who signed last.
  ///
  /// - Returns: the datasets of which that was so.
  package func admitOfficers(_ datasets: [DatasetID], reason: LocalizedText) async throws -> [DatasetID] {
    try await exclusively {
      let admitted = try datasets.filter { dataset in
        do {
          return try Approve.admit(site.officers, folder: privateStore.approvalFolder(of: dataset))
        } catch let error as ApprovalError {
          throw StoreError(kind: .configuration, "\(dataset): \(error.problem)")
        }
      }
      try privateStore.ledger.add(
        admitted.map {
          RunRecord(
            run: newRunID(), dataset: $0, at: clock.now, outcome: .waiting, release: nil, version: nil, rowCount: nil,
            reason: reason)
        })
      return admitted
    }
  }

  /// Datasets that officers ever had something to do with.
  package func datasetsWithApproval() throws -> [DatasetID] { try privateStore.datasetsWithApproval() }

  /// Takes in an officer's approval, of a candidate or a standing one.
  ///
  /// - Returns: the dataset, and how many signatures it has now.
  /// - Throws: `StoreError` where the approval does not hold.
  package func accept(approval bytes: [UInt8]) async throws -> (dataset: DatasetID, count: Int, needed: Int) {
    try await exclusively { try acceptAlone(approval: bytes) }
  }

  private func acceptAlone(approval bytes: [UInt8]) throws -> (dataset: DatasetID, count: Int, needed: Int) {
    let json = try? JSONParser.parse(bytes)
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
      throw StoreError("this is not an approval", hint: "daylight approve FORM --key FILE writes one")
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
    let published = try PublishedSite(store: publicStore, own: privateStore)
    guard case .ready(let dataset, _, let configuration?) = plan else {
      throw StoreError(kind: .configuration, "\(plan.id) is misconfigured")
    }
    guard until >= clock.today, until <= clock.today.advanced(days: StandingStatement.longestDayCount) else {
      throw StoreError(kind: .configuration, "--until must be a day within a year")
    }
    let statement = StandingStatement(
      dataset: dataset.id, policy: configuration.meaning, until: until, rowChangePercent: rowChangePercent,
      rowCount: try published.newestRecord(of: dataset.id)?.rowCount)
    return .members(
      [("format", .string(standingFormFormat))] + statement.members + [
        (
          "columns",
          .array(
            dataset.columns.map { column in
              .members([("field", .string(column.field)), ("policy", .string(dataset.statement(of: column)))])
            })
        ), ("officers", Self.officerList(try eligibleOfficers(of: dataset.id))),
      ])
  }

  private func eligibleOfficers(of dataset: DatasetID) throws -> [Officer] {
    try Approve.eligible(site.officers, folder: privateStore.approvalFolder(of: dataset))
  }

  /// Sends the candidate that waits back, with its approvals: it does not come again before something has changed.
  package func reject(_ dataset: DatasetID, reason: LocalizedText) async throws {
    try await exclusively {
      let folder = privateStore.approvalFolder(of: dataset)
      guard let held = try HeldCandidate.waiting(in: folder) else {
        throw StoreError("no candidate of \(dataset) waits for approval")
      }
      try Rejection.reject(held, reason: reason, at: clock.now, in: folder)
      // Who sends one back wants to see the next.
      try StandingApprovals.discard(folder)
      try privateStore.ledger.add([
        RunRecord(
          run: newRunID(), dataset: dataset, at: clock.now, outcome: .refused, release: nil, version: nil,
          rowCount: nil,
          reason: reason)
      ])
    }
  }

  /// Takes every rejection of a dataset back: the same candidates may be submitted again.
  package func undoRejection(_ dataset: DatasetID) async throws {
    try await exclusively {
      guard try Rejection.undo(in: privateStore.approvalFolder(of: dataset)) else {
        throw StoreError(kind: .configuration, "no candidate of \(dataset) was sent back")
      }
    }
  }
}

/// Signs the form of a candidate: on the officer's own machine, with a key that the publisher does not have.
///
/// - Parameters:
///   - form: what `waitingCandidates` gave.
///   - seed: the officer's secret, 32 bytes.
/// - Returns: the approval; nil where the form is none.
/// - Throws: `StoreError` where the form says that the officer has another key.
package func signApproval(
  form: JSON, officer: String, secrecyReview: String, legalBasis: String, seed: [UInt8]
) throws -> JSON? {
  guard seed.count == 32 else { return nil }
  if let officers = form["officers"]?.elements {
    let own = encodeHex(SigningKey(seed: seed).publicKey)
    guard let entry = officers.first(where: { $0["id"]?.text == officer }) else {
      throw StoreError(
        kind: .configuration, "\(officer) is not one of the officers whose signature counts for this form",
        hint: "they are \(officers.compactMap { $0["id"]?.text }.joined(separator: ", "))")
    }
    guard entry["key"]?.text == own else {
      throw StoreError(
        kind: .configuration, "the key is not that of \(officer)",
        hint: officers.first { $0["key"]?.text == own }?["id"]?.text.map { "it is that of \($0)" })
    }
  }
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
