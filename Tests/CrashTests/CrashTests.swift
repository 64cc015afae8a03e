import ConnectTesting
import Foundation
import Testing

/// IMP-17: whatever is killed, wherever: after recovery the list equals that of an undisturbed run, the rejects file is complete,
/// and the file lies in the archive once. `CRASH_ROUNDS` sets the number of random kills (make soak: 1,000).
@Suite(.waits) struct CrashTests {
    /// What the file is imported into.
    private enum Target {
        case list
        /// A PET, and the list that its people are put into first: two tables, each with its own commit.
        case petWithPeople
        /// A supplemental table without a key: what is loaded twice stands there twice.
        case inserted
        /// A supplemental table whose rows all go.
        case replaced
        /// An App Channel list.
        case installs

        /// The good records' ids are numbers where the field is one, so that the bad ones are rejected there too.
        var idPrefix: String { self == .list || self == .petWithPeople ? "c" : "" }

        var document: String {
            let mapping = "mapping: { fields: { mail: EMAIL_ADDRESS_, id: CUSTOMER_ID_ } }"
            return switch self {
            case .list:
                """
                lists:
                  - name: CONTACTS
                    fields: { FIRST_NAME: STR100, TIER: STR25 }
                jobs:
                  - name: contacts
                    kind: import-list
                    file: { name: contacts.csv }
                    target: { list: CONTACTS }
                    \(mapping)
                """
            case .petWithPeople:
                """
                lists:
                  - name: CONTACTS
                    fields: { FIRST_NAME: STR100 }
                pets:
                  - name: LOYALTY
                    list: CONTACTS
                    fields: { TIER: STR25 }
                jobs:
                  - name: contacts
                    kind: import-pet
                    file: { name: contacts.csv }
                    target: { list: CONTACTS, pet: LOYALTY, add_people: true }
                    \(mapping)
                """
            case .inserted, .replaced:
                """
                tables: [{ name: PEOPLE, fields: { MAIL: STR100, ID: INTEGER, FIRST_NAME: STR100, TIER: STR25 } }]
                jobs:
                  - name: contacts
                    kind: import-table
                    file: { name: contacts.csv }
                    target: { table: PEOPLE, load: \(self == .replaced ? "replace" : "insert") }
                """
            case .installs:
                """
                lists: [{ name: CONTACTS }]
                apps: [{ name: CONTACTS apps, list: CONTACTS }]
                jobs:
                  - name: contacts
                    kind: import-app
                    file: { name: contacts.csv }
                    target: { list: CONTACTS, match: [ADVERTISER_ID_] }
                    mapping: { fields: { mail: ADVERTISER_ID_, id: PROFILE_RIID_, FIRST_NAME: APP_ID_, TIER: ADMIN_AREA1_ } }
                """
            }
        }

        func rows(_ installation: Installation) throws -> [String] {
            let people = "RIID_,EMAIL_ADDRESS_,CUSTOMER_ID_,FIRST_NAME,EMAIL_SHA256_HASH_,EMAIL_PERMISSION_STATUS_"
            switch self {
            case .list: return try installation.rows("CONTACTS", people + ",TIER")
            case .petWithPeople: break
            case .inserted, .replaced: return try Self.lines(installation, "tables", "PEOPLE", "MAIL,ID,FIRST_NAME,TIER")
            case .installs: return try Self.lines(installation, "apps", "CONTACTS apps", "RIID_,ADVERTISER_ID_,PROFILE_RIID_,APP_ID_,ADMIN_AREA1_")
            }
            return try installation.rows("CONTACTS", people) + Self.lines(installation, "pets", "LOYALTY", "RIID_,TIER")
        }

        private static func lines(_ installation: Installation, _ noun: String, _ table: String, _ fields: String) throws -> [String] {
            try installation.expectSuccess(noun, "query", table, "--fields", fields, "--limit", "0", "--json").split(separator: "\n").map(String.init)
                .sorted()
        }
    }

    /// A home with 2,000 rows in its list, and what an undisturbed run of the second file makes of it.
    private struct Stage {
        let template: Installation
        let update: String
        let rows: [String]
        let rejects: String
        let target: Target

        init(_ target: Target = .list) throws {
            self.target = target
            template = try Installation()
            try template.apply(target.document)
            try template.put("contacts.csv", Self.file(0..<2000, tier: "SILVER", target))
            try template.expectSuccess("jobs", "run", "contacts")
            update = Self.file(1000..<3000, tier: "GOLD", target)
            let undisturbed = try Installation(copying: template)
            try undisturbed.put("contacts.csv", update)
            try undisturbed.expectSuccess("jobs", "run", "contacts")
            rows = try target.rows(undisturbed)
            rejects = try undisturbed.expectSuccess("runs", "rejects", "1.2")
        }

        static func file(_ numbers: Range<Int>, tier: String, _ target: Target) -> String {
            let records = numbers.map { number in
                number % 50 == 7
                    ? "no address,c\(number),Bad,\(tier)"
                    : "p\((number * 7919) % 100_003)@example.com,\(target.idPrefix)\(number),Name \(number),\(tier)"
            }
            return "mail,id,FIRST_NAME,TIER\n" + records.joined(separator: "\n") + "\n"
        }

