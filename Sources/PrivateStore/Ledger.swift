internal import GRDB
package import Publication

/// What became of a run.
package enum Outcome: String, Sendable, CaseIterable {
  case released, unchanged, listed, refused, failed, withdrawn
  case waiting = "waiting-for-approval"
  case sourceUnavailable = "source-unavailable"

  /// The exit code of the design.
  package var exitCode: Int32 {
    switch self {
    case .released, .unchanged, .listed, .waiting, .withdrawn: 0
    case .failed: 1
    case .refused: 3
    case .sourceUnavailable: 4
    }
  }
}

/// One run of one dataset, as the ledger keeps it.
///
/// No values of any cell.
package struct RunRecord: Sendable {
  package let run: String
  package let dataset: DatasetID
  package let at: Instant
  package let outcome: Outcome
  package let release: ReleaseID?
  package let version: Version?
  package let rowCount: Int?
  /// For people: what was found, or what went wrong; nil where all is well.
  package let reason: LocalizedText?
  package let report: Report?

  package init(
    run: String, dataset: DatasetID, at: Instant, outcome: Outcome, release: ReleaseID? = nil, version: Version? = nil,
    rowCount: Int? = nil, reason: LocalizedText? = nil, report: Report? = nil
  ) {
    self.run = run
    self.dataset = dataset
    self.at = at
    self.outcome = outcome
    self.release = release
    self.version = version
    self.rowCount = rowCount
    self.reason = reason
    self.report = report
  }
}

