import ConnectModel
import Foundation

/// Copies one file between a server and this machine. Uploads appear under their name only when they are complete (FS-8).
public struct FileTransfer {
    private let environment: RunEnvironment
    private let server: String
    private static let chunk = 1 << 20

    public init(_ environment: RunEnvironment, server: String) {
        self.environment = environment
        self.server = server
    }

    public func download(_ remote: String, to local: String) throws -> Int64 {
        let transport = try environment.transport(to: server)
        defer { transport.close() }
        let descriptor = open(local, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.localError("written", local) }
        defer { close(descriptor) }
        // The network is read on a thread of its own, so that it does not wait for the disk.
        let reader = Handle(try transport.openRead(remote, offset: 0))
        let fetch = FetchStage(reader: reader, cancellation: environment.cancellation, hashing: false)
        defer { fetch.stop() }
        try fetch.forEachChunk { try Self.writeAll(descriptor, $0, local) }
        try environment.cancellation.check()
        return fetch.bytesRead
    }

    public func upload(_ local: String, to remote: String) throws -> Int64 {
        let descriptor = open(local, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.localError("read", local) }
        defer { close(descriptor) }
        let transport = try environment.transport(to: server)
        defer { transport.close() }
        let partial = remote + ".part"
        let writer = try transport.openWrite(partial, offset: 0, expectedSize: nil)
        var total: Int64 = 0
        do {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 4096)
            defer { buffer.deallocate() }
            while true {
                try environment.cancellation.check()
                let count = read(descriptor, buffer.baseAddress, buffer.count)
                if count < 0 && errno == EINTR { continue }
                guard count >= 0 else { throw Self.localError("read", local) }
                if count == 0 { break }
                try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                total += Int64(count)
            }
        } catch {
            writer.abort()
            throw error
        }
        try writer.commit(modifiedUnixNanoseconds: nil)
        let arrived = try transport.stat(partial).size
        guard arrived == nil || arrived == total else {
            throw ConnectError("transfer.size", .transient, "\"\(remote)\" has \(arrived ?? 0) bytes on \(server) instead of \(total).")
        }
        try transport.rename(partial, to: remote, replace: true)
        return total
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
