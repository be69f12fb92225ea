/// Which days people work: Monday to Friday, but for public holidays and the weekend days that are worked in exchange (调休).
///
/// - Source: the State Council's yearly notice; `datasets/calendar.yaml` holds the days.
package struct WorkCalendar: Sendable {
  private let holidays: Set<CivilDate>
  private let workedWeekendDays: Set<CivilDate>
  /// The years that the table speaks of; in others, Monday to Friday is all that is known.
  package let years: Set<Int>

  package init(holidays: Set<CivilDate> = [], workedWeekendDays: Set<CivilDate> = [], years: Set<Int> = []) {
    self.holidays = holidays
    self.workedWeekendDays = workedWeekendDays
    self.years = years
  }

  package func isWorkingDay(_ date: CivilDate) -> Bool {
    if workedWeekendDays.contains(date) { return true }
    return (1...5).contains(date.weekday) && !holidays.contains(date)
  }

  /// The day's place among the working days of its month, from 1; nil for a day off.
  package func workingDayOfMonth(_ date: CivilDate) -> Int? {
    guard isWorkingDay(date) else { return nil }
    return (1...date.day).count { day in
      CivilDate(year: date.year, month: date.month, day: day).map(isWorkingDay) ?? false
    }
  }

  /// Whether no working day follows in the month.
  package func isLastWorkingDay(_ date: CivilDate) -> Bool {
    guard isWorkingDay(date) else { return false }
    let last = CivilDate.dayCount(year: date.year, month: date.month)
    return date.day == last
      || !(date.day + 1...last).contains { day in
        CivilDate(year: date.year, month: date.month, day: day).map(isWorkingDay) ?? false
      }
  }
}

extension CivilDate {
  /// 0 for Sunday to 6 for Saturday, as cron counts.
  package var weekday: Int { ((daysSince1970 + 4) % 7 + 7) % 7 }

  package func advanced(days: Int) -> CivilDate { CivilDate(daysSince1970: daysSince1970 + days) }

  /// Parses `YYYY-MM-DD`; nil for anything else.
  package init?(_ text: String) {
    guard text.utf8.count == 10, let instant = Instant("\(text)T00:00:00Z") else { return nil }
    self = instant.date
  }
}

/// The site's time zone: what its clocks show.
package struct CivilZone: Sendable {
  private let show: @Sendable (Instant) -> (date: CivilDate, minute: Int)
  private let find: @Sendable (CivilDate, _ minute: Int) -> Instant

  package init(
    show: @escaping @Sendable (Instant) -> (date: CivilDate, minute: Int),
    find: @escaping @Sendable (CivilDate, _ minute: Int) -> Instant
  ) {
    self.show = show
    self.find = find
  }

  /// The day, and the minutes since midnight.
  package func time(at instant: Instant) -> (date: CivilDate, minute: Int) { show(instant) }

  /// The moment at which the clocks show this; where they skip it, the one after.
  package func instant(_ date: CivilDate, minute: Int) -> Instant { find(date, minute) }

  /// `YYYY-MM-DD HH:MM`, for people.
  package func text(_ instant: Instant) -> String {
    let (date, minute) = time(at: instant)
    return "\(date) \(padded(minute / 60, 2)):\(padded(minute % 60, 2))"
  }
}
