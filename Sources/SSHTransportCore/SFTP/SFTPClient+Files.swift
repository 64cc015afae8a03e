public import ConnectorKit

/// What a session does with names. Paths are bytes as the server gets them; `name` is what messages call the thing.
extension SFTPClient {
    /// Follows links. Throws `.notFound`.
    public func stat(_ path: [UInt8], name: String, _ call: any CallContext) throws(ConnectorError) -> SFTPAttributes {
        try expectAttributes(ask({ $0.stat(path) }, limits(call)), "be looked at", name)
    }

    /// The path with links and `.` resolved, absolute.
    public func realPath(_ path: [UInt8], name: String, _ call: any CallContext) throws(ConnectorError) -> [UInt8] {
        switch try ask({ $0.realPath(path) }, limits(call)) {
        case .names(let names):
            guard let first = names.first, !first.filename.isEmpty else {
                throw ConnectorError(.transient, "\(options.serverName) did not resolve \(name).")
            }
            return first.filename
        case .status(let status): throw error(status, "be resolved", name)
        default: throw ConnectorError(.internal, "\(options.serverName) did not resolve \(name).")
        }
    }

    /// The names of one directory as they come, `.` and `..` among them.
    public func list(
        _ path: [UInt8], name: String, _ call: any CallContext, _ each: (SFTPName) throws(ConnectorError) -> Void
    ) throws(ConnectorError) {
        let handle = try expectHandle(ask({ $0.openDirectory(path) }, limits(call)), "be listed", name)
        defer { closeQuietly(handle) }
        while true {
            switch try ask({ $0.readDirectory(handle) }, limits(call)) {
            case .names(let names):
                // A server that sends empty lists for ever would keep us here for ever.
                guard !names.isEmpty else { throw ConnectorError(.transient, "\(options.serverName) sent an empty list of names for \(name).") }
                for entry in names { try each(entry) }
            case .status(let status):
                if status.code == .endOfFile { return }
                throw error(status, "be listed", name)
            default: throw ConnectorError(.internal, "\(options.serverName) did not list \(name).")
            }
        }
    }

    public func openRead(_ path: [UInt8], name: String, offset: Int64, _ call: any CallContext) throws(ConnectorError) -> SFTPReadFile {
        let handle = try expectHandle(ask({ $0.open(path, .read, permissions: nil) }, limits(call)), "be opened", name)
        var opened = SFTPReadFile.Opened(path: path, handle: handle)
        // Some servers refuse FSTAT; the size only decides how far to read ahead.
        if case .attributes(let attributes) = try ask({ $0.handleStat(handle) }, limits(call)) { opened.attributes = attributes }
        if opened.attributes?.fileType == .directory {
            closeQuietly(handle)
            throw ConnectorError(.configuration, "\(name) on \(options.serverName) is a directory, not a file.")
        }
        return SFTPReadFile(self, opened, name: name, offset: UInt64(offset))
    }

    /// `offset` 0 creates or truncates; above 0 the file must have so many bytes, or it is `.data`: what it has behind them is cut off.
    /// - Parameter expected: how long the file is to be; nil when nobody knows.
    public func openWrite(
        _ path: [UInt8], name: String, offset: Int64, expected: Int64?, _ call: any CallContext
    ) throws(ConnectorError) -> SFTPWriteFile {
        let flags: SFTPOpenFlags = offset == 0 ? [.write, .create, .truncate] : [.write]
        let handle = try expectHandle(ask({ $0.open(path, flags, permissions: nil) }, limits(call)), "be written", name)
        do throws(ConnectorError) {
            if offset > 0 { try cut(handle, to: offset, name: name, limits(call)) }
        } catch {
            closeQuietly(handle)
            throw error
        }
        return SFTPWriteFile(
            self, handle: handle, path: path, name: name, offset: UInt64(offset), expected: expected.map(UInt64.init(clamping:)))
    }

    private func cut(_ handle: [UInt8], to size: Int64, name: String, _ limits: WaitLimits) throws(ConnectorError) {
        let attributes = try expectAttributes(ask({ $0.handleStat(handle) }, limits), "be looked at", name)
        if attributes.size == size { return }
        if let there = attributes.size, there > size,
            try ask({ $0.setAttributes(handle, SFTPAttributes(size: size)) }, limits) == .status(.ok),
            try expectAttributes(ask({ $0.handleStat(handle) }, limits), "be looked at", name).size == size
        {
            return
        }
        let there = attributes.size.map { "\($0)" } ?? "an unknown number of"
        throw ConnectorError(
            .data, "\(name) on \(options.serverName) has \(there) bytes, not the \(size) the upload was to go on from. Start it again.")
    }

