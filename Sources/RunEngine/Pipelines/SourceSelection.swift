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
        let entry = name.contains("*") || name.contains("?") ? try oldestMatch(name, now) : try exact(name)
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

    /// The file that says a data file is whole, or nil when the job waits for none.
    func readyFile(of source: SourceFile, at now: Date) throws -> SourceFile? {
        guard let pattern = definition.readyFile else { return nil }
        return try file(pattern, beside: source, at: now) { name in notReady(name, source.path) }
    }

    private func notReady(_ name: String, _ path: String) -> ConnectError {
        ConnectError(
            "file.not-ready", .configuration,
            "\"\(path)\" on server \"\(definition.server)\" is not whole yet: there is no ready file \"\(name)\" beside it.",
            remedy: "Nothing was loaded and the file stays. Put the ready file there once it is whole, or take file.ready_file out of the job.")
    }

    /// The audience scope file of a data file, or nil when the job has none (IMP-1).
    func scopeFile(of source: SourceFile, at now: Date) throws -> SourceFile? {
        guard let pattern = definition.target.scope?.file else { return nil }
        return try file(pattern, beside: source, at: now) { name in
            ConnectError(
                "scope.missing", .configuration,
                "There is no audience scope file \"\(name)\" beside \"\(source.path)\" on server \"\(definition.server)\".",
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

    private func oldestMatch(_ pattern: String, _ now: Date) throws -> RemoteEntry {
        var matches: [RemoteEntry] = []
        var names: Set<String> = []
        do {
            try transport.list(definition.directory) { entry in
                guard entry.kind == .file else { return }
                let name = RemotePath.name(entry.path)
                if definition.readyFile != nil { names.insert(name) }
                if FileNamePattern.matches(name, glob: pattern) { matches.append(entry) }
            }
        } catch let error as ConnectError where error.code == "file.missing" {
            throw ConnectError(
                "directory.missing", .configuration, "Server \"\(definition.server)\" has no directory \"\(definition.directory)\".",
                remedy: "Make it, or set file.directory to one that is there.")
        }
        matches.sort { ($0.modifiedUnixNanoseconds ?? 0, $0.path) < ($1.modifiedUnixNanoseconds ?? 0, $1.path) }
        guard let first = matches.first else { throw missing("No file is named like \"\(pattern)\"") }
        if let readyFile = definition.readyFile {
            let date = date(now)
            func ready(_ entry: RemoteEntry) throws -> String {
                try FileNamePattern(readyFile).resolved(at: date, beside: RemotePath.name(entry.path))
            }
            // A ready file is a match of its own pattern where that is wide.
            matches = try matches.filter { entry in
                let name = try ready(entry)
                return name != RemotePath.name(entry.path) && names.contains(name)
            }
            guard !matches.isEmpty else { throw notReady(try ready(first), first.path) }
        }
        guard let oldest = matches.first else { return first }
        // A file that cannot be archived must not keep those behind it from being loaded.
        return try matches.first { try !isLoaded(file($0)) } ?? oldest
    }

    private func missing(_ what: String) -> ConnectError {
        let place = definition.directory.isEmpty ? "the server's directory" : "directory \"\(definition.directory)\""
        return ConnectError(
            "file.missing", .configuration, "\(what) in \(place) of server \"\(definition.server)\".",
            remedy:
                "Put the file there, or correct file.name or file.directory of the job. A file that was loaded before lies in \"\(definition.archiveDirectory)\"."
        )
    }
}

/// Paths on a server: `/` between names, none in front.
enum RemotePath {
    static func join(_ directory: String, _ name: String) -> String { directory.isEmpty ? name : "\(directory)/\(name)" }
    static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
