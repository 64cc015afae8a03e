internal import ConnectorKit
internal import SSHTransportCore

/// The verbs over the server's SFTP subsystem.
final class SFTPFiles: RemoteFiles {
    private let session: SFTPSession
    private let root: RemoteRoot
    private let client: SFTPClient

    /// Throws where the server has no such thing, or the directory is not there.
    init(_ connection: SSHSharedConnection, _ settings: SCPSettings, _ call: any CallContext) throws(ConnectorError) {
        let channel = try connection.open(.subsystem("sftp"), call)
        client = SFTPClient(channel: channel, options: settings.clientOptions(isShared: connection.isStarted))
        try client.start(call)
        root = try RemoteRoot(settings.directory, client, call)
        session = SFTPSession(client, root)
    }

    let means = "SFTP"
    var contents: (any TransportSession)? { session }

    func resolve(_ path: String) throws(ConnectorError) -> [UInt8] { try root.resolve(path) }

    func size(_ path: String, _ call: any CallContext) throws(ConnectorError) -> FileEntry? { try session.stat(path, call) }

    /// Going on with a file where it ends checks its size; committing that sets the time and has the server put it on its disk.
    func complete(_ path: String, size: Int64, modifiedUnixNanoseconds: Int64?, _ call: any CallContext) throws(ConnectorError) {
        try session.goOn(path, at: size, call).commit(modifiedUnixNanoseconds: modifiedUnixNanoseconds, call)
    }

    func discard(_ path: String) { session.discard(path) }

    func stat(_ path: String, _ call: any CallContext) throws(ConnectorError) -> FileEntry { try session.stat(path, call) }

    func list(_ directory: String, _ call: any CallContext, _ each: (FileEntry) throws(ConnectorError) -> Void) throws(ConnectorError) {
        try session.list(directory, call, each)
    }

    func rename(_ from: String, to: String, replace: Bool, _ call: any CallContext) throws(ConnectorError) {
        try session.rename(from, to: to, replace: replace, call)
    }

    func remove(_ path: String, _ call: any CallContext) throws(ConnectorError) { try session.remove(path, call) }
    func makeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) { try session.makeDirectory(path, call) }
    func removeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) { try session.removeDirectory(path, call) }
}
