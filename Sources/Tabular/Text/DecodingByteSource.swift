internal import Publication

/// The text of a source as UTF-8, without its byte order mark.
///
/// Nothing undecodable is ever replaced: it is an error that names the first such byte.
package final class DecodingByteSource: ByteSource {
  private let source: any ByteSource
  private let encoding: TextEncoding
  private var input: [UInt8] = []
  /// Offset in the source of the first byte of `input`.
  private var offset = 0
  private let mark: Int
  private var markToSkip: Int
  private var utf8 = UTF8Check()

  package init(_ source: any ByteSource, encoding: TextEncoding, markByteCount: Int) {
    self.source = source
    self.encoding = encoding
    mark = markByteCount
    markToSkip = markByteCount
  }

  package func read(_ count: Int, appendingTo bytes: inout [UInt8]) throws -> Bool {
    let start = bytes.count
    while bytes.count == start {
      let more = try source.read(count, appendingTo: &input)
      if markToSkip > 0 && input.count >= markToSkip {
        input.removeFirst(markToSkip)
        offset += markToSkip
        markToSkip = 0
      }
      switch encoding {
      case .utf8: try passUTF8(isLast: !more, appendingTo: &bytes)
      case .gb18030, .cp936:
        try consume(
          Tabular.decodeGB18030(input, hasEuroByte: encoding == .cp936, appendingTo: &bytes), isLast: !more)
      case .utf16LittleEndian: try consume(decodeUTF16(isLittleEndian: true, appendingTo: &bytes), isLast: !more)
      case .utf16BigEndian: try consume(decodeUTF16(isLittleEndian: false, appendingTo: &bytes), isLast: !more)
      }
      if !more { break }
    }
    return bytes.count > start
  }

  private func passUTF8(isLast: Bool, appendingTo bytes: inout [UInt8]) throws(FormatError) {
    utf8.update(input[...])
    if isLast { utf8.finish() }
    if let invalid = utf8.firstInvalid { throw undecodable(at: mark + invalid) }
    offset += input.count
    bytes.append(contentsOf: input)
    input.removeAll(keepingCapacity: true)
  }

  /// Keeps what is cut off at the end of the chunk: the next one completes it.
  private func consume(_ result: (used: Int, isInvalid: Bool), isLast: Bool) throws(FormatError) {
    if result.isInvalid || (isLast && result.used < input.count) { throw undecodable(at: offset + result.used) }
    input.removeFirst(result.used)
    offset += result.used
  }

  private func decodeUTF16(isLittleEndian: Bool, appendingTo text: inout [UInt8]) -> (used: Int, isInvalid: Bool) {
    func unit(_ index: Int) -> UInt32 {
      let first = UInt32(input[index])
      let second = UInt32(input[index + 1])
      return isLittleEndian ? second << 8 | first : first << 8 | second
    }
    let start = text.count
    text.append(contentsOf: repeatElement(0, count: input.count * 2 + 4))
    var i = 0
    var o = start
    var isInvalid = false
    text.withUnsafeMutableBufferPointer { output in
      while i + 1 < input.count {
        var scalar = unit(i)
        var length = 2
        if scalar & 0xf800 == 0xd800 {
          guard scalar < 0xdc00 else {
            isInvalid = true
            return
          }
          guard i + 3 < input.count else { return }
          let low = unit(i + 2)
          guard low & 0xfc00 == 0xdc00 else {
            isInvalid = true
            return
          }
          scalar = 0x10000 + (scalar & 0x3ff) << 10 + (low & 0x3ff)
          length = 4
        }
        appendUTF8(scalar, to: output, at: &o)
        i += length
      }
    }
    text.removeLast(text.count - o)
    return (i, isInvalid)
  }

  private func undecodable(at byte: Int) -> FormatError {
    let index = byte - offset
    let bad = index >= 0 && index < input.count ? input[index...index] : []
    return FormatError(
      .undecodable(encoding: encoding.rawValue, bytes: encodeHex(bad)), at: Location(byte: byte))
  }
}

/// Writes one scalar beyond ASCII or not; the room was made.
@inline(__always)
private func appendUTF8(_ scalar: UInt32, to output: UnsafeMutableBufferPointer<UInt8>, at index: inout Int) {
  func put(_ value: UInt32) {
    output[index] = UInt8(truncatingIfNeeded: value)
    index &+= 1
  }
  if scalar < 0x80 {
    put(scalar)
  } else if scalar < 0x800 {
    put(0xc0 | scalar >> 6)
    put(0x80 | scalar & 0x3f)
  } else if scalar < 0x10000 {
    put(0xe0 | scalar >> 12)
    put(0x80 | scalar >> 6 & 0x3f)
    put(0x80 | scalar & 0x3f)
  } else {
    put(0xf0 | scalar >> 18)
    put(0x80 | scalar >> 12 & 0x3f)
    put(0x80 | scalar >> 6 & 0x3f)
    put(0x80 | scalar & 0x3f)
  }
}
