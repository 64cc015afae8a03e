import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import GnuPG

struct KeysExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a key in armoured form: its public half, for partners.",
        discussion: """
            The private half, for a backup, only goes into a file that only you can read; it stays under its passphrase.

            Example: connecthost keys export data@example.com > public.asc
            """)
    @Argument(help: "Fingerprint, its last 16 digits, or address.") var key: String
    @Option(name: .long, help: "Write it to this file, which must not exist.") var file: String?
    @Flag(name: .customLong("private"), help: "The private half; needs --file.") var isPrivate = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var fingerprint: String
        var file: String?
        var armor: String?
    }

    func validate() throws {
        if isPrivate && file == nil { throw ValidationError("--private needs --file: a private key does not belong on a screen.") }
    }

    func run() throws {
        let (exported, bytes) = try host.open().exportPGPKey(key, isPrivate: isPrivate)
        let text = String(decoding: bytes, as: UTF8.self)
        if let file { try write(bytes, to: file) }
        let report = Report(fingerprint: exported.fingerprint, file: file, armor: file == nil ? text : nil)
        try Output(output).show(report, text: file.map { "Key \(exported.fingerprint) is in \($0)." } ?? text)
    }

    private func write(_ bytes: [UInt8], to file: String) throws {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, isPrivate ? 0o600 : 0o644)
        guard descriptor >= 0 else {
            throw ConnectError("key.file", .configuration, "The file \(file) cannot be made: \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        do {
            try FileHandle(fileDescriptor: descriptor).write(contentsOf: Data(bytes))
        } catch {
            throw ConnectError("key.file", .configuration, "The file \(file) cannot be written: \(error.localizedDescription)")
        }
    }
}
