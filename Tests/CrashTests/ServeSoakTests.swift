import ConnectTesting
import Foundation
import ServerSupport
import Testing

/// T40: a server that lives through days of mixed faults holds nothing back. `SERVE_SOAK_ROUNDS` sets how many hours of its clock pass
/// (make soak: 300, some 20 minutes of ours).
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
        try MessageSink.with("http") { sink in
            try installation.apply(
                Self.document + """

                    network: { allow: ["127.0.0.0/8"] }
                    hooks: [{ name: crm, url: "\(sink.url)/", secrets: { signing: "file:\(try installation.directory.write("signing", "word-of-the-hook"))" } }]
                    """)
            let server = try RunningServer(installation, shiftSeconds: 0)
            // A quarter past the next full hour: all starts of that hour have come, and none of the one after it does while a round lasts.
            let begun = Int(Date().timeIntervalSince1970) / 3600 * 3600
            let set = { (round: Int, seconds: Int) in
                try installation.setClock(shiftSeconds: begun + round * 3600 + 900 + seconds - Int(Date().timeIntervalSince1970))
                try installation.wakeServer()
            }
            var first: (descriptors: Int, bytes: Double)?
            for round in 1...Self.rounds {
                try sink.behave("500", "close", "429 1")
                for number in 0..<Self.jobs {
                    let good = "mail\np\(round)x\(number)@example.com\n"
                    // One job's file is missing, one's has nothing but bad records.
                    if number != round % Self.jobs {
                        try installation.put("job\(number).csv", number == (round + 1) % Self.jobs ? "mail\nno address\n" : good)
                    }
                }
                try set(round, 0)
                if round % 2 == 0 {
                    try installation.waitUntil("a worker is at it") { try killedWorker(installation) || ended(installation, round) }
                }
                try installation.waitUntil("round \(round) is over") { try ended(installation, round) }
                if first == nil { first = (try descriptors(server), try server.metric("resident_memory_bytes") ?? 0) }
            }
            // Messages that a receiver refused for now are tried again until all have arrived.
            var seconds = 0
            try installation.waitUntil("everything is delivered") {
                seconds += 20
                try set(Self.rounds, seconds)
                return try installation.json("outbox", "list", "--state", "waiting", "--state", "delivering").count == 0
            }
            let begin = try #require(first)
            let all = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(server.processID)/fd").count
            #expect(all < 60, "the pool is bounded, too")
            try installation.waitUntil("descriptors are as before") { try descriptors(server) <= begin.descriptors + 2 }
            if Self.rounds >= 100 {
                let grown = (try server.metric("resident_memory_bytes") ?? 0) - begin.bytes
                #expect(grown < 20_000_000, "\(grown) bytes more than after the first round")
            }
            #expect(try installation.json("outbox", "list", "--state", "dead").count == 0)
            server.send(signal: SIGTERM)
            #expect(server.wait().status == 0)
            try expectClean(installation)
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

    private func expectClean(_ installation: Installation) throws {
        let runs = try installation.json("runs", "list", "--limit", "100000")
        #expect(runs.count == Self.jobs * Self.rounds)
        #expect((0..<runs.count).allSatisfy { ["succeeded", "failed"].contains(runs[$0]["status"].string) })
        for name in installation.directory.names(in: "home/runs") {
            #expect(!FileManager.default.fileExists(atPath: installation.home + "/runs/\(name)/work"), "\(name) has left its work behind")
        }
        let loaded = Set(try installation.rows("CONTACTS", "EMAIL_ADDRESS_"))
        let expected = (1...Self.rounds).flatMap { round in
            (0..<Self.jobs).filter { $0 != round % Self.jobs && $0 != (round + 1) % Self.jobs }.map {
                "{\"EMAIL_ADDRESS_\":\"p\(round)x\($0)@example.com\"}"
            }
        }
        #expect(loaded == Set(expected))
    }
}
