internal import ConnectorKit

/// The steps of a connection test (FS-6). Only looks: nothing is written at the far end.
struct ConnectionCheck {
    private let settings: FTPSettings
    private let call: any CallContext

    init(_ settings: FTPSettings, _ call: any CallContext) {
        self.settings = settings
        self.call = call
    }

    func run() throws(ConnectorError) {
        let client = try FTPClient(settings)
        defer { client.close() }
        let entry = try logIn(client)
        let root = try step("open directory", settings.directory.isEmpty ? "the log-in's own" : settings.directory) { () throws(ConnectorError) in
            let root = try FTPRoot(settings.directory, entry: entry, server: settings.address)
            try client.command(["CWD " + root.resolve("")], name: "the directory \"\(settings.directory)\"", call)
            return root
        }
        var names = 0
        try step("list", "") { () throws(ConnectorError) in
            try FTPSession(client, root).list("", call) { (_) throws(ConnectorError) in names += 1 }
        }
        call.log(.debug, "The directory was listed.", ["names": "\(names)"])
        guard settings.verification == .checksum else { return }
        try step("checksum", "SHA-256 by the server") { () throws(ConnectorError) in _ = try FTPChecksum(client, root) }
    }

    /// Reports each step when the server's answers show that it is done; the one that was not reached failed.
    private func logIn(_ client: FTPClient) throws(ConnectorError) -> String {
        var steps = ["resolve", "connect", "tls", "authenticate"].filter { $0 != "tls" || settings.security != .none }
        var before = ContinuousClock.now
        func done(_ names: String..., message: String = "") {
            while let name = steps.first, names.contains(name) {
                steps.removeFirst()
                call.step(name, succeeded: true, milliseconds: (ContinuousClock.now - before).milliseconds, message: message)
                before = .now
            }
        }
        var wasTLSAsked = settings.security == .implicit
        do throws(ConnectorError) {
            let entry = try client.start(call) { reply in
                done("resolve", "connect", message: settings.address)
                // What comes after the server has agreed to AUTH comes through TLS.
                if wasTLSAsked { done("tls") }
                if reply.code == 234 { wasTLSAsked = true }
                if reply.code == 230 || reply.code == 232 { done("authenticate", message: settings.username) }
            }
            done("resolve", "connect", "tls", "authenticate")
            return entry.path
        } catch {
            // A name that resolves is only told by the connection that follows.
            if !error.message.contains("could not be resolved") { done("resolve", message: settings.host) }
            if let name = steps.first {
                call.step(name, succeeded: false, milliseconds: (ContinuousClock.now - before).milliseconds, message: error.message)
            }
            throw error
        }
    }

    @discardableResult
    private func step<Result>(_ name: String, _ message: String, _ body: () throws(ConnectorError) -> Result) throws(ConnectorError) -> Result {
        let started = ContinuousClock.now
        do throws(ConnectorError) {
            let result = try body()
            call.step(name, succeeded: true, milliseconds: (ContinuousClock.now - started).milliseconds, message: message)
            return result
        } catch {
            call.step(name, succeeded: false, milliseconds: (ContinuousClock.now - started).milliseconds, message: error.message)
            throw error
        }
    }
}

extension Duration {
    fileprivate var milliseconds: Double { Double(components.seconds) * 1000 + Double(components.attoseconds) / 1e15 }
}
