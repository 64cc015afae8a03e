import ConnectModel
import ConnectorRuntime
import RunEngine

/// One server's connector in the worker, its words passed on through the reporter, which takes secrets out of them.
struct ConnectorBridge {
    private let connection: ServerConnection
    private let connector: LoadedConnector

    init(connection: ServerConnection, reporter: WorkerReporter, cancellation: Cancellation) throws {
        self.connection = connection
        let server = connection.server
        let events = CallEvents(
            log: { level, message, fields in reporter.log(level, message, fields.merging(["server": server]) { own, _ in own }) },
            step: { reporter.step($0) })
        connector = try LoadedConnector(file: connection.connectorFile, id: connection.connector, events: events, cancellation: cancellation)
    }

    func opener() throws -> any TransportOpener { try connector.opener(connection.settings) }
    func check() throws { try connector.check(connection.settings) }
    func identify() throws -> [PeerIdentity] { try connector.identify(connection.settings) }
}
