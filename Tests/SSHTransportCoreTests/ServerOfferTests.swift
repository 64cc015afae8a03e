import ServerSupport
import Testing

@testable import SSHTransportCore

@Suite struct ServerOfferTests {
    /// A version line and a KEXINIT packet as RFC 4253 has them.
    private func greeting(_ lists: [String], before: String = "") -> [UInt8] {
        func word(_ value: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(value).bigEndian) { Array($0) } }
        var payload: [UInt8] = [20] + [UInt8](repeating: 7, count: 16)
        for list in lists { payload += word(list.utf8.count) + Array(list.utf8) }
        payload += [0, 0, 0, 0, 0]
        let padding = 8
        return Array((before + "SSH-2.0-Test_1\r\n").utf8) + word(1 + payload.count + padding) + [UInt8(padding)] + payload
            + [UInt8](repeating: 0, count: padding)
    }

    private let lists = ["kex-a,kex-b", "ssh-ed25519", "aes128-ctr,aes256-ctr", "other", "hmac-x", "hmac-y", "none", "none", "", ""]

    @Test("FS-2: a server's offer is read from the first bytes, behind lines of text too", arguments: ["", "Welcome!\r\nRules\n"])
    func reading(before: String) throws {
        let offer = try #require(ServerOffer(greeting(lists, before: before)))
        #expect(offer.version == "SSH-2.0-Test_1")
        #expect(offer.keyExchanges == ["kex-a", "kex-b"])
        #expect(offer.hostKeys == ["ssh-ed25519"])
        #expect(offer.ciphers == ["aes128-ctr", "aes256-ctr"])
        #expect(offer.macs == ["hmac-x"])
    }

    @Test("FS-7: an offer that is cut short or damaged is no offer, and no crash")
    func damaged() {
        let whole = greeting(lists)
        for length in 0..<whole.count { #expect(ServerOffer(Array(whole[..<length])) == nil, "\(length) bytes") }
        var random = SystemRandomNumberGenerator()
        for index in whole.indices {
            var bytes = whole
            bytes[index] = UInt8.random(in: 0...255, using: &random)
            _ = ServerOffer(bytes)
        }
    }

    @Test("FS-2: the installed ssh takes the options of each policy", arguments: SSHAlgorithmPolicy.allCases)
    func policies(policy: SSHAlgorithmPolicy) throws {
        let key = try #require(
            HostKey(pin: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"))
        let options = policy.openSSHOptions(provenBy: [key]).flatMap { ["-o", $0] }
        let outcome = try Program.run("/usr/bin/ssh", ["-F", "/dev/null", "-G"] + options + ["host"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let exchanges = outcome.output.split(separator: "\n").first { $0.hasPrefix("kexalgorithms ") } ?? ""
        #expect(exchanges.contains("curve25519-sha256"))
        #expect(exchanges.contains("diffie-hellman-group14-sha256") == (policy != .modern))
        #expect(exchanges.contains("diffie-hellman-group14-sha1") == (policy == .legacy))
        #expect((policy.warning != nil) == (policy == .legacy))
    }
}
