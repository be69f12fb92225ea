package import Publication
/// What a look at every byte of a file says of its encoding (the ladder of validation.md §5.2).
package struct EncodingEvidence: Sendable {
  package enum Verdict: Sendable {
    /// The whole file is valid in this encoding; so many bytes of byte order mark come first.
    case encoding(TextEncoding, markByteCount: Int)
    /// Valid in no accepted encoding, or in several with nothing to tell them apart.
    ///
    /// `nearest` got furthest.
    case undetermined(nearest: TextEncoding, firstInvalid: Int?)
    /// Declared or marked as this encoding, and not valid in it.
    case invalid(TextEncoding, firstInvalid: Int)
    /// Declared as this encoding, and valid in it, but it is plainly another one.
    case mismatch(TextEncoding, looksLike: String)
  }

  package let verdict: Verdict
  /// Stable keys and plain values for the report: rule that decided, first invalid byte of each candidate, shares.
  package let facts: [(key: String, value: String)]

  /// Reads the whole source; what is UTF-8, and said to be nothing else, on all cores.
  ///
  /// - Parameter declared: verified, not believed.
  package static func gather(of path: String, declared: TextEncoding?, _ parallelism: Parallelism) async throws
    -> EncodingEvidence
  {
    if declared == nil || declared == .utf8 {
      let scan = try await UTF8Scan(of: path, parallelism)
      if let evidence = EncodingEvidence(scan, byteCount: try InputFile(path: path).byteCount, declared: declared) {
        return evidence
      }
    }
    return try EncodingEvidence(of: path, declared: declared)
  }

  /// Nil where more must be looked at.
  private init?(_ scan: UTF8Scan, byteCount: Int, declared: TextEncoding?) {
    let marked = TextEncoding.allCases.first { scan.head.starts(with: $0.byteOrderMark) }
    guard scan.firstInvalid == nil, marked == nil || marked == .utf8 else { return nil }
    guard declared == .utf8 || marked == .utf8 || !scan.hasNull else { return nil }
    facts = [
      ("byte-count", String(byteCount)), ("byte-order-mark", marked?.rawValue ?? "none"),
      (
        "encoding-rule",
        declared != nil ? "declared" : marked != nil ? "byte-order-mark" : scan.isASCII ? "ascii" : "strict-utf-8"
      ),
    ]
    verdict = .encoding(.utf8, markByteCount: marked?.byteOrderMark.count ?? 0)
  }

  /// Reads the whole source.
  ///
  /// - Parameter declared: verified, not believed.
  package init(of path: String, declared: TextEncoding?) throws {
    let source = try FileByteSource(path: path)
    var utf8 = UTF8Check()
    var gb18030 = DoubleByteCheck(.gb18030)
    var big5 = DoubleByteCheck(.big5)
    var utf16Little = UTF16Check(isLittleEndian: true)
    var utf16Big = UTF16Check(isLittleEndian: false)
    var nulls = (even: 0, odd: 0)
    var isASCII = true
    var head: [UInt8] = []
    var offset = 0
    var chunk: [UInt8] = []
    while try source.read(1 << 20, appendingTo: &chunk) {
      if offset == 0 { head = Array(chunk.prefix(4)) }
      utf8.update(chunk[...])
      if isASCII { isASCII = !chunk.contains { $0 >= 0x80 } }
      if !isASCII {
        gb18030.update(chunk[...])
        big5.update(chunk[...])
      } else {
        gb18030.skip(chunk.count)
        big5.skip(chunk.count)
      }
      utf16Little.update(chunk[...])
      utf16Big.update(chunk[...])
      if chunk.contains(0) {
        for index in chunk.indices where chunk[index] == 0 {
          if (offset + index) % 2 == 0 { nulls.even += 1 } else { nulls.odd += 1 }
        }
      }
      offset += chunk.count
      chunk.removeAll(keepingCapacity: true)
    }
    utf8.finish()
    gb18030.finish()
    big5.finish()
    utf16Little.finish()
    utf16Big.finish()

    var facts: [(key: String, value: String)] = []
    func fact(_ key: String, _ value: String) { facts.append((key, value)) }
    func firstInvalid(_ encoding: TextEncoding) -> Int? {
      switch encoding {
      case .utf8: utf8.firstInvalid
      case .gb18030: gb18030.firstInvalid
      case .utf16LittleEndian: utf16Little.firstInvalid
      case .utf16BigEndian: utf16Big.firstInvalid
      }
    }
    func settled(_ encoding: TextEncoding, by rule: String, mark: Bool) -> Verdict {
      fact("encoding-rule", rule)
      if let invalid = firstInvalid(encoding) { return .invalid(encoding, firstInvalid: invalid) }
      return .encoding(encoding, markByteCount: mark ? encoding.byteOrderMark.count : 0)
    }
    let marked = TextEncoding.allCases.first { head.starts(with: $0.byteOrderMark) }
    fact("byte-count", String(offset))
    fact("byte-order-mark", marked?.rawValue ?? "none")

    // Nearly every text is valid GB18030: what it would say tells whether it is.
    let seemsGB18030 = gb18030.firstInvalid == nil && gb18030.commonShare >= 0.5
    let looksLikeBig5 = big5.firstInvalid == nil && big5.commonShare > gb18030.commonShare
    if let declared {
      if let marked, marked != declared {
        verdict = .mismatch(declared, looksLike: marked.rawValue)
      } else if declared == .gb18030 && !isASCII && !seemsGB18030 && utf8.firstInvalid == nil {
        verdict = .mismatch(declared, looksLike: "utf-8")
      } else if declared == .gb18030 && !seemsGB18030 && gb18030.firstInvalid == nil && looksLikeBig5
        && big5.commonShare >= 0.8
      {
        verdict = .mismatch(declared, looksLike: "big5")
      } else {
        verdict = settled(declared, by: "declared", mark: marked == declared)
      }
    } else if let marked {
      verdict = settled(marked, by: "byte-order-mark", mark: true)
    } else if nulls.even + nulls.odd > 0 {
      fact("null-bytes", "\(nulls.even) at even offsets, \(nulls.odd) at odd ones")
      if nulls.even == 0 && utf16Little.firstInvalid == nil && utf16Little.lineFeedCount > 0 {
        verdict = settled(.utf16LittleEndian, by: "null-parity", mark: false)
      } else if nulls.odd == 0 && utf16Big.firstInvalid == nil && utf16Big.lineFeedCount > 0 {
        verdict = settled(.utf16BigEndian, by: "null-parity", mark: false)
      } else {
        verdict = .undetermined(nearest: .utf8, firstInvalid: utf8.firstInvalid)
      }
    } else if utf8.firstInvalid == nil {
      verdict = settled(.utf8, by: isASCII ? "ascii" : "strict-utf-8", mark: false)
    } else {
      fact("utf-8-first-invalid-byte", String(utf8.firstInvalid ?? 0))
      if let invalid = gb18030.firstInvalid {
        fact("gb18030-first-invalid-byte", String(invalid))
      } else {
        fact("gb18030-common-share", percent(gb18030.commonShare))
      }
      if big5.firstInvalid == nil { fact("big5-common-share", percent(big5.commonShare)) }
      if seemsGB18030 && !looksLikeBig5 {
        verdict = settled(.gb18030, by: "strict-gb18030-and-frequency", mark: false)
      } else {
        let nearest: TextEncoding = (gb18030.firstInvalid ?? .max) > (utf8.firstInvalid ?? .max) ? .gb18030 : .utf8
        verdict = .undetermined(nearest: nearest, firstInvalid: firstInvalid(nearest))
      }
    }
    self.facts = facts
  }
}

private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
