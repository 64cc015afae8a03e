import ConnectModel
import RecordEngine
import Testing

@Suite struct MappingPlanTests {
    private let target = MappingTarget(AudienceTable(name: "CONTACTS", customFields: [Field("FIRST_NAME", .str100), Field("TIER", .str25)]))

    private func pairs(_ plan: MappingPlan) -> [String] { plan.columns.map { "\($0.sourceName)>\($0.field.name)" } }
    private func errors(_ plan: MappingPlan) -> [String] { plan.problems.filter { $0.severity == .error }.map(\.path) }

    @Test("IMP-6: like-named columns find their fields, each with its reason") func automatic() {
        let header = ["CUST_ID", "email_address_", "Mobile", "firstname", "tier", "note", "RIID"]
        let plan = MappingPlan.make(header: header, target: target, policy: MergePolicy())
        #expect(
            pairs(plan) == ["CUST_ID>CUSTOMER_ID_", "email_address_>EMAIL_ADDRESS_", "Mobile>MOBILE_NUMBER_", "firstname>FIRST_NAME", "tier>TIER"])
        #expect(plan.columns[0].reason == "CUST_ID -> CUSTOMER_ID_ (known alias)" && plan.columns[1].reason == "same name")
        #expect(plan.columns[0].confidence < plan.columns[1].confidence)
        #expect(plan.unmapped.map(\.sourceName) == ["note", "RIID"])
        #expect(plan.unmapped[1].reason == "RIID_ is set by the host")
        #expect(plan.isUsable && plan.problems.isEmpty)
    }

    @Test("IMP-6: the job's own mapping overrules names, and adds new fields") func manual() {
        let plan = MappingPlan.make(
            header: ["mail", "email", "score"], target: target, manual: ["MAIL": "email_address_", "score": "POINTS"],
            newFields: [Field("points", .integer), Field("UNUSED", .str25), Field("TIER", .str50)], policy: MergePolicy())
        #expect(pairs(plan) == ["mail>EMAIL_ADDRESS_", "score>POINTS"])
        #expect(plan.newFields == [Field("POINTS", .integer)])
        #expect(plan.unmapped.map(\.reason) == ["EMAIL_ADDRESS_ is taken by \"mail\""])
        #expect(plan.isUsable && plan.problems.map(\.path) == ["mapping.new_fields.TIER", "mapping.new_fields.UNUSED"])
    }

    @Test("IMP-6: everything that is wrong is reported at once") func problems() {
        let plan = MappingPlan.make(
            header: ["a", "b", "c", "d"], target: target, manual: ["a": "TIER", "b": "tier", "c": "FIRSTNAME", "d": "EMAIL_DOMAIN_", "zz": "TIER"],
            newFields: [Field("BAD NAME", .str25), Field("ENDS_", .str25)], ignored: ["nope"], policy: MergePolicy(rejectIfEmpty: [.mobile]))
        #expect(
            errors(plan) == [
                "mapping.new_fields.BAD NAME", "mapping.fields.b", "mapping.fields.c", "mapping.fields.d", "mapping.fields.zz", "target.match",
                "target.reject_if_empty",
            ])
        #expect(plan.problems.first { $0.path == "mapping.fields.c" }?.suggestions == ["FIRST_NAME"])
        #expect(plan.problems.first { $0.path == "mapping.fields.b" }?.message.contains("Both \"a\" and \"b\"") == true)
        #expect(plan.problems.contains { $0.path == "mapping.new_fields.ENDS_" && $0.severity == .warning && $0.message.contains("reserved") })
        #expect(plan.problems.contains { $0.path == "mapping.ignore" && $0.severity == .warning })
    }

    @Test("IMP-6: names that become one after the rules are an error that names both, unless one is ignored") func duplicates() {
        let header = ["EMAIL", "first-name", "FIRST_NAME"]
        let plan = MappingPlan.make(header: header, target: target, policy: MergePolicy())
        #expect(errors(plan) == ["file.header"])
        #expect(plan.problems[0].message.contains("first-name") && plan.problems[0].message.contains("FIRST_NAME"))
        #expect(MappingPlan.make(header: header, target: target, ignored: ["first-name"], policy: MergePolicy()).isUsable)
        let long = String(repeating: "L", count: 31)
        #expect(errors(MappingPlan.make(header: ["EMAIL", long, long + "X"], target: target, policy: MergePolicy())) == ["file.header"])
    }

    @Test("IMP-6: the surest of several columns gets the field; equals are an error") func rivals() {
        let surer = MappingPlan.make(header: ["EMAIL", "EMAIL_ADDRESS_"], target: target, policy: MergePolicy())
        #expect(pairs(surer) == ["EMAIL_ADDRESS_>EMAIL_ADDRESS_"] && surer.isUsable && surer.problems.count == 1)
        #expect(errors(MappingPlan.make(header: ["EMAIL", "MAIL"], target: target, policy: MergePolicy())) == ["mapping.fields"])
    }

    @Test("IMP-6, CON-9: problems speak of the file or of the stream, whichever the columns are of", arguments: [ColumnOrigin.file, .stream])
    func origin(_ origin: ColumnOrigin) {
        let other = origin == .file ? "stream" : "file"
        let plans = [
            MappingPlan.make(
                header: ["a", "a", "d"], from: origin, target: target, manual: ["a": "TIER", "d": "EMAIL_DOMAIN_", "zz": "TIER"],
                newFields: [Field("NEW", .str25)], ignored: ["nope"], policy: MergePolicy()),
            MappingPlan.make(header: ["x", "X"], from: origin, target: target, policy: MergePolicy()),
        ]
        let problems = plans.flatMap(\.problems)
        #expect(problems.count >= 8 && plans[1].problems[0].path == (origin == .file ? "file.header" : "source.stream"))
        #expect(problems.allSatisfy { !$0.message.contains(other) }, "\(problems.map(\.message))")
        #expect(problems.filter { $0.message.contains(origin.rawValue) }.count == problems.count, "\(problems.map(\.message))")
    }

    @Test("IMP-8: fields of the host may be loaded as keys only") func keys() {
        let policy = MergePolicy(match: ["RIID_"], onNoMatch: .skip)
        #expect(pairs(MappingPlan.make(header: ["RIID_", "TIER"], target: target, policy: policy)) == ["RIID_>RIID_", "TIER>TIER"])
        let none = MappingPlan.make(header: ["x"], target: target, auto: false, policy: policy)
        #expect(errors(none) == ["target.match", "mapping"])
    }

    @Test("IMP-6: the rule for names of fields") func fieldNames() {
        #expect(FieldNameRule.normalised("  e-mail Address!") == "E_MAIL_ADDRESS_")
        #expect(FieldNameRule.normalised("_x") == "X" && FieldNameRule.normalised("1st") == "1ST" && FieldNameRule.normalised("größe") == "GR_SSE")
        #expect(FieldNameRule.normalised(String(repeating: "a", count: 40)).count == 30)
        for (name, isGood) in [
            ("TIER", true), ("1ST", true), ("a_b", true), ("", false), ("_A", false), ("A B", false), (String(repeating: "A", count: 31), false),
        ] {
            #expect((FieldNameRule.problem(with: name) == nil) == isGood, "\(name)")
        }
    }

    @Test("IMP-6: a mapping file gives the names of another file's columns") func mappingFile() throws {
        let source = MemorySource(Array("CUST_ID;\"E-MAIL\"\nx;y\n".utf8))
        #expect(try MappingFile.columnNames(in: source, format: DelimitedFormat(delimiter: ";", hasHeader: false)) == ["CUST_ID", "E-MAIL"])
    }
}

