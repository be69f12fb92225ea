package import Publication
/// What a look at every byte of a file says of its encoding (the ladder of validation.md §5.2).
package struct EncodingEvidence: Sendable {
  package enum Verdict: Sendable {
    /// The whole file is valid in this encoding; so many bytes of byte order mark come first.
    case encoding(TextEncoding, markByteCount: Int)
    /// Valid in no accepted encoding, or in several with nothing to tell them apart.
    ///
    /// `nearest` got furthest; `looksLike` is the name of an encoding that is not read.
    case undetermined(nearest: TextEncoding, firstInvalid: Int?, looksLike: String?)
    /// Some lines are surely in one encoding, others surely in another; the rarer ones are told.
    case mixed(TextEncoding, other: TextEncoding, lines: LineEncodingScan.Lines)
    /// Declared or marked as this encoding, and not valid in it.
    case invalid(TextEncoding, firstInvalid: Int)
    /// Declared as this encoding, and valid in it, but it is plainly another one.
    case mismatch(TextEncoding, looksLike: String)
  }

  package let verdict: Verdict
  /// Stable keys and plain values for the report: rule that decided, first invalid byte of each candidate, shares.
  package private(set) var facts: [(key: String, value: String)]

  /// Reads the whole source, on all cores where it is not UTF-16.
  ///
  /// - Parameter declared: verified, not believed.
  package init(of path: String, declared: TextEncoding?, _ parallelism: Parallelism) async throws {
    let file = try InputFile(path: path)
    var head: [UInt8] = []
    _ = try file.read(4, at: 0, appendingTo: &head)
    let marked = TextEncoding.allCases.first { $0.byteOrderMark.map { head.starts(with: $0) } == true }
    facts = [("byte-count", String(file.byteCount)), ("byte-order-mark", marked?.rawValue ?? "none")]
    if head == [0xff, 0xfe, 0, 0] || head == [0, 0, 0xfe, 0xff] {
      verdict = .undetermined(nearest: .utf16LittleEndian, firstInvalid: nil, looksLike: "utf-32")
      return
    }
    if let declared, let marked, marked != declared, !(marked == .gb18030 && declared.isGB18030) {
      verdict = .mismatch(declared, looksLike: marked.rawValue)
      return
    }
    let markByteCount = marked?.byteOrderMark?.count ?? 0
    switch declared ?? marked {
    case .utf8:
      let scan = try await UTF8Scan(of: path, parallelism)
      if scan.firstInvalid != nil, let mixed = try await Self.mixed(path, parallelism) {
        verdict = mixed
      } else {
        verdict = Self.stated(.utf8, markByteCount, scan.firstInvalid)
      }
    case .gb18030, .cp936:
      let hasEuroByte = declared == .cp936
      let scan = try await GB18030Scan(of: path, from: markByteCount, hasEuroByte: hasEuroByte, parallelism)
      if scan.firstInvalid == nil, !scan.isASCII, scan.everydayShare < 0.5, marked == nil {
        // Nearly every text is valid GB18030: what it would say tells whether it is.
        if try await UTF8Scan(of: path, parallelism).firstInvalid == nil {
          verdict = .mismatch(declared ?? .gb18030, looksLike: "utf-8")
          return
        }
        if scan.looksLikeBig5 && scan.big5EverydayShare >= 0.8 {
          verdict = .mismatch(declared ?? .gb18030, looksLike: "big5")
          return
        }
      }
      if !scan.isASCII, let mixed = try await Self.mixed(path, parallelism) {
        verdict = mixed
      } else {
        verdict = Self.stated(hasEuroByte ? .cp936 : .gb18030, markByteCount, scan.firstInvalid)
      }
    case .utf16LittleEndian, .utf16BigEndian:
      let encoding: TextEncoding = (declared ?? marked) == .utf16BigEndian ? .utf16BigEndian : .utf16LittleEndian
      let scan = try UTF16Scan(of: path)
      verdict = Self.stated(encoding, markByteCount, scan.check(encoding).firstInvalid)
    case nil:
      verdict = try await Self.found(path, &facts, parallelism)
      return
    }
    facts.append(("encoding-rule", declared != nil ? "declared" : "byte-order-mark"))
  }

  private static func stated(_ encoding: TextEncoding, _ markByteCount: Int, _ firstInvalid: Int?) -> Verdict {
    if let firstInvalid { return .invalid(encoding, firstInvalid: firstInvalid) }
    return .encoding(encoding, markByteCount: markByteCount)
  }

  /// What a text is that nothing is said of.
  private static func found(
    _ path: String, _ facts: inout [(key: String, value: String)], _ parallelism: Parallelism
  ) async throws -> Verdict {
    func settled(_ encoding: TextEncoding, by rule: String) -> Verdict {
      facts.append(("encoding-rule", rule))
      return .encoding(encoding, markByteCount: 0)
    }
    let utf8 = try await UTF8Scan(of: path, parallelism)
    if utf8.hasNull {
      let utf16 = try UTF16Scan(of: path)
      facts.append(("null-bytes", "\(utf16.evenNulls) at even offsets, \(utf16.oddNulls) at odd ones"))
      let (encoding, strayNulls): (TextEncoding, Int) =
        utf16.evenNulls == 0 ? (.utf16LittleEndian, utf16.evenNulls) : (.utf16BigEndian, utf16.oddNulls)
      let check = utf16.check(encoding)
      guard strayNulls == 0, check.firstInvalid == nil, check.lineFeedCount > 0 else {
        return .undetermined(nearest: .utf8, firstInvalid: utf8.firstInvalid, looksLike: nil)
      }
      return settled(encoding, by: "null-parity")
    }
    guard let notUTF8 = utf8.firstInvalid else { return settled(.utf8, by: utf8.isASCII ? "ascii" : "strict-utf-8") }

    let scan = try await GB18030Scan(of: path, parallelism)
    facts.append(("utf-8-first-invalid-byte", String(notUTF8)))
    if let invalid = scan.firstInvalid {
      facts.append(("gb18030-first-invalid-byte", String(invalid)))
    } else {
      facts.append(("gb18030-common-share", percent(scan.everydayShare)))
    }
    if scan.firstInvalidBig5 == nil { facts.append(("big5-common-share", percent(scan.big5EverydayShare))) }
    if let mixed = try await mixed(path, parallelism) { return mixed }
    if scan.firstInvalid == nil && scan.everydayShare >= 0.5 && !scan.looksLikeBig5 {
      return settled(.gb18030, by: "strict-gb18030-and-frequency")
    }
    if let invalid = scan.firstInvalid, invalid <= notUTF8 {
      return .undetermined(nearest: .utf8, firstInvalid: notUTF8, looksLike: nil)
    }
    let isBig5 = scan.firstInvalidBig5 == nil && scan.big5EverydayShare >= 0.8
    // Valid in GB18030 by chance only: what is wrong with it as UTF-8 is of more use.
    guard let invalid = scan.firstInvalid else {
      return .undetermined(nearest: .utf8, firstInvalid: notUTF8, looksLike: isBig5 ? "big5" : nil)
    }
    return .undetermined(nearest: .gb18030, firstInvalid: invalid, looksLike: isBig5 ? "big5" : nil)
  }

  /// What a file is of which some lines are surely UTF-8 and others surely GB18030; nil where it is not.
  private static func mixed(_ path: String, _ parallelism: Parallelism) async throws -> Verdict? {
    let lines = try await LineEncodingScan(of: path, parallelism)
    guard lines.utf8.count > 0, lines.gb18030.count > 0 else { return nil }
    return lines.utf8.count >= lines.gb18030.count
      ? .mixed(.utf8, other: .gb18030, lines: lines.gb18030) : .mixed(.gb18030, other: .utf8, lines: lines.utf8)
  }
}

private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
