import FoundationEssentials
import PluginABI

/// The connector of this library with its type erased, as the functions find it that every kind has.
struct ExportedConnector {
    let check: (String, HostCall) throws(ConnectorError) -> Void
    let validate: (String) -> [SettingProblem]

    init<Declared: Connector>(_ connector: Declared.Type) {
        check = { json, call throws(ConnectorError) in try connector.check(try connector.settings(fromJSON: json), call) }
        validate = { connector.problems(inJSON: $0) }
    }
}

/// Written once by the entry function, before any thread of the connector exists, and only read after that.
nonisolated(unsafe) private var exportedConnector: ExportedConnector?

/// The static tables of a library with one connector. Allocated once and never freed: the host keeps pointers into them for ever.
enum LibraryTables {
    /// `kind` is CH_KIND_*; `functions` is the table of that kind.
    static func library<Declared: Connector>(
        _ declared: Declared.Type, kind: UInt32, features: UInt64, functions: UnsafeRawPointer,
        extensions: (@convention(c) (UnsafePointer<CChar>?) -> UnsafeRawPointer?)? = nil
    ) -> UnsafePointer<ch_library> {
        exportedConnector = ExportedConnector(declared)
        var one = connector(declared, kind: kind, features: features, functions: functions)
        one.validate = validate
        one.check = check
        one.extension = extensions
        return library([one])
    }

    /// A connector whose `validate`, `check` and `extension` are still to be set.
    static func connector<Declared: Connector>(
        _ declared: Declared.Type, kind: UInt32, features: UInt64, functions: UnsafeRawPointer
    ) -> ch_connector {
        var connector = ch_connector()
        connector.struct_size = UInt32(MemoryLayout<ch_connector>.size)
        connector.descriptor = constant(descriptor(declared.description, declared.settings, kind: kind, features: features))
        connector.iface = functions
        return connector
    }

    static func library(_ connectors: [ch_connector]) -> UnsafePointer<ch_library> {
        let table = UnsafeMutablePointer<UnsafePointer<ch_connector>?>.allocate(capacity: connectors.count)
        for (index, connector) in connectors.enumerated() { (table + index).initialize(to: constant(connector)) }
        var library = ch_library()
        library.struct_size = UInt32(MemoryLayout<ch_library>.size)
        library.abi_version = (1 << 16) | 0
        library.build = constant("swift-6.3 linux")
        library.count = UInt32(connectors.count)
        library.connectors = UnsafePointer(table)
        return constant(library)
    }

    /// A value that lives for ever.
    static func constant<Value>(_ value: Value) -> UnsafePointer<Value> {
        let copy = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        copy.initialize(to: value)
        return UnsafePointer(copy)
    }

    private static func constant(_ text: String) -> UnsafePointer<CChar> {
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { (copy + index).initialize(to: byte) }
        return UnsafePointer(copy)
    }

    private static func descriptor(_ description: ConnectorDescription, _ schema: SettingsSchema, kind: UInt32, features: UInt64) -> ch_descriptor {
        var descriptor = ch_descriptor()
        descriptor.struct_size = UInt32(MemoryLayout<ch_descriptor>.size)
        descriptor.kind = kind
        descriptor.status = description.maturity.rawValue
        descriptor.features = features
        descriptor.id = constant(description.id)
        descriptor.name = constant(description.name)
        descriptor.version = constant(description.version)
        descriptor.vendor = constant(description.vendor)
        descriptor.license = constant(description.license)
        descriptor.docs_url = constant(description.documentationURL)
        descriptor.summary = constant(description.summary)
        descriptor.config_schema = constant(schema.json)
        if !description.examples.isEmpty { descriptor.examples = constant("[\(description.examples.map(\.json).joined(separator: ","))]") }
        let aliases = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: description.aliases.count + 1)
        for (index, alias) in description.aliases.enumerated() { (aliases + index).initialize(to: constant(alias)) }
        (aliases + description.aliases.count).initialize(to: nil)
        descriptor.aliases = UnsafePointer(aliases)
        return descriptor
    }

    private static let validate: @convention(c) (UnsafePointer<ch_call>?, UnsafePointer<CChar>?, ch_sink) -> Int32 = { call, json, sink in
        answering(call) { _ throws(ConnectorError) in try require(put(findings(exportedConnector?.validate(text(json)) ?? []), sink)) }
    }

    /// Problems as `validate` puts them.
    static func findings(_ problems: [SettingProblem]) -> String {
        let items = problems.map {
            "{\"path\":\(SettingsSchema.quoted($0.path)),\"severity\":\"error\",\"message\":\(SettingsSchema.quoted($0.message))}"
        }
        return "[\(items.joined(separator: ","))]"
    }

    private static let check: @convention(c) (UnsafePointer<ch_call>?, UnsafePointer<CChar>?) -> Int32 = { call, json in
        answering(call) { context throws(ConnectorError) in try exportedConnector?.check(text(json), context) }
    }
}

/// A refusal of the host's sink or callback ends the call with that status.
func require(_ status: Int32) throws(ConnectorError) {
    guard status != 0 else { return }
    throw ConnectorError(ConnectorError.Status(rawValue: status) ?? .internal, "The host stopped the call.")
}
