internal import GRDB
package import Publication

/// What the scheduler remembers, when deliveries came, and what people are to be told.
extension Ledger {
  /// How far a dataset's schedule was carried out.
  package struct ScheduleState: Sendable {
    package var firstSeen: Instant
    /// The last scheduled moment that was seen to.
    package var slot: Instant
    /// Runs since then that came to nothing.
    package var failures: Int
    /// When the next try is due, where the last one came to nothing.
    package var retryAt: Instant?

    package init(firstSeen: Instant, slot: Instant, failures: Int = 0, retryAt: Instant? = nil) {
      self.firstSeen = firstSeen
      self.slot = slot
      self.failures = failures
      self.retryAt = retryAt
    }
  }

  /// By dataset.
  package func scheduleStates() throws -> [String: ScheduleState] {
    try database.read { database in
      var states: [String: ScheduleState] = [:]
      for row in try Row.fetchAll(database, sql: "SELECT * FROM schedule") {
        guard let firstSeen = Instant(row["first_seen"] as String), let slot = Instant(row["slot"] as String) else {
          continue
        }
        states[row["dataset"]] = ScheduleState(
          firstSeen: firstSeen, slot: slot, failures: row["failures"],
          retryAt: (row["retry_at"] as String?).flatMap(Instant.init))
      }
      return states
    }
  }

  /// Keeps how far schedules were carried out, all or none.
  package func setScheduleStates(_ states: [DatasetID: ScheduleState]) throws {
    guard !states.isEmpty else { return }
    try database.write { database in
      for (dataset, state) in states {
        try database.execute(
          sql: "INSERT OR REPLACE INTO schedule (dataset, first_seen, slot, failures, retry_at) VALUES (?, ?, ?, ?, ?)",
          arguments: [
            dataset.description, state.firstSeen.description, state.slot.description, state.failures,
            state.retryAt?.description,
          ])
      }
    }
  }

  /// Notes that deliveries were accepted; one that was accepted before keeps its time.
  package func addDeliveries(_ stamps: [(dataset: DatasetID, stamp: String)], at moment: Instant) throws {
    guard !stamps.isEmpty else { return }
    try database.write { database in
      for (dataset, stamp) in stamps {
        try database.execute(
          sql: """
            INSERT INTO delivery (dataset, stamp, at) VALUES (?, ?, ?)
            ON CONFLICT (dataset) DO UPDATE SET stamp = excluded.stamp, at = excluded.at WHERE stamp <> excluded.stamp
            """, arguments: [dataset.description, stamp, moment.description])
      }
    }
  }

  /// What tells the newest accepted delivery from others; nil where there was none.
  package func deliveryStamp(of dataset: DatasetID) throws -> String? {
    try database.read { database in
      try String.fetchOne(
        database, sql: "SELECT stamp FROM delivery WHERE dataset = ?", arguments: [dataset.description])
    }
  }

  /// Forgets a dataset's deliveries: it was taken back.
  package func removeDelivery(of dataset: DatasetID) throws {
    try database.write { database in
      try database.execute(sql: "DELETE FROM delivery WHERE dataset = ?", arguments: [dataset.description])
    }
  }

  /// When each dataset's newest accepted delivery was first accepted.
  package func deliveries() throws -> [String: Instant] {
    try database.read { database in
      var times: [String: Instant] = [:]
      for row in try Row.fetchAll(database, sql: "SELECT dataset, at FROM delivery") {
        times[row["dataset"]] = Instant(row["at"] as String)
      }
      return times
    }
  }

  /// Something that people are to be told.
  package struct Notice: Sendable {
    package enum Kind: String, Sendable { case refused, failed, waiting, late }

    package let id: Int64
    package let at: Instant
    package let kind: Kind
    package let dataset: String
    package let text: LocalizedText
    package let isMailed: Bool
    package let isCalled: Bool
  }

  /// Adds a notice, unless the same was said and nothing has changed since.
  package func addNotice(_ kind: Notice.Kind, of dataset: DatasetID, _ text: LocalizedText, at moment: Instant) throws {
    try database.write { database in
      let isSaid = try Bool.fetchOne(
        database, sql: "SELECT 1 FROM notice WHERE is_open AND kind = ? AND dataset = ? AND en = ?",
        arguments: [kind.rawValue, dataset.description, text[.en]])
      guard isSaid == nil else { return }
      try database.execute(
        sql: "INSERT INTO notice (at, kind, dataset, zh, en) VALUES (?, ?, ?, ?, ?)",
        arguments: [moment.description, kind.rawValue, dataset.description, text.zh, text[.en]])
    }
  }

  /// What was said of a dataset is over: it is news when it comes again, and is not sent any more where it was not sent yet.
  package func closeNotices(of datasets: [DatasetID], _ kinds: [Notice.Kind]) throws {
    let names = Set(datasets.map(\.description)), kinds = Set(kinds.map(\.rawValue))
    try database.write { database in
      let open = try Row.fetchAll(database, sql: "SELECT id, dataset, kind FROM notice WHERE is_open")
      for row in open where names.contains(row["dataset"]) && kinds.contains(row["kind"]) {
        try database.execute(sql: "UPDATE notice SET is_open = 0 WHERE id = ?", arguments: [row["id"] as Int64])
      }
    }
  }

  /// Notices that one of the channels has not had yet, oldest first.
  package func unsentNotices(mail: Bool, webhook: Bool) throws -> [Notice] {
    try database.read { database in
      try Row.fetchAll(
        database,
        sql: "SELECT * FROM notice WHERE is_open AND ((? AND NOT mailed) OR (? AND NOT called)) ORDER BY id LIMIT 500",
        arguments: [mail, webhook]
      ).compactMap { row in
        guard let at = Instant(row["at"] as String), let kind = Notice.Kind(rawValue: row["kind"] as String) else {
          return nil
        }
        return Notice(
          id: row["id"], at: at, kind: kind, dataset: row["dataset"], text: LocalizedText(zh: row["zh"], en: row["en"]),
          isMailed: row["mailed"], isCalled: row["called"])
      }
    }
  }

  package func markMailed(_ notices: [Notice]) throws { try mark("mailed", notices) }
  package func markCalled(_ notices: [Notice]) throws { try mark("called", notices) }

  private func mark(_ column: String, _ notices: [Notice]) throws {
    try database.write { database in
      for notice in notices {
        try database.execute(sql: "UPDATE notice SET \(column) = 1 WHERE id = ?", arguments: [notice.id])
      }
    }
  }
}
