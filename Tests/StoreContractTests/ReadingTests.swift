import ConnectModel
import Foundation
import RecordEngine
import StoreAPI
import StoreTesting
import Testing

extension TestStore {
    /// The rows of a selection as text, and the mark of their snapshot.
    func read(_ selection: RowSelection) throws -> (rows: [[String]], fields: [String], mark: ChangeMark) {
        var rows: [[String]] = []
        var fields: [String] = []
        var mark = ChangeMark([:])
        try store.read(selection) { reader in
            fields = reader.fields.map(\.name)
            mark = reader.mark
            let batch = RecordBatch(columnCount: reader.fields.count)
            while try reader.read(into: batch) {
                rows += (0..<batch.rowCount).map { row in batch.columns.map { String(decoding: $0[row], as: UTF8.self) } }
            }
        }
        return (rows, fields, mark)
    }
}

@Suite("Rows for exports")
struct ReadingTests {
    private static let fields = ["EMAIL_ADDRESS_", "FIRST_NAME", "POINTS", "SPEND", "SEEN"]

    private func people(_ numbers: Range<Int>, name: String = "Name") -> [[String]] {
        numbers.map {
            [
                "p\($0)@example.com", $0 % 7 == 0 ? "" : "\(name) \($0)", $0 % 5 == 0 ? "" : "\($0 * 1000 - 3000)", $0 % 3 == 0 ? "" : "\($0).25",
                "2026-01-02 03:04:05",
            ]
        }
    }

    private func code(_ body: () throws -> Void) -> String {
        do { try body() } catch let error as ConnectError { return error.code } catch { return "\(error)" }
        return "none"
    }

    @Test("EXP-1: every row of a table, in any choice and order of columns, the same whichever way it is read", arguments: StoreKind.allCases)
    func wholeTable(kind: StoreKind) throws {
        let test = try kind.make()
        try test.apply(TestLoad(fields: Self.fields, rows: people(0..<20_000)))
        for fields in [[], ["SPEND", "RIID_", "EMAIL_SHA256_HASH_", "NOTES", "POINTS", "EMAIL_ADDRESS_", "EMAIL_ADDRESS_"]] {
            let whole = try test.read(RowSelection(.table("CONTACTS"), fields: fields))
            let filtered = try test.read(RowSelection(.filtered(table: "CONTACTS", condition: "1"), fields: fields))
            #expect(whole.rows == filtered.rows)
            #expect(whole.fields == filtered.fields)
            let names = fields.isEmpty ? try test.store.table(named: "CONTACTS").fields.map(\.name) : fields
            #expect(whole.fields == names)
            #expect(whole.rows.count == 20_000)
            #expect(try whole.rows == test.rows(names).map { $0.map { $0 ?? "" } })
        }
        #expect(try test.read(RowSelection(.table("CONTACTS"), fields: ["RIID_"], limit: 3)).rows == [["1"], ["2"], ["3"]])
        #expect(code { _ = try test.read(RowSelection(.table("CONTACTS"), fields: ["NOPE"])) } == "field.missing")
        #expect(code { _ = try test.read(RowSelection(.table("NOPE"))) } == "table.missing")
    }

    @Test(
        "EXP-1: a table that is dropped while its rows are read gives the rest of them all the same, whichever way it is read",
        arguments: StoreKind.allCases)
    func droppedMeanwhile(kind: StoreKind) throws {
        for source in [
            RowSelection.Source.table("CONTACTS"), .filtered(table: "CONTACTS", condition: "1"), .view(sql: "SELECT EMAIL_ADDRESS_ FROM CONTACTS"),
        ] {
            let test = try kind.make()
            try test.apply(TestLoad(fields: Self.fields, rows: people(0..<20_000)))
            var rows: Set<String> = []
            try test.store.read(RowSelection(source, fields: ["EMAIL_ADDRESS_"])) { reader in
                let batch = RecordBatch(columnCount: 1)
                while try reader.read(into: batch) {
                    if rows.isEmpty { try test.store.dropTable(named: "CONTACTS") }
                    rows.formUnion((0..<batch.rowCount).map { String(decoding: batch.columns[0][$0], as: UTF8.self) })
                }
            }
            #expect(rows.count == 20_000, "\(source)")
            #expect(code { _ = try test.read(RowSelection(.table("CONTACTS"))) } == "table.missing")
        }
    }

