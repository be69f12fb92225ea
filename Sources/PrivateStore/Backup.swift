internal import Hashing
package import Publication
internal import Tabular

// What a lost machine would take with it and nothing else has: keys, ledger, certificates, secrets, masks, what officers have said of which
// candidates, names that were ever given, a promotion on its way, and the configuration of departments and datasets.
// Deliveries are the departments'; what is published, every mirror has.
//
// The file: "daylight backup 2\n", a salt of 16 bytes, then pieces: 4 bytes of length (big-endian), and so many sealed bytes. Inside,
// for each file: 4 bytes of length, a JSON object {path, length}, and its contents.

extension PrivateStore {
  private static let magic = Array("daylight backup 2\n".utf8)
  /// Of backups without configuration.
  private static let earlierMagic = Array("daylight backup 1\n".utf8)
  private static let parts = ["keys", "tls", "secrets", "staged", "masks", "approval", "published"]
  /// Folders beside the workspace, where officers work.
  private static let configurationParts = ["datasets", "schemas"]
  /// When the backup was made, and of which public folder.
  private static let originName = "origin.json"

  /// Writes an encrypted copy of all that cannot be made again.
  ///
  /// - Parameters:
  ///   - path: where it goes; a link there is an error.
  ///   - publicRoot: the public folder that belongs to this workspace.
  ///   - configuration: the folders `datasets` and `schemas` by name, absolute.
  ///   - deliveries: files below them that are departments' deliveries, and stay out.
  /// - Returns: the number of files in it.
  package func backUp(
    to path: String, passphrase: String, publicRoot: String?, configuration: [String: String],
    leavingOut deliveries: Set<String>, at moment: Instant
  ) throws -> Int {
    guard fileKind(path) == nil || fileKind(path) == .file else {
      throw StoreError(
        kind: .configuration, "\(path) is a link or a folder", hint: "name a file; links are not followed")
    }
    return try withLock {
      try write(
        to: path, passphrase: passphrase, publicRoot: publicRoot, configuration: configuration, leavingOut: deliveries,
        at: moment)
    }
  }

  private func write(
    to path: String, passphrase: String, publicRoot: String?, configuration: [String: String],
    leavingOut deliveries: Set<String>, at moment: Instant
  ) throws -> Int {
    let copy = "\(root)/work/ledger-copy.sqlite"
    try removeTree(copy)
    defer { try? removeTree(copy) }
    try ledger.copy(to: copy)
    var files = [(name: "ledger.sqlite", place: copy)]
    for part in Self.parts {
      files += try Self.files(below: part, of: root).map { ($0, "\(root)/\($0)") }
    }
    for part in Self.configurationParts {
      guard let folder = configuration[part] else { continue }
      for name in try Self.files(below: "", of: folder) where !deliveries.contains("\(folder)/\(name)") {
        files.append(("\(part)/\(name)", "\(folder)/\(name)"))
      }
    }

    let origin = JSON.members([
      ("made", .int(moment.secondsSince1970)), ("public", publicRoot.flatMap(folderIdentity).map { .string($0) }),
    ])
    let salt = randomBytes(PassphraseKey.saltByteCount)
    let temporary = "\(path).part"
    var writer = SealedFile(try OutputFile(path: temporary), key: PassphraseKey(passphrase: passphrase, salt: salt))
    do {
      try writer.begin(Self.magic + salt)
      let header = JSON.members([("path", .string(Self.originName)), ("length", .int(origin.compactBytes.count))])
        .compactBytes
      try writer.write(bigEndian(header.count) + header)
      try writer.write(origin.compactBytes)
      for file in files {
        // As long as it is when it is opened; one that gets shorter meanwhile is an error.
        let source = try InputFile(path: file.place)
        let header = JSON.members([("path", .string(file.name)), ("length", .int(source.byteCount))]).compactBytes
        try writer.write(bigEndian(header.count) + header)
        var chunk: [UInt8] = []
        var offset = 0
        while try source.read(1 << 20, at: offset, appendingTo: &chunk) > 0 {
          try writer.write(chunk)
          offset += chunk.count
          chunk.removeAll(keepingCapacity: true)
        }
      }
      try writer.finish()
      try publishDurably(temporary, as: path)
    } catch {
      try? removeTree(temporary)
      throw error
    }
    return files.count
  }

  /// What `restore` brought back.
  package struct Restored: Sendable {
    package var fileCount = 0
    /// Where configuration lies now: in its own folder where there was none, else beside what is there.
    package var places: [(part: String, place: String)] = []
  }

