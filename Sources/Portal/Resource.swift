internal import Export
internal import Hashing
internal import Logging
internal import Publication
internal import Synchronization
internal import Tabular

/// What a path of the site stands for.
enum Resource: Sendable {
  case file(Representation)
  /// Another path has it: where, relative to the site.
  case moved(String)
  case withdrawn(LocalizedText)
  case missing
  /// What is signed cannot be read just now.
  case unavailable
}

/// Bytes to send, and what is said of them.
struct Representation: Sendable {
  /// Of the bytes as they are sent.
  let byteCount: Int
  /// The strong validator, without its quotes.
  let entityTag: String
  /// Of the whole representation; nil where it is not known beforehand.
  let digest: Digest?
  let modified: Instant
  let mediaType: String
  let caching: Caching
  /// The names to save it under: plain ASCII, and for people.
  let fileNames: (plain: String, readable: String)?
  let body: Body

  enum Body: Sendable {
    case file(OpenFile)
    /// A small file, as it was read.
    case memory([UInt8])
    /// A gzip file's contents, after a byte order mark where Excel needs one.
    case unpacked(Unpacking)
  }
}

enum Caching: String, Sendable {
  /// A name that says what is in it.
  case immutable = "public, max-age=31536000, immutable"
  /// The same of a table about persons: should a release be taken back, copies must not live on for a year.
  case personal = "public, max-age=300, must-revalidate"
  case changing = "public, max-age=60, must-revalidate"
}

/// An open file, so that what is sent is what was looked at, whatever takes its name meanwhile.
final class OpenFile: Sendable {
  let file: InputFile
  init(path: String) throws { file = try InputFile(path: path) }
}

/// What answers say of a release; a whole record may be large.
private struct ReleaseFacts: Sendable {
  let isPersonal: Bool
  let modified: Instant
  let title: String?
  /// Length and digest of what packed files hold, by their names.
  let uncompressed: [String: (byteCount: Int, digest: Digest)]

  init(_ record: ReleaseRecord) {
    isPersonal = record.json["metadata"]?["subject"]?.text == "person"
    modified = record.modified
    title = record.json["metadata"]?["title"]?["zh"]?.text
    var uncompressed: [String: (byteCount: Int, digest: Digest)] = [:]
    for file in record.json["files"]?.elements ?? [] {
      guard let name = file["path"]?.text, let raw = file["uncompressed"], let byteCount = raw["length"]?.integer,
        let digest = raw["sha256"]?.text.flatMap(Digest.init(hex:))
      else { continue }
      uncompressed[name] = (byteCount, digest)
    }
    self.uncompressed = uncompressed
  }
}

/// A gzip file's contents, piece by piece; used by one task at a time.
final class Unpacking: @unchecked Sendable {
  private let source: InflatingByteSource
  private var mark: [UInt8]
  /// Bytes that are still to come.
  private var rest: Int

  /// - Parameter byteCount: of the contents.
  init(_ file: OpenFile, byteCount: Int, hasMark: Bool) throws {
    source = try InflatingByteSource(OpenFileSource(file))
    mark = hasMark ? [0xef, 0xbb, 0xbf] : []
    rest = byteCount
  }

  /// - Throws: `DamagedFile` where there are more bytes or fewer than was said.
  func next() throws -> [UInt8]? {
    guard mark.isEmpty else {
      defer { mark = [] }
      return mark
    }
    var chunk: [UInt8] = []
    guard try source.read(Connection.unpackedByteCount, appendingTo: &chunk) else {
      guard rest == 0 else { throw DamagedFile(path: "") }
      return nil
    }
    rest -= chunk.count
    guard rest >= 0 else { throw DamagedFile(path: "") }
    return chunk
  }
}

/// The bytes of a file that is open.
private final class OpenFileSource: ByteSource {
  private let file: OpenFile
  private var offset = 0

  init(_ file: OpenFile) { self.file = file }

  func read(_ count: Int, appendingTo bytes: inout [UInt8]) throws -> Bool {
    let got = try file.file.read(min(count, 16 << 10), at: offset, appendingTo: &bytes)
    offset += got
    return got > 0
  }
}

/// Finds resources below a public root.
final class Finder: Sendable {
  private let root: String
  private let logger: Logger
  private let state = Mutex(State())

