internal import ConnectorKit
internal import SSHTransportCore

/// A file whose size is only known at its end, which SCP must be told at the beginning: it waits in a temporary file without a name.
final class SpooledUpload: WritableFile {
    private let upload: Upload
    private let spool: SpoolFile
    private var isEnded = false

    init(_ upload: Upload) throws(ConnectorError) {
        self.upload = upload
        spool = try SpoolFile()
    }

    func write(_ buffer: UnsafeRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int {
        try call.checkCancellation()
        try spool.append(buffer)
        return buffer.count
    }

    func commit(modifiedUnixNanoseconds: Int64?, _ call: any CallContext) throws(ConnectorError) {
        guard !isEnded else { return }
        isEnded = true
        let file = try upload.start(size: spool.size, modifiedUnixNanoseconds: modifiedUnixNanoseconds, call)
        do throws(ConnectorError) {
            try spool.read { (piece) throws(ConnectorError) in _ = try file.write(piece, call) }
            try file.finish(call)
            try upload.files.complete(upload.path, size: spool.size, modifiedUnixNanoseconds: nil, call)
        } catch {
            file.close()
            upload.discard()
            throw error
        }
    }

    /// Nothing has reached the server.
    func abort() { isEnded = true }
}
