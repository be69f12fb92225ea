/// GB18030's characters as UTF-8, and what tells its text from other encodings'.
///
/// The 18 four-byte codes that the 2022 edition gave to the private use area (82359037…82359134, 84318236…84318335) are read as
/// what older editions meant by them, the characters 9FB4…9FBB and FE10…FE19: nobody writes the former.
///
/// - Source: GB 18030-2022; WHATWG Encoding, gb18030 decoder; Unicode L2/23-003R.
struct GB18030Table: Sendable {
  /// One character of the basic plane: two or three bytes of UTF-8 from the lowest bits on, their count from bit 24 on, and marks.
  struct Entry: Sendable {
    let bits: UInt32

    static let everydayMark: UInt32 = 1 << 28
    static let big5Mark: UInt32 = 1 << 29
    static let big5EverydayMark: UInt32 = 1 << 30

    @inline(__always) var isAssigned: Bool { bits != 0 }
    @inline(__always) var utf8: UInt32 { bits & 0xff_ffff }
    @inline(__always) var byteCount: Int { Int(bits &>> 24 & 3) }
    /// 1 for a symbol, a full-width form or a hanzi of GB2312 level 1 (rows 1, 3 and 16 to 55).
    @inline(__always) var everyday: Int { Int(bits &>> 28 & 1) }
    /// Whether Big5 has codes of this form.
    @inline(__always) var isBig5: Bool { bits & Self.big5Mark != 0 }
    /// 1 where that would be a symbol or a hanzi of Big5 level 1.
    @inline(__always) var big5Everyday: Int { Int(bits &>> 30 & 1) }

    init(bits: UInt32) { self.bits = bits }

    /// A character beyond ASCII.
    init(_ scalar: UInt32) {
      bits =
        scalar < 0x800
        ? 0xc0 | scalar >> 6 | (0x80 | scalar & 0x3f) << 8 | 2 << 24
        : 0xe0 | scalar >> 12 | (0x80 | scalar >> 6 & 0x3f) << 8 | (0x80 | scalar & 0x3f) << 16 | 3 << 24
    }

    /// What the two bytes of the character say beside it.
    func marked(lead: UInt8, trail: UInt8) -> Entry {
      var bits = bits
      let isLevelOne = lead == 0xa1 || lead == 0xa3 || (lead >= 0xb0 && lead <= 0xd7)
      if isLevelOne && trail >= 0xa1 { bits |= Self.everydayMark }
      if trail <= 0x7e || trail >= 0xa1 { bits |= Self.big5Mark }
      if lead >= 0xa1 && lead <= 0xc6 { bits |= Self.big5EverydayMark }
      return Entry(bits: bits)
    }
  }

  /// By the two bytes as one number, lead first, without its highest bit; ASCII and invalid codes are not assigned.
  private let twoByte: [Entry]
  /// By the linear value of 81308130…8431A439.
  private let fourByte: [Entry]

  static let shared = GB18030Table()

  private init() {
    var two = [Entry](repeating: Entry(bits: 0), count: 1 << 15)
    var taken = Set<UInt32>()
    var lines = gb18030Characters.unicodeScalars.split(separator: "\n").makeIterator()
    func assign(_ lead: UInt8, _ trails: [UInt8], _ scalars: some Sequence<UInt32>) {
      for (trail, scalar) in zip(trails, scalars) {
        two[Int(lead & 0x7f) << 8 | Int(trail)] = Entry(scalar).marked(lead: lead, trail: trail)
        taken.insert(scalar)
      }
    }
    let lower = Array(0x40...0x7e) + Array(0x80...0xa0 as ClosedRange<UInt8>)
    let upper = Array(0xa1...0xfe as ClosedRange<UInt8>)
    for lead in 0x81...0xfe as ClosedRange<UInt8> {
      // The three user-defined areas are the first rows of the private use area.
      switch lead {
      case 0xa1...0xa7: assign(lead, lower, (0xe4c6 + UInt32(lead - 0xa1) * 96)...)
      default: assign(lead, lower, lines.next()?.map(\.value) ?? [])
      }
      switch lead {
      case 0xaa...0xaf: assign(lead, upper, (0xe000 + UInt32(lead - 0xaa) * 94)...)
      case 0xf8...0xfe: assign(lead, upper, (0xe234 + UInt32(lead - 0xf8) * 94)...)
      default: assign(lead, upper, lines.next()?.map(\.value) ?? [])
      }
    }
    assign(0xa3, [0xa0], [0x3000])
    twoByte = two

    // Four-byte codes number, in order, what the two-byte codes of the first edition left of the basic plane.
    taken.subtract(0x9fb4...0x9fbb)
    taken.subtract(0xfe10...0xfe19)
    taken.formUnion(0xe78d...0xe796)
    taken.formUnion([0xe5e5, 0xe7c7, 0xe81e, 0xe826, 0xe82b, 0xe82c, 0xe832, 0xe843, 0xe854, 0xe864])
    fourByte = (0x80...0xffff as ClosedRange<UInt32>).compactMap { scalar in
      guard scalar >> 11 != 0x1b, scalar == 0x1e3f || !taken.contains(scalar) else { return nil }
      // A8BC and 8135F437 changed places in 2005.
      return Entry(scalar == 0x1e3f ? 0xe7c7 : scalar)
    }
  }

