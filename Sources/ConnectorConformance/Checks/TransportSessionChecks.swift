import ConnectModel
import Foundation
import PluginABI

/// Sessions of a transport: cancelling, working beside each other, failing in words, giving everything back.
enum TransportSessionChecks {
    static let all: [ConformanceCheck] = [check, errors, settingsRefused, cancelBefore, cancelDuring, twoSessions, leaks]

    private static let check = ConformanceCheck(
        "transport.check", "The connection test tells its steps", kinds: [.transport], need: .connection, timeLimit: 60
    ) {
        context in
        let connector = try context.connector()
        guard let check = connector.raw.pointee.check else { throw CheckSkipped(sentence: "It has no check function, which is allowed.") }
        let call = RawCall()
        let status = call.perform("check") { check($0, context.settingsJSON) }
        context.expect(status == CH_OK, "The connection test failed with \(StatusName.of(status)) \(call.words).")
        if call.texts.isEmpty { context.warn("The connection test told no step. Call call->step after each, so that people see how far it came.") }
    }

    private static let errors = ConformanceCheck(
        "transport.errors", "Each failing call says why, without secrets", kinds: [.transport], need: .connection, timeLimit: 30
    ) { context in
        let (_, space) = try context.workspace()
        try space.write("there", [1])
        try space.write("other", [2])
        let session = space.session
        let missing = space.path("not-there")
        for (name, body) in [
            ("stat", { _ = session.stat(missing) }), ("open_read", { session.openRead(missing).file?.abort() }),
            ("remove", { _ = session.remove(missing) }),
            ("rename", { _ = session.rename(missing, missing + "2", replace: false) }),
            ("rename", { _ = session.rename(space.path("there"), space.path("other"), replace: false) }),
            ("list", { _ = session.list(missing) }), ("rmdir", { _ = session.rmdir(missing) }), ("mkdir", { _ = session.mkdir(space.path("there")) }),
            ("open_write", { session.openWrite(missing + "/below/it").file?.abort() }), ("open_read", { session.openRead("../x").file?.abort() }),
        ] as [(String, () -> Void)] {
            context.doing("a \(name) that fails")
            body()
        }
        for violation in session.call.violations { context.fail(violation) }
        for secret in context.secrets where session.call.texts.contains(where: { $0.contains(secret) }) {
            context.fail("The value of a secret setting stands in an error text or a log line.")
        }
    }

    private static let settingsRefused = ConformanceCheck(
        "transport.bad-settings", "open refuses settings that cannot work, in words", kinds: [.transport], need: .file, timeLimit: 60
    ) { context in
        let connector = try context.connector()
        guard !SettingsSubset.required(context.request.connector.schema).isEmpty else {
            throw CheckSkipped(sentence: "It requires no settings, so none can be missing.")
        }
        for settings in ["{}", "[]", "null", "{\"nobody-knows-this\":true}"] {
            context.doing("open with \(settings)")
            let call = RawCall()
            let (status, session) = RawSession.open(connector, settings, call)
            session?.close()
            context.expect(session == nil && status < 0, "open took the settings \(settings), in which required ones are missing.")
            context.expect(
                status == CH_E_CONFIG || session != nil,
                "open with the settings \(settings) returned \(StatusName.of(status)) instead of CH_E_CONFIG.")
            call.violations.forEach { context.fail($0) }
        }
        context.doing("close(NULL)")
        connector.transport?.pointee.close(nil)
    }

    private static let limit = 2.0

    private static let cancelBefore = ConformanceCheck(
        "transport.cancelled-before", "A call that is cancelled already comes back within two seconds", kinds: [.transport], need: .connection,
        timeLimit: 40
    ) { context in
        let (connector, space) = try context.workspace()
        try space.write("cancel", Pattern.bytes(1 << 20))
        let settings = context.settingsJSON
        context.doing("open, cancelled before")
        let opened = SideThread.run(seconds: limit) { () -> Int32 in
            let (status, session) = RawSession.open(connector, settings, RawCall(cancelled: true))
            session?.close()
            return status
        }
        let status = try context.unwrap(
            opened, "open did not come back within two seconds of being cancelled. Poll call->cancel_fd beside your socket.")
        context.expect(
            status == CH_OK || status == CH_E_CANCELLED,
            "open of a cancelled call returned \(StatusName.of(status)) instead of CH_E_CANCELLED (or CH_OK).")
        let call = RawCall()
        let session = try context.open(connector, closesItself: true, call)
        call.cancel()
        session.cancel()
        session.cancel()
        context.doing("reading with a call that is cancelled")
        let path = space.path("cancel")
        let read = SideThread.run(seconds: limit) { Self.readToTheEnd(session, path) }
        let result = try context.unwrap(read, "A read did not come back within two seconds of being cancelled.")
        context.expect(
            result == Int64(CH_E_CANCELLED),
            "A cancelled read of 1 MiB in small pieces ended with \(StatusName.of(result)) instead of CH_E_CANCELLED. Ask call->is_cancelled in read."
        )
        context.doing("close after cancel")
        try context.require(SideThread.run(seconds: limit + 1) { session.close() } != nil, "close did not come back within two seconds.")
    }

