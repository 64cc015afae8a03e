internal import ConnectorKit
internal import SSHTransportCore

/// Where one file goes, and how it is finished or cleared away.
struct Upload {
    let files: any RemoteFiles
    let path: String
    private let connection: SSHSharedConnection
    private let stallMilliseconds: Int64
    private let resolved: [UInt8]

    init(_ connection: SSHSharedConnection, _ files: any RemoteFiles, _ settings: SCPSettings, _ path: String) throws(ConnectorError) {
        self.connection = connection
        self.files = files
        self.path = path
        stallMilliseconds = settings.stallMilliseconds
        resolved = try files.resolve(path)
    }

    func start(size: Int64, modifiedUnixNanoseconds: Int64?, _ call: any CallContext) throws(ConnectorError) -> SCPWriteFile {
        try SCPWriteFile(
            connection, path: resolved, name: quoted(path), size: size, modified: modifiedUnixNanoseconds.map { $0 / 1_000_000_000 },
            stallMilliseconds: stallMilliseconds, call)
    }

    /// What a broken upload left must not look like a file that is complete.
    func discard() { files.discard(path) }
}

/// A file whose size is known beforehand: it goes to the server as it comes.
final class DirectUpload: WritableFile {
    private let upload: Upload
    private let file: SCPWriteFile
    private let size: Int64
    private var isEnded = false

    init(_ upload: Upload, size: Int64, _ call: any CallContext) throws(ConnectorError) {
        self.upload = upload
        self.size = size
        file = try upload.start(size: size, modifiedUnixNanoseconds: nil, call)
    }

    func write(_ buffer: UnsafeRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int { try file.write(buffer, call) }

    func commit(modifiedUnixNanoseconds: Int64?, _ call: any CallContext) throws(ConnectorError) {
        isEnded = true
        do throws(ConnectorError) {
            try file.finish(call)
            try upload.files.complete(upload.path, size: size, modifiedUnixNanoseconds: modifiedUnixNanoseconds, call)
        } catch {
            file.close()
            upload.discard()
            throw error
        }
    }

    func abort() {
        guard !isEnded else { return }
        isEnded = true
        file.close()
        upload.discard()
    }
}
