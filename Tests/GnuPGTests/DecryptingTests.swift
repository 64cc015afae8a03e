import ConnectModel
import Foundation
import RecordEngine
import Testing

@testable import GnuPG

struct DecryptingTests {
    @Test(
        "IMP-4: what was encrypted for the host comes out as it went in, binary or armoured, small or larger than any pipe",
        arguments: [0, 1, 80_000])
    func roundTrip(count: Int) throws {
        let parties = try Parties()
        let plain = count == 0 ? [] : contacts(count)
        for armored in [false, true] {
            let message = try parties.encrypted(plain, armored: armored)
            #expect(message.starts(with: Array("-----BEGIN PGP MESSAGE".utf8)) == armored)
            #expect(try decrypted(message, by: parties.host) == plain)
        }
    }

    @Test("IMP-4: a message for several keys opens with each of them")
    func severalRecipients() throws {
        let parties = try Parties()
        let message = try parties.encrypted(contacts(10), to: [parties.hostKey.fingerprint, "partner@example.org"])
        #expect(try decrypted(message, by: parties.host) == contacts(10))
        #expect(try decrypted(message, by: parties.partner) == contacts(10))
    }

    @Test("T27: a message that was cut off or changed anywhere is no success")
    func damaged() throws {
        let parties = try Parties()
        let message = try parties.encrypted(contacts(20_000))
        for length in [message.count - 1, message.count - 30, message.count / 2, 400] {
            #expect(
                code { _ = try decrypted(Array(message.prefix(length)), by: parties.host) } == "pgp.damaged", "cut to \(length) of \(message.count)")
        }
        for place in [message.count - 10, message.count / 2, message.count / 3] {
            var changed = message
            changed[place] ^= 0x01
            #expect(code { _ = try decrypted(changed, by: parties.host) } == "pgp.damaged", "changed at \(place)")
        }
        #expect(code { _ = try decrypted(message + [UInt8](repeating: 0x2C, count: 50), by: parties.host) } == "pgp.damaged", "something behind it")
    }

    @Test("T27: two messages behind each other are not taken for one")
    func twoMessages() throws {
        let parties = try Parties()
        let message = try parties.encrypted(contacts(10))
        #expect(code { _ = try decrypted(message + message, by: parties.host) } != nil)
    }

    @Test("T27: a message without protection against changes is refused")
    func withoutProtection() throws {
        let parties = try Parties()
        let message = try parties.gpg(
            ["--rfc2440", "--disable-mdc", "--cipher-algo", "3DES", "--encrypt", "--recipient", parties.hostKey.fingerprint], input: contacts(10))
        #expect(code { _ = try decrypted(message, by: parties.host) } == "pgp.unprotected")
    }

    @Test("T27: of what is packed within a message, one text however often compressed is taken; two texts, or none, are not")
    func packets() throws {
        let parties = try Parties()
        let literal = Self.packet(11, [0x62, 0, 0, 0, 0, 0] + contacts(10))
        func message(_ packets: [UInt8]) throws -> [UInt8] {
            try parties.gpg(["--no-literal", "--compress-algo", "none", "--encrypt", "--recipient", parties.hostKey.fingerprint], input: packets)
        }
        #expect(try decrypted(message(literal), by: parties.host) == contacts(10))
        #expect(try decrypted(message(Self.wrapped(Self.wrapped(literal))), by: parties.host) == contacts(10))
        for packets in [literal + literal, Self.wrapped(literal + literal), literal + Self.wrapped(literal), contacts(10), literal.dropLast(20) + []]
        {
            #expect(["pgp.damaged", "pgp.several"].contains(code { _ = try decrypted(message(packets), by: parties.host) }))
        }
    }

    /// An OpenPGP packet (RFC 4880 §4.2.2.3).
    private static func packet(_ tag: UInt8, _ body: [UInt8]) -> [UInt8] {
        [0xC0 | tag, 0xFF] + (0..<4).reversed().map { UInt8(truncatingIfNeeded: body.count >> (8 * $0)) } + body
    }

    /// As the body of a compressed data packet that says it is not compressed, which is compression enough for packets within packets.
    private static func wrapped(_ packets: [UInt8]) -> [UInt8] { packet(8, [0] + packets) }

    @Test("T04, T27: whatever is done to a message, it gives its text or an error")
    func mutated() throws {
        let parties = try Parties()
        let cases = Int(ProcessInfo.processInfo.environment["PGP_FUZZ_CASES"] ?? "") ?? 12
        let seeds = [try parties.encrypted(contacts(50)), try parties.encrypted(contacts(50), armored: true)]
        var random = SystemRandomNumberGenerator()
        for number in 0..<cases {
            var message = seeds[number % 2]
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: message.indices, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: message[place] = .random(in: 0...255, using: &random)
                case 1: message.removeSubrange(place..<min(place + 20, message.count))
                case 2: message.insert(contentsOf: message[..<min(place, 40)], at: place)
                default: message = Array(message[..<max(place, 1)])
                }
            }
            guard let read = try? decrypted(message, by: parties.host) else { continue }
            #expect(read == contacts(50), "changed bytes passed for good ones")
        }
    }

    @Test("IMP-4: a message for somebody else's key says whose, and what to do")
    func wrongKey() throws {
        let parties = try Parties()
        let message = try parties.encrypted(contacts(10), to: [parties.partnerKey.fingerprint])
        let error = #expect(throws: ConnectError.self) { _ = try decrypted(message, by: parties.host) }
        #expect(error?.code == "pgp.no-key")
        #expect(error?.category == .configuration)
        let named = parties.partnerKey.fingerprints.contains { error?.message.contains($0.suffix(16)) ?? false }
        #expect(named, "\(error?.message ?? "")")
    }

    @Test("IMP-4: a key whose passphrase is missing or wrong says so, and is not taken for a missing key")
    func passphrases() throws {
        let parties = try Parties()
        let message = try parties.encrypted(contacts(10))
        let without = KeyRing(directory: parties.host.directory)
        let missing = #expect(throws: ConnectError.self) { _ = try decrypted(message, by: without) }
        #expect(missing?.code == "pgp.passphrase")
        #expect(missing?.message.contains("none is stored") == true)
        let wrong = KeyRing(directory: parties.host.directory) { _ in Secret("not this one") }
        let refused = #expect(throws: ConnectError.self) { _ = try decrypted(message, by: wrong) }
        #expect(refused?.code == "pgp.passphrase")
        #expect(refused?.message.contains("does not open") == true)
        #expect(refused?.description.contains("not this one") == false)
    }

    @Test("IMP-4: a key that has expired opens nothing any more")
    func expiredKey() throws {
        let parties = try Parties()
        let past = ["--faked-system-time", "20200101T000000!"]
        let parameters = "Key-Type: EDDSA\nKey-Curve: ed25519\nSubkey-Type: ECDH\nSubkey-Curve: cv25519\nName-Real: Old\nExpire-Date: 30\n%commit\n"
        let session = try GnuPGSession(programs: try GnuPGPrograms.find(), publicKeys: "/nonexistent", privateKeys: parties.host.privateKeys)
        defer { session.close() }
        let (_, made) = try session.run(past + ["--generate-key"], input: Array(parameters.utf8), needsAgent: true) { _ in Parties.hostPassphrase }
        let fingerprint = try #require(made.all("KEY_CREATED").first?.last)
        let (message, report) = try session.run(past + ["--encrypt", "--recipient", fingerprint], input: contacts(5), needsAgent: false)
        #expect(report.exitCode == 0)
        let (exported, _) = try session.run(["--export", fingerprint], input: [], needsAgent: false)
        let keys = try parties.host.take(exported, passphrase: Parties.hostPassphrase)
        #expect(keys.map(\.validity) == [.expired])
        #expect(keys.map(\.isPrivate) == [true])
        #expect(code { _ = try decrypted(message, by: parties.host) } == "pgp.key-expired")
        #expect(code { _ = try parties.host.encrypting(to: [fingerprint], into: MemorySink()) } == "pgp.key-expired")
    }

    @Test("IMP-4: what is not encrypted is refused, whatever it is")
    func notEncrypted() throws {
        let parties = try Parties()
        #expect(code { _ = try decrypted(contacts(10), by: parties.host) } == "pgp.not-encrypted")
        #expect(code { _ = try decrypted([], by: parties.host) } == "pgp.not-encrypted")
        let signed = try parties.gpg(["--sign"], input: contacts(10))
        #expect(code { _ = try decrypted(signed, by: parties.host) } == "pgp.not-encrypted")
        let symmetric = try parties.gpg(["--symmetric"], input: contacts(10))
        #expect(code { _ = try decrypted(symmetric, by: parties.host) } == "pgp.symmetric")
    }

    @Test("T26: a message made to fill a machine ends at the limit")
    func bomb() throws {
        let parties = try Parties()
        let zeros = [UInt8](repeating: 0x30, count: 80 << 20)
        let message = try parties.gpg(["--compress-algo", "zlib", "--encrypt", "--recipient", parties.hostKey.fingerprint], input: zeros)
        #expect(message.count < 1 << 20)
        #expect(code { _ = try decrypted(message, by: parties.host) } == "file.bomb")
        #expect(code { _ = try decrypted(message, by: parties.host, limit: ExpansionLimit(ratio: 100_000, bytes: 1 << 20)) } == "file.bomb")
    }

    @Test("IMP-4: a reader that stops in the middle leaves nothing behind")
    func abandoned() throws {
        let parties = try Parties()
        let message = try parties.encrypted(contacts(80_000))
        let source = try parties.host.decrypted(MemorySource(message), limit: ExpansionLimit(ratio: 200, bytes: 1 << 30))
        var chunk = [UInt8](repeating: 0, count: 1000)
        #expect(try chunk.withUnsafeMutableBytes { try source.read(into: $0) } > 0)
        source.close()
        source.close()
        #expect(Self.agents(of: parties).isEmpty)
    }

    @Test("IMP-4: no agent and no directory stays when a message has been read")
    func nothingStays() throws {
        let parties = try Parties()
        let before = Self.sessions()
        _ = try decrypted(try parties.encrypted(contacts(10), signed: true), by: parties.host)
        #expect(Self.agents(of: parties).isEmpty)
        #expect(
            Self.sessions().subtracting(before).allSatisfy {
                !FileManager.default.fileExists(atPath: $0 + "/pubring.kbx") || !Self.isOurs($0, parties)
            })
    }

    /// Agents whose home is a link to one of these rings.
    private static func agents(of parties: Parties) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { Int($0) != nil }.filter { process in
            guard let line = FileManager.default.contents(atPath: "/proc/\(process)/cmdline"), !line.isEmpty else { return false }
            let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            guard words.first?.hasSuffix("gpg-agent") == true, let place = words.firstIndex(of: "--homedir"), words.count > place + 1 else {
                return false
            }
            return isOurs(words[place + 1], parties)
        }
    }

    private static func isOurs(_ directory: String, _ parties: Parties) -> Bool {
        ((try? FileManager.default.destinationOfSymbolicLink(atPath: directory + "/private-keys-v1.d")) ?? "").hasPrefix(parties.directory)
    }

    private static func sessions() -> Set<String> {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        return Set(
            ((try? FileManager.default.contentsOfDirectory(atPath: base)) ?? []).filter { $0.hasPrefix("connecthost-gpg-") }.map { "\(base)/\($0)" })
    }
}
