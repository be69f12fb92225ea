internal import CPCRE2

/// A pattern of a schema, matched against whole values with PCRE2: compiled once, bounded on hostile input.
///
/// One thread uses it at a time: each worker compiles its own.
///
/// - Source: Table Schema v2 `pattern` is an expression of XML Schema, and so anchored at both ends; JSON Schema's is one of ECMA-262
///   that may stand anywhere in the text.
package final class Pattern {
  private let code: OpaquePointer
  private let matchData: OpaquePointer
  private let context: OpaquePointer
  private let stack: OpaquePointer?
  private let isCompiled: Bool
  /// Matched by whole values only.
  private let isWhole: Bool

  /// Compiles an expression of XML Schema, to be matched by whole values.
  package convenience init(_ text: String, at path: String) throws(SchemaError) {
    try self.init(
      pcre2: try XSDExpression(text, at: path).pcre2, options: PCRE2_ANCHORED | PCRE2_ENDANCHORED, at: path)
  }

  /// Compiles an expression of ECMA-262 as far as PCRE2 reads it alike, to be found anywhere in a value.
  convenience init(searching text: String, at path: String) throws(SchemaError) {
    try self.init(pcre2: text, options: PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF, at: path)
  }

  private init(pcre2 text: String, options: UInt32, at path: String) throws(SchemaError) {
    let pattern = Array(text.utf8)
    var number: Int32 = 0
    var offset = 0
    let options = options | PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY
    guard let code = pcre2_compile_8(pattern, pattern.count, options, &number, &offset, nil) else {
      throw SchemaError(path, "is a pattern that cannot be compiled: \(message(of: number))")
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
    isWhole = options & UInt32(PCRE2_ENDANCHORED) != 0
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
  package func match(_ text: Span<UInt8>) -> MatchOutcome {
    // The empty text has no address, and PCRE2 wants one.
    guard !text.isEmpty else { return match([0].span, count: 0) }
    return match(text, count: text.count)
  }

  private func match(_ text: Span<UInt8>, count: Int) -> MatchOutcome {
    text.withUnsafeBufferPointer { buffer in
      let text = UnsafeBufferPointer(rebasing: buffer[..<count])
      var result =
        isCompiled
        ? pcre2_jit_match_8(code, text.baseAddress, text.count, 0, 0, matchData, context)
        : match(text, options: 0)
      // A long value can need more than the stack of compiled code: interpreted, it uses the heap, within its limit.
      if result == PCRE2_ERROR_JIT_STACKLIMIT { result = match(text, options: UInt32(PCRE2_NO_JIT)) }
      // What goes back and forth too often is matched all ways at once, in a time that grows with the text only: expressions of
      // XML Schema have nothing that would need more.
      if result == PCRE2_ERROR_MATCHLIMIT || result == PCRE2_ERROR_HEAPLIMIT || result == PCRE2_ERROR_DEPTHLIMIT {
        result = matchAllWays(text)
      }
      if result >= 0 { return .matches }
      return result == PCRE2_ERROR_NOMATCH ? .differs : .limitReached
    }
  }

  private func matchAllWays(_ text: UnsafeBufferPointer<UInt8>) -> Int32 {
    var states = [Int32](repeating: 0, count: 16_384)
    let result = states.withUnsafeMutableBufferPointer { states in
      pcre2_dfa_match_8(
        code, text.baseAddress, text.count, 0, UInt32(PCRE2_NO_UTF_CHECK), matchData, context,
        states.baseAddress, states.count)
    }
    guard result >= 0, isWhole else { return result }
    // The longest match comes first; it is the whole value where any is.
    return pcre2_get_ovector_pointer_8(matchData)[1] == text.count ? result : PCRE2_ERROR_NOMATCH
  }

  private func match(_ text: UnsafeBufferPointer<UInt8>, options: UInt32) -> Int32 {
    pcre2_match_8(code, text.baseAddress, text.count, 0, UInt32(PCRE2_NO_UTF_CHECK) | options, matchData, context)
  }
}

private func message(of error: Int32) -> String {
  var text = [UInt8](repeating: 0, count: 256)
  let count = pcre2_get_error_message_8(error, &text, text.count)
  return String(decoding: text.prefix(max(0, Int(count))), as: UTF8.self)
}
