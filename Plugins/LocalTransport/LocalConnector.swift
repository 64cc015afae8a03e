import ConnectorKit
public import PluginABI

/// The entry of the library, and the only symbol it exports.
@c @implementation
public func connecthost_library_v1(_ host: UnsafePointer<ch_host>!) -> UnsafePointer<ch_library>! {
    TransportLibrary.export(LocalConnector.self)
}

/// Files in a directory of this machine (FS-4).
enum LocalConnector: TransportConnector {
    static let description = ConnectorDescription(
        id: "org.connecthost.local", name: "Local directory", version: "1.0.0", vendor: "ConnectHost", license: "Apache-2.0",
        documentationURL: "", summary: "Reads and writes files in a directory of this machine.",
        // The host's own file server asks for a transport by the second name.
        aliases: ["local", "embedded"])

    static let features: TransportFeatures = [.atomicRename, .append, .seekRead, .setModified, .makeDirectory, .partialVisible]

    static let settings = SettingsSchema([
        SettingField(
            "directory", title: "Directory", help: "The whole path of the directory; nothing outside it is touched.",
            kind: .string(minLength: 1, maxLength: 4000), required: true)
    ])

    static func makeSettings(_ values: SettingValues) throws(ConnectorError) -> String {
        guard let directory = values.string("directory"), directory.hasPrefix("/") else {
            throw ConnectorError(.configuration, "\"directory\" is a whole path that begins with /.")
        }
        return directory
    }

    static func open(_ directory: String, _ call: any CallContext) throws(ConnectorError) -> any TransportSession {
        LocalSession(root: try LocalRoot(directory))
    }

    static func check(_ directory: String, _ call: any CallContext) throws(ConnectorError) {
        let session = try step("directory", call, "\(directory) is there and can be opened") { () throws(ConnectorError) in
            LocalSession(root: try LocalRoot(directory))
        }
        defer { session.close() }
        var count = 0
        try step("list", call, "its files can be listed") { () throws(ConnectorError) in
            try session.list("", call) { _ throws(ConnectorError) in count += 1 }
        }
        try step("write", call, "files can be written there") { () throws(ConnectorError) in try session.root.checkWritable() }
    }

    @discardableResult
    private static func step<Result>(
        _ name: String, _ call: any CallContext, _ message: String, _ body: () throws(ConnectorError) -> Result
    ) throws(ConnectorError) -> Result {
        let start = ContinuousClock.now
        func milliseconds() -> Double {
            let elapsed = (ContinuousClock.now - start).components
            return Double(elapsed.seconds) * 1e3 + Double(elapsed.attoseconds) / 1e15
        }
        do {
            let result = try body()
            call.step(name, succeeded: true, milliseconds: milliseconds(), message: message)
            return result
        } catch {
            call.step(name, succeeded: false, milliseconds: milliseconds(), message: error.message)
            throw error
        }
    }
}
