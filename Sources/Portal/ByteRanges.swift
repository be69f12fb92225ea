/// The parts of a representation that a client asks for (RFC 9110 §14).
enum ByteRanges: Equatable {
  case whole
  /// In the order asked for.
  case parts([Range<Int>])
  case unsatisfiable

  /// More parts than this, or parts that overlap, are answered by the whole.
  private static let partLimit = 16

  /// - Parameter field: `Range`, as it was sent; nil where it was not.
  init(_ field: String?, byteCount: Int) {
    self = .whole
    guard let field, field.lowercased().hasPrefix("bytes=") else { return }
    var parts: [Range<Int>] = []
    var isAny = false
    for item in field.dropFirst(6).split(separator: ",", omittingEmptySubsequences: false) {
      let item = item.filter { $0 != " " && $0 != "\t" }
      guard let dash = item.firstIndex(of: "-") else { return }
      let first = item[..<dash], last = item[item.index(after: dash)...]
      let isNumeric = (first + last).utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
      guard isNumeric, !(first.isEmpty && last.isEmpty) else { return }
      isAny = true
      // Numbers that do not fit lie behind any end.
      if first.isEmpty {
        let count = min(Int(last) ?? .max, byteCount)
        if count > 0 { parts.append(byteCount - count..<byteCount) }
      } else {
        let start = Int(first) ?? .max
        let end = last.isEmpty ? byteCount : min(Int(last) ?? .max, byteCount - 1) + 1
        guard last.isEmpty || (Int(last) ?? .max) >= start else { return }
        if start < byteCount { parts.append(start..<end) }
      }
      guard parts.count <= Self.partLimit else { return }
    }
    guard isAny else { return }
    guard !parts.isEmpty else {
      self = .unsatisfiable
      return
    }
    let sorted = parts.sorted { $0.lowerBound < $1.lowerBound }
    guard !zip(sorted, sorted.dropFirst()).contains(where: { $0.upperBound > $1.lowerBound }) else { return }
    self = .parts(parts)
  }
}
