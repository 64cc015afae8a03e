public import ConnectModel
import Foundation
import RunEngine
import StoreAPI

/// A server as `servers show` and `--json` present it: no secret, only where each comes from.
public struct ServerDetails: Sendable, Encodable {
    public var server: FileServer
    public var connectorName: String?
    public var problems: [Problem]
}

extension Installation {
    /// Adds a server. `secretValues` go into the vault; `references` name secrets kept elsewhere.
    public func addServer(
        name: String, connector: String, settings: [String: String], secretValues: [String: Secret], references: [String: SecretReference]
    ) throws {
        guard try control.server(named: name) == nil else {
            throw ConnectError(
                "server.exists", .configuration, "There is a server \"\(name)\" already.",
                remedy: "Change it with `connecthost servers set \(name) --set key=value`, or remove it first.")
        }
        if let problem = Self.problem(withServerName: name) { throw ConnectError("server.name", .configuration, problem) }
        let info = try catalog.connector(connector).info
        guard info.kind != .job else {
            throw ConnectError(
                "server.kind", .configuration, "\"\(connector)\" is a kind of job: it reaches no files and gives no rows.",
                remedy: "`connecthost connectors list` shows transports and sources.")
        }
        let form = SettingsForm(info)
        try saveServer(
            FileServer(name: name, connector: info.id, settings: try form.values(fromText: settings)), secretValues: secretValues,
            references: references)
    }

    /// Changes settings of a server; an empty text takes a setting back to its default.
    public func setServer(name: String, settings: [String: String], secretValues: [String: Secret], references: [String: SecretReference]) throws {
        var server = try existingServer(name)
        let form = SettingsForm(try catalog.connector(server.connector).info)
        for key in settings.keys where settings[key]?.isEmpty == true { server.settings[key] = nil }
        server.settings.merge(try form.values(fromText: settings.filter { !$0.value.isEmpty })) { _, new in new }
        try saveServer(server, secretValues: secretValues, references: references)
    }

    func saveServer(_ server: FileServer, secretValues: [String: Secret], references: [String: SecretReference]) throws {
        var server = server
        let form = SettingsForm(try catalog.connector(server.connector).info)
        for (key, reference) in references { server.secrets[key] = reference }
        for key in secretValues.keys { server.secrets[key] = .vault }
        try allow(server)
        let problems = form.problems(in: server.settings, secrets: Set(server.secrets.keys)).filter { $0.severity == .error }
        guard problems.isEmpty else { throw ProblemList("server.invalid", "Server \"\(server.name)\" cannot be saved", problems).error }
        for (key, secret) in secretValues { try vault.set(secret, .server(server.name, key)) }
        try control.save(server)
    }

    public func servers() throws -> [FileServer] { try control.servers() }

    public func serverDetails(_ name: String) throws -> ServerDetails {
        let server = try existingServer(name)
        let info = try? catalog.connector(server.connector).info
        let problems = info.map { SettingsForm($0).problems(in: server.settings, secrets: Set(server.secrets.keys)) }
        return ServerDetails(
            server: server, connectorName: info?.name,
            problems: problems ?? [
                Problem(path: "connector", message: "The connector \(server.connector) is not loaded; see `connecthost connectors list`.")
            ])
    }

