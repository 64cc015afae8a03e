import ConnectTesting
import Foundation
import Testing

/// Every kind of table that an import fills, by the command line from job file to rows.
@Suite(.waits) struct TableImportTests {
    private static let tables = """
        lists:
          - name: CONTACTS
            fields: { FIRST_NAME: STR100 }
        apps:
          - { name: CONTACTS apps, list: CONTACTS }
        pets:
          - name: LOYALTY
            list: CONTACTS
            fields: { TIER: STR25, POINTS: INTEGER }
          - name: USAGE
            app: CONTACTS apps
            fields: { STARTS: INTEGER }
        tables:
          - name: ORDERS
            key: [ORDER_ID]
            data_extraction_key: [CUSTOMER]
            fields: { ORDER_ID: STR50, CUSTOMER: STR50, TOTAL: NUMBER }
          - name: LOG
            fields: { LINE: STR255 }
        """

    private func installation(_ jobs: String) throws -> Installation {
        let installation = try Installation()
        try installation.apply(Self.tables + "\njobs:\n" + jobs)
        return installation
    }

    private func people(_ installation: Installation, _ text: String) throws {
        try installation.apply(
            "jobs: [{ name: people, kind: import-list, file: { name: people.csv }, target: { list: CONTACTS, match: [CUSTOMER_ID_] } }]")
        try installation.put("people.csv", text)
        #expect(try installation.json("jobs", "run", "people")["status"].string == "succeeded")
    }

    private func rows(_ installation: Installation, _ noun: String, _ table: String, _ fields: String, _ more: String...) throws -> [String] {
        let result = try installation.start([noun, "query", table, "--fields", fields, "--limit", "0", "--json"] + more).wait()
        #expect(result.status == 0, "\(result.errors)")
        return result.output.split(separator: "\n").map(String.init)
    }

    @Test("IMP-1, IMP-12: supplemental data is inserted, merged by the table's keys, or put in place of all rows")
    func supplemental() throws {
        let installation = try installation(
            """
              - { name: insert, kind: import-table, file: { name: orders.csv }, target: { table: ORDERS, load: insert } }
              - { name: merge, kind: import-table, file: { name: orders.csv }, target: { table: ORDERS } }
              - { name: replace, kind: import-table, file: { name: orders.csv }, target: { table: ORDERS, load: replace } }
              - { name: log, kind: import-table, file: { name: log.csv }, target: { table: LOG, load: insert } }
            """)
        func run(_ job: String, _ text: String) throws -> JSONObject {
            try installation.put("orders.csv", "ORDER_ID,CUSTOMER,TOTAL\n" + text)
            return try installation.json("jobs", "run", job)
        }
        #expect(try run("insert", "A,C1,9.50\nB,C2,3\n")["records"]["inserted"].int == 2)
        let second = try run("insert", "B,C9,1\nC,C2,x\nD,C3,4\n")
        #expect(second["records"]["inserted"].int == 1)
        #expect(second["rejects"]["by_reason"]["KEY_TAKEN"].int == 1)
        #expect(second["rejects"]["by_reason"]["NUMBER_INVALID"].int == 1)
        let merged = try run("merge", "B,C9,1\nE,C5,5\n")
        #expect(merged["records"]["inserted"].int == 1)
        #expect(merged["records"]["updated"].int == 1)
        #expect(try rows(installation, "tables", "ORDERS", "ORDER_ID,CUSTOMER").count == 4)
        try installation.put("orders.csv", "ORDER_ID,CUSTOMER,TOTAL\nZ,C1,1\nY,C1,2\n")
        let preview = try installation.json("jobs", "preview", "replace")
        #expect(preview["records"]["inserted"].int == 2)
        #expect(try installation.json("tables", "count", "ORDERS")["count"].int == 4)
        #expect(try installation.json("jobs", "run", "replace")["records"]["inserted"].int == 2)
        #expect(try rows(installation, "tables", "ORDERS", "ORDER_ID,TOTAL") == [#"{"ORDER_ID":"Z","TOTAL":"1"}"#, #"{"ORDER_ID":"Y","TOTAL":"2"}"#])
        try installation.put("log.csv", "LINE\na\na\n")
        #expect(try installation.json("jobs", "run", "log")["records"]["inserted"].int == 2)
    }

