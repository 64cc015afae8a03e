import ConnectorKit
import Glibc
public import PluginABI

/// The entry of the library, and the only symbol it exports.
@c @implementation
public func connecthost_library_v1(_ host: UnsafePointer<ch_host>!) -> UnsafePointer<ch_library>! {
    JobLibrary.export(DiskSpaceJob.self)
}

/// Looks how much room is left where a directory lies, and fails when it is too little: a watch to run before large imports.
///
/// What it shows: settings with limits, a failure that says who must act, a value remembered from run to run, and a dry run.
enum DiskSpaceJob: JobConnector {
    static let description = ConnectorDescription(
        id: "com.example.disk-space", name: "Disk space (Swift example)", version: "1.0.0", vendor: "Example", license: "Apache-2.0",
        documentationURL: "https://example.com/disk-space", summary: "Fails when too little room is left on a disk.", aliases: ["disk-space"],
        examples: [SettingsExample("Room for the uploads", ["directory": .string("/srv/exchange"), "minimum_free_mb": .integer(10_240)])])

    static let features: JobFeatures = [.dryRun, .idempotent]

    static let settings = SettingsSchema([
        SettingField("directory", title: "Directory", help: "A whole path on the disk.", kind: .string(minLength: 1), required: true),
        SettingField(
            "minimum_free_mb", title: "Room wanted", help: "How many MB (1,000,000 bytes) there must be; 1000 when left out.",
            kind: .integer(minimum: 0, maximum: 1_000_000_000), default: .integer(1000)),
    ])

    struct Settings {
        var directory: String
        var minimumFreeMegabytes: Int64
    }

    static func makeSettings(_ values: SettingValues) throws(ConnectorError) -> Settings {
        guard let directory = values.string("directory"), directory.hasPrefix("/") else {
            throw ConnectorError(.configuration, "\"directory\" is a whole path that begins with /.")
        }
        return Settings(directory: directory, minimumFreeMegabytes: values.integer("minimum_free_mb") ?? 1000)
    }

    static func run(_ settings: Settings, _ run: any JobRun, _ call: any CallContext) throws(ConnectorError) -> KeyValuePairs<String, FieldValue> {
        try call.checkCancellation()
        let free = try freeMegabytes(settings.directory)
        let before = try run.state("free_mb").flatMap { Int64($0) }
        // Nothing is kept in a dry run.
        try run.setState("free_mb", "\(free)")
        call.log(.info, "\(free) MB are free in \(settings.directory).")
        guard free >= settings.minimumFreeMegabytes else {
            throw ConnectorError(
                .noSpace,
                "\(free) MB are free in \(settings.directory), and \(settings.minimumFreeMegabytes) MB are wanted. Make room there, or lower minimum_free_mb."
            )
        }
        return ["free_mb": .integer(free), "change_mb": before.map { .integer(free - $0) } ?? .null, "dry_run": .boolean(run.isDryRun)]
    }

    /// What is left for an ordinary user.
    private static func freeMegabytes(_ directory: String) throws(ConnectorError) -> Int64 {
        var facts = statvfs()
        guard statvfs(directory, &facts) == 0 else {
            throw ConnectorError(.configuration, "The directory \"\(directory)\" cannot be looked at: \(String(cString: strerror(errno))).")
        }
        return Int64(clamping: UInt64(facts.f_bavail) * UInt64(facts.f_frsize) / 1_000_000)
    }
}