    /// Without `replace` an existing target is `.exists`, on servers too whose rename overwrites. With it, servers that have
    /// `posix-rename@openssh.com` replace in one step; on others the target is removed first.
    public func rename(
        _ from: [UInt8], name: String, to target: [UInt8], targetName: String, replace: Bool, _ call: any CallContext
    ) throws(ConnectorError) {
        if replace, has(SFTPExtension.posixRename) {
            return try expectOK(ask({ $0.posixRename(from, to: target) }, limits(call)), "be renamed to \(targetName)", name)
        }
        if case .attributes = try ask({ $0.linkStat(target) }, limits(call)) {
            guard replace else { throw ConnectorError(.exists, "\(name) was not renamed: \(targetName) exists already on \(options.serverName).") }
            call.log(.warning, "The server cannot replace a file in one step; the old one is removed first.", ["file": targetName])
            try expectOK(ask({ $0.remove(target) }, limits(call)), "be replaced", targetName)
        }
        let reply = try ask({ $0.rename(from, to: target) }, limits(call))
        if case .status(let status) = reply, status.code == .failure, case .attributes = try ask({ $0.linkStat(target) }, limits(call)) {
            throw ConnectorError(.exists, "\(name) was not renamed: \(targetName) exists already on \(options.serverName).")
        }
        try expectOK(reply, "be renamed to \(targetName)", name)
    }

    public func remove(_ path: [UInt8], name: String, _ call: any CallContext) throws(ConnectorError) {
        let reply = try ask({ $0.remove(path) }, limits(call))
        if case .status(let status) = reply, status.code == .failure, try isDirectory(path, call) {
            throw ConnectorError(.configuration, "\(name) on \(options.serverName) is a directory, not a file; it was not removed.")
        }
        try expectOK(reply, "be removed", name)
    }

    /// Clears up after a failure, within two seconds.
    func removeQuietly(_ path: [UInt8]) {
        let limits = WaitLimits(stallMilliseconds: 1500, deadlineMilliseconds: MonotonicClock.milliseconds() + 1500, call: nil)
        // Nothing can be done about a server that does not let us; the caller has its error already.
        _ = try? ask({ $0.remove(path) }, limits)
    }

    /// Succeeds when the directory is there already.
    public func makeDirectory(_ path: [UInt8], name: String, _ call: any CallContext) throws(ConnectorError) {
        let reply = try ask({ $0.makeDirectory(path) }, limits(call))
        if case .status(.ok) = reply { return }
        if case .attributes(let attributes) = try ask({ $0.stat(path) }, limits(call)) {
            if attributes.fileType == .directory { return }
            throw ConnectorError(.exists, "The directory \(name) on \(options.serverName) could not be made: a file of that name exists.")
        }
        try expectOK(reply, "be made", "The directory \(name)")
    }

    /// Throws `.notEmpty` when something is in it.
    public func removeDirectory(_ path: [UInt8], name: String, _ call: any CallContext) throws(ConnectorError) {
        let reply = try ask({ $0.removeDirectory(path) }, limits(call))
        if case .status(let status) = reply, status.code == .failure, try isDirectory(path, call) {
            var isEmpty = true
            try list(path, name: name, call) { (entry) throws(ConnectorError) in
                if entry.filename != [0x2E] && entry.filename != [0x2E, 0x2E] { isEmpty = false }
            }
            if !isEmpty { throw ConnectorError(.notEmpty, "The directory \(name) on \(options.serverName) was not removed: something is in it.") }
        }
        try expectOK(reply, "be removed", "The directory \(name)")
    }

    private func isDirectory(_ path: [UInt8], _ call: any CallContext) throws(ConnectorError) -> Bool {
        if case .attributes(let attributes) = try ask({ $0.linkStat(path) }, limits(call)) { attributes.fileType == .directory } else { false }
    }

    /// Closes a handle without waiting for the answer.
    func closeQuietly(_ handle: [UInt8]) {
        _ = try? send(nil, { $0.close(handle) }, WaitLimits(stallMilliseconds: 500, call: nil))
        flush()
    }

    /// Whether the file system of `path` has no block left (`statvfs@openssh.com`); false when the server does not tell.
    func isFull(_ path: [UInt8], _ limits: WaitLimits) -> Bool {
        guard has(SFTPExtension.statvfs), case .extended(let bytes)? = try? ask({ $0.fileSystem(path) }, limits) else { return false }
        // f_bsize, f_frsize, f_blocks, f_bfree, f_bavail … as numbers of 64 bits.
        var fields = SFTPFieldReader(bytes[...])
        var values: [UInt64] = []
        while let value = try? fields.uint64("statvfs"), values.count < 5 { values.append(value) }
        return values.count == 5 && values[4] == 0
    }
}
