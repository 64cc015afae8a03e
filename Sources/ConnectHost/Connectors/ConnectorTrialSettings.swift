public import ConnectModel
import Foundation

/// What an author gives a connector to be tried with: `connectors test --config FILE`. JSON or YAML of
/// `settings` (secrets among them, as values), `directory` (transports: where to work) and `stream` (sources: which to read).
public struct ConnectorTrialSettings: Sendable {
    public var settings: [String: JSONValue] = [:]
    /// Below the root of the session; "" is the root.
    public var directory = ""
    public var stream: String?
    /// What people should know about the file, in sentences.
    public var warnings: [String] = []

    public init() {}

    /// Throws `config.*` with the file's name where it cannot be read or says something that nothing reads.
    public init(file: String) throws {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ConnectError("config.missing", .configuration, "The file \(file) cannot be read.", remedy: "Correct the name, or its rights.")
        }
        let root = try DocumentNode(yaml: String(decoding: data, as: UTF8.self), file: file).value
        guard let members = root.objectValue, let settings = (root["settings"] ?? .object([:])).objectValue else {
            throw ConnectError("config.shape", .configuration, "\(file) has no settings.", remedy: "Write them as {\"settings\": {…}}.")
        }
        for name in members.keys.sorted() where !["settings", "directory", "stream"].contains(name) {
            throw ConnectError(
                "config.unknown", .configuration, "\(file) has \"\(name)\", which nothing reads.", remedy: "There are settings, directory and stream."
            )
        }
        self.settings = settings
        directory = (root["directory"]?.stringValue ?? "").trimmingCharacters(in: CharacterSet(charactersIn: "/"))
        stream = root["stream"]?.stringValue
        var status = stat()
        if stat(file, &status) == 0, status.st_mode & 0o077 != 0 {
            warnings.append("\(file) may be read by others. If it holds secrets: chmod 600 \(file)")
        }
    }
}
