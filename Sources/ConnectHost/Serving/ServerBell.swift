import ConnectModel
import Foundation
import RunEngine

/// Tells a running server that something in its home has changed: a byte into a named pipe, which nobody reads when no server runs.
enum ServerBell {
    static func path(_ home: HomeLayout) -> String { home.server + "/bell" }

    static func ring(_ home: HomeLayout) {
        let descriptor = open(path(home), O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        var byte: UInt8 = 1
        // A full pipe rings already.
        _ = write(descriptor, &byte, 1)
        close(descriptor)
    }

    /// Blocks on the pipe on a thread of its own and calls `heard` for every ring; several at once are one. Ends with the process.
    static func listen(_ home: HomeLayout, heard: @escaping @Sendable () -> Void) throws {
        let path = path(home)
        if mkfifo(path, 0o600) != 0 && errno != EEXIST { throw failure(path) }
        // Open for writing too, so that there is never an end of it.
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        Thread.detachNewThread {
            var bytes = [UInt8](repeating: 0, count: 256)
            while true {
                let count = read(descriptor, &bytes, bytes.count)
                if count > 0 { heard() } else if errno != EINTR { return }
            }
        }
    }

    private static func failure(_ path: String) -> ConnectError {
        ConnectError(
            "serve.bell", .configuration, "The pipe \(path) cannot be made: \(String(cString: strerror(errno))).",
            remedy: "Check that the home belongs to you.")
    }
}

extension Installation {
    /// Lets a running server know that jobs, groups or runs have changed. Nothing happens when there is none.
    public func notifyServer() { ServerBell.ring(home) }

    /// Leaves word of where the server answers, in `serve/http`.
    public func writeServerAddress(_ address: String) {
        // For people and scripts; the server itself needs it for nothing.
        try? Data((address + "\n").utf8).write(to: URL(fileURLWithPath: home.server + "/http"), options: .atomic)
    }
}
