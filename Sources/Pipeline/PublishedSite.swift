internal import Catalog
internal import Export
internal import Manifest
internal import Publication
internal import PublicStore
internal import Tabular
internal import Versioning

/// What the public root holds, read back.
struct PublishedSite {
  let store: PublicStore

  func repository() throws -> RepositoryState? { try RepositoryState { try store.contents($0) } }

  /// Datasets that have a release, in order.
  func datasets() throws -> [DatasetID] {
    var datasets: [DatasetID] = []
    for departmentName in try store.names(in: "data") {
      guard let department = try? DepartmentID(departmentName) else { continue }
      for name in try store.names(in: "data/\(department)") {
        guard let dataset = try? DatasetID(department: department, name: name), try !releases(of: dataset).isEmpty
        else { continue }
        datasets.append(dataset)
      }
    }
    return datasets
  }

  /// The releases of a dataset, newest first.
  func releases(of dataset: DatasetID) throws -> [ReleaseID] {
    try store.names(in: "data/\(dataset)").compactMap(ReleaseID.init).sorted(by: >)
  }

  /// Their records, newest first.
  func records(of dataset: DatasetID) throws -> [ReleaseRecord] {
    try releases(of: dataset).map { release in
      let path = "data/\(dataset)/\(release)/release.json"
      guard let bytes = try store.contents(path), let record = ReleaseRecord(json: try JSONParser.parse(bytes)) else {
        throw PublicStoreError("\(path) is missing or damaged: restore the public folder from a mirror or a backup")
      }
      return record
    }
  }

  /// The release in force, as the next comparison needs it.
  func previous(of dataset: DatasetID) throws -> PreviousRelease? {
    guard let record = try records(of: dataset).first else { return nil }
    return record.asPrevious(rowsPath: store.path("data/\(record.folder)/data.csv.gz"))
  }

  /// The paths that the signed tree names now.
  func treePaths(of state: RepositoryState?) throws -> [String] {
    try siteTarget("tree.json", of: state)?["files"]?.elements?.compactMap { $0["path"]?.text } ?? []
  }

  /// The datasets that are listed now, without data.
  func listedRecords(of state: RepositoryState?) throws -> [ListedRecord] {
    try siteTarget("listed.json", of: state)?["datasets"]?.elements?.compactMap(ListedRecord.init) ?? []
  }

  private func siteTarget(_ name: String, of state: RepositoryState?) throws -> JSON? {
    guard let digest = state?.targets["site"]?.signed["targets"]?["site/\(name)"]?["hashes"]?["sha256"]?.text,
      let bytes = try store.contents("targets/site/\(digest).\(name)")
    else { return nil }
    return try JSONParser.parse(bytes)
  }
}
