import Publication
import Testing

@Suite struct ScheduleTests {
  /// Eight hours before UTC all year round, as Shanghai is.
  private let zone = CivilZone(
    show: { instant in
      let local = instant.secondsSince1970 + 28_800
      return (CivilDate(daysSince1970: local / 86_400), local % 86_400 / 60)
    },
    find: { date, minute in Instant(secondsSince1970: date.daysSince1970 * 86_400 + minute * 60 - 28_800) })

  private let calendar: WorkCalendar = {
    func days(_ texts: String...) -> Set<CivilDate> { Set(texts.compactMap { CivilDate($0) }) }
    return WorkCalendar(
      holidays: days(
        "2026-01-01", "2026-01-02", "2026-01-03", "2026-05-01", "2026-05-04", "2026-05-05", "2026-10-01", "2026-10-02",
        "2026-10-05", "2026-10-06", "2026-10-07"),
      workedWeekendDays: days("2026-01-04", "2026-05-09"), years: [2026])
  }()

  private func moments(_ schedule: String, after start: String, count: Int) throws -> [String] {
    let schedule = try Schedule(schedule, calendar: calendar)
    var moment = try #require(Instant(start))
    return try (0..<count).map { _ in
      moment = try #require(schedule.next(after: moment, in: zone))
      return zone.text(moment)
    }
  }

  @Test(arguments: [
    ("0 6 1 * *", ["2026-02-01 06:00", "2026-03-01 06:00"]),
    ("30 23 31 * *", ["2026-01-31 23:30", "2026-03-31 23:30"]),
    ("0 0 29 2 *", ["2028-02-29 00:00", "2032-02-29 00:00"]),
    ("*/20 8-9 * * *", ["2026-01-02 08:00", "2026-01-02 08:20", "2026-01-02 08:40", "2026-01-02 09:00"]),
    ("5 4 * * 0", ["2026-01-04 04:05", "2026-01-11 04:05"]), ("5 4 * * 7", ["2026-01-04 04:05"]),
    ("0 1 * * 1,3", ["2026-01-05 01:00", "2026-01-07 01:00"]),
    // Either is enough, as with cron: the 13th, and Fridays.
    ("0 0 13 * 5", ["2026-01-02 00:00", "2026-01-09 00:00", "2026-01-13 00:00", "2026-01-16 00:00"]),
    // New Year's holiday ends on a Sunday that is worked; Labour Day and National Day push the first working day back.
    (
      "0 9 1W * *",
      [
        "2026-01-04 09:00", "2026-02-02 09:00", "2026-03-02 09:00", "2026-04-01 09:00", "2026-05-06 09:00",
        "2026-06-01 09:00", "2026-07-01 09:00", "2026-08-03 09:00", "2026-09-01 09:00", "2026-10-08 09:00",
      ]
    ),
    ("0 9 3W 5 *", ["2026-05-08 09:00"]), ("0 9 4W 5 *", ["2026-05-09 09:00"]),
    ("0 18 LW * *", ["2026-01-30 18:00", "2026-02-27 18:00"]),
    (
      "0 7 * 5 W", ["2026-05-06 07:00", "2026-05-07 07:00", "2026-05-08 07:00", "2026-05-09 07:00", "2026-05-11 07:00"]
    ),
  ])
  func theNextMomentsAreThoseOfCron(schedule: String, expected: [String]) throws {
    #expect(try moments(schedule, after: "2026-01-01T15:00:00Z", count: expected.count) == expected)
  }

  @Test func theLatestMomentIsTheOneBeforeTheNext() throws {
    for text in ["0 6 1 * *", "*/7 * * * *", "0 9 1W * *", "0 0 * * 1"] {
      let schedule = try Schedule(text, calendar: calendar)
      for start in stride(from: 1_767_200_000, to: 1_790_000_000, by: 1_234_567) {
        let now = Instant(secondsSince1970: start)
        let latest = try #require(schedule.latest(atOrBefore: now, in: zone))
        let next = try #require(schedule.next(after: now, in: zone))
        #expect(latest <= now && now < next)
        #expect(
          schedule.next(after: latest, in: zone) == next && schedule.latest(atOrBefore: latest, in: zone) == latest)
      }
    }
  }

  @Test(arguments: [
    "", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * * 8", "a * * * *",
    "1-0 * * * *", "*/0 * * * *", "1,,2 * * * *", "5/2 * * * *", "* * 1W * 1", "* * 16W * *", "* * 0W * *", "* * 1 * W",
    "0 0 30 2 *", "0 0 31 2,4 *", "-1 * * * *", "+1 * * * *",
  ])
  func whatIsNoScheduleIsRefused(text: String) {
    #expect(throws: ScheduleError.self) { try Schedule(text, calendar: calendar) }
  }

  @Test func httpDatesAreReadBack() throws {
    #expect(Instant(secondsSince1970: 784_111_777).httpDate == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(Instant.at(httpDate: "Sun, 06 Nov 1994 08:49:37 GMT")?.secondsSince1970 == 784_111_777)
    for bad in [
      "Mon, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "", "Sun, 06 Nov 1994 08:49:37",
      "Sun, 31 Feb 1994 08:49:37 GMT",
    ] {
      #expect(Instant.at(httpDate: bad) == nil)
    }
  }
}
