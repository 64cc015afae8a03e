internal import ConnectorKit
internal import SSHTransportCore

/// Files on any server that speaks SFTP (FS-2).
enum SFTPConnector: TransportConnector {
    static let description = ConnectorDescription(
        id: "org.connecthost.sftp", name: "SFTP server", version: "1.0.0", vendor: "ConnectHost", license: "Apache-2.0",
        documentationURL: "", summary: "Files on a server that speaks SFTP, by password or key.",
        aliases: ["sftp"])

    /// Not `atomicRename`: whether a server replaces in one step is only known once it has been asked.
    static let features: TransportFeatures = [.append, .seekRead, .setModified, .makeDirectory, .partialVisible, .parallel]

    static var settings: SettingsSchema { SFTPSettings.schema }

    static func makeSettings(_ values: SettingValues) throws(ConnectorError) -> SFTPSettings { try SFTPSettings(values) }

    static func open(_ settings: SFTPSettings, _ call: any CallContext) throws(ConnectorError) -> any TransportSession {
        let channel = try settings.channel(call)
        let client = SFTPClient(channel: channel, options: settings.clientOptions)
        try client.start(call)
        let root = try RemoteRoot(settings.directory, client, call)
        return SFTPSession(client, root)
    }

    static func check(_ settings: SFTPSettings, _ call: any CallContext) throws(ConnectorError) {
        try ConnectionCheck(settings, call).run()
    }

    static func identify(_ values: SettingValues, _ call: any CallContext) throws(ConnectorError) -> [PeerIdentity] {
        try SSHSettings.identify(values, call)
    }
}