    @Test("EXP-2: after a mark come the rows that were inserted or updated since, and no other", arguments: StoreKind.allCases)
    func changes(kind: StoreKind) throws {
        let test = try kind.make()
        let empty = try test.read(RowSelection(.table("CONTACTS"))).mark
        try test.apply(TestLoad(fields: Self.fields, rows: people(0..<100), run: 1))
        let first = try test.read(RowSelection(.table("CONTACTS"), fields: ["EMAIL_ADDRESS_"], changedSince: empty))
        #expect(first.rows.count == 100)
        // The same clock as before: numbers tell the loads apart, not times.
        try test.apply(TestLoad(fields: Self.fields, rows: people(90..<95) + people(95..<105, name: "New"), run: 2))
        for source in [RowSelection.Source.table("CONTACTS"), .filtered(table: "CONTACTS", condition: "EMAIL_ADDRESS_ IS NOT NULL")] {
            let second = try test.read(RowSelection(source, fields: ["EMAIL_ADDRESS_"], changedSince: first.mark))
            #expect(second.rows.map { $0[0] } == (95..<105).filter { $0 != 98 }.map { "p\($0)@example.com" }, "98 has no name and did not change")
            #expect(try test.read(RowSelection(source, changedSince: second.mark)).rows.isEmpty)
        }
        let mark = try test.read(RowSelection(.table("CONTACTS"))).mark
        try test.store.dropTable(named: "CONTACTS")
        try test.store.create(AudienceTable(name: "CONTACTS", customFields: TestStore.customFields))
        try test.apply(TestLoad(fields: Self.fields, rows: people(0..<3), run: 3))
        #expect(try test.read(RowSelection(.table("CONTACTS"), changedSince: mark)).rows.count == 3, "another table of the same name")
    }

