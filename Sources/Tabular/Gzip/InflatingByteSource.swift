internal import CZlib

/// The bytes that a deflated stream holds: of a gzip file one member, checked against its checksum and length; anything after it
/// is an error.
package final class InflatingByteSource: ByteSource {
  package enum Form: Sendable { case gzip, raw }

  private let source: any ByteSource
  private var stream = z_stream()
  private var input: [UInt8] = []
  private var inputPosition = 0
  private var isDone = false
  /// Stops a file that unpacks to more than this.
  private let limit: Int
  private var byteCount = 0

  package init(_ source: any ByteSource, form: Form = .gzip, limit: Int = .max) throws(FormatError) {
    self.source = source
    self.limit = limit
    // 16 more asks for the gzip header, a negative window for none at all.
    guard daylight_inflate_init(&stream, form == .gzip ? 31 : -15) == Z_OK else { throw FormatError(.damagedGzip) }
  }

  deinit { inflateEnd(&stream) }

  package func read(_ count: Int, appendingTo bytes: inout [UInt8]) throws -> Bool {
    let start = bytes.count
    while !isDone && bytes.count == start {
      if inputPosition == input.count {
        input.removeAll(keepingCapacity: true)
        inputPosition = 0
        guard try source.read(256 << 10, appendingTo: &input) else { throw FormatError(.damagedGzip) }
      }
      let result = inflate(count, appendingTo: &bytes)
      byteCount += bytes.count - start
      guard result == Z_OK || result == Z_STREAM_END, byteCount <= limit else { throw FormatError(.damagedGzip) }
      if result == Z_STREAM_END {
        isDone = true
        var rest: [UInt8] = []
        let hasMore = try source.read(1, appendingTo: &rest)
        guard inputPosition == input.count, !hasMore else { throw FormatError(.damagedGzip) }
      }
    }
    return bytes.count > start
  }

  private func inflate(_ count: Int, appendingTo bytes: inout [UInt8]) -> Int32 {
    var result: Int32 = Z_OK
    input.withUnsafeMutableBufferPointer { input in
      bytes.append(addingCapacity: count) { output in
        output.withUnsafeMutableBufferPointer { room, filled in
          stream.next_in = input.baseAddress.map { $0 + inputPosition }
          stream.avail_in = uInt(input.count - inputPosition)
          stream.next_out = room.baseAddress
          stream.avail_out = uInt(count)
          result = CZlib.inflate(&stream, Z_NO_FLUSH)
          filled += count - Int(stream.avail_out)
        }
      }
    }
    inputPosition = input.count - Int(stream.avail_in)
    return result == Z_BUF_ERROR ? Z_OK : result
  }
}
