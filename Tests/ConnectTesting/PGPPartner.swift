public import Foundation

/// Somebody else with a GnuPG of their own: a key pair, and the program as they run it. Its agent ends with it.
public final class PGPPartner: Sendable {
    public let address: String
    private let directory: TemporaryDirectory
    private var home: String { directory.path + "/g" }

    /// - Parameter options: more of gpg's command line, such as a time that it is to believe in.
    public init(
        _ address: String = "data@partner.example", algorithm: String = "future-default", usage: String = "default", expiry: String = "never",
        options: [String] = []
    ) throws {
        self.address = address
        directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let made = try gpg(options + ["--quick-generate-key", "Partner <\(address)>", algorithm, usage, expiry])
        guard made.status == 0 else { throw TestFailure("gpg makes no key: \(made.errors)") }
    }

    deinit { _ = try? ChildRun("gpgconf", ["--homedir", home, "--kill", "gpg-agent"]).wait() }

    @discardableResult
    public func gpg(_ arguments: [String]) throws -> ChildRun.Result {
        try ChildRun(
            "gpg",
            ["--homedir", home, "--batch", "--yes", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", "", "--trust-model", "always"]
                + arguments
        ).wait()
    }

    /// Both sides take in each other's public keys.
    public func exchangeKeys(with host: Installation) throws {
        try giveKey(to: host)
        let keys = try host.json("keys", "list")
        for place in 0..<keys.count where keys[place]["is_private"].bool == true {
            let text = try host.expectSuccess("keys", "export", keys[place]["fingerprint"].string ?? "")
            try gpg(["--import", try directory.write("host.asc", text)])
        }
    }

    public func giveKey(to host: Installation) throws {
        let file = directory.path + "/public.asc"
        let exported = try gpg(["--armor", "--output", file, "--export", address])
        guard exported.status == 0 else { throw TestFailure("gpg exports no key: \(exported.errors)") }
        try host.expectSuccess("keys", "import", file)
    }

    /// What is in a message for them, and what gpg reports (GOODSIG, where somebody known has signed it).
    public func open(_ file: String) throws -> (content: Data, remarks: String) {
        let plain = directory.path + "/plain"
        let opened = try gpg(["--status-fd", "2", "--output", plain, "--decrypt", file])
        guard opened.status == 0 else { throw TestFailure("gpg does not open \(file): \(opened.errors)") }
        return (FileManager.default.contents(atPath: plain) ?? Data(), opened.errors)
    }
}
