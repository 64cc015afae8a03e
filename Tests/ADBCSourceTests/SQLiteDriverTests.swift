import ConnectModel
import ConnectTesting
import ConnectorRuntime
import Foundation
import RunEngine
import Testing

/// The connector with the SQLite driver that a PyPI wheel carries.
@Suite(.enabled(if: ADBCDrivers.isAvailable, Comment(rawValue: ADBCDrivers.unavailable ?? "")))
struct SQLiteDriverTests {
    private let directory: TemporaryDirectory
    private let bench: ADBCBench

    init() throws {
        directory = try TemporaryDirectory()
        bench = ADBCBench(settings: ["driver": .string(ADBCDrivers.sqlite), "uri": .string(directory.path + "/a.db")])
    }

    private func sql(_ text: String) throws {
        let result = try ChildRun("sqlite3", [directory.path + "/a.db"], input: text).wait()
        guard result.status == 0 else { throw TestFailure(result.errors) }
    }

    @Test("CON-9: every table is a stream, and its columns are those that reading gives")
    func discovers() throws {
        try sql(
            "create table contacts(id integer, email text, score real); insert into contacts values(1,'a@example.com',0.5),(2,NULL,NULL); create view v as select 1 as one;"
        )
        let connector = try bench.connector()
        let streams = try connector.streams(.object(bench.settings))
        #expect(Set(streams.map(\.name)) == ["contacts", "v"])
        #expect(streams.allSatisfy { $0.modes == ["full"] && $0.cursorField == nil })
        let columns = try connector.columns(of: "contacts", .object(bench.settings))
        #expect(columns.map(\.name) == ["id", "email", "score"])
        #expect(columns.map(\.kind) == [.integer, .text, .double])
        let reader = try bench.reader("contacts")
        #expect(reader.columns == columns)
        #expect(try reader.next() == [[.integer(1), .text("a@example.com"), .double(0.5)], [.integer(2), .null, .null]])
        #expect(try reader.next() == nil)
        #expect(try reader.next() == nil, "the end stays the end")
    }

