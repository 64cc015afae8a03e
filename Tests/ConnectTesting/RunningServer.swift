public import Foundation

/// A real `connecthost serve` on an installation, its clock set by the test, stopped with it.
public final class RunningServer: Sendable {
    private let installation: Installation
    private let child: ChildRun
    public var processID: pid_t { child.processID }

    /// Starts it and returns once it is ready.
    public init(_ installation: Installation, _ options: String..., shiftSeconds: Int? = nil, environment: [String: String] = [:]) throws {
        self.installation = installation
        try? FileManager.default.removeItem(atPath: installation.home + "/serve/http")
        if let shiftSeconds { try installation.setClock(shiftSeconds: shiftSeconds) }
        child = try installation.start(
            ["serve", "--http", "127.0.0.1:0", "--log-format", "json"] + options,
            environment: installation.clockEnvironment.merging(environment) { _, new in new })
        try installation.waitUntil("the server answers") { try self.get("readyz").hasPrefix("200") }
    }

    deinit {
        child.send(signal: SIGKILL)
        _ = child.wait()
    }

    /// "200\n…": the status and the body.
    public func get(_ path: String) throws -> String {
        guard let address = FileManager.default.contents(atPath: installation.home + "/serve/http") else { return "000" }
        let host = String(decoding: address, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        let result = try ChildRun("curl", ["-s", "--max-time", "60", "-w", "\n%{http_code}", "http://\(host)/\(path)"]).wait()
        let lines = result.output.components(separatedBy: "\n")
        return (lines.last ?? "000") + "\n" + lines.dropLast().joined(separator: "\n")
    }

    /// The value of a metric, by its name and labels as they are printed.
    public func metric(_ name: String) throws -> Double? {
        try get("metrics").components(separatedBy: "\n").first { $0.hasPrefix("connecthost_\(name) ") }?.split(separator: " ").last.flatMap {
            Double($0)
        }
    }

    public func send(signal: Int32) { child.send(signal: signal) }

    /// Waits for its end and returns how it ended, with its log.
    public func wait() -> ChildRun.Result { child.wait() }
}

extension Installation {
    private var clockFile: String { directory.path + "/clock-shift" }

    /// For every process that shall live in the test's time.
    public var clockEnvironment: [String: String] { ["CONNECTHOST_CLOCK_SHIFT": clockFile] }

    /// Sets the clock that many seconds before or after the machine's; a running server follows at once when it is woken.
    public func setClock(shiftSeconds: Int) throws { try directory.write("clock-shift", String(shiftSeconds)) }

    /// Rings the bell of a running server.
    public func wakeServer() throws {
        let bell = open(home + "/serve/bell", O_WRONLY | O_NONBLOCK)
        guard bell >= 0 else { return }
        var byte: UInt8 = 1
        _ = write(bell, &byte, 1)
        close(bell)
    }

    /// Looks until it is true; the only way in which these tests wait. The limit is for what never comes: nothing may depend on how fast a machine is.
    public func waitUntil(_ what: String, seconds: Double = 600, _ condition: () throws -> Bool) throws {
        let deadline = Date().addingTimeInterval(seconds)
        // Most looks start a process, which takes processor time from what is waited for.
        var pause: UInt32 = 20_000
        while try !condition() {
            guard Date() < deadline else { throw TestFailure("after \(seconds) s still not: \(what)") }
            usleep(pause)
            pause = min(pause * 2, 320_000)
        }
    }
}
