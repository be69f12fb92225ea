package import Logging
package import PrivateStore
package import Publication
internal import PublicStore
internal import Tabular

/// Publishes what is due, once, whatever was missed; tries again what came to nothing; renews signatures; says who is late.
///
/// It keeps nothing in memory from one call to the next: the ledger says how far each schedule was carried out.
package struct Scheduler: Sendable {
  private let publisher: Publisher
  private let zone: CivilZone
  private let messenger: Messenger

  package init(publisher: Publisher, zone: CivilZone) {
    self.publisher = publisher
    self.zone = zone
    messenger = Messenger(site: publisher.site, store: publisher.privateStore, logger: publisher.logger)
  }

  /// What one look at the clock led to.
  package struct Tick: Sendable {
    package var results: [DatasetResult] = []
    package var renewed: [RoleExpiry] = []
    /// Departments whose promise is missed; each is told once.
    package var late: [DatasetID] = []
    /// Datasets that cannot be worked on, and why: nothing of them is ever due.
    package var misconfigured: [(dataset: DatasetID, problem: String)] = []
    package var purgedSnapshotCount = 0
    package var purgedRunCount = 0
    /// When there will be something to do again.
    package var next: Instant?
  }

  /// - Parameter plans: every dataset that is configured.
  package func callAsFunction(_ plans: [DatasetPlan]) async throws -> Tick {
    let now = publisher.clock.now
    let ledger = publisher.privateStore.ledger
    var tick = Tick()
    var states = try ledger.scheduleStates()
    var slots: [DatasetID: Instant] = [:]
    var changed: [DatasetID: Ledger.ScheduleState] = [:]
    for case .ready(let dataset, _, _) in plans {
      guard let schedule = dataset.schedule else { continue }
      guard var state = states[dataset.id.description] else {
        // A schedule counts from when it was first seen: what lies before was nobody's promise.
        let state = Ledger.ScheduleState(firstSeen: now, slot: now)
        states[dataset.id.description] = state
        changed[dataset.id] = state
        continue
      }
      // A clock that was wrong once must not silence a schedule until that time comes.
      if state.slot.secondsSince1970 - now.secondsSince1970 > 3_600 {
        state.slot = now
        state.retryAt = nil
        states[dataset.id.description] = state
        changed[dataset.id] = state
      }
      guard let latest = schedule.latest(atOrBefore: now, in: zone) else { continue }
      let isRetry = state.retryAt.map { $0 <= now } ?? false
      if latest > state.slot || isRetry { slots[dataset.id] = max(latest, state.slot) }
    }
    try ledger.setScheduleStates(changed)
    changed = [:]
    func note(_ dataset: DatasetID, isDone: Bool, isUnavailable: Bool) {
      guard let slot = slots[dataset], var state = states[dataset.description] else { return }
      state.slot = slot
      state.failures = isDone ? 0 : state.failures + 1
      state.retryAt = isDone ? nil : retryTime(isUnavailable: isUnavailable, failures: state.failures, now)
      states[dataset.description] = state
      changed[dataset] = state
    }
    do {
      if slots.isEmpty {
        tick.renewed = try await publisher.refresh()
      } else {
        // Signatures are renewed with every publication.
        tick.results = try await publisher.publish(plans, selected: Set(slots.keys), isCheck: false)
      }
    } catch  where !isBusy(error) {
      // A full disk, say: everything that is due would be tried again at once, again and again.
      for dataset in slots.keys { note(dataset, isDone: false, isUnavailable: true) }
      try ledger.setScheduleStates(changed)
      throw error
    }
    for result in tick.results {
      note(result.dataset, isDone: result.exitCode == 0, isUnavailable: result.outcome == .sourceUnavailable)
    }
    try ledger.setScheduleStates(changed)
    for case .misconfigured(let id, let problem) in plans {
      tick.misconfigured.append((id, problem))
      try ledger.addNotice(.failed, of: id, LocalizedText(zh: "配置有误:\(problem)", en: problem), at: now)
    }
    tick.late = try tellLate(plans, states, now)
    tick.purgedSnapshotCount = try publisher.purgeSnapshots(of: plans.map(\.id))
    tick.purgedRunCount = try ledger.purgeRuns(before: now.advanced(days: -publisher.site.retention.runDays))
    await messenger(now: now)
    tick.next = try next(plans, states, now)
    return tick
  }

  /// A publication by hand is over in a moment.
  private func isBusy(_ error: any Error) -> Bool {
    (error as? StoreError)?.kind == .busy || (error as? PublicStoreError)?.isBusy == true
  }

  /// A source that cannot be reached is asked again soon, then less and less often; what was refused or failed waits for somebody to
  /// do something, and is looked at once a day.
  private func retryTime(isUnavailable: Bool, failures: Int, _ now: Instant) -> Instant {
    let quarters = isUnavailable ? min(1 << min(max(failures - 1, 0), 5), 24) : 96
    return Instant(secondsSince1970: now.secondsSince1970 + quarters * 900)
  }

  private func tellLate(_ plans: [DatasetPlan], _ states: [String: Ledger.ScheduleState], _ now: Instant) throws
    -> [DatasetID]
  {
    let ledger = publisher.privateStore.ledger
    let deliveries = try ledger.deliveries()
    var late: [DatasetID] = [], inTime: [DatasetID] = []
    for case .ready(let dataset, _, _) in plans {
      let promise = Promise(
        dataset, delivered: deliveries[dataset.id.description], firstSeen: states[dataset.id.description]?.firstSeen,
        zone: zone)
      guard promise.isMissed(at: now), let due = promise.due else {
        inTime.append(dataset.id)
        continue
      }
      late.append(dataset.id)
      let day = zone.time(at: due).date
      try ledger.addNotice(
        .late, of: dataset.id,
        LocalizedText(
          zh: "承诺的更新频率为\(dataset.frequency.text.zh),应于 \(day) 前更新,至今没有收到可发布的新数据\n→ 请联系\(dataset.department.name.zh)",
          en:
            "promises an update \(dataset.frequency.text[.en]); it was due by \(day), and nothing new that could be published has come\n"
            + "→ ask \(dataset.department.name[.en])"), at: now)
    }
    try ledger.closeNotices(of: inTime, [.late])
    return late
  }

  /// The next scheduled moment, retry, or half of a signature's life.
  private func next(_ plans: [DatasetPlan], _ states: [String: Ledger.ScheduleState], _ now: Instant) throws -> Instant?
  {
    var moments: [Instant] = []
    for case .ready(let dataset, _, _) in plans {
      if let next = dataset.schedule?.next(after: now, in: zone) { moments.append(next) }
      if let retry = states[dataset.id.description]?.retryAt { moments.append(retry) }
    }
    moments += try PublishedSite(shown: publisher.publicStore).renewals(publisher.site.expiries)
    return moments.filter { $0 > now }.min()
  }
}

