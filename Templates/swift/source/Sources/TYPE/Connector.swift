import ConnectorKit
public import PluginABI

/// The one symbol that the host looks for.
@c @implementation
public func connecthost_library_v1(_ host: UnsafePointer<ch_host>!) -> UnsafePointer<ch_library>! {
    SourceLibrary.export({{type}}.self, host: host)
}

/// {{title}}: a source, which gives rows. As it stands it counts: one stream "numbers", with as many rows as its setting says.
///
/// Begin here: `description` and `settings` say who you are and what you need to know, `streams` what there is to read. The rows come
/// from `NumbersReader` in Reader.swift.
enum {{type}}: SourceConnector {
    static let description = ConnectorDescription(
        id: "{{id}}", name: "{{title}}", version: "0.1.0", vendor: "Example", license: "Apache-2.0", documentationURL: "", summary: "Counts.",
        aliases: ["{{name}}"], maturity: .experimental,
        examples: [SettingsExample("A small reading", ["rows": .integer(100)])])

    static let features: SourceFeatures = [.incremental, .resumable, .projection]

    /// Every setting once: the host makes its questions, its checks and its help of this. `secret: true` marks a password.
    static let settings = SettingsSchema([
        SettingField(
            "rows", title: "Rows", help: "How far to count; 10000 when left out.", kind: .integer(minimum: 0, maximum: 1_000_000_000_000), default: .integer(10_000))
    ])

    struct Settings {
        var rows: Int64
    }

    /// The values have been checked against the schema; here is what it cannot say.
    static func makeSettings(_ values: SettingValues) throws(ConnectorError) -> Settings { Settings(rows: values.integer("rows") ?? 10_000) }

    static func streams(_ settings: Settings, _ call: any CallContext) throws(ConnectorError) -> [StreamDescription] {
        [
            StreamDescription(
                "numbers", title: "Numbers", columns: [StreamColumn("number", .integer, nullable: false), StreamColumn("label", .text, nullable: false)],
                primaryKey: ["number"], cursorField: "number", incremental: true, estimatedRows: settings.rows)
        ]
    }

    static func open(
        _ settings: Settings, _ request: StreamRequest, from cursor: String?, _ call: any CallContext
    ) throws(ConnectorError) -> any StreamReader {
        try NumbersReader(settings.rows, request, from: cursor)
    }

    /// A real test of the connection; tell each step.
    static func check(_ settings: Settings, _ call: any CallContext) throws(ConnectorError) {
        call.step("count", succeeded: true, milliseconds: 0, message: "it can count")
    }
}
