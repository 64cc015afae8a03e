import ConnectModel
import Foundation
import RunEngine
import StoreAPI
import Testing

@testable import ConnectHost

@Suite struct RetentionTests {
    @Test("MGT-4: logs and rejected records go when their time is over; runs stay")
    func removesOldFiles() throws {
        let begin: Int64 = 1_772_323_200
        let home = try SimulatedHome(at: begin)
        let job = try home.addJob("a")
        let run = try home.host.createRun(of: job, origin: .manual)
        try FileManager.default.createDirectory(atPath: home.host.home.run(run.id), withIntermediateDirectories: true)
        try home.host.appendLog(run.id, .info, "hello")
        #expect(FileManager.default.createFile(atPath: home.host.home.rejects(run.id), contents: Data("line\n".utf8)))
        home.time += 100 * 86_400
        // A run that has not ended keeps everything, however old.
        #expect(try home.host.removeOldFiles(logDays: 90, rejectDays: 30) == 0)
        _ = try home.end(run.id, .succeeded)
        home.time += 31 * 86_400
        #expect(try home.host.removeOldFiles(logDays: 90, rejectDays: 30) == 1)
        #expect(home.host.rejectsFile(of: run.id) == nil)
        #expect(try home.host.log(of: run.id).count == 1)
        home.time += 60 * 86_400
        #expect(try home.host.removeOldFiles(logDays: 90, rejectDays: 30) == 1)
        #expect(try home.host.log(of: run.id).isEmpty)
        #expect(try home.host.control.run(run.id)?.status == .succeeded)
    }

    @Test("CON-6, T40: what a worker was killed before it could clear away goes once its run has ended, and not before")
    func remainders() throws {
        let home = try SimulatedHome(at: 1_772_323_200)
        let run = try home.host.createRun(of: try home.addJob("a"), origin: .manual)
        let work = home.host.home.work(run.id)
        try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
        #expect(try home.host.removeOldFiles(logDays: 90, rejectDays: 30) == 0 && FileManager.default.fileExists(atPath: work))
        try home.host.appendLog(run.id, .info, "hello")
        _ = try home.end(run.id, .succeeded)
        #expect(try home.host.removeOldFiles(logDays: 90, rejectDays: 30) == 1 && !FileManager.default.fileExists(atPath: work))
        #expect(try home.host.log(of: run.id).count == 1, "the log stays")
    }
}
