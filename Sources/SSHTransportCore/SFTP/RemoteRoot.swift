public import ConnectorKit

/// The directory of the settings as the server knows it; every path of a session is put together here and stays below it.
public struct RemoteRoot: Sendable {
    /// Absolute, without a `/` at its end; "" for the server's root.
    private let path: String

    /// Asks the server for the directory. Throws `.notFound` naming it.
    public init(_ directory: String, _ client: SFTPClient, _ call: any CallContext) throws(ConnectorError) {
        let asked = directory.isEmpty ? "." : directory
        let name = directory.isEmpty ? "the directory the log-in begins in" : "the directory \"\(directory)\""
        let attributes: SFTPAttributes
        do throws(ConnectorError) {
            attributes = try client.stat(Array(asked.utf8), name: name, call)
        } catch  where error.status == .notFound {
            throw ConnectorError(
                .notFound, "\(name) does not exist on \(client.serverName). Create it there, or correct `directory`.".capitalizedFirst)
        }
        guard attributes.fileType == .directory || attributes.fileType == .unknown else {
            throw ConnectorError(.configuration, "\(name) on \(client.serverName) is not a directory. Correct `directory`.".capitalizedFirst)
        }
        let absolute = try client.realPath(Array(asked.utf8), name: name, call)
        try self.init(resolved: absolute, name: name, serverName: client.serverName)
    }

    /// The directory as the server itself calls it.
    public init(resolved absolute: [UInt8], name: String, serverName: String) throws(ConnectorError) {
        guard let text = String(validating: absolute, as: UTF8.self), text.hasPrefix("/") else {
            throw ConnectorError(.unsupported, "\(serverName) calls \(name) by a path that is not absolute or not UTF-8.")
        }
        path = text == "/" ? "" : text
    }

    /// For servers that cannot be asked: the directory as it was typed, without a `/` at its end.
    public init(prefix: String) { path = prefix }

    /// The path on the server for one below the root. Throws `.configuration` for a path that would leave it.
    public func resolve(_ relative: String) throws(ConnectorError) -> [UInt8] {
        if relative.isEmpty { return Array((path.isEmpty ? "/" : path).utf8) }
        guard relative.utf8.count <= 4096, !relative.utf8.contains(0), !relative.hasPrefix("/"),
            !relative.split(separator: "/", omittingEmptySubsequences: false).contains(where: { $0 == ".." || $0 == "." || $0.isEmpty })
        else {
            throw ConnectorError(.configuration, "\"\(relative.prefix(200))\" is not a path below the server's directory.")
        }
        return Array((path + "/" + relative).utf8)
    }
}

/// What may be used of a name a server sent: one component, and nothing that means another place.
public enum RemoteName {
    /// nil for `.` and `..`; a reason when the name cannot be used.
    static func check(_ bytes: [UInt8]) -> Result {
        if bytes == [0x2E] || bytes == [0x2E, 0x2E] { return .dots }
        if bytes.isEmpty { return .unusable("it is empty") }
        if bytes.contains(0x2F) { return .unusable("it holds a /") }
        if bytes.contains(0) { return .unusable("it holds a NUL byte") }
        if bytes.count > 1024 { return .unusable("it is \(bytes.count) bytes long") }
        guard let text = String(validating: bytes, as: UTF8.self) else { return .unusable("it is not UTF-8") }
        return .usable(text)
    }

    /// Hands a usable name over; logs one that is not.
    public static func use(
        _ entry: SFTPName, of directory: String, _ call: any CallContext, _ each: (FileEntry) throws(ConnectorError) -> Void
    ) throws(ConnectorError) {
        switch check(entry.filename) {
        case .dots: return
        case .unusable(let reason):
            call.log(
                .warning, "A name from the server was skipped.",
                ["name": SFTPClient.printable(entry.filename), "reason": reason, "directory": directory])
        case .usable(let text): try each(FileEntry(path: directory.isEmpty ? text : directory + "/" + text, entry.attributes))
        }
    }

    enum Result: Equatable {
        case usable(String)
        case dots
        case unusable(String)
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
