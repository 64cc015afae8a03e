import ConnectModel
import ConnectTesting
import ConnectorRuntime
import Foundation
import RunEngine
import Testing

/// A throwaway PostgreSQL server.
private final class PostgreSQL: Sendable {
    static let script = CompiledConnector.root + "/Tests/servers/postgresql"
    let settings: [String: String]
    private let directory = NSTemporaryDirectory() + "connecthost-postgresql-" + UUID().uuidString

    init() throws {
        let result = try ChildRun(Self.script, ["start", directory]).wait()
        guard result.status == 0 else { throw TestFailure(result.errors) }
        settings = ADBCDrivers.settings(result.output)
    }

    deinit { _ = try? ChildRun(Self.script, ["stop", directory]).wait() }

    var uri: String { "postgresql://127.0.0.1:\(settings["PORT"] ?? "")/postgres" }
    var password: String { settings["PASSWORD"] ?? "" }

    /// Whether the server's programs are here.
    static let isInstalled =
        FileManager.default.fileExists(atPath: "/usr/lib/postgresql") || (try? ChildRun("initdb", ["--version"]).wait())?.status == 0
}

/// The connector with the PostgreSQL driver that a PyPI wheel carries, against a real server.
@Suite(
    .enabled(if: ADBCDrivers.isAvailable, Comment(rawValue: ADBCDrivers.unavailable ?? "")),
    .enabled(if: PostgreSQL.isInstalled, "PostgreSQL is not installed (Debian: apt-get install postgresql)"))
struct PostgreSQLDriverTests {
    private let server: PostgreSQL
    private let bench: ADBCBench

    init() throws {
        server = try PostgreSQL()
        bench = ADBCBench(settings: [
            "driver": .string(ADBCDrivers.postgresql), "uri": .string(server.uri), "username": .string("tester"),
            "password": .string(server.password),
        ])
    }

    @Test("CON-9: PostgreSQL's types come as the host's four; dates, times, decimals and uuids as text, NULLs as nothing")
    func types() throws {
        let rows = try bench.query(
            """
            select 1::smallint, 2::int, 9223372036854775807::bigint, 1.5::real, -2.25::float8, true, false, 'jürgen'::text, 'v'::varchar(5),
              '2024-02-29'::date, '0001-01-01'::date, '1969-12-31 23:59:59.5'::timestamp, '2024-01-01 00:00:00+02'::timestamptz, '13:14:15.000001'::time,
              (-12.30)::numeric(10,2), 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, null::int, null::text, null::date, null::boolean
            """)
        let text = { SourceValue.text($0) }
        #expect(
            rows == [
                [
                    .integer(1), .integer(2), .integer(.max), .double(1.5), .double(-2.25), .boolean(true), .boolean(false), text("jürgen"),
                    text("v"),
                    text("2024-02-29"), text("0001-01-01"), text("1969-12-31T23:59:59.500000"), text("2023-12-31T22:00:00.000000Z"),
                    text("13:14:15.000001"),
                    text("-12.30"), text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), .null, .null, .null, .null,
                ]
            ])
    }

    @Test("CON-9: the columns told ahead are those of reading; 100,000 rows with a time as cursor resume without loss or repeat")
    func many() throws {
        let timed = bench.with([
            "query": .string("select g as id, timestamp '2024-01-01' + g * interval '1 second' as at from generate_series(1, 100000) g;"),
            "cursor_column": .string("at"),
        ])
        let reader = try timed.reader("query", batchRows: 8000)
        #expect(try timed.connector().columns(of: "query", .object(timed.settings)) == reader.columns)
        var rows = try reader.next() ?? []
        rows += try reader.next() ?? []
        let cursor = try reader.cursor()
        reader.close()
        rows += try timed.rows("query", from: cursor)
        #expect(rows.map { $0[0] } == (1...100_000).map { .integer($0) })
    }

    @Test("CON-9: neither a wrong password nor one in a wrong query is in the error, and refused credentials are not tried again")
    func passwords() throws {
        let wrong = bench.with(["password": .string("wrong-p@ss:word/1"), "query": .string("select 1")]).failure("query")
        #expect(wrong?.code == "server.authentication" || wrong?.category == .authentication, "\(String(describing: wrong))")
        #expect(wrong?.message.contains("wrong-p") == false)
        let quoted = bench.with(["query": .string("selec '\(server.password)'")]).failure("query")
        #expect(quoted?.message.contains("syntax error") == true && quoted?.message.contains(server.password) == false)
        let inside = bench.with(["uri": .string("postgresql://tester:geheimnis@127.0.0.1:1/x")]).failure("query")
        #expect(inside != nil && inside?.message.contains("geheimnis") == false)
    }

    @Test("CON-6: a query that the server is still busy with is cancelled")
    func cancels() throws {
        let slow = bench.with(["query": .string("select pg_sleep(600)::text")])
        let cancellation = slow.cancellation
        let watched = bench.with([
            "query": .string("select count(*) from pg_stat_activity where query like '%pg_sl' || 'eep(600)%' and state = 'active'")
        ])
        let other = ADBCBench(settings: watched.settings)
        let canceller = Thread {
            while (try? other.rows("query")) != [[.integer(1)]] {}
            cancellation.cancel()
        }
        canceller.start()
        #expect(slow.failure("query")?.category == .cancelled)
    }
}
