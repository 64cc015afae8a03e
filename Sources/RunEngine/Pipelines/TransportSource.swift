import ConnectModel
import RecordEngine

/// A file on a server as a source of bytes; closed with the object.
final class TransportSource: ByteSource {
    private let reader: any TransportReader

    init(_ reader: any TransportReader) { self.reader = reader }
    deinit { reader.close() }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try reader.read(into: buffer) }
}
