internal import Tabular

/// Bytes in memory, given out in the pieces that they were put in.
package final class MemoryByteSource: ByteSource {
  private var pieces: [[UInt8]]

  package init(_ pieces: [[UInt8]]) { self.pieces = pieces.filter { !$0.isEmpty }.reversed() }

  package func read(_ count: Int, appendingTo bytes: inout [UInt8]) throws -> Bool {
    guard let piece = pieces.popLast() else { return false }
    bytes.append(contentsOf: piece)
    return true
  }
}
