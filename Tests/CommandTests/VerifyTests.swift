import Foundation
import TestSupport
import Testing

/// `daylight verify`, a client of our own: what was signed passes, and whatever is changed afterwards is exit code 5.
@Suite struct VerifyTests {
  private func site() throws -> TestSite {
    let site = try TestSite()
    try site.addDataset(
      columns: ["id: {disclosure: public}"], fields: [#"{"name":"id","type":"integer"}"#], input: "id\n1\n")
    #expect(try site.daylight("publish", now: "2026-11-22T06:00:00Z").code == 0)
    try site.write("id\n2\n", "datasets/office/things/input.csv")
    #expect(try site.daylight("publish", now: "2026-11-23T06:00:00Z").code == 0)
    return site
  }

  private func verify(_ site: TestSite, _ more: String..., at time: String = "2026-11-23T07:00:00Z") throws
    -> ProcessResult
  {
    try run([executable, "verify", "public", "--as-of", time] + more, in: site.path)
  }

  @Test func whatWasPublishedIsVerified() throws {
    let site = try site()
    let result = try verify(site)
    // Top, department, its year, site; two releases of six files under two names, the newest under a third, three site
    // targets, seven pages and catalogues.
    #expect(result.code == 0 && result.output.contains("4 roles, and 40 files"), "\(result.output)\(result.error)")
    try FileManager.default.copyItem(
      atPath: "\(site.path)/public/metadata/1.root.json", toPath: "\(site.path)/mine.json")
    #expect(try verify(site, "--root", "mine.json").code == 0)
    let other = try self.site()
    let foreign = try verify(site, "--root", "\(other.path)/public/metadata/1.root.json")
    #expect(foreign.code == 5 && foreign.error.contains("0 valid signatures of 1"), "\(foreign.error)")
  }

  @Test func expiryCounts() throws {
    let site = try site()
    let late = try verify(site, at: "2026-11-27T00:00:00Z")
    #expect(late.code == 5 && late.error.contains("timestamp expired at 2026-11-26T06:00:00Z"), "\(late.error)")
  }

  /// Every file of the public root, but for the unsigned second copies, is changed by one byte in turn.
  @Test func everyChangedByteIsFound() throws {
    let site = try site()
    let latest = try site.tree("public")
    var count = 0
    for path in latest.keys.sorted() where !path.contains("/latest/") && path != "metadata/1.snapshot.json" {
      // Superseded metadata are not in force: nothing refers to them.
      if path.hasPrefix("metadata/1.")
        && !["metadata/1.root.json", "metadata/1.targets.json", "metadata/1.department-office-2026.json"].contains(path)
      {
        continue
      }
      // The site's files of the first publication are not either.
      if path.hasPrefix("targets/site/") && !isInForce(path, site) { continue }
      var data = try #require(latest[path])
      let place = data.count / 2
      data[place] ^= 1
      try replace(site, path, data)
      let result = try verify(site)
      #expect(result.code == 5, "\(path): \(result.output)\(result.error)")
      try replace(site, path, try #require(latest[path]))
      count += 1
    }
    #expect(count > 30)
    #expect(try verify(site).code == 0)
  }

  @Test func missingAndLongerFilesAreFound() throws {
    let site = try site()
    let path = "data/office/things/2026.11.23.1/data.csv.gz"
    let data = try site.read("public/\(path)")
    try replace(site, path, data + Data([0]))
    #expect(try verify(site).error.contains("is not \(data.count) bytes long"))
    try FileManager.default.removeItem(atPath: "\(site.path)/public/\(path)")
    let missing = try verify(site, "--json")
    #expect(missing.code == 5 && missing.output.contains("is missing"))
    #expect(try run([executable, "verify", "nowhere"], in: site.path).code == 2)
    try FileManager.default.createDirectory(atPath: "\(site.path)/empty", withIntermediateDirectories: true)
    #expect(try run([executable, "verify", "empty"], in: site.path).code == 5)
  }

  @Test func anOlderTimestampWithANewerSnapshotIsNoState() throws {
    let site = try site()
    let old = try self.site()
    // Metadata of another repository in the place of ours.
    for name in ["timestamp.json", "2.snapshot.json", "1.targets.json"] {
      let ours = try site.read("public/metadata/\(name)")
      try replace(site, "metadata/\(name)", try old.read("public/metadata/\(name)"))
      #expect(try verify(site).code == 5, "\(name)")
      try replace(site, "metadata/\(name)", ours)
    }
  }

  private func isInForce(_ path: String, _ site: TestSite) -> Bool {
    guard let role = try? site.text("public/metadata/2.site.json") else { return true }
    let digest = path.split(separator: "/").last?.split(separator: ".").first ?? ""
    return role.contains(digest)
  }

  /// Puts other bytes in a new file of the name, so that a second name of the old one keeps its bytes.
  private func replace(_ site: TestSite, _ path: String, _ data: Data) throws {
    let full = URL(fileURLWithPath: "\(site.path)/public/\(path)")
    try FileManager.default.removeItem(at: full)
    try data.write(to: full)
  }
}