@Suite struct FileNamePatternTests {
    private let time = CalendarTime(year: 2026, month: 3, day: 9, hour: 4, minute: 5, second: 6)

    static let names: [(String, String)] = [
        ("plain.csv", "plain.csv"), ("x_{YYYYMMDD}.csv", "x_20260309.csv"), ("{YY}{MM}{DD}_x", "260309_x"),
        ("x{YYYY-MM-DD_HH24MISS}", "x2026-03-09_040506"),
        ("{MI}{SS}*.c?v", "0506*.c?v"), ("{YYYYMM}-{HH24.MI}", "202603-04.05"),
    ]

    @Test("IMP-2: date tokens are filled in", arguments: names)
    func resolves(pattern: String, expected: String) throws {
        #expect(FileNamePattern.problems(in: pattern).isEmpty)
        #expect(try FileNamePattern(pattern).resolved(at: time) == expected)
    }

    @Test("IMP-2: what is no token is a problem that names it", arguments: ["x{YYYYMMD}", "x{}", "x{yyyy}", "x{YYYY", "x}", "", "a/b", "..", "{-}"])
    func refuses(pattern: String) {
        #expect(!FileNamePattern.problems(in: pattern).isEmpty)
        #expect(throws: ConnectError.self) { try FileNamePattern(pattern).resolved(at: time) }
    }

    @Test("IMP-2, T04: a pattern of any text is a name or a problem, and every name that is one fits it")
    func anyText() {
        let pieces = [
            "{", "}", "{}", "{YYYYMMDD}", "YYYY", "{MM}", "{HH24", "MI}", "{NAME}", "-", ".", "*", "?", "/", "..", "\0", "ä", "\u{301}", "🙂",
            "\u{202E}", "\n", "a",
        ]
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 0...9, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            let name = try? FileNamePattern(text).resolved(at: time)
            #expect((name != nil) == FileNamePattern.problems(in: text).isEmpty, "\(text.debugDescription)")
            if let name {
                #expect(!name.contains { "/{}\0".contains($0) } && name != "..", "\(text.debugDescription)")
                #expect(FileNamePattern.matches(name, glob: name))
            }
            guard !text.contains("*"), !text.contains("?") else { continue }
            let beside = try? FileNamePattern(text).resolved(at: time, beside: "{x}*.csv")
            #expect((beside != nil) == FileNamePattern.problems(in: text, of: "count").isEmpty, "\(text.debugDescription)")
        }
    }

    @Test("IMP-2: globs") func globs() {
        let cases: [(String, String, Bool)] = [
            ("a.csv", "a.csv", true), ("a.csv", "*.csv", true), ("a.csv", "?.csv", true), ("ab.csv", "?.csv", false), ("", "*", true),
            ("", "?", false),
            ("abcabd", "*ab?", true), ("abcabd", "*abc", false), ("aXbXc", "a*b*c", true), ("a[1].csv", "a[1].csv", true), ("A.csv", "a.csv", false),
            ("äb", "?b", true), ("x", "", false),
        ]
        for (name, glob, expected) in cases { #expect(FileNamePattern.matches(name, glob: glob) == expected, "\(name) \(glob)") }
        #expect(FileNamePattern.matches(String(repeating: "a", count: 5000), glob: String(repeating: "a*", count: 50) + "b") == false)
    }
}
