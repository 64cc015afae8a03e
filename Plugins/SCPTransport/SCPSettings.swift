internal import ConnectorKit
internal import SSHTransportCore

/// The connector's settings as values; what all connectors over SSH have comes from `SSHSettings`.
struct SCPSettings: Sendable {
    enum Transfer: String { case scp, auto }

    var ssh: SSHSettings
    /// Absolute, or relative to where the log-in begins; "" is that place.
    var directory: String
    var transfer: Transfer
    var sharesConnection: Bool

    static let schema = SettingsSchema(
        SSHSettings.connectionFields + [
            SettingField(
                "directory", title: "Directory",
                help: "Everything is read and written below it. Absolute, or relative to where the log-in begins. The default is that place.",
                kind: .string(maxLength: 1024), default: .string(""))
        ] + SSHSettings.loginFields + [
            SettingField(
                "transfer", title: "Transfer",
                help: "How contents travel. The default takes SFTP where the server offers it, which can go on after a break, and SCP otherwise.",
                kind: .choice([("auto", "SFTP where possible"), ("scp", "Always SCP")]), default: .string("auto"))
        ] + SSHSettings.advancedFields + [
            SettingField(
                "share_connection", title: "One connection",
                help: "Uses one log-in for everything. Turn it off for servers that allow one channel a connection. The default is on.",
                kind: .boolean, default: .boolean(true), advanced: true)
        ])

    /// Throws `.configuration` naming the setting. No I/O.
    init(_ values: SettingValues) throws(ConnectorError) {
        directory = values.string("directory") ?? ""
        guard !directory.utf8.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) else {
            throw ConnectorError(.configuration, "`directory` holds a line end or a NUL byte.")
        }
        guard let transfer = Transfer(rawValue: values.string("transfer") ?? "auto") else {
            throw ConnectorError(.configuration, "`transfer` is neither auto nor scp.")
        }
        self.transfer = transfer
        sharesConnection = values.boolean("share_connection") ?? true
        ssh = try SSHSettings(values)
    }

    var stallMilliseconds: Int64 { Int64(ssh.stallTimeoutSeconds) * 1000 }
    /// How long a server may think about whether it has something; one that hangs on an unknown command is not waited for long.
    var probeMilliseconds: Int64 { Int64(min(ssh.endpoint.connectTimeoutSeconds, 10)) * 1000 }

    func clientOptions(isShared: Bool) -> SFTPClientOptions {
        SFTPClientOptions(
            serverName: ssh.endpoint.address, stallMilliseconds: stallMilliseconds,
            connectMilliseconds: isShared ? probeMilliseconds : Int64(ssh.endpoint.connectTimeoutSeconds) * 1000)
    }
}
