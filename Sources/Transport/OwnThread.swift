internal import Dispatch
internal import Glibc

/// Runs work that blocks on a thread that nobody else waits for: the threads of tasks are as few as there are cores.
package func onOwnThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(with: Swift.Result(catching: work)) }
  }
}

/// Blocks the thread for a while.
package func pause(milliseconds: Int) { usleep(useconds_t(milliseconds * 1_000)) }
