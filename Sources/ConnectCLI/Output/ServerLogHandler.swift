import ArgumentParser
import ConnectModel
import Foundation
import Logging

enum ServerLogFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case text, json
}

/// The server's log: one event a line on standard error, as text or JSON. Messages are names of events; what differs stands in the metadata.
struct ServerLogHandler: LogHandler {
    let format: ServerLogFormat
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(format: ServerLogFormat) { self.format = format }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }.mapValues { "\($0)" }
        let now = Moment.text(Composition.now())
        let line: String
        switch format {
        case .text:
            let fields = all.sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.quoted($0.value))" }.joined(separator: " ")
            line = "\(now) \(event.level.rawValue) \(event.message)\(fields.isEmpty ? "" : " " + fields)"
        case .json:
            var members = all
            members["time"] = now
            members["level"] = event.level.rawValue
            members["event"] = "\(event.message)"
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            guard let data = try? encoder.encode(members) else { return }  // plain texts always encode
            line = String(decoding: data, as: UTF8.self)
        }
        Output.complain(line)
    }

    private static func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.allSatisfy { !$0.isWhitespace && $0 != "\"" && $0 != "=" }
        return isPlain ? text : "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
    }
}
