import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import GnuPG

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "OpenPGP keys: what encrypted files are opened with, and whom files are encrypted for.",
        discussion: """
            Files that end in .pgp, .gpg or .asc are decrypted as they are read. Send partners your public key with `keys export`; take theirs in
            with `keys import`.
            """,
        subcommands: [KeysList.self, KeysGenerate.self, KeysImport.self, KeysExport.self, KeysRemove.self])
}

/// What a key is in JSON; keys are a contract.
struct KeyReport: Encodable {
    var fingerprint: String
    var algorithm: String
    var userIds: [String]
    var createdAt: String
    var expiresAt: String?
    var validity: String
    var isPrivate: Bool
    var canEncrypt: Bool
    var canSign: Bool

    init(_ key: PGPKey) {
        fingerprint = key.fingerprint
        algorithm = key.algorithm
        userIds = key.userIDs
        createdAt = Moment.text(key.createdUnixSeconds * 1000)
        expiresAt = key.expiresUnixSeconds.map { Moment.text($0 * 1000) }
        validity = key.validity.rawValue
        isPrivate = key.isPrivate
        canEncrypt = key.canEncrypt
        canSign = key.canSign
    }

    static func text(_ keys: [PGPKey]) -> String {
        var table = Table(["FINGERPRINT", "HALVES", "ALGORITHM", "STATE", "EXPIRES", "NAME"])
        for key in keys {
            let expiry = key.expiresUnixSeconds.map { Moment.text($0 * 1000) } ?? "never"
            table.add([key.fingerprint, key.isPrivate ? "both" : "public", key.algorithm, key.validity.rawValue, expiry, key.userIDs.first ?? "-"])
        }
        return table.text
    }
}

struct KeysList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the keys.", discussion: "Example: connecthost keys list --json")
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let keys = try host.open().pgpKeys()
        try Output(output).show(
            keys.map(KeyReport.init),
            text: keys.isEmpty ? "No keys. Make one with `connecthost keys generate`, or take one in with `keys import`." : KeyReport.text(keys))
    }
}
