import ConnectModel
import Crypto

/// Gives files that are whole under temporary names their final ones and says so with ready files, for exports and feeds (EXP-6, EVT-4).
///
/// Every step looks before it acts, so that it may be taken again after any cut. A file is known as ours by its content and never by its size alone;
/// what is another's is neither replaced nor removed. Docs/run-states.md has the table of what can be found.
struct Publication {
    /// A file that was seen whole under its temporary name.
    struct File {
        var path: String
        var temporaryPath: String
        var bytes: Int64
        /// nil: it was written down before hashes were.
        var sha256: String?
        /// Whether its rename may have been asked for; nil: nobody wrote it down.
        var isRenameAsked: Bool?
    }

    enum Outcome {
        /// It stands under its final name, and under no other.
        case stands
        /// It was renamed, and whoever waited for it has taken it away.
        case fetched
        /// It stands nowhere whole, and nobody can have seen it.
        case lost
        /// Another file has its final name. Nothing was changed.
        case taken
    }

    let transport: any Transport

    /// `beforeRename` is called before the rename is asked for, to write that down.
    func publish(_ file: File, beforeRename: () throws -> Void) throws -> Outcome {
        let temporary = try entry(file.temporaryPath)
        if let found = try entry(file.path) {
            guard try isOurs(found, file, temporaryStands: temporary != nil) else { return .taken }
            // A rename may be a second name first, and then the first one away (cut off between the two).
            if temporary != nil { try remove(file.temporaryPath) }
            return .stands
        }
        guard let temporary else { return file.isRenameAsked == false ? .lost : .fetched }
        guard temporary.size == nil || temporary.size == file.bytes else { return .lost }
        try beforeRename()
        do {
            try transport.rename(file.temporaryPath, to: file.path, replace: false)
            return .stands
        } catch let error as ConnectError {
            // The answer may have been lost on the way back, or the name was given away since the look: the server tells.
            guard let found = try entry(file.path) else { throw error }
            let stillStands = try entry(file.temporaryPath) != nil
            guard try isOurs(found, file, temporaryStands: stillStands) else { return .taken }
            if stillStands { try remove(file.temporaryPath) }
            return .stands
        }
    }

    /// Whether a file whose rename was not asked for stands nowhere whole.
    func isLost(_ file: File) throws -> Bool {
        if let temporary = try entry(file.temporaryPath) { return temporary.size != nil && temporary.size != file.bytes }
        return try entry(file.path) == nil
    }

    /// Whether the file stands under its final name, and not another.
    func stands(_ file: File) throws -> Bool {
        guard let found = try entry(file.path) else { return false }
        return try isOurs(found, file, temporaryStands: try entry(file.temporaryPath) != nil)
    }

    /// Puts a small file that says a data file is complete under its name. Written beside it first, so that nobody reads half of it; each attempt writes
    /// over what one before has left.
    func announce(_ path: String, temporaryPath: String, text: String, beforeRename: () -> Void = {}) throws {
        let bytes = Array(text.utf8)
        let writer = try transport.openWrite(temporaryPath, offset: 0, expectedSize: Int64(bytes.count))
        do {
            try bytes.withUnsafeBytes { if !$0.isEmpty { try writer.write($0) } }
            try writer.commit(modifiedUnixNanoseconds: nil)
        } catch {
            writer.abort()
            throw error
        }
        beforeRename()
        do {
            try transport.rename(temporaryPath, to: path, replace: true)
        } catch {
            // One of an earlier attempt says the same.
            guard try entry(path)?.size == Int64(bytes.count) else { throw error }
            try remove(temporaryPath)
        }
    }

    /// Nothing happens when there is no such file.
    func remove(_ path: String) throws {
        do { try transport.remove(path) } catch let error as ConnectError where error.code == "file.missing" {}
    }

    /// nil: there is no such file.
    func entry(_ path: String) throws -> RemoteEntry? {
        do { return try transport.stat(path) } catch let error as ConnectError where error.code == "file.missing" { return nil }
    }

    /// Reads what was found where its size does not tell it apart already: only a run that was cut off, or met another, comes here.
    private func isOurs(_ found: RemoteEntry, _ file: File, temporaryStands: Bool) throws -> Bool {
        guard found.kind == .file, found.size == nil || found.size == file.bytes else { return false }
        do {
            // Without a hash the temporary file has one; with neither there is no more to go by than the size.
            guard let wanted = try file.sha256 ?? (temporaryStands ? sha256(of: file.temporaryPath) : nil) else { return true }
            return try sha256(of: file.path) == wanted
        } catch let error as ConnectError where error.code == "file.missing" {
            throw ConnectError("file.changed", .transient, "\"\(file.path)\" was taken away while it was looked at.")
        } catch let error as ConnectError where error.category != .transient && error.category != .cancelled {
            // An account that may write and not read: a rename that was asked for and has left no temporary file was done.
            return !temporaryStands && file.isRenameAsked != false
        }
    }

    private func sha256(of path: String) throws -> String {
        let reader = try transport.openRead(path, offset: 0)
        defer { reader.close() }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        var hash = SHA256()
        while true {
            let count = try reader.read(into: buffer)
            guard count > 0 else { return hash.finalize().hexadecimal }
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}

extension SHA256.Digest {
    /// In lower case.
    var hexadecimal: String { map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined() }
}
