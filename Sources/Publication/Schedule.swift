/// When a dataset is to be published: cron's five fields, and working days.
///
/// `minute hour day month weekday`, each `*`, numbers, ranges `a-b`, steps `/n`, lists with commas. A day may also be `3W`, the
/// third working day of the month, or `LW`, its last; a weekday may be `W`, every working day. Where both day and weekday are
/// given, either is enough, as with cron.
///
/// - Source: POSIX crontab; Vixie cron for steps and names of days 0 to 7.
package struct Schedule: Sendable, CustomStringConvertible {
  package let description: String
  private let minutes: [Int]
  private let hours: [Int]
  private let months: Set<Int>
  private let day: Day
  private let calendar: WorkCalendar

  private enum Day: Sendable {
    case any
    case either(days: Set<Int>?, weekdays: Set<Int>?)
    case workingDay(number: Int), lastWorkingDay, everyWorkingDay
  }

  /// - Throws: `ScheduleError` that names the field.
  package init(_ text: String, calendar: WorkCalendar) throws(ScheduleError) {
    let fields = text.split(separator: " ").map(String.init)
    guard fields.count == 5 else { throw ScheduleError("must have five fields: minute hour day month weekday") }
    minutes = try Self.numbers(fields[0], 0...59, "minute").sorted()
    hours = try Self.numbers(fields[1], 0...23, "hour").sorted()
    months = try Self.numbers(fields[3], 1...12, "month")
    switch (fields[2], fields[4]) {
    case ("*", "*"): day = .any
    case ("*", "W"): day = .everyWorkingDay
    case ("LW", "*"): day = .lastWorkingDay
    case (let number, "*") where number.hasSuffix("W"):
      guard let place = Int(number.dropLast()), (1...15).contains(place) else {
        throw ScheduleError("has a day \(number): 1W to 15W are working days, LW is the last")
      }
      day = .workingDay(number: place)
    case (let days, let weekdays):
      guard !days.contains("W"), !weekdays.contains("W") else {
        throw ScheduleError("mixes working days with other days: with W, the other of day and weekday must be *")
      }
      day = .either(
        days: days == "*" ? nil : try Self.numbers(days, 1...31, "day"),
        weekdays: weekdays == "*" ? nil : Set(try Self.numbers(weekdays, 0...7, "weekday").map { $0 % 7 }))
    }
    self.calendar = calendar
    description = text
    // The 30th of February never comes.
    if case .either(let days?, nil) = day {
      guard months.contains(where: { month in days.contains { $0 <= CivilDate.dayCount(year: 2024, month: month) } })
      else {
        throw ScheduleError("names a day that never comes")
      }
    }
  }

  /// Whether it depends on the calendar's table.
  package var needsCalendar: Bool {
    switch day {
    case .workingDay, .lastWorkingDay, .everyWorkingDay: true
    case .any, .either: false
    }
  }

  /// The last moment at or before `instant`; nil where there was none for nine years.
  package func latest(atOrBefore instant: Instant, in zone: CivilZone) -> Instant? {
    let today = zone.time(at: instant).date
    for back in 0...3_300 {
      let date = today.advanced(days: -back)
      guard matches(date) else { continue }
      for hour in hours.reversed() {
        for minute in minutes.reversed() {
          let moment = zone.instant(date, minute: hour * 60 + minute)
          if moment <= instant { return moment }
        }
      }
    }
    return nil
  }

  /// The first moment after `instant`; nil where there is none for nine years.
  package func next(after instant: Instant, in zone: CivilZone) -> Instant? {
    let today = zone.time(at: instant).date
    for ahead in 0...3_300 {
      let date = today.advanced(days: ahead)
      guard matches(date) else { continue }
      for hour in hours {
        for minute in minutes {
          let moment = zone.instant(date, minute: hour * 60 + minute)
          if moment > instant { return moment }
        }
      }
    }
    return nil
  }

  private func matches(_ date: CivilDate) -> Bool {
    guard months.contains(date.month) else { return false }
    switch day {
    case .any: return true
    case .either(let days, let weekdays):
      return days?.contains(date.day) ?? false || weekdays?.contains(date.weekday) ?? false
    case .workingDay(let number): return calendar.workingDayOfMonth(date) == number
    case .lastWorkingDay: return calendar.isLastWorkingDay(date)
    case .everyWorkingDay: return calendar.isWorkingDay(date)
    }
  }

  private static func numbers(_ field: String, _ range: ClosedRange<Int>, _ name: String) throws(ScheduleError) -> Set<
    Int
  > {
    var numbers: Set<Int> = []
    for item in field.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = item.pathParts
      let ends =
        parts.first.map {
          $0 == "*"
            ? ["\(range.lowerBound)", "\(range.upperBound)"]
            : $0.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        } ?? []
      let step = parts.count == 2 ? Int(parts[1]) : 1
      guard parts.count <= 2, (1...2).contains(ends.count), let first = Int(ends[0]),
        let last = Int(ends[ends.count - 1]),
        let step, step > 0, first <= last, range.contains(first), range.contains(last),
        parts.count == 1 || ends.count == 2, !item.contains("+")
      else {
        throw ScheduleError(
          "has a \(name) \(item): numbers from \(range.lowerBound) to \(range.upperBound), a-b, */n and lists are allowed"
        )
      }
      numbers.formUnion(stride(from: first, through: last, by: step))
    }
    return numbers
  }
}

/// A schedule that cannot be read.
package struct ScheduleError: Error, Sendable, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}

extension Frequency {
  /// Days within which a new delivery is promised; nil where nothing is.
  package var promisedDays: Int? {
    switch self {
    case .continuous, .daily: 1
    case .weekly: 7
    case .monthly: 31
    case .quarterly: 92
    case .halfYearly: 184
    case .yearly: 366
    case .irregular, .never: nil
    }
  }
}
