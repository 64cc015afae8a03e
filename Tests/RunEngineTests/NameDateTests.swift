import RecordEngine
import Testing

@testable import RunEngine

@Suite struct NameDateTests {
    private let time = CalendarTime(year: 2026, month: 1, day: 31, hour: 4, minute: 5, second: 6)

    @Test(
        "IMP-2: the run's date stands before or behind the name in the form that the job asks for",
        arguments: [
            ("list.csv", "YYYYMMDD", "none", "_", "20260131_list.csv"), ("list.csv", "none", "YYYY-MM-DD", "-", "list-2026-01-31.csv"),
            ("list.csv.gz.gpg", "none", "DDMMYYYY", "", "list31012026.csv.gz.gpg"), ("list", "MMDDYYYY", "YYMMDD", ".", "01312026.list.260131"),
            ("list_{DD.MM}.csv", "none", "YYYYMMDD_HH24MISS", "_", "list_31.01_20260131_040506.csv"), ("a.csv", "none", "none", "_", "a.csv"),
        ])
    func names(name: String, prefix: String, suffix: String, separator: String, expected: String) throws {
        let pattern = NameDate.pattern(name: name, prefix: prefix, suffix: suffix, separator: separator)
        #expect(FileNamePattern.problems(in: pattern).isEmpty)
        #expect(try FileNamePattern(pattern).resolved(at: time) == expected)
    }

    @Test("IMP-2, domain §5.2: every form that a job may name is a date", arguments: NameDate.allNames)
    func forms(form: String) throws {
        let name = try FileNamePattern(NameDate.pattern(name: "a.csv", prefix: form, suffix: "none", separator: "_")).resolved(at: time)
        #expect(form == "none" ? name == "a.csv" : name.hasSuffix("_a.csv") && !name.contains("{") && name.contains("31"))
    }
}
