import ConnectModel
import Foundation

/// Puts files that are whole under their final names, and says so with their ready files. Every step looks before it acts, so a run that was killed in
/// the middle ends with each file there once.
struct ExportPublication {
    let definition: ExportDefinition
    let transport: any Transport
    let reporter: any RunReporter

    /// The data file under its final name. Throws `export.exists` when another file stands there.
    func publish(_ file: ExportedFile) throws {
        if try isThere(file) { return }
        guard try entry(file.temporaryPath) != nil else {
            // Nobody but this run renames it: it has been renamed, and whoever waited for it has fetched it.
            reporter.log(.warning, "\"\(file.path)\" was published before this attempt and has been taken away since.", [:])
            return
        }
        Failpoint.hit("export.before-rename")
        do {
            try transport.rename(file.temporaryPath, to: file.path, replace: false)
        } catch {
            // The answer may have been lost on the way back: the server tells.
            guard try isThere(file) else { throw error }
        }
        Failpoint.hit("export.after-rename")
    }

    private func isThere(_ file: ExportedFile) throws -> Bool {
        guard let found = try entry(file.path) else { return false }
        guard found.size == nil || found.size == file.bytes else {
            throw ConnectError(
                "export.exists", .configuration, "Another file \"\(file.path)\" stands on \"\(definition.server)\" already.",
                remedy: "Move it away, or change file.name; nothing was overwritten.")
        }
        return true
    }

    /// Written beside it first, so that nobody reads a ready file without its number. Each attempt writes over what one before has left.
    func announce(_ file: ExportedFile) throws {
        guard let path = file.readyPath else { return }
        let text = definition.readyFile == .count ? "\(file.records)\n" : ""
        let temporary = ExportNames.temporary(path, epoch: 0)
        let writer = try transport.openWrite(temporary, offset: 0, expectedSize: Int64(text.utf8.count))
        do {
            try Array(text.utf8).withUnsafeBytes { if !$0.isEmpty { try writer.write($0) } }
            try writer.commit(modifiedUnixNanoseconds: nil)
        } catch {
            writer.abort()
            throw error
        }
        Failpoint.hit("export.before-ready")
        do {
            try transport.rename(temporary, to: path, replace: true)
        } catch {
            // One of an earlier attempt says the same.
            guard try entry(path)?.size == Int64(text.utf8.count) else { throw error }
            try remove(temporary)
        }
        Failpoint.hit("export.after-ready")
    }

    /// Takes back what has been published of a run that cannot be announced.
    func withdraw(_ files: [ExportedFile]) throws {
        for file in files { try remove(file.path) }
    }

    func remove(_ path: String) throws {
        do { try transport.remove(path) } catch let error as ConnectError where error.code == "file.missing" {}
    }

    func entry(_ path: String) throws -> RemoteEntry? {
        do { return try transport.stat(path) } catch let error as ConnectError where error.code == "file.missing" { return nil }
    }
}

/// Names that nobody waits for.
enum ExportNames {
    /// Hidden, so that a receiver's pattern passes over it; of one attempt alone.
    static func temporary(_ path: String, epoch: Int64) -> String {
        let name = RemotePath.name(path)
        return String(path.dropLast(name.count)) + ".\(name).\(epoch).part"
    }

    /// "a.csv" of ".a.csv.2.part"; nil for a name that is none of ours.
    static func final(ofTemporary name: String) -> String? {
        guard name.hasPrefix("."), name.hasSuffix(".part") else { return nil }
        let rest = name.dropFirst().dropLast(5)
        guard let dot = rest.lastIndex(of: "."), Int64(rest[rest.index(after: dot)...]) != nil else { return nil }
        return String(rest[..<dot])
    }
}
