import ConnectModel
import StoreAPI
import StoreTesting
import Testing

@Suite("Lists of a store")
struct ListTests {
    @Test("IMP-1: a new list has the system fields, then its own, and no rows", arguments: StoreKind.allCases)
    func creation(kind: StoreKind) throws {
        let test = try kind.make()
        let list = try test.store.table(named: "CONTACTS")
        #expect(list.fields == ProfileList.systemFields + TestStore.customFields)
        #expect(try test.store.lists() == [list])
        #expect(try test.store.count(of: "CONTACTS") == 0)
    }

    @Test("IMP-1: a name that is taken, not allowed or unknown is refused with its own code", arguments: StoreKind.allCases)
    func names(kind: StoreKind) throws {
        let test = try kind.make()
        func code(_ body: () throws -> Void) -> String? {
            do { try body() } catch let error as ConnectError { return error.code } catch {}
            return nil
        }
        #expect(code { try test.store.create(AudienceTable(name: "CONTACTS", customFields: [])) } == "table.exists")
        for name in ["", " A", "A;B", "\"", "Ä", String(repeating: "A", count: 101)] {
            #expect(code { try test.store.create(AudienceTable(name: name, customFields: [])) } == "table.name")
        }
        #expect(code { try test.store.create(AudienceTable(name: "X", customFields: [Field("EMAIL_ADDRESS_", .str25)])) } == "field.name")
        for name in ["", "_A", "a", "A B", "Ä", "RIID_", "PROFILE_RIID_", "ROW_ID_", "CHANGED_IN_", String(repeating: "A", count: 101)] {
            #expect(code { try test.store.create(AudienceTable(name: "X", customFields: [Field(name, .str25)])) } == "field.name", "\(name)")
        }
        #expect(code { try test.store.create(AudienceTable(name: "X", customFields: [Field("A", .str25), Field("A", .str50)])) } == "field.exists")
        #expect(code { _ = try test.store.count(of: "OTHERS") } == "table.missing")
        try test.store.create(AudienceTable(name: "Aa0_ !-=@[]{}x", customFields: []))
        #expect(try test.store.lists().map(\.name) == ["Aa0_ !-=@[]{}x", "CONTACTS"])
    }

    @Test("IMP-6: fields added to a list with rows are empty in them and can be loaded", arguments: StoreKind.allCases)
    func addedFields(kind: StoreKind) throws {
        let test = try kind.make()
        try test.apply(TestLoad(fields: ["EMAIL_ADDRESS_"], rows: [["a@x.com"], ["b@x.com"]]))
        try test.store.addFields([Field("SIZE", .number)], to: "CONTACTS")
        #expect(try test.rows(["SIZE"]) == [[nil], [nil]])
        try test.apply(TestLoad(fields: ["EMAIL_ADDRESS_", "SIZE"], rows: [["b@x.com", "4.5"], ["c@x.com", "7"]], run: 2))
        #expect(try test.rows(["EMAIL_ADDRESS_", "SIZE"]) == [["a@x.com", nil], ["b@x.com", "4.5"], ["c@x.com", "7"]])
    }

    @Test("IMP-6: a field's name may begin with a digit, and end in _ where it is no system field's (guide §3.5)", arguments: StoreKind.allCases)
    func unusualFields(kind: StoreKind) throws {
        let test = try kind.make()
        try test.store.addFields([Field("1ST", .number), Field("ENDS_", .str25)], to: "CONTACTS")
        try test.apply(TestLoad(fields: ["EMAIL_ADDRESS_", "1ST", "ENDS_"], rows: [["a@x.com", "1", "x"], ["b@x.com", "2", "y"]]))
        try test.apply(TestLoad(fields: ["EMAIL_ADDRESS_", "1ST"], rows: [["b@x.com", "3"]], run: 2))
        #expect(try test.rows(["1ST", "ENDS_"], where: "\"1ST\" > 1 AND ENDS_ = 'y'") == [["3", "y"]])
    }

    @Test("IMP-17: a dropped list is gone, and what was loaded into it stays in the ledger", arguments: StoreKind.allCases)
    func dropping(kind: StoreKind) throws {
        let test = try kind.make()
        let load = TestLoad(fields: ["EMAIL_ADDRESS_"], rows: [["a@x.com"]])
        try test.apply(load)
        try test.store.dropTable(named: "CONTACTS")
        #expect(try test.store.lists().isEmpty)
        #expect(try test.store.appliedLoad(run: load.run)?.counts.inserted == 1)
        try test.store.create(AudienceTable(name: "CONTACTS", customFields: []))
        #expect(try test.store.count(of: "CONTACTS") == 0)
    }

    @Test("IMP-1: a query shows fields as text, hashes in hexadecimal, under a condition and a limit", arguments: StoreKind.allCases)
    func query(kind: StoreKind) throws {
        let test = try kind.make()
        try test.apply(
            TestLoad(
                fields: ["EMAIL_ADDRESS_", "POINTS", "SPEND", "EMAIL_MD5_HASH_"],
                rows: [["a@x.com", "5", "1.50", "0123456789abcdef"], ["b@x.com", "-70000", "1e3", ""], ["c@x.com", "9007199254740993", "0.1", ""]]))
        #expect(
            try test.rows(["POINTS", "SPEND", "EMAIL_MD5_HASH_"]) == [
                ["5", "1.5", "30313233343536373839616263646566"], ["-70000", "1000", nil], ["9007199254740993", "0.1", nil],
            ])
        #expect(try test.rows(["EMAIL_ADDRESS_"], where: "POINTS > 4 AND SPEND < 1.6") == [["a@x.com"], ["c@x.com"]])
        #expect(try test.rows(["EMAIL_ADDRESS_"], where: "email_address_ = 'B@X.COM'") == [["b@x.com"]])
        var count = 0
        let fields = try test.store.query(TableQuery(table: "CONTACTS", limit: 2)) { _ in count += 1 }
        #expect(count == 2)
        #expect(fields == ProfileList.systemFields.map(\.name) + TestStore.customFields.map(\.name))
    }

    @Test(
        "EXP-1: a condition that does more than look at the list is refused",
        arguments: [
            "1; DROP TABLE recipients", "1) UNION SELECT body FROM ledger --", "EXISTS (SELECT 1 FROM ledger)", "NOPE = 1",
            "(SELECT name FROM sqlite_schema)",
            "load_extension('x')", "", "RIID_ IN (SELECT id FROM list)", "1 -- comment\n) ; --", "pragma_table_info('recipients')", "?1",
        ])
    func refusedConditions(condition: String) throws {
        let test = try StoreKind.sqlite.make()
        try test.apply(TestLoad(fields: ["EMAIL_ADDRESS_"], rows: [["a@x.com"]]))
        #expect {
            _ = try test.rows(["EMAIL_ADDRESS_"], where: condition)
        } throws: {
            ($0 as? ConnectError)?.code == "query.invalid"
        }
        #expect(try test.store.count(of: "CONTACTS") == 1)
    }
}
