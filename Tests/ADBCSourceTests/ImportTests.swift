import ConnectTesting
import Foundation
import Testing

/// A database as the source of imports: the bundled connector with the SQLite driver, in a real installation.
@Suite(.enabled(if: ADBCDrivers.isAvailable, Comment(rawValue: ADBCDrivers.unavailable ?? "")))
struct ImportTests {
    private let host: Installation
    private var database: String { host.directory.path + "/crm.db" }

    init() throws {
        host = try Installation()
        try sql(
            """
            create table customers(id integer primary key, mail text, name text, joined text, spent real);
            insert into customers values(1,'ann@example.com','Ann, "the first"','2025-01-02 03:04:05',12.5),(2,'bob@example.com',NULL,NULL,NULL),(3,'no address','Eve',NULL,1e20);
            """)
        try host.expectSuccess("servers", "add", "crm", "adbc", "--set", "driver=\(ADBCDrivers.sqlite)", "--set", "uri=\(host.directory.path)/crm.db")
    }

    private func sql(_ text: String) throws {
        let result = try ChildRun("sqlite3", [database], input: text).wait()
        guard result.status == 0 else { throw TestFailure(result.errors) }
    }

    private func job(_ source: String) -> String {
        """
        lists:
          - { name: CONTACTS, fields: { NAME: STR100, JOINED: TIMESTAMP, SPENT: NUMBER } }
        jobs:
          - name: customers
            kind: import-list
            source: { server: crm, \(source) }
            target: { list: CONTACTS, match: [CUSTOMER_ID_] }
            mapping: { fields: { id: CUSTOMER_ID_, mail: EMAIL_ADDRESS_ } }
        """
    }

    private func rows() throws -> [String] { try host.rows("CONTACTS", "CUSTOMER_ID_,EMAIL_ADDRESS_,NAME,JOINED,SPENT") }

    @Test("CON-9, IMP-6: the rows of a table become people of a list; what is wrong is kept with its values")
    func table() throws {
        #expect(try host.expectSuccess("servers", "test", "crm").contains("customers"))
        try host.apply(job("stream: customers"))
        let run = try host.json("jobs", "run", "customers")
        #expect(run["status"].string == "succeeded", "\(run["error"]["message"].string ?? "")")
        #expect(run["records"]["inserted"].int == 2 && run["rejects"]["by_reason"]["EMAIL_MALFORMED"].int == 1)
        #expect(
            try rows() == [
                #"{"CUSTOMER_ID_":"1","EMAIL_ADDRESS_":"ann@example.com","JOINED":"2025-01-02 03:04:05","NAME":"Ann, \"the first\"","SPENT":"12.5"}"#,
                #"{"CUSTOMER_ID_":"2","EMAIL_ADDRESS_":"bob@example.com"}"#,
            ])
        #expect(try host.expectSuccess("runs", "rejects", "1.1").contains(#""3,no address,Eve,,1e+20""#))
    }

    @Test("CON-9: a job has a query and a cursor column of its own, and each run loads what has come since the one before")
    func onlyNew() throws {
        try host.apply(job("stream: query, records: new, settings: { query: \"select id, mail from customers where id <> 3\", cursor_column: id }"))
        #expect(try host.json("jobs", "run", "customers")["records"]["inserted"].int == 2)
        #expect(try host.json("jobs", "run", "customers")["records"]["read"].int == 0)
        try sql("insert into customers(id, mail) values(4,'cy@example.com'),(5,'di@example.com');")
        #expect(try host.json("jobs", "preview", "customers")["records"]["inserted"].int == 2, "a preview reads what a run would, and moves nothing")
        let killed = try host.run("jobs", "run", "customers", environment: ["CONNECTHOST_FAILPOINT": "run.staged"])
        #expect(killed.status != 0)
        let next = try host.json("runs", "recover")
        #expect(next[0]["records"]["inserted"].int == 2, "\(next)")
        #expect(try host.json("jobs", "run", "customers")["records"]["read"].int == 0)
        #expect(try host.json("lists", "count", "CONTACTS")["count"].int == 4)
        // Another query is another source: it is read from its start, which changes nothing that is there already.
        try host.apply(
            job("stream: query, records: new, settings: { query: \"select id, mail, name from customers where id <> 3\", cursor_column: id }"))
        let other = try host.json("jobs", "run", "customers")
        #expect(other["records"]["read"].int == 4 && other["records"]["updated"].int == 1, "\(other)")
        #expect(try host.expectSuccess("runs", "log", other["run"].string ?? "").contains("Everything is read again"))
    }

    @Test("CON-9: without a cursor column only all rows can be read, and a job can set nothing but what is left to jobs")
    func refused() throws {
        try host.apply(job("stream: customers, records: new"))
        let run = try host.json("jobs", "run", "customers")
        #expect(run["error"]["code"].string == "source.full-only")
        let settings = try host.run("validate", "-", input: job("stream: customers, settings: { driver: /tmp/evil.so }"))
        #expect(settings.status == 3 && settings.output.contains("can only be set for the server") && settings.output.contains("cursor_column"))
    }

    @Test("CON-9, IMP-15: a row with a NUL in a text is refused, and the others are loaded")
    func nul() throws {
        try sql("insert into customers(id, mail, name) values(6,'nul@example.com','a'||char(0)||'b');")
        try host.apply(job("stream: customers"))
        let run = try host.json("jobs", "run", "customers")
        #expect(run["rejects"]["by_reason"]["NUL_BYTE"].int == 1 && run["records"]["inserted"].int == 2, "\(run)")
    }
}
