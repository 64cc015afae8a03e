internal import ConnectorKit
internal import SSHTransportCore

/// The connector's settings as values; what all connectors over SSH have comes from `SSHSettings`.
struct SFTPSettings: Sendable {
    var ssh: SSHSettings
    /// Absolute, or relative to where the log-in begins; "" is that place.
    var directory: String
    var requestsInFlight: Int
    /// Bytes that a file must have to go for a second connection to help with it; nil for never.
    var secondConnectionFrom: Int64?
    var alwaysSecondConnection: Bool

    static let schema = SettingsSchema(
        SSHSettings.connectionFields + [
            SettingField(
                "directory", title: "Directory",
                help: "Everything is read and written below it. Absolute, or relative to where the log-in begins. The default is that place.",
                kind: .string(maxLength: 1024), default: .string(""))
        ] + SSHSettings.loginFields + SSHSettings.advancedFields + [
            SettingField(
                "requests_in_flight", title: "Requests in flight",
                help: "How many requests wait for their answers at once. 1 for servers that lose their way with more. The default is 64.",
                kind: .integer(minimum: 1, maximum: 128), default: .integer(64), advanced: true),
            SettingField(
                "second_connection", title: "Second connection",
                help:
                    "When a large file is moved over two connections: where the distance holds one up, which is the default, or wherever the line is waited for, "
                    + "for servers that hold each connection to a rate of its own. With OpenSSH only.",
                kind: .choice([("auto", "Where the distance holds one up"), ("always", "Wherever the line is waited for")]), default: .string("auto"),
                advanced: true),
            SettingField(
                "second_connection_mib", title: "Second connection from (MiB)",
                help:
                    "Files with at least so many MiB to go may be moved over two connections. 0 never opens a second one. The default is 256. "
                    + "With OpenSSH only.",
                kind: .integer(minimum: 0, maximum: 1 << 30), default: .integer(256), advanced: true),
        ])

    /// Throws `.configuration` naming the setting. No I/O.
    init(_ values: SettingValues) throws(ConnectorError) {
        directory = values.string("directory") ?? ""
        guard !directory.utf8.contains(0) else { throw ConnectorError(.configuration, "`directory` holds a NUL byte.") }
        requestsInFlight = Int(values.integer("requests_in_flight") ?? 64)
        let mebibytes = values.integer("second_connection_mib") ?? 256
        secondConnectionFrom = mebibytes > 0 ? mebibytes << 20 : nil
        alwaysSecondConnection = values.string("second_connection") == "always"
        ssh = try SSHSettings(values)
    }

    var endpoint: SSHEndpoint { ssh.endpoint }

    /// A channel to the server's file transfer.
    func channel(_ call: any CallContext) throws(ConnectorError) -> any SSHChannel {
        try SSHConnection.open(endpoint, .subsystem("sftp"), engine: ssh.engine, call)
    }

    /// Where a client gets help with large files from. libssh2 encrypts on the thread that waits, and would gain nothing.
    var secondConnection: SecondConnection? {
        guard let secondConnectionFrom else { return nil }
        return SecondConnection(forFilesFrom: secondConnectionFrom, always: alwaysSecondConnection) { [self] (call) throws(ConnectorError) in
            try channel(call)
        }
    }

    var clientOptions: SFTPClientOptions {
        SFTPClientOptions(
            serverName: endpoint.address, requestsInFlight: requestsInFlight, stallMilliseconds: Int64(ssh.stallTimeoutSeconds) * 1000,
            connectMilliseconds: Int64(endpoint.connectTimeoutSeconds) * 1000)
    }
}
