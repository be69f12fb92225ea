import Foundation
import TestSupport
import Testing

/// What was published can be proved: locks that hold, nothing signed that was merely found, no name given twice, nothing stopped by one bad
/// file.
///
/// Each test was a fault once.
@Suite struct ProofTests {
  let id = #"{"name":"id","type":"integer"}"#
  let name = #"{"name":"name","type":"string"}"#
  let clock = "2026-11-23T06:00:00Z"
  let later = "2026-11-23T07:00:00Z"
  let things = "public/data/office/things"

  func site(_ input: String = "id,name\n1,a\n", published: Bool = true) throws -> TestSite {
    let site = try TestSite()
    try site.addDataset(
      columns: ["id: {disclosure: public}", "name: {disclosure: public}"], fields: [id, name], input: input,
      more: "release: {key: [id]}")
    if published { #expect(try site.daylight("publish", now: clock).code == 0) }
    return site
  }

  func deliver(_ site: TestSite, _ text: String) throws {
    try site.write("id,name\n\(text)", "datasets/office/things/input.csv")
  }

  func verify(_ site: TestSite, _ more: String..., folder: String = "public", at time: String? = nil) throws
    -> ProcessResult
  {
    try run([executable, "verify", folder, "--as-of", time ?? later] + more, in: site.path)
  }

  /// Puts other bytes under a name, so that its second names keep theirs.
  func replace(_ site: TestSite, _ path: String, _ data: Data) throws {
    try FileManager.default.removeItem(atPath: "\(site.path)/\(path)")
    try site.write(data, path)
  }

  // MARK: Locks

  /// Seconds for which a lock was held while a command ran that waits before its first renaming; nil where this cannot be measured.
  private func secondsHeld(_ site: TestSite, _ lock: String, _ arguments: [String]) throws -> Double? {
    guard FileManager.default.isReadableFile(atPath: "/proc/locks"),
      let probe = try? run(["/usr/bin/strace", "-qq", "-o", "/dev/null", "/bin/true"]), probe.code == 0
    else {
      skip("ProofTests: locks cannot be looked at on this machine")
      return nil
    }
    let calls = "rename,renameat"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/strace")
    process.arguments =
      [
        "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(calls)", "-e", "inject=\(calls):delay_enter=700000:when=1",
        executable,
      ] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: site.path)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    var held = 0.0
    while process.isRunning {
      let number =
        (try? FileManager.default.attributesOfItem(atPath: "\(site.path)/\(lock)")[.systemFileNumber]) as? Int
      let locks = (try? String(contentsOfFile: "/proc/locks", encoding: .utf8)) ?? ""
      if let number, locks.contains(":\(number) 0 EOF") { held += 0.02 }
      Thread.sleep(forTimeInterval: 0.02)
    }
    return held
  }

  @Test(arguments: [
    ["publish", "--quiet"], ["check", "--quiet"], ["refresh", "--now", "2026-12-20T06:00:00Z"],
    ["withdraw", "office/things", "--reason", "核实"],
    ["schedule", "run", "--once", "--now", "2026-12-20T06:00:00Z"],
  ])
  func aLockIsHeldWhileACommandRuns(arguments: [String]) throws {
    let site = try site()
    try deliver(site, "1,b\n2,c\n")
    let clock = arguments.contains("--now") ? [] : ["--now", later]
    guard let held = try secondsHeld(site, "workspace/lock", arguments + clock) else { return }
    #expect(held > 0.4, "\(arguments): \(held) s")
  }

