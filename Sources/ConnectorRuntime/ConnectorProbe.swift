public import ConnectModel
import Foundation
import PluginABI

/// Loads one file and says what it provides, or why it is refused. Runs in a child process: whatever the file does, only that child suffers.
public enum ConnectorProbe {
    private static let longestText = 1 << 20

    public static func probe(_ path: String) -> ConnectorFile {
        CrashSignals.restoreDefaults()
        do {
            let library = try SharedLibrary.load(path)
            let version = library.table.pointee.abi_version
            return ConnectorFile(
                path: path, abi: "\(version >> 16).\(version & 0xFFFF)", build: library.table.pointee.build.flatMap(text),
                connectors: try LoadedConnector.connectors(library).map(describe))
        } catch {
            return ConnectorFile(path: path, refused: (error as? ConnectError)?.message ?? "\(error)")
        }
    }

    private static func describe(_ connector: ConnectorABI) throws -> ConnectorInfo {
        guard connector.raw.pointee.descriptor != nil else { throw SharedLibrary.refused("has a connector without a descriptor") }
        let descriptor = connector.descriptor
        guard Int(connector.raw.pointee.struct_size) >= MemoryLayout<ch_connector>.size,
            Int(descriptor.struct_size) >= MemoryLayout<ch_descriptor>.size
        else {
            throw SharedLibrary.refused("has a connector whose tables are shorter than those of ABI 1.0; set struct_size to the size of the struct")
        }
        guard let id = descriptor.id.flatMap(text), isID(id) else {
            throw SharedLibrary.refused("has a connector whose id is missing or is not made of a-z, 0-9, dots and dashes")
        }
        guard let kind = kind(descriptor.kind) else { throw SharedLibrary.refused("has a connector \(id) of a kind this host does not know") }
        guard connector.raw.pointee.iface != nil else { throw SharedLibrary.refused("has a connector \(id) without functions") }
        if let table = connector.transport {
            let missing = TransportTable(table).missing
            guard missing.isEmpty else { throw SharedLibrary.refused("has a transport \(id) that lacks \(missing.joined(separator: ", "))") }
        }
        if let table = connector.source {
            let missing = SourceTable(table).missing
            guard missing.isEmpty else { throw SharedLibrary.refused("has a source \(id) that lacks \(missing.joined(separator: ", "))") }
        }
        if kind == .job, connector.raw.pointee.iface.assumingMemoryBound(to: ch_job.self).pointee.run == nil {
            throw SharedLibrary.refused("has a job kind \(id) that lacks run")
        }
        let schema = try json(descriptor.config_schema, "settings schema", id)
        return ConnectorInfo(
            id: id, kind: kind, name: descriptor.name.flatMap(text) ?? id, version: descriptor.version.flatMap(text) ?? "",
            vendor: descriptor.vendor.flatMap(text) ?? "", license: descriptor.license.flatMap(text) ?? "",
            documentation: descriptor.docs_url.flatMap(text) ?? "", summary: descriptor.summary.flatMap(text) ?? "",
            aliases: aliases(descriptor.aliases), maturity: maturity(descriptor.status), features: descriptor.features,
            extensions: [CH_EXT_PEER_IDENTITY, CH_EXT_JOB_PLAN].filter { connector.raw.pointee.extension?($0) != nil },
            schema: schema ?? .object([:]),
            examples: try json(descriptor.examples, "examples", id) ?? .array([]))
    }

    private static func text(_ pointer: UnsafePointer<CChar>) -> String? {
        strnlen(pointer, longestText) < longestText ? String(cString: pointer) : nil
    }

    private static func json(_ pointer: UnsafePointer<CChar>?, _ what: String, _ id: String) throws -> JSONValue? {
        guard let pointer else { return nil }
        guard let text = text(pointer), let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else {
            throw SharedLibrary.refused("has a connector \(id) whose \(what) is not JSON")
        }
        return value
    }

    private static func aliases(_ list: UnsafePointer<UnsafePointer<CChar>?>?) -> [String] {
        guard let list else { return [] }
        var aliases: [String] = []
        while aliases.count < 32, let alias = list[aliases.count] { aliases.append(text(alias) ?? "") }
        return aliases
    }

    private static func isID(_ id: String) -> Bool {
        !id.isEmpty && id.utf8.count <= 200 && id.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789.-".contains($0) }
    }

    private static func kind(_ kind: UInt32) -> ConnectorInfo.Kind? {
        switch kind {
        case CH_KIND_TRANSPORT: .transport
        case CH_KIND_SOURCE: .source
        case CH_KIND_JOB: .job
        default: nil
        }
    }

    private static func maturity(_ status: UInt32) -> String {
        switch status {
        case 0: "stable"
        case 1: "beta"
        case 2: "experimental"
        default: "deprecated"
        }
    }
}
