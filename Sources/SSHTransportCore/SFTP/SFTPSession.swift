public import ConnectorKit

/// The verbs of a transport over one SFTP client, below one directory.
public final class SFTPSession: TransportSession {
    private let client: SFTPClient
    private let root: RemoteRoot

    public init(_ client: SFTPClient, _ root: RemoteRoot) {
        self.client = client
        self.root = root
    }

    public func stat(_ path: String, _ call: any CallContext) throws(ConnectorError) -> FileEntry {
        try FileEntry(path: path, client.stat(root.resolve(path), name: quoted(path), call))
    }

    public func list(_ directory: String, _ call: any CallContext, _ each: (FileEntry) throws(ConnectorError) -> Void) throws(ConnectorError) {
        let name = directory.isEmpty ? "the directory" : "the directory \(quoted(directory))"
        try client.list(root.resolve(directory), name: name, call) { (entry) throws(ConnectorError) in
            try RemoteName.use(entry, of: directory, call, each)
        }
    }

    /// A path as the server gets it. Throws `.configuration` for one that would leave the directory.
    public func resolve(_ path: String) throws(ConnectorError) -> [UInt8] { try root.resolve(path) }

    public func openRead(_ path: String, offset: Int64, _ call: any CallContext) throws(ConnectorError) -> any ReadableFile {
        try client.openRead(root.resolve(path), name: quoted(path), offset: offset, call)
    }

    public func openWrite(_ path: String, offset: Int64, expectedSize: Int64?, _ call: any CallContext) throws(ConnectorError) -> any WritableFile {
        try client.openWrite(root.resolve(path), name: quoted(path), offset: offset, expected: expectedSize, call)
    }

    /// Goes on with a file of exactly `size` bytes; one of another size is `.data` and stays as it is.
    public func goOn(_ path: String, at size: Int64, _ call: any CallContext) throws(ConnectorError) -> any WritableFile {
        let attributes = try client.stat(root.resolve(path), name: quoted(path), call)
        guard attributes.size.map({ $0 <= size }) ?? true else {
            throw ConnectorError(.data, "\(quoted(path)) on \(client.serverName) has \(attributes.size ?? 0) bytes instead of \(size).")
        }
        return try client.openWrite(root.resolve(path), name: quoted(path), offset: size, expected: nil, call)
    }

    public func rename(_ from: String, to: String, replace: Bool, _ call: any CallContext) throws(ConnectorError) {
        try client.rename(root.resolve(from), name: quoted(from), to: root.resolve(to), targetName: quoted(to), replace: replace, call)
    }

    public func remove(_ path: String, _ call: any CallContext) throws(ConnectorError) {
        try client.remove(root.resolve(path), name: quoted(path), call)
    }

    public func makeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) {
        try client.makeDirectory(root.resolve(path), name: quoted(path), call)
    }

    public func removeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) {
        guard !path.isEmpty else { throw ConnectorError(.configuration, "The server's own directory is not removed.") }
        try client.removeDirectory(root.resolve(path), name: quoted(path), call)
    }

    /// Clears up after a failure, within two seconds, whatever the host says meanwhile.
    public func discard(_ path: String) {
        guard let resolved = try? root.resolve(path) else { return }
        client.removeQuietly(resolved)
    }

    /// Stays in force: every later call of this session throws `.cancelled` too.
    public func cancel() { client.cancel() }
    public func close() { client.close() }

    private func quoted(_ path: String) -> String { "\"" + SFTPClient.printable(Array(path.utf8)) + "\"" }
}

extension FileEntry {
    /// What a server says, for the file at `path`.
    public init(path: String, _ attributes: SFTPAttributes) {
        let kind: Kind =
            switch attributes.fileType {
            case .file, .unknown: .file
            case .directory: .directory
            case .link: .link
            case .other: .other
            }
        self.init(
            path: path, kind: kind, size: attributes.size, modifiedUnixNanoseconds: attributes.modified.map { Int64($0) * 1_000_000_000 },
            unixMode: (attributes.permissions ?? 0) & 0o7777)
    }
}
