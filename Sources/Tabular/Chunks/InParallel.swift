package import Publication

/// What comes of each element, in their order, worked out on the machine's cores.
///
/// - Throws: the first error of any.
package func inParallel<Element: Sendable, Result: Sendable>(
  _ elements: [Element], _ parallelism: Parallelism = Parallelism(),
  _ work: @escaping @Sendable (Element) throws -> Result
) async throws -> [Result] {
  // Many shares a worker: some take longer than others.
  let share = max(1, elements.count / (64 * parallelism.workers))
  return try await withThrowingTaskGroup(of: (Int, [Result]).self) { group in
    for start in stride(from: 0, to: elements.count, by: share) {
      group.addTask { (start, try elements[start..<min(start + share, elements.count)].map(work)) }
    }
    var parts: [(start: Int, results: [Result])] = []
    for try await part in group { parts.append(part) }
    return parts.sorted { $0.start < $1.start }.flatMap(\.results)
  }
}
