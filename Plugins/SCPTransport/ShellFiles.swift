internal import ConnectorKit
internal import SSHTransportCore

/// The verbs by commands of a POSIX shell at the far end.
final class ShellFiles: RemoteFiles {
    private let shell: RemoteShell
    private let root: RemoteRoot

    /// Throws where the account has no shell, or the directory is not there.
    init(_ connection: SSHSharedConnection, _ settings: SCPSettings, _ call: any CallContext) throws(ConnectorError) {
        shell = try RemoteShell(
            connection, answerMilliseconds: settings.probeMilliseconds, stallMilliseconds: settings.stallMilliseconds, call)
        let asked = settings.directory.isEmpty ? "." : settings.directory
        let name = settings.directory.isEmpty ? "The directory the log-in begins in" : "The directory \(quoted(settings.directory))"
        root = try RemoteRoot(resolved: shell.realPath(Array(asked.utf8), name: name, call), name: name, serverName: settings.ssh.endpoint.address)
    }

    var means: String { shell.means }
    var contents: (any TransportSession)? { nil }

    func resolve(_ path: String) throws(ConnectorError) -> [UInt8] { try root.resolve(path) }

    func size(_ path: String, _ call: any CallContext) throws(ConnectorError) -> FileEntry? { try stat(path, call) }

    func complete(_ path: String, size: Int64, modifiedUnixNanoseconds: Int64?, _ call: any CallContext) throws(ConnectorError) {
        let found = try stat(path, call).size
        guard found == size else {
            throw ConnectorError(
                .data,
                "\(quoted(path)) has \(found.map { "\($0)" } ?? "an unknown number of") bytes on the server after \(size) were sent. Start it again.")
        }
        guard let modifiedUnixNanoseconds else { return }
        do throws(ConnectorError) {
            try shell.setModified(root.resolve(path), seconds: modifiedUnixNanoseconds / 1_000_000_000, name: quoted(path), call)
        } catch  where error.status != .cancelled {
            call.log(.warning, "The server did not take the modification time.", ["file": path, "reason": error.message])
        }
    }

    func discard(_ path: String) {
        guard let resolved = try? root.resolve(path) else { return }
        shell.removeQuietly(resolved, milliseconds: 1500)
    }

    func stat(_ path: String, _ call: any CallContext) throws(ConnectorError) -> FileEntry {
        try FileEntry(path: path, shell.stat(root.resolve(path), name: quoted(path), call))
    }

    func list(_ directory: String, _ call: any CallContext, _ each: (FileEntry) throws(ConnectorError) -> Void) throws(ConnectorError) {
        let name = directory.isEmpty ? "The directory" : "The directory \(quoted(directory))"
        try shell.list(root.resolve(directory), name: name, call) { (entry) throws(ConnectorError) in
            try RemoteName.use(entry, of: directory, call, each)
        }
    }

    func rename(_ from: String, to: String, replace: Bool, _ call: any CallContext) throws(ConnectorError) {
        try shell.rename(root.resolve(from), name: quoted(from), to: root.resolve(to), targetName: quoted(to), replace: replace, call)
    }

    func remove(_ path: String, _ call: any CallContext) throws(ConnectorError) {
        try shell.remove(root.resolve(path), name: quoted(path), call)
    }

    func makeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) {
        try shell.makeDirectory(root.resolve(path), name: quoted(path), call)
    }

    func removeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) {
        guard !path.isEmpty else { throw ConnectorError(.configuration, "The server's own directory is not removed.") }
        try shell.removeDirectory(root.resolve(path), name: quoted(path), call)
    }
}
