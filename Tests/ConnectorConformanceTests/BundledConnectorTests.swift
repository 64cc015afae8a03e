import ConnectTesting
import Foundation
import ServerSupport
import Testing

/// The bundled connectors for servers conform against real ones. What they do not claim is skipped; nothing else is.
@Suite struct BundledConnectorTests {
    private func expectConforming(_ library: String, _ settings: [String: Any], skipped expected: Set<String>) throws {
        let trial = try Trial()
        let file = trial.temporary.path + "/lib\(library).so"
        try FileManager.default.copyItem(atPath: Installation.buildDirectory + "/lib\(library).so", toPath: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        let config = String(decoding: try JSONSerialization.data(withJSONObject: ["settings": settings]), as: UTF8.self)
        let result = try trial.start(file, ["--config", try trial.config(config)])
        let report = JSONObject(try JSONSerialization.jsonObject(with: Data(result.output.utf8)))
        var skipped: Set<String> = []
        for index in 0..<report["results"].count {
            let (check, outcome) = (report["results"][index]["check"].string ?? "", report["results"][index]["outcome"].string ?? "")
            if outcome == "skipped" { skipped.insert(check) }
            #expect(["passed", "skipped"].contains(outcome), "\(check) \(outcome): \(report["results"][index]["message"].string ?? "")")
        }
        #expect(result.status == 0 && report["results"].count == 42)
        #expect(skipped == expected)
    }

    private func settings(_ server: TestServer) throws -> [String: Any] {
        [
            "host": server["HOST"], "port": server.port, "username": server["USERNAME"], "directory": server["DIRECTORY"],
            "private_key": try String(contentsOfFile: server["USER_KEY_ED25519"], encoding: .utf8), "host_keys": [server["HOST_KEY_ED25519"]],
        ]
    }

    @Test("CON-8: the SFTP connector conforms on OpenSSH")
    func sftp() throws {
        try TestServer.with { try expectConforming("SFTPTransport", try settings($0), skipped: ["transport.visibility"]) }
    }

    private let scpSkips: Set<String> = ["transport.seek", "transport.append", "transport.visibility", "transport.directories"]

    @Test("CON-8: the SCP connector conforms where the account has a shell and no SFTP")
    func scp() throws {
        try TestServer.with(account: "shell") { try expectConforming("SCPTransport", try settings($0), skipped: scpSkips) }
    }

    @Test("CON-8: the FTP connector conforms, plain and with TLS", arguments: ["none", "explicit"])
    func ftp(security: String) throws {
        try FTPServer.with(security: security) { server in
            try expectConforming("FTPTransport", settings(server, security), skipped: ftpSkips)
        }
    }

    @Test(
        "CON-8: it conforms on vsftpd, which has no MLSD, too", .enabled(if: FTPServer.canTestVsftpd, "needs root and vsftpd"),
        arguments: ["none", "explicit"])
    func vsftpd(security: String) throws {
        try FTPServer.with(.vsftpd, security: security) { server in
            try expectConforming("FTPTransport", settings(server, security), skipped: ftpSkips)
        }
    }

    private let ftpSkips: Set<String> = ["transport.large-files", "transport.modified", "transport.visibility"]

    private func settings(_ server: FTPServer, _ security: String) -> [String: Any] {
        var settings: [String: Any] = [
            "host": server["HOST"], "port": server.port, "username": server["USERNAME"], "password": server["PASSWORD"], "security": security,
        ]
        // Not by a pin: libcurl 7.88 keeps a copy of its text for each session, which the check for leaks finds.
        if security == "none" { settings["allow_plaintext"] = true } else { settings["ca_file"] = server["CERTIFICATE"] }
        return settings
    }
}
