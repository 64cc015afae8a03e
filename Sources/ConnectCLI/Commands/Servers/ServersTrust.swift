import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation

struct ServersTrust: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "Show a server's identity and pin it once you have compared the fingerprint.",
        discussion: """
            On a terminal it asks; elsewhere give --yes after you have seen the fingerprints, or --fingerprint to pin only a key you know.

            Example: connecthost servers trust partner --fingerprint SHA256:…
            """)
    @Argument(help: "The server.") var name: String
    @Flag(name: .long, help: "Pin what the server shows without asking.") var yes = false
    @Option(name: .long, help: "Pin only the key with this fingerprint; refuse when the server does not show it.") var fingerprint: String?
    @Option(name: .long, help: "Take the keys from this file of known hosts instead of asking the server.") var knownHosts: String?
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        let shown = try knownHosts.map { try opened.knownIdentities(of: name, file: $0) } ?? opened.identifyServer(name)
        guard !shown.isEmpty else {
            throw ConnectError(
                "server.no-identity", .configuration, "Server \"\(name)\" shows no key or certificate that could be pinned.",
                remedy: "Nothing has to be trusted there. Go on with `connecthost servers test \(name)`.")
        }
        let before = try opened.pins(of: name)
        let changed = !before.isEmpty && !shown.allSatisfy { before.contains($0.pin) }
        if !output.json { describe(shown, before, changed) }
        let chosen = try choose(shown)
        guard !chosen.isEmpty else { throw ConnectError("server.not-trusted", .authentication, "Nothing was pinned.") }
        try opened.trust(chosen, server: name)
        try Output(output).show(
            Report(server: name, pinned: chosen, changed: changed), text: "Pinned for \"\(name)\". A server that shows another key will be refused.")
    }

    private struct Report: Encodable {
        var server: String
        var pinned: [PeerIdentity]
        var changed: Bool
    }

    private func describe(_ shown: [PeerIdentity], _ before: [String], _ changed: Bool) {
        print(knownHosts.map { "\($0) has for server \"\(name)\":" } ?? "Server \"\(name)\" shows:")
        for identity in shown { print("  \(identity.type)  \(identity.fingerprint)\(before.contains(identity.pin) ? "  (pinned already)" : "")") }
        if changed { print("WARNING: other keys were pinned before. Ask the server's administrator why they changed.") }
    }

    private func choose(_ shown: [PeerIdentity]) throws -> [PeerIdentity] {
        if let fingerprint {
            let matching = shown.filter { $0.fingerprint == fingerprint }
            guard !matching.isEmpty else {
                throw ConnectError(
                    "server.fingerprint", .authentication,
                    "Server \"\(name)\" does not show \(fingerprint) but \(shown.map(\.fingerprint).joined(separator: ", ")).",
                    remedy: "Nothing was pinned. Ask the server's administrator for the right fingerprint.")
            }
            return matching
        }
        if yes || knownHosts != nil { return shown }
        guard isatty(0) != 0 else {
            throw ConnectError(
                "server.unconfirmed", .configuration, "Nobody can be asked here whether the fingerprints are right.",
                remedy: "Compare them with what the server's administrator tells you, then give --fingerprint SHA256:… or --yes.")
        }
        print("Pin them? Compare the fingerprints with what the server's administrator tells you. [yes/no] ", terminator: "")
        fflush(nil)
        return readLine()?.lowercased() == "yes" ? shown : []
    }
}
