import Foundation
import TestSupport
import Testing

/// Datasets that refer to rows of other datasets.
@Suite struct ReferenceTests {
  private let clock = "2026-11-23T06:00:00Z"

  /// Datasets `a-readings` and `stations` of one department; the first comes first by its name, and refers to the second.
  private func site(readings: String, stations: String, back: Bool = false) throws -> TestSite {
    let site = try TestSite()
    try site.addDataset(
      columns: ["id: {disclosure: public}"], fields: [#"{"name":"id","type":"integer"}"#], input: "id\n1\n")
    let yaml = try site.text("datasets/office/things/dataset.yaml")
    for (name, columns) in [("a-readings", ["n", "station"]), ("stations", ["no", "first"])] {
      var text = yaml.replacingOccurrences(of: "schema: things", with: "schema: \(name)")
      text = text.replacingOccurrences(
        of: "  id: {disclosure: public}", with: columns.map { "  \($0): {disclosure: public}" }.joined(separator: "\n"))
      try site.write(text, "datasets/office/\(name)/dataset.yaml")
      let reference =
        name == "stations"
        ? (back
          ? ",\"foreignKeys\":[{\"fields\":\"first\",\"reference\":{\"resource\":\"office/a-readings\",\"fields\":\"n\"}}]"
          : "")
        : ",\"foreignKeys\":[{\"fields\":\"station\",\"reference\":{\"resource\":\"stations\",\"fields\":\"no\"}}]"
      let fields = columns.map { "{\"name\":\"\($0)\",\"type\":\"integer\"}" }.joined(separator: ",")
      try site.write(
        "{\"fields\":[\(fields)],\"primaryKey\":\"\(columns[0])\"\(reference)}", "schemas/\(name).tableschema.json")
    }
    try FileManager.default.removeItem(atPath: "\(site.path)/datasets/office/things")
    try deliver(site, readings: readings, stations: stations)
    return site
  }

  private func deliver(_ site: TestSite, readings: String? = nil, stations: String? = nil) throws {
    if let readings { try site.write("n,station\n" + readings, "datasets/office/a-readings/input.csv") }
    if let stations { try site.write("no,first\n" + stations, "datasets/office/stations/input.csv") }
  }

  private func outcomes(_ site: TestSite, _ arguments: String..., at clock: String) throws -> [String: String] {
    let result = try run([executable, "publish", "--json", "--now", clock] + arguments, in: site.path)
    let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    let results = try #require(json?["results"] as? [[String: Any]], "\(result.error)")
    var outcomes: [String: String] = [:]
    for result in results {
      let name = (result["dataset"] as? String ?? "").replacingOccurrences(of: "office/", with: "")
      outcomes[name] = result["outcome"] as? String ?? ""
    }
    return outcomes
  }

  /// What is referred to comes first, whatever its name; a new row of both in one run is found.
  @Test func whatIsReferredToComesFirst() throws {
    let site = try site(readings: "1,7\n2,8\n", stations: "7,\n")
    #expect(try outcomes(site, at: clock) == ["a-readings": "refused", "stations": "released"])
    try deliver(site, stations: "7,\n8,\n")
    #expect(try outcomes(site, at: "2026-11-24T06:00:00Z") == ["a-readings": "released", "stations": "released"])
    // Against the last delivery that was accepted, where the other is not in the run, or was refused in it.
    try deliver(site, readings: "1,7\n2,8\n3,9\n", stations: "7,\n8,\n9,\nx,\n")
    #expect(try outcomes(site, "office/a-readings", at: "2026-11-25T06:00:00Z") == ["a-readings": "refused"])
    #expect(try outcomes(site, at: "2026-11-25T07:00:00Z") == ["a-readings": "refused", "stations": "refused"])
    try deliver(site, readings: "1,7\n2,8\n3,8\n")
    #expect(try outcomes(site, at: "2026-11-25T08:00:00Z") == ["a-readings": "released", "stations": "refused"])
    // A delivery that did not change is looked at again where what it refers to did.
    try deliver(site, stations: "7,\n")
    #expect(try outcomes(site, at: "2026-11-26T06:00:00Z") == ["a-readings": "refused", "stations": "released"])
  }

  /// Two that refer to one another go out together or not at all.
  @Test func circlesGoOutTogether() throws {
    let site = try site(readings: "1,7\n", stations: "7,1\n", back: true)
    #expect(try outcomes(site, at: clock) == ["a-readings": "released", "stations": "released"])
    try deliver(site, readings: "1,7\n2,8\n", stations: "7,1\n8,2\n")
    #expect(try outcomes(site, at: "2026-11-24T06:00:00Z") == ["a-readings": "released", "stations": "released"])
    try deliver(site, readings: "1,7\n2,8\n3,9\n", stations: "7,1\n8,2\n9,4\n")
    #expect(try outcomes(site, at: "2026-11-25T06:00:00Z") == ["a-readings": "refused", "stations": "refused"])
  }

  @Test func aReferenceToNothingIsAMistake() throws {
    let site = try site(readings: "1,7\n", stations: "7,\n")
    let schema = try site.text("schemas/a-readings.tableschema.json")
    for (from, to, words) in [
      ("\"stations\"", "\"nothing\"", "there is no dataset nothing"), ("\"no\"", "\"number\"", "has no field number"),
    ] {
      try site.write(schema.replacingOccurrences(of: from, with: to), "schemas/a-readings.tableschema.json")
      let result = try site.daylight("check", now: clock)
      #expect(result.code == 2 && result.output.contains(words), "\(result.output)")
    }
  }
}