        /// A fresh copy with the second file waiting.
        func installation() throws -> Installation {
            let copy = try Installation(copying: template)
            try copy.put("contacts.csv", update)
            return copy
        }

        /// Recovers until nothing is left to recover, runs again where the killed run never began, and compares everything.
        func expectWhole(_ installation: Installation, _ what: Comment) throws {
            for _ in 0..<5 where try installation.json("runs", "recover").count > 0 {}
            if !installation.directory.names(in: "home/files/upload").isEmpty { try installation.expectSuccess("jobs", "run", "contacts") }
            #expect(try target.rows(installation) == rows, what)
            #expect(installation.directory.names(in: "home/files/upload").isEmpty, what)
            let archive = installation.directory.names(in: "home/files/archive")
            #expect(archive.count == 2, what)
            let runs = try installation.json("runs", "list")
            let last = runs[0]["run"].string ?? ""
            #expect(runs[0]["status"].string == "succeeded", what)
            #expect(archive.contains("contacts.csv.\(last)"), what)
            #expect(runs[0]["records"]["rejected"].int == 40, what)
            #expect(try installation.expectSuccess("runs", "rejects", last) == rejects, what)
        }
    }

    static let failpoints = [
        "run.claimed", "run.selected", "run.staged", "merge.begin", "merge.half", "run.rejects-written", "merge.before-commit",
        "merge.after-commit", "run.applied", "archive.before-rename", "archive.after-rename", "run.archived", "run.finished",
    ]

    @Test("IMP-17: killed at every step boundary, and once more while recovering, a run is applied exactly once")
    func killedAtEveryStep() throws {
        let stage = try Stage()
        for first in Self.failpoints {
            for second in [nil, first] {
                let installation = try stage.installation()
                let killed = try installation.run("jobs", "run", "contacts", "--json", environment: ["CONNECTHOST_FAILPOINT": first])
                #expect(killed.status != 0 || first == "run.finished", "\(first) was not reached")
                if let second { try installation.run("runs", "recover", environment: ["CONNECTHOST_FAILPOINT": second]) }
                try stage.expectWhole(installation, "killed at \(first)\(second == nil ? "" : ", and again")")
            }
        }
    }

    @Test("IMP-13, IMP-17: killed at every step of a run that loads two tables, each is loaded exactly once")
    func killedBetweenTables() throws {
        let stage = try Stage(.petWithPeople)
        // The second of a name is that of the PET's load.
        let steps = ["merge.begin", "merge.half", "merge.before-commit", "merge.after-commit"]
        for failpoint in ["run.staged"] + steps + ["run.people"] + steps.map({ $0 + ":2" }) + ["run.rejects-written", "run.applied"] {
            let installation = try stage.installation()
            let killed = try installation.run("jobs", "run", "contacts", "--json", environment: ["CONNECTHOST_FAILPOINT": failpoint])
            #expect(killed.status != 0, "\(failpoint) was not reached")
            try stage.expectWhole(installation, "killed at \(failpoint)")
        }
    }

    @Test("IMP-12, IMP-13, IMP-17: whatever kind of table it goes to, a run that is killed around its commit is applied exactly once")
    func killedInOtherTables() throws {
        for target in [Target.inserted, .replaced, .installs] {
            let stage = try Stage(target)
            for failpoint in ["merge.half", "merge.after-commit", "run.applied"] {
                let installation = try stage.installation()
                let killed = try installation.run("jobs", "run", "contacts", "--json", environment: ["CONNECTHOST_FAILPOINT": failpoint])
                #expect(killed.status != 0, "\(target): \(failpoint) was not reached")
                try stage.expectWhole(installation, "\(target), killed at \(failpoint)")
            }
        }
    }

    @Test("IMP-17: killed at random moments, worker or host, a run is applied exactly once")
    func killedAtRandom() throws {
        let stages = try [Target.list, .petWithPeople, .inserted, .replaced, .installs].map { try Stage($0) }
        let rounds = ProcessInfo.processInfo.environment["CRASH_ROUNDS"].flatMap(Int.init) ?? 80
        let seed = ProcessInfo.processInfo.environment["CRASH_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 1 ... .max)
        var generator = SeededGenerator(seed: seed)
        for round in 0..<rounds {
            let stage = stages[round % stages.count]
            let installation = try stage.installation()
            let child = try installation.start(["jobs", "run", "contacts", "--json"])
            usleep(UInt32.random(in: 5_000...400_000, using: &generator))
            let hitsHost = Bool.random(using: &generator)
            // A worker whose host was killed stops by itself; recovery begins when it is gone.
            if hitsHost { try child.killAndWaitForChildren() } else { child.children.forEach { kill($0, SIGKILL) } }
            _ = child.wait()
            try stage.expectWhole(installation, "round \(round) of seed \(seed), \(stage.target), \(hitsHost ? "host" : "worker") killed")
        }
    }
}

/// SplitMix64: a failing round can be repeated from its seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
