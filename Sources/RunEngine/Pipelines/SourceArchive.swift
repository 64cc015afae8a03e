import ConnectModel
import Foundation

/// What happens to the upload file after a run (IMP-7). Every step can be repeated: it looks before it acts,
/// so a run that was killed in the middle ends with the file archived once.
struct SourceArchive {
    let run: RunID
    let source: SourceFile
    let directory: String
    let transport: any Transport
    let reporter: any RunReporter

    /// Where the file goes: its name, then the job and the run, so that no two files ever meet.
    var target: String { RemotePath.join(directory, "\(RemotePath.name(source.path)).\(run)") }

    /// The same for a file that belongs to it.
    func of(_ companion: SourceFile) -> SourceArchive {
        SourceArchive(run: run, source: companion, directory: directory, transport: transport, reporter: reporter)
    }

    /// Moves the file into the archive in one step. Returns its place, or nil when it is no longer the file that was read.
    func moveAway() throws -> String? {
        if try exists(target) {
            try removeRemainder()
            return target
        }
        guard try isUnchanged(source.path) else {
            reporter.log(.warning, "\"\(source.path)\" has been replaced since it was read; the new file stays for the next run.")
            return nil
        }
        try makeDirectory()
        Failpoint.hit("archive.before-rename")
        do {
            try transport.rename(source.path, to: target, replace: false)
        } catch let error as ConnectError where error.code == "transport.unsupported" {
            _ = try copy()
            try removeRemainder()
            return target
        } catch {
            // The answer may have been lost on the way back: the archive tells.
            guard try exists(target) else { throw error }
        }
        Failpoint.hit("archive.after-rename")
        return try moved()
    }

    /// A file that was put in place between the look and the rename has not been read: it goes back.
    private func moved() throws -> String? {
        guard try isUnchanged(target) else {
            try transport.rename(target, to: source.path, replace: false)
            reporter.log(.warning, "\"\(source.path)\" was replaced while it was archived; the new file was put back for the next run.")
            return nil
        }
        return target
    }

    /// Copies the file into the archive; the file itself stays.
    func copy() throws -> String {
        if try exists(target) { return target }
        try makeDirectory()
        let partial = RemotePath.join(directory, ".\(RemotePath.name(target)).part")
        let reader = try transport.openRead(source.path, offset: 0)
        defer { reader.close() }
        let writer = try transport.openWrite(partial, offset: 0, expectedSize: source.size >= 0 ? source.size : nil)
        do {
            try pump(reader, writer)
            try writer.commit(modifiedUnixNanoseconds: source.modifiedUnixNanoseconds)
        } catch {
            writer.abort()
            throw error
        }
        try transport.rename(partial, to: target, replace: true)
        return target
    }

    private func pump(_ reader: any TransportReader, _ writer: any TransportWriter) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let count = try reader.read(into: buffer)
            guard count > 0 else { return }
            try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// Removes the source after a copy, only while it is the file that was read.
    private func removeRemainder() throws {
        guard try exists(source.path), try isUnchanged(source.path), try isUnchanged(target) else { return }
        try transport.remove(source.path)
    }

    private func makeDirectory() throws {
        guard !directory.isEmpty else { return }
        var path = ""
        for part in directory.split(separator: "/") {
            path = RemotePath.join(path, String(part))
            try transport.makeDirectory(path)
        }
    }

    private func exists(_ path: String) throws -> Bool {
        do {
            _ = try transport.stat(path)
            return true
        } catch let error as ConnectError where error.code == "file.missing" {
            return false
        }
    }

    private func isUnchanged(_ path: String) throws -> Bool {
        do {
            let now = try transport.stat(path)
            return now.size == source.size && now.modifiedUnixNanoseconds == source.modifiedUnixNanoseconds
        } catch let error as ConnectError where error.code == "file.missing" {
            return false
        }
    }
}
