import ConnectTesting
import Foundation
import Testing

/// Custom events of loads, from a job file to the event store and a feed's file (IMP-11).
@Suite(.waits) struct CustomEventTests {
    private static let document = """
        lists:
          - name: CONTACTS
            fields: { FIRST_NAME: STR100 }
        pets:
          - { name: LOYALTY, list: CONTACTS, fields: { TIER: STR25 } }
        jobs:
          - name: contacts
            kind: import-list
            file: { name: contacts.csv }
            target: { list: CONTACTS, match: [CUSTOMER_ID_], custom_event: Registered }
          - name: points
            kind: import-pet
            file: { name: points.csv }
            target: { list: CONTACTS, pet: LOYALTY, match: [CUSTOMER_ID_], custom_event: "Points changed" }
        """

    private static let contacts =
        "CUSTOMER_ID_,FIRST_NAME,EMAIL_ADDRESS_\n" + (1...40).map { "C\($0),Name \($0),\($0 == 7 ? "" : "p\($0)@example.com")\n" }.joined()
        + ",nobody,\n"

    private func events(_ installation: Installation) throws -> [[String: String]] {
        let lines = try installation.expectSuccess("events", "query", "CUSTOM_EVENT", "--limit", "0").split(separator: "\n")
        return try lines.map { line in
            let row = JSONObject(try JSONSerialization.jsonObject(with: Data(line.utf8)))
            return try #require(row["fields"].value as? [String: String])
        }
    }

    @Test("IMP-11: every customer of a load has one event in the event store, with its name, list, job and run; feeds export it")
    func stored() throws {
        let installation = try Installation()
        try installation.apply(Self.document)
        try installation.put("contacts.csv", Self.contacts)
        let run = try installation.json("jobs", "run", "contacts")
        #expect(run["status"].string == "succeeded", "\(run["error"]["message"].string ?? "")")
        let raised = try events(installation)
        #expect(raised.map { Int($0["RIID"] ?? "") } == Array(1...40))
        #expect(raised.map { $0["CUSTOMER_ID"] ?? "" } == (1...40).map { "C\($0)" })
        #expect(raised[7]["EMAIL"] == "p8@example.com")
        #expect(
            raised[6] == [
                "EVENT_NAME": "Registered", "RIID": "7", "CUSTOMER_ID": "C7", "LIST_ID": "CONTACTS", "TABLE_NAME": "CONTACTS", "JOB_ID": "1",
                "RUN_ID": "1.1",
            ],
            "who has no address has no EMAIL")
        #expect(try installation.json("lists", "custom-events", "CONTACTS").count == 0)

        try installation.put("points.csv", "CUSTOMER_ID_,TIER\nC3,GOLD\nC99,TIN\n")
        #expect(try installation.json("jobs", "run", "points")["status"].string == "succeeded")
        let points = [
            "EVENT_NAME": "Points changed", "RIID": "3", "CUSTOMER_ID": "C3", "EMAIL": "p3@example.com", "LIST_ID": "CONTACTS",
            "TABLE_NAME": "LOYALTY", "JOB_ID": "2",
            "RUN_ID": "2.2",
        ]
        #expect(try events(installation)[40...] == [points])

        try installation.expectSuccess("connectors", "profile", "set", "event-feed", "--set", "account_id=1")
        try installation.apply("jobs: [{ name: feed, kind: event-feed, settings: { types: [CUSTOM_EVENT] } }]")
        try installation.expectSuccess("jobs", "run", "feed", "--scheduled")
        let file = try #require(installation.directory.names(in: "home/files/download").first { $0.hasPrefix("1_CUSTOM_EVENT_") })
        let lines = String(decoding: installation.directory.contents("home/files/download/" + file) ?? Data(), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 42)
        #expect(lines[41].contains(#""CONTACTS","3","C3""#) && lines[41].hasSuffix(#""Points changed","LOYALTY","2","2.2""#), "\(lines[41])")
    }

    @Test("IMP-11: the events of app installs and of what belongs to them name the customer whose install it is")
    func installs() throws {
        let installation = try Installation()
        try installation.apply(
            """
            lists: [{ name: CONTACTS, fields: { FIRST_NAME: STR100 } }]
            apps: [{ name: CONTACTS apps, list: CONTACTS }]
            pets: [{ name: USAGE, app: CONTACTS apps, fields: { STARTS: INTEGER } }]
            jobs:
              - { name: contacts, kind: import-list, file: { name: contacts.csv }, target: { list: CONTACTS, match: [CUSTOMER_ID_] } }
              - { name: installs, kind: import-app, file: { name: installs.csv }, target: { list: CONTACTS, custom_event: Installed } }
              - name: usage
                kind: import-pet
                file: { name: usage.csv }
                target: { list: CONTACTS, pet: USAGE, app_channel: true, match: [ADVERTISER_ID_], custom_event: Used }
            """)
        try installation.put("contacts.csv", Self.contacts)
        try installation.expectSuccess("jobs", "run", "contacts")
        try installation.put("installs.csv", "DEVICE_ID_,API_KEY_,ADVERTISER_ID_,PROFILE_RIID_\nD1,K,A1,9\nD2,K,A2,\nD3,K,A3,9\n")
        #expect(try installation.json("jobs", "run", "installs")["status"].string == "succeeded")
        try installation.put("usage.csv", "ADVERTISER_ID_,STARTS\nA3,7\nA2,1\n")
        #expect(try installation.json("jobs", "run", "usage")["status"].string == "succeeded")
        let raised = try events(installation).map { event in
            ["EVENT_NAME", "RIID", "CUSTOMER_ID", "EMAIL", "LIST_ID"].map { event[$0, default: ""].isEmpty ? "-" : event[$0, default: ""] }.joined(
                separator: " ")
        }
        #expect(
            raised.sorted() == [
                "Installed 1 C9 p9@example.com -", "Installed 2 - - -", "Installed 3 C9 p9@example.com -", "Used 2 - - -",
                "Used 3 C9 p9@example.com -",
            ])
    }

    @Test(
        "IMP-11, IMP-17: a run that is killed before, in or after the taking over of its events raises each once",
        arguments: ["merge.after-commit", "run.applied", "run.events", "events.stored", "run.events-stored", "run.archived"])
    func killed(failpoint: String) throws {
        let installation = try Installation()
        try installation.apply(Self.document)
        try installation.put("contacts.csv", Self.contacts)
        let killed = try installation.run("jobs", "run", "contacts", environment: ["CONNECTHOST_FAILPOINT": failpoint])
        #expect(killed.status != 0)
        // Once more at the same place, if the recovery comes by there.
        _ = try installation.run("runs", "recover", environment: ["CONNECTHOST_FAILPOINT": failpoint])
        try installation.expectSuccess("runs", "recover")
        #expect(try events(installation).map { Int($0["RIID"] ?? "") } == Array(1...40))
        #expect(try installation.json("lists", "custom-events", "CONTACTS").count == 0)
        #expect(try installation.json("runs", "list")[0]["status"].string == "succeeded")
        #expect(installation.directory.names(in: "home/files/archive") == ["contacts.csv.1.1"])
    }
}
