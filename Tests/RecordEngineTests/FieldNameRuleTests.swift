import ConnectModel
import RecordEngine
import Testing

/// Names of fields, rule by rule of the guide (§3.5), with the sentences that people read (IMP-6, domain facts §2.3).
@Suite struct FieldNameRuleTests {
    private let target = MappingTarget(AudienceTable(name: "CONTACTS", customFields: [Field("FIRST_NAME", .str100)]))

    private func problems(_ header: [String], newFields: [Field] = [], manual: [String: String] = [:]) -> [Problem] {
        MappingPlan.make(header: ["EMAIL"] + header, target: target, manual: manual, newFields: newFields, policy: MergePolicy()).problems
    }

    @Test("IMP-6, guide §3.5: long names are cut at 30 characters; one that a job spells out is told which name would do")
    func long() {
        let long = "A_FIELD_WITH_MORE_THAN_THIRTY_CHARACTERS"
        #expect(FieldNameRule.normalised(long) == "A_FIELD_WITH_MORE_THAN_THIRTY_")
        let table = MappingTarget(AudienceTable(name: "CONTACTS", customFields: [Field("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123", .str25)]))
        let plan = MappingPlan.make(header: ["EMAIL", "abcdefghijklmnopqrstuvwxyz0123456789"], target: table, policy: MergePolicy())
        #expect(plan.columns.last?.field.name == "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123")
        #expect(
            FieldNameRule.problem(with: "abcdefghijklmnopqrstuvwxyz01234")
                == "\"abcdefghijklmnopqrstuvwxyz01234\" has 31 characters; a field's name has at most 30. \"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123\" would do."
        )
    }

    @Test("IMP-6, guide §3.5: a name begins with a letter or digit and holds letters, digits and _ only")
    func characters() {
        #expect(FieldNameRule.problem(with: "1ST_ORDER") == nil)
        #expect(FieldNameRule.problem(with: "_TIER") == "\"_TIER\" begins with _; a field's name begins with a letter or digit.")
        #expect(FieldNameRule.problem(with: "FIRST NAME") == "\"FIRST NAME\" holds \" \"; a field's name is made of letters A to Z, digits and _.")
        #expect(FieldNameRule.problem(with: "GRÖSSE") == "\"GRÖSSE\" holds \"Ö\"; a field's name is made of letters A to Z, digits and _.")
        #expect(FieldNameRule.problem(with: "") == "A field needs a name.")
        #expect(
            problems(["x"], newFields: [Field("BAD-NAME", .str25)]).contains { $0.path == "mapping.new_fields.BAD-NAME" && $0.severity == .error })
    }

    @Test("IMP-6, guide §3.5: names are upper case whatever the file or the job has")
    func upperCase() {
        let plan = MappingPlan.make(
            header: ["email", "first_name", "Tier"], target: target, newFields: [Field("tier", .str25)], policy: MergePolicy())
        #expect(plan.columns.map(\.field.name) == ["EMAIL_ADDRESS_", "FIRST_NAME", "TIER"])
        #expect(plan.newFields == [Field("TIER", .str25)])
    }

    @Test("IMP-6, guide §3.5: names that become one have to be renamed, and both are named")
    func duplicates() {
        #expect(
            problems(["first-name", "FIRST_NAME"]).map(\.message)
                == ["Columns 2 and 3 of the file (\"first-name\" and \"FIRST_NAME\") both become FIRST_NAME; rename one of them."])
        #expect(problems(["TIER", "TIER"]).map(\.message) == ["Columns 2 and 3 of the file are both named \"TIER\"; rename one of them."])
        let same = problems(["tier", "level"], newFields: [Field("tier", .str25), Field("TIER", .str25)])
        #expect(same.map(\.message).contains("The new field TIER is named twice."))
    }

    @Test("IMP-6, guide §3.5: a name that ends in _ is a system field's; another's is warned of and loaded all the same")
    func reserved() {
        let found = problems(["NOTE_"], newFields: [Field("NOTE_", .str25)])
        #expect(found.map(\.severity) == [.warning])
        #expect(found.map(\.message) == ["NOTE_ ends in _, which is reserved for system fields; better choose a name without it."])
        let plan = MappingPlan.make(header: ["EMAIL_DOMAIN_", "EMAIL"], target: target, policy: MergePolicy())
        #expect(plan.unmapped.map(\.reason) == ["EMAIL_DOMAIN_ is set by the host"])
    }

    @Test("IMP-6, guide §3.5: like-named columns are matched, CUST_ID with CUSTOMER_ID_")
    func alike() {
        let plan = MappingPlan.make(header: ["E-mail", "CUST_ID", "firstname"], target: target, policy: MergePolicy())
        #expect(plan.columns.map(\.field.name) == ["EMAIL_ADDRESS_", "CUSTOMER_ID_", "FIRST_NAME"])
        #expect(plan.columns[1].reason == "CUST_ID -> CUSTOMER_ID_ (known alias)")
    }
}
