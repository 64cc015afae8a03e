import ConnectorKit
import Glibc

/// A file that is read, or one that is written.
final class OpenFile: ReadableFile, WritableFile {
    private let descriptor: Int32
    private let directory: Int32
    private let name: String
    private let path: String
    private let isNew: Bool

    init(_ parent: Int32, _ name: String, _ path: String, _ flags: Int32, isNew: Bool) throws(ConnectorError) {
        self.name = name
        self.path = path
        self.isNew = isNew
        // Without O_NONBLOCK a pipe of that name would hold the call for ever.
        descriptor = openat(parent, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o666)
        let number = errno
        directory = fcntl(parent, F_DUPFD_CLOEXEC, 0)
        if descriptor < 0 { throw failure(number, path) }
        var facts = Glibc.stat()
        guard directory >= 0, fstat(descriptor, &facts) == 0 else { throw failure(errno, path) }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw ConnectorError(.configuration, "\"\(path)\" is not a regular file.") }
    }

    deinit {
        if descriptor >= 0 { Glibc.close(descriptor) }
        if directory >= 0 { Glibc.close(directory) }
    }

    func size() throws(ConnectorError) -> Int64 {
        var facts = Glibc.stat()
        try checked(fstat(descriptor, &facts), path)
        return Int64(facts.st_size)
    }

    func seek(to offset: Int64) throws(ConnectorError) {
        guard lseek(descriptor, off_t(offset), SEEK_SET) == off_t(offset) else { throw failure(errno, path) }
    }

    /// How many bytes; 0 at the end. Where you wait for a network, poll `call.cancelFileDescriptor` beside your socket.
    func read(into buffer: UnsafeMutableRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int {
        try call.checkCancellation()
        let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        guard count >= 0 else { throw failure(errno, path) }
        return count
    }

    func close() {}

    /// May take fewer bytes than there are; the host comes again with the rest.
    func write(_ buffer: UnsafeRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int {
        try call.checkCancellation()
        let count = Glibc.write(descriptor, buffer.baseAddress, buffer.count)
        guard count > 0 else { throw failure(errno, path) }
        return count
    }

    /// The only success of a write: after it the file is complete and survives a power cut.
    func commit(modifiedUnixNanoseconds: Int64?, _ call: any CallContext) throws(ConnectorError) {
        if let modified = modifiedUnixNanoseconds {
            let (seconds, rest) = modified.quotientAndRemainder(dividingBy: 1_000_000_000)
            let time = timespec(tv_sec: Int(rest < 0 ? seconds - 1 : seconds), tv_nsec: Int(rest < 0 ? rest + 1_000_000_000 : rest))
            try checked(futimens(descriptor, [time, time]), path)
        }
        try checked(fsync(descriptor), path)
        try checked(fsync(directory), path)
    }

    /// A write without commit leaves nothing; a file that was here before it stays.
    func abort() {
        if isNew { unlinkat(directory, name, 0) }
    }
}