/// Runs and their findings, in SQLite.
///
/// It is a record for people: what is published is proved by the public root alone.
package struct Ledger: Sendable {
  let database: LedgerQueue

  package init(path: String) throws {
    var configuration = GRDB.Configuration()
    configuration.busyMode = .timeout(10)
    database = try LedgerQueue(path: path, configuration)
    var migrator = DatabaseMigrator()
    migrator.registerMigration("runs") { database in
      try database.execute(
        sql: """
          CREATE TABLE run (
            id TEXT NOT NULL, dataset TEXT NOT NULL, at TEXT NOT NULL, outcome TEXT NOT NULL,
            release TEXT, version TEXT, row_count INTEGER, reason TEXT,
            PRIMARY KEY (id, dataset)
          );
          CREATE INDEX run_by_dataset ON run (dataset, at);
          CREATE TABLE finding (
            run TEXT NOT NULL, dataset TEXT NOT NULL, stage TEXT NOT NULL, code TEXT NOT NULL, severity TEXT NOT NULL,
            field TEXT, rule TEXT, rule_limit TEXT, detail TEXT, count INTEGER NOT NULL, first_row INTEGER, first_line INTEGER,
            last_row INTEGER,
            FOREIGN KEY (run, dataset) REFERENCES run (id, dataset) ON DELETE CASCADE
          );
          """)
    }
    migrator.registerMigration("schedule") { database in
      try database.execute(
        sql: """
          CREATE TABLE schedule (
            dataset TEXT NOT NULL PRIMARY KEY, first_seen TEXT NOT NULL, slot TEXT NOT NULL, failures INTEGER NOT NULL DEFAULT 0,
            retry_at TEXT
          );
          ALTER TABLE run ADD COLUMN reason_zh TEXT;
          CREATE TABLE accepted_clock (run INTEGER NOT NULL);
          CREATE TABLE delivery (dataset TEXT NOT NULL PRIMARY KEY, stamp TEXT NOT NULL, at TEXT NOT NULL);
          CREATE TABLE notice (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, dataset TEXT NOT NULL, zh TEXT NOT NULL, en TEXT NOT NULL,
            is_open INTEGER NOT NULL DEFAULT 1, mailed INTEGER NOT NULL DEFAULT 0, called INTEGER NOT NULL DEFAULT 0
          );
          """)
    }
    migrator.registerMigration("settled") { database in
      try database.execute(
        sql: """
          CREATE TABLE settled (
            dataset TEXT NOT NULL PRIMARY KEY, circumstances TEXT NOT NULL, record TEXT NOT NULL, delivery TEXT NOT NULL,
            report TEXT NOT NULL
          );
          CREATE TABLE catalog_making (tree TEXT NOT NULL, making TEXT NOT NULL);
          """)
    }
    migrator.registerMigration("profile") { database in
      try database.execute(
        sql: "CREATE TABLE profile (dataset TEXT NOT NULL PRIMARY KEY, profile TEXT NOT NULL)")
    }
    try database.migrate(migrator)
  }

  /// When the newest run was, of those since a clock was last accepted; nil where there was none.
  package func newestRunTime() throws -> Instant? {
    try database.read { database in
      try String.fetchOne(
        database,
        sql:
          "SELECT at FROM run WHERE rowid > (SELECT coalesce(max(run), 0) FROM accepted_clock) ORDER BY rowid DESC LIMIT 1"
      ).flatMap(Instant.init)
    }
  }

  /// Whether anything was ever published, as far as is remembered.
  package func hasPublished() throws -> Bool {
    try database.read { database in
      try Bool.fetchOne(
        database, sql: "SELECT 1 FROM run WHERE outcome IN ('released', 'withdrawn') LIMIT 1") ?? false
    }
  }

  /// Every release that is remembered, in order.
  package func releases() throws -> [(dataset: DatasetID, release: ReleaseID)] {
    try database.read { database in
      try Row.fetchAll(
        database, sql: "SELECT DISTINCT dataset, release FROM run WHERE outcome = 'released' AND release IS NOT NULL"
      ).compactMap { row in
        guard let dataset = DatasetID(row["dataset"] as String), let release = ReleaseID(row["release"] as String)
        else {
          return nil
        }
        return (dataset, release)
      }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    }
  }

  /// The version that a release had; nil where it is not remembered.
  package func version(of dataset: DatasetID, _ release: ReleaseID) throws -> Version? {
    try database.read { database in
      try String.fetchOne(
        database, sql: "SELECT version FROM run WHERE dataset = ? AND release = ? AND version IS NOT NULL LIMIT 1",
        arguments: [dataset.description, release.description]
      ).flatMap(Version.init)
    }
  }

  /// Notes that the clock is right although earlier runs were later: they say nothing about it any more.
  package func acceptClock() throws {
    try database.write { database in
      try database.execute(sql: "INSERT INTO accepted_clock (run) SELECT coalesce(max(rowid), 0) FROM run")
    }
  }

  /// Forgets runs before a moment, but for each dataset's newest.
  ///
  /// - Returns: how many were forgotten.
  package func purgeRuns(before moment: Instant) throws -> Int {
    try database.write { database in
      try database.execute(
        sql: "DELETE FROM run WHERE at < ? AND rowid NOT IN (SELECT max(rowid) FROM run GROUP BY dataset)",
        arguments: [moment.description])
      return database.changesCount
    }
  }

  /// Writes a copy that is whole, whatever is being written meanwhile.
  package func copy(to path: String) throws {
    try database.copy(to: path)
  }

  /// Adds runs, all or none; one that is there already is replaced, so that recovery may say the same thing twice.
  package func add(_ records: [RunRecord]) throws {
    guard !records.isEmpty else { return }
    try database.write { database in for record in records { try add(record, to: database) } }
  }

  package func add(_ record: RunRecord) throws { try add([record]) }

  private func add(_ record: RunRecord, to database: Database) throws {
    try database.execute(
      sql: "DELETE FROM finding WHERE run = ? AND dataset = ?", arguments: [record.run, record.dataset.description])
    try database.execute(
      sql:
        "INSERT OR REPLACE INTO run (id, dataset, at, outcome, release, version, row_count, reason, reason_zh) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      arguments: [
        record.run, record.dataset.description, record.at.description, record.outcome.rawValue,
        record.release?.description,
        record.version?.description, record.rowCount, record.reason?[.en], record.reason?.zh,
      ])
    guard let report = record.report else { return }
    for finding in report.findings {
      try database.execute(
        sql: """
          INSERT INTO finding
            (run, dataset, stage, code, severity, field, rule, rule_limit, detail, count, first_row, first_line, last_row)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          record.run, record.dataset.description, report.stage.rawValue, finding.code.rawValue,
          finding.severity.rawValue,
          finding.field, finding.rule, finding.limit, finding.detail, finding.count, finding.first.row,
          finding.first.line,
          finding.last.row,
        ])
    }
  }

  /// A run as it was added, findings left out.
  package struct Entry: Sendable {
    package let run: String
    package let dataset: String
    package let at: Instant
    package let outcome: Outcome
    package let release: String?
    package let version: String?
    package let rowCount: Int?
    package let reason: LocalizedText?
  }

  /// The newest run of each dataset, by dataset.
  package func newestRuns() throws -> [Entry] {
    try database.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT * FROM run AS r WHERE rowid = (SELECT max(rowid) FROM run WHERE dataset = r.dataset) ORDER BY dataset
          """
      ).compactMap { row in
        guard let at = Instant(row["at"] as String), let outcome = Outcome(rawValue: row["outcome"] as String) else {
          return nil
        }
        return Entry(
          run: row["id"], dataset: row["dataset"], at: at, outcome: outcome, release: row["release"],
          version: row["version"],
          rowCount: row["row_count"],
          reason: (row["reason"] as String?).map { LocalizedText(zh: row["reason_zh"] ?? $0, en: $0) })
      }
    }
  }
}

/// The database; what goes wrong is said as people need it, and not in SQL.
struct LedgerQueue: Sendable {
  private let queue: DatabaseQueue
  private let path: String

  init(path: String, _ configuration: GRDB.Configuration) throws {
    self.path = path
    queue = try Self.plainly(path) { try DatabaseQueue(path: path, configuration: configuration) }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try Self.plainly(path) { try queue.read(body) }
  }
  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try Self.plainly(path) { try queue.write(body) }
  }
  func migrate(_ migrator: DatabaseMigrator) throws { try Self.plainly(path) { try migrator.migrate(queue) } }
  func copy(to place: String) throws { try Self.plainly(path) { try queue.backup(to: DatabaseQueue(path: place)) } }

  private static func plainly<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError {
      let (problem, hint) =
        switch error.resultCode {
        case .SQLITE_FULL: ("the disk of \(path) is full", "make room, then run again")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
          ("\(path) is in use by another program", "wait for it to end, then run again")
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
          ("\(path) cannot be opened for writing", "check owner and mode of the workspace")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: ("\(path) is damaged", "put it back from a backup")
        default: ("\(path) cannot be used (SQLite \(error.resultCode.rawValue))", "check the disk")
        }
      throw StoreError(problem, hint: hint)
    }
  }
}
