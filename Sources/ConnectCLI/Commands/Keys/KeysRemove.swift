import ArgumentParser
import ConnectHost
import ConnectModel
import GnuPG

struct KeysRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a key from the key ring.",
        discussion:
            "A key with its private half is only removed with --private: files encrypted for it cannot be read any more.\n\nExample: connecthost keys remove partner@example.com"
    )
    @Argument(help: "Fingerprint, its last 16 digits, or address.") var key: String
    @Flag(name: .customLong("private"), help: "Even if the private half is here.") var evenPrivate = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let key = try host.open().removePGPKey(key, evenPrivate: evenPrivate)
        try Output(output).show(KeyReport(key), text: "Removed key \(key.fingerprint).")
    }
}
