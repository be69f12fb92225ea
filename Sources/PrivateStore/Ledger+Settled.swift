internal import GRDB
package import Publication
package import Tabular

/// A delivery that was worked through and is what the newest release says: the same delivery under the same circumstances need not be
/// worked through again.
package struct SettledDelivery: Sendable {
  package let dataset: DatasetID
  /// Everything but the delivery that the result follows from: program, configuration, key.
  package let circumstances: Digest
  /// The newest release's `release.json`.
  package let record: Digest
  package let delivery: Digest
  /// What validation found.
  package let report: Report

  package init(
    dataset: DatasetID, circumstances: Digest, record: Digest, delivery: Digest, report: Report
  ) {
    self.dataset = dataset
    self.circumstances = circumstances
    self.record = record
    self.delivery = delivery
    self.report = report
  }
}

extension Ledger {
  /// Keeps what accepted deliveries are like, each in place of the one before.
  package func setProfiles(_ profiles: [(dataset: DatasetID, profile: JSON)]) throws {
    guard !profiles.isEmpty else { return }
    try database.write { database in
      for (dataset, profile) in profiles {
        try database.execute(
          sql: "INSERT OR REPLACE INTO profile (dataset, profile) VALUES (?, ?)",
          arguments: [dataset.description, String(decoding: profile.compactBytes, as: UTF8.self)])
      }
    }
  }

  /// By dataset; what cannot be read is left out.
  package func profiles() throws -> [String: JSON] {
    try database.read { database in
      var profiles: [String: JSON] = [:]
      for row in try Row.fetchAll(database, sql: "SELECT * FROM profile") {
        let text: String = row["profile"]
        if let profile = try? JSONParser.parse(Array(text.utf8)) { profiles[row["dataset"]] = profile }
      }
      return profiles
    }
  }

  package func settle(_ deliveries: [SettledDelivery]) throws {
    guard !deliveries.isEmpty else { return }
    try database.write { database in
      for delivery in deliveries {
        try database.execute(
          sql: """
            INSERT OR REPLACE INTO settled (dataset, circumstances, record, delivery, report) VALUES (?, ?, ?, ?, ?)
            """,
          arguments: [
            delivery.dataset.description, delivery.circumstances.hex, delivery.record.hex, delivery.delivery.hex,
            String(decoding: delivery.report.json.compactBytes, as: UTF8.self),
          ])
      }
    }
  }

  /// By dataset; what cannot be read is left out, and worked through again.
  package func settledDeliveries() throws -> [String: SettledDelivery] {
    try database.read { database in
      var settled: [String: SettledDelivery] = [:]
      for row in try Row.fetchAll(database, sql: "SELECT * FROM settled") {
        let dataset: String = row["dataset"]
        let report: String = row["report"]
        guard let id = DatasetID(dataset), let circumstances = Digest(hex: row["circumstances"]),
          let record = Digest(hex: row["record"]), let delivery = Digest(hex: row["delivery"]),
          let report = (try? JSONParser.parse(Array(report.utf8))).flatMap(Report.init(json:))
        else { continue }
        settled[dataset] = SettledDelivery(
          dataset: id, circumstances: circumstances, record: record, delivery: delivery, report: report)
      }
      return settled
    }
  }
}

extension Ledger {
  /// What the pages of the newest tree were made with; nil for any other tree.
  package func catalogMaking(tree: Digest) throws -> Digest? {
    try database.read { database in
      try String.fetchOne(database, sql: "SELECT making FROM catalog_making WHERE tree = ?", arguments: [tree.hex])
        .flatMap(Digest.init(hex:))
    }
  }

  package func setCatalogMaking(_ making: Digest, tree: Digest) throws {
    try database.write { database in
      try database.execute(sql: "DELETE FROM catalog_making")
      try database.execute(
        sql: "INSERT INTO catalog_making (tree, making) VALUES (?, ?)", arguments: [tree.hex, making.hex])
    }
  }
}

extension Report {
  fileprivate var json: JSON {
    .members([
      ("stage", .string(stage.rawValue)), ("rows", .int(rowCount)),
      ("facts", .array(facts.map { .array([.string($0.key), .string($0.value)]) })),
      ("findings", .array(findings.map(\.json))),
    ])
  }

  fileprivate init?(json: JSON) {
    guard let stage = json["stage"]?.text.flatMap(StageName.init), let rowCount = json["rows"]?.integer,
      let facts = json["facts"]?.elements, let findings = json["findings"]?.elements
    else { return nil }
    let read = findings.compactMap(Finding.init(json:))
    guard read.count == findings.count else { return nil }
    self.init(
      stage: stage, findings: read, rowCount: rowCount,
      facts: facts.compactMap { fact in
        guard let key = fact.elements?.first?.text, let value = fact.elements?.last?.text else { return nil }
        return (key, value)
      })
  }
}

extension Finding {
  fileprivate var json: JSON {
    .members([
      ("code", .string(code.rawValue)), ("field", field.map { .string($0) }), ("rule", rule.map { .string($0) }),
      ("limit", limit.map { .string($0) }), ("detail", detail.map { .string($0) }), ("count", .int(count)),
      ("first", first.json), ("last", last.json), ("examples", .array(examples.map(\.json))),
    ])
  }

  fileprivate init?(json: JSON) {
    guard let code = json["code"]?.text.flatMap(FindingCode.init), let count = json["count"]?.integer,
      let first = json["first"], let last = json["last"], let examples = json["examples"]?.elements
    else { return nil }
    self.init(
      code, field: json["field"]?.text, rule: json["rule"]?.text, limit: json["limit"]?.text,
      detail: json["detail"]?.text, at: Location(json: first), count: count)
    self.last = Location(json: last)
    self.examples = examples.map(Location.init(json:))
  }
}

extension Location {
  fileprivate var json: JSON {
    .members([("row", row.map { .int($0) }), ("line", line.map { .int($0) }), ("byte", byte.map { .int($0) })])
  }

  fileprivate init(json: JSON) {
    self.init(row: json["row"]?.integer, line: json["line"]?.integer, byte: json["byte"]?.integer)
  }
}
