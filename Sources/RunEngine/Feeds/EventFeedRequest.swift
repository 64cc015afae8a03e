import ConnectModel
import Foundation
import RecordEngine

/// What a job of a connector asks of the host's event store: which types, as which columns, to which server, in which form
/// (`connecthost.event_feed/1`; Docs/connectors/jobs.md describes the JSON). Nothing here knows a type.
struct EventFeedRequest: Decodable {
    struct Column: Decodable {
        var name: String?
        var field: String?
        var constant: String?
        /// "captured", "stored", "time", "custom".
        var source: String?
        /// Of `custom`: whose columns stand in this place.
        var channel: String?
        /// Of a field: what stands where the event has no value; nil: nothing.
        var `default`: String?
    }

    struct File: Decodable {
        var type: String
        /// The final name up to its extension; {YYYYMMDD} and {HHMMSS} stand for the time.
        var name: String
        var columns: [Column]
    }

    struct Window: Decodable {
        var from: String
        var to: String
    }

    struct Encryption: Decodable {
        /// Keys of the key ring that each file is encrypted for.
        var recipients: [String]
        /// nil: files are not signed.
        var signWith: String?

        enum CodingKeys: String, CodingKey {
            case recipients
            case signWith = "sign_with"
        }
    }

    enum Compression: String, Decodable { case none, gzip, zip }
    enum ReadyFile: String, Decodable { case none, empty, count }
    enum ReadyName: String, Decodable { case replace, append }
    enum Empty: String, Decodable { case write, skip }

    var files: [File]
    var server: String
    var directory: String
    var `extension`: String
    /// Of the file within a zip archive.
    var memberExtension: String
    var charset: String
    var delimiter: String
    var enclosure: String
    var header: Bool
    var compression: Compression
    /// nil: files are not encrypted.
    var encryption: Encryption?
    var readyFile: ReadyFile
    var readyName: ReadyName
    var readyExtension: String
    /// nil: UTC.
    var zone: String?
    var empty: Empty
    /// nil: what has not been given yet, and the marks move. Else events stored in this time, once more, and no mark moves.
    var window: Window?

    enum CodingKeys: String, CodingKey {
        case files, server, directory, `extension`, charset, delimiter, enclosure, header, compression, encryption, zone, empty, window
        case memberExtension = "member_extension"
        case readyFile = "ready_file"
        case readyName = "ready_name"
        case readyExtension = "ready_extension"
    }

    init(_ value: JSONValue) throws {
        do {
            self = try JSONDecoder().decode(Self.self, from: JSONEncoder().encode(value))
        } catch {
            throw ConnectError("feed.request", .internal, "The job's connector asked for a feed in a form that the host does not know: \(error)")
        }
        let found = DirectoryRule.problems(directory, at: "directory")
        guard found.isEmpty else { throw ConnectError("feed.directory", .configuration, found.map(\.message).joined(separator: " ")) }
        for file in files where !FeedFileName.isTimed(file.name) {
            throw ConnectError(
                "feed.name", .internal,
                "The job's connector asked for files called \"\(file.name)\"; a name has \(FeedFileName.dateToken) and \(FeedFileName.timeToken) once each."
            )
        }
        guard zone.map({ TimeZone(identifier: $0) != nil }) ?? true else {
            throw ConnectError("feed.zone", .configuration, "\"\(zone ?? "")\" is not a time zone; write it like Europe/Berlin or UTC.")
        }
    }

    var timeZone: TimeZone? { zone == nil || zone == "UTC" ? nil : zone.flatMap { TimeZone(identifier: $0) } }

    /// nil: the job has no ready files.
    func readyPath(_ path: String) -> String? {
        guard readyFile != .none else { return nil }
        let isReplaced = readyName == .replace && path.hasSuffix("." + self.extension)
        return "\(isReplaced ? String(path.dropLast(self.extension.count + 1)) : path).\(readyExtension)"
    }

    func format() throws -> WritingFormat {
        WritingFormat(
            try DelimitedFormat(
                delimiter: delimiter == "tab" ? "\t" : delimiter, enclosure: enclosure, hasHeader: header, maximumRecordBytes: 1 << 20),
            enclosing: .all, unenclosed: .replace)
    }

    /// The columns of a file with the account's own in their places.
    func columns(of file: File, custom: [String: [String]]) -> [EventColumn] {
        var columns: [EventColumn] = []
        func add(_ column: EventColumn) { if !columns.contains(where: { $0.name == column.name }) { columns.append(column) } }
        for column in file.columns {
            let name = column.name ?? ""
            switch column.source {
            case "custom": (custom[column.channel ?? ""] ?? []).forEach { add(EventColumn($0, .field($0))) }
            case "captured": add(EventColumn(name, .captured))
            case "stored": add(EventColumn(name, .stored))
            case "time": add(EventColumn(name, .time(column.field ?? name)))
            default:
                add(
                    EventColumn(
                        name, column.constant.map(EventColumn.Source.constant) ?? .field(column.field ?? name), whenMissing: column.default ?? ""))
            }
        }
        return columns
    }
}

/// What stands on the server after a feed; keys are a contract.
struct EventFeedResult: Encodable {
    struct File: Encodable {
        var type: String
        var path: String
        var events: Int64
        /// Characters that the character set does not have (EXP-4).
        var replacedCharacters: Int64
        /// Delimiters within values without an enclosure, which became blanks.
        var replacedMarks: Int64

        enum CodingKeys: String, CodingKey {
            case type, path, events
            case replacedCharacters = "replaced_characters"
            case replacedMarks = "replaced_marks"
        }
    }

    var files: [File] = []
}
