import ConnectTesting
import Foundation
import ServerSupport
import Synchronization
import Testing

/// Imports from a real SSH server, through the program as its users have it.
@Suite(.waits) struct ServerImportTests {
    private func installation(_ server: TestServer, port: Int? = nil, trusting: Bool = true) throws -> Installation {
        let installation = try Installation()
        try installation.expectSuccess(
            "servers", "add", "partner", "sftp", "--set", "host=127.0.0.1", "--set", "port=\(port ?? server.port)", "--set",
            "username=\(server["USERNAME"])",
            "--set", "directory=\(server["DIRECTORY"])", "--set", "stall_timeout_seconds=2", "--secret-file",
            "private_key=\(server["USER_KEY_ED25519"])")
        if trusting { try installation.expectSuccess("servers", "trust", "partner", "--yes") }
        try installation.apply(
            """
            lists:
              - name: CONTACTS
                fields: { NAME: STR100 }
            jobs:
              - name: contacts
                kind: import-list
                file: { server: partner, name: contacts.csv }
                target: { list: CONTACTS }
                mapping: { fields: { mail: EMAIL_ADDRESS_ } }
            """)
        return installation
    }

    private func records(_ count: Int) -> Data {
        Data(("mail,NAME\n" + (0..<count).map { "p\($0)@example.com,Name number \($0)\n" }.joined()).utf8)
    }

    @Test("FS-2, FS-7, IMP-7: a file on a server is imported and archived there, once its key is pinned")
    func imports() throws {
        try TestServer.with { server in
            let installation = try installation(server, trusting: false)
            try records(5000).write(to: server.files.appendingPathComponent("contacts.csv"))
            let untrusted = try installation.json("jobs", "run", "contacts")
            #expect(untrusted["status"].string == "failed")
            #expect(untrusted["error"]["category"].string == "authentication")
            #expect(untrusted["error"]["message"].string?.contains("servers trust") == true)
            #expect(try installation.run("servers", "trust", "partner").status == 3, "nobody was asked, so nothing is pinned")
            #expect(try installation.run("servers", "trust", "partner", "--fingerprint", "SHA256:wrong").status == 4)
            try installation.expectSuccess("servers", "trust", "partner", "--yes")
            #expect(try installation.expectSuccess("servers", "test", "partner").contains("works"))
            let run = try installation.json("jobs", "run", "contacts")
            #expect(run["status"].string == "succeeded")
            #expect(run["records"]["inserted"].int == 5000)
            let names = try FileManager.default.contentsOfDirectory(atPath: server.files.path).sorted()
            #expect(names == ["archive"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: server.files.path + "/archive") == ["contacts.csv.1.2"])
        }
    }

    @Test("FS-8: a connection cut in the middle of the file is made again and the rest is read; every row arrives once")
    func resumes() throws {
        try TestServer.with { server in
            let faults = Faults([.cut(afterBytes: 700_000), .reset(afterBytes: 900_000)])
            let proxy = try ChaosProxy(to: server.port) { _ in faults.next() }
            defer { proxy.stop() }
            let installation = try installation(server, port: proxy.port)
            faults.arm()
            try records(60_000).write(to: server.files.appendingPathComponent("contacts.csv"))
            let run = try installation.json("jobs", "run", "contacts")
            #expect(run["status"].string == "succeeded", "\(run["error"]["message"].string ?? "")")
            #expect(run["records"]["inserted"].int == 60_000)
            #expect(try installation.expectSuccess("runs", "log", "1.1").contains("Going on at byte"))
        }
    }

    @Test("FS-8: a server that is gone for good fails the run, loads nothing and leaves the file")
    func serverGone() throws {
        try TestServer.with { server in
            let faults = Faults([.cut(afterBytes: 200_000)])
            let proxy = try ChaosProxy(to: server.port) { _ in faults.next() }
            defer { proxy.stop() }
            let installation = try installation(server, port: proxy.port)
            faults.arm()
            try records(60_000).write(to: server.files.appendingPathComponent("contacts.csv"))
            let child = try installation.start(["jobs", "run", "contacts", "--json"])
            proxy.waitForFault()
            proxy.stop()
            let result = child.wait()
            #expect(result.status == 1)
            #expect(result.output.contains("transient"))
            #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: server.files.path) == ["contacts.csv"])
        }
    }

    @Test("FS-7: a changed host key is refused with both fingerprints")
    func changedHostKey() throws {
        try TestServer.with { first in
            try TestServer.with { second in
                let installation = try installation(first)
                try installation.expectSuccess("servers", "set", "partner", "--set", "port=\(second.port)")
                let result = try installation.run("servers", "test", "partner")
                #expect(result.status == 4)
                #expect((result.output + result.errors).components(separatedBy: "SHA256:").count >= 3, "\(result.output)\(result.errors)")
            }
        }
    }

    @Test("FS-2: a wrong password is told as such", .enabled(if: TestServer.canTestPasswords))
    func wrongPassword() throws {
        try TestServer.with(password: true) { server in
            let installation = try installation(server)
            try installation.expectSuccess(
                "servers", "set", "partner", "--set", "authentication=password", "--secret", "password", input: "not the password\n")
            let result = try installation.run("servers", "test", "partner")
            #expect(result.status == 4)
            #expect((result.output + result.errors).contains("password"))
            #expect(!(result.output + result.errors).contains("not the password"))
        }
    }

    @Test("OPS-3: a stored key appears in no output, no log, no export and not in the database's plain bytes")
    func secretsStaySecret() throws {
        try TestServer.with { server in
            let installation = try installation(server)
            try records(10).write(to: server.files.appendingPathComponent("contacts.csv"))
            try installation.expectSuccess("jobs", "run", "contacts")
            let key = try String(contentsOfFile: server["USER_KEY_ED25519"], encoding: .utf8)
            let middle = key.split(separator: "\n")[2]
            let shown =
                try installation.expectSuccess("servers", "show", "partner", "--json") + installation.expectSuccess("servers", "show", "partner")
                + installation.expectSuccess("export") + installation.expectSuccess("runs", "log", "1.1", "--json")
            #expect(!shown.contains(middle))
            #expect(shown.contains("vault"))
            for name in ["control.sqlite", "control.sqlite-wal"] {
                let bytes = installation.directory.contents("home/" + name) ?? Data()
                #expect(bytes.range(of: Data(middle.utf8)) == nil, "\(name) holds the key")
            }
        }
    }
}

/// Faults for the connections that are made after it was armed, one each; looking at the host's keys takes some before.
final class Faults: Sendable {
    private let state: Mutex<(isArmed: Bool, faults: [ChaosProxy.Fault])>

    init(_ faults: [ChaosProxy.Fault]) { state = Mutex((false, faults)) }

    func arm() { state.withLock { $0.isArmed = true } }

    func next() -> ChaosProxy.Fault {
        state.withLock { state in state.isArmed && !state.faults.isEmpty ? state.faults.removeFirst() : .none }
    }
}
