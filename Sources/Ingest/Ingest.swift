package import PrivateStore
package import Publication
internal import Tabular

/// Pulls the department's bytes, unchanged, into the private store.
package struct Ingest: Stage {
  package static let name = StageName.ingest
  private let store: PrivateStore
  /// Bytes; a larger delivery is refused.
  private let byteLimit: Int

  package init(store: PrivateStore, byteLimit: Int = 64 << 30) {
    self.store = store
    self.byteLimit = byteLimit
  }

  package func run(_ dataset: Dataset, in run: Run) async throws -> Snapshot {
    let source = dataset.source
    do {
      // The path may lead through no link: what it resolves to must be what it says.
      let root = try resolvedPath(source.root)
      let relative = source.path.dropFirst(source.root.count)
      guard try resolvedPath(source.path) == root + relative else {
        throw IngestError(.link, dataset: dataset.id, path: source.path)
      }
      let file = try store.addSnapshot(of: dataset.id, from: source.path, limit: byteLimit)
      run.progress(.advanced(Self.name, dataset.id, byteCount: file.byteCount, total: file.byteCount))
      return Snapshot(dataset: dataset, parts: [file])
    } catch let error as FileError {
      let code: IngestError.Code =
        error.isMissingFile ? .missing : error.isNoFile ? .noFile : .unreadable(error.description)
      throw IngestError(code, dataset: dataset.id, path: source.path)
    }
  }
}

/// What a department delivered, byte for byte: an ordered list of parts, each named by its digest.
package struct Snapshot: Sendable {
  package let dataset: Dataset
  package let parts: [WorkFile]

  init(dataset: Dataset, parts: [WorkFile]) {
    self.dataset = dataset
    self.parts = parts
  }
}

/// The source could not be taken in.
package struct IngestError: Error, Sendable, CustomStringConvertible {
  package enum Code: Sendable, Equatable { case missing, link, noFile, unreadable(String) }

  package let code: Code
  package let dataset: DatasetID
  package let path: String

  init(_ code: Code, dataset: DatasetID, path: String) {
    self.code = code
    self.dataset = dataset
    self.path = path
  }

  /// Whether another try may go better.
  package var isTransient: Bool { code != .link && code != .noFile }

  package var description: String { "ingest: \(dataset): \(text[.en])" }

  /// What is wrong and what to do, for people.
  package var text: LocalizedText {
    switch code {
    case .missing:
      LocalizedText(
        zh: "找不到源文件 \(path)\n提示:请联系部门报送该文件,或更正 source.path",
        en: "there is no file \(path)\nhint: ask the department to deliver it, or correct source.path")
    case .link:
      LocalizedText(
        zh: "\(path) 经过链接\n提示:不跟随链接,请把文件本身放到该处",
        en: "\(path) leads through a link\nhint: links are not followed: put the file itself there")
    case .noFile: LocalizedText(zh: "\(path) 不是普通文件", en: "\(path) is no regular file")
    case .unreadable(let why): LocalizedText(zh: "源文件无法读取:\(why)", en: why)
    }
  }
}