  private struct State: Sendable {
    var index: SiteIndex?
    var timestamp: FileState?
    /// Digests of files as they were when somebody last looked.
    var digests: [FileState: Digest] = [:]
    var releases: [String: ReleaseFacts] = [:]
    /// Small files that were asked for, by path, while neither they nor the signed timestamp change.
    var small: [String: Small] = [:]
    var smallByteCount = 0
  }

  private struct Small: Sendable {
    let place: String
    let file: FileState
    let timestamp: FileState?
    let representation: Representation
  }

  /// Bytes of a file that is kept in memory, and of all of them.
  private static let smallFile = 32 << 10
  private static let smallFiles = 4 << 20

  /// - Parameter root: absolute, without links.
  init(root: String, logger: Logger) {
    self.root = root
    self.logger = logger
  }

  /// - Parameters:
  ///   - path: as the client sent it, without query.
  ///   - wantsMark: a byte order mark before text that is unpacked on the way.
  func resource(_ path: String, wantsMark: Bool) throws -> Resource {
    guard let decoded = unescaped(path), decoded.beginsWith("/") else { return .missing }
    var path = String(decoding: decoded.utf8.dropFirst(), as: UTF8.self)
    if path.isEmpty || path.endsWith("/") { path += "index.html" }
    let parts = path.pathParts
    let isPlain = parts.allSatisfy { part in
      !part.isEmpty && !part.beginsWith(".") && part.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f && $0 != 0x5c }
    }
    guard isPlain else { return .missing }
    switch parts[0] {
    case "data", "targets":
      guard let index = currentIndex() else { return .unavailable }
      let found = try release(parts, index, wantsMark: wantsMark)
      // Its page is there, and says why; its files are gone, also after it came again.
      if case .missing = found, parts.count >= 3,
        let reason = index.withdrawal(of: "\(parts[1])/\(parts[2])", parts.count > 3 ? parts[3] : "latest")
      {
        return .withdrawn(reason)
      }
      return found
    default: return try plainFile(path, parts)
    }
  }

  /// A small file that was asked for before and is as it was then; it takes two looks at the disk's own memory.
  func smallResource(_ path: String) -> Representation? {
    guard let small = state.withLock({ $0.small[path] }) else { return nil }
    guard FileState(at: small.place) == small.file, FileState(at: timestampPath) == small.timestamp else { return nil }
    return small.representation
  }

  /// Reads a small file into memory, to answer whoever asks for it next.
  func keepingSmall(_ resource: Resource, of path: String) -> Resource {
    guard case .file(let found) = resource, case .file(let open) = found.body, found.byteCount <= Self.smallFile,
      path.utf8.count < 1_024
    else { return resource }
    var bytes: [UInt8] = []
    guard (try? open.file.read(found.byteCount, at: 0, appendingTo: &bytes)) == found.byteCount,
      (try? open.file.currentState()) == open.file.state
    else { return resource }
    let representation = Representation(
      byteCount: found.byteCount, entityTag: found.entityTag, digest: found.digest, modified: found.modified,
      mediaType: found.mediaType, caching: found.caching, fileNames: found.fileNames, body: .memory(bytes))
    let small = Small(
      place: open.file.path, file: open.file.state, timestamp: FileState(at: timestampPath),
      representation: representation)
    state.withLock { state in
      if state.smallByteCount + bytes.count > Self.smallFiles || state.small.count >= 2_000 {
        state.small.removeAll()
        state.smallByteCount = 0
      }
      let before = state.small.updateValue(small, forKey: path)
      state.smallByteCount += bytes.count - (before?.representation.byteCount ?? 0)
    }
    return .file(representation)
  }

  private var timestampPath: String { "\(root)/metadata/timestamp.json" }

  // MARK: Releases

  private func release(_ parts: [String], _ index: SiteIndex, wantsMark: Bool) throws -> Resource {
    if parts[0] == "targets", parts.count == 3, parts[1] == "site" {
      // Of earlier states too: the name says what is in it.
      guard case .file(let file) = try plainFile(parts.joined(separator: "/"), parts),
        let digest = file.digest, parts[2].beginsWith("\(digest.hex).")
      else { return .missing }
      return .file(file)
    }
    guard parts.count == 5 else { return .missing }
    let dataset = "\(parts[1])/\(parts[2])"
    var release = parts[3]
    var name = parts[4]
    if parts[0] == "targets" {
      guard name.utf8.count > 65, let digest = Digest(hex: String(name.prefix(64))), name.dropFirst(64).first == "."
      else {
        return .missing
      }
      name = String(name.dropFirst(65))
      guard index["\(dataset)/\(release)/\(name)"]?.digest == digest else { return .missing }
    }
    let isLatest = release == "latest" && parts[0] == "data"
    if isLatest {
      // The newest that is signed, whatever stands in the folder of that name just now.
      guard let newest = index.newestRelease(of: dataset) else { return .missing }
      release = newest.description
    }
    let path = "\(dataset)/\(release)/\(name)"
    let facts = try facts(of: dataset, release, index)
    let caching: Caching = isLatest ? .changing : facts?.isPersonal == true ? .personal : .immutable
    let modified = facts?.modified ?? Instant(secondsSince1970: 0)
    if let entry = index[path] {
      let open = try verified(parts[0] == "data" ? "data/\(path)" : parts.joined(separator: "/"), entry)
      return .file(
        Representation(
          byteCount: entry.byteCount, entityTag: entry.digest.hex, digest: entry.digest, modified: modified,
          mediaType: mediaType(of: name), caching: caching,
          fileNames: name.beginsWith("data.") ? fileNames(dataset, release, name, facts) : nil, body: .file(open)))
    }
    // `data.csv` is `data.csv.gz`, for those who have no gunzip.
    guard parts[0] == "data", let packed = index["\(path).gz"], name == "data.csv" || name == "data.json",
      let (byteCount, digest) = facts?.uncompressed["\(name).gz"]
    else { return .missing }
    let hasMark = wantsMark && name == "data.csv"
    return .file(
      Representation(
        byteCount: byteCount + (hasMark ? 3 : 0), entityTag: digest.hex + (hasMark ? "-bom" : ""),
        digest: hasMark ? nil : digest,
        modified: modified, mediaType: mediaType(of: name), caching: caching,
        fileNames: fileNames(dataset, release, name, facts),
        body: .unpacked(
          try Unpacking(verified("data/\(path).gz", packed), byteCount: byteCount, hasMark: hasMark))))
  }

  private func fileNames(_ dataset: String, _ release: String, _ name: String, _ facts: ReleaseFacts?) -> (
    String, String
  ) {
    let kind = name.dropFirst("data".count)
    let plain = "\(dataset.lastPathPart)-\(release)\(kind)"
    // What file systems refuse becomes a dash.
    let safe = facts?.title.map { String($0.map { "/\\:*?\"<>|\n\r\t".contains($0) ? "-" : $0 }) }
    return (plain, safe.map { "\($0)-\(release)\(kind)" } ?? plain)
  }

  /// A release never changes, and neither does its record.
  private func facts(of dataset: String, _ release: String, _ index: SiteIndex) throws -> ReleaseFacts? {
    let path = "\(dataset)/\(release)/release.json"
    guard let entry = index[path], entry.byteCount <= 16 << 20 else { return nil }
    let key = "\(path) \(entry.digest)"
    if let known = state.withLock({ $0.releases[key] }) { return known }
    let open = try verified("data/\(path)", entry)
    var bytes: [UInt8] = []
    _ = try open.file.read(entry.byteCount, at: 0, appendingTo: &bytes)
    guard let record = ReleaseRecord(json: try JSONParser.parse(bytes)) else { throw DamagedFile(path: path) }
    let facts = ReleaseFacts(record)
    state.withLock { state in
      if state.releases.count >= 2_000 { state.releases.removeAll() }
      state.releases[key] = facts
    }
    return facts
  }

  /// Opens a file of a release: what is said of it is true of the bytes that are sent.
  ///
  /// It is read before its first answer, and again when its place, length or times have changed.
  private func verified(_ path: String, _ entry: SiteIndex.Entry) throws -> OpenFile {
    let open = try OpenFile(path: try placed(path))
    guard open.file.byteCount == entry.byteCount, try digest(of: open) == entry.digest else {
      throw DamagedFile(path: path)
    }
    return open
  }

  private func digest(of open: OpenFile) throws -> Digest {
    let before = open.file.state
    if let known = state.withLock({ $0.digests[before] }) { return known }
    let digest = try open.file.digest()
    // What was written meanwhile is not known.
    guard try open.file.currentState() == before else { return digest }
    state.withLock { state in
      if state.digests.count >= 100_000 { state.digests.removeAll() }
      state.digests[before] = digest
    }
    return digest
  }

  // MARK: Everything else

  /// Metadata, pages, catalogues: small, looked at when they are asked for.
  private func plainFile(_ path: String, _ parts: [String]) throws -> Resource {
    let place = try placedOrNil(path)
    guard let place else { return .missing }
    switch fileKind(place) {
    case .file: break
    case .folder:
      return fileKind("\(place)/index.html") == .file
        ? .moved("/\(parts.map { percentEncoded($0) }.joined(separator: "/"))/") : .missing
    default: return .missing
    }
    let open = try OpenFile(path: place)
    let digest = try digest(of: open)
    let name = parts[parts.count - 1]
    // `3.targets.json` never changes; `timestamp.json` does.
    let isNumbered = parts[0] == "metadata" && name.first?.isNumber == true
    return .file(
      Representation(
        byteCount: open.file.byteCount, entityTag: digest.hex, digest: digest,
        modified: Instant(secondsSince1970: open.file.modified / 1_000_000_000), mediaType: mediaType(of: name),
        caching: isNumbered || parts[0] == "targets" ? .immutable : .changing, fileNames: nil, body: .file(open)))
  }

  private func placed(_ path: String) throws -> String {
    guard let place = try placedOrNil(path) else { throw DamagedFile(path: path) }
    return place
  }

  /// The absolute path; nil where there is nothing, or where a link leads elsewhere.
  private func placedOrNil(_ path: String) throws -> String? {
    let place = "\(root)/\(path)"
    guard fileKind(place) != nil, try resolvedPath(place) == place else { return nil }
    return place
  }

  /// Read anew when the timestamp was replaced: whoever is shown a new one finds what it names.
  ///
  /// Metadata that cannot be read or do not verify change nothing: what was signed before is still signed. Nil where there was nothing.
  private func currentIndex() -> SiteIndex? {
    let stamp = FileState(at: timestampPath)
    let (known, isSame) = state.withLock { ($0.index, $0.index != nil && $0.timestamp == stamp) }
    if isSame { return known }
    do {
      let index = try SiteIndex(root: root)
      state.withLock { state in
        state.index = index
        state.timestamp = stamp
      }
      return index
    } catch {
      logger.error("the signed metadata cannot be used", metadata: ["error": "\(error)"])
      return known
    }
  }
}

