public import ConnectHost
import ConnectModel
import Foundation
import Hummingbird
public import Logging

/// What machines ask a running server: `/healthz`, `/readyz` and Prometheus' `/metrics` (OPS-1).
public struct OperationsServer: Sendable {
    private let server: HostServer
    private let log: Logger

    public init(_ server: HostServer, log: Logger) {
        self.server = server
        self.log = log
    }

    /// Serves until the task is cancelled; `ready` gets the port, which the system chose when `port` is 0.
    public func run(host: String, port: Int, ready: @escaping @Sendable (Int) -> Void) async throws {
        let application = Application(
            router: router(), configuration: .init(address: .hostname(host, port: port), serverName: "connecthost"),
            onServerRunning: { channel in ready(channel.localAddress?.port ?? port) }, logger: log)
        try await application.runService(gracefulShutdownSignals: [])
    }

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        let server = server
        router.get("healthz") { _, _ in Self.text("ok\n", .ok) }
        router.get("readyz") { _, _ in
            server.metrics.current.isReady ? Self.text("ready\n", .ok) : Self.text("draining\n", .serviceUnavailable)
        }
        router.get("metrics") { _, _ in
            Self.text(
                server.metrics.text(residentBytes: Self.residentBytes, uptimeSeconds: server.uptimeSeconds), .ok,
                type: "text/plain; version=0.0.4; charset=utf-8")
        }
        return router
    }

    private static func text(_ text: String, _ status: HTTPResponse.Status, type: String = "text/plain; charset=utf-8") -> Response {
        Response(status: status, headers: [.contentType: type], body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    /// Nil where the system does not say.
    private static var residentBytes: Int64? {
        guard let statm = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        let pages = statm.split(separator: " ").dropFirst().first.flatMap { Int64($0) }
        return pages.map { $0 * Int64(sysconf(Int32(_SC_PAGESIZE))) }
    }
}
