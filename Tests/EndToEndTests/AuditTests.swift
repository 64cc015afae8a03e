import ConnectTesting
import Foundation
import Testing

/// Every command that changes something leaves word of who did it, to what, and what it was before and is now (OPS-3).
@Suite(.waits) struct AuditTests {
    /// Commands that change nothing of an installation.
    private static let looks = Set([
        "connectors list", "connectors describe", "connectors check", "connectors test", "connectors new", "connectors verify",
        "connectors profile show",
        "servers list", "servers show", "servers test", "keys list", "keys export", "account show", "account mail show", "account mail test",
        "account campaigns show", "account network show", "account imports show", "jobs kinds", "jobs new", "jobs list", "jobs show", "jobs errors",
        "jobs preview", "groups list", "groups show", "groups candidates", "groups runs", "schedule next", "schedule history", "runs list",
        "runs show",
        "runs log", "runs rejects", "events types", "events count", "events query", "events columns list", "outbox list", "outbox show", "hooks list",
        "hooks test", "secrets list", "secrets verify", "audit list", "files list", "files inspect", "validate", "diff", "export", "tables list",
        "tables show", "tables count", "tables query",
    ]).union(["lists", "pets", "apps"].flatMap { noun in ["list", "show", "count", "query", "custom-events"].map { "\(noun) \($0)" } })
        .union(["filters", "audiences", "views"].flatMap { noun in ["list", "show", "test"].map { "\(noun) \($0)" } })
    /// Commands that go on with what was begun before, and change nothing that anybody has decided; runs and the outbox tell of their work.
    private static let carriesOn: Set = ["serve", "runs recover", "outbox deliver"]

    private struct Step {
        let path: String
        let arguments: [String]
        /// Names of the objects that an entry is expected for, or their beginnings.
        let objects: [String]
        var input = ""
        var status: Int32 = 0

        init(_ path: String, _ arguments: [String] = [], _ objects: String..., input: String = "", status: Int32 = 0) {
            self.path = path
            self.arguments = arguments
            self.objects = objects
            self.input = input
            self.status = status
        }
    }

    private static let secret = "word-\(UUID().uuidString)"

    private static func job(_ name: String, _ more: String = "") -> String {
        "  - name: \(name)\n    kind: import-list\n    file: { name: \(name).csv }\n    target: { list: PEOPLE }\n    mapping: { fields: { mail: EMAIL_ADDRESS_ } }\n\(more)"
    }

