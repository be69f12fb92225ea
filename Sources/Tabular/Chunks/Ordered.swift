internal import CMalloc
package import Publication

/// Runs `work` on the machine's cores, a chunk at a time, and `collect` on what came of it, in the order of the chunks.
///
/// Memory is bounded: there is one state more than there are workers, each holds one chunk and what comes of it, and none takes
/// another chunk before it was collected.
///
/// - Parameters:
///   - make: a worker's own state, used for one chunk after the other and by one thread at a time.
///   - work: takes the next chunk and gives its number, from 0, without gaps; nil when there is none.
///   - collect: takes over what the state holds; called by one thread, in order.
/// - Throws: the first error of either; what was begun is brought to its end, nothing more is collected.
package func ordered<State: ~Copyable>(
  _ parallelism: Parallelism, make: () throws -> State,
  work: @escaping @Sendable (inout State) throws -> Int?, collect: (inout State) throws -> Void
) async throws {
  var turn = 0
  try await withThrowingTaskGroup(of: (Int?, Slot<State>).self) { group in
    func start(_ slot: Slot<State>) { group.addTask { (try work(&slot.state), slot) } }
    for _ in 0...parallelism.workers { start(Slot(try make())) }
    var waiting: [Int: Slot<State>] = [:]
    while let (number, slot) = try await group.next() {
      guard let number else { continue }
      waiting[number] = slot
      while let slot = waiting.removeValue(forKey: turn) {
        try collect(&slot.state)
        turn += 1
        start(slot)
      }
    }
    precondition(waiting.isEmpty, "chunk numbers have a gap")
  }
  // What the states held goes back to the system: the next stage has its own. A small table's is soon used again.
  if turn > parallelism.workers { malloc_trim(0) }
}

/// A worker's state, which goes from the task that works on it to the one that collects.
private final class Slot<State: ~Copyable>: @unchecked Sendable {
  var state: State
  init(_ state: consuming State) { self.state = state }
}