  @Test func backupAndSyncHoldTheirLocks() throws {
    let site = try site()
    try site.write("correct horse battery staple", "passphrase")
    if let held = try secondsHeld(site, "workspace/lock", ["backup", "b", "--passphrase-file", "passphrase"]) {
      #expect(held > 0.4, "\(held)")
    }
    let served = try ServedSite("\(site.path)/public")
    let arguments = [
      "sync", served.address, "mirror", "--root", "public/metadata/1.root.json", "--as-of", later, "--quiet",
    ]
    if let held = try secondsHeld(site, "mirror/.sync/lock", arguments) { #expect(held > 0.4, "\(held)") }
  }

  /// Of several commands at once one ends well, the others are told; nothing is left half done.
  @Test func ofSeveralAtOnceOneEndsWellAndTheOthersAreTold() throws {
    let site = try site()
    try site.write("correct horse battery staple", "passphrase")
    let commands = [
      ["publish", "--quiet", "--now", later], ["publish", "--quiet", "--now", later], ["refresh", "--now", later],
      ["backup", "b", "--passphrase-file", "passphrase"],
    ]
    for round in 0..<8 {
      try deliver(site, "1,\(round)\n2,c\n")
      let running = try commands.map { arguments in
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: site.path)
        process.standardOutput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardError = pipe
        try process.run()
        return (process, pipe)
      }
      var codes: [Int32] = []
      for (process, pipe) in running {
        let error = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        codes.append(process.terminationStatus)
        #expect(
          process.terminationStatus == 0
            || process.terminationStatus == 1 && error.contains("another publication is running"), "\(error)")
      }
      #expect(codes.contains(0), "\(codes)")
      #expect(try verify(site, "--strict").code == 0)
    }
    #expect(!site.exists("workspace/staged"))
  }

  // MARK: Nothing is signed that was merely found

  /// Whoever can write to the public folder and has no key gets nothing signed.
  @Test func whatWasFoundIsNotSigned() throws {
    let site = try site()
    let role = "public/metadata/1.department-office.json"
    let text = try site.text(role)
    let digest = sha256(try site.read("\(things)/2026.11.23.1/data.csv.gz"))
    let evil = Data("evil".utf8)
    try replace(site, role, Data(text.replacingOccurrences(of: digest, with: sha256(evil)).utf8))
    try replace(site, "\(things)/latest/data.csv.gz", evil)
    let before = try site.tree("public/metadata")
    for arguments in [
      ["refresh", "--now", "2027-01-15T06:00:00Z"], ["publish", "--now", later],
      ["schedule", "run", "--once", "--now", "2027-01-15T06:00:00Z"],
    ] {
      let result = try run([executable] + arguments, in: site.path)
      #expect(
        result.code == 5 && result.error.contains("department-office"), "\(arguments): \(result.code) \(result.error)")
    }
    #expect(try site.daylight("withdraw", "office/things", "--reason", "核实", now: later).code == 5)
    #expect(try site.tree("public/metadata") == before)
    try replace(site, role, Data(text.utf8))
    #expect(try site.daylight("publish", now: later).code == 0)
    #expect(try verify(site, "--strict").code == 0)
  }

  /// A record, or the rows that a new delivery is compared with, that somebody else changed.
  @Test(arguments: ["release.json", "data.csv.gz"])
  func whatIsBuiltOnIsWhatWasSigned(name: String) throws {
    let site = try site()
    // The same bytes have two names, and either will do where it is what was signed.
    let places = try site.tree("public").keys.filter {
      $0.contains("office/things/2026.11.23.1/") && $0.hasSuffix(name)
    }
    #expect(places.count == 2, "\(places)")
    let whole = try site.read("public/\(places[0])")
    var changed = whole
    changed[whole.count / 2] ^= 1
    for place in places { try replace(site, "public/\(place)", changed) }
    try deliver(site, "1,b\n")
    let result = try site.daylight("publish", now: later)
    #expect(result.code != 0 && result.code != 3, "\(result.output)\(result.error)")
    #expect(!site.exists("public/metadata/2.department-office.json"))
    for place in places { try replace(site, "public/\(place)", whole) }
    #expect(try site.daylight("publish", now: later).code == 0)
  }

  /// The address that tools are given is put back to what was signed, whoever changed it.
  @Test func latestIsPutBack() throws {
    let site = try site()
    let whole = try site.read("\(things)/latest/data.csv.gz")
    try replace(site, "\(things)/latest/data.csv.gz", Data("evil".utf8))
    try site.write("stray", "\(things)/latest/more.csv")
    #expect(try verify(site).code == 5)
    #expect(try site.daylight("refresh", now: later).code == 0)
    #expect(try site.read("\(things)/latest/data.csv.gz") == whole && !site.exists("\(things)/latest/more.csv"))
    #expect(try verify(site, "--strict").code == 0)
    try FileManager.default.removeItem(atPath: "\(site.path)/\(things)/latest")
    // Of a first release they may be still to come.
    #expect(try verify(site).code == 4)
    #expect(try site.daylight("publish", now: later).code == 0)
    #expect(try site.read("\(things)/latest/data.csv.gz") == whole)
  }

  /// What nobody signed is named, and with --strict is a forgery; what was taken back or is to come is neither.
  @Test func whatNobodySignedIsNamed() throws {
    let site = try site()
    #expect(try verify(site, "--strict").code == 0)
    for path in [
      "stray.html", "metadata/9.department-office.json", "data/office/things/2026.11.24.1/data.csv.gz",
      "targets/office/things/2026.11.23.1/\(String(repeating: "0", count: 64)).data.csv.gz", "data/x",
    ] {
      try site.write("stray", "public/\(path)")
      let loose = try verify(site)
      #expect(loose.code == 0 && loose.error.contains(path), "\(path): \(loose.error)")
      #expect(try verify(site, "--strict").code == 5, "\(path)")
      try FileManager.default.removeItem(atPath: "\(site.path)/public/\(path)")
    }
    try FileManager.default.removeItem(atPath: "\(site.path)/public/data/office/things/2026.11.24.1")
    #expect(try verify(site, "--strict").code == 0)
    // Earlier metadata stay, and are still ours.
    try deliver(site, "1,b\n")
    #expect(try site.daylight("publish", now: later).code == 0)
    #expect(try verify(site, "--strict").code == 0)
    // An unknown dataset is a mistake.
    #expect(try verify(site, "--only", "office/nope").code == 2)
    #expect(try verify(site, "--only", "office/things").code == 0)
    // Metadata that are a link or a pipe are not what anybody signed.
    let timestamp = "\(site.path)/public/metadata/timestamp.json"
    try FileManager.default.moveItem(atPath: timestamp, toPath: "\(site.path)/kept.json")
    try FileManager.default.createSymbolicLink(atPath: timestamp, withDestinationPath: "\(site.path)/kept.json")
    #expect(try verify(site).code == 5)
    try FileManager.default.removeItem(atPath: timestamp)
    #expect(try run(["/usr/bin/mkfifo", timestamp]).code == 0)
    #expect(try verify(site).code == 5)
  }

  // MARK: Links

  @Test func nothingIsWrittenThroughALink() throws {
    let site = try site()
    let latest = "\(site.path)/\(things)/latest"
    try FileManager.default.removeItem(atPath: latest)
    try FileManager.default.createSymbolicLink(atPath: latest, withDestinationPath: "2026.11.23.1")
    #expect(try verify(site).code == 5)
    let old = try site.tree("\(things)/2026.11.23.1")
    try deliver(site, "1,b\n")
    #expect(try site.daylight("publish", now: later).code == 0)
    #expect(try site.tree("\(things)/2026.11.23.1") == old)
    #expect(try verify(site, "--strict").code == 0)
    // A link that leads elsewhere.
    try FileManager.default.createDirectory(atPath: "\(site.path)/elsewhere", withIntermediateDirectories: true)
    try FileManager.default.removeItem(atPath: "\(site.path)/public/datasets")
    try FileManager.default.createSymbolicLink(
      atPath: "\(site.path)/public/datasets", withDestinationPath: "../elsewhere")
    try deliver(site, "1,c\n")
    let result = try site.daylight("publish", now: "2026-11-23T08:00:00Z")
    #expect(result.code == 1 && result.error.contains("link"), "\(result.code) \(result.output)\(result.error)")
    #expect(try site.tree("elsewhere").isEmpty)
  }

  // MARK: Numbers and dates of others

  @Test(arguments: ["2300-01-01", "1600-01-01", "9999-12-31"])
  func aFileOfAnotherMillenniumStopsNobody(date: String) throws {
    let site = try site()
    let paths = ["\(site.path)/datasets/office/things/input.csv", "\(site.path)/public/index.html"]
    for path in paths where try run(["/usr/bin/touch", "-d", date, path]).code != 0 {
      return skip("this file system has no such dates")
    }
    let result = try site.daylight("publish", now: later)
    #expect(result.code == 0 && result.signal == nil, "\(result.error)")
    let served = try ServedSite("\(site.path)/public")
    #expect(try fetch("/", served).status == 200 && fetch("/", served, method: "HEAD").status == 200)
  }

  @Test func ratesThatAreNoneAreRefused() throws {
    let site = try site()
    let served = try ServedSite("\(site.path)/public")
    for rate in ["9999999999999M", "0", "-1", "1e3", "9223372036854775807k"] {
      let result = try site.daylight(
        "sync", served.address, "m", "--root", "public/metadata/1.root.json", "--rate", rate)
      #expect(result.code == 2, "\(rate) \(result.error)")
    }
  }

  // MARK: A delivery that is still being written

  @Test func aDeliveryThatIsBeingWrittenIsNotTaken() throws {
    let site = try site()
    try site.write(
      try site.text("datasets/site.yaml").replacingOccurrences(of: TestSite.takesFilesAtOnce, with: ""),
      "datasets/site.yaml")
    let handle = try #require(FileHandle(forWritingAtPath: "\(site.path)/datasets/office/things/input.csv"))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("2,b\n".utf8))
    let result = try site.daylight("publish", now: later)
    #expect(result.code == 4 && result.output.contains("still being written"), "\(result.code) \(result.output)")
    try handle.write(contentsOf: Data("3,c\n".utf8))
    try handle.close()
    #expect(try site.daylight("publish", now: later).code == 0)
    #expect(try site.unpacked("data/office/things/latest/data.csv.gz").hasSuffix("3,c\n"))
  }

  // MARK: Withdrawn and published again

  @Test func versionsAndHistoryGoOnAfterAWithdrawal() throws {
    let site = try site()
    try deliver(site, "1,b\n")
    #expect(try site.daylight("publish", now: later).code == 0)
    for hour in ["06", "07"] {
      #expect(
        try site.daylight("withdraw", "office/things", "--reason", "数据有误", now: "2026-11-25T\(hour):00:00Z").code == 0)
      #expect(try site.daylight("withdraw", "office/things", "--undo", now: "2026-11-25T\(hour):01:00Z").code == 0)
      try deliver(site, "1,c\n")
      #expect(try site.daylight("publish", now: "2026-11-25T\(hour):02:00Z").code == 0)
    }
    let record = try site.json("\(things)/latest/release.json")
    #expect(record["version"] as? String == "3.0.0" && record["issued"] as? String == clock)
    #expect(record["release"] as? String == "2026.11.25.2")
    let page = try site.text("public/datasets/office/things/index.html")
    #expect(page.contains("撤回:数据有误") && page.contains("撤回后重新发布") && page.contains("2.0.0"))
    #expect(page.components(separatedBy: "撤回:数据有误").count == 3, "both are told")
    let served = try ServedSite("\(site.path)/public")
    for path in ["2026.11.23.1/data.csv.gz", "2026.11.23.2/data.csv", "2026.11.25.1/release.json"] {
      #expect(try fetch("/data/office/things/\(path)", served).status == 410, "\(path)")
    }
    #expect(try fetch("/data/office/things/latest/data.csv", served).body == Data("id,name\n1,c\n".utf8))
    #expect(try fetch("/data/office/things/2026.11.26.1/data.csv", served).status == 404)
    #expect(try verify(site, "--strict", at: "2026-11-25T08:00:00Z").code == 0)
  }

  // MARK: Two dates

  @Test func aPastDeliverySaysWhenItWasPublished() throws {
    let site = try site(published: false)
    try site.write("id,name\n1,a\n", "past/cases-2020-03-01.csv")
    try site.write("id,name\n1,b\n", "past/cases-2020-03-02.csv")
    #expect(try site.daylight("publish", "office/things", "--from-dir", "past", now: clock).code == 0)
    let record = try site.json("\(things)/2020.03.02.1/release.json")
    #expect(record["modified"] as? String == "2020-03-02T04:00:00Z" && record["published"] as? String == clock)
    #expect(record["backfill"] as? Bool == true)
    let page = try site.text("public/datasets/office/things/index.html")
    #expect(page.contains("补发于 2026-11-23"), "\(page)")
    try deliver(site, "1,c\n")
    #expect(try site.daylight("publish", now: clock).code == 0)
    let today = try site.json("\(things)/latest/release.json")
    #expect(today["published"] as? String == clock && today["backfill"] == nil)
  }

  // MARK: Whoever looks in

  @Test func modesAreMeantAsTheyStand() throws {
    let site = try site(published: false)
    try FileManager.default.createDirectory(
      atPath: "\(site.path)/workspace", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    let result = try run(
      ["/bin/sh", "-c", "umask 077; exec \"$0\" publish --now \(clock)", executable], in: site.path)
    #expect(result.code == 0, "\(result.error)")
    func mode(_ path: String) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: "\(site.path)/\(path)")[.posixPermissions] as? Int
    }
    #expect(try mode("workspace") == 0o700)
    for folder in ["public", "public/data", "public/data/office/things/latest", "public/metadata", "public/en"] {
      #expect(try mode(folder) == 0o755, "\(folder)")
    }
    #expect(try mode("public/index.html") == 0o644)
  }

  /// Pages for officers below the public folder would be served.
  @Test func privatePagesStayPrivate() throws {
    let site = try site()
    for arguments in [
      ["publish", "--html", "public/r.html"], ["check", "--html", "public/data/r.html"],
      ["status", "--html", "public/s.html"],
    ] {
      let result = try run([executable] + arguments + ["--now", later], in: site.path)
      #expect(result.code == 2 && result.error.contains("public"), "\(arguments) \(result.error)")
    }
    // A link in the place of a backup leads nowhere.
    try site.write("keep", "kept.txt")
    try site.write("correct horse battery staple", "passphrase")
    try FileManager.default.createSymbolicLink(atPath: "\(site.path)/b", withDestinationPath: "kept.txt")
    #expect(try site.daylight("backup", "b", "--passphrase-file", "passphrase").code == 2)
    #expect(try site.text("kept.txt") == "keep")
  }

  @Test func nothingReachesTheTerminalAsItIs() throws {
    let site = try site()
    let escape = "\u{1b}[31m"
    for reason in ["数据\(escape)有误", "一行\n又一行", String(repeating: "长", count: 2_000), "翻\u{202e}转"] {
      #expect(try site.daylight("withdraw", "office/things", "--reason", reason, now: later).code == 2)
    }
    try site.write("id,\(escape)name\u{7}\n1,a\n", "odd.csv")
    let recognised = try site.daylight("recognise", "--input", "odd.csv")
    #expect(!(recognised.output + recognised.error).unicodeScalars.contains("\u{1b}"))
    let file = "datasets/office/things/dataset.yaml"
    try site.write(try site.text(file) + "\n\"a\(escape)b\": 1\n", file)
    let result = try site.daylight("publish", now: later)
    #expect(!(result.output + result.error).unicodeScalars.contains("\u{1b}"), "\(result.output)")
    try site.write(
      try site.text(file).replacingOccurrences(of: "事项", with: "事\u{202e}项").replacingOccurrences(
        of: "\n\"a\(escape)b\": 1\n", with: ""), file)
    #expect(try site.daylight("publish", now: later).code == 2)
  }

  /// A file of half a kilobyte must not hold everybody up.
  @Test func bombsOfYAMLAreRefusedAtOnce() throws {
    let site = try site()
    var text = "{\"a0\":&a0 [x,x],"
    for level in 1..<24 { text += "\"a\(level)\":&a\(level) [*a\(level - 1),*a\(level - 1)]," }
    text += "\"z\":{*a23 : 1,*a23 : 2}}"
    try site.write(text, "datasets/office/things/dataset.yaml")
    let start = ContinuousClock().now
    let result = try site.daylight("check", now: later)
    #expect(result.code == 2 && ContinuousClock().now - start < .seconds(10), "\(result.error)")
  }

  /// Secrets that addresses hold are in no message.
  @Test func addressesKeepTheirSecrets() throws {
    let site = try site()
    guard let server = try TestServer.python(faultServer, ["\(site.path)/datasets/office/things/input.csv"]) else {
      return
    }
    try site.write(
      try site.text("datasets/site.yaml") + "\nnotify: {webhook: \"\(server.address)/broken-hook/TOKEN123\"}\n",
      "datasets/site.yaml")
    try deliver(site, "x,y\n")
    let result = try site.daylight("publish", now: later)
    #expect(result.code == 3 && !(result.output + result.error).contains("TOKEN123"), "\(result.error)")
  }

  /// The workspace's backup brings back what officers wrote, where nothing is there.
  @Test func aBackupHoldsConfiguration() throws {
    let site = try site()
    try site.write("correct horse battery staple", "passphrase")
    #expect(try site.daylight("backup", "b", "--passphrase-file", "passphrase").code == 0)
    let datasets = try site.tree("datasets").filter { !$0.key.hasSuffix("input.csv") }
    let schemas = try site.tree("schemas")
    for folder in ["workspace", "datasets", "schemas"] {
      try FileManager.default.removeItem(atPath: "\(site.path)/\(folder)")
    }
    let restored = try site.daylight("restore", "b", "--passphrase-file", "passphrase")
    #expect(restored.code == 0, "\(restored.error)")
    #expect(try site.tree("datasets") == datasets && site.tree("schemas") == schemas)
    // What is there is somebody's work of today.
    try FileManager.default.removeItem(atPath: "\(site.path)/workspace")
    try site.write("# mine\n" + site.text("datasets/site.yaml"), "datasets/site.yaml")
    #expect(try site.daylight("restore", "b", "--passphrase-file", "passphrase").code == 0)
    #expect(try site.text("datasets/site.yaml").hasPrefix("# mine"))
    #expect(site.exists("workspace/restored/datasets/site.yaml"))
  }

  func isReplaceable(_ path: String) -> Bool {
    path == "metadata/timestamp.json" || path.contains("/latest/")
      || !(path.hasPrefix("metadata/") || path.hasPrefix("targets/") || path.hasPrefix("data/"))
  }
}
