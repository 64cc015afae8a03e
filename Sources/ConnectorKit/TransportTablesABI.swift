import FoundationEssentials
import PluginABI

/// The table of the one transport.
enum TransportTables {
    static let extensions: @convention(c) (UnsafePointer<CChar>?) -> UnsafeRawPointer? = { id in
        text(id) == "connecthost.peer_identity/1" ? UnsafeRawPointer(peerIdentity) : nil
    }

    static func transport() -> UnsafePointer<ch_transport> {
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
