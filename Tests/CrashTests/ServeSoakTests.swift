import ConnectTesting
import Foundation
import ServerSupport
import Testing

/// T40: a server that lives through days of mixed faults holds nothing back. `SERVE_SOAK_ROUNDS` sets how many hours of its clock pass
/// (make soak: 300, some five minutes of ours).
@Suite(.waits) struct ServeSoakTests {
    private static let rounds = ProcessInfo.processInfo.environment["SERVE_SOAK_ROUNDS"].flatMap(Int.init) ?? 2
    private static let jobs = 4

    private static var document: String {
        let entries = (0..<jobs).map { number in
            """
              - name: job\(number)
                kind: import-list
                file: { name: job\(number).csv }
                target: { list: CONTACTS }
                mapping: { fields: { mail: EMAIL_ADDRESS_ } }
                schedule: { repeat: hourly, slot: 0-14 }
                options: { event: { name: loaded } }
            """
        }
        return "lists:\n  - name: CONTACTS\njobs:\n" + entries.joined(separator: "\n")
    }

    /// Without those of the control store, whose pool of a few readers fills up as more of them meet: later on a busy machine.
    private func descriptors(_ server: RunningServer) throws -> Int {
        let directory = "/proc/\(server.processID)/fd"
        return try FileManager.default.contentsOfDirectory(atPath: directory).filter { name in
            // One that was closed meanwhile is none.
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: directory + "/" + name) else { return false }
            return !target.contains("/control.sqlite")
        }.count
    }

    @Test("OPS-1, T40: after hours of failing files, failing receivers and killed workers nothing is stuck, and descriptors are as few as before")
    func mixedFaults() throws {
        let installation = try Installation()
        // Between the slots of two hours: none of its starts comes, and the next is that of the full hour to come.
        let clock = try TurnedClock(installation, pastTheHour: 1800)
        try MessageSink.with("http") { sink in
            let document =
                Self.document + """

                    network: { allow: ["127.0.0.0/8"] }
                    hooks: [{ name: crm, url: "\(sink.url)/", secrets: { signing: "file:\(try installation.directory.write("signing", "word-of-the-hook"))" } }]
                    """
            try installation.expectSuccess("apply", "-", environment: installation.clockEnvironment, input: document)
            let server = try RunningServer(installation)
            var first: (descriptors: Int, bytes: Double)?
            for round in 1...Self.rounds {
                // The receiver is well again in every third hour. It takes the oldest first, so one that fails at the beginning of hour after hour has
                // the same messages fail each time, until they are dead letters after the thirteenth.
                let isWell = round % 3 == 0
                try sink.behave(isWell ? "" : "500\nclose\n429 1")
                try putFiles(installation, round)
                // A quarter past: all starts of this hour have come.
                try clock.turn(to: round, 900)
                if round % 2 == 0 {
                    try installation.waitUntil("a worker is at it") { try killedWorker(installation) || ended(installation, round) }
                }
                try installation.waitUntil("round \(round) is over") { try ended(installation, round) }
                if isWell || round == Self.rounds { try deliverAll(installation, clock, hour: round) }
                if first == nil { first = (try descriptors(server), try server.metric("resident_memory_bytes") ?? 0) }
            }
            let begin = try #require(first)
            let all = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(server.processID)/fd").count
            #expect(all < 60, "the pool is bounded, too")
            try installation.waitUntil("descriptors are as before") { try descriptors(server) <= begin.descriptors + 2 }
            if Self.rounds >= 100 {
                let grown = (try server.metric("resident_memory_bytes") ?? 0) - begin.bytes
                #expect(grown < 20_000_000, "\(grown) bytes more than after the first round")
            }
            #expect(clock.hour == Self.rounds, "no start but those of the rounds was due")
            server.send(signal: SIGTERM)
            #expect(server.wait().status == 0)
            try expectClean(installation, sink)
        }
    }

    private func putFiles(_ installation: Installation, _ round: Int) throws {
        // One job's file is missing, one's has nothing but bad records.
        for number in 0..<Self.jobs where number != round % Self.jobs {
            let good = "mail\np\(round)x\(number)@example.com\n"
            try installation.put("job\(number).csv", number == (round + 1) % Self.jobs ? "mail\nno address\n" : good)
        }
    }

    /// Turns the clock on to when a message that was refused is tried again, as often as it takes, and no further.
    private func deliverAll(_ installation: Installation, _ clock: TurnedClock, hour: Int) throws {
        try installation.waitUntil("everything of hour \(hour) is delivered") {
            let open = try installation.json("outbox", "list", "--state", "waiting", "--state", "delivering", "--limit", "100000")
            let due = (0..<open.count).filter { open[$0]["state"].string == "waiting" }.compactMap { TurnedClock.moment(open[$0]["due"].string) }
            if let next = due.min() { try clock.turn(toMoment: next + 1) }
            guard clock.hour == hour else { throw TestFailure("a message is tried again only after the next hour's starts") }
            return open.count == 0
        }
    }

    /// Every start of every hour has a run that has ended.
    private func ended(_ installation: Installation, _ rounds: Int) throws -> Bool {
        let runs = try installation.json("runs", "list", "--limit", "100000")
        return (0..<runs.count).filter { ["succeeded", "failed"].contains(runs[$0]["status"].string) }.count >= Self.jobs * rounds
    }

    /// SIGKILL to one worker, if one is there.
    private func killedWorker(_ installation: Installation) throws -> Bool {
        for name in installation.directory.names(in: "home/runs") {
            guard let text = installation.directory.contents("home/runs/\(name)/lock"),
                let process = Int32(String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)),
                let command = FileManager.default.contents(atPath: "/proc/\(process)/cmdline"),
                String(decoding: command, as: UTF8.self).contains("worker")
            else { continue }
            return kill(process, SIGKILL) == 0
        }
        return false
    }

    private func expectClean(_ installation: Installation, _ sink: MessageSink) throws {
        let runs = try installation.json("runs", "list", "--limit", "100000")
        let ids = (0..<runs.count).map { runs[$0]["run"].string ?? "" }
        #expect(runs.count == Self.jobs * Self.rounds)
        #expect((0..<runs.count).allSatisfy { ["succeeded", "failed"].contains(runs[$0]["status"].string) })
        try expectStarts(installation, ids)
        // One job's file was missing in each round.
        let succeeded = zip(ids, 0...).filter { runs[$0.1]["status"].string == "succeeded" }.map(\.0)
        #expect(succeeded.count == (Self.jobs - 1) * Self.rounds)
        try expectDelivered(installation, sink, succeeded)
        let loaded = Set(try installation.rows("CONTACTS", "EMAIL_ADDRESS_"))
        let expected = (1...Self.rounds).flatMap { round in
            (0..<Self.jobs).filter { $0 != round % Self.jobs && $0 != (round + 1) % Self.jobs }.map {
                "{\"EMAIL_ADDRESS_\":\"p\(round)x\($0)@example.com\"}"
            }
        }
        #expect(loaded == Set(expected))
        try expectNoWork(installation)
    }

    /// Each job was started once in each hour, as one of these runs.
    private func expectStarts(_ installation: Installation, _ runs: [String]) throws {
        let history = try installation.json("schedule", "history", "--limit", "100000")
        let starts = (0..<history.count).map { history[$0] }
        #expect(starts.allSatisfy { $0["outcome"].string == "started" && $0["starts"].int == 1 })
        #expect(starts.compactMap { $0["run"].string }.sorted() == runs.sorted())
        let hours = starts.map { "\($0["owner"].int ?? 0) \($0["due"].string?.prefix(13) ?? "")" }
        #expect(Set(hours).count == Self.jobs * Self.rounds)
    }

    /// The receiver has got the event of each of these runs, and nothing is dead or waits.
    private func expectDelivered(_ installation: Installation, _ sink: MessageSink, _ runs: [String]) throws {
        let messages = try installation.json("outbox", "list", "--limit", "100000")
        let hooks = (0..<messages.count).map { messages[$0] }.filter { $0["kind"].string == "hook" }
        #expect((0..<messages.count).allSatisfy { messages[$0]["state"].string == "delivered" })
        #expect(hooks.compactMap { $0["origin"].string }.sorted() == runs.map { "run/\($0)" }.sorted())
        let keys = try sink.taken.map { JSONObject(try JSONSerialization.jsonObject(with: Data($0.utf8)))["headers"]["idempotency-key"].string }
        #expect(Set(keys) == Set(runs.map { "run/\($0)/event/loaded" }))
    }

    /// A worker that is killed right behind its run's end leaves its work to the next pass of retention; a server makes one when it starts.
    private func expectNoWork(_ installation: Installation) throws {
        let server = try RunningServer(installation)
        try installation.waitUntil("no run has left its work behind") {
            installation.directory.names(in: "home/runs").allSatisfy {
                !FileManager.default.fileExists(atPath: installation.home + "/runs/\($0)/work")
            }
        }
        server.send(signal: SIGTERM)
        #expect(server.wait().status == 0)
    }
}

