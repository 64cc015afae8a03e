import ConnectorKit
import Testing

@testable import SSHTransportCore

@Suite struct HostKeyTests {
    @Test(
        "FS-7: SHA-256 gives the digests of FIPS 180-4's examples",
        arguments: [
            ("", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"), ("abc", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0"),
            ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "JI1qYdIGOLjlwCaTDD5gOaM85Flk/yFn9uzt1BnbBsE"),
        ])
    func digests(text: String, expected: String) {
        #expect(Base64.encodeWithoutPadding(SHA256.hash(Array(text.utf8))) == expected)
    }

    @Test("FS-7: a pin is TYPE BASE64, and the fingerprint is what ssh-keygen shows")
    func pin() throws {
        let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
        let key = try #require(HostKey(pin: line + " github.com"))
        #expect(key.fingerprint == "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU")
        #expect(key.pin == line)
    }

    @Test(
        "FS-7: text that is not a key is no pin",
        arguments: [
            "", "ssh-ed25519", "ssh-ed25519 !!!!", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
            "* AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJ",
            "ssh-ed25519\nAAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl", "@cert-authority ssh-ed25519 AAAA",
        ])
    func notAPin(text: String) { #expect(HostKey(pin: text) == nil) }

    @Test("FS-7: only keys are taken from what a scan says")
    func scan() {
        let key = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
        let text =
            "# host:22 SSH-2.0-x\n[h]:22 ssh-ed25519 \(key)\n[h]:22 ssh-ed25519 \(key)\nh ssh-ed25519 \(key) more\nh ssh-dss "
            + "AAAA\n\n-oProxyCommand=x y z\n"
        #expect(HostKeyScan.parse(Array(text.utf8)).map(\.base64) == [key])
    }

    @Test(
        "FS-2: a host that could be an option or two words is refused",
        arguments: ["", "-oProxyCommand=touch x", "a b", "a\nb", "a;b", "a/b", "user@host", "[::1]", "fe80::1%", "a`b`", "ä.example"])
    func badHosts(host: String) { #expect(!SSHEndpoint.isHost(host)) }

    @Test("FS-2: names and addresses are hosts", arguments: ["localhost", "files.example.com", "10.0.0.1", "::1", "fe80::1%eth0", "a_b-c.d"])
    func goodHosts(host: String) { #expect(SSHEndpoint.isHost(host)) }

    @Test(
        "FS-2: a user name that could be an option or hold a blank is refused", arguments: ["", "-l", "a b", "a\tb", "a'b", "a;b", "a%h", "a\u{0}"])
    func badUsers(name: String) { #expect(!SSHEndpoint.isUsername(name)) }

    @Test("FS-2: names of common directories are users", arguments: ["alice", "DOMAIN\\alice", "alice@example.com", "svc$", "a.b-c_d+e"])
    func goodUsers(name: String) { #expect(SSHEndpoint.isUsername(name)) }
}
