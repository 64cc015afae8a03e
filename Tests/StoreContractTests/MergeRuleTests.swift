import ConnectModel
import StoreAPI
import StoreTesting
import Testing

@Suite("Merge rules (Docs/merge-rules.md)")
struct MergeRuleTests {
    private static let first = "2023-11-14 22:13:20"
    private static let later: Int64 = 1_700_000_060_000
    private static let second = "2023-11-14 22:14:20"

    @Test("IMP-8: new rows get ids in file order, dates and, per channel with an address, a status", arguments: StoreKind.allCases)
    func insertion(kind: StoreKind) throws {
        let test = try kind.make()
        let counts = try test.apply(
            TestLoad(
                fields: ["EMAIL_ADDRESS_", "MOBILE_NUMBER_", "EMAIL_PERMISSION_STATUS_", "POSTAL_STREET_1_"],
                rows: [["z@x.com", "491701234567", "I", ""], ["a@x.com", "", "", "Main St 1"]]))
        #expect(counts.inserted == 2)
        let fields = [
            "RIID_", "EMAIL_ADDRESS_", "EMAIL_PERMISSION_STATUS_", "MOBILE_PERMISSION_STATUS_", "POSTAL_PERMISSION_STATUS_", "CREATED_DATE_",
            "MODIFIED_DATE_",
        ]
        #expect(
            try test.rows(fields) == [
                ["1", "z@x.com", "I", "O", nil, Self.first, Self.first], ["2", "a@x.com", "O", nil, "O", Self.first, Self.first],
            ])
    }

    @Test("IMP-8, domain §2.5: update, update_empty and keep", arguments: StoreKind.allCases)
    func onMatch(kind: StoreKind) throws {
        for (onMatch, expected, counted) in [
            (MergePolicy.OnMatch.update, ["Bo", "Rome", Self.second], MergeCounts(updated: 1)),
            (.updateEmpty, ["Al", "Rome", Self.second], MergeCounts(updated: 1)), (.keep, ["Al", nil, Self.first], MergeCounts(unchanged: 1)),
        ] {
            let test = try kind.make()
            let fields = ["EMAIL_ADDRESS_", "FIRST_NAME", "CITY_"]
            try test.apply(TestLoad(fields: fields, rows: [["a@x.com", "Al", ""]]))
            let counts = try test.apply(
                TestLoad(
                    fields: fields, rows: [["A@X.com", "Bo", "Rome"]], policy: MergePolicy(onMatch: onMatch), run: 2,
                    loadedAtUnixMilliseconds: Self.later))
            #expect(counts == counted)
            #expect(try test.rows(["EMAIL_ADDRESS_", "FIRST_NAME", "CITY_", "MODIFIED_DATE_"]) == [["a@x.com"] + expected])
        }
    }

    @Test("IMP-8: the same values again change nothing, not even the date; numbers compare as numbers", arguments: StoreKind.allCases)
    func unchanged(kind: StoreKind) throws {
        let test = try kind.make()
        let fields = ["EMAIL_ADDRESS_", "POINTS", "SPEND", "SEEN", "EMAIL_DOMAIN_"]
        try test.apply(TestLoad(fields: fields, rows: [["a@x.com", "7", "1.50", "2026-01-02 03:04:05", "x.com"]]))
        let again = TestLoad(
            fields: fields, rows: [["a@x.com", "07", "1.5", "2026-01-02 03:04:05", "other"]], run: 2, loadedAtUnixMilliseconds: Self.later)
        #expect(try test.apply(again) == MergeCounts(unchanged: 1))
        #expect(try test.rows(["MODIFIED_DATE_", "EMAIL_DOMAIN_"]) == [[Self.first, "x.com"]])
    }

    @Test("IMP-8: an empty value keeps what is there, or clears it when the job says so; a status is never cleared", arguments: StoreKind.allCases)
    func emptyValue(kind: StoreKind) throws {
        for (emptyValue, city) in [(MergePolicy.EmptyValue.keep, "Rome"), (.clear, nil)] {
            let test = try kind.make()
            let fields = ["EMAIL_ADDRESS_", "CITY_", "EMAIL_PERMISSION_STATUS_"]
            try test.apply(TestLoad(fields: fields, rows: [["a@x.com", "Rome", "O"]]))
            try test.apply(TestLoad(fields: fields, rows: [["a@x.com", "", ""]], policy: MergePolicy(emptyValue: emptyValue), run: 2))
            #expect(try test.rows(["CITY_", "EMAIL_PERMISSION_STATUS_"]) == [[city, "O"]])
        }
    }

    @Test(
        "IMP-9, domain §2.5: who has opted out stays out unless the job may opt in again; the rest of the record is updated",
        arguments: StoreKind.allCases)
    func optOut(kind: StoreKind) throws {
        for (again, status) in [(false, "O"), (true, "I")] {
            let test = try kind.make()
            let fields = [
                "EMAIL_ADDRESS_", "MOBILE_NUMBER_", "EMAIL_PERMISSION_STATUS_", "MOBILE_PERMISSION_STATUS_", "POSTAL_PERMISSION_STATUS_",
                "CITY_",
            ]
            try test.apply(TestLoad(fields: fields, rows: [["a@x.com", "491701234567", "O", "O", "O", ""], ["b@x.com", "", "I", "", "", ""]]))
            let counts = try test.apply(
                TestLoad(
                    fields: fields, rows: [["a@x.com", "491701234567", "I", "I", "I", "Rome"], ["b@x.com", "", "O", "", "", ""]],
                    policy: MergePolicy(optInAgain: again), run: 2))
            #expect(counts == MergeCounts(updated: 2))
            #expect(try test.rows(Array(fields[2...])) == [[status, status, status, "Rome"], ["O", nil, nil, nil]])
            if !again {
                let row = [["a@x.com", "491701234567", "I", "I", "I", "Rome"]]
                #expect(try test.apply(TestLoad(fields: fields, rows: row, run: 3)) == MergeCounts(unchanged: 1))
            }
        }
    }

    @Test(
        "IMP-9, domain §2.5: a channel that gets its first address takes the default status, one that had a status keeps it",
        arguments: StoreKind.allCases)
    func newChannel(kind: StoreKind) throws {
        let test = try kind.make()
        try test.apply(
            TestLoad(
                fields: ["CUSTOMER_ID_", "EMAIL_ADDRESS_", "MOBILE_PERMISSION_STATUS_"], rows: [["1", "", "O"], ["2", "b@x.com", ""]],
                policy: MergePolicy(match: ["CUSTOMER_ID_"])))
        try test.apply(
            TestLoad(
                fields: ["CUSTOMER_ID_", "EMAIL_ADDRESS_", "MOBILE_NUMBER_", "EMAIL_DOMAIN_"],
                rows: [["1", "a@y.com", "491701234567", "y.com"], ["2", "", "491701234568", ""]],
                policy: MergePolicy(match: ["CUSTOMER_ID_"], defaultPermission: .optIn), run: 2))
        #expect(
            try test.rows(["EMAIL_ADDRESS_", "EMAIL_DOMAIN_", "EMAIL_PERMISSION_STATUS_", "MOBILE_PERMISSION_STATUS_"])
                == [["a@y.com", "y.com", "I", "O"], ["b@x.com", nil, "O", "I"]])
    }

    @Test("IMP-8: of records with one key the last stands, whatever its case; the others are counted", arguments: StoreKind.allCases)
    func duplicates(kind: StoreKind) throws {
        let test = try kind.make()
        let rows = [["a@x.com", "1"], ["b@x.com", "2"], ["A@x.com", "3"], ["a@X.com", "4"]]
        #expect(try test.apply(TestLoad(fields: ["EMAIL_ADDRESS_", "FIRST_NAME"], rows: rows)) == MergeCounts(inserted: 2, duplicates: 2))
        #expect(try test.rows(["EMAIL_ADDRESS_", "FIRST_NAME"], where: "EMAIL_ADDRESS_ = 'a@x.com'") == [["a@X.com", "4"]])
    }

    @Test("IMP-8: a record whose key several rows have is rejected with its line, and nothing happens to the rows", arguments: StoreKind.allCases)
    func ambiguous(kind: StoreKind) throws {
        let test = try kind.make()
        let byCustomer = MergePolicy(match: ["CUSTOMER_ID_"])
        try test.apply(
            TestLoad(
                fields: ["CUSTOMER_ID_", "EMAIL_ADDRESS_"], rows: [["1", "a@x.com"], ["2", "A@x.com"], ["3", "b@x.com"]], policy: byCustomer))
        var rejects: [StagedReject] = []
        let rows = [["a@x.com", "Al"], ["b@x.com", "Bo"], ["", "No"]]
        let counts = try test.apply(TestLoad(fields: ["EMAIL_ADDRESS_", "FIRST_NAME"], rows: rows, run: 2)) { rejects.append($0) }
        #expect(counts == MergeCounts(updated: 1, rejected: 2))
        #expect(rejects.map(\.line) == [2, 4])
        #expect(rejects.map(\.reason) == [.ambiguousMatch, .emptyMatchKey])
        #expect(try test.rows(["FIRST_NAME"]) == [[nil], [nil], ["Bo"]])
    }

    @Test("IMP-8, domain §2.5: two match fields must both agree", arguments: StoreKind.allCases)
    func twoFields(kind: StoreKind) throws {
        let test = try kind.make()
        let policy = MergePolicy(match: ["CUSTOMER_ID_", "EMAIL_ADDRESS_"])
        let fields = ["CUSTOMER_ID_", "EMAIL_ADDRESS_", "FIRST_NAME"]
        try test.apply(TestLoad(fields: fields, rows: [["1", "a@x.com", "Al"], ["1", "b@x.com", "Bo"]], policy: policy))
        let counts = try test.apply(TestLoad(fields: fields, rows: [["1", "B@x.com", "Be"], ["2", "a@x.com", "Cy"]], policy: policy, run: 2))
        #expect(counts == MergeCounts(inserted: 1, updated: 1))
        #expect(try test.rows(fields) == [["1", "a@x.com", "Al"], ["1", "b@x.com", "Be"], ["2", "a@x.com", "Cy"]])
    }

    @Test("IMP-8: RIID_, mobile and hashes are keys too; what the list gives itself can only be updated", arguments: StoreKind.allCases)
    func otherKeys(kind: StoreKind) throws {
        let test = try kind.make()
        let (md5, sha) = ("0123456789abcde", String(repeating: "s", count: 31))
        try test.apply(
            TestLoad(
                fields: ["EMAIL_ADDRESS_", "MOBILE_NUMBER_", "EMAIL_MD5_HASH_", "EMAIL_SHA256_HASH_"],
                rows: (1...3).map { ["\($0)@x.com", "49170123456\($0)", "\(md5)\($0)", "\(sha)\($0)"] }))
        let hexadecimal = (md5 + "2").utf8.map { String($0, radix: 16) }.joined()
        for (run, field, value) in [
            (2, "RIID_", "2"), (3, "MOBILE_NUMBER_", "491701234562"), (4, "EMAIL_MD5_HASH_", hexadecimal), (5, "EMAIL_SHA256_HASH_", sha + "2"),
        ] as [(Int64, String, String)] {
            let policy = MergePolicy(match: [field], onNoMatch: .skip)
            let rows = [[value, "run \(run)"], [field == "RIID_" ? "99" : String(value.reversed()), "none"]]
            let counts = try test.apply(TestLoad(fields: [field, "FIRST_NAME"], rows: rows, policy: policy, run: run))
            #expect(counts == MergeCounts(updated: 1, skipped: 1))
            #expect(try test.rows(["FIRST_NAME"]) == [[nil], ["run \(run)"], [nil]])
        }
        #expect {
            try test.apply(TestLoad(fields: ["RIID_"], rows: [["1"]], policy: MergePolicy(match: ["RIID_"]), run: 9))
        } throws: {
            ($0 as? ConnectError)?.code == "merge.match"
        }
    }

    @Test("IMP-8: when the address changes its domain and hashes follow, and it is found under the new one", arguments: StoreKind.allCases)
    func addressChange(kind: StoreKind) throws {
        let test = try kind.make()
        let fields = ["CUSTOMER_ID_", "EMAIL_ADDRESS_", "EMAIL_DOMAIN_", "EMAIL_MD5_HASH_"]
        let policy = MergePolicy(match: ["CUSTOMER_ID_"])
        let old = (0..<50).map { ["c\($0)", "p\($0)@old.com", "old.com", "0123456789abcdef"] }
        let new = old.enumerated().map { $0 % 7 == 0 ? [$1[0], "N\($0)@new.com", "new.com", "fedcba9876543210"] : $1 }
        try test.apply(TestLoad(fields: fields, rows: old, policy: policy))
        #expect(try test.apply(TestLoad(fields: fields, rows: new, policy: policy, run: 2)) == MergeCounts(updated: 8, unchanged: 42))
        #expect(try test.rows(Array(fields[..<3])) == new.map { Array($0[..<3]) })
        #expect(try test.rows(["CUSTOMER_ID_"], where: "EMAIL_ADDRESS_ = 'n14@NEW.com'") == [["c14"]])
        #expect(try test.rows(["CUSTOMER_ID_"], where: "EMAIL_ADDRESS_ = 'p14@old.com'").isEmpty)
    }

    @Test("IMP-8: a policy that cannot work is refused before a row is read", arguments: StoreKind.allCases)
    func refusedPolicies(kind: StoreKind) throws {
        let test = try kind.make()
        for (fields, match) in [
            (["EMAIL_ADDRESS_"], [String]()), (["EMAIL_ADDRESS_", "CITY_"], ["CITY_"]), (["CITY_"], ["EMAIL_ADDRESS_"]),
            (["EMAIL_MD5_HASH_", "EMAIL_ADDRESS_"], ["EMAIL_MD5_HASH_", "EMAIL_ADDRESS_"]),
            (["EMAIL_ADDRESS_", "CREATED_DATE_"], ["EMAIL_ADDRESS_"]),
        ] {
            #expect {
                try test.apply(TestLoad(fields: fields, rows: [], policy: MergePolicy(match: match, onNoMatch: .skip)))
            } throws: {
                ($0 as? ConnectError)?.code == "merge.match"
            }
        }
    }
}

extension MergeCounts {
    init(inserted: Int64 = 0, updated: Int64 = 0, unchanged: Int64 = 0, skipped: Int64 = 0, duplicates: Int64 = 0, rejected: Int64 = 0) {
        self.init()
        self.inserted = inserted
        self.updated = updated
        self.unchanged = unchanged
        self.skipped = skipped
        self.duplicates = duplicates
        self.rejected = rejected
    }
}
