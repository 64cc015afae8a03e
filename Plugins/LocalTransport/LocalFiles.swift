import ConnectorKit
import Glibc

final class LocalReadFile: ReadableFile {
    private var descriptor: Int32
    private let path: String

    init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close() }

    func read(into buffer: UnsafeMutableRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int {
        try call.checkCancellation()
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw SystemError.of(errno, "The file", path) }
            return count
        }
    }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}

final class LocalWriteFile: WritableFile {
    private var descriptor: Int32
    private let directory: Int32
    private let name: String
    private let path: String
    private let isNew: Bool

    init(descriptor: Int32, directory: Int32, name: String, path: String, isNew: Bool) {
        self.descriptor = descriptor
        self.directory = directory
        self.name = name
        self.path = path
        self.isNew = isNew
    }

    deinit {
        close()
        Glibc.close(directory)
    }

    func seek(to offset: Int64) throws(ConnectorError) {
        guard offset > 0 else { return }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemError.of(errno, "The file", path) }
        guard Int64(status.st_size) == offset else {
            throw ConnectorError(.data, "\"\(path)\" has \(status.st_size) bytes and cannot be gone on with at byte \(offset).")
        }
        guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else { throw SystemError.of(errno, "The file", path) }
    }

    func write(_ buffer: UnsafeRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int {
        try call.checkCancellation()
        while true {
            let count = Glibc.write(descriptor, buffer.baseAddress, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw SystemError.of(count == 0 ? ENOSPC : errno, "The file", path) }
            return count
        }
    }

    func commit(modifiedUnixNanoseconds: Int64?, _ call: any CallContext) throws(ConnectorError) {
        defer { close() }
        if let modified = modifiedUnixNanoseconds {
            let now = timespec(tv_sec: 0, tv_nsec: Int((1 << 30) - 2))
            let then = timespec(tv_sec: Int(modified / 1_000_000_000), tv_nsec: Int(modified % 1_000_000_000))
            guard futimens(descriptor, [now, then]) == 0 else { throw SystemError.of(errno, "The file", path) }
        }
        guard fsync(descriptor) == 0, fsync(directory) == 0 else { throw SystemError.of(errno, "The file", path) }
    }

    func abort() {
        close()
        if isNew { unlinkat(directory, name, 0) }
    }

    private func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}
