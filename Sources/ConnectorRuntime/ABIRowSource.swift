public import ConnectModel
import PluginABI
public import RunEngine

/// A source connector with the settings of a server.
struct ABIRowSource: RowSource {
    let connector: LoadedConnector
    let settings: JSONValue
    let identity: String

    func isIncremental(_ stream: String) throws -> Bool {
        let streams = try connector.streams(settings)
        guard let found = streams.first(where: { $0.name == stream }) else {
            throw ConnectError(
                "source.stream", .configuration, "There is no stream \"\(stream)\".",
                remedy: "There are: \(streams.isEmpty ? "none" : streams.prefix(20).map(\.name).joined(separator: ", ")).")
        }
        return found.modes?.contains("incremental") ?? false
    }

    func open(_ stream: String, onlyNew: Bool, from cursor: JSONValue?) throws -> any RowStream {
        try connector.read(SourceRequest(stream: stream, mode: onlyNew ? "incremental" : "full"), from: cursor, settings)
    }
}

extension LoadedConnector {
    public var isSource: Bool { connector.source != nil }

    /// Its rows with these settings. `identity` tells the settings apart and holds no secret.
    public func rowSource(_ settings: JSONValue, identity: String) -> any RowSource {
        ABIRowSource(connector: self, settings: settings, identity: identity)
    }
}
