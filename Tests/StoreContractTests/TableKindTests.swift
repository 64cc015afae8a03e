import ConnectModel
import StoreAPI
import StoreTesting
import Testing

/// What tables of each kind do with records, beside what the random loads compare.
@Suite("Kinds of tables (Docs/merge-rules.md)")
struct TableKindTests {
    private func make(_ kind: StoreKind, _ tables: AudienceTable...) throws -> TestStore {
        let test = try kind.make()
        for table in tables { try test.store.create(table) }
        return test
    }

    private static let orders = AudienceTable(
        name: "ORDERS", kind: .supplemental, customFields: [Field("ORDER_ID", .str50), Field("LINE", .integer), Field("TOTAL", .number)],
        keyFields: ["ORDER_ID", "LINE"])
    private static let log = AudienceTable(name: "LOG", kind: .supplemental, customFields: [Field("TEXT", .str255)])
    private static let pet = AudienceTable(
        name: "LOYALTY", kind: .pet, customFields: [Field("TIER", .str25), Field("POINTS", .integer)], owner: "CONTACTS")
    private static let merge = MergePolicy(match: ["ORDER_ID", "LINE"])
    private static let insert = MergePolicy(match: ["ORDER_ID", "LINE"], onMatch: .reject)

    private func code(_ body: () throws -> Void) -> String? {
        do { try body() } catch let error as ConnectError { return error.code } catch {}
        return nil
    }