    public func removeServer(_ name: String) throws {
        _ = try existingServer(name)
        guard name != FileServer.embeddedName else {
            throw ConnectError(
                "server.embedded", .configuration, "\"\(name)\" is the account's own file server, which jobs use that name no other.",
                remedy: "Point it elsewhere with `connecthost servers set \(name) --set directory=...`.")
        }
        let users = try control.jobs().filter { job in ["file", "source"].contains { job.definition[$0]?["server"]?.stringValue == name } }
        guard users.isEmpty else {
            throw ConnectError(
                "server.used", .configuration, "Server \"\(name)\" is used by \(users.map { "\"\($0.name)\"" }.joined(separator: ", ")).",
                remedy: "Change or delete those jobs first.")
        }
        try control.removeServer(named: name)
    }

    /// Runs the steps of a connection test (FS-6), each reported as it ends; throws where one fails. `writingIn` is the directory in which a
    /// file is written, renamed and deleted; nil writes nothing.
    public func testServer(_ name: String, writingIn directory: String?, step: @escaping (ConnectionStep) -> Void) throws {
        let request = try workerRequest(.checkServer(writingIn: directory), connections: [connection(to: name)])
        _ = try workers.perform(request) { if case .step(let finished) = $0 { step(finished) } }
    }

    /// Asks the server who it is, sending no credential (FS-7).
    public func identifyServer(_ name: String) throws -> [PeerIdentity] {
        let request = try workerRequest(.identifyServer, connections: [connection(to: name, withSecrets: false)])
        guard case .identities(let identities) = try workers.perform(request, onMessage: { _ in }) else {
            throw ConnectError("worker.answer", .internal, "The worker gave another answer than was asked for.")
        }
        return identities
    }

    /// What is pinned for the server now.
    public func pins(of name: String) throws -> [String] {
        let server = try existingServer(name)
        return try pinSetting(of: server).flatMap { server.settings[$0]?.arrayValue?.compactMap(\.stringValue) } ?? []
    }

    /// Pins identities a person has seen, in place of those pinned before.
    public func trust(_ identities: [PeerIdentity], server name: String) throws {
        var server = try existingServer(name)
        guard let setting = try pinSetting(of: server) else {
            throw ConnectError(
                "server.no-identity", .configuration, "Server \"\(name)\" has no identity that could be pinned.",
                remedy: "Nothing has to be trusted there. Go on with `connecthost servers test \(name)`.")
        }
        server.settings[setting] = .array(identities.map { .string($0.pin) })
        try control.save(server)
    }

    /// Whether the server can show who it is, so that it has to be trusted before it is used.
    public func canBeTrusted(_ name: String) throws -> Bool { try pinSetting(of: existingServer(name)) != nil }

    func pinSetting(of server: FileServer) throws -> String? {
        SettingsForm(try catalog.connector(server.connector).info).pinField
    }

    /// Throws when the account may not use such a server (FS-9).
    private func allow(_ server: FileServer) throws {
        if let refusal = try refusal(of: server, try control.capabilities()) {
            throw ConnectError("capability.off", .configuration, refusal, remedy: "An administrator turns it on with `connecthost account set`.")
        }
    }

    /// Why the account may not use it, or nil. A connector that is gone asks for nothing.
    func refusal(of server: FileServer, _ capabilities: AccountCapabilities) throws -> String? {
        let needed = (try? catalog.connector(server.connector)).map { SettingsForm($0.info).capabilities(neededBy: server.settings) } ?? []
        return capabilities.refusal(of: server, needing: needed)
    }

    func existingServer(_ name: String) throws -> FileServer {
        if let server = try control.server(named: name) { return server }
        let names = try control.servers().map(\.name)
        throw ConnectError(
            "server.missing", .configuration, "There is no server \"\(name)\".",
            remedy: names.isEmpty ? "Add one with `connecthost servers add`." : "There are: \(names.joined(separator: ", ")).")
    }

    /// Everything a worker needs to reach the server, secrets opened. `jobSettings` are those that a job has in place of the server's own.
    func connection(to name: String, withSecrets: Bool = true, jobSettings: [String: String] = [:]) throws -> ServerConnection {
        let server = try existingServer(name)
        try allow(server)
        let found = try catalog.connector(server.connector)
        let form = SettingsForm(found.info)
        var settings = form.filled(server.settings)
        if !jobSettings.isEmpty { settings.merge(try form.jobValues(fromText: jobSettings)) { _, job in job } }
        var secrets: [String] = []
        if withSecrets {
            for (key, reference) in server.secrets {
                let value = try resolve(reference, .server(name, key)).reveal()
                settings[key] = .string(value)
                secrets.append(value)
            }
        }
        return ServerConnection(
            server: name, connectorFile: found.file, connectorStamp: FileStamp(found.file)?.description, connector: found.info.id,
            settings: .object(settings), secrets: secrets)
    }

    func resolve(_ reference: SecretReference, _ name: SecretName) throws -> Secret {
        switch reference {
        case .vault:
            if let secret = try vault.secret(name) { return secret }
            throw ConnectError(
                "secret.missing", .configuration, "The secret \"\(name.key)\" of \(name.owner) is not stored.",
                remedy: "Set it again with --secret \(name.key).")
        case .environment(let variable):
            if let value = ProcessInfo.processInfo.environment[variable], !value.isEmpty { return Secret(value) }
            throw ConnectError(
                "secret.missing", .configuration, "The environment variable \(variable), which holds \"\(name.key)\" of \(name.owner), is not set.",
                remedy: "Set it where connecthost is started.")
        case .file(let path):
            guard let data = FileManager.default.contents(atPath: path) else {
                throw ConnectError(
                    "secret.missing", .configuration, "The file \(path), which holds \"\(name.key)\" of \(name.owner), cannot be read.",
                    remedy: "Check that it exists and that you may read it.")
            }
            return Secret(String(decoding: data, as: UTF8.self).trimmingSuffix(while: \.isNewline))
        }
    }

    static func problem(withServerName name: String) -> String? {
        let allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
        guard !name.isEmpty, name.count <= 60, name.allSatisfy({ allowed.contains($0) }), name.first != "-" else {
            return "A server's name has 1 to 60 letters, digits, -, _ and dots; \"\(name)\" is not one."
        }
        return nil
    }
}

extension StringProtocol {
    func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        var end = endIndex
        while end > startIndex, predicate(self[index(before: end)]) { end = index(before: end) }
        return String(self[..<end])
    }
}
