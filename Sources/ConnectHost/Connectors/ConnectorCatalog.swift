public import ConnectModel
import Foundation
import RunEngine
import Synchronization

/// The connectors of this installation: every file of the connector directories, loaded or refused with the reason (CON-2).
///
/// Loads nothing itself. A file is probed in a child process, and what it said is kept until the file changes,
/// so that looking costs a few stats when nothing has.
public final class ConnectorCatalog: Sendable {
    private let directories: [String]
    private let cache: ConnectorCache
    private let probe: ConnectorProbeChild

    /// `directories` in the order in which they are searched; `probe` is a command that gets the file as its last argument
    /// and has `probeLimitMilliseconds` to answer.
    public init(directories: [String], cacheFile: String?, probe: [String], probeLimitMilliseconds: Int = 15_000) {
        self.directories = directories
        cache = ConnectorCache(file: cacheFile, prober: probe.first.flatMap(FileStamp.init))
        self.probe = ConnectorProbeChild(command: probe, timeLimitMilliseconds: probeLimitMilliseconds)
    }

    /// Every file in search order, as the directories are now: whoever runs for long sees what was dropped in, replaced or removed by asking
    /// again (CON-4). Of two with one connector id the first is taken and the other refused.
    public func scan() -> [ConnectorFile] {
        var remembered = cache.load()
        var files: [ConnectorFile] = []
        var unknown: [(place: Int, path: String, stamp: FileStamp)] = []
        for directory in directories {
            let trust = ConnectorTrust(lockFile: directory + "/connectors.lock")
            for path in Self.candidates(in: directory) where !files.contains(where: { $0.path == path }) {
                if let refusal = trust.refusal(of: path) {
                    files.append(ConnectorFile(path: path, refused: refusal))
                    continue
                }
                guard let stamp = FileStamp(path) else { continue }
                if let known = remembered[path], known.stamp == stamp {
                    files.append(known.file)
                } else {
                    unknown.append((files.count, path, stamp))
                    files.append(ConnectorFile(path: path, refused: "has not been looked at yet"))
                }
            }
        }
        for (found, file) in zip(unknown, look(at: unknown.map(\.path))) {
            remembered[found.path] = .init(stamp: found.stamp, file: file)
            files[found.place] = file
        }
        if !unknown.isEmpty { cache.save(remembered.filter { entry in files.contains { $0.path == entry.key } }) }
        return Self.withoutDuplicates(files)
    }

    /// Side by side, because each look is a process of its own.
    private func look(at paths: [String]) -> [ConnectorFile] {
        let found = Mutex([Int: ConnectorFile]())
        DispatchQueue.concurrentPerform(iterations: paths.count) { index in
            let file = probe.look(at: paths[index])
            found.withLock { $0[index] = file }
        }
        return found.withLock { found in paths.indices.compactMap { found[$0] } }
    }

    /// One file, probed whatever is remembered, and remembered anew: for `connectors check`. What a file needs of its surroundings,
    /// such as a library that was missing, may have changed without it.
    public func check(_ path: String) -> ConnectorFile {
        let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard FileManager.default.fileExists(atPath: real) else { return ConnectorFile(path: path, refused: "does not exist") }
        let lock = URL(fileURLWithPath: real).deletingLastPathComponent().path + "/connectors.lock"
        if let refusal = ConnectorTrust(lockFile: lock).refusal(of: real) { return ConnectorFile(path: real, refused: refusal) }
        let file = probe.look(at: real)
        var remembered = cache.load()
        if let stamp = FileStamp(real), let known = remembered[real], known.file != file {
            remembered[real] = .init(stamp: stamp, file: file)
            cache.save(remembered)
        }
        return file
    }

    /// A loaded connector by id or short name. Throws `connector.missing` with what there is, or why its file was refused.
    public func connector(_ name: String) throws -> (info: ConnectorInfo, file: String) {
        let files = scan()
        for file in files {
            if let info = file.connectors.first(where: { $0.id == name }) { return (info, file.path) }
        }
        for file in files {
            if let info = file.connectors.first(where: { $0.aliases.contains(name) }) { return (info, file.path) }
        }
        let known = files.flatMap(\.connectors).map { $0.aliases.first ?? $0.id }
        let refused = files.filter { $0.refused != nil }.count
        throw ConnectError(
            "connector.missing", .configuration, "There is no connector \"\(name)\".",
            remedy:
                "There are: \(known.isEmpty ? "none" : known.sorted().joined(separator: ", ")).\(refused > 0 ? " \(refused) files were refused; `connecthost connectors list` says why." : "")"
        )
    }

    private static func candidates(in directory: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.filter { $0.hasSuffix(".so") }.sorted().map { URL(fileURLWithPath: directory + "/" + $0).resolvingSymlinksInPath().path }
    }

    private static func withoutDuplicates(_ files: [ConnectorFile]) -> [ConnectorFile] {
        var owners: [String: String] = [:]
        return files.map { file in
            guard let twice = file.connectors.first(where: { owners[$0.id] != nil }) else {
                for info in file.connectors { owners[info.id] = file.path }
                return file
            }
            return ConnectorFile(
                path: file.path, abi: file.abi, build: file.build,
                refused: "has connector \(twice.id), which \(owners[twice.id] ?? "another file") has too and comes first: remove one of them")
        }
    }
}

/// What files said of themselves, kept on disk. Losing it costs time and nothing else, so nothing about it is an error. Any thread.
final class ConnectorCache: Sendable {
    struct Entry: Codable {
        var stamp: FileStamp
        var file: ConnectorFile
    }

    private struct Contents: Codable {
        var prober: FileStamp?
        var files: [String: Entry]
    }

    private let file: String?
    /// The program that looks at files; another version of it may think otherwise of them.
    private let prober: FileStamp?
    /// What was read last, good as long as the file is the same: whoever runs for long asks often, and every start of a worker asks.
    private let known = Mutex<(stamp: FileStamp, files: [String: Entry])?>(nil)

    init(file: String?, prober: FileStamp?) {
        self.file = file
        self.prober = prober
    }

    func load() -> [String: Entry] {
        guard let file, let stamp = FileStamp(file) else { return [:] }
        return known.withLock { known in
            if let known, known.stamp == stamp { return known.files }
            let files = read(file)
            known = (stamp, files)
            return files
        }
    }

    private func read(_ file: String) -> [String: Entry] {
        guard let data = FileManager.default.contents(atPath: file) else { return [:] }
        guard let contents = try? JSONDecoder().decode(Contents.self, from: data), contents.prober == prober else { return [:] }
        return contents.files
    }

    func save(_ entries: [String: Entry]) {
        guard let file, let data = try? JSONEncoder().encode(Contents(prober: prober, files: entries)) else { return }
        // Read-only homes still work; they only probe each time.
        try? data.write(to: URL(fileURLWithPath: file), options: .atomic)
    }
}
