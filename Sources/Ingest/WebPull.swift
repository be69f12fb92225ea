internal import PrivateStore
internal import Publication
internal import Tabular
internal import Transport

/// Fetches a delivery: not again where the server says that it is the one held already, and from where it was cut off where the
/// server still has the same.
struct WebPull: Sendable {
  let store: PrivateStore
  let dataset: DatasetID
  let address: WebAddress
  let settings: TransferSettings
  let progress: @Sendable (_ byteCount: Int, _ total: Int?) -> Void

  /// - Returns: the delivery, and what tells it from the next one.
  func callAsFunction() throws -> (file: WorkFile, stamp: String) {
    let note = try store.transferNote(of: dataset)
    let held = Held(note["held"], address)
    let partial = try store.partialSnapshot(of: dataset)
    let validator = note["partial"]?["url"]?.text == address.text ? note["partial"]?["validator"]?.text : nil
    if validator == nil || partial.byteCount == 0 { try partial.empty() }

    let heldFile = try held.flatMap { try store.snapshot(of: dataset, $0.digest) }
    var request = HTTPRequest(address, fields: [("Accept-Encoding", "identity")])
    if let validator, partial.byteCount > 0 {
      request.fields += [("Range", "bytes=\(partial.byteCount)-"), ("If-Range", validator)]
    } else if let held, heldFile != nil {
      if let tag = held.entityTag { request.fields.append(("If-None-Match", tag)) }
      if let date = held.lastModified { request.fields.append(("If-Modified-Since", date)) }
    }
    let sink = Sink(
      partial, validator: validator, limit: settings.byteLimit, address,
      noting: { validator in
        try store.setTransferNote(
          .members([
            ("held", note["held"]),
            ("partial", validator.map { .members([("url", .string(address.text)), ("validator", .string($0))]) }),
          ]), of: dataset)
      }, progress: progress)
    let response: HTTPResponse
    do {
      response = try HTTPClient(settings).send(request, into: sink)
    } catch let error as TransferError where error.isRefusedRange || error.isRefusal {
      // What is there does not fit what the server has now, or is of no use.
      try partial.empty()
      throw error
    }
    if response.status == 304 {
      guard let held, let heldFile else { throw TransferError(.status(304, retryAfter: nil), address) }
      return (heldFile, held.stamp)
    }
    // A length that was said is held to, also where the connection ended in good order.
    if let total = sink.total, partial.byteCount != total {
      throw TransferError(.cutOff(received: partial.byteCount, expected: total), address)
    }
    if response.isEncoded { try decode(partial, response) }
    let file = try store.addSnapshot(of: dataset, complete: partial)
    let entityTag = response["etag"], lastModified = response["last-modified"]
    let new = Held(digest: file.digest, entityTag: entityTag, lastModified: lastModified)
    try store.setTransferNote(.members([("held", new.json(address))]), of: dataset)
    return (file, new.stamp)
  }

  /// Puts the decoded bytes of a gzip transfer in the place of what was sent.
  private func decode(_ partial: PartialFile, _ response: HTTPResponse) throws {
    guard ["gzip", "x-gzip"].contains(response["content-encoding"]?.lowercased()) else {
      try partial.empty()
      throw TransferError(.failed("Content-Encoding \(response["content-encoding"] ?? "")"), address)
    }
    let packed = "\(partial.path).gz"
    defer { try? removeTree(packed) }
    try copyDurably(from: partial.path, to: packed, mode: 0o600)
    try partial.empty()
    do {
      let source = try InflatingByteSource(FileByteSource(path: packed))
      var chunk: [UInt8] = []
      while try source.read(256 << 10, appendingTo: &chunk) {
        guard partial.byteCount + chunk.count <= settings.byteLimit else {
          throw TransferError(.tooLarge(limit: settings.byteLimit), address)
        }
        try partial.append(chunk)
        chunk.removeAll(keepingCapacity: true)
      }
    } catch let error as FormatError {
      try partial.empty()
      guard case .damagedGzip = error.code else { throw error }
      throw TransferError(.cutOff(received: try InputFile(path: packed).byteCount, expected: nil), address)
    }
  }

  /// What the server said of the delivery that was last taken in.
  private struct Held {
    let digest: Digest
    let entityTag: String?
    let lastModified: String?

    init(digest: Digest, entityTag: String?, lastModified: String?) {
      self.digest = digest
      self.entityTag = entityTag
      self.lastModified = lastModified
    }

    /// Nil where there is none, or one of another address.
    init?(_ json: JSON?, _ address: WebAddress) {
      guard let json, json["url"]?.text == address.text, let digest = json["sha256"]?.text.flatMap(Digest.init(hex:))
      else { return nil }
      self.init(digest: digest, entityTag: json["etag"]?.text, lastModified: json["last_modified"]?.text)
    }

    func json(_ address: WebAddress) -> JSON {
      .members([
        ("url", .string(address.text)), ("sha256", .string(digest.hex)), ("etag", entityTag.map { .string($0) }),
        ("last_modified", lastModified.map { .string($0) }),
      ])
    }

    var stamp: String { entityTag ?? lastModified ?? digest.hex }
  }

  private final class Sink: BodySink {
    private let file: PartialFile
    private let note: (_ validator: String?) throws -> Void
    private let progress: @Sendable (Int, Int?) -> Void
    /// Bytes that the file has when it is whole; nil where the server did not say.
    private(set) var total: Int?
    private let validator: String?
    private let limit: Int
    private let address: WebAddress

    init(
      _ file: PartialFile, validator: String?, limit: Int, _ address: WebAddress,
      noting note: @escaping (String?) throws -> Void, progress: @escaping @Sendable (Int, Int?) -> Void
    ) {
      self.file = file
      self.validator = validator
      self.limit = limit
      self.address = address
      self.note = note
      self.progress = progress
    }

    func begin(_ response: HTTPResponse) throws {
      // The rest must be of the very state that the beginning is of.
      let isSame = validator.map { $0.hasPrefix("\"") ? response["etag"] ?? $0 == $0 : true } ?? false
      if response.status == 206, isSame, let range = response.contentRange, range.start == file.byteCount,
        !response.isEncoded
      {
        total = range.length
        return
      }
      try file.empty()
      // Another part than was asked for, or one of an encoding, fits nothing: the next try begins anew.
      guard response.status == 200 else { throw UnfitRange() }
      total = response["content-length"].flatMap { Int($0) }
      let strong = response["etag"].flatMap { $0.beginsWith("W/") ? nil : $0 }
      try note(response.isEncoded ? nil : strong ?? response["last-modified"])
    }

    func receive(_ bytes: [UInt8]) throws {
      // Also over several attempts.
      guard file.byteCount + bytes.count <= limit else { throw TransferError(.tooLarge(limit: limit), address) }
      try file.append(bytes)
      progress(file.byteCount, total)
    }
  }
}

/// The server sent another part than was asked for.
struct UnfitRange: Error {}

extension TransferError {
  fileprivate var isRefusedRange: Bool { if case .status(416, _) = code { true } else { false } }
}
