package import Hashing
package import Publication
package import Tabular

/// What an officer can sign.
package protocol ApprovalSubject: Sendable, Equatable {
  /// Of the approval: a signature for anything else is none for this.
  static var format: String { get }
  var dataset: DatasetID { get }
  var members: [(String, JSON?)] { get }

  /// - Returns: nil where a member is missing or of another form.
  init?(json: JSON)
}

/// What an officer signs: exactly this candidate, after exactly that release, under exactly this configuration.
package struct ApprovalStatement: ApprovalSubject {
  package static let format = "daylight-approval-1"
  package let dataset: DatasetID
  package let release: ReleaseID
  /// Of the candidate's `release.json`, which names every file by its digest.
  package let record: Digest
  /// Of the `release.json` that is in force; nil where there is none.
  package let previous: Digest?
  /// Of the configuration: site, department, dataset, schema.
  package let policy: Digest

  package init(dataset: DatasetID, release: ReleaseID, record: Digest, previous: Digest?, policy: Digest) {
    self.dataset = dataset
    self.release = release
    self.record = record
    self.previous = previous
    self.policy = policy
  }

  package init?(json: JSON) {
    guard let dataset = json["dataset"]?.text.flatMap(DatasetID.init),
      let release = json["release"]?.text.flatMap(ReleaseID.init),
      let record = json["record_sha256"]?.text.flatMap(Digest.init(hex:)),
      let policy = json["policy_sha256"]?.text.flatMap(Digest.init(hex:))
    else { return nil }
    let previous = json["previous_sha256"]?.text.flatMap(Digest.init(hex:))
    guard previous != nil || json["previous_sha256"] == .null else { return nil }
    self.init(dataset: dataset, release: release, record: record, previous: previous, policy: policy)
  }

  package var members: [(String, JSON?)] {
    [
      ("dataset", .string(dataset.description)), ("release", .string(release.description)),
      ("record_sha256", .string(record.hex)), ("previous_sha256", previous.map { .string($0.hex) } ?? .null),
      ("policy_sha256", .string(policy.hex)),
    ]
  }
}

/// An officer's word, with what was looked into, signed.
package struct SignedApproval<Subject: ApprovalSubject>: Sendable {
  package let statement: Subject
  /// The officer's id in `site.yaml`.
  package let officer: String
  /// 保密审查: what the secrecy review came to.
  package let secrecyReview: String
  package let legalBasis: String
  private let signature: [UInt8]

  /// Signs, on the officer's own machine.
  package init(
    _ statement: Subject, officer: String, secrecyReview: String, legalBasis: String, key: SigningKey
  ) {
    self.statement = statement
    self.officer = officer
    self.secrecyReview = secrecyReview
    self.legalBasis = legalBasis
    signature = key.signature(for: Self.message(statement, officer, secrecyReview, legalBasis))
  }

  package init?(json: JSON) {
    guard json["format"]?.text == Subject.format, let statement = Subject(json: json),
      let officer = json["officer"]?.text, let secrecyReview = json["secrecy_review"]?.text,
      let legalBasis = json["legal_basis"]?.text, let signature = json["signature"]?.text.flatMap(decodeHex)
    else { return nil }
    self.statement = statement
    self.officer = officer
    self.secrecyReview = secrecyReview
    self.legalBasis = legalBasis
    self.signature = signature
  }

  package var json: JSON {
    .members(
      Self.signedMembers(statement, officer, secrecyReview, legalBasis) + [("signature", .string(encodeHex(signature)))]
    )
  }

  /// Whether it is that officer's.
  package func isSigned(by officer: Officer) -> Bool {
    officer.id == self.officer && !secrecyReview.isEmpty && !legalBasis.isEmpty
      && isValidSignature(
        signature, for: Self.message(statement, self.officer, secrecyReview, legalBasis), publicKey: officer.publicKey)
  }

  /// The word of the secrecy review (保密审查) that lets a release go out; any other, 涉密 or free text, does not.
  package var isNotSecret: Bool { secrecyReview.utf8.elementsEqual(SecrecyReview.notSecret.rawValue.utf8) }

  /// Whose it is.
  ///
  /// - Throws: `ApprovalError` where it is that of nobody who may give it.
  package func signer(among officers: [Officer]) throws -> Officer {
    guard let officer = officers.first(where: { $0.id == self.officer }) else {
      throw ApprovalError("\(self.officer) is none of the officers of site.yaml")
    }
    guard isSigned(by: officer) else { throw ApprovalError("the signature is not that of \(officer.id)") }
    return officer
  }

  /// Those that lie in a folder, each by another officer and another key.
  static func all(below folder: String, officers: [Officer]) throws -> [SignedApproval] {
    guard fileKind(folder) != nil else { return [] }
    var approvals: [SignedApproval] = []
    var keys: Set<[UInt8]> = []
    for name in try folderNames(folder).sorted() {
      let bytes = try InputFile.contents(of: "\(folder)/\(name)", limit: 1 << 20)
      guard let approval = (try? JSONParser.parse(bytes)).flatMap(SignedApproval.init(json:)),
        let officer = officers.first(where: { approval.isSigned(by: $0) }), keys.insert(officer.publicKey).inserted
      else { continue }
      approvals.append(approval)
    }
    return approvals
  }

  private static func signedMembers(
    _ statement: Subject, _ officer: String, _ secrecyReview: String, _ legalBasis: String
  ) -> [(String, JSON?)] {
    [("format", .string(Subject.format))] + statement.members + [
      ("officer", .string(officer)), ("secrecy_review", .string(secrecyReview)), ("legal_basis", .string(legalBasis)),
    ]
  }

  /// The format is a part of what is signed: a signature for anything else is none for this.
  private static func message(
    _ statement: Subject, _ officer: String, _ secrecyReview: String, _ legalBasis: String
  ) -> [UInt8] { JSON.members(signedMembers(statement, officer, secrecyReview, legalBasis)).compactBytes }
}
