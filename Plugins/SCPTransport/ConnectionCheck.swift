internal import ConnectorKit
internal import SSHTransportCore

/// The steps of a connection test (FS-6). Only looks: nothing is written at the far end.
struct ConnectionCheck {
    private let settings: SCPSettings
    private let call: any CallContext

    init(_ settings: SCPSettings, _ call: any CallContext) {
        self.settings = settings
        self.call = call
    }

    func run() throws(ConnectorError) {
        let connection = SSHSharedConnection(settings.ssh.endpoint, engine: settings.ssh.engine, sharing: settings.sharesConnection)
        defer { connection.close() }
        try connect(connection)
        let files = try step("find what the server offers") { () throws(ConnectorError) in
            let files = try Offer.find(connection, settings, call)
            let contents = settings.transfer == .auto && files.contents != nil ? "SFTP" : "SCP"
            return (files, "contents: \(contents); names: \(files.means)")
        }
        if settings.ssh.verification == .checksum {
            try step("checksum") { () throws(ConnectorError) in
                try ShellChecksum(connection, ownsConnection: false, settings: settings.ssh, call) { (path) throws(ConnectorError) in
                    try files.resolve(path)
                }.close()
                return ((), "SHA-256 by the server's shell")
            }
        }
        guard !(files is SCPOnlyFiles) else { return }
        try step("list") { () throws(ConnectorError) in
            var names = 0
            try files.list("", call) { (_) throws(ConnectorError) in names += 1 }
            return ((), "\(names) names")
        }
    }

    /// Without sharing, connecting is a part of what comes next.
    private func connect(_ connection: SSHSharedConnection) throws(ConnectorError) {
        var channel: (any SSHChannel)?
        let started = MonotonicClock.milliseconds()
        do throws(ConnectorError) {
            try connection.start(call) { channel = $0 }
            if let channel { reportConnecting(channel, failure: nil, 0) }
        } catch {
            if let channel {
                reportConnecting(channel, failure: error, Double(MonotonicClock.milliseconds() - started))
            } else {
                call.step(error.status == .authentication ? "host key" : "connect", succeeded: false, milliseconds: 0, message: error.message)
            }
            throw error
        }
    }

    /// The four steps up to the log-in, each with the time it took; the one that was not reached failed.
    private func reportConnecting(_ channel: any SSHChannel, failure: ConnectorError?, _ elapsed: Double) {
        let endpoint = settings.ssh.endpoint
        let steps: [(name: String, milestone: ConnectMilestone, message: String)] = [
            ("resolve", .resolved, endpoint.host),
            ("connect", .connected, endpoint.address),
            ("host key", .hostKeyAccepted, channel.presentedHostKey ?? ""),
            ("authenticate", .authenticated, endpoint.username),
        ]
        var before: Int64 = 0
        let reached = channel.milestones
        for step in steps {
            guard let time = reached[step.milestone] else {
                guard let failure else { continue }
                return call.step(step.name, succeeded: false, milliseconds: max(0, elapsed - Double(before)), message: failure.message)
            }
            call.step(step.name, succeeded: true, milliseconds: Double(time - before), message: step.message)
            before = time
        }
    }

    /// `body` gives its result and what the step says about it.
    @discardableResult
    private func step<Result>(_ name: String, _ body: () throws(ConnectorError) -> (Result, String)) throws(ConnectorError) -> Result {
        let started = MonotonicClock.milliseconds()
        do throws(ConnectorError) {
            let (result, message) = try body()
            call.step(name, succeeded: true, milliseconds: Double(MonotonicClock.milliseconds() - started), message: message)
            return result
        } catch {
            call.step(name, succeeded: false, milliseconds: Double(MonotonicClock.milliseconds() - started), message: error.message)
            throw error
        }
    }
}
