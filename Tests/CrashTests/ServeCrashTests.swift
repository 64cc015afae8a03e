import ConnectTesting
import Foundation
import Testing

/// SIGKILL of the server and its workers at random moments of busy minutes: nothing begins twice, nothing is lost (SCH-5, T36).
/// `SERVE_CRASH_ROUNDS` sets how many (make soak: 100).
@Suite(.waits) struct ServeCrashTests {
    private static let jobs = ["a", "b", "c", "g1", "g2"]
    private static let day = 86_400

    private static var document: String {
        // Half a day from now, so that a jump of a day passes each start once.
        let hour = (Int(Date().timeIntervalSince1970) / 3600 + 12) % 24
        let schedule = "schedule: { repeat: daily, hour: \(hour), slot: 0-14 }"
        let entries = jobs.map { name in
            """
              - name: \(name)
                kind: import-list
                file: { name: \(name).csv }
                target: { list: CONTACTS }
                mapping: { fields: { mail: EMAIL_ADDRESS_ } }
            \(name.hasPrefix("g") ? "" : "    " + schedule)
            """
        }
        return "lists:\n  - name: CONTACTS\njobs:\n" + entries.joined(separator: "\n")
            + "\ngroups:\n  - name: both\n    jobs: [g1, g2]\n    \(schedule)\n"
    }

    private func killWorkers(_ installation: Installation) {
        for name in installation.directory.names(in: "home/runs") {
            guard let text = installation.directory.contents("home/runs/\(name)/lock"),
                let process = Int32(String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)),
                let command = FileManager.default.contents(atPath: "/proc/\(process)/cmdline"),
                String(decoding: command, as: UTF8.self).contains("worker")
            else { continue }
            kill(process, SIGKILL)
        }
    }

    @Test("SCH-5, T36: server and workers killed at random moments: every start becomes one run, and every file is loaded once")
    func killedAtRandom() throws {
        let rounds = ProcessInfo.processInfo.environment["SERVE_CRASH_ROUNDS"].flatMap(Int.init) ?? 2
        let installation = try Installation()
        try installation.apply(Self.document)
        var numbers = SystemRandomNumberGenerator()
        for round in 1...rounds {
            for name in Self.jobs { try installation.put(name + ".csv", "mail\n\(name)\(round)@example.com\n") }
            let server = try RunningServer(installation, shiftSeconds: round == 1 ? 0 : (round - 1) * Self.day)
            try installation.setClock(shiftSeconds: round * Self.day)
            try installation.wakeServer()
            usleep(UInt32.random(in: 0...1_200_000, using: &numbers))
            let alsoWorkers = Bool.random(using: &numbers)
            if alsoWorkers, Bool.random(using: &numbers) { killWorkers(installation) }
            server.send(signal: SIGKILL)
            if alsoWorkers { killWorkers(installation) }
            _ = server.wait()
            let next = try RunningServer(installation)
            try installation.waitUntil("round \(round) is over") {
                try installation.json("runs", "list", "--status", "succeeded", "--limit", "100000").count == Self.jobs.count * round
                    && installation.json("groups", "runs", "--limit", "100000")[0]["status"].string == "succeeded"
            }
            next.send(signal: SIGTERM)
            #expect(next.wait().status == 0)
        }
        try expectOnce(installation, rounds)
    }

    private func expectOnce(_ installation: Installation, _ rounds: Int) throws {
        #expect(try installation.rows("CONTACTS", "EMAIL_ADDRESS_").count == Self.jobs.count * rounds)
        let runs = try installation.json("runs", "list", "--limit", "100000")
        #expect(runs.count == Self.jobs.count * rounds)
        for name in Self.jobs {
            let own = (0..<runs.count).filter { runs[$0]["job"].string == name }
            #expect(own.count == rounds)
            #expect(own.allSatisfy { runs[$0]["status"].string == "succeeded" && runs[$0]["records"]["read"].int == 1 })
            if !name.hasPrefix("g") { #expect(Set(own.map { runs[$0]["due"].string }).count == rounds) }
        }
        #expect(try installation.json("groups", "runs", "--limit", "100000").count == rounds)
        #expect(installation.directory.names(in: "home/files/archive").count == Self.jobs.count * rounds)
        #expect(installation.directory.names(in: "home/files/upload").isEmpty)
        let history = try installation.json("schedule", "history", "--limit", "100000")
        #expect((0..<history.count).allSatisfy { history[$0]["outcome"].string == "started" } && history.count == 4 * rounds)
        for name in installation.directory.names(in: "home/runs") {
            #expect(!FileManager.default.fileExists(atPath: installation.home + "/runs/\(name)/work"), "\(name) has left its work behind")
        }
    }

    @Test("OPS-1: a backup of a home is restored elsewhere and goes on: lists, runs, schedules and archives are as they were")
    func restore() throws {
        let installation = try Installation()
        try installation.apply(Self.document)
        for name in Self.jobs { try installation.put(name + ".csv", "mail\n\(name)@example.com\n") }
        let server = try RunningServer(installation, shiftSeconds: Self.day)
        try installation.waitUntil("all have run") { try installation.json("runs", "list", "--status", "succeeded").count == Self.jobs.count }
        server.send(signal: SIGTERM)
        #expect(server.wait().status == 0)
        let archive = installation.directory.path + "/backup.tar.gz"
        #expect(try ChildRun("tar", ["-C", installation.directory.path, "-cpzf", archive, "home"]).wait().status == 0)
        let before = try (
            installation.expectSuccess("export"), installation.rows("CONTACTS", "RIID_,EMAIL_ADDRESS_"), installation.expectSuccess("runs", "list")
        )
        let next = try installation.json("schedule", "next", "a")["starts"][0]["at"].string
        #expect(try ChildRun("rm", ["-rf", installation.home]).wait().status == 0)
        #expect(try ChildRun("tar", ["-C", installation.directory.path, "-xpzf", archive]).wait().status == 0)
        #expect(try installation.expectSuccess("export") == before.0)
        #expect(try installation.rows("CONTACTS", "RIID_,EMAIL_ADDRESS_") == before.1)
        #expect(try installation.expectSuccess("runs", "list") == before.2)
        #expect(try installation.json("schedule", "next", "a")["starts"][0]["at"].string == next)
        for name in Self.jobs { try installation.put(name + ".csv", "mail\n\(name)2@example.com\n") }
        let again = try RunningServer(installation, shiftSeconds: 2 * Self.day)
        try installation.waitUntil("all have run again") {
            try installation.json("runs", "list", "--status", "succeeded").count == 2 * Self.jobs.count
        }
        again.send(signal: SIGTERM)
        #expect(again.wait().status == 0)
        #expect(try installation.rows("CONTACTS", "EMAIL_ADDRESS_").count == 2 * Self.jobs.count)
    }
}
