internal import CCurlShims
internal import ConnectorKit
internal import Glibc

extension FTPClient {
    /// Bytes of a file (RFC 3659 section 4); nil when the server does not know the command.
    func size(_ path: String, name: String, _ call: any CallContext) throws(ConnectorError) -> Int64? {
        do throws(ConnectorError) {
            // Before any transfer the type may be ASCII, in which sizes are others.
            let replies = try command(["TYPE I", "SIZE " + path], name: name, call)
            return replies.last { $0.code == 213 }.flatMap { Int64($0.text.split(separator: " ").last ?? "") }
        } catch  where error.status == .unsupported {
            return nil
        }
    }

    /// What is at a path: by MLST, otherwise by SIZE, MDTM and CWD. Throws `.notFound`.
    func look(_ path: String, name: String, _ call: any CallContext) throws(ConnectorError) -> ListedFile {
        if offers.contains("MLST") {
            let replies = try command(["MLST " + path], name: name, call)
            let beginning = replies.lastIndex { $0.code == 250 && $0.isBeginning } ?? replies.startIndex
            for reply in replies[beginning...] where reply.code == nil {
                guard var file = MachineListing.parse(Array(reply.text.utf8.drop { $0 == 0x20 })) else { continue }
                if file.name == [0x2E] || file.name == [0x2E, 0x2E] { file.kind = .directory }
                return file
            }
            throw ConnectorError(.transient, "\(settings.address) gave an answer for \(name) that is not understood.")
        }
        do throws(ConnectorError) {
            try command(["CWD " + path], name: name, call)
            return ListedFile(name: [], kind: .directory)
        } catch  where error.status == .notFound || error.status == .permission {
            let size = try sizeWithoutReason(path, name: name, call)
            let replies = try command(["*MDTM " + path], name: name, call)
            let modified = replies.last { $0.code == 213 }.flatMap { FTPTime.unixNanoseconds($0.text) }
            if size != nil || modified != nil { return ListedFile(name: [], kind: .file, size: size, modified: modified) }
            // Servers that give one answer for what is not there and what is not allowed still show what is there.
            if error.status == .permission, let isThere = try? isListed(path, name: name, call) {
                throw isThere ? error : ConnectorError(.notFound, "\(name) does not exist on \(settings.address).")
            }
            throw error
        }
    }

    /// nil also where the server answers that it could not tell.
    private func sizeWithoutReason(_ path: String, name: String, _ call: any CallContext) throws(ConnectorError) -> Int64? {
        do throws(ConnectorError) {
            return try size(path, name: name, call)
        } catch  where error.status == .notFound || error.status == .permission {
            return nil
        }
    }

    /// Whether the directory of a path has its last name. Throws where it cannot be listed.
    private func isListed(_ path: String, name: String, _ call: any CallContext) throws(ConnectorError) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard let last = parts.last, !last.isEmpty else { return true }
        let parent = parts.dropLast().joined(separator: "/")
        var isThere = false
        try list(parent.isEmpty ? "/" : parent, name: name, call) { (file) throws(ConnectorError) in
            if file.name == Array(last.utf8) { isThere = true }
        }
        return isThere
    }

    /// The error of a verb, told apart where a server has one answer (550) for what is not there and what is not allowed.
    func distinguished(_ error: ConnectorError, _ path: String, name: String, _ call: any CallContext) -> ConnectorError {
        guard error.status == .permission, let isThere = try? exists(path, name: name, call), !isThere else { return error }
        return ConnectorError(.notFound, "\(name) does not exist on \(settings.address).")
    }

    func exists(_ path: String, name: String, _ call: any CallContext) throws(ConnectorError) -> Bool {
        do throws(ConnectorError) {
            _ = try look(path, name: name, call)
            return true
        } catch  where error.status == .notFound {
            return false
        }
    }

    /// The lines of a directory, by MLSD or else LIST, as they arrive.
    func list(
        _ path: String, name: String, _ call: any CallContext, _ each: (ListedFile) throws(ConnectorError) -> Void
    ) throws(ConnectorError) {
        let transfer = try transfer(path: path.hasSuffix("/") ? path : path + "/")
        transfer.set(CURLOPT_FTP_FILEMETHOD, Int(CURLFTPMETHOD_SINGLECWD.rawValue))
        let isMachine = offers.contains("MLST") || offers.contains("MLSD")
        if isMachine { transfer.set(CURLOPT_CUSTOMREQUEST, "MLSD") }
        let file = try FTPReadFile(self, transfer, name: name, call)
        defer { file.close() }
        let now = Int64(time(nil))
        try Self.lines(of: file, call) { (line) throws(ConnectorError) in
            let parsed = isMachine ? MachineListing.parse(line) : DirectoryListing.parse(line, now: now)
            if let parsed {
                try each(parsed)
            } else if !line.isEmpty && !line.starts(with: Array("total ".utf8)) {
                call.log(.warning, "A line of the server's listing was not understood and is skipped.", ["line": FTPReply.printable(line[...])])
            }
        }
    }

    private static func lines(
        of file: FTPReadFile, _ call: any CallContext, _ each: ([UInt8]) throws(ConnectorError) -> Void
    ) throws(ConnectorError) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var line: [UInt8] = []
        while true {
            let count = try readPiece(of: file, &buffer, call)
            if count == 0 { break }
            for byte in buffer[..<count] {
                if byte == 0x0A {
                    if line.last == 0x0D { line.removeLast() }
                    try each(line)
                    line.removeAll(keepingCapacity: true)
                } else if line.count < 65_536 {
                    line.append(byte)
                }
            }
        }
        if !line.isEmpty { try each(line) }
    }

    private static func readPiece(of file: FTPReadFile, _ buffer: inout [UInt8], _ call: any CallContext) throws(ConnectorError) -> Int {
        var outcome: Result<Int, ConnectorError> = .success(0)
        buffer.withUnsafeMutableBytes { bytes in
            do throws(ConnectorError) { outcome = .success(try file.read(into: bytes, call)) } catch { outcome = .failure(error) }
        }
        return try outcome.get()
    }
}
