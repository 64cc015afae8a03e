import ConnectModel
import Crypto
import Foundation
import StoreAPI

/// `connectors.lock` of a directory: the SHA-256 sums of the files that may be loaded from it (CON-7). Its lines are what
/// `sha256sum` prints, and `sha256sum --check` takes them.
public struct ConnectorLock: Sendable {
    static let fileName = "connectors.lock"

    /// In the order of the file; sums in lower case.
    let lines: [(sum: String, name: String)]
    var sums: Set<String> { Set(lines.map(\.sum)) }

    init(_ data: Data) {
        lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).compactMap { line in
            guard !line.hasPrefix("#"), let sum = line.split(separator: " ").first else { return nil }
            // Behind the sum a blank, and then a blank or a star.
            return (sum.lowercased(), String(line.dropFirst(sum.count).drop { $0 == " " || $0 == "*" }))
        }
    }

    static func sum(of path: String) -> String {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) else { return "" }
        return SHA256.hash(data: data).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// One file of a directory beside what its lock file says. JSON keys are a contract.
public struct LockedFile: Sendable, Codable, Equatable {
    public enum State: String, Sendable, Codable {
        /// Loads, as far as the list is concerned.
        case allowed
        /// The list has the name with another sum.
        case changed
        /// The list has neither name nor sum.
        case unlisted
        /// The list has it and the directory has not.
        case missing
    }

    public var file: String
    public var state: State
    /// Of the file, or of the list where the file is missing.
    public var sha256: String
}

extension ConnectorLock {
    /// Compares the connectors of a directory with its list, as the loader does. Throws `lock.missing` or `lock.unreadable`.
    public static func verify(_ directory: String) throws -> [LockedFile] {
        guard let lock = try read(directory) else {
            throw ConnectError(
                "lock.missing", .configuration, "There is no \(fileName) in \(directory), so every connector there may be loaded.",
                remedy: "Make one of what is there now with `connecthost connectors lock \(directory)`.")
        }
        return try compare(directory, lock)
    }

    /// Makes the list of what is in the directory now, and returns how each file stood to the list that was there before; to an
    /// empty one if there was none. Throws `lock.*`; the old list then stays.
    public static func refresh(_ directory: String) throws -> [LockedFile] {
        let before = try compare(directory, read(directory) ?? ConnectorLock(Data()))
        let lines = before.filter { $0.state != .missing }.map { "\($0.sha256)  \($0.file)\n" }
        try write(lines.joined(), to: directory + "/" + fileName)
        return before
    }

    private static func read(_ directory: String) throws -> ConnectorLock? {
        do {
            return ConnectorLock(try Data(contentsOf: URL(fileURLWithPath: directory + "/" + fileName)))
        } catch CocoaError.fileReadNoSuchFile {
            return nil
        } catch {
            throw ConnectError(
                "lock.unreadable", .configuration, "\(directory)/\(fileName) cannot be read: \((error as NSError).localizedDescription)",
                remedy: "Make it readable, or remove it.")
        }
    }

    private static func compare(_ directory: String, _ lock: ConnectorLock) throws -> [LockedFile] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".so") }.sorted()
        } catch {
            throw ConnectError(
                "lock.directory", .configuration, "The directory \(directory) cannot be listed.", remedy: "Correct its name, or its rights.")
        }
        if let odd = names.first(where: { $0.contains { $0.isNewline } }) {
            throw ConnectError("lock.name", .configuration, "The file \(odd.debugDescription) has a line break in its name.", remedy: "Rename it.")
        }
        let (sums, listed) = (lock.sums, Set(lock.lines.map(\.name)))
        let present = try names.map { name in
            let sum = sum(of: directory + "/" + name)
            guard !sum.isEmpty else {
                throw ConnectError(
                    "lock.unreadable", .configuration, "\(directory)/\(name) cannot be read.", remedy: "Correct its rights, or remove it.")
            }
            return LockedFile(file: name, state: sums.contains(sum) ? .allowed : listed.contains(name) ? .changed : .unlisted, sha256: sum)
        }
        let missing = lock.lines.filter { !names.contains($0.name) }.map { LockedFile(file: $0.name, state: .missing, sha256: $0.sum) }
        return present + missing
    }

    /// Under another name first: at every moment there is the old list or the new one, whole.
    private static func write(_ text: String, to path: String) throws {
        let partial = path + ".new"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw failure(path) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            guard fchmod(descriptor, 0o644) == 0 else { throw failure(path) }
            try handle.write(contentsOf: Data(text.utf8))
            try handle.synchronize()
            guard rename(partial, path) == 0 else { throw failure(path) }
        } catch {
            unlink(partial)
            throw error is ConnectError ? error : failure(path)
        }
    }

    private static func failure(_ path: String) -> ConnectError {
        ConnectError(
            "lock.write", .configuration, "\(path) cannot be written: \(String(cString: strerror(errno))).", remedy: "Check that you may write there."
        )
    }
}

extension Installation {
    /// Makes the list of a directory anew, as `ConnectorLock.refresh` does, and notes what has changed.
    public func lockConnectors(in directory: String) throws -> [LockedFile] {
        let files = try ConnectorLock.refresh(directory)
        let changes = files.filter { $0.state != .allowed }
        let states = changes.map { ($0.file, JSONValue.object(["state": .string($0.state.rawValue), "sha256": .string($0.sha256)])) }
        try control.note(.update, "connectors/\(directory)", before: nil, after: .object(Dictionary(states) { first, _ in first }))
        return files
    }
}
