import FoundationEssentials
import PluginABI

/// The static tables of the one transport. Allocated once and never freed: the host keeps pointers into them for ever.
enum TransportTables {
    static func library(_ descriptor: UnsafePointer<ch_descriptor>) -> UnsafePointer<ch_library> {
        let connector = UnsafeMutablePointer<ch_connector>.allocate(capacity: 1)
        connector.initialize(to: ch_connector())
        connector.pointee.struct_size = UInt32(MemoryLayout<ch_connector>.size)
        connector.pointee.descriptor = descriptor
        connector.pointee.validate = validate
        connector.pointee.check = check
        connector.pointee.iface = UnsafeRawPointer(transport())
        connector.pointee.extension = { id in text(id) == "connecthost.peer_identity/1" ? UnsafeRawPointer(peerIdentity) : nil }
        let connectors = UnsafeMutablePointer<UnsafePointer<ch_connector>?>.allocate(capacity: 1)
        connectors.initialize(to: UnsafePointer(connector))
        let library = UnsafeMutablePointer<ch_library>.allocate(capacity: 1)
        library.initialize(to: ch_library())
        library.pointee.struct_size = UInt32(MemoryLayout<ch_library>.size)
        library.pointee.abi_version = (1 << 16) | 0
        library.pointee.build = constant("swift-6.3 linux")
        library.pointee.count = 1
        library.pointee.connectors = UnsafePointer(connectors)
        return UnsafePointer(library)
    }

