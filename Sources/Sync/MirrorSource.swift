internal import Hashing
internal import Manifest
internal import Publication
internal import Tabular
package import Transport

/// One place that a site is served from.
///
/// Used by one thread at a time.
final class MirrorSource {
  let address: WebAddress
  /// Keeps its connections from one file to the next.
  private let client: HTTPClient
  private let settings: TransferSettings

  init(_ address: WebAddress, _ settings: TransferSettings) {
    self.address = address
    self.settings = settings
    client = HTTPClient(settings)
  }

  /// A small file, whole.
  ///
  /// - Parameter limit: bytes; more of them are never read.
  /// - Returns: nil where the server has no such file.
  func contents(_ path: String, limit: Int) throws -> [UInt8]? {
    guard let address = address.appending(percentEncoded(path, keepsSlashes: true)) else { return nil }
    client.settings = settings
    client.settings.byteLimit = limit
    // Metadata are small: a server that takes long over them is up to something.
    client.settings.totalTimeout = min(settings.totalTimeout, 120)
    let sink = MemorySink()
    do {
      _ = try client.send(HTTPRequest(address), into: sink)
      return sink.bytes
    } catch let error as TransferError {
      switch error.code {
      case .status(404, _), .status(403, _), .status(410, _): return nil
      case .tooLarge: throw VerificationError(path, "is longer than \(limit) bytes, and was stopped")
      default: throw error
      }
    }
  }

  /// Fetches a file of known digest into its partial file, from where it was cut off, and verifies it.
  ///
  /// - Throws: `VerificationError` for other bytes than were signed; they are thrown away.
  func fetch(
    _ path: String, _ target: SignedTarget, into folder: MirrorFolder, progress: @escaping (Int) -> Void
  ) throws {
    client.settings = settings
    let partial = try folder.partial(target.digest)
    if partial.byteCount > target.byteCount { try partial.empty() }
    for isFirstTry in [true, false] {
      let start = partial.byteCount
      do {
        if start < target.byteCount || target.byteCount == 0 {
          try fetch(path, target.byteCount, partial, progress)
        }
      } catch let error as Overrun {
        try partial.empty()
        throw VerificationError(
          error.path, "is longer than the \(target.byteCount) bytes that were signed, and was stopped")
      }
      try partial.synchronise()
      if partial.byteCount == target.byteCount, try InputFile(path: partial.path).digest() == target.digest { return }
      let length = partial.byteCount
      try partial.empty()
      // What was there from an earlier try may have been of another state of the server.
      if isFirstTry && start > 0 { continue }
      throw VerificationError(
        path,
        length == target.byteCount
          ? "has another digest than was signed" : "has \(length) bytes instead of \(target.byteCount)")
    }
  }

  private func fetch(
    _ path: String, _ byteCount: Int, _ partial: PartialFile, _ progress: @escaping (Int) -> Void
  ) throws {
    guard let address = address.appending(percentEncoded(path, keepsSlashes: true)) else {
      throw VerificationError(path, "is no path that can be asked for")
    }
    var request = HTTPRequest(address)
    if partial.byteCount > 0 { request.fields.append(("Range", "bytes=\(partial.byteCount)-")) }
    let sink = FileSink(partial, limit: byteCount, path: path, progress: progress)
    do {
      _ = try client.send(request, into: sink)
    } catch let error as TransferError {
      switch error.code {
      case .status(416, _): try partial.empty()
      case .tooLarge: throw Overrun(path: path)
      default: break
      }
      throw error
    }
  }

  private final class MemorySink: BodySink {
    var bytes: [UInt8] = []
    func begin(_ response: HTTPResponse) { bytes = [] }
    func receive(_ bytes: [UInt8]) { self.bytes += bytes }
  }

  /// More bytes than were signed.
  private struct Overrun: Error { let path: String }

  private final class FileSink: BodySink {
    private let file: PartialFile
    private let limit: Int
    private let path: String
    private let progress: (Int) -> Void

    init(_ file: PartialFile, limit: Int, path: String, progress: @escaping (Int) -> Void) {
      self.file = file
      self.limit = limit
      self.path = path
      self.progress = progress
    }

    func begin(_ response: HTTPResponse) throws {
      let isRest = response.status == 206 && response.contentRange?.start == file.byteCount && !response.isEncoded
      if !isRest { try file.empty() }
    }

    func receive(_ bytes: [UInt8]) throws {
      guard file.byteCount + bytes.count <= limit else { throw Overrun(path: path) }
      try file.append(bytes)
      progress(bytes.count)
    }
  }
}
