internal import ConnectorKit

/// What a refusal means and what to do about it.
extension SFTPClient {
    /// - Parameters:
    ///   - verb: "be read", as in "X could not be read".
    ///   - name: what the user calls it.
    func error(_ status: SFTPStatus, _ verb: String, _ name: String) -> ConnectorError {
        let what = "\(name) on \(options.serverName) could not \(verb)"
        // "Failure" and the like repeat the code and tell nobody anything.
        let said = status.message.isEmpty || status.message == "Failure" ? "" : " (\(status.message))"
        let (kind, reason): (ConnectorError.Status, String) =
            switch status.code {
            case .noSuchFile, .noSuchPath: (.notFound, "it does not exist\(said). Check the name and the directory.")
            case .permissionDenied, .writeProtected: (.permission, "permission denied. Ask the server's operator to give the user the right.")
            case .alreadyExists: (.exists, "it exists already.")
            case .noSpace, .quotaExceeded: (.noSpace, "the server has no room\(said). Free space there.")
            case .directoryNotEmpty: (.notEmpty, "the directory is not empty.")
            case .unsupported: (.unsupported, "the server cannot do that\(said).")
            case .notADirectory, .isADirectory, .invalidFilename: (.configuration, "the server says: \(status.message).")
            case .noConnection, .connectionLost, .noMedia, .lockConflict: (.transient, "the server says: \(status.message). It can be tried again.")
            case .failure where Self.meansNoSpace(status.message): (.noSpace, "the server has no room\(said). Free space there.")
            case .failure: (.transient, "the server gave no reason\(said). Its log may; it can be tried again.")
            case .badMessage, .invalidHandle: (.internal, "the server did not understand the request\(said).")
            case .ok, .endOfFile, nil: (.transient, "the server answered with code \(status.number)\(said).")
            }
        return ConnectorError(kind, "\(what): \(reason)", detail: "{\"sftp_status\":\(status.number)}")
    }

    private static func meansNoSpace(_ message: String) -> Bool {
        let message = message.lowercased()
        return message.contains("no space") || message.contains("quota") || message.contains("disk full")
    }

    func expectOK(_ reply: SFTPReply, _ verb: String, _ name: String) throws(ConnectorError) {
        guard case .status(let status) = reply else { throw unexpected(reply, name) }
        if status.code != .ok { throw error(status, verb, name) }
    }

    func expectHandle(_ reply: SFTPReply, _ verb: String, _ name: String) throws(ConnectorError) -> [UInt8] {
        switch reply {
        case .handle(let handle): return handle
        case .status(let status): throw error(status, verb, name)
        default: throw unexpected(reply, name)
        }
    }

    func expectAttributes(_ reply: SFTPReply, _ verb: String, _ name: String) throws(ConnectorError) -> SFTPAttributes {
        switch reply {
        case .attributes(let attributes): return attributes
        case .status(let status): throw error(status, verb, name)
        default: throw unexpected(reply, name)
        }
    }

    private func unexpected(_ reply: SFTPReply, _ name: String) -> ConnectorError {
        ConnectorError(.internal, "\(options.serverName) sent an unexpected reply about \(name).")
    }
}
