import ConnectModel
import RunEngine
import Testing

@Suite struct JobSchemaTests {
    private let schema = JobSchema(ListImport())
    private let valid: [String: JSONValue] = [
        "file": .object(["name": .string("a.csv")]), "target": .object(["list": .string("CONTACTS")]),
    ]

    @Test("MGT-6: the least a job needs is enough, and defaults are filled in")
    func defaults() throws {
        #expect(schema.problems(in: valid).isEmpty)
        let definition = try ImportDefinition(valid, of: ListImport())
        #expect(definition.directory == "upload")
        #expect(definition.target.policy.match == ["EMAIL_ADDRESS_"])
        #expect(definition.target.policy.defaultPermission == .optOut)
        #expect(definition.problems().isEmpty)
    }

    @Test("MGT-6: every mistake is reported at once, with its place")
    func allProblems() {
        let wrong: [String: JSONValue] = [
            "file": .object(["nam": .string("a.csv"), "header": .string("yes")]),
            "target": .object(["list": .string("C"), "on_match": .string("replace"), "match": .array([.string("PHONE")])]),
            "limits": .object(["max_rejected_percent": .integer(120)]),
            "colour": .string("red"),
        ]
        let paths = Set(schema.problems(in: wrong).map(\.path))
        #expect(paths == ["file.nam", "file.header", "file.name", "target.on_match", "target.match", "limits.max_rejected_percent", "colour"])
    }

    @Test(
        "IMP-8: what cannot be matched together or inserted is refused",
        arguments: [
            (["EMAIL_MD5_HASH_", "EMAIL_ADDRESS_"], "insert"), (["EMAIL_MD5_HASH_"], "insert"), (["RIID_"], "insert"),
            (["CUSTOMER_ID_", "CUSTOMER_ID_"], "insert"),
        ])
    func matchRules(_ match: [String], _ onNoMatch: String) throws {
        var definition = valid
        definition["target"] = .object([
            "list": .string("C"), "match": .array(match.map(JSONValue.string)), "on_no_match": .string(onNoMatch),
        ])
        #expect(try !ImportDefinition(definition, of: ListImport()).problems().isEmpty)
    }

    @Test("FS-4: directories that would leave the server's are refused", arguments: ["../x", "/etc", "a//b", "a/../b", "."])
    func directories(_ directory: String) throws {
        var definition = valid
        definition["file"] = .object(["name": .string("a.csv"), "directory": .string(directory)])
        #expect(try !ImportDefinition(definition, of: ListImport()).problems().isEmpty)
    }

    @Test("MGT-6: the template of a kind names every field of it")
    func template() {
        let kind = ListImport()
        for field in kind.fields {
            // Fields of a group stand below its name.
            for name in field.name.split(separator: ".") { #expect(kind.template.contains("\(name):"), "\(field.path) is missing from the template") }
        }
    }
}
