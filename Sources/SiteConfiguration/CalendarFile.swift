package import Publication
internal import Tabular

extension ConfigurationReader {
  /// `datasets/calendar.yaml`: public holidays and worked weekend days, by year; empty where there is no such file.
  package func calendar() throws -> WorkCalendar {
    let file = "\(datasetsFolder)/calendar.yaml"
    guard fileKind(file) != nil else { return WorkCalendar() }
    var years: Set<Int> = []
    var holidays: Set<CivilDate> = []
    var worked: Set<CivilDate> = []
    for (name, value) in try yaml(file).mapping().allMembers() {
      guard let year = Int(name), (2000...2999).contains(year) else { throw value.fail("must be a year") }
      years.insert(year)
      let members = try value.mapping()
      for range in try members.required("holidays").list() { holidays.formUnion(try days(range, of: year)) }
      for range in try members["working_days"]?.list() ?? [] {
        for day in try days(range, of: year) {
          guard day.weekday == 0 || day.weekday == 6 else {
            throw range.fail("has \(day), which is no Saturday or Sunday")
          }
          worked.insert(day)
        }
      }
      try members.finish()
    }
    guard holidays.isDisjoint(with: worked) else {
      throw ConfigurationError(file: "calendar.yaml", problem: "has a day that is both a holiday and worked")
    }
    return WorkCalendar(holidays: holidays, workedWeekendDays: worked, years: years)
  }

  /// `MM-DD`, or `MM-DD..MM-DD`.
  private func days(_ value: YAMLValue, of year: Int) throws -> [CivilDate] {
    let ends = try value.text().split(separator: ".", omittingEmptySubsequences: true).map {
      CivilDate("\(year)-\($0)")
    }
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last else {
      throw value.fail("must be MM-DD or MM-DD..MM-DD")
    }
    return (0...(last.daysSince1970 - first.daysSince1970)).map { first.advanced(days: $0) }
  }
}
