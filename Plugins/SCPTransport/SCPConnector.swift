internal import ConnectorKit
internal import SSHTransportCore

/// The account's file server: files by SCP, with an SSH key pair (FS-1).
enum SCPConnector: TransportConnector {
    static let description = ConnectorDescription(
        id: "org.connecthost.scp", name: "SCP server", version: "1.0.0", vendor: "ConnectHost", license: "Apache-2.0",
        documentationURL: "", summary: "Files on a server by SCP over SSH; names by its SFTP or its shell.", aliases: ["scp"])

    /// What every server does. Not `seekRead` and `append`: SCP sends whole files; not `makeDirectory`: an account for SCP alone has none.
    static let features: TransportFeatures = [.setModified, .partialVisible, .parallel]

    static var settings: SettingsSchema { SCPSettings.schema }

    static func makeSettings(_ values: SettingValues) throws(ConnectorError) -> SCPSettings { try SCPSettings(values) }

    static func open(_ settings: SCPSettings, _ call: any CallContext) throws(ConnectorError) -> any TransportSession {
        let connection = SSHSharedConnection(settings.ssh.endpoint, engine: settings.ssh.engine, sharing: settings.sharesConnection)
        try connection.start(call)
        let files = try Offer.find(connection, settings, call)
        let session = SCPSession(connection, settings, files)
        guard settings.ssh.verification == .checksum else { return session }
        let checksum = try ShellChecksum(connection, ownsConnection: false, settings: settings.ssh, call) { (path) throws(ConnectorError) in
            try files.resolve(path)
        }
        return VerifyingSession(session, checksum, server: settings.ssh.endpoint.address)
    }

    static func check(_ settings: SCPSettings, _ call: any CallContext) throws(ConnectorError) {
        try ConnectionCheck(settings, call).run()
    }

    static func identify(_ values: SettingValues, _ call: any CallContext) throws(ConnectorError) -> [PeerIdentity] {
        try SSHSettings.identify(values, call)
    }
}
