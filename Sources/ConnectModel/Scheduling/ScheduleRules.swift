/// What the guide asks of a schedule (SCH-3), with its reasons.
public enum ScheduleRules {
    /// What does not depend on the time: days of the month.
    public static func problems(_ schedule: Schedule, monthEndAllowed: Bool) -> [Problem] {
        guard case .monthly(let day, _) = schedule.recurrence else { return [] }
        let reason = "because leap years and months of different lengths would leave runs out"
        switch day {
        case .day(let number) where number > 28:
            let advice = monthEndAllowed ? "choose day: last, the last day of the month, or one from 1 to 28" : "choose a day from 1 to 28"
            return [Problem(path: "schedule.day", message: "A monthly schedule cannot be on day \(number), \(reason): \(advice).")]
        case .last where !monthEndAllowed:
            return [Problem(path: "schedule.day", message: "Only exports may run on the last day of the month; choose a day from 1 to 28.")]
        default: return []
        }
    }

    /// What does: asked when a schedule is new or has changed, and when its job is activated. `now` in seconds since 1970 UTC.
    public static func timeProblems(_ schedule: Schedule, at now: Int64) -> [Problem] {
        guard let calculator = try? StartCalculator(schedule, seed: 0), let clock = LocalClock(zone: schedule.zone) else { return [] }
        guard calculator.first(after: now) == nil else { return [] }
        switch schedule.recurrence {
        case .onDemand, .fileArrival:
            guard schedule.isExpired(at: now) else { return [] }
            return [
                Problem(
                    path: "schedule.until",
                    message: "The day of expiry, \(schedule.until?.description ?? ""), is over. Set a later one, or take it out.")
            ]
        case .once(let date, let slot):
            guard let begin = clock.instant(date, secondOfDay: slot.secondOfDay) else {
                return [
                    Problem(path: "schedule.date", message: "\(date) \(slot.text) does not exist in \(schedule.zone): its clocks leave that day out.")
                ]
            }
            let isRunning = now < begin + Int64(Quarter.minutes * 60)
            let state =
                isRunning
                ? "has begun already, and the start may fall on any of its minutes, also on one that has passed"
                : "lies in the past"
            return [
                Problem(
                    path: "schedule.slot",
                    message: "The slot \(slot.text) on \(date) (\(schedule.zone)) \(state). The next possible slot is \(nextSlot(clock, after: now))."
                )
            ]
        case .hourly, .daily, .weekly, .monthly:
            let end = schedule.until.map { " before its end, \($0)" } ?? ""
            return [Problem(path: "schedule.until", message: "This schedule has no start any more\(end). Set a later end, or take it out.")]
        }
    }

    /// "2026-11-26, hour 14, slot 15-29".
    private static func nextSlot(_ clock: LocalClock, after now: Int64) -> String {
        let quarters = Quarter.allCases.compactMap { quarter in
            (try? StartCalculator(Schedule(.hourly(quarter), zone: clock.identifier), seed: 0))?.first(after: now)?.slot
        }
        guard let next = quarters.min() else { return "tomorrow's" }
        let text = clock.text(at: next).split(separator: " ")
        let time = text[1].split(separator: ":")
        let quarter = Quarter.allCases.first { $0.firstMinute == Int(time[1]) } ?? .first
        return "\(text[0]), hour \(Int(time[0]) ?? 0), slot \(quarter.rawValue)"
    }
}
