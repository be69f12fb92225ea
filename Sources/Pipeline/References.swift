internal import Ingest
internal import PrivateStore
internal import Publication
internal import TableSchema
internal import Validation

// A dataset may refer to rows of others. It is worked on after them, and against what was accepted of them: their delivery of this run,
// or else the last one that was. Datasets that refer to one another in a circle are held against each other's new deliveries, and go
// out together or not at all.

extension DatasetPlan {
  /// The datasets that this one's foreign keys refer to, by the name that its schema has for them.
  var references: [String: DatasetID] {
    guard case .ready(let dataset, let schema, _) = self else { return [:] }
    return Dictionary(
      schema.foreignKeys.compactMap(\.resource).compactMap { name in
        dataset.id.sibling(name).map { (name, $0) }
      }, uniquingKeysWith: { first, _ in first })
  }
}

/// What the datasets of one run refer to.
struct References: Sendable {
  private let plans: [DatasetID: DatasetPlan]
  private let selected: Set<DatasetID>
  private(set) var done: [DatasetID: Publisher.Attempt] = [:]

  init(_ plans: [DatasetPlan], selected: [DatasetPlan]) {
    self.plans = Dictionary(plans.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    self.selected = Set(selected.map(\.id))
  }

  mutating func note(_ attempt: Publisher.Attempt) { done[attempt.result.dataset] = attempt }

  /// Takes over what became of datasets in the end: one that was held back is not what others may be held against.
  mutating func amend(_ results: [DatasetID: DatasetResult]) {
    for (dataset, result) in results { done[dataset]?.result = result }
  }

  /// Whether nothing that a plan refers to is still to come in this run.
  func isReady(_ plan: DatasetPlan) -> Bool {
    plan.references.values.allSatisfy { $0 == plan.id || !selected.contains($0) || done[$0] != nil }
  }

  /// What each name that a plan's schema has for another dataset stands for.
  ///
  /// - Throws: `SchemaError` where it stands for none.
  func tables(of plan: DatasetPlan) throws(SchemaError) -> [(name: String, table: ReferencedDelivery)] {
    guard case .ready(_, let schema, _) = plan else { return [] }
    let references = plan.references
    var tables: [(name: String, table: ReferencedDelivery)] = []
    for (index, key) in schema.foreignKeys.enumerated() {
      guard let name = key.resource, !tables.contains(where: { $0.name == name }) else { continue }
      let path = "/foreignKeys/\(index)/reference"
      guard let id = references[name], let target = plans[id] else {
        throw SchemaError("\(path)/resource", "there is no dataset \(name)")
      }
      guard case .ready(let dataset, let schema, _) = target else {
        throw SchemaError("\(path)/resource", "the dataset \(id) is misconfigured")
      }
      if let field = key.referencedFields.first(where: { schema.index(of: $0) == nil }) {
        throw SchemaError("\(path)/fields", "the dataset \(id) has no field \(field)")
      }
      let attempt = done[id]
      let isAccepted = attempt?.result.outcome == .released || attempt?.result.outcome == .unchanged
      tables.append(
        (
          name,
          ReferencedDelivery(
            dataset: dataset, schema: schema, accepted: isAccepted ? attempt?.delivery.first : nil,
            isToCome: selected.contains(id) && attempt == nil)
        ))
    }
    return tables
  }

  /// Attempts of which something that they were held against was not accepted after all.
  ///
  /// Taking one back may take others back: until nothing changes.
  func unfounded(among attempts: [Publisher.Attempt]) -> Set<DatasetID> {
    var unfounded: Set<DatasetID> = []
    while true {
      let more = attempts.filter { attempt in
        !unfounded.contains(attempt.result.dataset)
          && attempt.assumed.contains { unfounded.contains($0) || done[$0].map { $0.result.exitCode != 0 } ?? true }
      }
      if more.isEmpty { return unfounded }
      unfounded.formUnion(more.map(\.result.dataset))
    }
  }
}

extension Publisher.Attempt {
  /// The same, refused where it is among those of which what they refer to was not accepted.
  func unless(_ unfounded: Set<DatasetID>) -> Publisher.Attempt {
    guard unfounded.contains(result.dataset), result.exitCode == 0 else { return self }
    let names = assumed.map(\.description).sorted().joined(separator: ", ")
    return refused(by: [Finding(.unreadableReference, rule: "accepted", limit: names)], in: .validation)
  }

  /// The same, refused.
  func refused(by findings: [Finding], in stage: StageName = .outputCheck) -> Publisher.Attempt {
    let report = Report(stage: stage, findings: findings, rowCount: result.rowCount ?? 0)
    return Publisher.Attempt(
      result: DatasetResult(StageError(stage: stage, dataset: result.dataset, cause: Refusal(report))))
  }
}

/// The table that a foreign key of another dataset refers to.
struct ReferencedDelivery: Sendable {
  let dataset: Dataset
  let schema: Schema
  /// Of this run, where it was accepted.
  let accepted: WorkFile?
  /// The dataset is still to be worked on in this run: the two refer to one another.
  let isToCome: Bool
}

extension Publisher {
  /// Finds the delivery that a foreign key is held against; nil where there is none.
  func delivery(_ reference: ReferencedDelivery, _ now: Attempt.Circumstances, in run: Run) async throws -> WorkFile? {
    let dataset = reference.dataset
    if let accepted = reference.accepted { return accepted }
    if !reference.isToCome, let settled = now.settled[dataset.id.description],
      let kept = try privateStore.snapshot(of: dataset.id, settled.delivery)
    {
      return kept
    }
    // Of what has no rows published nothing is accepted; it is taken as it is delivered.
    guard reference.isToCome || dataset.access != .unconditional else { return nil }
    return try? await Ingest(store: privateStore, site: site).run(dataset, in: run).parts.first
  }
}

extension DatasetID {
  /// `department/dataset`, or the name of a dataset of the same department.
  fileprivate func sibling(_ name: String) -> DatasetID? {
    DatasetID(name) ?? DatasetID("\(department)/\(name)")
  }
}
