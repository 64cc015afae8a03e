public import ConnectModel

/// The files of one directory of a server, for jobs that wait for theirs.
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
}
