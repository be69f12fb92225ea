package import Export
package import OutputCheck
package import Publication

/// Lets a cleared candidate become a release, where its dataset asks for nobody's word.
///
/// A dataset that asks for two officers waits: nothing of it is published until they can sign (`review`, `approve`).
package struct Approve: Stage {
  package static let name = StageName.approval

  package init() {}

  package func run(_ candidate: ClearedCandidate, in run: Run) async throws -> Decision {
    switch candidate.dataset.approval {
    case .none: .approved(Release(dataset: candidate.dataset, record: candidate.record, files: candidate.files))
    case .twoPerson: .waiting
    }
  }

  package enum Decision: Sendable {
    case approved(Release)
    case waiting
  }
}

/// A release: checked, approved, ready to be promoted.
///
/// Only approval can make one.
package struct Release: Sendable {
  package let dataset: Dataset
  package let record: ReleaseRecord
  package let files: [(name: String, file: WorkFile)]

  init(dataset: Dataset, record: ReleaseRecord, files: [(name: String, file: WorkFile)]) {
    self.dataset = dataset
    self.record = record
    self.files = files
  }
}
