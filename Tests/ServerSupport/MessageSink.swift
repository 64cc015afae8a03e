import Foundation

/// A throwaway server on loopback that takes mails or HTTP calls and keeps them, started by `Tests/servers/sink`; a test that uses it stops it.
public final class MessageSink: Sendable {
    /// What the script printed.
    public let settings: [String: String]
    private let directory: URL

    /// - Parameter options: `smtp` or `http` and what follows it on the script's command line.
    public init(_ options: [String]) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("connecthost-sink-" + UUID().uuidString)
        let started = try Program.run(Self.script, ["start", directory.path] + options)
        guard started.status == 0 else {
            throw TestServer.Unavailable(description: "sink start ended with \(started.status): \(started.errors)")
        }
        var settings: [String: String] = [:]
        for line in started.output.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            settings[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        self.settings = settings
    }

    /// Runs `body` with a server and stops it, whatever happens.
    public static func with(_ options: String..., body: (MessageSink) throws -> Void) throws {
        let sink = try MessageSink(options)
        defer { sink.stop() }
        try body(sink)
    }

    public func stop() { _ = try? Program.run(Self.script, ["stop", directory.path]) }

    public subscript(_ name: String) -> String { settings[name] ?? "" }
    public var url: String { "http://\(self["HOST"]):\(self["PORT"])" }

    /// How the next ones are answered, one word a call.
    public func behave(_ words: String...) throws {
        try words.map { $0 + "\n" }.joined().write(toFile: self["BEHAVIOUR"], atomically: true, encoding: .utf8)
    }

    /// Everything that came, in order.
    public var taken: [String] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: self["TAKEN"])) ?? []).filter { !$0.hasSuffix(".new") }.sorted()
        return names.compactMap { FileManager.default.contents(atPath: self["TAKEN"] + "/" + $0) }.map { String(decoding: $0, as: UTF8.self) }
    }

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("servers/sink").path
}
