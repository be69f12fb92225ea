private let dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
private let monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/// The forms in which mail and HTTP write a moment.
extension Instant {
  private func text(zone: String) -> String {
    let time = description.split(separator: "T")[1].dropLast()
    return
      "\(dayNames[date.weekday]), \(padded(date.day, 2)) \(monthNames[date.month - 1]) \(padded(date.year, 4)) \(time) \(zone)"
  }

  /// `Tue, 24 Nov 2026 06:00:00 +0000` (RFC 5322).
  package var mailDate: String { text(zone: "+0000") }

  /// `Tue, 24 Nov 2026 06:00:00 GMT` (RFC 9110 §5.6.7).
  package var httpDate: String { text(zone: "GMT") }

  /// Parses the preferred form of RFC 9110; nil for anything else.
  package static func at(httpDate text: String) -> Instant? {
    let parts = text.split(separator: " ")
    guard parts.count == 6, parts[5] == "GMT", parts[1].count == 2,
      let month = monthNames.firstIndex(of: String(parts[2])),
      let instant = Instant("\(parts[3])-\(padded(month + 1, 2))-\(parts[1])T\(parts[4])Z"), instant.httpDate == text
    else { return nil }
    return instant
  }
}
