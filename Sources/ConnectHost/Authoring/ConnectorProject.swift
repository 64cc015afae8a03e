public import ConnectModel
import Foundation

/// A connector that somebody is about to write: a small project that builds and works before its author has written a line (CON-8).
public struct ConnectorProject: Sendable {
    public enum Language: String, Sendable, CaseIterable {
        case c, swift, rust

        public var title: String { self == .c ? "C" : rawValue.capitalized }
    }

    /// "acme-files"
    public let name: String
    public let kind: ConnectorInfo.Kind
    public let language: Language
    /// Reverse DNS.
    public let id: String

    /// Throws `project.name` or `project.id`. Without an id it is `com.example.NAME`.
    public init(name: String, kind: ConnectorInfo.Kind, language: Language, id: String? = nil) throws {
        let letters = Set("abcdefghijklmnopqrstuvwxyz")
        let allowed = letters.union("0123456789-")
        guard let first = name.first, letters.contains(first), name.allSatisfy({ allowed.contains($0) }), name.last != "-", !name.contains("--"),
            name.count <= 40
        else {
            throw ConnectError(
                "project.name", .configuration, "\"\(name)\" cannot be the name of a connector.",
                remedy: "It begins with a letter and has at most 40 of a-z, 0-9 and single dashes: acme-files.")
        }
        let chosen = id ?? "com.example.\(name)"
        guard chosen.contains("."), chosen.utf8.count <= 200, !chosen.hasPrefix("."), !chosen.hasSuffix("."),
            chosen.allSatisfy({ allowed.contains($0) || $0 == "." })
        else {
            throw ConnectError(
                "project.id", .configuration, "\"\(chosen)\" cannot be the id of a connector.",
                remedy: "It is a domain of yours turned round, of a-z, 0-9, dots and dashes: com.acme.files.")
        }
        self.name = name
        self.kind = kind
        self.language = language
        self.id = chosen
    }

    /// Writes the project to `directory`, which is not there yet or is empty, and returns the paths of its files within it. All of
    /// it is there in the end or none. Throws `project.exists`, `project.path`, `project.write` or `templates.missing`.
    public func write(to directory: String, with authoring: AuthoringFiles) throws -> [String] {
        try Self.checkQuotable([directory, authoring.headers, authoring.connectorKit, authoring.program])
        guard try Self.isFree(directory) else {
            throw ConnectError(
                "project.exists", .configuration, "\(directory) is there already.", remedy: "Choose another with --directory, or remove it.")
        }
        let values = values(directory, authoring)
        let files = try authoring.templates(kind, language).map {
            (path: Self.path($0.path, values), text: try Self.filled($0.text, values, $0.path))
        }
        .sorted { $0.path < $1.path }
        let parent = URL(fileURLWithPath: directory).deletingLastPathComponent().path
        do {
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            try Self.write(files, beside: directory, in: parent)
        } catch {
            throw ConnectError(
                "project.write", .configuration, "The project cannot be written to \(directory): \((error as NSError).localizedDescription)",
                remedy: "Check that you may write there.")
        }
        return files.map(\.path)
    }

    /// Nothing is there, or an empty directory.
    private static func isFree(_ path: String) throws -> Bool {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { return true }
        return try isDirectory.boolValue && FileManager.default.contentsOfDirectory(atPath: path).isEmpty
    }

    /// Under a temporary name first, which then becomes `directory`.
    private static func write(_ files: [(path: String, text: String)], beside directory: String, in parent: String) throws {
        let partial = "\(parent)/.\(UUID().uuidString).new"
        defer { try? FileManager.default.removeItem(atPath: partial) }
        let folderRights: [FileAttributeKey: Any] = [.posixPermissions: 0o755]
        try FileManager.default.createDirectory(atPath: partial, withIntermediateDirectories: false, attributes: folderRights)
        for file in files {
            let path = "\(partial)/\(file.path)"
            try FileManager.default.createDirectory(
                atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true, attributes: folderRights)
            try Data(file.text.utf8).write(to: URL(fileURLWithPath: path))
            // Settings may come to hold secrets.
            try FileManager.default.setAttributes([.posixPermissions: file.path == "config.json" ? 0o600 : 0o644], ofItemAtPath: path)
        }
        guard rename(partial, directory) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }
}

// MARK: - Placeholders

extension ConnectorProject {
    /// Every `{{placeholder}}` of the templates.
    private func values(_ directory: String, _ authoring: AuthoringFiles) -> [String: String] {
        let words = name.split(separator: "-")
        let spaced = words.joined(separator: " ")
        return [
            "name": name, "id": id, "kind": kind.rawValue, "language": language.title, "directory": directory,
            "title": spaced.prefix(1).uppercased() + spaced.dropFirst(),
            "symbol": words.joined(separator: "_"), "list": words.joined(separator: "_").uppercased(),
            "type": words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined() + "Connector",
            "headers": authoring.headers, "connectorkit": authoring.connectorKit, "connecthost": authoring.program,
        ]
    }

    /// In the names of files SYMBOL and TYPE stand for their values, and `dot-` for a leading dot.
    private static func path(_ path: String, _ values: [String: String]) -> String {
        let named = path.replacingOccurrences(of: "SYMBOL", with: values["symbol"] ?? "").replacingOccurrences(of: "TYPE", with: values["type"] ?? "")
        return named.hasPrefix("dot-") ? "." + named.dropFirst(4) : named
    }

    private static func filled(_ text: String, _ values: [String: String], _ file: String) throws -> String {
        let filled = values.reduce(text) { $0.replacingOccurrences(of: "{{\($1.key)}}", with: $1.value) }
        if let left = filled.firstMatch(of: /\{\{[a-z]+\}\}/) {
            throw ConnectError("templates.defect", .internal, "The template \(file) has the placeholder \(left.output), which nothing fills.")
        }
        return filled
    }

    /// The files are C, make, JSON and more; a path that needs no quoting in any of them is sound in all.
    private static func checkQuotable(_ paths: [String]) throws {
        for path in paths {
            guard let wrong = path.unicodeScalars.first(where: { "\"'\\$`{}#%:".unicodeScalars.contains($0) || $0.value < 0x20 }) else { continue }
            throw ConnectError(
                "project.path", .configuration,
                "The path \(path) has the character \(String(wrong).debugDescription), which project files cannot take.",
                remedy: "Use a directory without quotes, back slashes and the like.")
        }
    }
}
