internal import Ingest
internal import Publication

/// Tries again what may go through in a moment: each wait is twice the one before, give or take a half, so that a server that
/// came back is not met by all at once.
struct Retry: Sendable {
  let attempts: Int
  /// Seconds.
  let firstWait: Int
  /// A server that asks for more patience than this is left for the next run.
  static let longestWait = 300

  func callAsFunction<Result: Sendable>(_ work: @Sendable () async throws -> Result) async throws -> Result {
    var wait = Double(firstWait)
    for _ in 1..<max(attempts, 1) {
      do {
        return try await work()
      } catch let error as StageError {
        guard let cause = error.cause as? IngestError, cause.isTransient, cause.retryAfter ?? 0 <= Self.longestWait
        else {
          throw error
        }
        let seconds = max(
          min(wait, Double(Self.longestWait)) * Double.random(in: 0.5...1.5), Double(cause.retryAfter ?? 0))
        try await Task.sleep(for: .seconds(seconds))
        wait *= 2
      }
    }
    return try await work()
  }
}
