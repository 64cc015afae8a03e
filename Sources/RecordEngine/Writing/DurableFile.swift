import ConnectModel
import Foundation

/// A file that appears under its name only when it is complete and on disk: written beside it, synchronised, renamed.
///
/// Not closed by `commit`, it leaves nothing behind.
final class DurableFile {
    private let path: String
    private let partial: String
    private var descriptor: Int32
    private var pending: [UInt8] = []
    private static let bufferBytes = 64 << 10

    /// Throws `file.write` (transient when the disk is full, configuration otherwise).
    init(path: String) throws {
        self.path = path
        partial = path + ".partial"
        descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw Self.failure("create", path) }
        pending.reserveCapacity(Self.bufferBytes + 4096)
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(partial)
    }

    func write(_ bytes: some Sequence<UInt8>) throws {
        pending.append(contentsOf: bytes)
        if pending.count >= Self.bufferBytes { try flush() }
    }

    /// After this the file is there, whatever happens to the machine.
    func commit() throws {
        try flush()
        guard fsync(descriptor) == 0 else { throw Self.failure("write", path) }
        close(descriptor)
        descriptor = -1
        guard rename(partial, path) == 0 else { throw Self.failure("rename", path) }
        let directory = open((path as NSString).deletingLastPathComponent.isEmpty ? "." : (path as NSString).deletingLastPathComponent, O_RDONLY)
        guard directory >= 0 else { return }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw Self.failure("write", path) }
    }

    private func flush() throws {
        var written = 0
        while written < pending.count {
            let count = pending.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("write", path) }
            written += count
        }
        pending.removeAll(keepingCapacity: true)
    }

    private static func failure(_ action: String, _ path: String) -> ConnectError {
        let number = errno
        let isFull = number == ENOSPC || number == EDQUOT
        return ConnectError(
            "file.write", isFull ? .transient : .configuration, "Cannot \(action) \"\(path)\": \(String(cString: strerror(number))).",
            remedy: isFull ? "Make room on the disk." : "Check that the directory is there and may be written to.")
    }
}
