/// The encodings in which a delivery may come.
package enum TextEncoding: String, Sendable, CaseIterable {
  case utf8 = "utf-8"
  /// GB18030, and so GBK and GB2312, which are parts of it.
  case gb18030
  /// GB18030 in which the byte 80 is the euro sign, as Windows writes it: only where it is declared.
  case cp936
  case utf16LittleEndian = "utf-16le"
  case utf16BigEndian = "utf-16be"

  /// Accepts the names that people use: `GBK`, `gb2312`, `UTF8`; nil for an encoding that Daylight does not read.
  ///
  /// `utf-16` alone is not accepted: the byte order mark says which one it is.
  package init?(name: String) {
    switch name.lowercased().filter({ $0 != "-" && $0 != "_" }) {
    case "utf8", "usascii", "ascii": self = .utf8
    case "gb18030", "gbk", "gb2312", "euccn": self = .gb18030
    case "cp936", "ms936", "windows936": self = .cp936
    case "utf16le": self = .utf16LittleEndian
    case "utf16be": self = .utf16BigEndian
    default: return nil
    }
  }

  package var isGB18030: Bool { self == .gb18030 || self == .cp936 }

  /// The byte order mark in this encoding; none of its own for `cp936`.
  package var byteOrderMark: [UInt8]? {
    switch self {
    case .utf8: [0xef, 0xbb, 0xbf]
    case .gb18030: [0x84, 0x31, 0x95, 0x33]
    case .cp936: nil
    case .utf16LittleEndian: [0xff, 0xfe]
    case .utf16BigEndian: [0xfe, 0xff]
    }
  }
}
