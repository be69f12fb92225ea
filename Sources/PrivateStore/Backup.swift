internal import Hashing
internal import Publication
internal import Tabular

// What a lost machine would take with it and nothing else has: keys, ledger, certificates, secrets, masks, what officers have said, and
// a promotion on its way.
// Deliveries are the departments'; what is published, every mirror has.
//
// The file: "daylight backup 1\n", a salt of 16 bytes, then pieces: 4 bytes of length (big-endian), and so many sealed bytes. Inside,
// for each file: 4 bytes of length, a JSON object {path, length}, and its contents.

extension PrivateStore {
  private static let magic = Array("daylight backup 1\n".utf8)
  private static let parts = ["keys", "tls", "secrets", "staged", "masks", "approval"]

  /// Writes an encrypted copy of all that cannot be made again.
  ///
  /// - Returns: the number of files in it.
  package func backUp(to path: String, passphrase: String) throws -> Int {
    let lock = try lock()
    defer { _ = lock }
    let copy = "\(root)/work/ledger-copy.sqlite"
    try removeTree(copy)
    defer { try? removeTree(copy) }
    try ledger.copy(to: copy)
    var files = [(name: "ledger.sqlite", place: copy)]
    for part in Self.parts {
      files += try filesBelow(part).filter(Self.isWorthKeeping).map { ($0, "\(root)/\($0)") }
    }

    let salt = randomBytes(PassphraseKey.saltByteCount)
    let temporary = "\(path).part"
    var writer = SealedFile(try OutputFile(path: temporary), key: PassphraseKey(passphrase: passphrase, salt: salt))
    do {
      try writer.begin(Self.magic + salt)
      for file in files {
        let source = try FileByteSource(path: file.place)
        let length = try InputFile(path: file.place).byteCount
        let header = JSON.members([("path", .string(file.name)), ("length", .int(length))]).compactBytes
        try writer.write(bigEndian(header.count) + header)
        var chunk: [UInt8] = []
        while try source.read(1 << 20, appendingTo: &chunk) {
          try writer.write(chunk)
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

  /// Puts a backup's contents into a workspace that has no keys.
  ///
  /// - Returns: the number of files.
  /// - Throws: `StoreError` for a wrong passphrase, a damaged file, a workspace that is in use; nothing is written then.
  package static func restore(from path: String, to root: String, passphrase: String) throws -> Int {
    let keys = fileKind("\(root)/keys") == nil ? [] : try folderNames("\(root)/keys")
    guard keys.isEmpty else {
      throw StoreError(
        kind: .configuration, "the workspace \(root) has keys already", hint: "restore into a new one: --workspace DIR")
    }
    let incoming = "\(root)/.restore"
    try removeTree(incoming)
    try makeFolder(incoming)
    defer { try? removeTree(incoming) }
    let count = try unseal(path, passphrase: passphrase, into: incoming)
    // The ledger goes first, the keys last: until they are there, the workspace counts as empty.
    for part in ["ledger.sqlite", "staged", "masks", "approval", "secrets", "tls", "keys"]
    where fileKind("\(incoming)/\(part)") != nil {
      try removeTree("\(root)/\(part)")
      try renameDurably(from: "\(incoming)/\(part)", to: "\(root)/\(part)")
    }
    return count
  }

  private static func unseal(_ path: String, passphrase: String, into folder: String) throws -> Int {
    let damaged = StoreError(
      "\(path) cannot be opened: the passphrase is another one, or the file is damaged", hint: "nothing was written")
    var reader = try SealedReader(path: path, magic: magic, passphrase: passphrase, damaged: damaged)
    var count = 0
    while let header = try reader.lengthPrefixed(limit: 64 << 10) {
      guard let json = try? JSONParser.parse(header), let name = json["path"]?.text,
        let length = json["length"]?.integer,
        length >= 0, isAllowed(name)
      else { throw damaged }
      let place = "\(folder)/\(name)"
      if let slash = place.lastIndex(of: "/") { try makeFolder(String(place[..<slash])) }
      var output = try OutputFile(path: place)
      var rest = length
      while rest > 0 {
        let chunk = try reader.read(min(rest, 1 << 20))
        try output.write(chunk)
        rest -= chunk.count
      }
      _ = try output.finish()
      count += 1
    }
    return count
  }

  /// Nothing but the known parts, no path that leads elsewhere.
  private static func isAllowed(_ name: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return false }
    return name == "ledger.sqlite" || (parts.count > 1 && Self.parts.contains(String(parts[0])))
  }

  /// A candidate that waits for officers is made again, and so is what they have signed of it.
  private static func isWorthKeeping(_ name: String) -> Bool {
    let parts = name.split(separator: "/")
    return parts[0] != "approval" || parts.last == "approved.json" || parts.contains("standing")
  }

  private func filesBelow(_ folder: String) throws -> [String] {
    guard fileKind("\(root)/\(folder)") == .folder else { return [] }
    return try folderNames("\(root)/\(folder)").flatMap { name -> [String] in
      let relative = "\(folder)/\(name)"
      switch fileKind("\(root)/\(relative)") {
      case .folder: return try filesBelow(relative)
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

  init(path: String, magic: [UInt8], passphrase: String, damaged: StoreError) throws {
    source = try FileByteSource(path: path)
    self.damaged = damaged
    var header: [UInt8] = []
    _ = try source.read(magic.count + PassphraseKey.saltByteCount, appendingTo: &header)
    guard header.count == magic.count + PassphraseKey.saltByteCount, header.starts(with: magic) else {
      throw StoreError("\(path) is no backup of Daylight")
    }
    key = PassphraseKey(passphrase: passphrase, salt: Array(header.dropFirst(magic.count)))
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
