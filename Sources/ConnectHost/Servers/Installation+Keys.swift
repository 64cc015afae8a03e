public import ConnectModel
import Foundation
import RunEngine
import StoreAPI

extension Installation {
    /// Makes a key pair and seals its private half as a secret of the server; it never leaves the host. An existing key is only
    /// replaced when asked for, because the server would no longer let this host in until the new one is installed.
    public func makeKey(server name: String, secret setting: String, type: KeyPair.KeyType, replace: Bool) throws -> KeyPair {
        var server = try existingServer(name)
        let form = SettingsForm(try catalog.connector(server.connector).info)
        guard form.fields.contains(where: { $0.name == setting && $0.isSecret }) else {
            let secrets = form.fields.filter(\.isSecret).map(\.name).joined(separator: ", ")
            throw ConnectError(
                "key.setting", .configuration, "Server \"\(name)\" takes no key: its connector has no secret setting \"\(setting)\".",
                remedy: secrets.isEmpty ? "It logs in without secrets." : "Its secrets are: \(secrets).")
        }
        guard replace || server.secrets[setting] == nil else {
            throw ConnectError(
                "key.exists", .configuration, "Server \"\(name)\" has a private key already.",
                remedy: "Give --replace for a new one; until its public key is installed on the server, the server refuses this host.")
        }
        let pair = try KeyPair.generate(type, comment: "connecthost-\(name)", in: home.root)
        server.secrets[setting] = .vault
        try vault.set(pair.privateKey, .server(name, setting))
        try control.save(server)
        return pair
    }

    /// Makes a key pair in `path` (readable by its owner alone) and `path`.pub. Never overwrites.
    public func makeKey(file path: String, type: KeyPair.KeyType) throws -> KeyPair {
        let pair = try KeyPair.generate(type, comment: "connecthost", in: home.root)
        try Self.write(pair.privateKey.reveal(), to: path, mode: 0o600)
        try Self.write(pair.publicKey + "\n", to: path + ".pub", mode: 0o644)
        return pair
    }

    /// What an `ssh` on this machine has learnt about the server's host.
    public func knownIdentities(of name: String, file: String) throws -> [PeerIdentity] {
        let server = try existingServer(name)
        guard try pinSetting(of: server) != nil, let host = server.settings["host"]?.stringValue else {
            throw ConnectError("server.no-identity", .configuration, "Server \"\(name)\" has no host key that could stand in a known_hosts file.")
        }
        let form = SettingsForm(try catalog.connector(server.connector).info)
        let port = form.filled(server.settings)["port"]?.integerValue ?? 22
        return try KnownHosts(file: file).identities(host: host, port: port)
    }

    private static func write(_ text: String, to path: String, mode: mode_t) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            throw ConnectError("key.file", .configuration, "The file \(path) cannot be made: \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        do {
            try FileHandle(fileDescriptor: descriptor).write(contentsOf: Data(text.utf8))
        } catch {
            throw ConnectError("key.file", .configuration, "The file \(path) cannot be written: \(error.localizedDescription)")
        }
    }
}
