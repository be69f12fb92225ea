package import Foundation

/// A site in a temporary folder: `datasets`, `schemas`, and after a run `workspace` and `public`.
///
/// All persons in it are made up.
package struct TestSite: Sendable {
  package let folder: TemporaryFolder
  private let kept = Kept()

  private final class Kept: @unchecked Sendable { var objects: [AnyObject] = [] }

  /// Keeps a server alive as long as the site: a value that is not used any more is gone, whatever its scope.
  package func keep(_ object: AnyObject) { kept.objects.append(object) }

  package var path: String { folder.path }

  /// The line of `site.yaml` that lets tests deliver a file and publish it in the same moment.
  package static let takesFilesAtOnce = "transfer: {quiet_seconds: 0}"

  package init() throws {
    folder = TemporaryFolder()
    try write(
      """
      title: {zh: 测试站点, en: Test site}
      description: {zh: 用于测试, en: For tests}
      identifier_base: https://id.example/test
      base_url: https://data.example
      time_zone: Asia/Shanghai
      publisher: {zh: 测试单位, en: Test body}
      contact: {name: {zh: 测试, en: Test}, email: test@data.example}
      license: {name: CC-BY-4.0, title: CC BY 4.0, path: "https://creativecommons.org/licenses/by/4.0/"}
      \(Self.takesFilesAtOnce)
      """, "datasets/site.yaml")
  }

  /// A copy of the project's own datasets and schemas.
  package init(copyOfProject: Bool) throws {
    folder = TemporaryFolder()
    for name in ["datasets", "schemas"] {
      try FileManager.default.copyItem(atPath: "\(projectRoot)/\(name)", toPath: "\(folder.path)/\(name)")
    }
  }

  package func write(_ text: String, _ file: String) throws { try write(Data(text.utf8), file) }

  package func write(_ data: Data, _ file: String) throws {
    let full = URL(fileURLWithPath: "\(path)/\(file)")
    try FileManager.default.createDirectory(at: full.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: full)
  }

  package func read(_ file: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(file)")) }
  package func text(_ file: String) throws -> String { String(decoding: try read(file), as: UTF8.self) }
  package func exists(_ file: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(file)") }
  package func json(_ file: String) throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: read(file)) as? [String: Any] ?? [:]
  }

  /// Adds a dataset of department `office`.
  ///
  /// - Parameters:
  ///   - columns: lines of `columns:`, each `name: {…}`.
  ///   - fields: JSON objects of the Table Schema.
  ///   - more: further lines of `dataset.yaml`.
  package func addDataset(
    _ name: String = "things", columns: [String], fields: [String], primaryKey: String? = nil, input: String,
    source: String = "",
    more: String = "", subject: String = "none"
  ) throws {
    try write(
      "name: {zh: 测试办, en: Test office}\ncontact: {name: 测试办, email: office@data.example}\n",
      "datasets/office/department.yaml")
    try write(
      """
      title: {zh: 事项, en: Things}
      description: {zh: 测试数据集, en: A dataset for tests}
      subject: \(subject)
      access: unconditional
      domain: 测试
      frequency: monthly
      source:
        path: input.csv
      \(source.isEmpty ? "" : source.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
      schema: \(name)
      columns:
      \(columns.map { "  \($0)" }.joined(separator: "\n"))
      \(more)
      """, "datasets/office/\(name)/dataset.yaml")
    let key = primaryKey.map { ", \"primaryKey\": \($0)" } ?? ""
    try write("{\"fields\": [\(fields.joined(separator: ", "))]\(key)}", "schemas/\(name).tableschema.json")
    try write(input, "datasets/office/\(name)/input.csv")
  }

  /// Runs `daylight` in the site's folder.
  @discardableResult
  package func daylight(_ arguments: String..., now: String? = nil, environment: [String: String] = [:]) throws
    -> ProcessResult
  {
    try run([executable] + arguments + (now.map { ["--now", $0] } ?? []), in: path, environment: environment)
  }

  /// Every file below a folder with its contents, by path.
  package func tree(_ folder: String) throws -> [String: Data] {
    var tree: [String: Data] = [:]
    let base = "\(path)/\(folder)"
    guard let names = FileManager.default.enumerator(atPath: base) else { return [:] }
    for case let name as String in names {
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: "\(base)/\(name)", isDirectory: &isFolder)
      if !isFolder.boolValue { tree[name] = try Data(contentsOf: URL(fileURLWithPath: "\(base)/\(name)")) }
    }
    return tree
  }

  /// The text of a gzip file below `public/`.
  package func unpacked(_ file: String) throws -> String {
    let result = try run(["/bin/gzip", "-dc", "\(path)/public/\(file)"])
    return result.output
  }
}
