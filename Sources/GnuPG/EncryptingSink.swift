import ConnectModel
import Foundation
public import RecordEngine

/// Encrypts what is written into it, and passes the message on (EXP-5).
public final class EncryptingSink: ByteSink {
    private let drain: Drain
    private let process: GnuPGProcess
    private let session: GnuPGSession
    private let signer: PGPKey?
    private let hasPassphrase: @Sendable (String) -> Bool
    private let sink: any ByteSink

    init(_ sink: any ByteSink, process: GnuPGProcess, session: GnuPGSession, signer: PGPKey?, hasPassphrase: @escaping @Sendable (String) -> Bool) {
        self.sink = sink
        self.process = process
        self.session = session
        self.signer = signer
        self.hasPassphrase = hasPassphrase
        drain = Drain(process, sink)
    }

    deinit { close() }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard process.write(bytes) else { throw failure() }
    }

    /// Returns when the message is whole and everything below has it.
    public func finish() throws {
        process.closeInput()
        let error = drain.finish()
        let report = process.finish()
        session.close()
        if let error { throw error }
        guard report.exitCode == 0, report.has("END_ENCRYPTION"), signer == nil || report.has("SIG_CREATED") else { throw failure(report) }
        try sink.finish()
    }

    /// Ends GnuPG wherever it is; safe to call twice. Without `finish` the message is not whole.
    public func close() {
        process.terminate()
        _ = process.finish()
        _ = drain.finish()
        process.closeInput()
        session.close()
    }

    private func failure() -> any Error {
        process.closeInput()
        let error = drain.finish()
        return error ?? failure(process.finish())
    }

    private func failure(_ report: StatusReport) -> ConnectError {
        if let refused = report.all("INV_RECP").first {
            return ConnectError(
                "pgp.recipient", .configuration, "Nothing can be encrypted for key \(refused.last ?? ""): \(report.reason).",
                remedy: "Ask its owner for a new key.")
        }
        if let signer, report.has("INV_SGNR") || report.exitCode != 0 && !report.has("SIG_CREATED") {
            return PassphraseFailure.error(signer, isKnown: hasPassphrase(signer.fingerprint))
        }
        return ConnectError("pgp.encrypt", .internal, "GnuPG could not encrypt the file: \(report.reason).")
    }
}

/// Moves bytes from GnuPG to a sink.
///
/// `@unchecked Sendable`: the sink is touched by this thread alone until `finish` has returned; the rest is Sendable by itself.
private final class Drain: @unchecked Sendable {
    private let process: GnuPGProcess
    private let sink: any ByteSink
    private let state = PumpState()
    private let done = DispatchSemaphore(value: 0)

    init(_ process: GnuPGProcess, _ sink: any ByteSink) {
        self.process = process
        self.sink = sink
        Thread.detachNewThread { [self] in
            do {
                try pump()
            } catch {
                state.fail(error)
                self.process.terminate()
            }
            done.signal()
        }
    }

    func finish() -> (any Error)? {
        done.wait()
        done.signal()
        return state.error
    }

    private func pump() throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        while true {
            let count = try process.read(into: buffer)
            if count == 0 { return }
            try sink.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
