internal import Export
internal import Manifest
internal import Publication
internal import Tabular

/// What the signed metadata in force say of a public root: the digest of every file of every release, which release is the newest,
/// what was taken back.
///
/// Files that no signed metadata name yet, of a promotion on its way, are not there.
struct SiteIndex: Sendable {
  struct Entry: Sendable {
    let byteCount: Int
    let digest: Digest
  }

  /// By path below `data/`.
  private var files: [String: Entry] = [:]
  private var newest: [String: ReleaseID] = [:]
  private var withdrawn: [String: LocalizedText] = [:]

  static let empty = SiteIndex()
  private init() {}

  init(root: String) throws {
    guard let state = try RepositoryState(read: { try Self.contents("\(root)/\($0)") }) else { return }
    for (name, role) in state.targets where name.hasPrefix("department-") {
      for target in role.signed["targets"]?.members ?? [] {
        let parts = target.name.split(separator: "/").map(String.init)
        guard parts.count == 4, let release = ReleaseID(parts[2]), let length = target.value["length"]?.integer,
          let digest = target.value["hashes"]?["sha256"]?.text.flatMap(Digest.init(hex:))
        else { continue }
        files[target.name] = Entry(byteCount: length, digest: digest)
        let dataset = "\(parts[0])/\(parts[1])"
        newest[dataset] = max(newest[dataset] ?? release, release)
      }
    }
    let site = state.targets["site"]?.signed["targets"]
    if let digest = site?["site/withdrawals.json"]?["hashes"]?["sha256"]?.text,
      let bytes = try Self.contents("\(root)/targets/site/\(digest).withdrawals.json")
    {
      for entry in try JSONParser.parse(bytes)["withdrawals"]?.elements ?? [] {
        guard let dataset = entry["dataset"]?.text, let zh = entry["reason"]?["zh"]?.text else { continue }
        withdrawn[dataset] = LocalizedText(zh: zh, en: entry["reason"]?["en"]?.text)
      }
    }
  }

  /// A file of a release, by its path below `data/`.
  subscript(_ path: String) -> Entry? { files[path] }

  func newestRelease(of dataset: String) -> ReleaseID? { newest[dataset] }

  /// Why a dataset was taken back; nil where it was not, or came again.
  func withdrawal(of dataset: String) -> LocalizedText? { newest[dataset] == nil ? withdrawn[dataset] : nil }

  private static func contents(_ path: String) throws -> [UInt8]? {
    guard fileKind(path) == .file else { return nil }
    return try InputFile.contents(of: path, limit: 64 << 20)
  }
}
