import ConnectModel
import ConnectTesting
import Foundation
import RunEngine
import ServerSupport
import Synchronization
import Testing

/// Every transport through a proxy that breaks the line: what a transfer ends with is the whole file, or an error that says it may be tried again.
/// CHAOS_CUTS says at how many places each line is cut in each direction; `make soak` cuts at more. CHAOS_LINE names the only line to try, such as
/// "SCP by libssh2".
@Suite(.timeLimit(.minutes(60))) struct ChaosTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let standardCuts = 4
    private static let cuts = Int(environment["CHAOS_CUTS"] ?? "") ?? standardCuts
    private static let lines = Line.allCases.filter { environment["CHAOS_LINE"] == nil || environment["CHAOS_LINE"] == $0.rawValue }
    /// Seconds without a byte, and seconds for a log-in, over a line that may say nothing any more: a machine with more to do than these tests is slow.
    private static let patience: Int64 = 3
    /// Where no fault is to be found by waiting.
    private static let plenty: Int64 = 60
    private static let size = 300_000

    /// What became of one transfer.
    private enum Outcome: Equatable {
        case whole
        case failed(ErrorCategory, String)
        /// What must never be: success with something else than the file.
        case wrong(String)
    }

    /// One transfer of `content` over `line`, with or without further attempts.
    private func transfer(
        _ direction: ChaosProxy.Direction, _ line: Line, _ server: LineServer, port: Int, attempts: Int, waits: Waits, _ content: Data, name: String,
        _ local: TemporaryDirectory
    ) throws -> Outcome {
        let policy = RetryPolicy(attempts: attempts, firstDelayMilliseconds: 1, longestDelayMilliseconds: 5)
        let here = local.path + "/" + name
        let there = server.files + "/" + name
        do {
            let transport = try RetryingTransport(
                line.opener(server, port: port, waits: waits), server: "chaos", policy: policy, cancellation: Cancellation(),
                reporter: SilentReporter())
            defer { transport.close() }
            let copy = FileTransfer(transport)
            if direction == .fromServer {
                _ = try copy.download("source", to: here)
                return FileManager.default.contents(atPath: here) == content ? .whole : .wrong("the download is not the file")
            }
            _ = try copy.upload(local.path + "/source", to: name)
            return FileManager.default.contents(atPath: there) == content ? .whole : .wrong("the upload is not the file")
        } catch let error as ConnectError {
            // Under its own name there is all of it or nothing, also after a failure.
            if direction == .toServer, let left = FileManager.default.contents(atPath: there), left != content {
                return .wrong("a part has the file's name")
            }
            return .failed(error.category, error.message)
        }
    }

    private func expectHolds(
        _ line: Line, _ direction: ChaosProxy.Direction, waits: Waits = Waits(connect: plenty, stall: patience),
        faults: (_ total: Int) -> [ChaosProxy.Fault],
        comesThrough: Bool = false
    ) throws {
        let started = ContinuousClock.now
        let local = try TemporaryDirectory()
        let content = Self.content
        try local.write("source", content)
        try line.withServer { server in
            try content.write(to: URL(fileURLWithPath: server.files + "/source"))
            var total = 0
            try server.struck(.none, counting: direction) { port, count in
                let outcome = try transfer(
                    direction, line, server, port: port, attempts: 1, waits: Waits(connect: Self.plenty, stall: Self.plenty), content, name: "clean",
                    local)
                #expect(outcome == .whole)
                total = count.total(direction)
            }
            #expect(total > Self.size)
            let planned = faults(total)
            let outcomes = Mutex([Int: Result<Outcome, any Error>]())
            // Most of the time is waiting. FTP's data connections go to one announced port, so there one fault comes after another.
            sideBySide(planned.count, atOnce: server.movesFilesOnItsOwnPort ? 1 : 4) { number in
                let outcome = Result {
                    // In turn: one attempt, which may fail but must not lie; several, which must come through a line that breaks once.
                    var outcome = Outcome.whole
                    try server.struck(planned[number], counting: direction) { port, _ in
                        outcome = try transfer(
                            direction, line, server, port: port, attempts: number % 2 == 0 ? 1 : 5, waits: waits, content, name: "file\(number)",
                            local)
                    }
                    return outcome
                }
                outcomes.withLock { $0[number] = outcome }
            }
            var whole = 0
            for (number, fault) in planned.enumerated() {
                switch try outcomes.withLock({ try #require($0[number]) }).get() {
                case .whole: whole += 1
                case .failed(let category, let message):
                    #expect(number % 2 == 0 && !comesThrough, "\(line.rawValue), \(fault) of \(total): \(message)")
                    #expect(category == .transient, "\(line.rawValue), \(fault) of \(total): \(message)")
                case .wrong(let what): Issue.record("\(line.rawValue), \(fault) of \(total): \(what)")
                }
            }
            guard Self.cuts > Self.standardCuts else { return }
            let seconds = (ContinuousClock.now - started).components.seconds
            print(
                "chaos: \(line.rawValue), \(direction): \(planned.count) faults, \(whole) came through, \(planned.count - whole) failed; \(seconds) s"
            )
        }
    }

    /// Calls `body` with 0 to `count` - 1 on plain threads, which may block.
    private func sideBySide(_ count: Int, atOnce: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let next = Mutex(0)
        let group = DispatchGroup()
        for _ in 0..<min(atOnce, count) {
            group.enter()
            Thread.detachNewThread {
                while true {
                    let number = next.withLock { next in
                        next += 1
                        return next - 1
                    }
                    guard number < count else { break }
                    body(number)
                }
                group.leave()
            }
        }
        group.wait()
    }

    private static let content: Data = {
        var state: UInt64 = 1
        var bytes = Data(capacity: size + 8)
        while bytes.count < size {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            withUnsafeBytes(of: state) { bytes.append(contentsOf: $0.suffix(4)) }
        }
        return bytes.prefix(size)
    }()

    /// Half of the places lie where the connection is being made, which is a hundredth of the bytes and most of the protocol.
    private static func places(_ count: Int, in total: Int) -> [Int] {
        (0..<count).map { $0 % 4 < 2 ? Int.random(in: 0..<total) : Int.random(in: 0..<min(6000, total)) }
    }

    private static let both = ChaosProxy.Direction.allCases
    /// Faults that are only found by waiting: on every line where more places are asked for, else on one of each protocol.
    private static let waiting: [Line] = lines.filter { cuts > standardCuts || [.sftpLibSSH2, .ftp].contains($0) }

    @Test(
        "FS-8, T11: a line that is cut at any byte leaves a whole file or an error to try again, never a short file called good", arguments: lines,
        both)
    func cut(line: Line, direction: ChaosProxy.Direction) throws {
        try expectHolds(line, direction) { total in Self.places(Self.cuts, in: total).map { .cut(afterBytes: $0) } }
    }

    @Test("FS-8, T11: so does one that is reset or closed on one side", arguments: waiting, both)
    func resetAndHalfClose(line: Line, direction: ChaosProxy.Direction) throws {
        try expectHolds(line, direction, waits: Waits(connect: Self.patience, stall: Self.patience)) { total in
            Self.places(max(1, Self.cuts / 8), in: total).flatMap {
                [.reset(afterBytes: $0), .reset(afterBytes: $0), .halfClose(afterBytes: $0), .halfClose(afterBytes: $0)]
            }
        }
    }

    @Test("FS-8, T10: so does one that stalls, after the time-out", arguments: waiting, both)
    func stall(line: Line, direction: ChaosProxy.Direction) throws {
        try expectHolds(line, direction, waits: Waits(connect: Self.patience, stall: Self.patience)) { total in
            Self.places(max(2, Self.cuts / 8), in: total).map { .stall(afterBytes: $0) }
        }
    }

    @Test("FS-8, T11: a slow line is waited for", arguments: lines, both)
    func throttle(line: Line, direction: ChaosProxy.Direction) throws {
        try expectHolds(
            line, direction, waits: Waits(connect: Self.plenty, stall: Self.plenty), faults: { _ in [.throttle(bytesPerSecond: 400_000)] },
            comesThrough: true)
    }
}
