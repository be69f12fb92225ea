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
      if try isOpenToOthers(passphraseFile) {
        writeError(
          terminalLanguage() == .zh
            ? "daylight: 注意:其他用户也能读取 \(passphraseFile),请运行 chmod 600 \(passphraseFile)\n"
            : "daylight: note: others can read \(passphraseFile): chmod 600 \(passphraseFile)\n")
      }
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
    abstract: "Writes an encrypted copy of keys, ledger, approvals, configuration and a promotion on its way.",
    discussion: """
      The folders datasets and schemas are in it, where officers' work lies. Deliveries are not: the departments have them; nor is
      what is published: every mirror has it, and `daylight sync` brings it back. Keep the file and the passphrase on another machine, and apart.

      Examples:
        daylight backup /media/usb/daylight-2026-11-23.backup
        daylight backup daylight.backup --passphrase-file /root/passphrase
      """)

  @Argument(help: ArgumentHelp("The file to write.", valueName: "file"))
  var file: String

  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var site: SiteOptions

  @Option(help: ArgumentHelp("The time, instead of the clock's.", valueName: "YYYY-MM-DDTHH:MM:SSZ"))
  var now: String?

  func run() throws {
    let path = try site.privateFile(file, option: "FILE")
    let root = try SiteOptions.absolute(site.workspace)
    guard fileKind(root) == .folder else { throw ValidationError("there is no workspace \(site.workspace)") }
    guard !path.isBelow(root) else {
      throw ValidationError("\(file) lies in the workspace that it is to outlive")
    }
    let count = try site.privateStore().backUp(
      to: path, passphrase: passphrase.passphrase(isNew: true), publicRoot: SiteOptions.absolute(site.publicFolder),
      configuration: site.configurationFolders(), leavingOut: site.deliveries(),
      at: ClockOptions.moment(now, option: "--now"))
    writeOutput(site.language == .zh ? "已备份 \(count) 个文件到 \(file)。\n" : "backed up \(count) files to \(file)\n")
  }
}

/// The command `daylight restore FILE`.
struct Restore: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Puts a backup back into an empty workspace.",
    discussion: """
      Bring the public folder back first where it was lost too: `daylight sync` from a mirror. Then publishing goes on where it
      was. The folders datasets and schemas are put back where they are not there; else they go to restored in the workspace.

      Examples:
        daylight restore daylight-2026-11-23.backup
        daylight restore daylight.backup --workspace /var/lib/daylight --passphrase-file passphrase
      """)

  @Argument(help: ArgumentHelp("The backup.", valueName: "file"))
  var file: String

  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var site: SiteOptions

  @Option(help: ArgumentHelp("The time, instead of the clock's.", valueName: "YYYY-MM-DDTHH:MM:SSZ"))
  var now: String?

  func run() throws {
    let path = try SiteOptions.absolute(file)
    guard fileKind(path) == .file else { throw ValidationError("there is no file \(file)") }
    let root = try SiteOptions.absolute(site.workspace)
    try PrivateStore.requireApart(root, SiteOptions.absolute(site.publicFolder))
    let moment = try ClockOptions.moment(now, option: "--now")
    let restored = try PrivateStore.restore(
      from: path, to: root, passphrase: passphrase.passphrase(isNew: false),
      publicRoot: SiteOptions.absolute(site.publicFolder), configuration: site.configurationFolders(),
      today: site.day(of: moment), at: moment)
    let isChinese = site.language == .zh
    writeOutput(
      isChinese
        ? "已恢复 \(restored.fileCount) 个文件到 \(site.workspace)。\n"
        : "restored \(restored.fileCount) files to \(site.workspace)\n")
    for (part, place) in restored.places {
      writeOutput(isChinese ? "\(part) 已放到 \(place)\n" : "\(part) is in \(place)\n")
    }
  }
}

extension SiteOptions {
  /// Where configuration lies, by the name that it has in a backup.
  fileprivate func configurationFolders() throws -> [String: String] {
    ["datasets": try Self.absolute(datasets), "schemas": try Self.absolute(schemas)]
  }

  /// The day in the site's time zone; in China's where the configuration is lost too.
  fileprivate func day(of moment: Instant) -> CivilDate {
    let zone = (try? reader().site()).flatMap { try? ClockOptions.zone(of: $0) }
    return zone?.time(at: moment).date ?? Instant(secondsSince1970: moment.secondsSince1970 + 8 * 3_600).date
  }

  /// Departments' files below the configuration; none where it cannot be read: then everything is kept.
  fileprivate func deliveries() throws -> Set<String> {
    guard let reader = try? reader(), let site = try? reader.site(), let ids = try? reader.datasetIDs() else {
      return []
    }
    var paths: Set<String> = []
    for id in ids {
      guard let department = try? reader.department(id.department),
        let dataset = try? reader.dataset(id, department: department, site: site, calendar: reader.calendar()),
        case .file(let path, _) = dataset.source.place
      else { continue }
      paths.insert(path)
    }
    return paths
  }
}