    @Test("CON-9: texts come as they are: empty, of other alphabets, long; so do numbers at their limits")
    func values() throws {
        let long = String(repeating: "é", count: 300_000)
        try sql("create table t(x text, n integer); insert into t values('',9223372036854775807),('日本 😀',-9223372036854775808),('\(long)',0);")
        #expect(
            try bench.rows("t") == [
                [.text(""), .integer(.max)], [.text("日本 😀"), .integer(.min)], [.text(long), .integer(0)],
            ])
    }

    @Test("CON-9: a result without rows has columns and no rows")
    func empty() throws {
        try sql("create table t(id integer, x text);")
        let reader = try bench.with(["query": .string("select id, x from t;")]).reader("query")
        #expect(reader.columns.map(\.name) == ["id", "x"])
        #expect(try reader.next() == nil)
    }

    @Test("CON-9: 100,000 rows come whole, in order and in batches of at most what was asked for")
    func many() throws {
        try sql(
            "create table t as with recursive n(i) as (select 1 union all select i+1 from n where i<100000) select i as id, 'row '||i as x from n;")
        let reader = try bench.with(["options": .array([.string("statement:adbc.sqlite.query.batch_rows=7000")])]).reader("t", batchRows: 3000)
        var next: Int64 = 1
        while let rows = try reader.next() {
            #expect(rows.count <= 3000)
            for row in rows {
                guard row == [.integer(next), .text("row \(next)")] else { throw TestFailure("row \(next) is \(row)") }
                next += 1
            }
        }
        #expect(next == 100_001)
    }

    @Test("CON-9: a stopped reading goes on behind its cursor, and rows that share a value are not lost", arguments: [1, 2, 7])
    func resumes(same: Int) throws {
        try sql(
            "create table t as with recursive n(i) as (select 0 union all select i+1 from n where i<19999) select i as id, i/\(same) as v from n;")
        let incremental = bench.with(["cursor_column": .string("v")])
        let stream = try incremental.connector().streams(.object(incremental.settings))
        #expect(stream.first?.cursorField == "v" && stream.first?.modes == ["full", "incremental"])
        var seen: [Int64] = []
        var cursor: JSONValue?
        for _ in 0..<4 {
            let reader = try incremental.reader("t", from: cursor, batchRows: 1000)
            for row in try reader.next() ?? [] { if case .integer(let id) = row[0] { seen.append(id) } }
            cursor = try reader.cursor()
            reader.close()
        }
        let rest = try incremental.rows("t", from: cursor)
        for row in rest { if case .integer(let id) = row[0] { seen.append(id) } }
        #expect(Set(seen) == Set(0..<20000))
        if same == 1 { #expect(seen == Array(0..<20000), "nothing comes twice where every value is its own") }
    }

    @Test("CON-9: at the end the cursor covers everything, and a later run has only what is new")
    func incremental() throws {
        try sql("create table t(id text, n integer); insert into t values('a''b',1),('c',2);")
        let incremental = bench.with(["query": .string("select * from t -- all"), "cursor_column": .string("id")])
        let reader = try incremental.reader("query")
        #expect(try reader.next()?.count == 2)
        let cursor = try reader.cursor()
        #expect(try incremental.rows("query", from: cursor).isEmpty)
        try sql("insert into t values('d',3);")
        #expect(try incremental.rows("query", from: cursor) == [[.text("d"), .integer(3)]])
        let middle = JSONValue.object(["column": .string("id"), "type": .string("u"), "value": .string("a'b")])
        #expect(try incremental.rows("query", from: middle).count == 2)
    }

    @Test("CON-9: a cursor that is not the stream's asks for a full read, and never becomes SQL")
    func badCursors() throws {
        try sql("create table t(id integer); insert into t values(1);")
        let incremental = bench.with(["cursor_column": .string("id")])
        let value = { (text: String, type: String) in
            JSONValue.object(["column": .string("id"), "type": .string(type), "value": .string(text)])
        }
        for cursor in [value("1 or 1=1", "l"), value("nan", "g"), value("\\' or 1=1 --", "u"), .object(["column": .string("other")]), .object([:])] {
            #expect(incremental.failure("t", from: cursor)?.code == "source.cursor", "\(cursor)")
        }
        #expect(bench.failure("t", from: try bench.reader("t").cursor())?.code == "source.cursor")
        try sql("insert into t values(NULL);")
        #expect(incremental.failure("t")?.message.contains("\"id\"") == true, "rows that no cursor reaches are told")
        #expect(bench.with(["cursor_column": .string("nope")]).failure("t")?.message.contains("\"nope\"") == true)
    }

    @Test("CON-9: binary is refused with the column's name and type")
    func binary() throws {
        try sql("create table t(id integer, photo blob); insert into t values(1, x'ff00');")
        let error = bench.failure("t")
        #expect(error?.message.contains("\"photo\"") == true && error?.message.contains("binary") == true, "\(error?.message ?? "")")
    }

    @Test("CON-9: a wrong query, table, name or option is told in the database's words")
    func mistakes() throws {
        try sql("create table t(id integer); insert into t values(1);")
        #expect(bench.with(["query": .string("selec 1")]).failure("query")?.message.contains("syntax error") == true)
        #expect(bench.failure("nope")?.message.contains("nope") == true)
        #expect(bench.failure("t\" where 0 --")?.message.contains("no such table") == true, "a stream's name stays a name")
        #expect(bench.with(["query": .string("select 1")]).failure("t")?.message.contains("query") == true)
        #expect(bench.with(["options": .array([.string("no.such=1")])]).failure("t")?.message.contains("no.such") == true)
    }

    @Test("CON-7: a driver is loaded only from a file that others could not have changed; what is wrong with it is told")
    func drivers() throws {
        let copy = directory.path + "/libadbc_driver_sqlite.so"
        try FileManager.default.copyItem(atPath: ADBCDrivers.sqlite, toPath: copy)
        let named = bench.with(["driver": .string("sqlite"), "driver_directory": .string(directory.path), "query": .string("select 1")])
        #expect(try named.rows("query") == [[.integer(1)]])
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: copy)
        #expect(named.failure("query")?.message.contains("others could change") == true)

        #expect(bench.with(["driver": .string("/nowhere/libx.so")]).failure("t")?.message.contains("/nowhere/libx.so") == true)
        #expect(bench.with(["driver": .string("sqlite")]).failure("t")?.message.contains("driver_directory") == true)
        #expect(bench.with(["entrypoint": .string("NoSuchInit")]).failure("t")?.message.contains("NoSuchInit") == true)
        #expect(bench.with(["entrypoint": .string("malloc")]).failure("t")?.message.contains("of its own") == true, "not what it is linked with")
        let other = try directory.write("text.so", "no library")
        #expect(bench.with(["driver": .string(other)]).failure("t")?.message.contains("cannot be loaded") == true)
        let connector = Installation.buildDirectory + "/libADBCSource.so"
        #expect(bench.with(["driver": .string(connector)]).failure("t")?.message.contains("is not an ADBC driver") == true)
        for entry in ["AdbcDriverInit", "AdbcDriverSqliteInit"] {
            #expect(try bench.with(["entrypoint": .string(entry), "query": .string("select 2")]).rows("query") == [[.integer(2)]])
        }
    }

    @Test("CON-9: no secret is in an error")
    func secrets() throws {
        let hidden = bench.with([
            "query": .string("selec 'opensesame'"), "secret_options": .string("connection:no.such.option=opensesame\n"), "uri": .string(":memory:"),
        ])
        // The driver's own message repeats the query, and so what the query has in common with a secret.
        let repeated = bench.with(["query": .string("selec 73519"), "secret_options": .string("statement:adbc.sqlite.query.batch_rows=73519")])
            .failure("query")
        #expect(repeated?.message.contains("selec *****") == true, "\(repeated?.message ?? "")")
        let error = hidden.failure("query")
        #expect(error?.message.contains("no.such.option") == true && error?.message.contains("opensesame") == false, "\(error?.message ?? "")")
    }

    @Test("CON-6: a cancelled reading ends as cancelled")
    func cancels() throws {
        try sql("create table t as with recursive n(i) as (select 1 union all select i+1 from n where i<20000) select i from n;")
        let reader = try bench.reader("t")
        _ = try reader.next()
        bench.cancellation.cancel()
        #expect(throws: ConnectError.self) { try reader.next() }
        let error = #expect(throws: ConnectError.self) { try reader.next() }
        #expect(error?.category == .cancelled)
    }
}
