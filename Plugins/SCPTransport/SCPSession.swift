internal import ConnectorKit
internal import SSHTransportCore

/// One log-in to one server: contents by SCP, the other verbs by what the server has.
final class SCPSession: TransportSession {
    private let connection: SSHSharedConnection
    private let settings: SCPSettings
    private let files: any RemoteFiles
    private let canceller: SSHSharedConnection.Canceller

    init(_ connection: SSHSharedConnection, _ settings: SCPSettings, _ files: any RemoteFiles) {
        self.connection = connection
        self.settings = settings
        self.files = files
        canceller = connection.canceller
    }

    /// The session that contents go over instead of SCP, where that is allowed and possible.
    private var otherContents: (any TransportSession)? { settings.transfer == .auto ? files.contents : nil }

    func openRead(_ path: String, offset: Int64, _ call: any CallContext) throws(ConnectorError) -> any ReadableFile {
        if let otherContents { return try otherContents.openRead(path, offset: offset, call) }
        guard offset == 0 else {
            throw ConnectorError(
                .unsupported, "SCP sends whole files; \(quoted(path)) cannot be read from byte \(offset). Read it from its beginning.")
        }
        return try SCPReadFile(
            connection, path: files.resolve(path), name: quoted(path), stallMilliseconds: settings.stallMilliseconds, call)
    }

    func openWrite(_ path: String, offset: Int64, expectedSize: Int64?, _ call: any CallContext) throws(ConnectorError) -> any WritableFile {
        if let otherContents { return try otherContents.openWrite(path, offset: offset, expectedSize: expectedSize, call) }
        guard offset == 0 else {
            throw ConnectorError(.unsupported, "SCP sends whole files; the upload of \(quoted(path)) cannot go on. Start it again.")
        }
        try refuseDirectory(path, call)
        let upload = try Upload(connection, files, settings, path)
        guard let expectedSize else { return try SpooledUpload(upload) }
        return try DirectUpload(upload, size: expectedSize, call)
    }

    /// SCP would write into a directory instead.
    private func refuseDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) {
        do throws(ConnectorError) {
            guard let entry = try files.size(path, call), entry.kind == .directory else { return }
        } catch {
            if error.status == .notFound { return }
            throw error
        }
        throw ConnectorError(.configuration, "\(quoted(path)) on \(connection.endpoint.address) is a directory, not a file.")
    }

    func stat(_ path: String, _ call: any CallContext) throws(ConnectorError) -> FileEntry { try files.stat(path, call) }

    func list(_ directory: String, _ call: any CallContext, _ each: (FileEntry) throws(ConnectorError) -> Void) throws(ConnectorError) {
        try files.list(directory, call, each)
    }

    func rename(_ from: String, to: String, replace: Bool, _ call: any CallContext) throws(ConnectorError) {
        try files.rename(from, to: to, replace: replace, call)
    }

    func remove(_ path: String, _ call: any CallContext) throws(ConnectorError) { try files.remove(path, call) }
    func makeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) { try files.makeDirectory(path, call) }
    func removeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) { try files.removeDirectory(path, call) }

    /// Stays in force: every later call of this session throws `.cancelled` too.
    func cancel() { canceller.cancel() }
    func close() { connection.close() }
}
