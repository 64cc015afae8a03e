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
        self.name = name
        server = file["server"]?.stringValue ?? FileServer.embeddedName
        directory = file["directory"]?.stringValue ?? (server == FileServer.embeddedName ? "upload" : "")
        readyFile = definition["schedule"]?["ready_file"]?.stringValue ?? file["count_file"]?.stringValue
        zone = file["zone"]?.stringValue ?? "UTC"
    }

    /// The files that fit and are whole, oldest first. Where no ready file is asked for, a file is whole when it is among `before`, the files of
    /// the look before, with the same size and time.
    public func arrived(_ files: [SourceFile], before: [SourceFile]?, at now: Date) throws -> [SourceFile] {
        let pattern = try resolved(name, at: now)
        let names = Set(files.map { RemotePath.name($0.path) })
        return try files.filter { file in
            let fileName = RemotePath.name(file.path)
            guard FileNamePattern.matches(fileName, glob: pattern) else { return false }
            guard let readyFile else { return before?.contains(file) ?? false }
            let stem = fileName.split(separator: ".", omittingEmptySubsequences: false).first.map(String.init) ?? ""
            return names.contains(try resolved(readyFile.replacingOccurrences(of: "{NAME}", with: stem), at: now))
        }.sorted { ($0.modifiedUnixNanoseconds ?? 0, $0.path) < ($1.modifiedUnixNanoseconds ?? 0, $1.path) }
    }

    private func resolved(_ pattern: String, at now: Date) throws -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: zone) ?? .gmt
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: now)
        let date = CalendarTime(
            year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0, hour: parts.hour ?? 0, minute: parts.minute ?? 0, second: parts.second ?? 0)
        return try FileNamePattern(pattern).resolved(at: date)
    }
}
