internal import ConnectorKit

/// Files on a server that speaks FTP, with TLS unless the administrator allowed it without.
enum FTPConnector: TransportConnector {
    static let description = ConnectorDescription(
        id: "org.connecthost.ftp", name: "FTP server", version: "1.0.0", vendor: "ConnectHost", license: "Apache-2.0",
        documentationURL: "", summary: "Files on a server that speaks FTP over TLS (FTPS), or plain FTP where that is allowed.",
        aliases: ["ftp"])

    /// Neither `atomicRename` nor `setModified`: the protocol promises neither. Not `parallel`: each open file would be a log-in of its own.
    static let features: TransportFeatures = [.append, .seekRead, .makeDirectory, .partialVisible]

    static var settings: SettingsSchema { FTPSettings.schema }

    static func makeSettings(_ values: SettingValues) throws(ConnectorError) -> FTPSettings { try FTPSettings(values) }

    static func open(_ settings: FTPSettings, _ call: any CallContext) throws(ConnectorError) -> any TransportSession {
        if settings.security == .none {
            call.log(
                .warning,
                "FTP without TLS: the password and every file cross the network readable and changeable by anyone on the way. Use SFTP, or FTPS.",
                ["server": settings.address])
        }
        let client = try FTPClient(settings)
        do throws(ConnectorError) {
            let root = try FTPRoot(settings.directory, client, call)
            let session = FTPSession(client, root)
            guard settings.verification == .checksum else { return session }
            return VerifyingSession(session, try FTPChecksum(client, root), server: settings.address)
        } catch {
            client.close()
            throw error
        }
    }

    static func check(_ settings: FTPSettings, _ call: any CallContext) throws(ConnectorError) {
        try ConnectionCheck(settings, call).run()
    }

    static func identify(_ values: SettingValues, _ call: any CallContext) throws(ConnectorError) -> [PeerIdentity] {
        let settings = try FTPSettings(identifying: values)
        guard settings.security != .none else { return [] }
        let key = try CertificateProbe.run(settings, call)
        return [PeerIdentity(type: "x509", fingerprint: key.fingerprint, pin: key.pin)]
    }
}
