internal import ConnectorKit
internal import SSHTransportCore

/// An account that may do nothing but SCP: files can be sent and fetched by name, and that is all.
final class SCPOnlyFiles: RemoteFiles {
    private let directory: String
    private let serverName: String

    init(_ directory: String, _ serverName: String) {
        self.directory = directory == "/" ? "" : (directory.isEmpty ? "." : directory)
        self.serverName = serverName
    }

    let means = "SCP alone"
    var contents: (any TransportSession)? { nil }

    func resolve(_ path: String) throws(ConnectorError) -> [UInt8] {
        guard !path.isEmpty else { throw ConnectorError(.configuration, "The server's own directory is not a file.") }
        return try RemoteRoot(prefix: directory).resolve(path)
    }

    func size(_ path: String, _ call: any CallContext) throws(ConnectorError) -> FileEntry? { nil }

    func complete(_ path: String, size: Int64, modifiedUnixNanoseconds: Int64?, _ call: any CallContext) throws(ConnectorError) {
        guard modifiedUnixNanoseconds != nil else { return }
        call.log(.debug, "An account for SCP alone lets nobody set the time after the file.", ["file": path])
    }

    func discard(_ path: String) {}

    func stat(_ path: String, _ call: any CallContext) throws(ConnectorError) -> FileEntry { throw impossible("look at files") }

    func list(_ directory: String, _ call: any CallContext, _ each: (FileEntry) throws(ConnectorError) -> Void) throws(ConnectorError) {
        throw impossible("list directories")
    }

    func rename(_ from: String, to: String, replace: Bool, _ call: any CallContext) throws(ConnectorError) { throw impossible("rename files") }
    func remove(_ path: String, _ call: any CallContext) throws(ConnectorError) { throw impossible("remove files") }
    func makeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) { throw impossible("make directories") }
    func removeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) { throw impossible("remove directories") }

    private func impossible(_ what: String) -> ConnectorError {
        ConnectorError(
            .unsupported,
            "The account on \(serverName) may only send and fetch files by SCP, which cannot \(what). Ask its operator to allow SFTP or a shell.")
    }
}