    @Test(
        "IMP-1, IMP-13: tables of every kind share one name space, belong to what they must, and go before what they belong to",
        arguments: StoreKind.allCases)
    func names(kind: StoreKind) throws {
        let test = try make(kind, Self.orders, Self.pet, AudienceTable(name: "APPS", kind: .app, owner: "CONTACTS"))
        #expect(code { try test.store.create(AudienceTable(name: "CONTACTS", kind: .supplemental)) } == "table.exists")
        #expect(code { try test.store.create(AudienceTable(name: "X", kind: .pet)) } == "table.owner")
        #expect(code { try test.store.create(AudienceTable(name: "X", kind: .pet, owner: "ORDERS")) } == "table.owner")
        #expect(code { try test.store.create(AudienceTable(name: "X", kind: .pet, owner: "NOBODY")) } == "table.missing")
        #expect(code { try test.store.create(AudienceTable(name: "X", kind: .appPet, owner: "CONTACTS")) } == "table.owner")
        #expect(code { try test.store.create(AudienceTable(name: "X", kind: .app, owner: "CONTACTS")) } == "table.owner")
        #expect(
            code { try test.store.create(AudienceTable(name: "X", kind: .app, customFields: [Field("A", .str25)], owner: "CONTACTS")) }
                == "field.fixed")
        #expect(code { try test.store.create(AudienceTable(name: "X", kind: .pet, owner: "CONTACTS", keyFields: ["A"])) } == "table.key")
        #expect(code { try test.store.create(AudienceTable(name: "X", kind: .supplemental, keyFields: ["A"])) } == "field.missing")
        #expect(code { try test.store.addFields([Field("A", .str25)], to: "APPS") } == "field.fixed")
        #expect(try test.store.tables(of: nil).map(\.name) == ["APPS", "CONTACTS", "LOYALTY", "ORDERS"])
        #expect(try test.store.table(named: "ORDERS") == Self.orders)
        #expect(code { try test.store.dropTable(named: "CONTACTS") } == "table.owner")
        try test.store.dropTable(named: "APPS")
        try test.store.dropTable(named: "LOYALTY")
        try test.store.dropTable(named: "CONTACTS")
        #expect(try test.store.tables(of: nil).map(\.name) == ["ORDERS"])
    }

    @Test(
        "IMP-12, domain §2.4: insert as new rejects a key that is taken; merge updates it; replace leaves the new rows alone",
        arguments: StoreKind.allCases)
    func supplemental(kind: StoreKind) throws {
        let test = try make(kind, Self.orders)
        let fields = ["ORDER_ID", "LINE", "TOTAL"]
        try test.apply(TestLoad("ORDERS", fields: fields, rows: [["A", "1", "9.50"], ["A", "2", "3"]], policy: Self.insert))
        var rejects: [StagedReject] = []
        let inserted = TestLoad("ORDERS", fields: fields, rows: [["A", "01", "1"], ["B", "1", "2"], ["", "1", "2"]], policy: Self.insert, run: 2)
        #expect(try test.apply(inserted) { rejects.append($0) } == MergeCounts(inserted: 1, rejected: 2))
        #expect(rejects.map(\.reason) == [.keyTaken, .emptyMatchKey])
        #expect(rejects.map(\.line) == [2, 4])
        let merged = TestLoad("ORDERS", fields: fields, rows: [["A", "2", "4"], ["C", "1", "5"]], policy: Self.merge, run: 3)
        #expect(try test.apply(merged) == MergeCounts(inserted: 1, updated: 1))
        #expect(try test.rows(fields, list: "ORDERS") == [["A", "1", "9.5"], ["A", "2", "4"], ["B", "1", "2"], ["C", "1", "5"]])
        var replace = Self.insert
        replace.replacesAll = true
        let replaced = TestLoad("ORDERS", fields: fields, rows: [["A", "1", "7"], ["A", "1", "8"]], policy: replace, run: 4)
        #expect(try test.apply(replaced) == MergeCounts(inserted: 1, duplicates: 1))
        #expect(try test.rows(fields, list: "ORDERS") == [["A", "1", "8"]])
        #expect(try test.rows(fields, where: "CREATED_DATE_ = MODIFIED_DATE_", list: "ORDERS").count == 1)
        #expect(
            code { try test.apply(TestLoad("ORDERS", fields: fields, rows: [], policy: MergePolicy(match: ["ORDER_ID"]), run: 5)) } == "merge.match")
    }

    @Test("IMP-12: without key fields every record is a row; replace puts them in place of all", arguments: StoreKind.allCases)
    func keyless(kind: StoreKind) throws {
        let test = try make(kind, Self.log)
        var policy = MergePolicy(match: [], onMatch: .reject)
        let rows = (0..<3000).map { ["line \($0 % 10)"] }
        try test.apply(TestLoad("LOG", fields: ["TEXT"], rows: rows, policy: policy))
        #expect(try test.apply(TestLoad("LOG", fields: ["TEXT"], rows: [["a"], [""], ["a"]], policy: policy, run: 2)) == MergeCounts(inserted: 3))
        #expect(try test.rows(["TEXT"], list: "LOG") == rows + [["a"], [nil], ["a"]])
        policy.replacesAll = true
        #expect(try test.apply(TestLoad("LOG", fields: ["TEXT"], rows: [["b"]], policy: policy, run: 3)) == MergeCounts(inserted: 1))
        #expect(try test.rows(["TEXT"], list: "LOG") == [["b"]])
        #expect(code { try test.apply(TestLoad("LOG", fields: ["TEXT"], rows: [], policy: MergePolicy(match: []), run: 4)) } == "merge.match")
    }

    @Test("IMP-13, domain §2.4: a record finds its person through the list and becomes the person's one row", arguments: StoreKind.allCases)
    func extensions(kind: StoreKind) throws {
        let test = try make(kind, Self.pet)
        try test.apply(TestLoad(fields: ["EMAIL_ADDRESS_", "CUSTOMER_ID_"], rows: (1...5).map { ["p\($0)@x.com", $0 == 5 ? "C4" : "C\($0)"] }))
        let fields = ["CUSTOMER_ID_", "TIER"]
        var rejects: [StagedReject] = []
        let first = TestLoad(
            "LOYALTY", fields: fields, rows: [["C2", "GOLD"], ["C9", "TIN"], ["C4", "TIN"], ["C1", "OLD"], ["C1", "NEW"], ["", "NO"]],
            policy: MergePolicy(match: ["CUSTOMER_ID_"]))
        #expect(try test.apply(first) { rejects.append($0) } == MergeCounts(inserted: 2, duplicates: 1, rejected: 3))
        #expect(rejects.map(\.reason) == [.unknownPerson, .ambiguousMatch, .emptyMatchKey])
        #expect(try test.rows(["RIID_", "TIER"], list: "LOYALTY") == [["1", "NEW"], ["2", "GOLD"]])
        let skipping = MergePolicy(match: ["RIID_"], onNoMatch: .skip, unknownPerson: .skip)
        let second = TestLoad("LOYALTY", fields: ["RIID_", "TIER"], rows: [["2", "RED"], ["3", "RED"], ["77", "RED"]], policy: skipping, run: 2)
        #expect(try test.apply(second) == MergeCounts(updated: 1, skipped: 2))
        let replacing = MergePolicy(match: ["EMAIL_ADDRESS_", "CUSTOMER_ID_"], replacesAll: true)
        let third = TestLoad(
            "LOYALTY", fields: ["EMAIL_ADDRESS_", "CUSTOMER_ID_", "POINTS"], rows: [["P3@x.com", "C3", "7"], ["p2@x.com", "C3", "8"]],
            policy: replacing, run: 3)
        #expect(try test.apply(third) == MergeCounts(inserted: 1, rejected: 1))
        #expect(try test.rows(["RIID_", "TIER", "POINTS"], list: "LOYALTY") == [["3", nil, "7"]])
    }

    @Test("IMP-13: many records at a time meet many rows, by statements and by rewriting alike", arguments: StoreKind.allCases)
    func manyExtensions(kind: StoreKind) throws {
        let test = try make(kind, Self.pet)
        try test.apply(TestLoad(fields: ["EMAIL_ADDRESS_", "CUSTOMER_ID_"], rows: (0..<6000).map { ["p\($0 * 7919 % 6000)@x.com", "C\($0)"] }))
        func load(_ people: Range<Int>, _ run: Int64, match: String = "CUSTOMER_ID_") throws -> MergeCounts {
            try test.apply(
                TestLoad(
                    "LOYALTY", fields: [match, "TIER"], rows: people.map { ["\(match == "RIID_" ? "" : "C")\($0)", "run \(run)"] },
                    policy: MergePolicy(match: [match]), run: run))
        }
        #expect(try load(0..<4000, 1) == MergeCounts(inserted: 4000))
        #expect(try load(2000..<7000, 2) == MergeCounts(inserted: 2000, updated: 2000, rejected: 1000))
        #expect(try load(5999..<6002, 3, match: "RIID_") == MergeCounts(updated: 2, rejected: 1))
        #expect(try test.store.count(of: "LOYALTY") == 6000)
        #expect(try test.rows(["RIID_"], where: "TIER = 'run 1'", list: "LOYALTY").count == 2000)
    }

    @Test(
        "IMP-13, domain §2.2: app installs are matched on the fields of the guide, and their extensions through them", arguments: StoreKind.allCases)
    func apps(kind: StoreKind) throws {
        let test = try make(
            kind, AudienceTable(name: "APPS", kind: .app, owner: "CONTACTS"),
            AudienceTable(name: "USE", kind: .appPet, customFields: [Field("STARTS", .integer)], owner: "APPS"))
        let pair = MergePolicy(match: ["DEVICE_ID_", "API_KEY_"])
        let fields = ["DEVICE_ID_", "API_KEY_", "ADVERTISER_ID_", "CHANNEL_PERMISSION_STATUS_"]
        try test.apply(
            TestLoad("APPS", fields: fields, rows: [["d1", "k1", "a1", "I"], ["d1", "k2", "a2", ""], ["d2", "k1", "a3", "O"]], policy: pair))
        #expect(try test.rows(["RIID_", "CHANNEL_PERMISSION_STATUS_"], list: "APPS") == [["1", "I"], ["2", "O"], ["3", "O"]])
        let again = TestLoad("APPS", fields: fields, rows: [["d2", "k1", "a9", "I"]], policy: pair, run: 2)
        #expect(try test.apply(again) == MergeCounts(updated: 1))
        #expect(try test.rows(["ADVERTISER_ID_", "CHANNEL_PERMISSION_STATUS_"], where: "RIID_ = 3", list: "APPS") == [["a9", "O"]])
        let use = TestLoad(
            "USE", fields: ["ADVERTISER_ID_", "STARTS"], rows: [["a9", "4"], ["a3", "1"]], policy: MergePolicy(match: ["ADVERTISER_ID_"]))
        #expect(try test.apply(use) == MergeCounts(inserted: 1, rejected: 1))
        #expect(try test.rows(["RIID_", "STARTS"], list: "USE") == [["3", "4"]])
        for match in [["DEVICE_ID_"], ["DEVICE_ID_", "ADVERTISER_ID_"], ["EMAIL_ADDRESS_"]] {
            #expect(code { try test.apply(TestLoad("USE", fields: match, rows: [], policy: MergePolicy(match: match), run: 9)) } == "merge.match")
        }
    }

    @Test("IMP-14: what the host made goes when its days are over, once; what people made stays", arguments: StoreKind.allCases)
    func expiry(kind: StoreKind) throws {
        var made = Self.pet
        made.name = "LOYALTY_1_1"
        made.expiresAtUnixMilliseconds = 1000
        var later = made
        later.name = "LOYALTY_1_2"
        later.expiresAtUnixMilliseconds = 2000
        let test = try make(kind, Self.pet, made, later)
        #expect(try test.store.dropExpired(atUnixMilliseconds: 999).isEmpty)
        #expect(try test.store.dropExpired(atUnixMilliseconds: 1000) == ["LOYALTY_1_1"])
        #expect(try test.store.dropExpired(atUnixMilliseconds: 1000).isEmpty)
        #expect(try test.store.table(named: "LOYALTY_1_2").expiresAtUnixMilliseconds == 2000)
        #expect(try test.store.dropExpired(atUnixMilliseconds: .max) == ["LOYALTY_1_2"])
        #expect(try test.store.tables(of: .pet) == [Self.pet])
    }

    @Test("IMP-10: the rows of the latest load of a name can be asked for, and stay through loads of other names", arguments: StoreKind.allCases)
    func latestLoad(kind: StoreKind) throws {
        let test = try kind.make()
        func load(_ people: Range<Int>, run: Int64, _ name: String?) throws {
            var load = TestLoad(fields: ["EMAIL_ADDRESS_", "CITY_"], rows: people.map { ["p\($0)@x.com", "Rome"] }, run: run)
            load.loadSet = name
            try test.apply(load)
        }
        try load(0..<3000, run: 1, "spring")
        try load(2990..<3010, run: 2, "autumn")
        try load(0..<3100, run: 3, nil)
        #expect(try test.store.loadSets(of: "CONTACTS").map { "\($0.name) \($0.run) \($0.rows)" } == ["autumn 1.2 20", "spring 1.1 3000"])
        #expect(try test.rows(["EMAIL_ADDRESS_"], loadSet: "autumn").map { $0[0] } == (2990..<3010).map { "p\($0)@x.com" })
        #expect(try test.rows(["RIID_"], where: "RIID_ > 2998", loadSet: "spring") == [["2999"], ["3000"]])
        try load(10..<12, run: 4, "spring")
        #expect(try test.rows(["RIID_"], loadSet: "spring") == [["11"], ["12"]])
        #expect(code { _ = try test.rows(["RIID_"], loadSet: "winter") } == "load.missing")
        #expect(code { _ = try test.rows(["RIID_"], where: "RIID_ IN (SELECT id FROM latest_load)", loadSet: "spring") } == "query.invalid")
    }

    @Test(
        "IMP-11: a load raises its event once for each customer, in the order of commits, until somebody has taken it over",
        arguments: StoreKind.allCases)
    func customEvents(kind: StoreKind) throws {
        let test = try kind.make()
        for run in 1...3 {
            var load = TestLoad(fields: ["EMAIL_ADDRESS_"], rows: (0..<9000).filter { $0 % run == 0 }.map { ["p\($0)@x.com"] }, run: Int64(run))
            load.customEvent = run == 2 ? nil : "Registered"
            try test.apply(load)
            try test.apply(load)
        }
        let all = try test.store.customEvents(of: "CONTACTS", after: nil, limit: .max)
        let first = Array(Int64(1)...9000)
        #expect(all[..<9000].map(\.recipient) == first)
        #expect(all[9000...].map(\.recipient) == first.filter { $0 % 3 == 1 })
        #expect(all[..<9000].allSatisfy { $0.run.number == 1 } && all[9000...].allSatisfy { $0.run.number == 3 })
        #expect(Set(all.map(\.id)).count == 12000)
        var read: [CustomEvent] = []
        while case let more = try test.store.customEvents(of: "CONTACTS", after: read.last?.place, limit: 3500), !more.isEmpty { read += more }
        #expect(read == all)
        try test.store.discardCustomEvents(of: "CONTACTS", through: all[9100].place)
        #expect(try test.store.customEvents(of: "CONTACTS", after: nil, limit: .max) == Array(all[9101...]))
        try test.store.discardCustomEvents(of: "CONTACTS", through: all[5].place)
        #expect(try test.store.customEvents(of: "CONTACTS", after: nil, limit: 1) == [all[9101]])
    }

    @Test("IMP-13: a part of a run has an entry of its own, and stands only for the file it came from", arguments: StoreKind.allCases)
    func parts(kind: StoreKind) throws {
        let test = try kind.make()
        var load = TestLoad(fields: ["EMAIL_ADDRESS_"], rows: [["a@x.com"]], policy: MergePolicy(onMatch: .keep))
        load.part = "people"
        func apply(stands: Bool) throws -> MergeCounts {
            let begun = try load.begin(test.store, workDirectory: test.workDirectory)
            defer { begun.discard() }
            return try begun.apply(
                stands: { _ in stands }, reject: { _ in }, progress: { _ in }, isCancelled: { false }, prepareCommit: load.entry
            ).counts
        }
        #expect(try apply(stands: true) == MergeCounts(inserted: 1))
        #expect(try test.store.appliedLoad(run: load.run) == nil)
        load.rows = [["a@x.com"], ["b@x.com"]]
        #expect(try apply(stands: true) == MergeCounts(inserted: 1))
        #expect(try apply(stands: false) == MergeCounts(inserted: 1, unchanged: 1))
        #expect(try test.store.count(of: "CONTACTS") == 2)
    }
}
