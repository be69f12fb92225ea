/// A release's name: `YYYY.MM.DD.n`, n from 1 within a day; sortable, never used twice.
package struct ReleaseID: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let date: CivilDate
  package let number: Int

  package init(date: CivilDate, number: Int) {
    self.date = date
    self.number = number
  }

  /// Parses `YYYY.MM.DD.n` without superfluous zeros in n; nil for anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2,
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]), let number = Int(parts[3]),
      (1...highestNumber).contains(number),
      let date = CivilDate(year: year, month: month, day: day)
    else { return nil }
    self.date = date
    self.number = number
    guard description == text else { return nil }
  }

  /// The id after this one for a release made on `today`; never an earlier day than this one's, should the clock be set back.
  package func next(on today: CivilDate) -> ReleaseID {
    today > date ? ReleaseID(date: today, number: 1) : ReleaseID(date: date, number: number + 1)
  }

  package var description: String {
    "\(padded(date.year, 4)).\(padded(date.month, 2)).\(padded(date.day, 2)).\(number)"
  }

  package static func < (a: Self, b: Self) -> Bool { (a.date, a.number) < (b.date, b.number) }
}

/// Nobody comes near it, and none of them overflows.
private let highestNumber = 999_999_999

/// A semantic version, decided by the machine from what changed.
package struct Version: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let major: Int
  package let minor: Int
  package let patch: Int

  package init(_ major: Int, _ minor: Int, _ patch: Int) {
    self.major = major
    self.minor = minor
    self.patch = patch
  }

  package init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 3, let major = parts[0], let minor = parts[1], let patch = parts[2],
      [major, minor, patch].allSatisfy((0...highestNumber).contains)
    else { return nil }
    self.init(major, minor, patch)
  }

  package var description: String { "\(major).\(minor).\(patch)" }
  package static func < (a: Self, b: Self) -> Bool { (a.major, a.minor, a.patch) < (b.major, b.minor, b.patch) }
}
