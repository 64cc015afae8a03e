internal import ConnectorKit
internal import SSHTransportCore

/// What a server has beside SCP, for everything that is not contents: decided once, when a session is opened.
enum Offer {
    /// The best that the server has: its SFTP subsystem, a POSIX shell, or nothing.
    static func find(
        _ connection: SSHSharedConnection, _ settings: SCPSettings, _ call: any CallContext
    ) throws(ConnectorError) -> any RemoteFiles {
        let sftpRefusal: ConnectorError
        do throws(ConnectorError) {
            let files = try SFTPFiles(connection, settings, call)
            call.log(.debug, "Names go over SFTP.", ["contents": settings.transfer == .auto ? "SFTP" : "SCP"])
            return files
        } catch {
            try rethrow(error, connection, call)
            sftpRefusal = error
        }
        do throws(ConnectorError) {
            let files = try ShellFiles(connection, settings, call)
            call.log(.debug, "Names go over a shell, contents over SCP.", ["shell": files.means, "sftp": sftpRefusal.message])
            return files
        } catch {
            try rethrow(error, connection, call)
            call.log(.debug, "The account is for SCP alone.", ["sftp": sftpRefusal.message, "shell": error.message])
        }
        return SCPOnlyFiles(settings.directory, settings.ssh.endpoint.address)
    }

    /// What says nothing about the server's means ends the session; a missing directory is the user's to correct.
    private static func rethrow(
        _ error: ConnectorError, _ connection: SSHSharedConnection, _ call: any CallContext
    ) throws(ConnectorError) {
        switch error.status {
        case .cancelled, .authentication, .configuration, .notFound, .permission: throw error
        default:
            try call.checkCancellation()
            guard connection.isAlive else { throw error }
        }
    }
}