  /// A place in text: the next character, or why there is none.
  enum Step {
    /// The character's bytes in UTF-8 from the lowest bits on, and its length here.
    case character(utf8: UInt32, utf8ByteCount: Int, byteCount: Int)
    case incomplete
    case invalid
  }

  /// The character of two bytes, lead first; not assigned where they are none.
  @inline(__always) static func entry(_ lead: UInt8, _ trail: UInt8, in table: UnsafeBufferPointer<Entry>) -> Entry {
    table[Int(lead & 0x7f) &<< 8 | Int(trail)]
  }

  /// The two bytes, lead first, of a character of the basic plane; 0 where it has no such code.
  func code(of scalar: UInt32) -> UInt16 { scalar <= 0xffff ? Self.codes[Int(scalar)] : 0 }

  /// By scalar; made when it is first asked for.
  private static let codes: [UInt16] = {
    var codes = [UInt16](repeating: 0, count: 1 << 16)
    for (index, entry) in shared.twoByte.enumerated() where entry.isAssigned {
      let utf8 = entry.utf8
      let scalar =
        entry.byteCount == 2
        ? (utf8 & 0x1f) << 6 | utf8 >> 8 & 0x3f
        : (utf8 & 0xf) << 12 | (utf8 >> 8 & 0x3f) << 6 | utf8 >> 16 & 0x3f
      codes[Int(scalar)] = UInt16(index) | 0x8000
    }
    return codes
  }()

  func withTwoByteCodes<Result>(_ body: (UnsafeBufferPointer<Entry>) -> Result) -> Result {
    twoByte.withUnsafeBufferPointer(body)
  }

  /// The character beyond ASCII at an index, looked at with care: four bytes, cut off, or none.
  ///
  /// - Parameter hasEuroByte: the byte 80 is the euro sign.
  @inline(__always) func step(_ bytes: UnsafeRawBufferPointer, at index: Int, hasEuroByte: Bool = false) -> Step {
    let lead = bytes[index]
    if hasEuroByte && lead == 0x80 { return .character(utf8: 0xac82e2, utf8ByteCount: 3, byteCount: 1) }
    guard lead >= 0x81 && lead <= 0xfe else { return .invalid }
    guard index + 1 < bytes.count else { return .incomplete }
    let second = bytes[index + 1]
    guard second >= 0x30 && second <= 0x39 else {
      let entry = twoByte[Int(lead & 0x7f) << 8 | Int(second)]
      guard entry.isAssigned else { return .invalid }
      return .character(utf8: entry.utf8, utf8ByteCount: entry.byteCount, byteCount: 2)
    }
    guard index + 2 < bytes.count else { return .incomplete }
    let third = bytes[index + 2]
    guard third >= 0x81 && third <= 0xfe else { return .invalid }
    guard index + 3 < bytes.count else { return .incomplete }
    let fourth = bytes[index + 3]
    guard fourth >= 0x30 && fourth <= 0x39 else { return .invalid }
    let linear =
      (Int(lead) - 0x81) * 12_600 + (Int(second) - 0x30) * 1_260 + (Int(third) - 0x81) * 10 + Int(fourth) - 0x30
    if linear < fourByte.count {
      return .character(utf8: fourByte[linear].utf8, utf8ByteCount: fourByte[linear].byteCount, byteCount: 4)
    }
    // 90308130…E3329A35 are the other planes.
    guard linear >= 189_000 && linear <= 1_237_575 else { return .invalid }
    let scalar = UInt32(linear - 189_000 + 0x10000)
    let utf8 =
      0xf0 | scalar >> 18 | (0x80 | scalar >> 12 & 0x3f) << 8 | (0x80 | scalar >> 6 & 0x3f) << 16
      | (0x80 | scalar & 0x3f) << 24
    return .character(utf8: utf8, utf8ByteCount: 4, byteCount: 4)
  }
}
