import ArgumentParser
import ConnectHost
import ConnectModel
import GnuPG

struct KeysGenerate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Make a key pair that partners encrypt for.",
        discussion: """
            The private half stays in the home, under a passphrase that is kept with the other secrets; unless you give one, it is made up.

            Example: connecthost keys generate "Example Corp imports" --email data@example.com
            """)
    @Argument(help: "The name in the key.") var name: String
    @Option(name: .long, help: "The address in the key.") var email: String?
    @Option(name: .long, help: "rsa-4096, rsa-3072, or ed25519.", transform: algorithm) var type = KeyRequest.Algorithm.rsa4096
    @Option(name: .long, help: "How many days the key is valid; left out: for ever.") var days: Int?
    @Flag(name: .customLong("passphrase-stdin"), help: "Ask for the passphrase at the terminal, or read it as one line of standard input.")
    var asksPassphrase = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let days, !(1...36_500).contains(days) { throw ValidationError("--days is 1 to 36500.") }
    }

    func run() throws {
        let opened = try host.open()
        let passphrase = try asksPassphrase ? SecretPrompt.ask("passphrase") : nil
        let key = try opened.generatePGPKey(name: name, email: email, algorithm: type, expiresInDays: days, passphrase: passphrase)
        try Output(output).show(
            KeyReport(key),
            text: "Key \(key.fingerprint)\nSend its public half to whoever encrypts files for you: connecthost keys export \(key.fingerprint)")
    }

    @Sendable private static func algorithm(_ text: String) throws -> KeyRequest.Algorithm {
        guard let type = KeyRequest.Algorithm(rawValue: text) else {
            throw ValidationError("\"\(text)\" is no key type; there are: \(KeyRequest.Algorithm.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return type
    }
}
