import ConnectModel

/// The connection of one run, made when it is first needed. A wish to stop reaches it until it is shielded:
/// what has been committed is then carried to its end (Docs/run-states.md).
final class RunConnection {
    private let environment: RunEnvironment
    private let server: String
    private var cancellation = Cancellation()
    private var opened: RetryingTransport?
    private var forwarding: Int?
    private var isShielded = false

    init(_ environment: RunEnvironment, server: String) {
        self.environment = environment
        self.server = server
    }

    func transport() throws -> RetryingTransport {
        if let opened { return opened }
        if !isShielded, forwarding == nil {
            forwarding = environment.cancellation.onCancel { [cancellation] in cancellation.cancel() }
        }
        let transport = try environment.transport(to: server, cancellation: cancellation)
        opened = transport
        return transport
    }

    /// From here on nobody can stop it any more but by ending the process. A connection that was stopped already is made anew.
    func shield() {
        guard !isShielded else { return }
        isShielded = true
        if let forwarding { environment.cancellation.remove(forwarding) }
        guard cancellation.isCancelled else { return }
        opened?.close()
        opened = nil
        cancellation = Cancellation()
    }

    func close() {
        if let forwarding { environment.cancellation.remove(forwarding) }
        opened?.close()
    }
}