    @Test("EXP-2: a reader sees one snapshot, whatever is loaded meanwhile", arguments: StoreKind.allCases)
    func snapshot(kind: StoreKind) throws {
        let test = try kind.make()
        try test.apply(TestLoad(fields: Self.fields, rows: people(0..<30_000), run: 1))
        var rows = 0
        var mark = ChangeMark([:])
        try test.store.read(RowSelection(.table("CONTACTS"), fields: ["FIRST_NAME"])) { reader in
            mark = reader.mark
            let batch = RecordBatch(columnCount: 1)
            while try reader.read(into: batch) {
                if rows == 0 { try test.apply(TestLoad(fields: Self.fields, rows: people(20_000..<40_000, name: "Late"), run: 2)) }
                for row in 0..<batch.rowCount { #expect(!batch.columns[0][row].starts(with: Array("Late".utf8))) }
                rows += batch.rowCount
            }
        }
        #expect(rows == 30_000)
        let later = try test.read(RowSelection(.table("CONTACTS"), fields: ["FIRST_NAME"], changedSince: mark)).rows
        #expect(later.count == 20_000 - (20_000..<30_000).count { $0 % 7 == 0 })
    }

    /// A list, its PET, a supplemental table.
    private func related(_ kind: StoreKind) throws -> TestStore {
        let test = try kind.make()
        try test.apply(TestLoad(fields: Self.fields, rows: people(0..<10)))
        try test.store.create(AudienceTable(name: "TIERS", kind: .pet, customFields: [Field("LEVEL", .str25)], owner: "CONTACTS"))
        try test.apply(
            TestLoad(
                "TIERS", fields: ["EMAIL_ADDRESS_", "LEVEL"],
                rows: [["p1@example.com", "GOLD"], ["p2@example.com", "SILVER"], ["p3@example.com", "GOLD"]], run: 2))
        try test.store.create(
            AudienceTable(
                name: "ORDERS", kind: .supplemental, customFields: [Field("NUMBER", .integer), Field("EMAIL", .str255), Field("TOTAL", .number)],
                keyFields: ["NUMBER"]))
        try test.apply(
            TestLoad(
                "ORDERS", fields: ["NUMBER", "EMAIL", "TOTAL"], rows: [["1", "p3@example.com", "9.5"], ["2", "p7@example.com", "100"]],
                policy: MergePolicy(match: ["NUMBER"]), run: 3))
        return test
    }

    private func filtered(_ test: TestStore, _ condition: String) throws -> [String] {
        try test.read(RowSelection(.filtered(table: "CONTACTS", condition: condition), fields: ["EMAIL_ADDRESS_"])).rows.map {
            $0[0].prefix { $0 != "@" }
        }.map(String.init)
    }

    @Test("EXP-1: a filter asks the list, its PETs and supplemental tables", arguments: StoreKind.allCases)
    func filters(kind: StoreKind) throws {
        let test = try related(kind)
        #expect(try filtered(test, "POINTS > 5000") == ["p9"])
        #expect(try filtered(test, "TIERS.LEVEL = 'GOLD'") == ["p1", "p3"])
        #expect(try filtered(test, "LEVEL IS NULL AND TIERS.RIID_ IS NULL AND CONTACTS.RIID_ < 3") == ["p0"])
        #expect(try filtered(test, "EXISTS (SELECT 1 FROM orders WHERE ORDERS.EMAIL = EMAIL_ADDRESS_ AND TOTAL >= 10)") == ["p7"])
        #expect(try filtered(test, "TIERS.LEVEL = 'GOLD' AND EMAIL_ADDRESS_ IN (SELECT EMAIL FROM ORDERS)") == ["p3"])
    }

    @Test(
        "EXP-1: what is no condition over readable tables is refused with its place",
        arguments: [
            ("POINTS >", ""), ("POINT > 3", "POINT"), ("LEVEL = 'GOLD'", "LEVEL"), ("1) UNION SELECT (1", ""), ("1; DROP TABLE recipients", ""),
            ("?1", ""),
            ("(SELECT count(*) FROM ledger) > 0", "ledger"), ("(SELECT count(*) FROM sqlite_master) > 0", "sqlite_master"),
            ("load_extension('x')", "load_extension"),
            ("(SELECT value FROM property)", "property"), ("TIERS.RIID_ = RIID_", "RIID_"),
        ])
    func refusals(_ condition: String, _ named: String) throws {
        let test = try related(.sqlite)
        let error = #expect(throws: ConnectError.self) { try filtered(test, condition) }
        #expect(error?.code == "query.invalid")
        #expect(named.isEmpty || error?.message.contains(named) == true, "\(error?.message ?? "")")
    }

    @Test("EXP-1: a view is a SELECT over any tables; of only what has changed it needs MODIFIED_DATE_", arguments: StoreKind.allCases)
    func views(kind: StoreKind) throws {
        let test = try related(kind)
        let sql =
            "SELECT c.EMAIL_ADDRESS_, o.NUMBER AS ORDER_NUMBER, o.TOTAL, o.MODIFIED_DATE_ FROM ORDERS o JOIN CONTACTS c ON c.EMAIL_ADDRESS_ = o.EMAIL ORDER BY o.NUMBER DESC"
        let all = try test.read(RowSelection(.view(sql: sql)))
        #expect(all.fields == ["EMAIL_ADDRESS_", "ORDER_NUMBER", "TOTAL", "MODIFIED_DATE_"])
        #expect(all.rows.map { Array($0.prefix(3)) } == [["p7@example.com", "2", "100"], ["p3@example.com", "1", "9.5"]])
        #expect(try test.read(RowSelection(.view(sql: sql), fields: ["TOTAL", "ORDER_NUMBER"])).rows == [["100", "2"], ["9.5", "1"]])
        #expect(try test.read(RowSelection(.view(sql: sql), changedSince: all.mark)).rows.isEmpty)
        try test.apply(
            TestLoad(
                "ORDERS", fields: ["NUMBER", "EMAIL", "TOTAL"], rows: [["3", "p1@example.com", "1"]], policy: MergePolicy(match: ["NUMBER"]), run: 4,
                loadedAtUnixMilliseconds: 1_700_000_100_000))
        #expect(try test.read(RowSelection(.view(sql: sql), fields: ["ORDER_NUMBER"], changedSince: all.mark)).rows == [["3"]])
        // Of what the date is not of, a change may concern every row.
        let seen = try test.read(RowSelection(.view(sql: sql))).mark
        try test.apply(
            TestLoad(fields: ["EMAIL_ADDRESS_", "POINTS"], rows: [["p3@example.com", "77"]], run: 5, loadedAtUnixMilliseconds: 1_700_000_200_000))
        #expect(try test.read(RowSelection(.view(sql: sql), fields: ["ORDER_NUMBER"], changedSince: seen)).rows == [["3"], ["2"], ["1"]])
        let computed = "SELECT EMAIL, max(MODIFIED_DATE_) AS MODIFIED_DATE_ FROM ORDERS GROUP BY EMAIL ORDER BY EMAIL"
        #expect(try test.read(RowSelection(.view(sql: computed), fields: ["EMAIL"], changedSince: all.mark)).rows.count == 3)
        #expect(try test.read(RowSelection(.view(sql: computed), fields: ["EMAIL"], changedSince: seen)).rows.isEmpty)
        #expect(code { _ = try test.read(RowSelection(.view(sql: "SELECT NUMBER FROM ORDERS"), changedSince: all.mark)) } == "view.undated")
        #expect(code { _ = try test.read(RowSelection(.view(sql: "SELECT NUMBER, NUMBER FROM ORDERS"))) } == "query.invalid")
        #expect(code { _ = try test.read(RowSelection(.view(sql: "DELETE FROM ORDERS"))) } == "query.invalid")
        #expect(code { _ = try test.read(RowSelection(.view(sql: "SELECT 1"))) } == "query.invalid")
        #expect(
            try test.read(RowSelection(.view(sql: "SELECT * FROM ORDERS"))).fields == ["CREATED_DATE_", "MODIFIED_DATE_", "NUMBER", "EMAIL", "TOTAL"])
    }
}
