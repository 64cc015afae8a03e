public import ConnectModel
import Foundation
import PluginABI
public import RunEngine

/// One provider of a loaded file.
struct ConnectorABI: @unchecked Sendable {
    // Unchecked: the tables are constant for the life of the process, as the ABI demands.
    let raw: UnsafePointer<ch_connector>

    var descriptor: ch_descriptor { raw.pointee.descriptor.pointee }
    var id: String { descriptor.id.map { String(cString: $0) } ?? "" }

    var transport: UnsafePointer<ch_transport>? {
        descriptor.kind == CH_KIND_TRANSPORT ? raw.pointee.iface?.assumingMemoryBound(to: ch_transport.self) : nil
    }

    var source: UnsafePointer<ch_source>? {
        descriptor.kind == CH_KIND_SOURCE ? raw.pointee.iface?.assumingMemoryBound(to: ch_source.self) : nil
    }

    var job: UnsafePointer<ch_job>? {
        descriptor.kind == CH_KIND_JOB ? raw.pointee.iface?.assumingMemoryBound(to: ch_job.self) : nil
    }

    func peerIdentity() -> UnsafePointer<ch_peer_identity>? {
        raw.pointee.extension?(CH_EXT_PEER_IDENTITY)?.assumingMemoryBound(to: ch_peer_identity.self)
    }
}

/// A connector in the worker: what the host asks of it apart from moving files. Blocking calls come from plain threads only.
public struct LoadedConnector: Sendable {
    let connector: ConnectorABI
    let id: String
    private let events: CallEvents
    let cancellation: Cancellation

    /// Loads the file and finds the provider. Throws `connector.refused` or `connector.missing`.
    /// `stamp` is the `FileStamp` of the file that was looked at; nil takes any.
    public init(file: String, stamp: String? = nil, id: String, events: CallEvents, cancellation: Cancellation) throws {
        let library: SharedLibrary
        do {
            library = try SharedLibrary.load(file, stamp: stamp)
        } catch let error as ConnectError {
            throw ConnectError(error.code, error.category, "The connector file \(file) \(error.message).")
        }
        guard let found = Self.connectors(library).first(where: { $0.raw.pointee.descriptor != nil && $0.id == id }) else {
            throw ConnectError("connector.missing", .configuration, "The file \(file) no longer has a connector \(id).")
        }
        connector = found
        self.id = id
        self.events = events
        self.cancellation = cancellation
    }

    static func connectors(_ library: SharedLibrary) -> [ConnectorABI] {
        (0..<Int(library.table.pointee.count)).compactMap { library.table.pointee.connectors[$0].map(ConnectorABI.init) }
    }

    /// What the connector itself says about settings; its schema has been checked before.
    public func validate(_ settings: JSONValue) throws -> [Problem] {
        guard let validate = connector.raw.pointee.validate else { return [] }
        return try collect("Checking the settings") { call, json, sink in validate(call, json, sink) }(settings)
    }

    /// A real connection test; its steps go to the events.
    public func check(_ settings: JSONValue) throws {
        guard let check = connector.raw.pointee.check else { return }
        let call = makeCall()
        let json = try Self.text(settings)
        try call.perform("The connection test") { check($0, json) }
    }

    /// Who the peer is; no credential is sent.
    public func identify(_ settings: JSONValue) throws -> [PeerIdentity] {
        guard let identify = connector.peerIdentity()?.pointee.identify else { return [] }
        return try collect("Asking the server who it is") { call, json, sink in identify(call, json, sink) }(settings)
    }

    /// Connections with these settings.
    public func opener(_ settings: JSONValue) throws -> any TransportOpener {
        guard let table = connector.transport else {
            throw ConnectError("connector.kind", .configuration, "\(id) is not a transport.")
        }
        return ABITransportOpener(
            connector: id, table: TransportTable(table), features: TransportFeatures(rawValue: connector.descriptor.features),
            settings: try Self.text(settings), events: events)
    }

    func makeCall() -> CallABI { CallABI(connector: id, events: events, cancellation: cancellation) }

    static func text(_ settings: JSONValue) throws -> String { String(decoding: try JSONEncoder().encode(settings), as: UTF8.self) }

    /// A call that answers with JSON through a sink.
    func collect<Value: Decodable>(
        _ what: String, _ body: @escaping (UnsafePointer<ch_call>, UnsafePointer<CChar>, ch_sink) -> Int32
    ) -> (JSONValue) throws -> Value {
        { settings in
            let call = makeCall()
            let collected = Collected()
            let sink = ch_sink(ctx: Unmanaged.passUnretained(collected).toOpaque(), put: Collected.put)
            let json = try Self.text(settings)
            try call.perform(what) { body($0, json, sink) }
            guard let value = try? JSONDecoder().decode(Value.self, from: collected.bytes) else {
                throw ConnectError("connector.defect", .internal, "\(what): connector \(id) answered with something that is not the JSON asked for.")
            }
            return value
        }
    }
}

/// Where a sink's bytes go; bounded, so that a defective connector cannot fill the memory.
final class Collected {
    var bytes = Data()

    static let put: @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Int32 = { context, bytes, count in
        guard let context, let bytes, count >= 0 else { return CH_E_INTERNAL }
        let collected = Unmanaged<Collected>.fromOpaque(context).takeUnretainedValue()
        guard collected.bytes.count + count <= 16 << 20 else { return CH_E_NO_SPACE }
        collected.bytes.append(bytes.assumingMemoryBound(to: UInt8.self), count: count)
        return CH_OK
    }
}
