import ConnectorKit
public import PluginABI

/// The job kinds of event feeds as one library.
public enum EventFeedsLibrary {
    public static func table(_ host: UnsafePointer<ch_host>?) -> UnsafePointer<ch_library>? {
        JobLibrary.export([EventFeedJob.self, EventFeedAgainJob.self], host: host)
    }

    static func description(_ id: String, _ name: String, _ alias: String, _ summary: String, _ example: SettingsExample) -> ConnectorDescription {
        ConnectorDescription(
            id: "org.connecthost.\(id)", name: name, version: "1.0.0", vendor: "ConnectHost", license: "Apache-2.0", documentationURL: "",
            summary: summary,
            aliases: [alias], examples: [example])
    }
}

/// Gives each event once, file by file (EVT-1 to EVT-5).
enum EventFeedJob: JobConnector {
    static let description = EventFeedsLibrary.description(
        "event-feed", "Export event data feed", "event-feed", "Writes events that have not been exported yet, each type to a file of its own.",
        SettingsExample("Sent and bounced e-mails", ["account_id": .string("1234"), "types": .strings(["SENT", "BOUNCE"])]))
    static let features: JobFeatures = [.dryRun, .idempotent, .noRunNow, .noCopy]
    static let settings = FeedSettings.schema(isAgain: false)

    static func makeSettings(_ values: SettingValues) throws(ConnectorError) -> FeedSettings { FeedSettings(values) }
    static func problems(_ values: SettingValues) -> [SettingProblem] { FeedSettings(values).problems }

    static func run(_ settings: FeedSettings, _ run: any JobRun, _ call: any CallContext) throws(ConnectorError) -> KeyValuePairs<String, FieldValue>
    {
        try settings.deliver(run, call)
    }
}

/// Gives events of a stated time once more, in files that say so; what the feed itself has given does not change.
enum EventFeedAgainJob: JobConnector {
    static let description = EventFeedsLibrary.description(
        "event-feed-again", "Export event data feed again", "event-feed-again",
        "Writes events that were stored in a stated time once more, to files marked as a repeat.",
        SettingsExample(
            "A day of clicks",
            [
                "account_id": .string("1234"), "types": .strings(["CLICK"]), "from": .string("2025-03-01T00:00:00Z"),
                "to": .string("2025-03-02T00:00:00Z"),
            ]))
    static let features: JobFeatures = [.dryRun]
    static let settings = FeedSettings.schema(isAgain: true)

    static func makeSettings(_ values: SettingValues) throws(ConnectorError) -> FeedSettings { FeedSettings(values) }
    static func problems(_ values: SettingValues) -> [SettingProblem] { FeedSettings(values).problems }

    static func run(_ settings: FeedSettings, _ run: any JobRun, _ call: any CallContext) throws(ConnectorError) -> KeyValuePairs<String, FieldValue>
    {
        try settings.deliver(run, call)
    }
}

extension FeedSettings {
    func deliver(_ run: any JobRun, _ call: any CallContext) throws(ConnectorError) -> KeyValuePairs<String, FieldValue> {
        try call.checkCancellation()
        guard !run.isDryRun else { return ["types": .integer(Int64(types.count)), "dry_run": .boolean(true)] }
        let files = try run.deliverEvents(request.json)
        return ["feed": .text(files)]
    }
}