    private static func readToTheEnd(_ session: RawSession, _ path: String) -> Int64 {
        let (status, file) = session.openRead(path)
        guard let file else { return Int64(status) }
        defer { file.abort() }
        while true {
            let count = file.read(4096).count
            if count <= 0 { return count }
        }
    }

    private static let cancelDuring = ConformanceCheck(
        "transport.cancelled-during", "A read in flight comes back within two seconds of being cancelled", kinds: [.transport], need: .connection,
        timeLimit: 40
    ) { context in
        let (connector, space) = try context.workspace()
        try space.write("cancel", Pattern.bytes(1 << 20))
        let call = RawCall()
        let session = try context.open(connector, closesItself: true, call)
        let (path, progress) = (space.path("cancel"), DispatchSemaphore(value: 0))
        context.doing("reading until cancelled")
        let finished = DispatchSemaphore(value: 0)
        let ended = SideThread.start {
            var result: Int64 = 0
            // The file is read again and again, so that the wish comes in the middle of a read whatever its speed.
            while result >= 0 {
                let (status, file) = session.openRead(path)
                guard let file else {
                    result = Int64(status)
                    break
                }
                repeat {
                    result = file.read(4096).count
                    progress.signal()
                } while result > 0
                file.abort()
            }
            finished.signal()
            return result
        }
        try context.require(progress.wait(timeout: .now() + 10) == .success, "The first read did not come back within ten seconds.")
        call.cancel()
        session.cancel()
        try context.require(
            finished.wait(timeout: .now() + limit) == .success,
            "Reading went on for two seconds after it was cancelled. Ask call->is_cancelled in every call, and make cancel wake the one in flight.")
        let result = ended() ?? 0
        context.expect(result == Int64(CH_E_CANCELLED), "A cancelled read ended with \(StatusName.of(result)) instead of CH_E_CANCELLED.")
        try context.require(SideThread.run(seconds: limit + 1) { session.close() } != nil, "close did not come back within two seconds.")
    }

    private static let twoSessions = ConformanceCheck(
        "transport.two-sessions", "Two sessions at once do not know each other", kinds: [.transport], need: .connection, timeLimit: 60
    ) { context in
        let (connector, space) = try context.workspace()
        let other = space.through(try context.open(connector, closesItself: true))
        context.doing("two sessions from two threads")
        let rounds = 10
        let sides = [(space, "left"), (other, "right")].map { side, name in
            SideThread.start { () -> String? in
                do {
                    for round in 0..<rounds {
                        let bytes = Pattern.bytes(50_000, seed: UInt64(round * 2 + (name == "left" ? 1 : 2)))
                        try side.write("\(name)-\(round)", bytes)
                        guard try side.read("\(name)-\(round)", capacity: 9001) == bytes else {
                            return "A file came back as another while two sessions worked at once."
                        }
                        _ = side.session.list(side.directory)
                    }
                    return nil
                } catch { return "While two sessions worked at once: \((error as? CheckFailure)?.sentence ?? "\(error)")" }
            }
        }
        for side in sides { if let problem = side() ?? nil { context.fail(problem) } }
        context.doing("closing one of two sessions")
        other.session.close()
        context.expect(space.session.stat(space.path("left-0")).status == CH_OK, "Closing one session ended the other.")
    }

    private static let leaks = ConformanceCheck(
        "transport.leaks", "A thousand sessions leave nothing behind", kinds: [.transport], need: .connection, timeLimit: 120
    ) { context in
        let (connector, space) = try context.workspace()
        try space.write("leak", Pattern.bytes(5000))
        let (settings, path) = (context.settingsJSON, space.path("leak"))
        try LeakMeasure.run(context, "open and close") { round in
            let call = RawCall()
            let (status, session) = RawSession.open(connector, settings, call)
            guard let session else { throw CheckFailure(sentence: "Session \(round) could not be opened: \(StatusName.of(status)) \(call.words).") }
            defer { session.close() }
            let file = session.openRead(path).file
            _ = file?.read(100)
            file?.abort()
            session.openRead(path + "-missing").file?.abort()
            _ = session.stat(path)
        }
    }
}
