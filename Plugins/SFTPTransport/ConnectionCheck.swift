internal import ConnectorKit
internal import SSHTransportCore

/// The steps of a connection test (FS-6). Only looks: nothing is written at the far end.
struct ConnectionCheck {
    private let settings: SFTPSettings
    private let call: any CallContext

    init(_ settings: SFTPSettings, _ call: any CallContext) {
        self.settings = settings
        self.call = call
    }

    func run() throws(ConnectorError) {
        let channel: any SSHChannel
        do throws(ConnectorError) {
            channel = try settings.channel(call)
        } catch {
            call.step(error.status == .authentication ? "host key" : "connect", succeeded: false, milliseconds: 0, message: error.message)
            throw error
        }
        let client = SFTPClient(channel: channel, options: settings.clientOptions)
        defer { client.close() }
        let started = MonotonicClock.milliseconds()
        do throws(ConnectorError) {
            try client.start(call)
        } catch {
            reportConnecting(channel, failure: error, Double(MonotonicClock.milliseconds() - started))
            throw error
        }
        reportConnecting(channel, failure: nil, 0)
        let root = try step("open directory", settings.directory.isEmpty ? "the log-in's own" : settings.directory) { () throws(ConnectorError) in
            try RemoteRoot(settings.directory, client, call)
        }
        let session = SFTPSession(client, root)
        var names = 0
        try step("list", "") { () throws(ConnectorError) in
            try session.list("", call) { (_) throws(ConnectorError) in names += 1 }
        }
        call.log(.debug, "The directory was listed.", ["names": "\(names)"])
        guard settings.ssh.verification == .checksum else { return }
        try step("checksum", "SHA-256 by the server's shell") { () throws(ConnectorError) in try SFTPConnector.verifying(settings, call).close() }
    }

    /// The four steps up to the log-in, each with the time it took; the one that was not reached failed.
    private func reportConnecting(_ channel: any SSHChannel, failure: ConnectorError?, _ elapsed: Double) {
        let endpoint = settings.endpoint
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
        // Let in, but no file transfer behind it.
        if let failure {
            call.step("start file transfer", succeeded: false, milliseconds: max(0, elapsed - Double(before)), message: failure.message)
        }
    }

    @discardableResult
    private func step<Result>(_ name: String, _ message: String, _ body: () throws(ConnectorError) -> Result) throws(ConnectorError) -> Result {
        let started = MonotonicClock.milliseconds()
        do throws(ConnectorError) {
            let result = try body()
            call.step(name, succeeded: true, milliseconds: Double(MonotonicClock.milliseconds() - started), message: message)
            return result
        } catch {
            call.step(name, succeeded: false, milliseconds: Double(MonotonicClock.milliseconds() - started), message: error.message)
            throw error
        }
    }
}
