internal import Glibc
internal import Publication

/// The characters of GB18030's two-byte and four-byte codes, for a decoder of our own: read off the system's converter once,
/// with the differences that its edition of the standard makes put right.
///
/// - Source: GB 18030-2022; WHATWG Encoding, index gb18030. Six codes that glibc maps to plane 2 stay in the private use area,
///   and A3A0 is the ideographic space.
struct GB18030Table: Sendable {
  /// By (lead - 0x81) * 190 + trail, trails counted from 0x40 without 0x7F.
  let twoByte: [UInt16]
  /// By the linear value of 81308130…8431A439.
  let fourByte: [UInt16]

  static let twoByteCount = 126 * 190
  static let fourByteCount = 39_420

  /// Nil where the system has no GB18030 converter.
  static let shared: GB18030Table? = GB18030Table()

  private init?() {
    guard let converter = Converter() else { return nil }
    var two = [UInt16](repeating: 0, count: Self.twoByteCount)
    for lead in 0x81...0xfe {
      for trail in 0x40...0xfe where trail != 0x7f {
        let index = Self.index(UInt8(lead), UInt8(trail))
        two[index] = converter.character([UInt8(lead), UInt8(trail)]) ?? 0
      }
    }
    let corrections: [(UInt8, UInt8, UInt16)] = [
      (0xa3, 0xa0, 0x3000), (0xfe, 0x51, 0xe816), (0xfe, 0x52, 0xe817), (0xfe, 0x53, 0xe818), (0xfe, 0x6c, 0xe831),
      (0xfe, 0x76, 0xe83b), (0xfe, 0x91, 0xe855),
    ]
    for (lead, trail, character) in corrections { two[Self.index(lead, trail)] = character }
    var four = [UInt16](repeating: 0, count: Self.fourByteCount)
    for linear in 0..<Self.fourByteCount {
      let code = [
        UInt8(0x81 + linear / 12_600), UInt8(0x30 + linear / 1_260 % 10), UInt8(0x81 + linear / 10 % 126),
        UInt8(0x30 + linear % 10),
      ]
      four[linear] = converter.character(code) ?? 0
    }
    twoByte = two
    fourByte = four
  }

  @inline(__always) static func index(_ lead: UInt8, _ trail: UInt8) -> Int {
    (Int(lead) &- 0x81) &* 190 &+ Int(trail) &- (trail > 0x7f ? 0x41 : 0x40)
  }

  /// Appends the text of whole characters as UTF-8.
  ///
  /// - Returns: how many bytes were used, and whether the next ones are invalid; what is cut off at the end is left.
  func decode(_ bytes: [UInt8], appendingTo text: inout [UInt8]) -> (used: Int, isInvalid: Bool) {
    let start = text.count
    // Two bytes become at most three.
    text.append(contentsOf: repeatElement(0, count: bytes.count * 3 / 2 + 4))
    var used = 0
    var isInvalid = false
    var end = start
    bytes.withUnsafeBufferPointer { input in
      text.withUnsafeMutableBufferPointer { output in
        twoByte.withUnsafeBufferPointer { twoByte in
          fourByte.withUnsafeBufferPointer { fourByte in
            var i = 0
            var o = start
            let n = input.count
            while i < n {
              let lead = input[i]
              if lead < 0x80 {
                output[o] = lead
                o &+= 1
                i &+= 1
                continue
              }
              guard lead >= 0x81 && lead <= 0xfe else {
                isInvalid = true
                break
              }
              guard i &+ 1 < n else { break }
              let second = input[i &+ 1]
              var scalar: UInt32 = 0
              if second >= 0x40 && second != 0x7f && second != 0xff {
                scalar = UInt32(twoByte[Self.index(lead, second)])
                if scalar != 0 { i &+= 2 }
              } else if second >= 0x30 && second <= 0x39 {
                guard i &+ 3 < n else {
                  isInvalid = i &+ 2 < n && !(input[i &+ 2] >= 0x81 && input[i &+ 2] <= 0xfe)
                  break
                }
                let third = input[i &+ 2]
                let fourth = input[i &+ 3]
                if third >= 0x81 && third <= 0xfe && fourth >= 0x30 && fourth <= 0x39 {
                  let linear =
                    (Int(lead) &- 0x81) &* 12_600 &+ (Int(second) &- 0x30) &* 1_260 &+ (Int(third) &- 0x81) &* 10
                    &+ Int(fourth) &- 0x30
                  if linear < Self.fourByteCount {
                    scalar = UInt32(fourByte[linear])
                  } else if linear >= 189_000 && linear <= 1_237_575 {
                    scalar = UInt32(linear &- 189_000 &+ 0x10000)
                  }
                  if scalar != 0 { i &+= 4 }
                }
              }
              guard scalar != 0 else {
                isInvalid = true
                break
              }
              appendUTF8(scalar, to: output, at: &o)
            }
            used = i
            end = o
          }
        }
      }
    }
    text.removeLast(text.count - end)
    return (used, isInvalid)
  }
}

/// Replaces whole characters of GB18030 by UTF-8.
///
/// - Throws: `FormatError.undecodable`.
package func decodeGB18030(_ bytes: inout [UInt8]) throws {
  guard let table = GB18030Table.shared else {
    throw FormatError(.undecodable(encoding: "gb18030 (this system has no GB18030 converter)", bytes: ""))
  }
  var text: [UInt8] = []
  let (used, isInvalid) = table.decode(bytes, appendingTo: &text)
  guard !isInvalid, used == bytes.count else {
    throw FormatError(.undecodable(encoding: "gb18030", bytes: ""), at: Location(byte: used))
  }
  bytes = text
}

/// Writes one scalar beyond ASCII or not; the room was made.
@inline(__always)
func appendUTF8(_ scalar: UInt32, to output: UnsafeMutableBufferPointer<UInt8>, at index: inout Int) {
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

/// The system's converter from GB18030 to UTF-16.
private struct Converter: ~Copyable {
  private let handle: iconv_t

  init?() {
    guard let handle = iconv_open("UTF-16LE", "GB18030"), handle != iconv_t(bitPattern: -1) else { return nil }
    self.handle = handle
  }

  deinit { iconv_close(handle) }

  /// The character of one code where it is in the basic plane; nil where it is not, or there is none.
  func character(_ code: [UInt8]) -> UInt16? {
    var input = code.map { CChar(bitPattern: $0) }
    var output = [UInt8](repeating: 0, count: 8)
    var made = 0
    var isWhole = false
    input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBytes { output in
        var from = input.baseAddress
        var to = output.baseAddress?.assumingMemoryBound(to: CChar.self)
        var fromLeft = input.count
        var toLeft = output.count
        isWhole = iconv(handle, &from, &fromLeft, &to, &toLeft) != -1 && fromLeft == 0
        made = output.count - toLeft
      }
    }
    // After an error the converter is brought back to its first state.
    if !isWhole { iconv(handle, nil, nil, nil, nil) }
    guard isWhole, made == 2 else { return nil }
    return UInt16(output[0]) | UInt16(output[1]) << 8
  }
}
