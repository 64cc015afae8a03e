import ConnectModel
import Foundation

/// A transport that opens a new connection and tries again when one fails for a reason that may pass (FS-8).
///
/// Reads go on at the byte where they broke off, provided the file is still the one that was opened. A rename is not repeated:
/// whether the first one arrived is for its caller to find out by looking.
public final class RetryingTransport: Transport {
    private let opener: any TransportOpener
    let policy: RetryPolicy
    let cancellation: Cancellation
    let reporter: any RunReporter
    let name: String
    private var current: (any Transport)?

    /// Opens the first connection.
    public init(
        _ opener: any TransportOpener, server name: String, policy: RetryPolicy = RetryPolicy(), cancellation: Cancellation, reporter: any RunReporter
    ) throws {
        self.opener = opener
        self.name = name
        self.policy = policy
        self.cancellation = cancellation
        self.reporter = reporter
        try retrying("connect") { _ in }
    }

    public var features: TransportFeatures { current?.features ?? [] }

    public func stat(_ path: String) throws -> RemoteEntry { try retrying("stat") { try $0.stat(path) } }

    public func list(_ directory: String, _ each: (RemoteEntry) throws -> Void) throws {
        // Collected first, so that a second try does not hand out an entry twice.
        let entries = try retrying("list") { transport in
            var entries: [RemoteEntry] = []
            try transport.list(directory) { entries.append($0) }
            return entries
        }
        try entries.forEach(each)
    }

    /// A reader that goes on after a break. Where the server cannot say what the file is, such as an account that may only fetch files by name,
    /// nobody could tell whether a file that is opened again is still the same, and the break is the caller's to handle.
    public func openRead(_ path: String, offset: Int64) throws -> any TransportReader {
        let (reader, entry) = try retrying("open") { (try $0.openRead(path, offset: offset), try Self.look($0, path)) }
        guard let entry else { return reader }
        return ResumingReader(self, path: path, entry: entry, reader: reader, offset: offset)
    }

    /// A reader that ends where its connection does. For files that are as quickly read anew: it asks the server for nothing but the file.
    func openReadOnce(_ path: String) throws -> any TransportReader { try retrying("open") { try $0.openRead(path, offset: 0) } }

    private static func look(_ transport: any Transport, _ path: String) throws -> RemoteEntry? {
        do {
            return try transport.stat(path)
        } catch let error as ConnectError where error.code == "transport.unsupported" {
            return nil
        }
    }

    public func openWrite(_ path: String, offset: Int64, expectedSize: Int64?) throws -> any TransportWriter {
        try retrying("open") { try $0.openWrite(path, offset: offset, expectedSize: expectedSize) }
    }

    public func rename(_ from: String, to: String, replace: Bool) throws {
        try once { try $0.rename(from, to: to, replace: replace) }
    }

    public func remove(_ path: String) throws { try once { try $0.remove(path) } }

    public func makeDirectory(_ path: String) throws { try retrying("make directory") { try $0.makeDirectory(path) } }

    public func close() { drop() }

    /// Ends the connection; the next call makes another.
    func drop() {
        current?.close()
        current = nil
    }

    /// The connection there is, or a new one.
    func connected() throws -> any Transport {
        try cancellation.check()
        if let current { return current }
        let opened = try opener.open(cancellation)
        current = opened
        return opened
    }

    private func once<Result>(_ body: (any Transport) throws -> Result) throws -> Result {
        do {
            return try body(connected())
        } catch let error as ConnectError {
            if error.category == .transient { drop() }
            throw error
        }
    }

    func retrying<Result>(_ what: String, _ body: (any Transport) throws -> Result) throws -> Result {
        var attempt = 1
        while true {
            do {
                return try body(connected())
            } catch let error as ConnectError {
                try cancellation.check()
                guard let delay = policy.delay(after: attempt, error, jitter: .random(in: 0...1)) else { throw error }
                drop()
                reporter.log(
                    .warning, "\(error.message) Trying again in \(delay) ms.",
                    ["server": name, "step": what, "attempt": String(attempt), "code": error.code])
                try cancellation.wait(milliseconds: delay)
                attempt += 1
            }
        }
    }

    /// Reads on at `offset` in the file that `entry` describes, on a new connection, once its last bytes before that place are seen to be `last`.
    func reopen(
        _ path: String, _ entry: RemoteEntry, at offset: Int64, behind last: [UInt8], after error: ConnectError, attempt: Int
    ) throws -> any TransportReader {
        guard let delay = policy.delay(after: attempt, error, jitter: .random(in: 0...1)) else { throw error }
        reporter.log(.warning, "\(error.message) Going on at byte \(offset) in \(delay) ms.", ["server": name, "path": path, "code": error.code])
        drop()
        try cancellation.wait(milliseconds: delay)
        let reader: (any TransportReader)? = try retrying("resume") { transport in
            let now = try transport.stat(path)
            guard now.size == entry.size, now.modifiedUnixNanoseconds == entry.modifiedUnixNanoseconds else { return nil }
            let start = transport.features.contains(.seekRead) ? offset - Int64(last.count) : 0
            let reader = try transport.openRead(path, offset: start)
            do {
                let again = ReadAgain(reader, cancellation)
                if try again.skip(offset - Int64(last.count) - start), try again.isNext(last) { return reader }
                reader.close()
                return nil
            } catch {
                reader.close()
                throw error
            }
        }
        if let reader { return reader }
        throw ConnectError(
            "file.replaced", .transient, "\"\(path)\" on \(name) was replaced while it was read.", remedy: "The next run takes the new file.")
    }
}
