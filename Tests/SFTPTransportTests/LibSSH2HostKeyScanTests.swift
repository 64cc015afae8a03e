import ServerSupport
import Testing

@testable import SSHTransportCore

@Suite(.timeLimit(.minutes(1))) struct LibSSH2HostKeyScanTests {
    @Test("FS-7: without ssh-keyscan the keys are asked for through libssh2, and no credential is sent")
    func scan() throws {
        try TestServer.with { server in
            let keys = try LibSSH2HostKeyScan.run(host: server["HOST"], port: server.port, timeoutSeconds: 10, RecordingCall())
            #expect(keys.map(\.pin) == [server["HOST_KEY_ED25519"], server["HOST_KEY_ECDSA"]])
            #expect(!server.log.contains("Accepted"))
            #expect(!server.log.contains("Invalid user"))
        }
    }
}