  /// Puts a backup's contents into a workspace that has no keys, and configuration into its folders where they are not there or empty.
  ///
  /// - Parameters:
  ///   - publicRoot: the public folder: where it is not the very folder that the backup was made beside, names may have been given since
  ///     that nobody knows of.
  ///   - configuration: the folders `datasets` and `schemas` by name, absolute.
  ///   - today: the day that releases are named after.
  /// - Throws: `StoreError` for a wrong passphrase, a damaged file, a workspace that is in use; nothing is written then.
  package static func restore(
    from path: String, to root: String, passphrase: String, publicRoot: String, configuration: [String: String],
    today: CivilDate, at moment: Instant
  ) throws -> Restored {
    let keys = fileKind("\(root)/keys") == nil ? [] : try folderNames("\(root)/keys")
    guard keys.isEmpty else {
      throw StoreError(
        kind: .configuration, "the workspace \(root) has keys already", hint: "restore into a new one: --workspace DIR")
    }
    let incoming = "\(root)/.restore"
    try removeTree(incoming)
    try makeFolder(incoming)
    defer { try? removeTree(incoming) }
    var restored = Restored()
    restored.fileCount = try unseal(path, passphrase: passphrase, into: incoming)
    for part in configurationParts where fileKind("\(incoming)/\(part)") != nil {
      guard let wanted = configuration[part] else { continue }
      let isFree = try fileKind(wanted) == nil || (fileKind(wanted) == .folder && folderNames(wanted).isEmpty)
      // What is there is somebody's work of today.
      let place = isFree ? wanted : "\(root)/restored/\(part)"
      try removeTree(place)
      try copyTree("\(incoming)/\(part)", to: place, fileMode: 0o644, folderMode: 0o755)
      restored.places.append((part, place))
    }
    // The ledger goes first, the keys last: until they are there, the workspace counts as empty.
    for part in ["ledger.sqlite"] + parts.filter({ $0 != "keys" }) + ["keys"]
    where fileKind("\(incoming)/\(part)") != nil {
      try removeTree("\(root)/\(part)")
      try renameDurably(from: "\(incoming)/\(part)", to: "\(root)/\(part)")
    }
    try noteGap(of: "\(incoming)/\(originName)", in: root, publicRoot: publicRoot, today: today, at: moment)
    return restored
  }

  /// Between the backup and now names may have been given: what comes next lies above as many as there can have been.
  private static func noteGap(
    of origin: String, in root: String, publicRoot: String, today: CivilDate, at moment: Instant
  ) throws {
    let store = try PrivateStore(root: root, publicRoot: publicRoot)
    guard var record = try store.publicationRecord(), record.isCommitted else { return }
    let json = fileKind(origin) == .file ? try JSONParser.parse(InputFile.contents(of: origin, limit: 4_096)) : .null
    // The public folder was never lost, and says itself what was published last.
    if let folder = json["public"]?.text, folder == folderIdentity(publicRoot) { return }
    let made = json["made"]?.integer ?? moment.secondsSince1970 - 366 * 86_400
    // A publication takes a tenth of a second at least, and a dataset is released less than once a second: also after a second machine
    // was lost on the same day.
    let publications = min(max(moment.secondsSince1970 - made, 0), 1 << 32) * 10 + 100
    // Since the day began anywhere on Earth.
    let seconds = max(moment.secondsSince1970 - today.daysSince1970 * 86_400 + 14 * 3_600, 0)
    record.gap = PublicationRecord.Gap(
      version: (record.versions.values.max() ?? 0) + publications,
      release: ReleaseID(date: today, number: 1_000 + seconds))
    // A root is renewed in a ceremony, and its version counts those.
    for role in record.versions.keys where role != "root" { record.versions[role] = record.gap?.version }
    try store.setPublicationRecord(record)
  }

  private static func copyTree(_ source: String, to place: String, fileMode: UInt32, folderMode: UInt32) throws {
    try makeFolder(place, mode: folderMode)
    for name in try files(below: "", of: source) {
      if let parent = "\(place)/\(name)".parentPath { try makeFolder(parent, mode: folderMode) }
      try copyDurably(from: "\(source)/\(name)", to: "\(place)/\(name)", mode: fileMode)
    }
  }

  private static func unseal(_ path: String, passphrase: String, into folder: String) throws -> Int {
    let damaged = StoreError(
      "\(path) cannot be opened: the passphrase is another one, or the file is damaged", hint: "nothing was written")
    var reader = try SealedReader(
      path: path, magics: [magic, earlierMagic], passphrase: passphrase, damaged: damaged)
    var count = 0
    while let header = try reader.lengthPrefixed(limit: 64 << 10) {
      guard let json = try? JSONParser.parse(header), let name = json["path"]?.text,
        let length = json["length"]?.integer,
        length >= 0, isAllowed(name)
      else { throw damaged }
      let place = "\(folder)/\(name)"
      if let parent = place.parentPath { try makeFolder(parent) }
      var output = try OutputFile(path: place)
      var rest = length
      while rest > 0 {
        let chunk = try reader.read(min(rest, 1 << 20))
        try output.write(chunk)
        rest -= chunk.count
      }
      _ = try output.finish()
      // Before a word says that all is well: an empty key file would be the end of the site.
      try synchroniseFile(place)
      count += 1
    }
    return count
  }

