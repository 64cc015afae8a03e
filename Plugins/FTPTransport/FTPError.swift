internal import CCurlShims
internal import ConnectorKit

/// What went wrong, in words, from libcurl's code and the server's last answer.
enum FTPError {
    /// - Parameter name: the thing as the person typed it, quoted.
    static func make(_ code: CURLcode, _ reply: FTPReply?, name: String, server: String) -> ConnectorError {
        let answer = reply.map { " The server's answer: \($0.code.map(String.init) ?? "") \($0.text)" } ?? ""
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST:
            return ConnectorError(.transient, "The name of \(server) could not be resolved. Check `host` and the name servers.")
        case CURLE_COULDNT_CONNECT:
            return ConnectorError(.transient, "\(server) could not be reached. Check `host`, `port` and the firewall.\(answer)")
        case CURLE_OPERATION_TIMEDOUT:
            return ConnectorError(
                .timeout,
                "\(server) did not answer in time at \(name). Try again, or raise `connect_timeout_seconds` or `stall_timeout_seconds`.\(answer)")
        case CURLE_LOGIN_DENIED:
            if let code = reply?.code, code / 100 == 4 { return status(code, reply?.text ?? "", name: name, server: server, answer) }
            return ConnectorError(.authentication, "\(server) refused the log-in. Check `username` and `password`.\(answer)")
        case CURLE_USE_SSL_FAILED:
            return ConnectorError(.configuration, "\(server) does not offer TLS (AUTH TLS). Ask its administrator for FTPS or SFTP.\(answer)")
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR:
            return ConnectorError(
                .authentication,
                "The certificate of \(server) is not from a known authority, has run out, or is for another name. Check its fingerprint with "
                    + "`connecthost servers trust`, or set `ca_file`.")
        case CURLE_SSL_CACERT_BADFILE: return ConnectorError(.configuration, "`ca_file` could not be read as PEM certificates. Correct it.")
        case CURLE_SSL_CONNECT_ERROR:
            return ConnectorError(.transient, "TLS with \(server) could not be begun. Check `security` (explicit or implicit) and `port`.\(answer)")
        case CURLE_REMOTE_FILE_NOT_FOUND:
            // libcurl's reading of a 550 to SIZE, which is right unless the server speaks of a right.
            let words = (reply?.text ?? "").lowercased()
            let isDenied = ["denied", "permission", "privilege", "not allowed"].contains { words.contains($0) }
            return status(550, isDenied ? words : "not found", name: name, server: server, answer)
        case CURLE_REMOTE_DISK_FULL: return ConnectorError(.noSpace, "\(server) has no room for \(name).\(answer)")
        case CURLE_FTP_COULDNT_USE_REST, CURLE_RANGE_ERROR:
            return ConnectorError(.unsupported, "\(server) cannot go on in the middle of \(name) (REST).\(answer)")
        case CURLE_QUOTE_ERROR, CURLE_REMOTE_ACCESS_DENIED, CURLE_UPLOAD_FAILED, CURLE_FTP_COULDNT_RETR_FILE:
            guard let number = reply?.code, number >= 400 else {
                return ConnectorError(.transient, "The connection to \(server) broke at \(name).\(answer)")
            }
            return status(number, reply?.text ?? "", name: name, server: server, answer)
        case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_FTP_ACCEPT_FAILED, CURLE_FTP_ACCEPT_TIMEOUT,
            CURLE_WEIRD_SERVER_REPLY, CURLE_FTP_WEIRD_PASV_REPLY, CURLE_FTP_CANT_GET_HOST, CURLE_FTP_PORT_FAILED:
            if reply?.code == 452 || reply?.code == 552 { return ConnectorError(.noSpace, "\(server) has no room for \(name).\(answer)") }
            return ConnectorError(.transient, "The connection to \(server) broke at \(name).\(answer)")
        case CURLE_OUT_OF_MEMORY: return ConnectorError(.internal, "The machine is out of memory.")
        default:
            let reason = String(cString: curl_easy_strerror(code))
            return ConnectorError(.transient, "\(server) failed at \(name): \(reason) (libcurl code \(code.rawValue)).\(answer)")
        }
    }

    /// By the code of the answer (RFC 959 section 4.2), and for 550, which means everything, by its text.
    private static func status(_ code: Int, _ text: String, name: String, server: String, _ answer: String) -> ConnectorError {
        let words = text.lowercased()
        switch code {
        case 452, 552: return ConnectorError(.noSpace, "\(server) has no room for \(name).\(answer)")
        case 421, 425, 426, 450, 451: return ConnectorError(.transient, "\(server) could not do it now: \(name).\(answer)")
        case 530: return ConnectorError(.authentication, "\(server) wants a log-in for \(name).\(answer)")
        case 500, 501, 502, 504: return ConnectorError(.unsupported, "\(server) does not know the command for \(name).\(answer)")
        case 534, 535, 536, 522: return ConnectorError(.authentication, "\(server) refused the protection of the data connection.\(answer)")
        case 550 where words.contains("not empty"): return ConnectorError(.notEmpty, "\(name) on \(server) is not empty.\(answer)")
        case 550 where words.contains("quota") || words.contains("no space") || words.contains("disk full"):
            return ConnectorError(.noSpace, "\(server) has no room for \(name).\(answer)")
        case 550 where words.contains("exist") && !words.contains("not exist") && !words.contains("n't exist") && !words.contains("no "):
            return ConnectorError(.exists, "\(name) is there already on \(server).\(answer)")
        case 550
        where words.contains("no such") || words.contains("not found") || words.contains("not exist") || words.contains("n't exist")
            || words.contains("cannot find") || words.contains("not retrievable"):
            return ConnectorError(.notFound, "\(name) does not exist on \(server).\(answer)")
        case 550, 532, 553: return ConnectorError(.permission, "\(server) did not allow it: \(name).\(answer)")
        default: return ConnectorError(code >= 500 ? .permission : .transient, "\(server) refused \(name).\(answer)")
        }
    }

    static func changedCertificate(_ settings: FTPSettings, _ presented: CertificateKey?) -> ConnectorError {
        let trusted = settings.pins.map(\.fingerprint).joined(separator: ", ")
        return ConnectorError(
            .authentication,
            "The certificate of \(settings.address) has another key than the one trusted. Trusted: \(trusted); presented: "
                + "\(presented?.fingerprint ?? "unknown"). If the server's administrator confirms the change, run `connecthost servers trust`; otherwise "
                + "somebody may be in between.")
    }
}
