import ConnectModel
import ConnectorRuntime
import Crypto
import Foundation
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
        connector = try LoadedConnector(
            file: connection.connectorFile, stamp: connection.connectorStamp, id: connection.connector, events: events, cancellation: cancellation)
    }

    /// Whether it gives rows, and not files.
    var isSource: Bool { connector.isSource }

    func opener() throws -> any TransportOpener { try connector.opener(connection.settings) }

    func rowSource() throws -> any RowSource { connector.rowSource(connection.settings, identity: try identity()) }

    /// The names of the streams that a source has.
    func streamNames() throws -> [String] { try connector.streams(connection.settings).map(\.name) }

    /// A hash of the connector and its settings without the secrets.
    private func identity() throws -> String {
        let settings = (connection.settings.objectValue ?? [:]).filter { setting in !connection.secrets.contains(setting.value.stringValue ?? "") }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = Data(connection.connector.utf8) + (try encoder.encode(JSONValue.object(settings)))
        return SHA256.hash(data: text).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    func check() throws { try connector.check(connection.settings) }
    func identify() throws -> [PeerIdentity] { try connector.identify(connection.settings) }
}

/// One job's connector in the worker.
struct JobBridge {
    private let connection: JobConnection
    private let connector: LoadedConnector

    init(_ connection: JobConnection, reporter: WorkerReporter, cancellation: Cancellation) throws {
        self.connection = connection
        let events = CallEvents(
            log: { level, message, fields in reporter.log(level, message, fields) },
            progress: { unit, done, total in
                let isBytes = unit == "bytes"
                reporter.progress(
                    RunProgress(phase: "working", bytes: isBytes ? done : 0, totalBytes: isBytes ? total : nil, records: isBytes ? 0 : done))
            })
        connector = try LoadedConnector(
            file: connection.connectorFile, stamp: connection.connectorStamp, id: connection.connector, events: events, cancellation: cancellation)
    }

    func job() throws -> any ProvidedJob { try connector.providedJob(connection.settings, isIdempotent: connection.isIdempotent) }

    /// What the connector says about the settings, and its plan: also that of a draft, so that everything can be told at once.
    func check() throws -> WorkerResult {
        let problems = try connector.validate(connection.settings)
        do {
            return .checkedJob(problems: problems, plan: try connector.plan(connection.settings))
        } catch {
            // Why there is no plan has been told by the problems, where there are some.
            guard problems.contains(where: { $0.severity == .error }) else { throw error }
            return .checkedJob(problems: problems, plan: nil)
        }
    }
}
