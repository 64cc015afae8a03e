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
    @Test("IMP-17: leaves the old list or the new, at every step", arguments: steps, [300, 4000])
    func failpoints(name: String, rows: Int) throws {
        let test = try CrashedStore(rows: rows)
        let isWritten = name == "merge.written"
        let died = try test.runChild(failpoint: name)
        // Statements write no file, so they pass no such step.
        #expect(died == !(isWritten && rows == 300))
        try test.check(applied: name == "merge.after-commit" ? true : died ? false : nil)
    }

    @Test("IMP-17: leaves the old list or the new, killed at any moment", arguments: 1...24)
    func anyMoment(turn: Int) throws {
        let test = try CrashedStore(rows: turn % 2 == 0 ? 300 : 20_000)
        _ = try test.runChild(failpoint: "none", killAfterMicroseconds: UInt32(turn * turn * 700))
        try test.check(applied: nil)
    }
}

/// A store with one load in it, and a child process that applies the next.
private final class CrashedStore {
    private let directory: TemporaryDirectory
    private let rows: Int
    private var path: String { directory.path + "/audience.sqlite" }

    init(rows: Int) throws {
        directory = try TemporaryDirectory()
        self.rows = rows
        let store = try SQLiteAudienceStore.open(path)
        try store.create(AudienceTable(name: "CONTACTS", customFields: []))
        // Under 2000 rows a load never rewrites; otherwise the second is as large as the list.
        try apply(run: 1, store)
    }

    /// True when the child was killed.
    func runChild(failpoint: String, killAfterMicroseconds: UInt32? = nil) throws -> Bool {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let child = Process()
        child.executableURL = CrashedStore.childURL(beside: own)
        child.arguments = [path, "2", String(rows), failpoint]
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

    /// The list is whole, the witness tells the truth about it, and applying again ends where an undisturbed load ends.
    func check(applied: Bool?) throws {
        let store = try SQLiteAudienceStore.open(path)
        let witness = try store.appliedLoad(run: CrashLoad.make(run: 2, rows: rows).run)
        if let applied { #expect((witness != nil) == applied) }
        let cities = try self.cities(store)
        #expect(cities == (witness == nil ? ["City 1": rows] : ["City 1": rows / 2, "City 2": rows]))
        try store.sweep(living: [])
        try apply(run: 2, store)
        #expect(try self.cities(store) == ["City 1": rows / 2, "City 2": rows])
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path + "/audience.tables").filter { $0.hasSuffix(".sqlite") }
        #expect(files.count == 1)
        for file in files {
            let connection = try SQLiteConnection(path: directory.path + "/audience.tables/" + file, mode: .reading)
            #expect(try connection.text("PRAGMA integrity_check") == "ok")
        }
    }

    private func apply(run: Int64, _ store: SQLiteAudienceStore) throws {
        let load = CrashLoad.make(run: run, rows: rows)
        let begun = try load.begin(store, workDirectory: directory.path + "/work")
        _ = try begun.apply(reject: { _ in }, progress: { _ in }, isCancelled: { false }, prepareCommit: load.entry)
    }

    private func cities(_ store: SQLiteAudienceStore) throws -> [String: Int] {
        var cities: [String: Int] = [:]
        _ = try store.query(TableQuery(table: "CONTACTS", fields: ["CITY_"])) { cities[$0[0] ?? "", default: 0] += 1 }
        return cities
    }
}
