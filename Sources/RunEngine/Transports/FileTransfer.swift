import ConnectModel
import Foundation

/// Copies files between a server and this machine, over one connection at a time. Uploads appear under their name only when they are complete (FS-8).
public struct FileTransfer {
    private let transport: RetryingTransport
    private static let chunk = 1 << 20
    /// Shorter files are read anew after a break, which costs less than asking the server what they are before.
    private static let readAnew: Int64 = 4 << 20

    public init(_ transport: RetryingTransport) { self.transport = transport }

    /// Returns the bytes that came. `size` is what the server said, where somebody asked it already.
    public func download(_ remote: String, to local: String, size: Int64? = nil) throws -> Int64 {
        let descriptor = open(local, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.localError("written", local) }
        defer { close(descriptor) }
        guard let size, size <= Self.readAnew else { return try stream(remote, to: descriptor, local) }
        return try transport.retrying("read") { connection in
            let reader = try connection.openRead(remote, offset: 0)
            let total: Int64
            do {
                defer { reader.close() }
                total = try readWhole(reader, size, to: descriptor, local)
            }
            // It may have become shorter since it was listed; a line that ended early does not change what the server says.
            guard try total >= size || connection.stat(remote).size == total else {
                throw ResumingReader.endedEarly(remote, transport.name, total, of: size)
            }
            return total
        }
    }

    /// The network is read on a thread of its own, so that it does not wait for the disk.
    private func stream(_ remote: String, to descriptor: Int32, _ local: String) throws -> Int64 {
        let fetch = FetchStage(reader: Handle(try transport.openRead(remote, offset: 0)), cancellation: transport.cancellation, hashing: false)
        defer { fetch.stop() }
        try fetch.forEachChunk { try Self.writeAll(descriptor, $0, local) }
        try transport.cancellation.check()
        return fetch.bytesRead
    }

    private func readWhole(_ reader: any TransportReader, _ size: Int64, to descriptor: Int32, _ local: String) throws -> Int64 {
        // One byte more than the file has, so that its end comes with its bytes.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(min(size + 1, Int64(Self.chunk))), alignment: 4096)
        defer { buffer.deallocate() }
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw Self.localError("written", local) }
        var total: Int64 = 0
        while true {
            try transport.cancellation.check()
            let count = try reader.read(into: buffer)
            if count == 0 { return total }
            try Self.writeAll(descriptor, UnsafeRawBufferPointer(rebasing: buffer[..<count]), local)
            total += Int64(count)
        }
    }

    /// Returns the bytes that were sent. The file must not change meanwhile.
    public func upload(_ local: String, to remote: String) throws -> Int64 {
        try uploading(local, to: remote) { try $0.run() }
    }

    /// Returns once the server has the file whole under its temporary name (`FileUpload.temporaryPath`); the caller gives it its own.
    func send(_ local: String, for remote: String) throws { _ = try uploading(local, to: remote) { try $0.send() } }

    /// Returns the size.
    private func uploading(_ local: String, to remote: String, _ body: (FileUpload) throws -> Void) throws -> Int64 {
        let descriptor = open(local, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.localError("read", local) }
        defer { close(descriptor) }
        var status = Foundation.stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw ConnectError("local.file", .configuration, "\(local) is not a file that could be sent.")
        }
        let size = Int64(status.st_size)
        let upload = FileUpload(transport, to: remote, size: size) { offset, buffer in
            while true {
                let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
                if count < 0 && errno == EINTR { continue }
                guard count >= 0 else { throw Self.localError("read", local) }
                return count
            }
        }
        try body(upload)
        return size
    }

    /// Linux takes 1 GiB in pieces of 128 KiB in 0.2 s and in pieces of 1 MiB in 0.7 to 1.8 s (ext4, page cache).
    private static let writePiece = 128 << 10

    private static func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ path: String) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, min(rest.count, writePiece))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw localError("written", path) }
            rest = rest[(rest.startIndex + count)...]
        }
    }

    private static func localError(_ verb: String, _ path: String) -> ConnectError {
        let category: ErrorCategory = errno == ENOSPC ? .transient : .configuration
        return ConnectError("local.file", category, "The file \(path) cannot be \(verb): \(String(cString: strerror(errno))).")
    }
}