/// The clock of an installation's processes, which the test turns on and never back. Hours are counted from the one in which the test began.
private final class TurnedClock {
    private let installation: Installation
    private let begun: Int
    private var shift = 0

    /// Sets it to so many seconds past the hour.
    init(_ installation: Installation, pastTheHour seconds: Int) throws {
        self.installation = installation
        begun = Self.machine / 3600 * 3600
        shift = begun + seconds - Self.machine
        try installation.setClock(shiftSeconds: shift)
    }

    private static var machine: Int { Int(Date().timeIntervalSince1970) }
    private var now: Int { Self.machine + shift }
    var hour: Int { (now - begun) / 3600 }

    func turn(to hour: Int, _ seconds: Int) throws { try turn(toMoment: begun + hour * 3600 + seconds) }

    /// In seconds since 1970; one that has passed wakes the server only.
    func turn(toMoment moment: Int) throws {
        if moment > now {
            shift += moment - now
            try installation.setClock(shiftSeconds: shift)
        }
        try installation.wakeServer()
    }

    /// "2026-11-26 12:15:01Z" as seconds since 1970.
    static func moment(_ text: String?) -> Int? {
        text.flatMap { try? Date($0.replacingOccurrences(of: " ", with: "T"), strategy: .iso8601) }.map { Int($0.timeIntervalSince1970) }
    }
}
