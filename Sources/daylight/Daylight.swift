internal import ArgumentParser
internal import SiteConfiguration
internal import Glibc
internal import Manifest
internal import Portal
internal import PrivateStore
internal import Publication

/// The command line.
///
/// Only this target reads the environment, prints or exits.
@main
struct Daylight: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "daylight",
    abstract:
      "Publishes departments' datasets as open data: checked, stripped of what must not be seen, versioned and signed.",
    discussion: """
      Examples:
        daylight publish                               publish everything below ./datasets to ./public
        daylight check health/epidemic-2022-by-district  look at one delivery without publishing anything
        daylight status                                what became of each dataset last time
        daylight schedule run                          publish by itself, when things are due
        daylight serve                                 show the site on http://localhost:8000/
        daylight sync URL mirror --root root.json      mirror a site, verified
        daylight verify public                         every signature and every signed byte of a site or mirror
        daylight validate --schema S.json --input F.csv  check any table against a Table Schema

      Exit codes: 0 published, unchanged or waiting for approval · 1 failed · 2 usage or configuration · 3 refused by validation
      or output check · 4 source unavailable, worth another try · 5 verification failed. Over several datasets the worst counts,
      in the order 5 > 1 > 2 > 3 > 4 > 0.
      """,
    version: "0.1.0",
    subcommands: [
      Publish.self, Check.self, ReviewCommand.self, ApproveCommand.self, RejectCommand.self, OfficerCommand.self,
      SignOffCommand.self,
      Withdraw.self, Status.self, ScheduleCommand.self, Refresh.self, ServeCommand.self,
      SyncCommand.self, Verify.self,
      ValidateCommand.self, ReadCommand.self, DetectCommand.self, RecogniseCommand.self, SchemaCommand.self,
      NewCommand.self,
      Keys.self, Backup.self, Restore.self,
    ])

  static func main() async {
    // A crash must not show memory, in which keys and persons lie: no core file, no report with registers.
    var noCore = rlimit()
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &noCore)
    for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT] { signal(number, SIG_DFL) }
    // Large tables are sorted in many files at a time.
    var files = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0 {
      files.rlim_cur = min(files.rlim_max, 65_536)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
    }
    // A reader that goes away (`daylight status | head`) is no reason to crash.
    signal(SIGPIPE, SIG_IGN)
    // Whoever started this may have had them blocked: `serve` and `schedule run` must be able to end.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGTERM, SIGINT] { sigaddset(&signals, number) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let code as ExitCode {
      Glibc.exit(code.rawValue)
    } catch let error as ConfigurationError {
      fail(error.description, code: 2)
    } catch let error as StoreError where error.kind == .configuration {
      fail(error.description, code: 2)
    } catch let error as VerificationError {
      let isChinese = terminalLanguage() == .zh
      let hint =
        isChinese
        ? "提示:公开目录被他人改动,因此没有签署任何内容;请从镜像恢复(daylight sync),并检查谁能写入该目录"
        : "hint: the public folder was changed by somebody else, so nothing was signed; restore it from a mirror (daylight sync), and look who can write to it"
      fail("\(error)\n\(hint)", code: 5)
    } catch let error as ServeError {
      fail(error.text[terminalLanguage()], code: 1)
    } catch let error as Refusal {
      writeError("daylight: \(error)\n")
      writeError(ReportText(language: .en).findings(error.report))
      Glibc.exit(3)
    } catch {
      let code = exitCode(for: error)
      let isParserError = code == .success || code == .validationFailure
      guard isParserError else { fail(String(describing: error), code: 1) }
      let message = fullMessage(for: error)
      if code == .success {
        writeOutput(message + "\n")
        Glibc.exit(0)
      }
      writeError(message + "\n")
      Glibc.exit(2)
    }
  }

  private static func fail(_ message: String, code: Int32) -> Never {
    writeError("daylight: \(message)\n")
    Glibc.exit(code)
  }
}

/// The order of severity over several datasets.
func worstExitCode(_ codes: [Int32]) -> Int32 {
  for code: Int32 in [5, 1, 2, 3, 4] where codes.contains(code) { return code }
  return 0
}
