internal import ArgumentParser
internal import Manifest
internal import Publication
internal import Sync
internal import Tabular

/// The command `daylight verify DIR`.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Verifies a site or a mirror on disk: every signature, and every byte that is signed.",
    discussion: """
      Without --root the first root in the folder is trusted: that proves that everything was signed by the same keys, not whose
      they are. A copy of root metadata from another place proves both. Exit code 5 where anything is not what was signed.

      Examples:
        daylight verify public
        daylight verify /mirror/changning --root changning-root.json
        daylight verify inspections --only market-regulation/inspections --root root.json
        daylight verify archive --as-of 2026-11-30T00:00:00Z
      """)

  @Argument(help: ArgumentHelp("The public folder of a site, or a mirror of one.", valueName: "dir"))
  var folder: String

  @Option(help: ArgumentHelp("Root metadata that you trust.", valueName: "file"))
  var root: String?

  @Option(
    help: ArgumentHelp("The time at which signatures must hold; now when left out.", valueName: "YYYY-MM-DDTHH:MM:SSZ"))
  var asOf: String?

  @Option(
    help: ArgumentHelp(
      "Only this dataset, of a mirror that was made with --only; may be given several times.", valueName: "dataset"))
  var only: [String] = []

  @Option(help: ArgumentHelp("Language of messages: zh or en.", valueName: "language"))
  var lang: Language?

  @Flag(help: "Print the result as JSON on standard output.")
  var json = false

  func run() throws {
    let now = try ClockOptions.moment(asOf, option: "--as-of")
    let isChinese = (lang ?? terminalLanguage()) == .zh
    guard fileKind(try SiteOptions.absolute(folder)) == .folder else {
      throw ValidationError("there is no folder \(folder)")
    }
    let trusted: [UInt8]?
    do {
      trusted = try root.map { try InputFile.contents(of: $0, limit: 512_000) }
    } catch let error as FileError {
      throw ValidationError(error.description)
    }
    var result = VerifyMirror.Result()
    do {
      result = try VerifyMirror(folder: SiteOptions.absolute(folder), now: now, only: Set(only))(trustedRoot: trusted)
    } catch let error as VerificationError {
      result.problems = [error]
    }
    if json {
      let problems = result.problems.map { problem in
        JSON.members([("subject", .string(problem.subject)), ("problem", .string(problem.problem))])
      }
      let report = JSON.members([
        ("verified", .bool(problems.isEmpty)), ("root_version", .int(result.rootVersion)),
        ("trial", .bool(result.isTrial)), ("roles", .int(result.roleCount)), ("files", .int(result.fileCount)),
        ("bytes", .int(result.byteCount)), ("problems", .array(problems)),
      ])
      writeOutput(String(decoding: report.prettyBytes, as: UTF8.self))
    } else if result.problems.isEmpty {
      writeOutput(
        isChinese
          ? "已核验:\(result.roleCount) 个角色的签名,\(result.fileCount) 个文件共 \(result.byteCount) 字节,与签名一致。\n"
          : "verified: the signatures of \(result.roleCount) roles, and \(result.fileCount) files of \(result.byteCount) bytes\n"
      )
      if root == nil {
        writeOutput(
          isChinese
            ? "根元数据取自该目录本身;如需证明来源,请用 --root 指定可信副本。\n"
            : "the root is the folder's own: give --root to prove whose it is\n")
      }
      if result.isTrial { writeOutput(isChinese ? "注意:这是试用密钥。\n" : "note: these are trial keys\n") }
    } else {
      for problem in result.problems { writeError("daylight: \(problem)\n") }
    }
    if !result.problems.isEmpty { throw ExitCode(5) }
  }
}
