import ConnectorKit
public import PluginABI

/// The one symbol that the host looks for.
@c @implementation
public func connecthost_library_v1(_ host: UnsafePointer<ch_host>!) -> UnsafePointer<ch_library>! {
    TransportLibrary.export({{type}}.self, host: host)
}

/// {{title}}: a transport, which is a way to reach the files of a server. As it stands it serves a directory of this machine.
///
/// Begin here: `description` and `settings` say who you are and what you need to know. Session.swift is the connection and its verbs,
/// Files.swift a file that is read or written, Errors.swift turns the server's errors into those of the host.
enum {{type}}: TransportConnector {
    static let description = ConnectorDescription(
        id: "{{id}}", name: "{{title}}", version: "0.1.0", vendor: "Example", license: "Apache-2.0", documentationURL: "",
        summary: "Reads and writes the files of one directory of this machine.", aliases: ["{{name}}"], maturity: .experimental,
        examples: [SettingsExample("An exchange directory", ["directory": .string("/srv/exchange")])])

    /// Promise only what your server can do.
    static let features: TransportFeatures = [.atomicRename, .append, .seekRead, .setModified, .makeDirectory, .partialVisible]

    /// Every setting once: the host makes its questions, its checks and its help of this. `secret: true` marks a password.
    static let settings = SettingsSchema([
        SettingField(
            "directory", title: "Directory", help: "The whole path of the directory; nothing outside it is touched.", kind: .string(minLength: 1),
            required: true)
    ])

    struct Settings {
        var directory: String
    }

    /// The values have been checked against the schema; here is what it cannot say. No connecting.
    static func makeSettings(_ values: SettingValues) throws(ConnectorError) -> Settings {
        guard let directory = values.string("directory"), directory.hasPrefix("/") else {
            throw ConnectorError(.configuration, "\"directory\" is a whole path that begins with /.")
        }
        return Settings(directory: directory)
    }

    static func open(_ settings: Settings, _ call: any CallContext) throws(ConnectorError) -> any TransportSession {
        try call.checkCancellation()
        return try Session(settings.directory)
    }

    /// `servers test`: each step that worked or failed, in order.
    static func check(_ settings: Settings, _ call: any CallContext) throws(ConnectorError) {
        do {
            try Session(settings.directory).close()
            call.step("directory", succeeded: true, milliseconds: 0, message: "it is there and can be opened")
        } catch {
            call.step("directory", succeeded: false, milliseconds: 0, message: error.message)
            throw error
        }
    }
}
