/// Lets one at a time go on, in the order in which they came: transfers wait on other machines side by side, what follows needs
/// this machine's cores and memory.
actor Turn {
  private var isTaken = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func callAsFunction<Result: Sendable>(_ work: @Sendable () async throws -> Result) async throws -> Result {
    await take()
    defer { giveBack() }
    return try await work()
  }

  private func take() async {
    guard isTaken else {
      isTaken = true
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  private func giveBack() {
    if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
  }
}
