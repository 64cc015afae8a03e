public import ConnectModel
import Foundation
import Synchronization

/// Copies every file of one directory, several at a time, each over a connection of its own: with many small files it is the waiting for
/// answers that takes the time, and connections wait side by side.
public struct DirectoryTransfer: Sendable {
    private let connections: Int
    private let open: @Sendable () throws -> RetryingTransport

    /// - Parameters:
    ///   - connections: how many at once, at least 1; no more are opened than there are files.
    ///   - open: makes one of them; closed here.
    public init(connections: Int, _ open: @escaping @Sendable () throws -> RetryingTransport) {
        self.connections = max(1, connections)
        self.open = open
    }

    /// The files of `remote`, "" for the server's own directory, into `local`, which is there. Directories in it are left out.
    public func download(_ remote: String, to local: String) throws -> TransferTotal {
        let first = try open()
        var entries: [RemoteEntry] = []
        do {
            try first.list(remote) { entry in if entry.kind == .file { entries.append(entry) } }
        } catch {
            first.close()
            throw error
        }
        return try run(entries, first) { transfer, entry in
            // One name, without a directory: the host's check of lists has seen to that.
            let name = entry.path.split(separator: "/").last.map(String.init) ?? entry.path
            return try transfer.download(entry.path, to: local + "/" + name, size: entry.size)
        }
    }

    /// The files of `local` into `remote`, which is there. Directories in it are left out.
    public func upload(_ local: String, to remote: String) throws -> TransferTotal {
        let names = try FileManager.default.contentsOfDirectory(atPath: local).filter { name in
            var status = stat()
            return lstat(local + "/" + name, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        }
        return try run(names.sorted(), try open()) { transfer, name in
            try transfer.upload(local + "/" + name, to: remote.isEmpty ? name : remote + "/" + name)
        }
    }

    /// The first error ends all of it.
    private func run<Item: Sendable>(
        _ items: [Item], _ first: RetryingTransport, _ copy: @escaping @Sendable (FileTransfer, Item) throws -> Int64
    ) throws -> TransferTotal {
        let work = Mutex((rest: items[...], total: TransferTotal(), failure: (any Error)?.none))
        let one: @Sendable (RetryingTransport) -> Void = { transport in
            defer { transport.close() }
            let transfer = FileTransfer(transport)
            while let item = work.withLock({ work in work.failure == nil ? work.rest.popFirst() : nil }) {
                do {
                    let bytes = try copy(transfer, item)
                    work.withLock { work in
                        work.total.files += 1
                        work.total.bytes += bytes
                    }
                } catch {
                    work.withLock { work in work.failure = work.failure ?? error }
                }
            }
        }
        let group = DispatchGroup()
        for _ in 1..<max(1, min(connections, items.count)) {
            group.enter()
            Thread.detachNewThread {
                defer { group.leave() }
                do {
                    one(try open())
                } catch {
                    // A server may allow fewer connections; those that are there do the work.
                    return
                }
            }
        }
        one(first)
        group.wait()
        return try work.withLock { work in
            if let failure = work.failure { throw failure }
            return work.total
        }
    }
}