/// How often a department promised new data, and when they last came.
package struct Promise: Sendable {
  /// When a delivery was last accepted that is not the one before.
  package let delivered: Instant?
  /// When the next one is due; nil where nothing is promised, or nothing was ever seen.
  package let due: Instant?
  private let tolerated: Instant?

  /// Nobody is late before the schedule has looked: where it looks later than the frequency says, after a holiday, that counts.
  package init(_ dataset: Dataset, delivered: Instant?, firstSeen: Instant?, zone: CivilZone) {
    self.delivered = delivered
    guard let start = delivered ?? firstSeen, let days = dataset.frequency.promisedDays else {
      due = nil
      tolerated = nil
      return
    }
    let promised = start.advanced(days: days)
    let due = max(promised, dataset.schedule?.next(after: start, in: zone) ?? promised)
    self.due = due
    tolerated = due.advanced(days: max(1, days / 10))
  }

  package func isMissed(at now: Instant) -> Bool { tolerated.map { now > $0 } ?? false }
}

extension Frequency {
  package var text: LocalizedText {
    switch self {
    case .continuous: LocalizedText(zh: "实时", en: "continuously")
    case .daily: LocalizedText(zh: "每日", en: "every day")
    case .weekly: LocalizedText(zh: "每周", en: "every week")
    case .monthly: LocalizedText(zh: "每月", en: "every month")
    case .quarterly: LocalizedText(zh: "每季度", en: "every quarter")
    case .halfYearly: LocalizedText(zh: "每半年", en: "every half-year")
    case .yearly: LocalizedText(zh: "每年", en: "every year")
    case .irregular: LocalizedText(zh: "不定期", en: "now and then")
    case .never: LocalizedText(zh: "不更新", en: "never")
    }
  }
}
