internal import Hashing
internal import Manifest
internal import Publication
internal import Tabular

/// What earlier states of a site said of its pages: files of fixed names may still be of one of them, while a publication is on its way
/// or was cut off.
struct EarlierTrees {
  /// One state's pages and catalogues.
  struct Tree {
    fileprivate var files: [String: Digest] = [:]
    func contains(_ path: String, _ digest: Digest) -> Bool { files[path] == digest }
    func names(_ path: String) -> Bool { files[path] != nil }
  }

  /// Newest first.
  let trees: [Tree]
  var newest: Tree? { trees.first }

  /// - Parameters:
  ///   - trusted: metadata in force, with every targets role.
  ///   - names: of metadata files that are at hand: versions may be left out, after a restored backup a great many.
  ///   - limit: how many states back.
  ///   - read: gives the bytes of a file below the site; nil where there is none.
  init(trusted: TrustedMetadata, names: [String], limit: Int = 1, read: (String) -> [UInt8]?) {
    var trees: [Tree] = []
    let version = max(trusted.targetsRoles.first { $0.name == "site" }?.version ?? 1, 1)
    let atHand = names.filter { $0.endsWith(".site.json") }.compactMap { Int($0.prefix { $0 != "." }) }
    let earlier = Set(atHand.filter { (1..<version).contains($0) } + (max(version - 64, 1)..<version))
    for version in earlier.sorted(by: >).prefix(128) where trees.count < limit {
      guard let bytes = read("metadata/\(version).site.json"), let signed = trusted.signed(bytes, role: "site"),
        let tree = Self.tree(signed, read)
      else { continue }
      trees.append(tree)
    }
    self.trees = trees
  }

  private static func tree(_ site: JSON, _ read: (String) -> [UInt8]?) -> Tree? {
    guard
      let digest = site["targets"]?["site/tree.json"]?["hashes"]?["sha256"]?.text.flatMap(Digest.init(hex:)),
      let bytes = read("targets/site/\(digest).tree.json"), SHA256.hash(bytes) == digest,
      let json = try? JSONParser.parse(bytes)
    else { return nil }
    var tree = Tree()
    for file in json["files"]?.elements ?? [] {
      guard let path = file["path"]?.text, let digest = file["sha256"]?.text.flatMap(Digest.init(hex:)) else {
        continue
      }
      tree.files[path] = digest
    }
    return tree
  }
}
