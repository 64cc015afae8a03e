import ConnectModel

/// The section that every kind of job and every group has: when it starts by itself (SCH-1). `ScheduleDefinition` reads it.
public enum ScheduleFields {
    public static let all: [JobField] = [
        JobField(
            "schedule.repeat", .choice(ScheduleDefinition.Repeat.allCases.map(\.rawValue)), default: .string("on_demand"), example: "daily",
            "When it starts: on_demand only when asked, once on a date, hourly, daily, weekly, monthly, or file_arrival when its file is there."),
        JobField(
            "schedule.slot", .choice(Quarter.allCases.map(\.rawValue)), example: "15-29",
            "The quarter of the hour in which it starts; the host chooses the minute, so that starts spread evenly (SCH-2)."),
        JobField("schedule.hour", .integer(minimum: 0, maximum: 23), example: "2", "The hour of the day in `schedule.zone`; not for hourly."),
        JobField("schedule.days", .choices(Weekday.allCases.map(\.rawValue)), example: "[mon, thu]", "Days of the week, for weekly."),
        JobField("schedule.day", .dayOfMonth, example: "1", "Day of the month, 1 to 28, for monthly; exports may also say last (SCH-3)."),
        JobField("schedule.date", .string, example: "2026-12-24", "The date, for once."),
        JobField(
            "schedule.zone", .string, default: .string("UTC"), example: "Europe/Berlin",
            "Time zone. Where clocks go forward, a time that is left out becomes as much later; where they go back, the first of two counts; "
                + "so a daily job starts once on each local day."),
        JobField("schedule.from", .string, example: "2026-12-01", "The first day on which it may start."),
        JobField(
            "schedule.until", .string, example: "2027-06-30",
            "The last day on which it may start, by itself or by hand: the job's expiry date; not for once."),
        JobField(
            "schedule.missed", .choice(Schedule.MissedPolicy.allCases.map(\.rawValue)), default: .string("run_once"), example: "skip",
            "Starts that passed while no host was running: run_once starts once in place of them all, skip leaves them out; both are logged (SCH-4)."),
        JobField(
            "schedule.every_seconds", .integer(minimum: 5, maximum: 86_400), default: .integer(60), example: "60",
            "For file_arrival: how often the directory is looked at."),
        JobField(
            "schedule.ready_file", .string, example: "\"{NAME}.ready\"",
            "For file_arrival: a file beside it that says it is whole; {NAME} stands for the data file's name up to its first dot. The same as `file.ready_file`, "
                + "which counts where this is left out; then the job's count file; else the file must be the same in two looks."),
    ]
}

extension JobKind {
    /// The kind's own fields and those that every kind has.
    public var allFields: [JobField] { fields + ScheduleFields.all }
}
