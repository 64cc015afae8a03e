internal import CCurlShims
internal import ConnectorKit

/// One log-in to one server: commands, downloads and uploads by absolute path.
final class FTPClient {
    let settings: FTPSettings
    let driver: CurlDriver
    /// What FEAT named, in capitals; learnt by `start`.
    private(set) var features: [String] = []
    /// The first word of each.
    private(set) var offers: Set<String> = []

    init(_ settings: FTPSettings) throws(ConnectorError) {
        let version = curl_version_info(CURLVERSION_FIRST)?.pointee.version_num ?? 0
        // They forget TLS on data connections that the server opens (curl issue 10666).
        if settings.isActive, settings.security != .none, (0x07_57_00..<0x08_00_00).contains(version) {
            throw ConnectorError(
                .configuration,
                "The installed libcurl (7.87 and 7.88) cannot protect data connections that the server opens. Set `mode` to passive, or install libcurl 8."
            )
        }
        self.settings = settings
        driver = try CurlDriver(server: settings.address)
    }

    var stall: Duration { .seconds(settings.stallTimeoutSeconds) }

    /// Logs in and asks what the server can do. Returns where the log-in begins.
    func start(_ call: any CallContext, onReply: ((FTPReply) -> Void)? = nil) throws(ConnectorError) -> (path: String, transfer: CurlTransfer) {
        let transfer = try transfer(path: "/")
        transfer.onReply = onReply
        transfer.set(CURLOPT_NOBODY, 1)
        transfer.setCommands(["*FEAT", "*OPTS UTF8 ON"])
        try finish(transfer, name: "the log-in", call)
        for reply in transfer.replies where reply.code == nil {
            let words = reply.text.uppercased().split(separator: " ")
            features.append(words.joined(separator: " "))
            if let word = words.first { offers.insert(String(word)) }
        }
        return (transfer.entryPath ?? "/", transfer)
    }

    /// Sends commands until one fails, and returns all answers. `name` is what messages call the thing. The connection outlives a refusal of the last
    /// command, for libcurl is told to go on after it (`*`); after any other it logs in anew.
    @discardableResult
    func command(
        _ commands: [String], name: String, limit: Duration? = nil, _ call: (any CallContext)?
    ) throws(ConnectorError) -> [FTPReply] {
        let transfer = try transfer(path: "/")
        transfer.set(CURLOPT_NOBODY, 1)
        let last = commands.last ?? ""
        transfer.setCommands(commands.dropLast() + [last.hasPrefix("*") ? last : "*" + last])
        try finish(transfer, name: name, limit: limit, call)
        if !last.hasPrefix("*"), let reply = transfer.lastReply, (reply.code ?? 0) >= 400 {
            throw FTPError.make(CURLE_QUOTE_ERROR, reply, name: name, server: settings.address)
        }
        return transfer.replies
    }

