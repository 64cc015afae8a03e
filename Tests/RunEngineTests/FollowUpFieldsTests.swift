import ConnectModel
import RunEngine
import Testing

@Suite struct FollowUpFieldsTests {
    private func problems(_ options: [String: JSONValue]) -> [String] {
        FollowUpFields.problems(in: ["options": .object(options)]).map(\.path)
    }

    @Test("IMP-16: every mistake of the options is reported at once, with its place")
    func mistakes() {
        let found = problems([
            "notify": .object(["when": .string("always"), "to": .array([.string("nobody"), .string("x y@z")]), "no_file_by": .string("25:00")]),
            "event": .object(["name": .string("a b")]),
            "launch": .object([
                "campaigns": .array([.string("A"), .string("A")]), "progress_every": .integer(7), "failure_to": .array([.string("eve")]),
            ]),
        ])
        #expect(
            found.sorted() == [
                "options.event.name", "options.launch.campaigns", "options.launch.failure_to", "options.launch.progress_every",
                "options.launch.progress_to",
                "options.notify.no_file_by", "options.notify.to", "options.notify.to",
            ])
    }

    @Test("IMP-16: a notification without anybody to notify, and alerts without a campaign, are mistakes")
    func incomplete() {
        #expect(problems(["notify": .object(["when": .string("failure")])]) == ["options.notify.to"])
        #expect(problems(["notify": .object(["when": .string("never")])]).isEmpty)
        #expect(problems(["launch": .object(["failure_to": .array([.string("ann@example.com")])])]) == ["options.launch.campaigns"])
        #expect(problems(["event": .object(["with_records": .bool(true)])]) == ["options.event.name"])
    }

    @Test("IMP-16: what stands in a group of fields is checked by name and type like everything else")
    func nested() {
        let schema = JobSchema(ListImport())
        let found = schema.problems(in: [
            "file": .object(["name": .string("a.csv")]), "target": .object(["list": .string("L")]),
            "options": .object(["notify": .object(["whem": .string("always"), "to": .string("ann@example.com")]), "launch": .string("A")]),
        ])
        #expect(found.map(\.path) == ["options.launch", "options.notify.to", "options.notify.whem"])
        #expect(found.last?.suggestions == ["when"])
        let filled = schema.filled(["options": .object(["notify": .object(["to": .array([])])])])
        #expect(filled["options"]?["notify"]?["when"] == .string("failure"))
        #expect(filled["options"]?["fail_if_empty"] == .bool(false))
    }
}
