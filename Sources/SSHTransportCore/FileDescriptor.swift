internal import CSSHShims
internal import ConnectorKit
internal import Glibc

/// Owns one descriptor and closes it once. Numbers 0 to 2 are avoided, so that a child's standard descriptors can be set up without overwriting it.
final class FileDescriptor {
    private(set) var number: Int32

    /// Takes `number` over.
    init(_ number: Int32) {
        guard number >= 0, number <= 2 else {
            self.number = number
            return
        }
        self.number = fcntl(number, F_DUPFD_CLOEXEC, 3)
        _ = Glibc.close(number)
    }

    deinit { close() }

    func close() {
        if number >= 0 { _ = Glibc.close(number) }
        number = -1
    }

    func makeNonBlocking() {
        _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK)
    }

    /// Both ends are closed in programs that are started.
    static func pipe() throws(ConnectorError) -> (reading: FileDescriptor, writing: FileDescriptor) {
        var ends: [Int32] = [-1, -1]
        guard ch_ssh_pipe(&ends) == 0 else { throw ConnectorError.outOfDescriptors(errno) }
        return (FileDescriptor(ends[0]), FileDescriptor(ends[1]))
    }

    static func socketPair() throws(ConnectorError) -> (FileDescriptor, FileDescriptor) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw ConnectorError.outOfDescriptors(errno) }
        return (FileDescriptor(ends[0]), FileDescriptor(ends[1]))
    }

    /// As large as the system lets it, up to `bytes`: fewer changes between the processes for the same bytes.
    func enlargePipe(to bytes: Int32) {
        ch_ssh_set_pipe_size(number, bytes)
    }

    func enlargeSocketBuffers(to bytes: Int32) {
        var size = bytes
        _ = setsockopt(number, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        _ = setsockopt(number, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }
}

extension ConnectorError {
    static func outOfDescriptors(_ code: Int32) -> ConnectorError {
        ConnectorError(.transient, "A pipe could not be made: \(systemText(code)). This process may have too many files open.")
    }
}

/// The system's words for an error number.
func systemText(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
}
