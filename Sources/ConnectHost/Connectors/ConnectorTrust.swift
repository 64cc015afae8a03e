import ConnectModel
import Crypto
import Foundation

/// Whether a file may be loaded at all (CON-7): who could have changed it is asked of it and of every directory above.
/// Because nobody else can rename within such a chain, looking first and loading after is safe.
struct ConnectorTrust {
    /// File names to SHA-256, from `connectors.lock`; nil when there is no such file.
    let allowed: Set<String>?

    /// Reads the lock file of a directory: lines "sha256  name", as sha256sum prints them.
    init(lockFile: String) {
        guard let data = FileManager.default.contents(atPath: lockFile) else {
            allowed = nil
            return
        }
        let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
        allowed = Set(lines.compactMap { line in line.hasPrefix("#") ? nil : line.split(separator: " ").first.map { $0.lowercased() } })
    }

    /// Why the file is refused, or nil. `path` is free of links.
    func refusal(of path: String) -> String? {
        if let wrong = Self.ownership(path) { return wrong }
        var directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
        while directory != "/" {
            if let wrong = Self.ownership(directory) { return wrong }
            directory = URL(fileURLWithPath: directory).deletingLastPathComponent().path
        }
        if let allowed, !allowed.contains(Self.sum(of: path)) {
            return "is not in the list of allowed connectors (connectors.lock): add the line that `sha256sum \(path)` prints, if you trust it"
        }
        return nil
    }

    private static func ownership(_ path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return "cannot be looked at: \(String(cString: strerror(errno)))" }
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        let what = isDirectory ? "lies in \(path), which" : ""
        if !isDirectory && status.st_mode & S_IFMT != S_IFREG { return "is not a regular file" }
        if status.st_uid != 0 && status.st_uid != geteuid() {
            return "\(what.isEmpty ? "" : what + " ")belongs to another user (\(status.st_uid)): chown it to root or to the user that runs connecthost"
        }
        // In a sticky directory such as /tmp only owners can rename.
        if isDirectory && status.st_mode & S_ISVTX != 0 { return nil }
        let writers = [(S_IWGRP, "group", "g-w"), (S_IWOTH, "others", "o-w")].filter { status.st_mode & $0.0 != 0 }
        guard !writers.isEmpty else { return nil }
        let names = writers.map(\.1).joined(separator: " and ")
        return "\(what.isEmpty ? "" : what + " ")is writable by \(names): chmod \(writers.map(\.2).joined(separator: ",")) \(path)"
    }

    private static func sum(of path: String) -> String {
        guard let data = FileManager.default.contents(atPath: path) else { return "" }
        return SHA256.hash(data: data).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