  /// Nothing but the known parts, no path that leads elsewhere.
  private static func isAllowed(_ name: String) -> Bool {
    let parts = name.pathParts
    guard name.leadsDownward else { return false }
    return name == "ledger.sqlite" || name == originName
      || (parts.count > 1 && (Self.parts + configurationParts).contains(parts[0]))
  }

  /// Regular files below a folder, as paths relative to `root`; links are passed over.
  private static func files(below folder: String, of root: String) throws -> [String] {
    let whole = folder.isEmpty ? root : "\(root)/\(folder)"
    guard fileKind(whole) == .folder else { return [] }
    return try folderNames(whole).flatMap { name -> [String] in
      let relative = folder.isEmpty ? name : "\(folder)/\(name)"
      switch fileKind("\(root)/\(relative)") {
      case .folder: return try files(below: relative, of: root)
      case .file: return [relative]
      default: return []
      }
    }
  }
}

/// Seals what is written to it, piece by piece.
private struct SealedFile: ~Copyable {
  private var output: OutputFile
  private let key: PassphraseKey
  private var pending: [UInt8] = []
  private var number = 0
  private static let pieceByteCount = 1 << 20

  init(_ output: consuming OutputFile, key: PassphraseKey) {
    self.output = output
    self.key = key
  }

  mutating func begin(_ header: [UInt8]) throws { try output.write(header) }

  mutating func write(_ bytes: [UInt8]) throws {
    pending += bytes
    while pending.count > Self.pieceByteCount {
      try write(Array(pending.prefix(Self.pieceByteCount)), isLast: false)
      pending.removeFirst(Self.pieceByteCount)
    }
  }

  mutating func finish() throws {
    try write(pending, isLast: true)
    _ = try output.finish()
  }

  private mutating func write(_ piece: [UInt8], isLast: Bool) throws {
    let sealed = key.seal(piece, number: number, isLast: isLast)
    try output.write(bigEndian(sealed.count) + sealed)
    number += 1
  }
}

/// Reads what was sealed, piece by piece; every piece is authentic before anything of it is given out.
private struct SealedReader {
  private let source: FileByteSource
  private let key: PassphraseKey
  private let damaged: StoreError
  private var buffer: [UInt8] = []
  private var position = 0
  private var number = 0
  private var isDone = false

  /// - Parameter magics: what a backup may begin with, all of one length.
  init(path: String, magics: [[UInt8]], passphrase: String, damaged: StoreError) throws {
    source = try FileByteSource(path: path)
    self.damaged = damaged
    let count = magics[0].count
    var header: [UInt8] = []
    _ = try source.read(count + PassphraseKey.saltByteCount, appendingTo: &header)
    guard header.count == count + PassphraseKey.saltByteCount, magics.contains(where: { header.starts(with: $0) })
    else {
      throw StoreError("\(path) is not a backup of Daylight")
    }
    key = PassphraseKey(passphrase: passphrase, salt: Array(header.dropFirst(count)))
  }

  /// The next length-prefixed record; nil at the end.
  mutating func lengthPrefixed(limit: Int) throws -> [UInt8]? {
    if position == buffer.count { try fill() }
    guard position < buffer.count else { return nil }
    var count = 0
    for byte in try exactly(4) { count = count << 8 | Int(byte) }
    guard count <= limit else { throw damaged }
    return try exactly(count)
  }

  /// Up to `count` bytes, at least one.
  mutating func read(_ count: Int) throws -> [UInt8] {
    if position == buffer.count { try fill() }
    guard position < buffer.count else { throw damaged }
    let chunk = Array(buffer[position..<min(position + count, buffer.count)])
    position += chunk.count
    return chunk
  }

  private mutating func exactly(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count { bytes += try read(count - bytes.count) }
    return bytes
  }

  private mutating func fill() throws {
    buffer = []
    position = 0
    while buffer.isEmpty && !isDone {
      var prefix: [UInt8] = []
      guard try source.read(4, appendingTo: &prefix), prefix.count == 4 else { throw damaged }
      let count = prefix.reduce(0) { $0 << 8 | Int($1) }
      guard count <= (1 << 20) + 16 else { throw damaged }
      var sealed: [UInt8] = []
      _ = try source.read(count, appendingTo: &sealed)
      guard sealed.count == count else { throw damaged }
      if let piece = key.open(sealed, number: number, isLast: false) {
        buffer = piece
      } else if let piece = key.open(sealed, number: number, isLast: true) {
        buffer = piece
        isDone = true
        var rest: [UInt8] = []
        guard try !source.read(1, appendingTo: &rest) else { throw damaged }
      } else {
        throw damaged
      }
      number += 1
    }
  }
}

private func bigEndian(_ value: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(value).bigEndian) { Array($0) } }
