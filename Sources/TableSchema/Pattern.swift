internal import CPCRE2

/// A pattern of a schema, matched against whole values with PCRE2: compiled once, bounded on hostile input.
///
/// One thread uses it at a time: each worker compiles its own.
///
/// - Source: Table Schema v2 `pattern` (an XSD expression, and so anchored at both ends); `^` and `$` at the ends do nothing.
package final class Pattern {
  package enum Outcome: Sendable { case matches, differs, limitReached }

  private let code: OpaquePointer
  private let matchData: OpaquePointer
  private let context: OpaquePointer
  private let stack: OpaquePointer?
  private let isCompiled: Bool

  package init(_ text: String, at path: String) throws(SchemaError) {
    let pattern = Array(text.utf8)
    if let construct = constructOfXSDAlone(pattern) {
      throw SchemaError(path, "uses \(construct), which this version of Daylight does not read")
    }
    var number: Int32 = 0
    var offset = 0
    let options =
      PCRE2_UTF | PCRE2_UCP | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY
    guard let code = pcre2_compile_8(pattern, pattern.count, UInt32(options), &number, &offset, nil) else {
      throw SchemaError(path, "is no valid pattern (at character \(offset + 1))")
    }
    guard let matchData = pcre2_match_data_create_8(1, nil), let context = pcre2_match_context_create_8(nil) else {
      preconditionFailure("PCRE2: out of memory")
    }
    // Without JIT the same match is only slower.
    isCompiled = pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE)) == 0
    stack = pcre2_jit_stack_create_8(32 << 10, 1 << 20, nil)
    pcre2_jit_stack_assign_8(context, nil, stack.map { UnsafeMutableRawPointer($0) })
    pcre2_set_match_limit_8(context, 1_000_000)
    pcre2_set_heap_limit_8(context, 65_536)
    self.code = code
    self.matchData = matchData
    self.context = context
  }

  deinit {
    pcre2_jit_stack_free_8(stack)
    pcre2_match_context_free_8(context)
    pcre2_match_data_free_8(matchData)
    pcre2_code_free_8(code)
  }

  /// - Precondition: valid UTF-8.
  package func match(_ text: Span<UInt8>) -> Outcome {
    // The empty text has no address, and PCRE2 wants one.
    guard !text.isEmpty else { return match([0].span, count: 0) }
    return match(text, count: text.count)
  }

  private func match(_ text: Span<UInt8>, count: Int) -> Outcome {
    text.withUnsafeBufferPointer { buffer in
      let text = UnsafeBufferPointer(rebasing: buffer[..<count])
      var result =
        isCompiled
        ? pcre2_jit_match_8(code, text.baseAddress, text.count, 0, 0, matchData, context)
        : match(text, options: 0)
      // A long value can need more than the stack of compiled code: interpreted, it uses the heap, within its limit.
      if result == PCRE2_ERROR_JIT_STACKLIMIT { result = match(text, options: UInt32(PCRE2_NO_JIT)) }
      if result >= 0 { return .matches }
      return result == PCRE2_ERROR_NOMATCH ? .differs : .limitReached
    }
  }

  private func match(_ text: UnsafeBufferPointer<UInt8>, options: UInt32) -> Int32 {
    pcre2_match_8(code, text.baseAddress, text.count, 0, UInt32(PCRE2_NO_UTF_CHECK) | options, matchData, context)
  }
}

/// What XSD means otherwise than PCRE2, or PCRE2 has not: class subtraction and the escapes for XML names.
///
/// Such a pattern must not be matched as something else.
private func constructOfXSDAlone(_ pattern: [UInt8]) -> String? {
  var isInClass = false
  var index = 0
  while index < pattern.count {
    let next = index + 1 < pattern.count ? pattern[index + 1] : 0
    switch pattern[index] {
    case UInt8(ascii: "\\"):
      if [UInt8(ascii: "i"), UInt8(ascii: "I"), UInt8(ascii: "c"), UInt8(ascii: "C")].contains(next) {
        return "\\i or \\c"
      }
      index += 1
    case UInt8(ascii: "[") where isInClass: return "a class within a class"
    case UInt8(ascii: "["):
      isInClass = true
      // A bracket that closes at once stands for itself in PCRE2, and is an error in XSD.
      if next == UInt8(ascii: "]") { return "an empty class" }
    case UInt8(ascii: "]"): isInClass = false
    default: break
    }
    index += 1
  }
  return nil
}
