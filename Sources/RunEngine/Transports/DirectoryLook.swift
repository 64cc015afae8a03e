public import ConnectModel

/// What is in one directory of a server: for jobs that wait for their files, and for people.
public struct DirectoryLook {
    private let environment: RunEnvironment
    private let server: String
    /// More names than a directory for deliveries has.
    private static let most = 100_000

    public init(_ environment: RunEnvironment, server: String) {
        self.environment = environment
        self.server = server
    }

    /// In the server's order. A directory that is not there has no files.
    public func files(in directory: String) throws -> [SourceFile] {
        let transport = try environment.transport(to: server)
        defer { transport.close() }
        var found: [SourceFile] = []
        do {
            try transport.list(directory) { entry in
                guard entry.kind == .file || entry.kind == .link, found.count < Self.most else { return }
                found.append(
                    SourceFile(server: server, path: entry.path, size: entry.size ?? -1, modifiedUnixNanoseconds: entry.modifiedUnixNanoseconds))
            }
        } catch let error as ConnectError where error.code == "file.missing" {
            return []
        }
        return found
    }

    /// Directories first, each kind by name. Throws `directory.missing` (configuration).
    public func everything(in directory: String) throws -> [RemoteFile] {
        let transport = try environment.transport(to: server)
        defer { transport.close() }
        var found: [RemoteFile] = []
        do {
            try transport.list(directory) { entry in
                guard found.count < Self.most else { return }
                found.append(
                    RemoteFile(
                        name: RemotePath.name(entry.path), path: entry.path, kind: entry.kind.rawValue, size: entry.size,
                        modifiedUnixNanoseconds: entry.modifiedUnixNanoseconds))
            }
        } catch let error as ConnectError where error.code == "file.missing" {
            throw ConnectError(
                "directory.missing", .configuration, "Server \"\(server)\" has no directory \"\(directory)\".",
                remedy: "`connecthost files list \(server)` shows its own directory.")
        }
        return found.sorted { ($0.kind == "directory" ? 0 : 1, $0.name) < ($1.kind == "directory" ? 0 : 1, $1.name) }
    }
}
