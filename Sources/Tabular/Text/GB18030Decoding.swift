internal import Publication

/// Appends the text of whole characters of GB18030 as UTF-8.
///
/// - Returns: how many bytes were used, and whether the next ones are invalid; what is cut off at the end is left.
func decodeGB18030(
  _ bytes: [UInt8], hasEuroByte: Bool, appendingTo text: inout [UInt8]
) -> (used: Int, isInvalid: Bool) {
  let table = GB18030Table.shared
  var used = 0
  var isInvalid = false
  // Two bytes become at most three; whole words are stored.
  text.append(addingCapacity: (hasEuroByte ? bytes.count * 3 : bytes.count * 3 / 2) + 16) { output in
    output.withUnsafeMutableBufferPointer { output, written in
      bytes.withUnsafeBytes { input in
        let output = UnsafeMutableRawBufferPointer(output)
        table.withTwoByteCodes { codes in
          var i = 0
          var o = 0
          let n = input.count
          while i < n {
            // ASCII, up to eight bytes at a time.
            while i &+ 8 <= n {
              let word = input.loadUnaligned(fromByteOffset: i, as: UInt64.self)
              output.storeBytes(of: word, toByteOffset: o, as: UInt64.self)
              let plain = (word & repeated(0x80)).trailingZeroBitCount &>> 3
              i &+= plain
              o &+= plain
              if plain < 8 { break }
            }
            while i &+ 2 <= n && input[i] >= 0x80 {
              let entry = GB18030Table.entry(input[i], input[i &+ 1], in: codes)
              guard entry.isAssigned else { break }
              output.storeBytes(of: entry.bits, toByteOffset: o, as: UInt32.self)
              o &+= entry.byteCount
              i &+= 2
            }
            guard i < n else { break }
            if input[i] < 0x80 {
              output[o] = input[i]
              i &+= 1
              o &+= 1
            } else if case .character(let utf8, let utf8ByteCount, let byteCount) = table.step(
              input, at: i, hasEuroByte: hasEuroByte)
            {
              output.storeBytes(of: utf8, toByteOffset: o, as: UInt32.self)
              o &+= utf8ByteCount
              i &+= byteCount
            } else {
              if case .invalid = table.step(input, at: i, hasEuroByte: hasEuroByte) { isInvalid = true }
              break
            }
          }
          used = i
          written = o
        }
      }
    }
  }
  return (used, isInvalid)
}

/// Replaces whole characters of GB18030 by UTF-8.
///
/// - Throws: `FormatError.undecodable`.
package func decodeGB18030(_ bytes: inout [UInt8], hasEuroByte: Bool = false) throws {
  var text: [UInt8] = []
  let (used, isInvalid) = decodeGB18030(bytes, hasEuroByte: hasEuroByte, appendingTo: &text)
  guard !isInvalid, used == bytes.count else {
    throw FormatError(.undecodable(encoding: "gb18030", bytes: ""), at: Location(byte: used))
  }
  bytes = text
}
