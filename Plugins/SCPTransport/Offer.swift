internal import ConnectorKit
internal import SSHTransportCore

/// What a server has beside SCP, for everything that is not contents: decided once, when a session is opened.
enum Offer {
    /// The best that the server has: its SFTP subsystem, a POSIX shell, or nothing.
    ///
    /// A channel that only ends may have been refused, or its line may have broken. Where one log-in carries all channels, that it is still there
    /// tells the two apart; where each channel logs in by itself, the question is put again before an account counts as one for SCP alone.
    static func find(
        _ connection: SSHSharedConnection, _ settings: SCPSettings, _ call: any CallContext
    ) throws(ConnectorError) -> any RemoteFiles {
        var answer = try ask(connection, settings, call)
        if case .refused(let sftp, let shell) = answer, !connection.isStarted, sftp.status != .unsupported || shell.status != .unsupported {
            answer = try ask(connection, settings, call)
        }
        switch answer {
        case .has(let files): return files
        case .refused(let sftp, let shell):
            call.log(.debug, "The account is for SCP alone.", ["sftp": sftp.message, "shell": shell.message])
            return SCPOnlyFiles(settings.directory, settings.ssh.endpoint.address)
        }
    }

    private enum Answer {
        case has(any RemoteFiles)
        case refused(sftp: ConnectorError, shell: ConnectorError)
    }

    private static func ask(
        _ connection: SSHSharedConnection, _ settings: SCPSettings, _ call: any CallContext
    ) throws(ConnectorError) -> Answer {
        let sftpRefusal: ConnectorError
        do throws(ConnectorError) {
            let files = try SFTPFiles(connection, settings, call)
            call.log(.debug, "Names go over SFTP.", ["contents": settings.transfer == .auto ? "SFTP" : "SCP"])
            return .has(files)
        } catch {
            try rethrow(error, connection, call)
            sftpRefusal = error
        }
        do throws(ConnectorError) {
            let files = try ShellFiles(connection, settings, call)
            call.log(.debug, "Names go over a shell, contents over SCP.", ["shell": files.means, "sftp": sftpRefusal.message])
            return .has(files)
        } catch {
            try rethrow(error, connection, call)
            return .refused(sftp: sftpRefusal, shell: error)
        }
    }

    /// What says nothing about the server's means ends the session; a missing directory is the user's to correct.
    private static func rethrow(
        _ error: ConnectorError, _ connection: SSHSharedConnection, _ call: any CallContext
    ) throws(ConnectorError) {
        switch error.status {
        case .cancelled, .authentication, .configuration, .notFound, .permission: throw error
        default:
            try call.checkCancellation()
            guard connection.wasLoggedIn else { throw error }
        }
    }
}
