import ConnectModel
import RecordEngine
import Testing

@testable import GnuPG

struct SignatureTests {
    @Test("T27: a signature counts by its fingerprint, and only by it")
    func signer() throws {
        let parties = try Parties()
        let signed = try parties.encrypted(contacts(10), signed: true)
        let listed = [parties.partnerKey.fingerprint.lowercased()]
        #expect(try decrypted(signed, by: parties.host, signature: .required(by: listed)) == contacts(10))
        #expect(try decrypted(signed, by: parties.host, signature: .whenPresent(by: listed)) == contacts(10))
        #expect(code { _ = try decrypted(signed, by: parties.host, signature: .required(by: [parties.hostKey.fingerprint])) } == "pgp.signer")
        #expect(code { _ = try decrypted(signed, by: parties.host, signature: .whenPresent(by: [parties.hostKey.fingerprint])) } == "pgp.signer")
    }

    @Test("T27: without a signature a job that requires one loads nothing, one that takes it when present goes on")
    func unsigned() throws {
        let parties = try Parties()
        let message = try parties.encrypted(contacts(10))
        let listed = [parties.partnerKey.fingerprint]
        #expect(code { _ = try decrypted(message, by: parties.host, signature: .required(by: listed)) } == "pgp.unsigned")
        #expect(try decrypted(message, by: parties.host, signature: .whenPresent(by: listed)) == contacts(10))
    }

    @Test("T27: a signer of the right name but with another key is not the signer")
    func impostor() throws {
        let parties = try Parties()
        let impostor = try Parties(MadeRings.others)
        _ = try impostor.partner.take(try parties.host.export(parties.hostKey), passphrase: nil)
        let sink = MemorySink()
        let sending = try impostor.partner.encrypting(to: [parties.hostKey.fingerprint], signedBy: impostor.partnerKey.fingerprint, into: sink)
        try contacts(10).withUnsafeBytes { try sending.write($0) }
        try sending.finish()
        let rule = SignatureRule.required(by: [parties.partnerKey.fingerprint])
        #expect(code { _ = try decrypted(sink.bytes, by: parties.host, signature: rule) } == "pgp.signer", "its key is unknown")
        _ = try parties.host.take(try impostor.partner.export(impostor.partnerKey), passphrase: nil)
        #expect(code { _ = try decrypted(sink.bytes, by: parties.host, signature: rule) } == "pgp.signer", "its key is known, but not listed")
    }

    @Test("T27: a job that looks at no signature takes a message of an unknown signer")
    func ignored() throws {
        let parties = try Parties()
        let signed = try parties.encrypted(contacts(10), signed: true)
        try parties.host.remove(try parties.host.key("partner@example.org"))
        #expect(try decrypted(signed, by: parties.host) == contacts(10))
    }
}
