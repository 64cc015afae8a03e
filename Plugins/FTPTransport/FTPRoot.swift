internal import ConnectorKit

/// The directory of the settings as the server knows it; every path of a session is put together here and stays below it.
struct FTPRoot: Sendable {
    /// Absolute, without a `/` at its end; "" for the server's root.
    private let path: String

    /// Logs in. That the directory exists is found out by its first use.
    init(_ directory: String, _ client: FTPClient, _ call: any CallContext) throws(ConnectorError) {
        let entry = try client.start(call).path
        try self.init(directory, entry: entry, server: client.settings.address)
        try client.command(["CWD " + (path.isEmpty ? "/" : path)], name: "the directory \"\(directory)\"", call)
    }

    /// - Parameter entry: where the log-in begins.
    init(_ directory: String, entry: String, server: String) throws(ConnectorError) {
        var text = directory.hasPrefix("/") ? directory : directory.isEmpty ? entry : entry + "/" + directory
        guard entry.hasPrefix("/") || directory.hasPrefix("/"), !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw ConnectorError(
                .unsupported, "\(server) begins in a directory with a name that cannot be used. Set `directory` to an absolute path.")
        }
        while text.hasSuffix("/") { text.removeLast() }
        if text.hasPrefix("//") { text.removeFirst() }
        path = text
    }

    /// The path on the server for one below the root. Throws `.configuration` for a path that would leave it, or end a command.
    func resolve(_ relative: String) throws(ConnectorError) -> String {
        if relative.isEmpty { return path.isEmpty ? "/" : path }
        guard relative.utf8.count <= 4096, !relative.hasPrefix("/"),
            !relative.split(separator: "/", omittingEmptySubsequences: false).contains(where: { $0 == ".." || $0 == "." || $0.isEmpty })
        else {
            throw ConnectorError(.configuration, "\"\(relative.prefix(200))\" is not a path below the server's directory.")
        }
        guard !relative.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw ConnectorError(
                .configuration, "\"\(Self.quoted(relative))\" holds a control character, which FTP cannot carry in a name. Rename the file.")
        }
        return path + "/" + relative
    }

    /// The path of a file: not the root itself.
    func file(_ relative: String) throws(ConnectorError) -> String {
        guard !relative.isEmpty else { throw ConnectorError(.configuration, "The server's directory itself is no file. Name a file below it.") }
        return try resolve(relative)
    }

    static func quoted(_ path: String) -> String { "\"" + FTPReply.printable(Array(path.utf8)[...]) + "\"" }
}

/// What may be used of a name a server sent: one component, and nothing that means another place or ends a command.
enum RemoteName {
    static func check(_ bytes: [UInt8]) -> Result {
        if bytes == [0x2E] || bytes == [0x2E, 0x2E] { return .dots }
        if bytes.isEmpty { return .unusable("it is empty") }
        if bytes.contains(0x2F) { return .unusable("it holds a /") }
        if bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return .unusable("it holds a control character") }
        if bytes.count > 1024 { return .unusable("it is \(bytes.count) bytes long") }
        guard let text = String(validating: bytes, as: UTF8.self) else { return .unusable("it is not UTF-8") }
        return .usable(text)
    }

    enum Result: Equatable {
        case usable(String)
        case dots
        case unusable(String)
    }
}
