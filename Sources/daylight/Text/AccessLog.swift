internal import Dispatch
internal import Synchronization
internal import Tabular

/// The access log, written by a thread of its own: a reader that stands still stops nobody who is served.
///
/// Lines that find no room are counted, and the count is written when there is room again.
final class AccessLog: Sendable {
  private let state = Mutex(State())
  private let hasLines = DispatchSemaphore(value: 0)
  private let isDone = DispatchSemaphore(value: 0)
  /// Lines that wait.
  private static let limit = 10_000
  /// Seconds that the last lines are waited for.
  private static let patience = 2.0

  private struct State {
    var lines: [String] = []
    var dropped = 0
    var isEnding = false
  }

  init() {
    // Not a thread of a pool: it may stand still for good.
    detachThread { self.write() }
  }

  func add(_ line: String) {
    state.withLock { state in
      if state.lines.count < Self.limit { state.lines.append(line) } else { state.dropped += 1 }
    }
    hasLines.signal()
  }

  /// Returns when everything is written, or when its reader takes too long.
  func end() {
    state.withLock { $0.isEnding = true }
    hasLines.signal()
    _ = isDone.wait(timeout: .now() + Self.patience)
  }

  private func write() {
    while true {
      hasLines.wait()
      let (lines, dropped, isEnding) = state.withLock { state in
        defer {
          state.lines.removeAll(keepingCapacity: true)
          state.dropped = 0
        }
        return (state.lines, state.dropped, state.isEnding)
      }
      if !lines.isEmpty { writeOutput(lines.joined()) }
      if dropped > 0 { writeOutput("{\"dropped\":\(dropped)}\n") }
      if isEnding && lines.isEmpty {
        isDone.signal()
        return
      }
      if isEnding { hasLines.signal() }
    }
  }
}
