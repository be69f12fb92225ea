internal import Manifest
package import PrivateStore
package import Publication
internal import PublicStore

/// How a site stands: what was promised and what came, what is due, what went wrong, what runs out.
package struct SiteStatus: Sendable {
  package struct Row: Sendable {
    package let dataset: String
    package let title: LocalizedText?
    package let department: LocalizedText?
    package let isConfigured: Bool
    /// Why it cannot be worked on.
    package let configurationProblem: String?
    package let frequency: Frequency?
    package let promise: Promise?
    package let isLate: Bool
    package let schedule: String?
    package let nextRun: Instant?
    package let lastRun: Ledger.Entry?
    /// The newest release.
    package let release: ReleaseID?
  }

  /// A signature, and how long it holds.
  package struct Signature: Sendable {
    package let role: RoleExpiry
    /// Half of its life is over, and nobody renewed it.
    package let isOverdue: Bool
    package let isExpired: Bool
  }

  package let rows: [Row]
  package let signatures: [Signature]
  package let isTrial: Bool
  package let at: Instant

  package var late: [Row] { rows.filter(\.isLate) }
  /// Signatures that `refresh` should have renewed, or that somebody must.
  package var expiring: [Signature] { signatures.filter { $0.isOverdue || $0.isExpired } }

  /// - Parameter plans: every dataset that is configured.
  package init(
    _ plans: [DatasetPlan], site: Site, privateStore: PrivateStore, publicRoot: String, now: Instant, zone: CivilZone
  ) throws {
    let ledger = privateStore.ledger
    let runs = Dictionary(uniqueKeysWithValues: try ledger.newestRuns().map { ($0.dataset, $0) })
    let states = try ledger.scheduleStates()
    let deliveries = try ledger.deliveries()
    let published = try PublishedSite(shown: PublicStore(root: publicRoot))
    let releases = Dictionary(
      uniqueKeysWithValues: published.datasets.map { ($0.description, published.releases(of: $0).first) })
    var rows: [Row] = []
    for plan in plans {
      let name = plan.id.description
      switch plan {
      case .misconfigured(_, let problem):
        rows.append(
          Row(
            dataset: name, title: nil, department: nil, isConfigured: true, configurationProblem: problem,
            frequency: nil,
            promise: nil, isLate: false, schedule: nil, nextRun: nil, lastRun: runs[name],
            release: releases[name] ?? nil))
      case .ready(let dataset, _, _):
        let state = states[name]
        let promise = Promise(dataset, delivered: deliveries[name], firstSeen: state?.firstSeen, zone: zone)
        let scheduled = dataset.schedule?.next(after: now, in: zone)
        rows.append(
          Row(
            dataset: name, title: dataset.title, department: dataset.department.name, isConfigured: true,
            configurationProblem: nil, frequency: dataset.frequency, promise: promise,
            isLate: promise.isMissed(at: now),
            schedule: dataset.schedule?.description, nextRun: [scheduled, state?.retryAt].compactMap { $0 }.min(),
            lastRun: runs[name], release: releases[name] ?? nil))
      }
    }
    let configured = Set(plans.map(\.id.description))
    for name in Set(runs.keys).union(releases.keys).subtracting(configured) {
      rows.append(
        Row(
          dataset: name, title: nil, department: nil, isConfigured: false, configurationProblem: nil, frequency: nil,
          promise: nil, isLate: false, schedule: nil, nextRun: nil, lastRun: runs[name], release: releases[name] ?? nil)
      )
    }
    self.rows = rows.sorted { $0.dataset < $1.dataset }
    signatures = (published.repository?.roles ?? []).map { role in
      let half = RepositoryState.days(of: role.name, site.expiries) * 43_200
      return Signature(
        role: RoleExpiry(role: role.name, version: role.version, expires: role.expires),
        isOverdue: role.expires.secondsSince1970 - now.secondsSince1970 < half, isExpired: role.expires <= now)
    }.sorted { ($0.role.expires, $0.role.role) < ($1.role.expires, $1.role.role) }
    isTrial = published.repository?.isTrial ?? false
    at = now
  }
}
