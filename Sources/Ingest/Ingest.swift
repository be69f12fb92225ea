package import PrivateStore
package import Publication
internal import Tabular
package import Transport

/// Pulls the department's bytes, unchanged, into the private store.
package struct Ingest: Stage {
  package static let name = StageName.ingest
  private let store: PrivateStore
  private let site: Site

  package init(store: PrivateStore, site: Site) {
    self.store = store
    self.site = site
  }

  package func run(_ dataset: Dataset, in run: Run) async throws -> Snapshot {
    switch dataset.source.place {
    case .file(let path, let root): try await copy(path, below: root, dataset, run)
    case .web(let source): try await fetch(source, dataset, run)
    }
  }

  /// The delivery that is held, where the source has the same bytes: it need not be taken in again.
  ///
  /// Nil where it is not held any more, or the source is another one, cannot be read or is not on this machine: taking it in says
  /// what is wrong.
  package func held(_ delivery: Digest, of dataset: Dataset, in run: Run) async -> Snapshot? {
    guard case .file(let path, let root) = dataset.source.place else { return nil }
    do {
      try requireNoLink(path, below: root, dataset)
      let source = try InputFile(path: path)
      let held = try InputFile(path: store.snapshotPath(of: dataset.id, delivery))
      guard source.byteCount <= site.transfer.byteLimit, try await hasSameBytes(path, held.path, run.parallelism) else {
        return nil
      }
      let file = WorkFile(path: held.path, byteCount: held.byteCount, digest: delivery)
      return Snapshot(dataset: dataset, parts: [file], stamp: stamp(of: source))
    } catch {
      return nil
    }
  }

  private func stamp(of file: borrowing InputFile) -> String { "\(file.modified) \(file.byteCount)" }

  /// The path may lead through no link: what it resolves to must be what it says.
  private func requireNoLink(_ path: String, below root: String, _ dataset: Dataset) throws {
    let relative = path.relativePath(below: root).map { "/\($0)" } ?? ""
    guard try resolvedPath(path) == resolvedPath(root) + relative else {
      throw IngestError(.link, dataset: dataset.id, place: path)
    }
  }

  private func copy(_ path: String, below root: String, _ dataset: Dataset, _ run: Run) async throws -> Snapshot {
    do {
      try requireNoLink(path, below: root, dataset)
      for _ in 0..<Self.copyLimit {
        let source = try InputFile(path: path)
        let file = try await store.addSnapshot(
          of: dataset.id, from: path, limit: site.transfer.byteLimit, run.parallelism)
        guard try await isWhole(source, path) else { continue }
        run.progress(.advanced(Self.name, dataset.id, byteCount: file.byteCount, total: file.byteCount))
        return Snapshot(dataset: dataset, parts: [file], stamp: stamp(of: source))
      }
      throw IngestError(.beingWritten, dataset: dataset.id, place: path)
    } catch is StillWritten {
      throw IngestError(.beingWritten, dataset: dataset.id, place: path)
    } catch let error as FileError {
      // A fault of our own disk is none of the department's.
      guard error.path == path || error.path == root else { throw error }
      let code: IngestError.Code =
        error.isMissingFile ? .missing : error.isNoFile ? .noFile : .unreadable(error.description)
      throw IngestError(code, dataset: dataset.id, place: path)
    }
  }

  /// Whether a file that was just copied was all there: nobody has it open to write in it, and it has not changed since it was opened,
  /// nor for some seconds.
  ///
  /// A program that writes in place shows a beginning that looks like a whole table.
  private func isWhole(_ source: borrowing InputFile, _ path: String) async throws -> Bool {
    let quiet = site.transfer.quietSeconds
    guard quiet > 0 else { return true }
    if source.isOpenForWriting == true { throw StillWritten() }
    let age = source.state.ageInSeconds
    // A time that lies ahead says nothing.
    if (0..<quiet).contains(age) { try await Task.sleep(for: .seconds(quiet - age)) }
    return try InputFile(path: path).state.hasSameContents(as: source.state)
  }

  /// Copies of a file that changes all the time, until it is left for the next run.
  private static let copyLimit = 3

  private func fetch(_ source: Source.WebSource, _ dataset: Dataset, _ run: Run) async throws -> Snapshot {
    guard let address = WebAddress(source.url) else { preconditionFailure("checked when it was configured") }
    var settings = TransferSettings(hosts: AllowedHosts(site.sourceHosts))
    settings.connectTimeout = site.transfer.connectTimeout
    settings.totalTimeout = site.transfer.totalTimeout
    settings.minimumRate = site.transfer.minimumRate
    settings.stallTimeout = site.transfer.stallTimeout
    settings.byteLimit = site.transfer.byteLimit
    settings.proxy = site.transfer.proxy
    settings.decodes = false
    settings.authorityFile = try source.authority.map { try store.tlsFile($0, "ca") }
    settings.certificateFile = try source.clientCertificate.map { try store.tlsFile($0, "crt") }
    settings.keyFile = try source.clientCertificate.map { try store.tlsFile($0, "key") }
    let pull = WebPull(store: store, dataset: dataset.id, address: address, settings: settings) { byteCount, total in
      run.progress(.advanced(Self.name, dataset.id, byteCount: byteCount, total: total))
    }
    do {
      let (file, stamp) = try await onOwnThread { try pull() }
      return Snapshot(dataset: dataset, parts: [file], stamp: stamp)
    } catch let error as TransferError {
      throw IngestError(.transfer(error), dataset: dataset.id, place: address.description)
    } catch is UnfitRange {
      throw IngestError(
        .transfer(TransferError(.cutOff(received: 0, expected: nil), address)), dataset: dataset.id,
        place: address.description)
    }
  }
}

