internal import Dispatch
internal import Glibc

/// Runs work that blocks on a thread that nobody else waits for: the threads of tasks are as few as there are cores.
package func onOwnThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(with: Swift.Result(catching: work)) }
  }
}

/// Blocks the thread for a while; an hour at most.
package func pause(milliseconds: Int) {
  var rest = timespec()
  let milliseconds = min(max(milliseconds, 0), 3_600_000)
  rest.tv_sec = milliseconds / 1_000
  rest.tv_nsec = milliseconds % 1_000 * 1_000_000
  var left = timespec()
  while nanosleep(&rest, &left) != 0 && errno == EINTR { rest = left }
}
