internal import Publication
package import Tabular

/// Canonical rows in a file: from a byte of it on, to its end.
package struct RowsFile: Sendable {
  private let path: String
  private let start: Int
  package let byteCount: Int

  init(path: String, start: Int, byteCount: Int) {
    self.path = path
    self.start = start
    self.byteCount = byteCount
  }

  package func source() throws -> FileByteSource { try FileByteSource(path: path, from: start) }
}

/// Writes canonical rows, but not before they differ from what was delivered: many deliveries are canonical already, and are not
/// copied.
struct RowsOutput: ~Copyable {
  private let path: String
  private let delivery: (path: String, start: Int)?
  private var file: OutputFile?
  private var byteCount = 0

  /// - Parameter delivery: where the rows begin in the delivered file; nil where they are decoded.
  init(path: String, delivery: (path: String, start: Int)?) {
    self.path = path
    self.delivery = delivery
  }

  mutating func write(_ rows: borrowing TextBuffer, isAsDelivered: Bool) throws {
    defer { byteCount += rows.count }
    if file == nil && delivery != nil && isAsDelivered { return }
    if file == nil { try begin() }
    try file?.write(rows)
  }

  /// Writes what was the same so far.
  private mutating func begin() throws {
    var file = try OutputFile(path: path, isHashed: false)
    if let delivery, byteCount > 0 {
      let source = try FileByteSource(path: delivery.path, from: delivery.start, limit: delivery.start + byteCount)
      var bytes: [UInt8] = []
      while try source.read(1 << 20, appendingTo: &bytes) {
        try file.write(bytes)
        bytes.removeAll(keepingCapacity: true)
      }
    }
    self.file = consume file
  }

  consuming func finish() throws -> RowsFile {
    if file == nil, let delivery { return RowsFile(path: delivery.path, start: delivery.start, byteCount: byteCount) }
    if file == nil { try begin() }
    let written = try file?.finish()
    return RowsFile(path: path, start: 0, byteCount: written?.byteCount ?? 0)
  }
}
