import Tabular
import TestSupport
import Testing

@Suite struct ExternalSorterTests {
  private func sorted(_ records: [[UInt8]], budget: Int) throws -> [[UInt8]] {
    let folder = TemporaryFolder()
    var sorter = ExternalSorter(folder: folder.path, memoryBudget: budget)
    for record in records { try sorter.add(record[...]) }
    var sorted = try sorter.sorted()
    var result: [[UInt8]] = []
    var record: [UInt8] = []
    while try sorted.read(&record) { result.append(record) }
    return result
  }

  @Test(arguments: [1 << 12, 1 << 14, 1 << 24]) func sortsAsMemoryWould(budget: Int) throws {
    var random = SmallRandom(seed: 3)
    let records = (0..<3_000).map { _ in
      (0..<Int.random(in: 0...30, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
    let expected = records.sorted { $0.lexicographicallyPrecedes($1) }
    #expect(try sorted(records, budget: budget) == expected)
    #expect(try sorted(expected, budget: budget) == expected)
    #expect(try sorted(expected.reversed(), budget: budget) == expected)
    #expect(try sorted([], budget: budget).isEmpty)
  }
}
