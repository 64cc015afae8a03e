internal import CCurlShims
internal import ConnectorKit

/// A download that is pulled. Its end is only told once the server has said that it was complete.
final class FTPReadFile: ReadableFile {
    private let client: FTPClient
    private let name: String
    private let transfer: CurlTransfer

    /// Starts and waits for the first bytes, so that a missing file shows here.
    init(_ client: FTPClient, _ transfer: CurlTransfer, name: String, _ call: any CallContext) throws(ConnectorError) {
        (self.client, self.transfer, self.name) = (client, transfer, name)
        try client.driver.start(transfer)
        do throws(ConnectorError) {
            // No room at all: everything that comes is kept for the first read.
            try transfer.receiving(into: UnsafeMutableRawBufferPointer(start: nil, count: 0)) { () throws(ConnectorError) in
                try client.driver.run(transfer, stall: client.stall, call) { transfer.received > 0 }
            }
            try checkEnd(call)
        } catch {
            close()
            throw error
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int {
        let kept = transfer.takeCarried(into: buffer)
        if kept > 0 || buffer.isEmpty { return kept }
        var failure: ConnectorError?
        if transfer.result == nil {
            do throws(ConnectorError) {
                try transfer.receiving(into: buffer) { () throws(ConnectorError) in
                    try client.driver.run(transfer, stall: client.stall, call) { transfer.filled > 0 }
                }
            } catch {
                failure = error
            }
            // What came is handed over before the error is; the next call tells it.
            if transfer.filled > 0 { return transfer.filled }
        }
        if let failure { throw failure }
        try checkEnd(call)
        return 0
    }

    private func checkEnd(_ call: any CallContext) throws(ConnectorError) {
        // Beyond the end there is nothing to read.
        if transfer.result == CURLE_BAD_DOWNLOAD_RESUME { return }
        try client.check(transfer, name: name, call)
    }

    func close() { client.driver.stop(transfer) }
}

/// An upload that is pushed. The file counts once the server has confirmed it and names the right size.
final class FTPWriteFile: WritableFile {
    private let client: FTPClient
    private let path: String
    private let name: String
    private let start: Int64
    private let transfer: CurlTransfer
    private var written: Int64 = 0
    private var isEnded = false

    init(_ client: FTPClient, path: String, name: String, offset: Int64, _ call: any CallContext) throws(ConnectorError) {
        (self.client, self.path, self.name, start) = (client, path, name, offset)
        transfer = try client.transfer(path: path)
        transfer.set(CURLOPT_UPLOAD, 1)
        if offset > 0 { transfer.set(CURLOPT_APPEND, 1) }
        try client.driver.start(transfer)
        do throws(ConnectorError) {
            _ = try transfer.sending(UnsafeRawBufferPointer(start: nil, count: 0)) { () throws(ConnectorError) in
                try client.driver.run(transfer, stall: client.stall, call) { transfer.wantsBytes }
            }
            try checkRunning(call)
        } catch {
            isEnded = true
            client.driver.stop(transfer)
            throw error
        }
    }

    func write(_ buffer: UnsafeRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int {
        if buffer.isEmpty { return 0 }
        try checkRunning(call)
        let count = try transfer.sending(buffer) { () throws(ConnectorError) in
            try client.driver.run(transfer, stall: client.stall, call) { transfer.wantsBytes }
        }
        try checkRunning(call)
        written += Int64(count)
        return count
    }

    /// An upload ends by `commit` only; one that ended before has failed, whatever the server called it.
    private func checkRunning(_ call: any CallContext) throws(ConnectorError) {
        guard transfer.result != nil else { return }
        try client.check(transfer, name: name, call)
        throw ConnectorError(.transient, "\(client.settings.address) ended the upload of \(name) early.")
    }

    func commit(modifiedUnixNanoseconds: Int64?, _ call: any CallContext) throws(ConnectorError) {
        do throws(ConnectorError) {
            try checkRunning(call)
            _ = try transfer.sending(nil) { () throws(ConnectorError) in
                try client.driver.run(transfer, stall: client.stall, call) { false }
            }
            try client.check(transfer, name: name, call)
            let expected = start + written
            if let size = try client.size(path, name: name, call), size != expected {
                throw ConnectorError(
                    .transient, "\(client.settings.address) has \(size) bytes of \(name) after an upload of \(expected). Try again.")
            }
        } catch {
            abort()
            throw error
        }
        isEnded = true
        client.driver.stop(transfer)
    }

    /// Gives up within two seconds. A file that this upload began is removed; one that it went on with stays as far as it got.
    func abort() {
        guard !isEnded else { return }
        isEnded = true
        client.driver.stop(transfer)
        // Nothing can be done about a server that does not let us; the caller has its error already.
        if start == 0 { _ = try? client.command(["DELE " + path], name: name, limit: .milliseconds(1500), nil) }
    }
}
