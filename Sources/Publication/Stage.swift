internal import Glibc

/// The stages, in the order of a dataset's journey.
package enum StageName: String, Sendable, CaseIterable {
  case ingest, validation, redaction, versioning, export
  case outputCheck = "output-check"
  case approval, catalog, manifest, promotion
}

/// One step of a run: turns what the data *was* into what the data *is now*.
///
/// A stage names everything that it reads in its input, and leaves its output as files in the run's work folder.
package protocol Stage<Input, Output>: Sendable {
  associatedtype Input: Sendable
  associatedtype Output: Sendable
  static var name: StageName { get }
  func run(_ input: Input, in run: Run) async throws -> Output
}

/// How many chunks of a table are worked on side by side, and how large they are.
///
/// Nothing that is published depends on either.
package struct Parallelism: Sendable {
  /// At least 1.
  package let workers: Int
  /// Bytes of text that a worker takes at a time; at least one record.
  package let chunkByteCount: Int

  package init(workers: Int = Self.coreCount, chunkByteCount: Int = 2 << 20) {
    self.workers = max(workers, 1)
    self.chunkByteCount = max(chunkByteCount, 1)
  }

  /// The cores of this machine.
  package static let coreCount = max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1)
}

/// One attempt to publish one dataset.
package struct Run: Sendable {
  package let id: String
  package let clock: Clock
  /// Absolute path of the run's own folder in the private root; each stage has a folder below it.
  package let workFolder: String
  /// Bytes that a stage may hold before it spills to the work folder.
  package let memoryBudget: Int
  package let parallelism: Parallelism
  package let progress: @Sendable (Progress) -> Void

  package init(
    id: String, clock: Clock, workFolder: String, memoryBudget: Int = 24 << 20,
    parallelism: Parallelism = Parallelism(),
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) {
    self.id = id
    self.clock = clock
    self.workFolder = workFolder
    self.memoryBudget = memoryBudget
    self.parallelism = parallelism
    self.progress = progress
  }

  package func folder(of stage: StageName) -> String { "\(workFolder)/\(stage.rawValue)" }
}

/// What a run tells whoever watches it.
package enum Progress: Sendable {
  case started(StageName, DatasetID)
  /// So far in this stage; `total` bytes where they are known.
  case advanced(StageName, DatasetID, byteCount: Int, total: Int?)
  case finished(StageName, DatasetID, seconds: Double)
  /// Nothing more will be done for this dataset.
  case ended(DatasetID)
}

/// A file of a run: immutable once written, known by its digest.
package struct WorkFile: Sendable {
  package let path: String
  package let byteCount: Int
  package let digest: Digest

  package init(path: String, byteCount: Int, digest: Digest) {
    self.path = path
    self.byteCount = byteCount
    self.digest = digest
  }
}
