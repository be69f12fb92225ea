internal import Glibc
internal import Publication

/// The text of a source as UTF-8, without its byte order mark.
///
/// Nothing undecodable is ever replaced: it is an error.
///
/// - Source: GB18030 and UTF-16 by glibc's iconv, which follows GB 18030-2005/2022 in A6D9…FE59 (validation.md §5.3).
package final class DecodingByteSource: ByteSource {
  private let source: any ByteSource
  private let encoding: TextEncoding
  private let converter: iconv_t?
  private var input: [UInt8] = []
  /// Offset in the source of the first byte of `input`.
  private var offset = 0
  private let mark: Int
  private var markToSkip: Int
  private var utf8 = UTF8Check()

  package init(_ source: any ByteSource, encoding: TextEncoding, markByteCount: Int) throws(FormatError) {
    self.source = source
    self.encoding = encoding
    mark = markByteCount
    markToSkip = markByteCount
    switch encoding {
    case .utf8: converter = nil
    case .gb18030, .utf16LittleEndian, .utf16BigEndian:
      let handle = iconv_open("UTF-8", encoding.rawValue.uppercased())
      // iconv_open gives (iconv_t) -1 where the system has no such converter.
      guard handle != iconv_t(bitPattern: -1) else {
        throw FormatError(
          .undecodable(encoding: "\(encoding.rawValue) (this system's iconv has no converter)", bytes: ""))
      }
      converter = handle
    }
  }

  deinit {
    if let converter { iconv_close(converter) }
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
      if converter == nil {
        utf8.update(input[...])
        if !more { utf8.finish() }
        if let invalid = utf8.firstInvalid { throw undecodable(at: mark + invalid, near: mark + invalid - offset) }
        offset += input.count
        bytes.append(contentsOf: input)
        input.removeAll(keepingCapacity: true)
      } else {
        try convert(isLast: !more, appendingTo: &bytes)
      }
      if !more { break }
    }
    return bytes.count > start
  }

  private func convert(isLast: Bool, appendingTo bytes: inout [UInt8]) throws(FormatError) {
    guard let converter, !input.isEmpty else { return }
    let start = bytes.count
    // GB18030 and UTF-16 take two bytes for what UTF-8 takes at most three: twice the bytes is always enough.
    let room = input.count * 2 + 16
    bytes.append(contentsOf: repeatElement(0, count: room))
    var used = 0
    var made = 0
    var number: Int32 = 0
    input.withUnsafeMutableBytes { from in
      bytes.withUnsafeMutableBytes { to in
        guard let fromBase = from.baseAddress, let toBase = to.baseAddress else { return }
        var input: UnsafeMutablePointer<CChar>? = fromBase.assumingMemoryBound(to: CChar.self)
        var output: UnsafeMutablePointer<CChar>? = (toBase + start).assumingMemoryBound(to: CChar.self)
        var inputLeft = from.count
        var outputLeft = room
        if iconv(converter, &input, &inputLeft, &output, &outputLeft) == -1 { number = errno }
        used = from.count - inputLeft
        made = room - outputLeft
      }
    }
    bytes.removeLast(room - made)
    // EINVAL: the chunk ends inside a character, which the next one completes.
    if number == EILSEQ || (number == EINVAL && isLast) { throw undecodable(at: offset + used, near: used) }
    input.removeFirst(used)
    offset += used
  }

  private func undecodable(at byte: Int, near index: Int) -> FormatError {
    let bad = index >= 0 && index < input.count ? input[index..<min(index + 4, input.count)] : []
    return FormatError(.undecodable(encoding: encoding.rawValue, bytes: encodeHex(bad)), at: Location(byte: byte))
  }
}
