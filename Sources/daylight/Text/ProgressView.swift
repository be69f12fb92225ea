internal import Glibc
internal import Publication
internal import Synchronization

/// Shows how far a run is: a bar on a terminal, a line a stage otherwise, nothing when asked to be quiet.
final class ProgressView: Sendable {
  enum Style: Sendable { case bar, lines, none }

  private struct State {
    var done = 0
    var lastDrawn = ContinuousClock().now
    var lineWidth = 0
  }

  private let style: Style
  private let total: Int
  private let state = Mutex(State())

  init(total: Int, isQuiet: Bool) {
    self.total = total
    style = isQuiet ? .none : isatty(STDERR_FILENO) == 1 ? .bar : .lines
  }

  func show(_ progress: Progress) {
    guard style != .none else { return }
    state.withLock { state in
      switch progress {
      case .started(let stage, let dataset):
        if style == .bar { draw(&state, dataset, stage, share: 0) }
      case .advanced(let stage, let dataset, let byteCount, let total):
        guard style == .bar, ContinuousClock().now - state.lastDrawn > .milliseconds(80) else { return }
        draw(&state, dataset, stage, share: total.map { $0 == 0 ? 1 : Double(byteCount) / Double($0) })
      case .finished(let stage, let dataset, let seconds):
        if style == .lines { writeError("\(dataset) \(stage.rawValue) \(tenths(seconds)) s\n") }
      case .ended: state.done += 1
      }
    }
  }

  /// Removes the bar.
  func finish() {
    state.withLock { state in
      if style == .bar && state.lineWidth > 0 {
        writeError("\r" + String(repeating: " ", count: state.lineWidth) + "\r")
      }
      state.lineWidth = 0
    }
  }

  private func draw(_ state: inout State, _ dataset: DatasetID, _ stage: StageName, share: Double?) {
    state.lastDrawn = ContinuousClock().now
    let width = 20
    let filled = Int((min(max(share ?? 0, 0), 1) * Double(width)).rounded())
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let line = "[\(min(state.done + 1, total))/\(total)] \(bar) \(dataset) \(stage.rawValue)"
    let padding = String(repeating: " ", count: max(0, state.lineWidth - line.count))
    writeError("\r\(line)\(padding)")
    state.lineWidth = line.count
  }
}

func tenths(_ seconds: Double) -> String {
  let value = Int((seconds * 10).rounded())
  return "\(value / 10).\(value % 10)"
}
