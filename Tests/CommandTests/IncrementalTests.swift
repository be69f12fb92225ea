import Foundation
import TestSupport
import Testing

/// A run works only on what changed since the last one.
///
/// Whatever came before, in whatever order, what is published is what a run that remembers nothing would publish.
@Suite struct IncrementalTests {
  private enum Action: CaseIterable {
    case nothing, rows, title, department, withdraw, reinstate, misconfigure, mend, close, open, losePage, add,
      addListed, relist
  }

  @Test(arguments: [1, 2, 3]) func whateverHappenedTheSiteIsAsIfMadeAnew(seed: UInt64) throws {
    let site = try TestSite()
    var random = SmallRandom(seed: seed)
    var names = ["a", "b"]
    func add(_ name: String) throws {
      try site.addDataset(
        name, columns: ["id: {disclosure: public}"], fields: [#"{"name":"id","type":"integer"}"#],
        input: "id\n1\n2\n", more: "release: {key: [id]}")
    }
    for name in names { try add(name) }
    var history: [String] = []
    for step in 1...14 {
      let action = try #require(Action.allCases.randomElement(using: &random))
      let name = try #require(names.randomElement(using: &random))
      let now = "2026-11-24T0\(step / 10):\(10 + step % 10):00Z"
      history.append("\(action) \(name)")
      let folder = "datasets/office/\(name)"
      func change(_ file: String, _ change: (String) -> String) throws {
        try site.write(change(try site.text(file)), file)
      }
      func replace(_ old: String, by new: String, in file: String) throws {
        try change(file) { $0.replacingOccurrences(of: old, with: new) }
      }
      switch action {
      case .nothing: break
      case .rows: try site.write("id\n1\n2\n\(step + 2)\n", "\(folder)/input.csv")
      case .title:
        try replace("title: {zh: 事项", by: "title: {zh: 事项\(step)", in: "\(folder)/dataset.yaml")
      case .department:
        try replace("name: {zh: 测试办", by: "name: {zh: 测试办\(step)", in: "datasets/office/department.yaml")
      case .withdraw: try site.daylight("withdraw", "office/\(name)", "--reason", "测试", now: now)
      case .reinstate: try site.daylight("withdraw", "office/\(name)", "--undo", now: now)
      case .misconfigure: try change("\(folder)/dataset.yaml") { $0 + "\nnonsense: [\n" }
      case .mend: try replace("\nnonsense: [\n", by: "", in: "\(folder)/dataset.yaml")
      case .close:
        try replace("access: unconditional", by: "access: closed", in: "\(folder)/dataset.yaml")
      case .open:
        try replace("access: closed", by: "access: unconditional", in: "\(folder)/dataset.yaml")
      case .losePage:
        try? FileManager.default.removeItem(atPath: "\(site.path)/public/\(folder)/index.html")
      case .addListed, .add:
        names.append("new-\(step)")
        try add(names[names.count - 1])
        guard action == .addListed else { break }
        try replace(
          "access: unconditional", by: "access: conditional\nconditions: {zh: 申请, en: On request}",
          in: "datasets/office/new-\(step)/dataset.yaml")
      case .relist:
        try replace("conditions: {zh: 申请", by: "conditions: {zh: 申请\(step)", in: "\(folder)/dataset.yaml")
      }
      try site.daylight("publish", now: now)
      let published = try site.tree("public")

      // The same run again by a workspace that has forgotten what it knew.
      let memory = "\(site.path)/workspace/ledger.sqlite"
      let kept = try Data(contentsOf: URL(fileURLWithPath: memory))
      try FileManager.default.removeItem(atPath: memory)
      try site.daylight("publish", now: now)
      let anew = try site.tree("public")
      let differing = Set(published.keys).union(anew.keys).filter { published[$0] != anew[$0] }
      #expect(differing.isEmpty, "\(history): \(differing.sorted().prefix(5))")
      if !published.isEmpty {
        let verified = try site.daylight("verify", "public", "--as-of", now)
        #expect(verified.code == 0, "\(history): \(verified.error)")
      }
      guard differing.isEmpty else { return }
      try kept.write(to: URL(fileURLWithPath: memory))
    }
  }
}