    private static func steps(_ installation: Installation) -> [Step] {
        let slow = "    active: true\n"
        let jobs =
            "jobs:\n" + job("a", "    options: { event: { name: loaded } }\n") + job("b") + job("c")
            + job("slow", slow).replacingOccurrences(of: "name: slow.csv", with: "name: slow.csv, settle_seconds: 600")
        return tables + [
            Step("apply", ["-"], "list/PEOPLE", "job/a", "job/slow", input: "lists: [{ name: PEOPLE }]\n" + jobs),
            Step(
                "servers add", ["partner", "sftp", "--set", "host=127.0.0.1", "--set", "username=u", "--secret", "password"], "server/partner",
                "secret/server/partner/password", input: secret + "\n"),
            Step("servers set", ["partner", "--set", "username=v"], "server/partner"),
            Step("servers keygen", ["partner"], "server/partner", "secret/server/partner/private_key"),
            Step("servers trust", ["partner", "--yes", "--known-hosts", installation.directory.path + "/known_hosts"], "server/partner"),
            Step("servers remove", ["partner"], "server/partner"),
            Step("keys generate", ["Ann", "--email", "ann@example.com", "--type", "ed25519"], "key/", "secret/key/"),
            Step("keys export", ["ann@example.com", "--file", installation.directory.path + "/ann.asc"]),
            Step("keys remove", ["ann@example.com", "--private"], "key/"),
            Step("keys import", [installation.directory.path + "/ann.asc"], "key/"),
            Step(
                "account mail set", ["--set", "host=localhost", "--set", "from=c@example.com", "--set", "user=u", "--secret", "password"],
                "setting/mail", "secret/setting/mail/password", input: secret + "\n"),
            Step("account mail remove", [], "setting/mail"),
            Step(
                "account campaigns set", ["--set", "profile=plain", "--set", "url=https://example.com/{campaign}", "--secret", "secret"],
                "setting/campaigns", "secret/setting/campaigns/secret", input: secret + "\n"),
            Step("account campaigns remove", [], "setting/campaigns"),
            Step("account network set", ["--set", "allow=10.0.0.0/8"], "setting/network"),
            Step("account file-names", ["{RUN}_{NAME}"], "setting/"),
            Step("account imports set", ["--set", "mobile_format=local"], "setting/"),
            Step("connectors profile set", ["orce-segments", "--set", "header=false"], "profile/"),
            Step("connectors lock", [], "connectors/"),
            Step(
                "events ingest", ["-", "--any-type"], "events",
                input: #"{"id": "1", "type": "SENT", "time": "2025-03-01T12:00:00Z", "RIID": 7}"# + "\n"),
            Step("events columns add", ["STORE_ID", "--channel", "email"], "event-column/email/STORE_ID"),
            Step("jobs run", ["a", "--quiet"], "run/"),
            Step("outbox retry", ["1"], "outbox/"),
            Step("outbox drop", ["1"], "outbox/"),
            Step(
                "hooks add", ["crm", "--url", "https://example.com/", "--secret", "signing"], "hook/crm", "secret/hook/crm/signing",
                input: secret + "\n"),
            Step("hooks set", ["crm", "--secret", "bearer"], "hook/crm", "secret/hook/crm/bearer", input: secret + "\n"),
            Step("hooks remove", ["crm"], "hook/crm"),
            Step("groups create", ["both", "a", "b"], "group/both"),
            Step("groups edit", ["both", "--description", "Both of them."], "group/both"),
            Step("groups deactivate", ["both"], "group/both"),
            Step("groups activate", ["both"], "group/both"),
            Step("groups run", ["both", "--detach"], "group-run/"),
            Step("groups stop", ["both", "--yes"], "group-run/", status: 0),
            Step("groups delete", ["both", "--yes"], "group/both"),
            Step("jobs deactivate", ["c"], "job/c"),
            Step("jobs copy", ["c", "d"], "job/d"),
            Step("jobs activate", ["c"], "job/c"),
            Step("jobs edit", ["c", "--file", "-"], "job/c", input: "jobs:\n" + job("c", "    description: Edited.\n")),
            Step("jobs delete", ["c", "--yes"], "job/c"),
            Step("jobs run", ["slow", "--detach"], "run/"),
            Step("jobs stop", ["slow", "--yes"], "run/"),
            Step("jobs run", ["slow", "--detach"], "run/"),
            Step("runs stop", ["@last"], "run/"),
            Step("secrets rotate", [], "secrets"),
            Step("account set", ["external-servers=off"], "account"),
        ]
    }

    private static let tables = [
        Step("lists create", ["CONTACTS", "--field", "FIRST_NAME:STR100"], "list/CONTACTS"),
        Step("lists alter", ["CONTACTS", "--field", "SIZE:NUMBER"], "list/CONTACTS"),
        Step("pets create", ["LOYALTY", "--list", "CONTACTS", "--field", "TIER:STR25"], "pet/LOYALTY"),
        Step("pets alter", ["LOYALTY", "--field", "POINTS:NUMBER"], "pet/LOYALTY"),
        Step("apps create", ["PHONES", "--list", "CONTACTS"], "app/PHONES"),
        Step("tables create", ["STORES", "--key", "ID", "--field", "ID:STR25"], "supplemental/STORES"),
        Step("tables alter", ["STORES", "--field", "CITY:STR100"], "supplemental/STORES"),
        Step("filters create", ["Named", "--list", "CONTACTS", "--where", "FIRST_NAME IS NOT NULL"], "filter/Named"),
        Step("audiences create", ["All", "--list", "CONTACTS", "--all", "Named"], "audience/All"),
        Step("views create", ["Shops", "--sql", "SELECT ID FROM STORES"], "view/Shops"),
        Step("views drop", ["Shops"], "view/Shops"),
        Step("audiences drop", ["All"], "audience/All"),
        Step("filters drop", ["Named"], "filter/Named"),
        Step("tables drop", ["STORES", "--yes"], "supplemental/STORES"),
        Step("apps drop", ["PHONES", "--yes"], "app/PHONES"),
        Step(
            "apply", ["-"], "job/cut",
            input:
                "jobs: [{ name: cut, kind: import-pet, file: { name: cut.csv }, target: { list: CONTACTS, pet: LOYALTY, match: [CUSTOMER_ID_], generate: true, expires_after_days: 1 } }]"
        ),
        Step("jobs run", ["cut", "--quiet"], "run/", "pet/LOYALTY_"),
        Step("pets expire", [], "pet/LOYALTY_"),
        Step("jobs delete", ["cut", "--yes"], "job/cut"),
        Step("pets drop", ["LOYALTY", "--yes"], "pet/LOYALTY"),
        Step("lists drop", ["CONTACTS", "--yes"], "list/CONTACTS"),
    ]

    /// Commands that people see, as the program itself tells them.
    private func commands() throws -> Set<String> {
        let dump = try ChildRun(Installation.program, ["--experimental-dump-help"]).wait().output
        var found: Set<String> = []
        func walk(_ command: JSONObject, _ path: [String]) {
            guard command["shouldDisplay"].bool ?? true else { return }
            let children = (0..<command["subcommands"].count).map { command["subcommands"][$0] }.filter { $0["commandName"].string != "help" }
            if children.isEmpty { found.insert(path.joined(separator: " ")) }
            for child in children { walk(child, path + [child["commandName"].string ?? ""]) }
        }
        walk(JSONObject(try JSONSerialization.jsonObject(with: Data(dump.utf8)))["command"], [])
        return found
    }

    @Test("OPS-3: every command either only looks, or is in the walk through those that change something")
    func everyCommandIsKnown() throws {
        let installation = try Installation()
        let changes = Set(Self.steps(installation).map(\.path)).subtracting(Self.looks)
        let known = Self.looks.union(Self.carriesOn).union(changes).union(["init", "connectors lock"])
        let all = try commands()
        #expect(all.subtracting(known) == [], "a new command belongs into one of the lists above")
        #expect(known.subtracting(all) == [], "these are no commands any more")
    }

    @Test("OPS-3: every command that changes something leaves an entry with who, what, before and after, and no secret")
    func everyChange() throws {
        let installation = try Installation()
        try prepare(installation)
        var last = try entries(installation, after: 0)
        #expect(last.contains { $0.object == "server/files" && $0.action == "create" }, "init leaves its server")
        var number = last.map(\.number).max() ?? 0
        var all = last
        for step in Self.steps(installation) {
            let arguments = step.arguments.map { $0 == "@last" ? Self.lastRun(all) : $0 }
            // Two days later, for what expires.
            let environment = step.path == "pets expire" ? installation.clockEnvironment : [:]
            let result = try installation.start(
                step.path.split(separator: " ").map(String.init) + arguments, environment: environment, input: step.input
            ).wait()
            #expect(result.status == step.status, "\(step.path): \(result.errors)")
            last = try entries(installation, after: number)
            for object in step.objects {
                let own = last.filter { object.hasSuffix("/") || object.hasSuffix("_") ? $0.object.hasPrefix(object) : $0.object == object }
                #expect(!own.isEmpty, "\(step.path) leaves no entry for \(object)")
                #expect(own.allSatisfy { $0.actor.contains("(\(getuid()))") && $0.isTold }, "\(step.path): \(own)")
            }
            number = last.map(\.number).max() ?? number
            all += last
        }
        #expect(all.allSatisfy { !$0.text.contains(Self.secret) && !$0.text.contains("PRIVATE KEY") })
    }

    private func prepare(_ installation: Installation) throws {
        try installation.put("a.csv", "mail\nann@example.com\n")
        try installation.put("cut.csv", "CUSTOMER_ID,TIER\nC1,GOLD\n")
        try installation.put("slow.csv", "mail\nslow@example.com\n")
        try FileManager.default.setAttributes([.modificationDate: Date().addingTimeInterval(86_400)], ofItemAtPath: installation.upload + "/slow.csv")
        let key = "AAAAC3NzaC1lZDI1NTE5AAAAIIHl1j7a0g3mQj0oPT2CkBBYqyPwrJfPG0mDNFFCXjhz"
        try installation.directory.write("known_hosts", "127.0.0.1 ssh-ed25519 \(key)\n")
        try installation.setClock(shiftSeconds: 2 * 86_400)
    }

    private struct Entry {
        let number: Int
        let object: String
        let actor: String
        let action: String
        let text: String
        /// What was and what is stand there, as far as there is something: secrets are told by name alone, and columns have nothing but one.
        let isTold: Bool
    }

    private static func lastRun(_ entries: [Entry]) -> String {
        entries.last { $0.object.hasPrefix("run/") }.map { String($0.object.dropFirst(4)) } ?? ""
    }

    private func entries(_ installation: Installation, after number: Int) throws -> [Entry] {
        let query = "SELECT number, object, actor, body FROM audit WHERE number > \(number) ORDER BY number"
        // A run that ends at this moment may hold the file for itself.
        let shell = try ChildRun("sqlite3", ["-json", "-cmd", ".timeout 60000", installation.home + "/control.sqlite", query]).wait()
        try #require(shell.status == 0, "\(shell.errors)")
        let output = shell.output
        guard !output.isEmpty else { return [] }
        let rows = JSONObject(try JSONSerialization.jsonObject(with: Data(output.utf8)))
        return try (0..<rows.count).map { index in
            let text = rows[index]["body"].string ?? ""
            let body = JSONObject(try JSONSerialization.jsonObject(with: Data(text.utf8)))
            let (before, after) = (!body["before"].isMissing, !body["after"].isMissing)
            let object = rows[index]["object"].string ?? ""
            let isTold: Bool =
                switch body["action"].string {
                case "create": !before && (after || object.hasPrefix("event-column/"))
                case "update": before && after || object.hasPrefix("connectors/")
                case "remove", "stop": before && !after
                case "start": !before && after
                case "retry", "drop": before && after
                default: body["action"].string == "seal"
                }
            return Entry(
                number: rows[index]["number"].int ?? 0, object: object, actor: rows[index]["actor"].string ?? "", action: body["action"].string ?? "",
                text: text,
                isTold: isTold)
        }
    }
}
