import ConnectModel
import Foundation
public import RecordEngine

/// The plain text of an encrypted message. A thread of its own feeds GnuPG while the reader takes what comes out.
public final class DecryptingSource: ByteSource {
    private let feed: Feed
    private let process: GnuPGProcess
    private let session: GnuPGSession
    private let verdict: DecryptionVerdict
    private let limit: ExpansionLimit
    private var decoded: Int64 = 0
    private var outcome: Result<Void, any Error>?

    init(_ source: any ByteSource, process: GnuPGProcess, session: GnuPGSession, verdict: DecryptionVerdict, limit: ExpansionLimit) {
        self.process = process
        self.session = session
        self.verdict = verdict
        self.limit = limit
        feed = Feed(source, process)
    }

    deinit { close() }

    /// 0 only when the message was decrypted whole, untouched, and signed as the rule wants it.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if let outcome {
            try outcome.get()
            return 0
        }
        guard !buffer.isEmpty else { return 0 }
        do {
            let count = try process.read(into: buffer)
            decoded += Int64(count)
            try limit.check(decoded: decoded, encoded: feed.bytes)
            if count > 0 { return count }
            // What made the file unreadable comes before what GnuPG makes of the half of it.
            let report = process.finish()
            if let error = feed.finish() { throw error }
            try verdict.judge(report)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
            process.terminate()
            throw error
        }
        close()
        return 0
    }

    /// Ends GnuPG wherever it is; safe to call twice. The source under it must not be waiting for bytes that nobody sends.
    public func close() {
        process.terminate()
        _ = process.finish()
        _ = feed.finish()
        session.close()
    }
}

/// Moves bytes from a source to GnuPG.
///
/// `@unchecked Sendable`: the source is touched by this thread alone from `init` on; the rest is a mutex, a semaphore and a Sendable value.
private final class Feed: @unchecked Sendable {
    private let source: any ByteSource
    private let process: GnuPGProcess
    private let state = PumpState()
    private let done = DispatchSemaphore(value: 0)

    init(_ source: any ByteSource, _ process: GnuPGProcess) {
        self.source = source
        self.process = process
        Thread.detachNewThread { [self] in
            do { try pump() } catch { state.fail(error) }
            self.process.closeInput()
            done.signal()
        }
    }

    var bytes: Int64 { state.bytes }

    /// Waits until the thread is gone; says what went wrong with the source.
    func finish() -> (any Error)? {
        done.wait()
        done.signal()
        return state.error
    }

    private func pump() throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        while true {
            let count = try source.read(into: buffer)
            if count == 0 { return }
            state.add(count)
            // GnuPG reads to the end unless it has given up, and says why.
            guard process.write(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { return }
        }
    }
}