/// What a department delivered, byte for byte: an ordered list of parts, each named by its digest.
package struct Snapshot: Sendable {
  package let dataset: Dataset
  package let parts: [WorkFile]
  /// What tells this delivery from the one before, whether or not its bytes differ: a file's time, a server's entity tag.
  package let stamp: String

  /// Of the delivery, where it has one part.
  package var digest: Digest? { parts.count == 1 ? parts[0].digest : nil }

  init(dataset: Dataset, parts: [WorkFile], stamp: String) {
    self.dataset = dataset
    self.parts = parts
    self.stamp = stamp
  }
}

/// Another program has the file open to write in it.
private struct StillWritten: Error {}

/// The source could not be taken in.
package struct IngestError: Error, Sendable, CustomStringConvertible {
  package enum Code: Sendable { case missing, link, noFile, beingWritten, unreadable(String), transfer(TransferError) }

  package let code: Code
  package let dataset: DatasetID
  /// A path, or an address without query.
  package let place: String

  init(_ code: Code, dataset: DatasetID, place: String) {
    self.code = code
    self.dataset = dataset
    self.place = place
  }

  /// Whether the same request may go through in a moment.
  package var isTransient: Bool { if case .transfer(let error) = code { error.isTransient } else { false } }

  /// Seconds that the server asks to be left alone.
  package var retryAfter: Int? { if case .transfer(let error) = code { error.retryAfter } else { nil } }

  /// Whether it is the source that is wanting, and not what it was asked for: another day may bring it.
  package var isSourceUnavailable: Bool {
    switch code {
    case .missing, .unreadable, .beingWritten: true
    case .link, .noFile: false
    case .transfer(let error): !error.isRefusal
    }
  }

  package var description: String { "ingest: \(dataset): \(text[.en])" }

  /// What is wrong and what to do, for people.
  package var text: LocalizedText {
    switch code {
    case .missing:
      LocalizedText(
        zh: "找不到源文件 \(place)\n提示:请联系部门报送该文件,或更正 source.path",
        en: "there is no file \(place)\nhint: ask the department to deliver it, or correct source.path")
    case .link:
      LocalizedText(
        zh: "\(place) 经过链接\n提示:不跟随链接,请把文件本身放到该处",
        en: "\(place) leads through a link\nhint: links are not followed: put the file itself there")
    case .beingWritten:
      LocalizedText(
        zh: "\(place) 正在被写入\n提示:稍后会重试;请让部门先写到别的名称,写完后再改名",
        en:
          "\(place) is still being written\nhint: it is worth another try; ask the department to write under another name and rename the file when it is whole"
      )
    case .noFile: LocalizedText(zh: "\(place) 不是普通文件", en: "\(place) is no regular file")
    case .unreadable(let why): LocalizedText(zh: "源文件无法读取:\(why)", en: why)
    case .transfer(let error): error.text
    }
  }
}
