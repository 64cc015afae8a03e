import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation

struct ServersKeygen: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen", abstract: "Make a key pair to log in with, and show what to install on the server.",
        discussion: """
            The private key is sealed in the home and never leaves it; with --file it is written to a file that only you can read.

            With --email the public key, its fingerprint and how to install it go to the server's administrator by mail.

            Example: connecthost servers keygen partner --email admin@partner.example
            """)
    @Argument(help: "The server whose key it becomes; not with --file.") var server: String?
    @Option(name: .long, help: "ed25519, or rsa-3072 or rsa-4096 for servers that know nothing newer.", transform: keyType) var type = KeyPair.KeyType
        .ed25519
    @Option(name: .long, help: "The secret setting that takes the private key.") var secret = "private_key"
    @Option(name: .long, help: "Write the pair to this file and FILE.pub instead.") var file: String?
    @Flag(name: .long, help: "Replace the key the server has.") var replace = false
    @Option(name: .long, help: "Send the public key to this address; may be given several times.") var email: [String] = []
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if (server == nil) == (file == nil) { throw ValidationError("Give either a server or --file.") }
    }

    func run() throws {
        let opened = try host.open()
        // Before a key is replaced.
        if !email.isEmpty { try opened.checkMail(to: email) }
        let pair: KeyPair
        if let server {
            pair = try opened.makeKey(server: server, secret: secret, type: type, replace: replace)
        } else {
            pair = try opened.makeKey(file: URL(fileURLWithPath: file ?? "").standardizedFileURL.path, type: type)
        }
        let report = Report(
            server: server, file: file, type: type.rawValue, publicKey: pair.publicKey, fingerprint: pair.fingerprint,
            authorizedKeys: pair.authorizedKeysLine, emailed: email)
        let mails = email.isEmpty ? [] : try opened.mailKey(pair, of: server, to: email)
        try Output(output).show(report, text: Self.words(pair, server))
        guard !mails.isEmpty else { return }
        opened.deliverAfterRun(withinMilliseconds: 20_000, stop: { false })
        for mail in try mails.map({ try opened.existingMessage($0.id) }) where mail.state != .delivered {
            Output.complain(
                "The mail to \(mail.target) is not delivered yet: \(mail.failure?.message ?? "it waits"). See `connecthost outbox show \(mail.number)`."
            )
        }
    }

    @Sendable private static func keyType(_ text: String) throws -> KeyPair.KeyType {
        guard let type = KeyPair.KeyType(rawValue: text) else {
            throw ValidationError("\"\(text)\" is no key type; there are: \(KeyPair.KeyType.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return type
    }

    private struct Report: Encodable {
        var server: String?
        var file: String?
        var type: String
        var publicKey: String
        var fingerprint: String
        var authorizedKeys: String
        var emailed: [String]
    }

    private static func words(_ pair: KeyPair, _ server: String?) -> String {
        """
        Public key:   \(pair.publicKey)
        Fingerprint:  \(pair.fingerprint)

        Send the server's administrator this line for ~/.ssh/authorized_keys of the account; it lets the key in for
        moving files and for nothing else:

        \(pair.authorizedKeysLine)
        \(server.map { "\nThen: connecthost servers trust \($0), and servers test \($0)" } ?? "")
        """
    }
}
