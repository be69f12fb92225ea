internal import Glibc
internal import Sync
internal import Synchronization

/// Shows how far a sync is, on a terminal.
final class SyncProgress: Sendable {
  private struct State {
    var lastDrawn: ContinuousClock.Instant?
    var width = 0
  }

  private let isShown: Bool
  private let state = Mutex(State())

  init(isQuiet: Bool) { isShown = !isQuiet && isatty(STDERR_FILENO) == 1 }

  func show(_ progress: SyncMirror.Progress) {
    guard isShown else { return }
    state.withLock { state in
      let now = ContinuousClock().now
      if let last = state.lastDrawn, now - last < .milliseconds(100) { return }
      state.lastDrawn = now
      let share = progress.byteCount == 0 ? 1 : min(Double(progress.fetchedByteCount) / Double(progress.byteCount), 1)
      let filled = Int(share * 20)
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 20 - filled)
      let megabytes = tenths(Double(progress.fetchedByteCount) / 1e6) + "/" + tenths(Double(progress.byteCount) / 1e6)
      let line = "\(bar) \(progress.fetchedFileCount)/\(progress.fileCount)  \(megabytes) MB"
      writeError("\r\(line)\(String(repeating: " ", count: max(0, state.width - line.count)))")
      state.width = line.count
    }
  }

  func finish() {
    state.withLock { state in
      if state.width > 0 { writeError("\r" + String(repeating: " ", count: state.width) + "\r") }
      state.width = 0
    }
  }
}
