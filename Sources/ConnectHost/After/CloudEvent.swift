import ConnectModel
import Foundation

/// A Connect event as a CloudEvent 1.0 in its structured JSON form.
struct CloudEvent: Encodable {
    struct Body: Encodable {
        var event: String
        var subject: RunOutcome.Subject
        var name: String
        var run: String
        var kind: String
        var status: RunStatus
        var started: String?
        var finished: String
        var duration_ms: Int64?
        var records: RecordCounts
        var loaded: Int64
        var file: String?
        var server: String?
    }

    let specversion = "1.0"
    /// The same for every hook and every attempt: receivers drop repeats by it.
    var id: String
    var source: String
    var type: String
    var subject: String
    var time: String
    let datacontenttype = "application/json"
    var data: Body

    init(id: String, name: String, outcome: RunOutcome, source: String) {
        self.id = id
        self.source = source
        type = "connecthost.event.\(name)"
        subject = "\(outcome.subject.rawValue)/\(outcome.name)"
        time = Self.time(outcome.finishedAtUnixMilliseconds)
        data = Body(
            event: name, subject: outcome.subject, name: outcome.name, run: outcome.run, kind: outcome.kind, status: outcome.status,
            started: outcome.startedAtUnixMilliseconds.map(Self.time), finished: time, duration_ms: outcome.durationMilliseconds,
            records: outcome.records, loaded: outcome.recordsLoaded, file: outcome.file?.path, server: outcome.file?.server)
    }

    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(self))
    }

    private static func time(_ milliseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true, timeZone: .gmt))
    }
}
