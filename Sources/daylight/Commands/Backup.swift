internal import ArgumentParser
internal import Glibc
internal import PrivateStore
internal import Publication
internal import SiteConfiguration
internal import Tabular

/// Where the passphrase of a backup comes from.
struct PassphraseOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "File with the passphrase in its first line; else the variable DAYLIGHT_PASSPHRASE, else it is asked for.",
      valueName: "file"))
  var passphraseFile: String?

  func passphrase(isNew: Bool) throws -> String {
    let text: String
    if let passphraseFile {
      guard fileKind(passphraseFile) == .file else { throw ValidationError("there is no file \(passphraseFile)") }
      let bytes = try InputFile.contents(of: passphraseFile, limit: 4_096)
      text = String(decoding: bytes.prefix { $0 != 0x0a && $0 != 0x0d }, as: UTF8.self)
    } else if let variable = environmentVariable("DAYLIGHT_PASSPHRASE") {
      text = variable
    } else {
      guard isatty(STDIN_FILENO) == 1 else {
        throw ValidationError("a passphrase is needed: --passphrase-file FILE, or the variable DAYLIGHT_PASSPHRASE")
      }
      text = ask("Passphrase: ")
      if isNew, ask("Once more: ") != text { throw ValidationError("the two are not the same") }
    }
    guard !isNew || text.utf8.count >= 12 else {
      throw ValidationError("the passphrase must have at least 12 characters")
    }
    return text
  }

  private func ask(_ prompt: String) -> String {
    writeError(prompt)
    var settings = termios()
    tcgetattr(STDIN_FILENO, &settings)
    var silent = settings
    silent.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
    defer {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
      writeError("\n")
    }
    return readLine() ?? ""
  }
}

/// The command `daylight backup FILE`.
struct Backup: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes an encrypted copy of keys, ledger, certificates and a promotion on its way.",
    discussion: """
      Deliveries are not in it: the departments have them; nor is what is published: every mirror has it, and `daylight sync`
      brings it back. Keep the file and the passphrase on another machine, and apart.

      Examples:
        daylight backup /media/usb/daylight-2026-11-23.backup
        daylight backup daylight.backup --passphrase-file /root/passphrase
      """)

  @Argument(help: ArgumentHelp("The file to write.", valueName: "file"))
  var file: String

  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var site: SiteOptions

  func run() throws {
    let path = try SiteOptions.absolute(file)
    let publicRoot = try SiteOptions.absolute(site.publicFolder)
    guard !path.hasPrefix(publicRoot + "/") else { throw ValidationError("\(file) lies below the public folder") }
    let root = try SiteOptions.absolute(site.workspace)
    guard fileKind(root) == .folder else { throw ValidationError("there is no workspace \(site.workspace)") }
    guard !path.hasPrefix(root + "/") else {
      throw ValidationError("\(file) lies in the workspace that it is to outlive")
    }
    let count = try site.privateStore().backUp(to: path, passphrase: passphrase.passphrase(isNew: true))
    writeOutput(site.language == .zh ? "已备份 \(count) 个文件到 \(file)。\n" : "backed up \(count) files to \(file)\n")
  }
}

/// The command `daylight restore FILE`.
struct Restore: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Puts a backup back into an empty workspace.",
    discussion: """
      Bring the public folder back first where it was lost too: `daylight sync` from a mirror. Then publishing goes on where it
      was.

      Examples:
        daylight restore daylight-2026-11-23.backup
        daylight restore daylight.backup --workspace /var/lib/daylight --passphrase-file passphrase
      """)

  @Argument(help: ArgumentHelp("The backup.", valueName: "file"))
  var file: String

  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var site: SiteOptions

  func run() throws {
    let path = try SiteOptions.absolute(file)
    guard fileKind(path) == .file else { throw ValidationError("there is no file \(file)") }
    let root = try SiteOptions.absolute(site.workspace)
    try PrivateStore.requireApart(root, SiteOptions.absolute(site.publicFolder))
    let count = try PrivateStore.restore(from: path, to: root, passphrase: passphrase.passphrase(isNew: false))
    writeOutput(
      site.language == .zh ? "已恢复 \(count) 个文件到 \(site.workspace)。\n" : "restored \(count) files to \(site.workspace)\n"
    )
  }
}
