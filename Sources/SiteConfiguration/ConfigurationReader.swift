internal import Hashing
package import Publication
internal import Synchronization
package import TableSchema
internal import Tabular

/// Reads what a site is configured with: `site.yaml`, departments, datasets and Table Schemas.
package struct ConfigurationReader: Sendable {
  /// Absolute.
  package let datasetsFolder: String
  package let schemasFolder: String
  /// Folders that no source may lie in: the private and the public root.
  private let forbiddenFolders: [String]
  let digests = FileDigests()

  package init(datasetsFolder: String, schemasFolder: String, forbiddenFolders: [String]) throws {
    func resolved(_ path: String) throws -> String {
      do { return try resolvedPath(path) } catch {
        throw ConfigurationError(file: path, problem: "there is no such folder")
      }
    }
    self.datasetsFolder = try resolved(datasetsFolder)
    self.schemasFolder = try resolved(schemasFolder)
    self.forbiddenFolders = forbiddenFolders.map { (try? resolvedPath($0)) ?? $0 }
  }

  /// Every folder below `datasets/` that holds a `dataset.yaml`, in order.
  ///
  /// A folder that is neither a department nor a dataset, or whose name is no id, is an error: nothing is passed
  /// over in silence.
  package func datasetIDs() throws -> [DatasetID] {
    var ids: [DatasetID] = []
    for departmentName in try folderNames(datasetsFolder) where !departmentName.beginsWith(".") {
      let departmentFolder = "\(datasetsFolder)/\(departmentName)"
      guard fileKind(departmentFolder) != .file else { continue }
      let department = try identify(departmentFolder) { () throws(IdentifierError) in try DepartmentID(departmentName) }
      for name in try folderNames(departmentFolder) where !name.beginsWith(".") {
        let folder = "\(departmentFolder)/\(name)"
        guard fileKind(folder) != .file else { continue }
        let id = try identify(folder) { () throws(IdentifierError) in try DatasetID(department: department, name: name)
        }
        guard fileKind("\(folder)/dataset.yaml") != nil else {
          throw ConfigurationError(file: folder, problem: "has no dataset.yaml")
        }
        ids.append(id)
      }
    }
    return ids
  }

  private func identify<ID>(_ folder: String, _ make: () throws(IdentifierError) -> ID) throws -> ID {
    guard fileKind(folder) == .folder else {
      throw ConfigurationError(file: folder, problem: "is a link", hint: "links are not followed: move the folder here")
    }
    do { return try make() } catch { throw ConfigurationError(file: folder, problem: "the folder's name \(error)") }
  }

  /// The Table Schema of a dataset's source, checked against the columns that the dataset lists.
  package func schema(of dataset: Dataset) throws -> Schema {
    let file = "\(schemasFolder)/\(dataset.schemaName).tableschema.json"
    let schema: Schema
    do {
      let (json, bytes) = try self.json(file)
      digests[file] = ConfigurationDigest(meaning: SHA256.hash(json.compactBytes), bytes: bytes)
      schema = try Schema(json: json)
        .accepting(nullSequence: dataset.source.dialect.nullSequence)
      // So that mistakes show before any data are read.
      try schema.compile()
      // The specification lets names occur twice; a column's disclosure is said by its name.
      if let twice = schema.repeatedFieldName { throw SchemaError("/fields", "the name \(twice) occurs twice") }
    } catch let error as SchemaError {
      throw ConfigurationError(file: file, problem: error.description)
    } catch let error as FormatError {
      throw ConfigurationError(file: file, line: error.location.line, problem: error.description)
    }
    let configuration = "\(datasetsFolder)/\(dataset.id)/dataset.yaml"
    let listed = Set(dataset.columns.map(\.field))
    for field in schema.fields where !listed.contains(field.name) {
      throw ConfigurationError(
        file: configuration,
        problem: "columns does not list \(field.name), a field of \(dataset.schemaName).tableschema.json",
        hint: "state its disclosure: a column that is not declared is never published")
    }
    for column in dataset.columns where schema.index(of: column.field) == nil {
      throw ConfigurationError(
        file: configuration,
        problem: "columns lists \(column.field), which is no field of \(dataset.schemaName).tableschema.json")
    }
    for (index, key) in dataset.releaseKey.enumerated() {
      guard let column = dataset.columns.first(where: { $0.field == key }), column.transform != .drop else {
        throw ConfigurationError(
          file: configuration, problem: "release.key[\(index)] names \(key), which is not published")
      }
    }
    return schema
  }

  /// Tells what a dataset is configured with from everything else: what the files say that it was read from, as they were read.
  ///
  /// Nil where this reader has not read them all.
  package func configuration(of dataset: Dataset) -> ConfigurationDigest? {
    var files = [
      "\(datasetsFolder)/site.yaml", "\(datasetsFolder)/\(dataset.id.department)/department.yaml",
      "\(datasetsFolder)/\(dataset.id)/dataset.yaml", "\(schemasFolder)/\(dataset.schemaName).tableschema.json",
    ]
    if dataset.signOff != nil { files.append(signOffPath(of: dataset.id)) }
    let read = files.compactMap { digests[$0] }
    guard read.count == files.count else { return nil }
    return ConfigurationDigest(
      meaning: SHA256.hash("meaning 1\n" + read.map(\.meaning.hex).joined(separator: "\n")),
      bytes: SHA256.hash(read.map(\.bytes.hex).joined(separator: "\n")))
  }

  /// Where the word on a dataset's columns lies.
  package func signOffPath(of dataset: DatasetID) -> String { "\(datasetsFolder)/\(dataset)/sign-off.json" }

  func signOff(of dataset: DatasetID) throws -> ColumnSignOff? {
    let file = signOffPath(of: dataset)
    guard fileKind(file) != nil else { return nil }
    let (json, bytes) = (try? self.json(file)) ?? (.null, SHA256.hash(""))
    digests[file] = ConfigurationDigest(meaning: SHA256.hash(json.compactBytes), bytes: bytes)
    guard let signOff = ColumnSignOff(json: json) else {
      throw ConfigurationError(
        file: shortened(file), problem: "is not what daylight sign-off writes", hint: "sign the columns off anew")
    }
    return signOff
  }

  /// - Parameter ignored: members of the whole that no release follows from.
  func yaml(_ file: String, ignoring ignored: Set<String> = []) throws -> StrictYAML {
    let bytes = try contents(file)
    let yaml = try StrictYAML(bytes, file: shortened(file))
    digests[file] = ConfigurationDigest(meaning: yaml.meaning(ignoring: ignored), bytes: SHA256.hash(bytes))
    return yaml
  }

  private func json(_ file: String) throws -> (json: JSON, bytes: Digest) {
    let bytes = try contents(file)
    return (try JSONParser.parse(bytes), SHA256.hash(bytes))
  }

  private func contents(_ file: String) throws -> [UInt8] {
    do {
      return try InputFile.contents(of: file, limit: 16 << 20)
    } catch {
      throw ConfigurationError(file: shortened(file), problem: error.isMissingFile ? "is missing" : error.description)
    }
  }

  /// Paths in messages begin at the datasets folder's own name.
  private func shortened(_ file: String) -> String {
    datasetsFolder.parentPath.flatMap { file.relativePath(below: $0) } ?? file
  }

  func checkEncoding(_ value: YAMLValue) throws {
    guard TextEncoding(name: try value.text()) != nil else {
      throw value.fail("must be one of \(TextEncoding.allCases.map(\.rawValue).joined(separator: ", "))")
    }
  }

  /// A source's absolute path, below the dataset's folder or a listed root, reached through no link, and in neither store.
  func sourcePath(_ value: YAMLValue, folder: String, site: Site) throws -> (path: String, root: String) {
    let text = try value.text()
    let root: String
    let path: String
    let isAbsolute = text.beginsWith("/")
    if isAbsolute {
      guard let listed = site.sourceRoots.first(where: { text.isBelow($0) }) else {
        throw value.fail("lies below no folder of source_roots in site.yaml")
      }
      root = listed
      path = text
    } else {
      root = folder
      path = "\(folder)/\(text)"
    }
    guard (isAbsolute ? String(text.utf8.dropFirst()) ?? "" : text).leadsDownward else {
      throw value.fail("must not hold .., . or //")
    }
    for forbidden in forbiddenFolders where path == forbidden || path.isBelow(forbidden) {
      throw value.fail("lies in Daylight's own workspace or public folder")
    }
    return (path, root)
  }
}

/// What was read of each file.
final class FileDigests: Sendable {
  private let digests = Mutex<[String: ConfigurationDigest]>([:])

  subscript(file: String) -> ConfigurationDigest? {
    get { digests.withLock { $0[file] } }
    set { digests.withLock { $0[file] = newValue } }
  }
}