    /// A transfer with everything but its own options set.
    func transfer(path: String) throws(ConnectorError) -> CurlTransfer {
        let transfer = try CurlTransfer()
        let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        let scheme = settings.security == .implicit ? "ftps" : "ftp"
        transfer.set(CURLOPT_URL, "\(scheme)://\(host):\(settings.port)/\(Self.encoded(path))")
        transfer.set(CURLOPT_USERNAME, settings.username)
        transfer.set(CURLOPT_PASSWORD, settings.password)
        transfer.set(CURLOPT_FTP_FILEMETHOD, Int(CURLFTPMETHOD_NOCWD.rawValue))
        transfer.set(CURLOPT_FTP_USE_EPSV, 1)
        // Data come from and go to the machine that was logged in to, whatever address an answer to PASV names.
        transfer.set(CURLOPT_FTP_SKIP_PASV_IP, 1)
        if settings.isActive { transfer.set(CURLOPT_FTPPORT, "-") }
        transfer.set(CURLOPT_CONNECTTIMEOUT, settings.connectTimeoutSeconds)
        // For the waits of libcurl's own, which would take a minute or two whatever the setting is.
        transfer.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, settings.stallTimeoutSeconds)
        transfer.set(CURLOPT_MAXAGE_CONN, 86_400)
        transfer.set(CURLOPT_TCP_KEEPALIVE, settings.keepaliveSeconds > 0 ? 1 : 0)
        if settings.keepaliveSeconds > 0 {
            transfer.set(CURLOPT_TCP_KEEPIDLE, settings.keepaliveSeconds)
            transfer.set(CURLOPT_TCP_KEEPINTVL, settings.keepaliveSeconds)
        }
        transfer.set(CURLOPT_BUFFERSIZE, 512 << 10)
        transfer.set(CURLOPT_UPLOAD_BUFFERSIZE, 2 << 20)
        secure(transfer)
        return transfer
    }

    private func secure(_ transfer: CurlTransfer) {
        guard settings.security != .none else { return }
        transfer.set(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue))
        transfer.set(CURLOPT_FTPSSLAUTH, Int(CURLFTPAUTH_TLS.rawValue))
        transfer.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2 | (settings.allowsTLS13 ? 0 : CURL_SSLVERSION_MAX_TLSv1_2)))
        if settings.pins.isEmpty {
            if !settings.authorityFile.isEmpty { transfer.set(CURLOPT_CAINFO, settings.authorityFile) }
            return
        }
        // The key decides, as with an SSH host key: who signed the certificate and for which name does not matter.
        transfer.set(CURLOPT_SSL_VERIFYPEER, 0)
        transfer.set(CURLOPT_SSL_VERIFYHOST, 0)
        transfer.set(CURLOPT_PINNEDPUBLICKEY, settings.pins.map(\.pin).joined(separator: ";"))
    }

    /// Runs a transfer that was not started to its end.
    func finish(_ transfer: CurlTransfer, name: String, limit: Duration? = nil, _ call: (any CallContext)?) throws(ConnectorError) {
        if let limit { transfer.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, Int(limit.components.seconds) + 1) }
        try driver.start(transfer)
        defer { driver.stop(transfer) }
        try driver.run(transfer, stall: limit ?? stall, call) { false }
        try check(transfer, name: name, call)
    }

    /// Throws what a transfer that has ended failed with.
    func check(_ transfer: CurlTransfer, name: String, _ call: (any CallContext)?) throws(ConnectorError) {
        guard let result = transfer.result, result != CURLE_OK else { return }
        if result == CURLE_SSL_PINNEDPUBKEYNOTMATCH {
            let presented = call.flatMap { call in try? CertificateProbe.run(settings, call) }
            throw FTPError.changedCertificate(settings, presented)
        }
        throw FTPError.make(result, transfer.lastReply, name: name, server: settings.address)
    }

    func cancel() { driver.cancel() }
    func close() { driver.close() }

    /// A path as part of a URL: everything but letters and digits is escaped, the first `/` too, which makes the path absolute.
    static func encoded(_ path: String) -> String {
        var text = ""
        for byte in path.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: text.unicodeScalars.append(Unicode.Scalar(byte))
            case 0x2F where !text.isEmpty: text += "/"
            default: text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return text
    }
}

/// Asks a server for its certificate before any credential is sent.
enum CertificateProbe {
    static func run(_ settings: FTPSettings, _ call: any CallContext) throws(ConnectorError) -> CertificateKey {
        var asking = settings
        // No key has this hash, so libcurl ends the connection after the handshake, when it has the certificate and before it logs in.
        asking.pins = CertificateKey(pin: "sha256//" + String(repeating: "A", count: 43) + "=").map { [$0] } ?? []
        asking.username = "nobody"
        asking.password = ""
        let client = try FTPClient(asking)
        defer { client.close() }
        let transfer = try client.transfer(path: "/")
        transfer.set(CURLOPT_NOBODY, 1)
        transfer.set(CURLOPT_CERTINFO, 1)
        try client.driver.start(transfer)
        defer { client.driver.stop(transfer) }
        try client.driver.run(transfer, stall: client.stall, call) { false }
        if let key = transfer.certificate.flatMap(CertificateKey.init(pem:)) { return key }
        if transfer.result != CURLE_SSL_PINNEDPUBKEYNOTMATCH { try client.check(transfer, name: "the certificate", call) }
        throw ConnectorError(.authentication, "\(settings.address) showed no certificate that could be read.")
    }
}