    static func descriptor(_ description: ConnectorDescription, _ features: TransportFeatures, _ schema: SettingsSchema) -> UnsafePointer<ch_descriptor> {
        let descriptor = UnsafeMutablePointer<ch_descriptor>.allocate(capacity: 1)
        descriptor.initialize(to: ch_descriptor())
        descriptor.pointee.struct_size = UInt32(MemoryLayout<ch_descriptor>.size)
        descriptor.pointee.kind = 1
        descriptor.pointee.status = description.maturity.rawValue
        descriptor.pointee.features = features.rawValue
        descriptor.pointee.id = constant(description.id)
        descriptor.pointee.name = constant(description.name)
        descriptor.pointee.version = constant(description.version)
        descriptor.pointee.vendor = constant(description.vendor)
        descriptor.pointee.license = constant(description.license)
        descriptor.pointee.docs_url = constant(description.documentationURL)
        descriptor.pointee.summary = constant(description.summary)
        descriptor.pointee.config_schema = constant(schema.json)
        let aliases = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: description.aliases.count + 1)
        for (index, alias) in description.aliases.enumerated() { (aliases + index).initialize(to: constant(alias)) }
        (aliases + description.aliases.count).initialize(to: nil)
        descriptor.pointee.aliases = UnsafePointer(aliases)
        return UnsafePointer(descriptor)
    }

    /// Text that lives for ever.
    private static func constant(_ text: String) -> UnsafePointer<CChar> {
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { (copy + index).initialize(to: byte) }
        return UnsafePointer(copy)
    }

    private static let validate: @convention(c) (UnsafePointer<ch_call>?, UnsafePointer<CChar>?, ch_sink) -> Int32 = { call, json, sink in
        answering(call) { _ throws(ConnectorError) in
            let problems = exported?.validate(text(json)) ?? []
            let items = problems.map { "{\"path\":\(SettingsSchema.quoted($0.path)),\"severity\":\"error\",\"message\":\(SettingsSchema.quoted($0.message))}" }
            try require(put("[\(items.joined(separator: ","))]", sink))
        }
    }

    private static let check: @convention(c) (UnsafePointer<ch_call>?, UnsafePointer<CChar>?) -> Int32 = { call, json in
        answering(call) { context throws(ConnectorError) in try exported?.check(text(json), context) }
    }

    private static func transport() -> UnsafePointer<ch_transport> {
        let table = UnsafeMutablePointer<ch_transport>.allocate(capacity: 1)
        table.initialize(to: ch_transport())
        table.pointee.struct_size = UInt32(MemoryLayout<ch_transport>.size)
        fillSession(&table.pointee)
        fillNames(&table.pointee)
        fillFiles(&table.pointee)
        return UnsafePointer(table)
    }

    private static func fillSession(_ table: inout ch_transport) {
        table.open = { call, json, out in
            answering(call) { context throws(ConnectorError) in
                guard let exported, let out else { throw ConnectorError(.internal, "The connector was not set up.") }
                out.pointee = OpaquePointer(Unmanaged.passRetained(SessionBox(try exported.open(text(json), context))).toOpaque())
            }
        }
        table.close = { session in
            guard let session else { return }
            Unmanaged<SessionBox>.fromOpaque(UnsafeRawPointer(session)).takeRetainedValue().session.close()
        }
        table.cancel = { session in
            guard let session else { return }
            Unmanaged<SessionBox>.fromOpaque(UnsafeRawPointer(session)).takeUnretainedValue().session.cancel()
        }
    }

    private static func fillNames(_ table: inout ch_transport) {
        table.stat = { session, call, path, report, context in
            answering(call) { host throws(ConnectorError) in
                let entry = try SessionBox.of(session).session.stat(text(path), host)
                try require(withEntry(entry) { report?(context, $0) ?? 0 })
            }
        }
        table.list = { session, call, directory, report, context in
            answering(call) { host throws(ConnectorError) in
                try SessionBox.of(session).session.list(text(directory), host) { entry throws(ConnectorError) in
                    try require(withEntry(entry) { report?(context, $0) ?? 0 })
                }
            }
        }
        table.rename = { session, call, from, to, replace in
            answering(call) { host throws(ConnectorError) in
                try SessionBox.of(session).session.rename(text(from), to: text(to), replace: replace != 0, host)
            }
        }
        table.remove = { session, call, path in
            answering(call) { host throws(ConnectorError) in try SessionBox.of(session).session.remove(text(path), host) }
        }
        table.mkdir = { session, call, path in
            answering(call) { host throws(ConnectorError) in try SessionBox.of(session).session.makeDirectory(text(path), host) }
        }
        table.rmdir = { session, call, path in
            answering(call) { host throws(ConnectorError) in try SessionBox.of(session).session.removeDirectory(text(path), host) }
        }
    }

    private static func fillFiles(_ table: inout ch_transport) {
        table.open_read = { session, call, path, offset, out in
            answering(call) { host throws(ConnectorError) in
                let file = try SessionBox.of(session).session.openRead(text(path), offset: offset, host)
                out?.pointee = OpaquePointer(Unmanaged.passRetained(FileBox(.readable(file))).toOpaque())
            }
        }
        table.read = { file, call, buffer, capacity in
            counting(call) { host throws(ConnectorError) in
                guard case .readable(let file) = try FileBox.of(file).file else { throw ConnectorError(.internal, "The file is open for writing.") }
                return try file.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: capacity), host)
            }
        }
        table.open_write = { session, call, path, offset, expected, out in
            answering(call) { host throws(ConnectorError) in
                let size = expected >= 0 ? expected : nil
                let file = try SessionBox.of(session).session.openWrite(text(path), offset: offset, expectedSize: size, host)
                out?.pointee = OpaquePointer(Unmanaged.passRetained(FileBox(.writable(file))).toOpaque())
            }
        }
        table.write = { file, call, bytes, count in
            counting(call) { host throws(ConnectorError) in
                guard case .writable(let file) = try FileBox.of(file).file else { throw ConnectorError(.internal, "The file is open for reading.") }
                return try file.write(UnsafeRawBufferPointer(start: bytes, count: count), host)
            }
        }
        table.commit = { file, call, modified in
            let box = FileBox.taken(file)
            return answering(call) { host throws(ConnectorError) in
                guard case .writable(let file)? = box?.file else { throw ConnectorError(.internal, "Only a file open for writing can be committed.") }
                try file.commit(modifiedUnixNanoseconds: modified == .min ? nil : modified, host)
            }
        }
        table.abort = { file in
            switch FileBox.taken(file)?.file {
            case .readable(let file): file.close()
            case .writable(let file): file.abort()
            case nil: break
            }
        }
    }
}

/// A refusal of the host's sink or callback ends the call with that status.
private func require(_ status: Int32) throws(ConnectorError) {
    guard status != 0 else { return }
    throw ConnectorError(ConnectorError.Status(rawValue: status) ?? .internal, "The host stopped the call.")
}

/// Made once; read-only after that.
nonisolated(unsafe) private let peerIdentity: UnsafePointer<ch_peer_identity> = {
    let table = UnsafeMutablePointer<ch_peer_identity>.allocate(capacity: 1)
    table.initialize(to: ch_peer_identity())
    table.pointee.struct_size = UInt32(MemoryLayout<ch_peer_identity>.size)
    table.pointee.identify = { call, json, sink in
        answering(call) { context throws(ConnectorError) in
            let identities = try exported?.identify(text(json), context) ?? []
            let items = identities.map { identity in
                let members = [("type", identity.type), ("fingerprint", identity.fingerprint), ("pin", identity.pin)]
                return "{\(members.map { "\"\($0.0)\":\(SettingsSchema.quoted($0.1))" }.joined(separator: ","))}"
            }
            try require(put("[\(items.joined(separator: ","))]", sink))
        }
    }
    return UnsafePointer(table)
}()
