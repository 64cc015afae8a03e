internal import CCurlShims
internal import ConnectorKit
internal import Glibc

/// One log-in to one server, below one directory.
final class FTPSession: TransportSession {
    private let client: FTPClient
    private let root: FTPRoot

    init(_ client: FTPClient, _ root: FTPRoot) {
        self.client = client
        self.root = root
    }

    func stat(_ path: String, _ call: any CallContext) throws(ConnectorError) -> FileEntry {
        FileEntry(path: path, try client.look(root.resolve(path), name: FTPRoot.quoted(path), call))
    }

    func list(_ directory: String, _ call: any CallContext, _ each: (FileEntry) throws(ConnectorError) -> Void) throws(ConnectorError) {
        let name = directory.isEmpty ? "the directory" : "the directory \(FTPRoot.quoted(directory))"
        let absolute = try root.resolve(directory)
        try told(absolute, name, call) { () throws(ConnectorError) in try list(absolute, name, directory, call, each) }
    }

    private func list(
        _ absolute: String, _ name: String, _ directory: String, _ call: any CallContext, _ each: (FileEntry) throws(ConnectorError) -> Void
    ) throws(ConnectorError) {
        try client.list(absolute, name: name, call) { (file) throws(ConnectorError) in
            switch RemoteName.check(file.name) {
            case .dots: return
            case .unusable(let reason):
                call.log(
                    .warning, "A name from the server was skipped.",
                    ["name": FTPReply.printable(file.name[...]), "reason": reason, "directory": directory])
            case .usable(let text):
                try each(FileEntry(path: directory.isEmpty ? text : directory + "/" + text, file))
            }
        }
    }

    func openRead(_ path: String, offset: Int64, _ call: any CallContext) throws(ConnectorError) -> any ReadableFile {
        let absolute = try root.file(path)
        return try told(absolute, FTPRoot.quoted(path), call) { () throws(ConnectorError) in
            let transfer = try client.transfer(path: absolute)
            if offset > 0 { transfer.setOffset(offset) }
            return try FTPReadFile(client, transfer, name: FTPRoot.quoted(path), call)
        }
    }

    func openWrite(_ path: String, offset: Int64, expectedSize: Int64?, _ call: any CallContext) throws(ConnectorError) -> any WritableFile {
        let absolute = try root.file(path)
        let name = FTPRoot.quoted(path)
        if offset > 0 {
            guard let size = try client.size(absolute, name: name, call) else {
                throw ConnectorError(.unsupported, "\(client.settings.address) does not tell sizes (SIZE), so an upload cannot go on. Begin it anew.")
            }
            guard size == offset else {
                throw ConnectorError(
                    .data, "\(name) has \(size) bytes on \(client.settings.address), not the \(offset) to go on from. Begin it anew.")
            }
        }
        return try FTPWriteFile(client, path: absolute, name: name, offset: offset, call)
    }

    func rename(_ from: String, to: String, replace: Bool, _ call: any CallContext) throws(ConnectorError) {
        let (old, new) = (try root.file(from), try root.file(to))
        let (name, target) = (FTPRoot.quoted(from), FTPRoot.quoted(to))
        // FTP's rename overwrites on most servers; looking first is all the protocol allows.
        if !replace, try client.exists(new, name: target, call) {
            throw ConnectorError(.exists, "\(target) is there already on \(client.settings.address).")
        }
        do throws(ConnectorError) {
            try client.command(["RNFR " + old, "RNTO " + new], name: name, call)
        } catch  where !replace {
            throw client.distinguished(error, old, name: name, call)
        } catch  where error.status == .permission || error.status == .exists {
            guard try client.exists(old, name: name, call) else { throw client.distinguished(error, old, name: name, call) }
            guard let there = try? client.look(new, name: target, call), there.kind == .file else { throw error }
            call.log(.info, "The server does not replace by renaming; the old file is removed first.", ["file": to])
            try client.command(["DELE " + new], name: target, call)
            try client.command(["RNFR " + old, "RNTO " + new], name: name, call)
        }
    }

    func remove(_ path: String, _ call: any CallContext) throws(ConnectorError) {
        let absolute = try root.file(path)
        try told(absolute, FTPRoot.quoted(path), call) { () throws(ConnectorError) in
            try client.command(["DELE " + absolute], name: FTPRoot.quoted(path), call)
        }
    }

    /// What `body` does with a path, with an error that says whether it is there.
    @discardableResult private func told<Result>(
        _ absolute: String, _ name: String, _ call: any CallContext, _ body: () throws(ConnectorError) -> Result
    ) throws(ConnectorError) -> Result {
        do throws(ConnectorError) { return try body() } catch { throw client.distinguished(error, absolute, name: name, call) }
    }

    func makeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) {
        let absolute = try root.resolve(path)
        do throws(ConnectorError) {
            try client.command(["MKD " + absolute], name: FTPRoot.quoted(path), call)
        } catch  where error.status == .permission || error.status == .exists {
            guard let there = try? client.look(absolute, name: FTPRoot.quoted(path), call) else { throw error }
            guard there.kind == .directory else {
                throw ConnectorError(.exists, "\(FTPRoot.quoted(path)) on \(client.settings.address) is there already, and is no directory.")
            }
        }
    }

    func removeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) {
        guard !path.isEmpty else { throw ConnectorError(.configuration, "The server's own directory is not removed.") }
        do throws(ConnectorError) {
            try client.command(["RMD " + root.resolve(path)], name: FTPRoot.quoted(path), call)
        } catch  where error.status == .permission {
            let told = try client.distinguished(error, root.resolve(path), name: FTPRoot.quoted(path), call)
            guard told.status == .permission else { throw told }
            // Servers that only say that it failed.
            var isEmpty = true
            try list(path, call) { _ in isEmpty = false }
            throw isEmpty ? error : ConnectorError(.notEmpty, "\(FTPRoot.quoted(path)) on \(client.settings.address) is not empty.")
        }
    }

    /// Stays in force: every later call of this session throws `.cancelled` too.
    func cancel() { client.cancel() }
    func close() { client.close() }
}

extension FileEntry {
    fileprivate init(path: String, _ file: ListedFile) {
        let kind: Kind =
            switch file.kind {
            case .file: .file
            case .directory: .directory
            case .link: .link
            case .other: .other
            }
        self.init(path: path, kind: kind, size: file.size, modifiedUnixNanoseconds: file.modified, unixMode: file.unixMode)
    }
}
