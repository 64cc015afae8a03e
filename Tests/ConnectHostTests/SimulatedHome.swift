import ConnectModel
import ConnectTesting
import Foundation
import RunEngine
import SQLiteStore
import StoreAPI
import Synchronization

@testable import ConnectHost

/// A home whose clock the test sets, and whose runs it ends itself: everything of the host but worker processes.
final class SimulatedHome {
    let directory: TemporaryDirectory
    private let now: Now
    private(set) var host: ConnectHost.Installation

    final class Now: Sendable {
        private let seconds: Mutex<Int64>
        init(_ seconds: Int64) { self.seconds = Mutex(seconds) }
        var value: Int64 {
            get { seconds.withLock { $0 } }
            set { seconds.withLock { $0 = newValue } }
        }
    }

    init(at seconds: Int64) throws {
        directory = try TemporaryDirectory()
        now = Now(seconds)
        try ConnectHost.Installation.prepareHome(HomeLayout(directory.path))
        host = try Self.open(directory.path, now)
    }

    /// Seconds since 1970.
    var time: Int64 {
        get { now.value }
        set { now.value = newValue }
    }

    /// As after the end of every process: nothing in memory is left.
    func restart() throws { host = try Self.open(directory.path, now) }

    /// The same home as another process would have it.
    func another() throws -> ConnectHost.Installation { try Self.open(directory.path, now) }

    private static func open(_ path: String, _ now: Now) throws -> ConnectHost.Installation {
        let home = HomeLayout(path)
        let clock: @Sendable () -> Int64 = { now.value * 1000 }
        return ConnectHost.Installation(
            home: home, control: try SQLiteControlStore(path: home.controlDatabase, actor: "test", clock: clock),
            audience: try SQLiteAudienceStore.open(home.audienceDatabase, failpoint: { _ in }),
            catalog: ConnectorCatalog(directories: [], cacheFile: nil, probe: []), kinds: JobKindRegistry(),
            workers: WorkerLauncher(executable: "/bin/false"),
            clock: clock)
    }

    @discardableResult
    func addJob(_ name: String, _ schedule: [String: JSONValue]? = nil, options: [String: JSONValue]? = nil) throws -> Job {
        var definition: [String: JSONValue] = ["file": .object(["name": .string("\(name).csv")]), "target": .object(["list": .string("L")])]
        definition["schedule"] = schedule.map { .object($0) }
        definition["options"] = options.map { .object($0) }
        let entry = JobDocument.JobEntry(place: "", name: name, kind: "import-list", description: "", definition: definition, active: true)
        return try host.write([entry])[0]
    }

    /// Ends a run as its worker would.
    func end(_ id: RunID, _ status: RunStatus, inserted: Int64 = 0) throws -> Run {
        var run = try host.control.claim(id, atUnixMilliseconds: time * 1000)
        let from = run.state
        run.state = .finished
        run.status = status
        run.records.read = inserted
        run.records.inserted = inserted
        run.finishedAtUnixMilliseconds = time * 1000
        try host.control.advance(run, from: from)
        return run
    }

    static func daily(_ hour: Int64, _ slot: String, _ more: [String: JSONValue] = [:]) -> [String: JSONValue] {
        ["repeat": .string("daily"), "hour": .integer(hour), "slot": .string(slot)].merging(more) { _, new in new }
    }
}

/// The same numbers each time.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