    @Test("IMP-13: PET records find their people; who is unknown is rejected, or put into the list first; all rows can be replaced")
    func extensions() throws {
        let installation = try installation(
            """
              - { name: points, kind: import-pet, file: { name: points.csv }, target: { list: CONTACTS, pet: LOYALTY, match: [CUSTOMER_ID_] } }
              - name: everybody
                kind: import-pet
                file: { name: points.csv }
                target: { list: CONTACTS, pet: LOYALTY, match: [CUSTOMER_ID_], add_people: true, replace_all: true, default_permission: OPTIN }
            """)
        try people(installation, "CUSTOMER_ID,EMAIL\nC1,ann@example.com\nC2,bob@example.com\n")
        try installation.put("points.csv", "CUSTOMER_ID,TIER,POINTS\nC1,GOLD,5\nC3,TIN,1\n")
        let first = try installation.json("jobs", "run", "points")
        #expect(first["records"]["inserted"].int == 1)
        #expect(first["rejects"]["by_reason"]["PERSON_UNKNOWN"].int == 1)
        #expect(try installation.expectSuccess("runs", "rejects", try #require(first["run"].string)).contains("3,\"PERSON_UNKNOWN\""))
        let file = "CUSTOMER_ID,EMAIL,TIER,POINTS\nC2,other@example.com,RED,1\nC3,cat@example.com,TIN,2\nC4,dan@example.com,TIN,3\n"
        try installation.put("points.csv", file)
        let preview = try installation.json("jobs", "preview", "everybody")
        #expect(preview["records"]["inserted"].int == 3)
        #expect(preview["records"]["rejected"].int == 0)
        #expect(preview["records"]["added_people"].int == 2)
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 2)
        let second = try installation.json("jobs", "run", "everybody")
        #expect(second["records"]["inserted"].int == 3 && second["records"]["added_people"].int == 2)
        #expect(first["records"]["added_people"].isMissing)
        #expect(
            try installation.rows("CONTACTS", "CUSTOMER_ID_,EMAIL_ADDRESS_,EMAIL_PERMISSION_STATUS_") == [
                #"{"CUSTOMER_ID_":"C1","EMAIL_ADDRESS_":"ann@example.com","EMAIL_PERMISSION_STATUS_":"O"}"#,
                #"{"CUSTOMER_ID_":"C2","EMAIL_ADDRESS_":"bob@example.com","EMAIL_PERMISSION_STATUS_":"O"}"#,
                #"{"CUSTOMER_ID_":"C3","EMAIL_ADDRESS_":"cat@example.com","EMAIL_PERMISSION_STATUS_":"I"}"#,
                #"{"CUSTOMER_ID_":"C4","EMAIL_ADDRESS_":"dan@example.com","EMAIL_PERMISSION_STATUS_":"I"}"#,
            ])
        #expect(try rows(installation, "pets", "LOYALTY", "RIID_,TIER").count == 3)
        #expect(try rows(installation, "pets", "LOYALTY", "RIID_", "--where", "TIER = 'GOLD'").isEmpty)
    }

    @Test(
        "IMP-13: a run that dies between adding people and loading the PET adds nobody twice and loses nobody",
        arguments: ["run.people", "run.rejects-written", "run.applied"])
    func crashBetweenTheTwo(failpoint: String) throws {
        let installation = try installation(
            "  - { name: both, kind: import-pet, file: { name: both.csv }, target: { list: CONTACTS, pet: LOYALTY, match: [CUSTOMER_ID_], add_people: true } }"
        )
        try installation.put("both.csv", "CUSTOMER_ID,TIER\nC1,GOLD\nC2,RED\n")
        let killed = try installation.run("jobs", "run", "both", environment: ["CONNECTHOST_FAILPOINT": failpoint])
        #expect(killed.status != 0)
        let pets = try installation.json("pets", "count", "LOYALTY")["count"].int
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 2)
        #expect(pets == (failpoint == "run.applied" ? 2 : 0))
        try installation.expectSuccess("runs", "recover")
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 2)
        #expect(
            try rows(installation, "pets", "LOYALTY", "RIID_,TIER").sorted() == [#"{"RIID_":"1","TIER":"GOLD"}"#, #"{"RIID_":"2","TIER":"RED"}"#])
        let run = try installation.json("runs", "list")[0]
        #expect(run["status"].string == "succeeded" && run["records"]["added_people"].int == 2)
    }

    @Test("IMP-13: app installs and the PETs of an App Channel list are matched by its fields")
    func apps() throws {
        let installation = try installation(
            """
              - { name: installs, kind: import-app, file: { name: installs.csv }, target: { list: CONTACTS } }
              - { name: usage, kind: import-pet, file: { name: usage.csv }, target: { list: CONTACTS, pet: USAGE, app_channel: true, match: [ADVERTISER_ID_] } }
            """)
        try installation.put("installs.csv", "DEVICE_ID,API_KEY,ADVERTISER_ID,CHANNEL_PERMISSION_STATUS\nd1,k1,a1,I\nd2,k1,a2,\n")
        #expect(try installation.json("jobs", "run", "installs")["records"]["inserted"].int == 2)
        try installation.put("usage.csv", "ADVERTISER_ID,STARTS\na2,7\na9,1\n")
        let run = try installation.json("jobs", "run", "usage")
        #expect(run["records"]["inserted"].int == 1)
        #expect(run["rejects"]["by_reason"]["PERSON_UNKNOWN"].int == 1)
        #expect(try rows(installation, "pets", "USAGE", "RIID_,STARTS") == [#"{"RIID_":"2","STARTS":"7"}"#])
        let refused = try installation.run(
            "validate", "-",
            input:
                "jobs: [{ name: x, kind: import-pet, file: { name: a.csv }, target: { list: CONTACTS, pet: USAGE, app_channel: true, match: [DEVICE_ID_] } }]"
        )
        #expect(refused.status == 3)
        #expect(refused.output.contains("DEVICE_ID_ and API_KEY_ together"))
    }

    @Test("IMP-14, domain §5.3: each run makes a PET of its own, which is dropped when its days are over, and nothing else is")
    func generated() throws {
        let installation = try installation(
            """
              - name: cut
                kind: import-pet
                file: { name: cut.csv }
                target: { list: CONTACTS, pet: LOYALTY, match: [CUSTOMER_ID_], generate: true, expires_after_days: 1 }
                options: { fail_if_empty: true }
            """)
        try people(installation, "CUSTOMER_ID\nC1\nC2\n")
        try installation.put("cut.csv", "CUSTOMER_ID,TIER\nC1,GOLD\n")
        let run = try installation.json("jobs", "run", "cut")
        let name = "LOYALTY_" + (try #require(run["run"].string)).replacingOccurrences(of: ".", with: "_")
        #expect(try rows(installation, "pets", name, "TIER") == [#"{"TIER":"GOLD"}"#])
        #expect(try installation.json("pets", "count", "LOYALTY")["count"].int == 0)
        let shown = try installation.json("pets", "show", name)
        #expect((shown["expires_at"].int ?? 0) > Int(Date().timeIntervalSince1970 * 1000))
        try installation.put("cut.csv", "CUSTOMER_ID,TIER\n")
        #expect(try installation.json("jobs", "run", "cut")["status"].string == "failed")
        #expect(try installation.json("pets", "list").count == 3)
        #expect(try installation.json("pets", "expire")["dropped"].count == 0)
        #expect(try !installation.expectSuccess("export").contains(name))
    }

    @Test("IMP-10, IMP-11: the latest load can be asked for by name, and its customers' events are in the event store")
    func traces() throws {
        let installation = try installation(
            "  - { name: load, kind: import-list, file: { name: load.csv }, target: { list: CONTACTS, match: [CUSTOMER_ID_], latest_load: Spring, custom_event: Registered } }"
        )
        try people(installation, "CUSTOMER_ID\nC1\nC2\nC3\n")
        try installation.put("load.csv", "CUSTOMER_ID,FIRST_NAME\nC3,Cat\nC4,Dan\n")
        #expect(try installation.json("jobs", "run", "load")["status"].string == "succeeded")
        #expect(
            try rows(installation, "lists", "CONTACTS", "CUSTOMER_ID_", "--load", "Spring") == [#"{"CUSTOMER_ID_":"C3"}"#, #"{"CUSTOMER_ID_":"C4"}"#])
        #expect(
            try rows(installation, "lists", "CONTACTS", "CUSTOMER_ID_", "--load", "Spring", "--where", "FIRST_NAME = 'Dan'") == [
                #"{"CUSTOMER_ID_":"C4"}"#
            ])
        let events = try installation.expectSuccess("events", "query", "CUSTOM_EVENT").split(separator: "\n")
        #expect(events.count == 2 && events[0].contains(#""EVENT_NAME":"Registered""#) && events[0].contains(#""RIID":"3""#))
        #expect(try installation.json("lists", "show", "CONTACTS")["latest_loads"][0]["rows"].int == 2)
        #expect(try installation.run("lists", "query", "CONTACTS", "--load", "Autumn").status == 3)
    }

    @Test(
        "IMP-1: an audience scope file beside a list import is loaded with it, once, whatever dies between, where the account may",
        arguments: ["", "run.scope", "merge.after-commit:2"])
    func scope(failpoint: String) throws {
        let installation = try installation("  []")
        let job = """
            jobs:
              - name: scoped
                kind: import-list
                file: { name: people.csv }
                target: { list: CONTACTS, match: [CUSTOMER_ID_], scope_file: "{NAME}_scope.csv", scope_pet: LOYALTY }
                mapping: { fields: { who: CUSTOMER_ID_ } }
            """
        let refused = try installation.run("apply", "-", input: job)
        #expect(refused.status == 3 && (refused.output + refused.errors).contains("audience-scope"))
        try installation.expectSuccess("account", "set", "audience-scope=on")
        try installation.apply(job)
        try installation.put("people.csv", "who,FIRST_NAME\nC1,Ann\nC2,Bob\n")
        #expect(try installation.json("jobs", "run", "scoped")["error"]["code"].string == "scope.missing")
        try installation.put("people_scope.csv", "who,TIER\nC1,North\nC2,South\nC9,West\n")
        let environment = failpoint.isEmpty ? [:] : ["CONNECTHOST_FAILPOINT": failpoint]
        let run = try installation.run("jobs", "run", "scoped", environment: environment)
        if failpoint.isEmpty { #expect(run.status == 0, "\(run.errors)") } else { try installation.expectSuccess("runs", "recover") }
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 2)
        #expect(try rows(installation, "pets", "LOYALTY", "RIID_,TIER") == [#"{"RIID_":"1","TIER":"North"}"#, #"{"RIID_":"2","TIER":"South"}"#])
        let last = try installation.json("runs", "list")[0]
        #expect(last["status"].string == "succeeded")
        #expect(last["records"]["inserted"].int == 2)
        #expect(installation.directory.names(in: "home/files/upload").isEmpty)
        #expect(installation.directory.names(in: "home/files/archive").count == 2)
    }

    @Test("MGT-6: tables of every kind are exported, applied again without a change, altered and dropped")
    func documents() throws {
        let installation = try installation("  - { name: log, kind: import-table, file: { name: log.csv }, target: { table: LOG, load: insert } }")
        let exported = try installation.expectSuccess("export")
        #expect(try installation.apply(exported).contains("Nothing to change."))
        let other = try Installation()
        try other.apply(exported)
        #expect(try other.expectSuccess("export") == exported)
        #expect(try installation.apply("tables: [{ name: LOG, fields: { LINE: STR255, SIZE: INTEGER } }]").contains("SIZE"))
        try installation.expectSuccess("pets", "alter", "LOYALTY", "--field", "SINCE:TIMESTAMP")
        #expect(try installation.json("pets", "show", "LOYALTY")["fields"].count == 6)
        #expect(try installation.run("lists", "drop", "CONTACTS", "--yes").status == 3)
        #expect(try installation.run("tables", "drop", "LOG", "--yes").status == 3)
        #expect(try installation.run("tables", "drop", "LOYALTY", "--yes").errors.contains("profile extension table"))
        try installation.expectSuccess("pets", "drop", "USAGE", "--yes")
        try installation.expectSuccess("apps", "drop", "CONTACTS apps", "--yes")
    }

    @Test("IMP-12, IMP-13, domain §5.3: what a job names and is not there, or is another thing, is said before anything runs")
    func references() throws {
        let installation = try installation("  []")
        func problems(_ kind: String, _ target: String) throws -> String {
            let result = try installation.run(
                "validate", "-", input: "jobs: [{ name: x, kind: \(kind), file: { name: a.csv }, target: { \(target) } }]")
            #expect(result.status == 3)
            return result.output
        }
        #expect(try problems("import-table", "table: ORDER").contains("ORDERS"))
        #expect(try problems("import-table", "table: CONTACTS").contains("is a list"))
        #expect(try problems("import-table", "table: LOG").contains("no key fields"))
        #expect(try problems("import-pet", "list: CONTACTS, pet: USAGE").contains("App Channel extension table"))
        #expect(try problems("import-pet", "list: NOBODY, pet: LOYALTY").contains("NOBODY"))
        #expect(try problems("import-pet", "list: CONTACTS, pet: LOYALTY, match: [RIID_], add_people: true").contains("add nobody"))
        #expect(try problems("import-pet", "list: CONTACTS, pet: LOYALTY, expires_after_days: 91").contains("1 to 90"))
    }
}
