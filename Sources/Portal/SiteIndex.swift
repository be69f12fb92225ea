internal import Hashing
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
  private var withdrawn: [String: [(last: ReleaseID, reason: LocalizedText)]] = [:]

  /// - Throws: `VerificationError` where the metadata were not signed by whom the site's first root names.
  init(root: String) throws {
    let own = OwnRepository(root: try Self.contents("\(root)/metadata/1.root.json"), rootKey: nil)
    guard let state = try RepositoryState(of: own, read: { try Self.contents("\(root)/\($0)") }) else { return }
    for (name, role) in state.targets where name.beginsWith("department-") {
      for target in role.signed["targets"]?.members ?? [] {
        let parts = target.name.pathParts
        guard parts.count == 4, let release = ReleaseID(parts[2]), let length = target.value["length"]?.integer,
          let digest = target.value["hashes"]?["sha256"]?.text.flatMap(Digest.init(hex:))
        else { continue }
        files[target.name] = Entry(byteCount: length, digest: digest)
        let dataset = "\(parts[0])/\(parts[1])"
        newest[dataset] = max(newest[dataset] ?? release, release)
      }
    }
    let site = state.targets["site"]?.signed["targets"]
    if let digest = site?["site/withdrawals.json"]?["hashes"]?["sha256"]?.text.flatMap(Digest.init(hex:)),
      let bytes = try Self.contents("\(root)/targets/site/\(digest).withdrawals.json"), SHA256.hash(bytes) == digest
    {
      for entry in try JSONParser.parse(bytes)["withdrawals"]?.elements ?? [] {
        guard let dataset = entry["dataset"]?.text else { continue }
        for past in (entry["earlier"]?.elements ?? []) + [entry] {
          guard let zh = past["reason"]?["zh"]?.text, let last = past["last_release"]?.text.flatMap(ReleaseID.init)
          else {
            continue
          }
          withdrawn[dataset, default: []].append((last, LocalizedText(zh: zh, en: past["reason"]?["en"]?.text)))
        }
      }
    }
  }

  /// A file of a release, by its path below `data/`.
  subscript(_ path: String) -> Entry? { files[path] }

  func newestRelease(of dataset: String) -> ReleaseID? { newest[dataset] }

  /// Why a release is not there: it was taken back; nil where it was not.
  ///
  /// - Parameter release: or `latest`, which is there again once the dataset is.
  func withdrawal(of dataset: String, _ release: String) -> LocalizedText? {
    guard let release = ReleaseID(release) else {
      return release == "latest" && newest[dataset] == nil ? withdrawn[dataset]?.last?.reason : nil
    }
    return withdrawn[dataset]?.first { release <= $0.last }?.reason
  }

  private static func contents(_ path: String) throws -> [UInt8]? {
    guard fileKind(path) == .file else { return nil }
    return try InputFile.contents(of: path, limit: 64 << 20)
  }
}
