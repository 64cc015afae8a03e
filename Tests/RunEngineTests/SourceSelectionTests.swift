import ConnectModel
import Foundation
import RecordEngine
import Testing

@testable import RunEngine

/// Which file a run takes of those that lie there, and which ones start a job.
@Suite struct SourceSelectionTests {
    private let now = Date(timeIntervalSince1970: 1_769_832_306)  // 2026-01-31 04:05:06 UTC

    private func definition(_ file: [String: JSONValue]) throws -> ImportDefinition {
        try ImportDefinition(["file": .object(file), "target": .object(["list": .string("L")])], of: ListImport())
    }

    @Test("IMP-2, T16: files of a pattern are taken oldest first, each once, whatever their times: equal, long past, to come, none")
    func eachOnce() throws {
        let times: [Int64?] = [5, 5, 5, 1_000_000_000, -7, 4_000_000_000_000_000_000, 0, nil, 6]
        let server = ListedServer((0..<120).map { number in ("in/f\((number * 37) % 120).csv", times[number % times.count]) })
        var taken: [String] = []
        let selection = SourceSelection(definition: try definition(["name": .string("f*.csv"), "directory": .string("in")]), transport: server) {
            file in
            taken.contains(file.path)
        }
        for _ in 0..<120 { taken.append(try selection.select(at: now).path) }
        #expect(Set(taken).count == 120)
        let order = taken.map { path in (server.times[path]?.flatMap { $0 } ?? 0, path) }
        #expect(zip(order, order.dropFirst()).allSatisfy { $0 < $1 }, "\(order)")
        // All were loaded and none could be archived: the oldest is given, so that it is archived at last.
        #expect(try selection.select(at: now).path == taken[0])
    }

    @Test("IMP-2, T16: an older file never stands in for the one that a name asks for")
    func noFallback() throws {
        let server = ListedServer([("upload/list_20260130.csv", 1), ("upload/list.csv", 2)])
        let selection = SourceSelection(
            definition: try definition(["name": .string("list.csv"), "date_suffix": .string("YYYYMMDD")]), transport: server
        ) { _ in false }
        let error = #expect(throws: ConnectError.self) { try selection.select(at: now) }
        #expect(error?.code == "file.missing" && error?.message.contains("list_20260131.csv") == true)
    }

    private static let hostileNames = [
        "a{b}.csv", "a}.csv", "{.csv", "{YYYYMMDD}.csv", "{NAME}.csv", "a*?.csv", ".csv", "..csv", "a\nb.csv", "a\u{202E}vsc.csv", "'; drop.csv",
        "-o.csv", "ä\u{301}.csv",
        String(repeating: "{", count: 250) + ".csv",
    ]

    @Test("IMP-5, T22: what stands in a data file's name is a part of its count file's name and nothing else", arguments: hostileNames)
    func countFiles(name: String) throws {
        let stem = name.prefix { $0 != "." }
        let server = ListedServer([("upload/" + name, 1), ("upload/\(stem)_20260131.cnt", 1)])
        let selection = SourceSelection(
            definition: try definition(["name": .string("*.csv"), "count_file": .string("{NAME}_{YYYYMMDD}.cnt")]), transport: server
        ) { _ in false }
        let file = try selection.select(at: now)
        #expect(file.path == "upload/" + name)
        #expect(try selection.countFile(of: file, at: now)?.path == "upload/\(stem)_20260131.cnt")
    }

    @Test("SCH-1, T22: one strange name keeps no other file from starting its job")
    func arrivals() throws {
        let arrival = try #require(
            FileArrival(["file": .object(["name": .string("*.csv")]), "schedule": .object(["ready_file": .string("{NAME}.ready")])]))
        let names = Self.hostileNames + ["good.csv", "unready.csv", "good.ready", "a{b}.ready"]
        let files = names.map { SourceFile(server: "files", path: "upload/" + $0, size: 1, modifiedUnixNanoseconds: 1) }
        #expect(try arrival.arrived(files, before: nil, at: now).map(\.path) == ["upload/a{b}.csv", "upload/good.csv"])
        let wide = try #require(FileArrival(["file": .object(["name": .string("*"), "ready_file": .string("{NAME}.ready")])]))
        #expect(try wide.arrived(files, before: nil, at: now).map(\.path) == ["upload/a{b}.csv", "upload/good.csv"], "a ready file is not its own")
    }

    @Test("SCH-1, IMP-2: a job that starts when its file arrives waits for the name that its run will look for")
    func datedArrival() throws {
        let file: [String: JSONValue] = [
            "name": .string("list.csv"), "date_prefix": .string("YYYY-MM-DD"), "date_suffix": .string("YYYYMMDD"), "date_separator": .string("-"),
            "zone": .string("Asia/Tokyo"),
        ]
        let arrival = try #require(FileArrival(["file": .object(file)]))
        let files = ["list.csv", "2026-01-31-list-20260131.csv"].map {
            SourceFile(server: "files", path: "upload/" + $0, size: 1, modifiedUnixNanoseconds: 1)
        }
        #expect(try arrival.arrived(files, before: files, at: now).map(\.path) == ["upload/2026-01-31-list-20260131.csv"])
        let selection = SourceSelection(definition: try definition(file), transport: ListedServer([(files[1].path, 1)])) { _ in false }
        #expect(try selection.select(at: now).path == files[1].path)
    }

    @Test("SCH-1: what a job waits for is checked before anything runs")
    func problems() {
        func problems(_ definition: [String: JSONValue]) -> [String] { FileArrival.problems(in: definition).map(\.path) }
        let (file, target) = (JSONValue.object(["name": .string("a.csv")]), JSONValue.object([:]))
        #expect(problems(["file": file, "target": target]).isEmpty)
        #expect(problems(["file": file, "source": .object(["type": .string("list")])]) == ["schedule.repeat"], "an export writes its file")
        for (name, count) in [("{NAME}.ready", 0), ("a_{YYYYMMDD}.ready", 0), ("{NAM}.ready", 1), ("*.ready", 1), ("a/b", 1)] {
            #expect(
                problems(["file": file, "target": target, "schedule": .object(["ready_file": .string(name)])])
                    == Array(repeating: "schedule.ready_file", count: count), "\(name)")
        }
    }
}

/// A server that has names and times and no contents.
private final class ListedServer: Transport {
    let times: [String: Int64?]
    private let files: [(String, Int64?)]

    init(_ files: [(String, Int64?)]) {
        self.files = files
        times = Dictionary(uniqueKeysWithValues: files)
    }

    var features: TransportFeatures { [] }

    func stat(_ path: String) throws -> RemoteEntry {
        guard let time = times[path] else { throw ConnectError("file.missing", .configuration, "There is no \(path).") }
        return RemoteEntry(path: path, kind: .file, size: 1, modifiedUnixNanoseconds: time)
    }

    func list(_ directory: String, _ each: (RemoteEntry) throws -> Void) throws {
        for (path, _) in files where path.hasPrefix(directory + "/") { try each(try stat(path)) }
    }

    private var refusal: ConnectError { ConnectError("test.none", .internal, "This server has no contents.") }
    func openRead(_ path: String, offset: Int64) throws -> any TransportReader { throw refusal }
    func openWrite(_ path: String, offset: Int64, expectedSize: Int64?) throws -> any TransportWriter { throw refusal }
    func rename(_ from: String, to: String, replace: Bool) throws { throw refusal }
    func remove(_ path: String) throws { throw refusal }
    func makeDirectory(_ path: String) throws { throw refusal }
    func close() {}
}
