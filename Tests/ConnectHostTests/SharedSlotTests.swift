import ConnectModel
import Foundation
import StoreAPI
import Testing

@testable import ConnectHost

/// T39: very many jobs in one slot. `SLOT_JOBS` sets how many (make soak: 100,000).
@Suite struct SharedSlotTests {
    @Test("SCH-2, SCH-5, T39: jobs that share a slot start in their own minutes, evenly spread, each once")
    func oneSlot() throws {
        let count = ProcessInfo.processInfo.environment["SLOT_JOBS"].flatMap(Int.init) ?? 300
        let begin: Int64 = 1_772_323_200
        let home = try SimulatedHome(at: begin)
        try home.host.control.transaction {
            for number in 0..<count { try home.addJob("job \(number)", SimulatedHome.daily(2, "15-29")) }
        }
        let slot = begin + 2 * 3600 + 15 * 60
        var started = 0
        for minute in 0..<15 {
            home.time = slot + Int64(minute) * 60
            // A tick takes all that are due, and asking again takes nothing.
            let taken = try StartTaker(host: home.host).takeDue(at: home.time)
            #expect(taken.latest == 0 && taken.missed == 0)
            #expect(try StartTaker(host: home.host).takeDue(at: home.time).started == 0)
            started += taken.started
            // Fifteen minutes have a fifteenth each; five standard deviations are not exceeded by chance.
            let share = Double(count) / 15
            #expect(abs(Double(taken.started) - share) < 5 * share.squareRoot() + 1, "\(taken.started) in minute \(minute)")
        }
        #expect(started == count)
        let runs = try home.host.control.runs(job: nil, limit: count + 1)
        #expect(Set(runs.map(\.id.job)).count == count && runs.count == count)
        #expect(runs.allSatisfy { ($0.dueAtUnixMilliseconds ?? 0) / 1000 == $0.createdAtUnixMilliseconds / 1000 })
        #expect(try #require(try home.host.control.earliestDue()) >= slot + 86_400)
    }
}
