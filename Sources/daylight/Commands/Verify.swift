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
      they are. A copy of root metadata from another place proves both. `latest` must be the newest release. Exit code 5 where
      anything is not what was signed; 4 where files are of another state that was signed: a publication is on its way, or was cut off
      and is completed by the next. What nobody signed is named; with --strict it counts as 5, and what is left of another state as 4.

      Examples:
        daylight verify public
        daylight verify public --strict
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

  @Flag(help: "Files that nobody signed count as forged.")
  var strict = false

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
    } catch let unknown as VerifyMirror.UnknownDataset {
      throw ValidationError(
        isChinese
          ? "该站点没有数据集 \(unknown.dataset)"
          : "the site has no dataset \(unknown.dataset); its datasets are on its front page")
    }
    // Without --strict, what is left of another state matters only where a file that is signed should be.
    let passing = strict ? result.passing : result.passing.filter { !$0.isOfAnotherState }
    let code: Int32 =
      !result.problems.isEmpty || (strict && !result.unsigned.isEmpty) ? 5 : passing.isEmpty ? 0 : 4
    if json {
      func list(_ errors: [VerificationError]) -> JSON {
        .array(errors.map { .members([("subject", .string($0.subject)), ("problem", .string($0.problem))]) })
      }
      let report = JSON.members([
        ("verified", .bool(code == 0)), ("root_version", .int(result.rootVersion)),
        ("trial", .bool(result.isTrial)), ("roles", .int(result.roleCount)), ("files", .int(result.fileCount)),
        ("bytes", .int(result.byteCount)), ("problems", list(result.problems)), ("passing", list(result.passing)),
        ("unsigned", .array(result.unsigned.map { .string($0) })),
      ])
      writeOutput(String(decoding: report.prettyBytes, as: UTF8.self))
    } else {
      for problem in result.problems { writeError("daylight: \(problem)\n") }
      for problem in passing { writeError("daylight: \(problem)\n") }
      for path in result.unsigned {
        writeError(isChinese ? "daylight: \(path) 没有任何人签名\n" : "daylight: \(path) was signed by nobody\n")
      }
      if code == 4 {
        writeError(
          isChinese
            ? "daylight: 正在发布,或上次发布中断、下次运行时补完;请稍后再试\n"
            : "daylight: a publication is on its way, or was cut off and is completed by the next: try again later\n")
      }
    }
    if code == 0 && !json {
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
    }
    if code != 0 { throw ExitCode(code) }
  }
}
