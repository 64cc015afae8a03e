import ConnectModel
import Foundation
import RecordEngine

/// Finds the file of a run on its server (IMP-2). There is no silent fallback: an exact name that is not there is an error.
struct SourceSelection {
    let definition: ImportDefinition
    let transport: any Transport
    /// Whether a file was loaded before and still lies there: it waits until there is nothing new.
    let isLoaded: (SourceFile) throws -> Bool

    func select(at now: Date) throws -> SourceFile {
        let name = try FileNamePattern(definition.fileName).resolved(at: date(now))
        let entry = name.contains("*") || name.contains("?") ? try oldestMatch(name) : try exact(name)
        guard entry.kind == .file || entry.kind == .link else {
            throw ConnectError("file.not-a-file", .configuration, "\"\(entry.path)\" on server \"\(definition.server)\" is not a file.")
        }
        return file(entry)
    }

    private func file(_ entry: RemoteEntry) -> SourceFile {
        SourceFile(server: definition.server, path: entry.path, size: entry.size ?? -1, modifiedUnixNanoseconds: entry.modifiedUnixNanoseconds)
    }

    /// The count file of a data file, or nil when the job has none (IMP-5). `{NAME}` in its pattern is the data file's name up to the first dot.
    func countFile(of source: SourceFile, at now: Date) throws -> SourceFile? {
        guard let pattern = definition.countFile else { return nil }
        return try file(pattern, beside: source, at: now) { name in
            ConnectError(
                "count.missing", .configuration, "There is no count file \"\(name)\" beside \"\(source.path)\" on server \"\(definition.server)\".",
                remedy: "Nothing was loaded and the data file stays. Put the count file there, or take file.count_file out of the job.")
        }
    }

    /// The audience scope file of a data file, or nil when the job has none (IMP-1).
    func scopeFile(of source: SourceFile, at now: Date) throws -> SourceFile? {
        guard let pattern = definition.target.scope?.file else { return nil }
        return try file(pattern, beside: source, at: now) { name in
            ConnectError(
                "scope.missing", .configuration, "There is no audience scope file \"\(name)\" beside \"\(source.path)\" on server \"\(definition.server)\".",
                remedy: "Nothing was loaded and the data file stays. Put the scope file there, or take target.scope_file out of the job.")
        }
    }

    private func file(_ pattern: String, beside source: SourceFile, at now: Date, missing: (String) -> ConnectError) throws -> SourceFile {
        let name = try FileNamePattern(pattern).resolved(at: date(now), beside: RemotePath.name(source.path))
        do {
            let entry = try transport.stat(RemotePath.join(definition.directory, name))
            return file(entry)
        } catch let error as ConnectError where error.code == "file.missing" {
            throw missing(name)
        }
    }

    private func date(_ now: Date) -> CalendarTime {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: definition.zone) ?? .gmt
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: now)
        return CalendarTime(
            year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0, hour: parts.hour ?? 0, minute: parts.minute ?? 0,
            second: parts.second ?? 0)
    }

    private func exact(_ name: String) throws -> RemoteEntry {
        do {
            return try transport.stat(RemotePath.join(definition.directory, name))
        } catch let error as ConnectError where error.code == "file.missing" {
            throw missing("There is no file \"\(name)\"")
        }
    }

    private func oldestMatch(_ pattern: String) throws -> RemoteEntry {
        var matches: [RemoteEntry] = []
        do {
            try transport.list(definition.directory) { entry in
                if entry.kind == .file, FileNamePattern.matches(RemotePath.name(entry.path), glob: pattern) { matches.append(entry) }
            }
        } catch let error as ConnectError where error.code == "file.missing" {
            throw ConnectError(
                "directory.missing", .configuration, "Server \"\(definition.server)\" has no directory \"\(definition.directory)\".",
                remedy: "Make it, or set file.directory to one that is there.")
        }
        matches.sort { ($0.modifiedUnixNanoseconds ?? 0, $0.path) < ($1.modifiedUnixNanoseconds ?? 0, $1.path) }
        guard let oldest = matches.first else { throw missing("No file is named like \"\(pattern)\"") }
        // A file that cannot be archived must not keep those behind it from being loaded.
        return try matches.first { try !isLoaded(file($0)) } ?? oldest
    }

    private func missing(_ what: String) -> ConnectError {
        let place = definition.directory.isEmpty ? "the server's directory" : "directory \"\(definition.directory)\""
        return ConnectError(
            "file.missing", .configuration, "\(what) in \(place) of server \"\(definition.server)\".",
            remedy: "Put the file there, or correct file.name or file.directory of the job. A file that was loaded before lies in \"\(definition.archiveDirectory)\".")
    }
}

/// Paths on a server: `/` between names, none in front.
enum RemotePath {
    static func join(_ directory: String, _ name: String) -> String { directory.isEmpty ? name : "\(directory)/\(name)" }
    static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