/// A file is not what the signed metadata say.
struct DamagedFile: Error { let path: String }

private func mediaType(of name: String) -> String {
  let types: [(String, String)] = [
    (".gz", "application/gzip"), (".zip", "application/zip"), (".csv", "text/csv; charset=utf-8; header=present"),
    (".jsonld", "application/ld+json"), ("croissant.json", "application/ld+json"), (".json", "application/json"),
    (".ttl", "text/turtle; charset=utf-8"), (".html", "text/html; charset=utf-8"), (".css", "text/css; charset=utf-8"),
    (".xml", "application/xml"), (".atom", "application/atom+xml"), (".svg", "image/svg+xml"),
    (".txt", "text/plain; charset=utf-8"),
  ]
  return types.first { name.endsWith($0.0) }?.1 ?? "application/octet-stream"
}

/// Percent-encoding undone; nil for what is no UTF-8 afterwards.
private func unescaped(_ text: String) -> String? {
  var bytes: [UInt8] = []
  var rest = Array(text.utf8)[...]
  while let byte = rest.popFirst() {
    guard byte == UInt8(ascii: "%") else {
      bytes.append(byte)
      continue
    }
    // Capital digits and small ones (RFC 3986 §2.1).
    guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
      !rest.prefix(2).contains(UInt8(ascii: "+"))
    else { return nil }
    bytes.append(value)
    rest = rest.dropFirst(2)
  }
  return String(validating: bytes, as: UTF8.self)
}
