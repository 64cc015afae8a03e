import ConnectorKit
import Glibc
public import PluginABI

/// The one symbol that the host looks for.
@c @implementation
public func connecthost_library_v1(_ host: UnsafePointer<ch_host>!) -> UnsafePointer<ch_library>! {
    JobLibrary.export({{type}}.self, host: host)
}

/// {{title}}: a job kind, which does work of its own. As it stands it counts to the number in its settings and remembers it.
///
/// Begin here: `description` and `settings` say who you are and what you need to know, `run` does all the work.
enum {{type}}: JobConnector {
    static let description = ConnectorDescription(
        id: "{{id}}", name: "{{title}}", version: "0.1.0", vendor: "Example", license: "Apache-2.0", documentationURL: "", summary: "Counts.",
        aliases: ["{{name}}"], maturity: .experimental,
        examples: [SettingsExample("To ten", ["count": .integer(10)])])

    static let features: JobFeatures = [.dryRun, .idempotent]

    /// Every setting once: the host makes its questions, its checks and its help of this. `secret: true` marks a password.
    static let settings = SettingsSchema([
        SettingField("count", title: "Count", help: "How far to count.", kind: .integer(minimum: 1, maximum: 1_000_000_000), required: true),
        SettingField(
            "pause_ms", title: "Pause", help: "Milliseconds to wait before each number; none when left out.",
            kind: .integer(minimum: 0, maximum: 60_000), default: .integer(0)),
    ])

    struct Settings {
        var count: Int64
        var pauseMilliseconds: Int32
    }

    /// The values have been checked against the schema; here is what it cannot say.
    static func makeSettings(_ values: SettingValues) throws(ConnectorError) -> Settings {
        guard let count = values.integer("count") else { throw ConnectorError(.configuration, "\"count\" is how far to count.") }
        return Settings(count: count, pauseMilliseconds: Int32(clamping: values.integer("pause_ms") ?? 0))
    }

    /// With a dry run it does everything but change something. What it returns is shown in the run's log.
    static func run(_ settings: Settings, _ run: any JobRun, _ call: any CallContext) throws(ConnectorError) -> KeyValuePairs<String, FieldValue> {
        let last = try run.state("last")
        for number in 1...settings.count {
            try wait(settings.pauseMilliseconds, call)
            run.count("numbers.counted", 1)
            call.progress("rows", done: number, total: settings.count, note: "counting")
        }
        // Keeps nothing in a dry run.
        try run.setState("last", "\(settings.count)")
        return ["counted": .integer(settings.count), "counted_before": last.map { .text($0) } ?? .null, "dry_run": .boolean(run.isDryRun)]
    }

    /// Waits, or less when the run is stopped. Poll the descriptor beside your own sockets in the same way.
    private static func wait(_ milliseconds: Int32, _ call: any CallContext) throws(ConnectorError) {
        var cancel = pollfd(fd: call.cancelFileDescriptor, events: Int16(POLLIN), revents: 0)
        if milliseconds > 0 { poll(&cancel, 1, milliseconds) }
        try call.checkCancellation()
    }
}
