internal import ConnectorKit
internal import SSHTransportCore

/// Files on any server that speaks SFTP (FS-2).
enum SFTPConnector: TransportConnector {
    static let description = ConnectorDescription(
        id: "org.connecthost.sftp", name: "SFTP server", version: "1.0.0", vendor: "ConnectHost", license: "Apache-2.0",
        documentationURL: "", summary: "Files on a server that speaks SFTP, by password or key.",
        aliases: ["sftp"])

    /// Not `atomicRename`: whether a server replaces in one step is only known once it has been asked.
    static let features: TransportFeatures = [.append, .seekRead, .setModified, .makeDirectory, .partialVisible, .parallel, .cutBack]

    static var settings: SettingsSchema { SFTPSettings.schema }

    static func makeSettings(_ values: SettingValues) throws(ConnectorError) -> SFTPSettings { try SFTPSettings(values) }

    static func open(_ settings: SFTPSettings, _ call: any CallContext) throws(ConnectorError) -> any TransportSession {
        if settings.ssh.verification == .checksum { return try verifying(settings, call) }
        let channel = try settings.channel(call)
        let client = SFTPClient(channel: channel, options: settings.clientOptions)
        try client.start(call)
        client.secondConnection = settings.secondConnection
        let root = try RemoteRoot(settings.directory, client, call)
        return SFTPSession(client, root)
    }

    /// A shell beside the file transfer, over the same log-in, says what each file's sum is.
    static func verifying(_ settings: SFTPSettings, _ call: any CallContext) throws(ConnectorError) -> any TransportSession {
        let connection = SSHSharedConnection(settings.endpoint, engine: settings.ssh.engine, sharing: true)
        do throws(ConnectorError) {
            let client = SFTPClient(channel: try connection.open(.subsystem("sftp"), call), options: settings.clientOptions)
            try client.start(call)
            client.secondConnection = settings.secondConnection
            let session = SFTPSession(client, try RemoteRoot(settings.directory, client, call))
            let checksum = try ShellChecksum(connection, ownsConnection: true, settings: settings.ssh, call) { (path) throws(ConnectorError) in
                try session.resolve(path)
            }
            return VerifyingSession(session, checksum, server: settings.endpoint.address)
        } catch {
            connection.close()
            throw error
        }
    }

    static func check(_ settings: SFTPSettings, _ call: any CallContext) throws(ConnectorError) {
        try ConnectionCheck(settings, call).run()
    }

    static func identify(_ values: SettingValues, _ call: any CallContext) throws(ConnectorError) -> [PeerIdentity] {
        try SSHSettings.identify(values, call)
    }
}
