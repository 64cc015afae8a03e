import Glibc
import PluginABI
import Synchronization

/// The table of the one source, and the streams it opens.
enum SourceTables {
    static func source() -> UnsafePointer<ch_source> {
        var table = ch_source()
        table.struct_size = UInt32(MemoryLayout<ch_source>.size)
        fillDescription(&table)
        fillReading(&table)
        return LibraryTables.constant(table)
    }

    private static func fillDescription(_ table: inout ch_source) {
        table.discover = { call, json, sink in
            answering(call) { host throws(ConnectorError) in try require(put(StreamsJSON(try setUpSource().streams(text(json), host)).text, sink)) }
        }
        table.schema = { call, json, stream, out in
            answering(call) { host throws(ConnectorError) in
                let found = try setUpSource().stream(text(stream), text(json), host)
                if let out { ArrowExport.fill(out, found.columns) }
            }
        }
    }

    private static func fillReading(_ table: inout ch_source) {
        table.open = { call, json, request, cursor, outReader, outStream in
            answering(call) { host throws(ConnectorError) in
                guard let outReader, let outStream else { throw ConnectorError(.internal, "The host passed no place for the reader.") }
                let source = try setUpSource()
                let asked = try RequestJSON.parse(text(request))
                let wanted = try asked.request(try source.stream(asked.stream, text(json), host), hasProjection: source.hasProjection)
                let reader = try source.open(text(json), wanted, cursor.map { text($0) }, host)
                let box = Unmanaged.passRetained(ReaderBox(reader, wanted.columns, host)).toOpaque()
                outReader.pointee = OpaquePointer(box)
                outStream.initialize(to: arrowStream(box))
            }
        }
        table.cursor = { reader, call, sink in
            answering(call) { _ throws(ConnectorError) in try require(put(try ReaderBox.of(reader).reader.cursor(), sink)) }
        }
        table.last_error = { reader, call in
            answering(call) { _ throws(ConnectorError) in if let failure = try ReaderBox.of(reader).failure { throw failure } }
        }
        table.cancel = { reader in
            // Without a reader there is nothing to cancel, and nobody to tell.
            guard let box = try? ReaderBox.of(reader) else { return }
            box.isCancelled.store(true, ordering: .relaxed)
            box.reader.cancel()
        }
        table.close = { reader in
            guard let reader else { return }
            Unmanaged<ReaderBox>.fromOpaque(UnsafeRawPointer(reader)).takeRetainedValue().reader.close()
        }
    }
}

/// The stream borrows the reader, which outlives it.
private func arrowStream(_ box: UnsafeMutableRawPointer) -> ArrowArrayStream {
    var stream = ArrowArrayStream()
    stream.private_data = box
    stream.get_schema = { stream, out in
        numbering(stream) { box throws(ConnectorError) in if let out { ArrowExport.fill(out, box.columns) } }
    }
    stream.get_next = { stream, out in
        // Without release: the end.
        out?.initialize(to: ArrowArray())
        return numbering(stream) { box throws(ConnectorError) in
            if let batch = try box.next(), let out { ArrowExport.fill(out, batch) }
        }
    }
    stream.get_last_error = { _ in UnsafePointer(lastError) }
    stream.release = { $0?.pointee.release = nil }
    return stream
}

/// Made once; read-only after that. The words of a failure come from `last_error` of the source.
nonisolated(unsafe) private let lastError: UnsafePointer<CChar> = {
    let words = "The rows could not be read.".utf8CString
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: words.count)
    for (index, byte) in words.enumerated() { (copy + index).initialize(to: byte) }
    return UnsafePointer(copy)
}()

private func setUpSource() throws(ConnectorError) -> ExportedSource {
    guard let exportedSource else { throw ConnectorError(.internal, "The connector was not set up.") }
    return exportedSource
}

/// Functions of a stream answer with an errno; the failure itself is kept for `last_error`.
private func numbering(_ stream: UnsafeMutablePointer<ArrowArrayStream>?, _ body: (ReaderBox) throws(ConnectorError) -> Void) -> Int32 {
    // A stream without its reader has nowhere to keep the words.
    guard let box = try? ReaderBox.of(UnsafeRawPointer(stream?.pointee.private_data)) else { return EINVAL }
    do {
        try body(box)
        return 0
    } catch {
        box.failure = error
        return error.status == .cancelled ? ECANCELED : EIO
    }
}
