import ConnectModel
import ConnectTesting
import ConnectorRuntime
import Foundation
import RunEngine

/// The drivers out of the PyPI wheels, and the reason where they cannot be had; asked for once a process.
enum ADBCDrivers {
    private static let script = Result { try ChildRun(CompiledConnector.root + "/scripts/adbc-drivers", []).wait() }

    /// Set when the script says that they cannot be had here; when it fails in another way the tests run and fail.
    static let unavailable: String? = if case .success(let result) = script, result.status == 77 { result.errors } else { nil }
    static let isAvailable = unavailable == nil

    static var sqlite: String { file("SQLITE") }
    static var postgresql: String { file("POSTGRESQL") }

    private static func file(_ name: String) -> String { settings((try? script.get())?.output ?? "")[name] ?? "" }

    /// KEY=VALUE, one a line.
    static func settings(_ text: String) -> [String: String] {
        text.split(separator: "\n").reduce(into: [:]) { found, line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { found[String(parts[0])] = String(parts[1]) }
        }
    }
}

/// The built connector with a driver, as a worker would use it.
struct ADBCBench {
    var settings: [String: JSONValue]
    var cancellation = Cancellation()

    func connector() throws -> LoadedConnector {
        try LoadedConnector(
            file: Installation.buildDirectory + "/libADBCSource.so", id: "org.connecthost.adbc", events: CallEvents(), cancellation: cancellation)
    }

    func with(_ more: [String: JSONValue]) -> ADBCBench {
        ADBCBench(settings: settings.merging(more) { _, new in new }, cancellation: cancellation)
    }

    func reader(_ stream: String, from cursor: JSONValue? = nil, batchRows: Int? = nil) throws -> SourceReader {
        try connector().read(
            SourceRequest(stream: stream, mode: cursor == nil ? "full" : "incremental", batchRows: batchRows), from: cursor, .object(settings))
    }

    func rows(_ stream: String, from cursor: JSONValue? = nil) throws -> [[SourceValue]] {
        let reader = try reader(stream, from: cursor)
        defer { reader.close() }
        var all: [[SourceValue]] = []
        while let rows = try reader.next() { all += rows }
        return all
    }

    func query(_ sql: String) throws -> [[SourceValue]] { try with(["query": .string(sql)]).rows("query") }

    /// What the connector says of a reading that must fail.
    func failure(_ stream: String, from cursor: JSONValue? = nil) -> ConnectError? {
        do { _ = try rows(stream, from: cursor) } catch { return error as? ConnectError }
        return nil
    }
}
