public import ConnectModel
public import Foundation
import RecordEngine

/// What a job that starts when its file arrives looks for, read from its sections `file` and `schedule`.
public struct FileArrival: Sendable {
    public let server: String
    public let directory: String
    private let name: String
    private let readyFile: String?
    private let zone: String

    /// Nil for a job that reads no file.
    public init?(_ definition: [String: JSONValue]) {
        guard let file = definition["file"], let name = file["name"]?.stringValue else { return nil }
        // As the run will look for it.
        self.name = NameDate.pattern(
            name: name, prefix: file["date_prefix"]?.stringValue ?? "none", suffix: file["date_suffix"]?.stringValue ?? "none",
            separator: file["date_separator"]?.stringValue ?? "_")
        server = file["server"]?.stringValue ?? FileServer.embeddedName
        directory = file["directory"]?.stringValue ?? (server == FileServer.embeddedName ? "upload" : "")
        readyFile = definition["schedule"]?["ready_file"]?.stringValue ?? file["ready_file"]?.stringValue ?? file["count_file"]?.stringValue
        zone = file["zone"]?.stringValue ?? "UTC"
    }

    /// What is wrong with what a job waits for; paths are those of the job file.
    public static func problems(in definition: [String: JSONValue]) -> [Problem] {
        // An export has a file as well, which it writes.
        guard definition["file"]?["name"] != nil, definition["target"] != nil else {
            return [Problem(path: "schedule.repeat", message: "file_arrival is for jobs that read a file, and this one reads none.")]
        }
        guard let readyFile = definition["schedule"]?["ready_file"]?.stringValue else { return [] }
        return FileNamePattern.problems(in: readyFile, of: "ready").map { Problem(path: "schedule.ready_file", message: $0.message) }
    }

    /// The files that fit and are whole, oldest first. Where no ready file is asked for, a file is whole when it is among `before`, the files of
    /// the look before, with the same size and time.
    public func arrived(_ files: [SourceFile], before: [SourceFile]?, at now: Date) throws -> [SourceFile] {
        let date = date(now)
        let pattern = try FileNamePattern(name).resolved(at: date)
        let names = Set(files.map { RemotePath.name($0.path) })
        return try files.filter { file in
            let fileName = RemotePath.name(file.path)
            guard FileNamePattern.matches(fileName, glob: pattern) else { return false }
            guard let readyFile else { return before?.contains(file) ?? false }
            let ready = try FileNamePattern(readyFile).resolved(at: date, beside: fileName)
            return ready != fileName && names.contains(ready)
        }.sorted { ($0.modifiedUnixNanoseconds ?? 0, $0.path) < ($1.modifiedUnixNanoseconds ?? 0, $1.path) }
    }

    private func date(_ now: Date) -> CalendarTime {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: zone) ?? .gmt
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: now)
        return CalendarTime(
            year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0, hour: parts.hour ?? 0, minute: parts.minute ?? 0,
            second: parts.second ?? 0)
    }
}
