internal import Synchronization

/// Set by a signal, looked at between two steps.
final class StopSignal: Sendable {
  private let value = Atomic<Int>(0)
  func store(_ number: Int) { value.store(number, ordering: .relaxed) }
  func load() -> Int { value.load(ordering: .relaxed) }
}

let stopRequested = StopSignal()
