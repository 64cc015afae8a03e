public import ConnectorKit
internal import Glibc

/// Bytes that wait on this machine's disk in a file without a name, which is gone with the object.
public final class SpoolFile {
    private let descriptor: FileDescriptor
    /// Bytes in it.
    public private(set) var size: Int64 = 0

    public init() throws(ConnectorError) {
        let directory = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
        var template = Array((directory + "/connecthost-spool.XXXXXX").utf8CString)
        descriptor = FileDescriptor(mkstemp(&template))
        guard descriptor.number >= 0 else {
            throw ConnectorError(.configuration, "No temporary file could be made in \(directory): \(systemText(errno)). Set TMPDIR.")
        }
        _ = fcntl(descriptor.number, F_SETFD, FD_CLOEXEC)
        unlink(template)
    }

    public func append(_ bytes: UnsafeRawBufferPointer) throws(ConnectorError) {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor.number, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                throw ConnectorError(.noSpace, "A file without a known size must wait on this machine first, and cannot: \(systemText(errno)).")
            }
            done += count
        }
        size += Int64(done)
    }

    /// From its beginning, in pieces of 256 KiB.
    public func read(_ each: (UnsafeRawBufferPointer) throws(ConnectorError) -> Void) throws(ConnectorError) {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 262_144, alignment: 16)
        defer { piece.deallocate() }
        var offset: Int64 = 0
        while offset < size {
            let count = pread(descriptor.number, piece.baseAddress, piece.count, off_t(offset))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw ConnectorError(.transient, "A temporary file could not be read: \(systemText(errno)).") }
            offset += Int64(count)
            try each(UnsafeRawBufferPointer(rebasing: piece[0..<count]))
        }
    }
}
