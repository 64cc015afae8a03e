import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import GnuPG

struct KeysImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take in the keys of a file, public or private.",
        discussion: """
            A private key's passphrase is tried at once and kept with the other secrets.

            Examples:
              connecthost keys import partner.asc
              connecthost keys import private.asc --passphrase-stdin < passphrase.txt
            """)
    @Argument(help: "What `gpg --export` or `gpg --export-secret-keys` wrote, armoured or not.") var file: String
    @Flag(name: .customLong("passphrase-stdin"), help: "Ask for the passphrase at the terminal, or read it as one line of standard input.")
    var asksPassphrase = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        guard let contents = FileManager.default.contents(atPath: file) else {
            throw ConnectError("key.file", .configuration, "The file \(file) cannot be read.", remedy: "Name the file that the key was exported to.")
        }
        let keys = try opened.importPGPKeys([UInt8](contents), passphrase: try asksPassphrase ? SecretPrompt.ask("passphrase") : nil)
        try Output(output).show(keys.map(KeyReport.init), text: KeyReport.text(keys))
    }
}
