internal import ArgumentParser
internal import PrivateStore
internal import Publication
internal import Pipeline
internal import Tabular

/// The command `daylight keys`.
struct Keys: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows the signing keys.", subcommands: [Show.self], defaultSubcommand: Show.self)

  /// The command `daylight keys show`.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the TUF roles with their key ids and public keys. Secrets are never shown.",
      discussion: """
        Keys made on first run are trial keys: all of them lie on this machine, and the site says so.

        Examples:
          daylight keys show
          daylight keys show --json
        """)

    @OptionGroup var site: SiteOptions

    @Flag(help: "Print as JSON on standard output.")
    var json = false

    func run() throws {
      let keys = try signingKeys(of: site.privateStore())
      if json {
        let list = keys.map { key in
          JSON.members([
            ("role", .string(key.role)), ("keyid", .string(key.keyID)), ("public_key", .string(key.publicKey)),
          ])
        }
        writeOutput(
          String(decoding: JSON.members([("trial", true), ("keys", .array(list))]).prettyBytes, as: UTF8.self))
        return
      }
      guard !keys.isEmpty else {
        writeOutput(
          site.language == .zh
            ? "还没有密钥:首次发布时会自动生成试用密钥。\n" : "There are no keys yet: the first publication makes trial keys.\n")
        return
      }
      let heading = site.language == .zh ? ["角色", "密钥标识", "公钥 (Ed25519)"] : ["ROLE", "KEY ID", "PUBLIC KEY (Ed25519)"]
      writeOutput(alignedTable([heading] + keys.map { [$0.role, $0.keyID, $0.publicKey] }))
      writeOutput(
        site.language == .zh
          ? "\n这些是首次运行时生成的试用密钥。请离线备份 workspace/keys。\n"
          : "\nThese are trial keys, made on first run. Keep an offline backup of workspace/keys.\n")
    }
  }
}
