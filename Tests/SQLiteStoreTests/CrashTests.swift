import ConnectModel
import Foundation
import StoreAPI
import StoreTesting
import Testing

@testable import SQLiteStore

@Suite("A load that is killed", .serialized)
struct CrashTests {
    private static let steps = ["merge.begin", "merge.half", "merge.written", "merge.before-commit", "merge.after-commit"]

    /// Few rows go by statements, many by rewriting.
    @Test("IMP-17: leaves the old table or the new, at every step, whatever kind of table it is", arguments: CrashTarget.allCases, [300, 4000])
    func failpoints(target: CrashTarget, rows: Int) throws {
        for name in Self.steps {
            let test = try CrashedStore(target, rows: rows)
            let died = try test.runChild(failpoint: name)
            // Statements write no file, so they pass no such step.
            #expect(died == !(name == "merge.written" && rows == 300 && target != .replaced), "\(name)")
            try test.check(applied: name == "merge.after-commit" ? true : died ? false : nil, "\(name)")
        }
    }

    @Test("IMP-17: leaves the old table or the new, killed at any moment", arguments: 1...24)
    func anyMoment(turn: Int) throws {
        let target = CrashTarget.allCases[turn % CrashTarget.allCases.count]
        let test = try CrashedStore(target, rows: turn % 2 == 0 ? 300 : 20_000)
        _ = try test.runChild(failpoint: "none", killAfterMicroseconds: UInt32(turn * turn * 700))
        try test.check(applied: nil, "turn \(turn)")
    }
}

/// A store with one load in it, and a child process that applies the next.
private final class CrashedStore {
    private let directory: TemporaryDirectory
    private let target: CrashTarget
    private let rows: Int
    private var path: String { directory.path + "/audience.sqlite" }

    init(_ target: CrashTarget, rows: Int) throws {
        directory = try TemporaryDirectory()
        self.target = target
        self.rows = rows
        let store = try SQLiteAudienceStore.open(path)
        try target.prepare(store, rows: rows, workDirectory: directory.path + "/work")
        // Under 2000 rows a load never rewrites unless it replaces all rows; otherwise the second is as large as the table.
        try apply(run: 1, store)
    }

    /// True when the child was killed.
    func runChild(failpoint: String, killAfterMicroseconds: UInt32? = nil) throws -> Bool {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let child = Process()
        child.executableURL = CrashedStore.childURL(beside: own)
        child.arguments = [path, target.rawValue, "2", String(rows), failpoint]
        try child.run()
        if let killAfterMicroseconds {
            usleep(killAfterMicroseconds)
            kill(child.processIdentifier, SIGKILL)
        }
        child.waitUntilExit()
        let killed = child.terminationReason == .uncaughtSignal
        #expect(killed || child.terminationStatus == 0)
        return killed
    }

    /// The test runs in the package's bundle or in a runner of the toolchain.
    private static func childURL(beside own: String) -> URL {
        let beside = [own] + CommandLine.arguments
        let candidates = beside.map { URL(fileURLWithPath: $0).deletingLastPathComponent().appendingPathComponent("StoreCrashChild") }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) } ?? URL(fileURLWithPath: "StoreCrashChild")
    }

    /// The table is whole, the witness tells the truth about it, and applying again ends where an undisturbed load ends.
    func check(applied: Bool?, _ what: Comment) throws {
        let store = try SQLiteAudienceStore.open(path)
        let witness = try store.appliedLoad(run: target.load(run: 2, rows: 0).run)
        if let applied { #expect((witness != nil) == applied, what) }
        let cities = try self.cities(store)
        #expect(cities == target.cities(afterBoth: witness != nil, rows: rows), what)
        try store.sweep(living: [])
        try apply(run: 2, store)
        #expect(try self.cities(store) == target.cities(afterBoth: true, rows: rows), what)
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path + "/audience.tables").filter { $0.hasSuffix(".sqlite") }
        #expect(files.count == target.tables, what)
        for file in files {
            let connection = try SQLiteConnection(path: directory.path + "/audience.tables/" + file, mode: .reading)
            #expect(try connection.text("PRAGMA integrity_check") == "ok", what)
        }
    }

    private func apply(run: Int64, _ store: SQLiteAudienceStore) throws {
        try target.load(run: run, rows: rows).apply(store, workDirectory: directory.path + "/work")
    }

    private func cities(_ store: SQLiteAudienceStore) throws -> [String: Int] {
        var cities: [String: Int] = [:]
        _ = try store.query(TableQuery(table: target.table.name, fields: [target.city])) { cities[$0[0] ?? "", default: 0] += 1 }
        return cities
    }
}
