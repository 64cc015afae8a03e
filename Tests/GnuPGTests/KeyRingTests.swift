import ConnectModel
import Foundation
import RecordEngine
import Testing

@testable import GnuPG

struct KeyRingTests {
    @Test("IMP-4: RSA and elliptic-curve keys are made, listed, and encrypt and decrypt", arguments: [KeyRequest.Algorithm.rsa3072, .ed25519])
    func algorithms(algorithm: KeyRequest.Algorithm) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("ring-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let secret = Secret("one two")
        let ring = KeyRing(directory: directory) { _ in secret }
        let key = try ring.generate(
            KeyRequest(name: "Käthe Müller", email: "k@example.com", algorithm: algorithm, expiresInDays: 365, passphrase: secret))
        #expect(key.userIDs == ["Käthe Müller <k@example.com>"])
        #expect(key.isPrivate && key.canEncrypt && key.canSign && key.validity == .valid)
        #expect(try ring.keys() == [key])
        #expect(key.expiresUnixSeconds == key.createdUnixSeconds + 365 * 86400)
        let sink = MemorySink()
        let sending = try ring.encrypting(to: ["k@example.com"], signedBy: key.fingerprint, into: sink)
        try contacts(5).withUnsafeBytes { try sending.write($0) }
        try sending.finish()
        #expect(try decrypted(sink.bytes, by: ring, signature: .required(by: [key.fingerprint])) == contacts(5))
        var status = stat()
        #expect(stat(directory, &status) == 0 && status.st_mode & 0o777 == 0o700)
    }

    @Test("IMP-4: a private key moves from one ring to another under its passphrase; a wrong one takes in nothing")
    func privateKeys() throws {
        let parties = try Parties()
        let exported = try parties.host.exportPrivate(parties.hostKey)
        #expect(exported.starts(with: Array("-----BEGIN PGP PRIVATE KEY BLOCK".utf8)))
        let other = KeyRing(directory: parties.directory + "/other") { _ in Parties.hostPassphrase }
        #expect(code { _ = try other.take(exported, passphrase: Secret("wrong")) } == "key.passphrase")
        #expect(code { _ = try other.take(exported, passphrase: nil) } == "key.passphrase")
        #expect(try other.keys().isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: other.privateKeys).isEmpty)
        #expect(try other.take(exported, passphrase: Parties.hostPassphrase).map(\.isPrivate) == [true])
        #expect(try decrypted(try parties.encrypted(contacts(5)), by: other) == contacts(5))
    }

    @Test("IMP-4: a removed key is gone, private half and all")
    func removing() throws {
        let parties = try Parties()
        try parties.host.remove(parties.hostKey)
        #expect(try parties.host.keys().map(\.fingerprint) == [parties.partnerKey.fingerprint])
        #expect(try FileManager.default.contentsOfDirectory(atPath: parties.host.privateKeys).isEmpty)
        #expect(code { _ = try decrypted(try parties.encrypted(contacts(5)), by: parties.host) } == "pgp.no-key")
    }

    @Test("IMP-4: what is no key is no key, and names that no key can have are refused")
    func badInput() throws {
        let ring = KeyRing(directory: FileManager.default.temporaryDirectory.appendingPathComponent("ring-\(UUID().uuidString)").path)
        defer { try? FileManager.default.removeItem(atPath: ring.directory) }
        #expect(code { _ = try ring.take(contacts(3), passphrase: nil) } == "key.unreadable")
        for name in ["", "a\n%no-protection", "a <b@c>"] {
            #expect(
                code { _ = try ring.generate(KeyRequest(name: name, email: nil, algorithm: .ed25519, expiresInDays: nil, passphrase: nil)) }
                    == "key.name")
        }
        #expect(code { _ = try ring.key("nobody@example.com") } == "key.missing")
    }

    @Test("EXP-5: nothing is encrypted for a key that is not there, and a sink that fails ends it with its own error")
    func encryptingFailures() throws {
        let parties = try Parties()
        #expect(code { _ = try parties.host.encrypting(to: ["nobody@example.com"], into: MemorySink()) } == "key.missing")
        #expect(code { _ = try parties.host.encrypting(to: [], into: MemorySink()) } == "pgp.recipients")
        #expect(code { _ = try parties.host.encrypting(to: ["partner"], signedBy: "partner", into: MemorySink()) } == "pgp.signer")
        let sending = try parties.host.encrypting(to: ["partner"], into: FullSink())
        #expect(
            code {
                let bytes = contacts(50_000)
                for _ in 0..<10 { try bytes.withUnsafeBytes { try sending.write($0) } }
                try sending.finish()
            } == "disk.full")
        let unsigned = KeyRing(directory: parties.host.directory) { _ in Secret("wrong") }
        let signing = try unsigned.encrypting(to: ["partner"], signedBy: parties.hostKey.fingerprint, into: MemorySink())
        #expect(code { try signing.finish() } == "pgp.passphrase")
    }
}

private final class FullSink: ByteSink {
    func write(_ bytes: UnsafeRawBufferPointer) throws { throw ConnectError("disk.full", .transient, "Full.") }
    func finish() throws {}
}
